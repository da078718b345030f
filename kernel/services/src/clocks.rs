//! What scripts see of the machine's clocks, and setting the date.

use core::fmt;

/// One counter that could tell the time, or the battery's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockInfo {
    /// Such as `tsc`, `hpet`, `pm` or `rtc`.
    pub name: &'static str,
    /// Counts in a second.
    pub rate_hz: u64,
    /// Bits before it wraps; 0 for the battery's clock.
    pub bits: u32,
    /// It tells the time now; of the battery's clock, the date comes from it.
    pub is_used: bool,
    /// What else is known of it; may be empty.
    pub note: &'static str,
    /// How far the time that we tell runs ahead of it, in millionths; `None` where that was not measured.
    pub drift_ppm: Option<i64>,
}

/// The dates that can be set, in milliseconds since 1970: up to the end of the year 9999.
pub const UNIX_MS_RANGE: core::ops::Range<i64> = 0..253_402_300_800_000;

/// Why the date was not set, or not for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetError {
    /// Before 1970 or after 9999.
    OutOfRange,
    /// The date counts until power-off, but no battery's clock keeps it.
    NotKept,
    /// Nobody may set this machine's date.
    Unsupported,
}

impl SetError {
    /// The stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::OutOfRange => "out_of_range",
            Self::NotKept => "not_kept",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for SetError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::OutOfRange => "a date from 1970 to 9999 can be set",
            Self::NotKept => "the date is set, but the clock on the battery does not keep it; the log says why",
            Self::Unsupported => "the date of this machine cannot be set",
        })
    }
}
