//! How fast the processor's time stamp counter runs, measured against a counter of known rate.
//!
//! A sample is a pair of readings. Reading a device takes a microsecond, more in an emulator, and the hypervisor or
//! firmware may stop the core in between; so each sample is taken between two readings of the time stamp, and only the
//! tightest are used. Three windows are measured and the one in the middle counts.

use core::fmt;

use crate::counter::ReferenceCounter;

/// Tries for one sample, of which the tightest is kept.
const TRIES: u32 = 8;
/// Windows measured.
const WINDOWS: usize = 3;
/// Readings of the reference in one window before it counts as standing still.
const READ_LIMIT: u32 = 1_000_000;
/// Windows that differ by more than one part in this from the middle one make the result uncertain.
const AGREEMENT: u64 = 200;

/// A moment on both counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The time stamp.
    pub ticks: u64,
    /// The reference.
    pub reference: u64,
}

/// A rate, and how far it can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Time stamp ticks in a second.
    pub ticks_per_second: u64,
    /// The windows agreed to half a percent.
    pub is_certain: bool,
}

/// Why there is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The reference does not count.
    ReferenceStandsStill,
    /// The time stamp counter did not move, or moved back.
    NoTicks,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ReferenceStandsStill => "the reference counter stands still",
            Self::NoTicks => "the time stamp counter does not count",
        })
    }
}

/// Measures for about `window_us` microseconds three times. The window must be well below the time in which the
/// reference wraps (55 ms for the shortest).
///
/// # Errors
///
/// One of the counters does not count.
pub fn measure(
    reference: &impl ReferenceCounter,
    mut read_ticks: impl FnMut() -> u64,
    window_us: u64,
) -> Result<Rate, Error> {
    let wanted = (u128::from(window_us) * u128::from(reference.frequency_hz()) / 1_000_000) as u64;
    let wanted = wanted.clamp(1, reference.mask() / 2);
    let mut rates = [0; WINDOWS];
    for rate in &mut rates {
        let start = sample(reference, &mut read_ticks);
        let elapsed = |now: u64| now.wrapping_sub(start.reference) & reference.mask();
        if !(0..READ_LIMIT).any(|_| elapsed(reference.read()) >= wanted) {
            return Err(Error::ReferenceStandsStill);
        }
        let end = sample(reference, &mut read_ticks);
        *rate = ticks_per_second(start, end, reference.frequency_hz(), reference.mask())?;
    }
    Ok(judge(rates))
}

/// The rate between two samples of a reference that counts at `frequency_hz` and wraps after `mask`.
///
/// # Errors
///
/// One of the counters did not move, or the time stamp moved back.
pub fn ticks_per_second(start: Sample, end: Sample, frequency_hz: u64, mask: u64) -> Result<u64, Error> {
    let counted = u128::from(end.reference.wrapping_sub(start.reference) & mask);
    let ticks = u128::from(
        end.ticks
            .checked_sub(start.ticks)
            .filter(|ticks| *ticks > 0)
            .ok_or(Error::NoTicks)?,
    );
    if counted == 0 {
        return Err(Error::ReferenceStandsStill);
    }
    let rate = (ticks * u128::from(frequency_hz) + counted / 2) / counted;
    Ok(rate.min(u64::MAX.into()) as u64)
}

/// The rate in the middle, which one disturbed window cannot move.
fn judge(mut rates: [u64; WINDOWS]) -> Rate {
    rates.sort_unstable();
    let middle = rates[WINDOWS / 2];
    let nearest = (middle - rates[0]).min(rates[WINDOWS - 1] - middle);
    Rate {
        ticks_per_second: middle,
        is_certain: nearest <= middle / AGREEMENT,
    }
}

/// The tightest of a few samples; its time stamp is the middle of the two around the reading.
fn sample(reference: &impl ReferenceCounter, read_ticks: &mut impl FnMut() -> u64) -> Sample {
    let mut best = Sample { ticks: 0, reference: 0 };
    let mut best_width = u64::MAX;
    for _ in 0..TRIES {
        let before = read_ticks();
        let count = reference.read();
        let width = read_ticks().saturating_sub(before);
        if width < best_width {
            best = Sample {
                ticks: before.saturating_add(width / 2),
                reference: count,
            };
            best_width = width;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::{Error, Sample, judge, measure, ticks_per_second};
    use crate::counter::ReferenceCounter;

    /// A machine whose time stamp is real time; each access takes some, and now and then the core is stopped.
    struct Machine {
        ticks: Cell<u64>,
        ticks_per_second: u64,
        frequency_hz: u64,
        mask: u64,
        accesses: Cell<u64>,
        stop_every: u64,
    }

    impl Machine {
        fn new(ticks_per_second: u64, frequency_hz: u64, mask: u64, stop_every: u64) -> Self {
            // The start lies shortly before a wrap of every reference.
            let ticks = Cell::new(ticks_per_second / frequency_hz * (mask - 2000).min(0xFFFF_0000));
            Self {
                ticks,
                ticks_per_second,
                frequency_hz,
                mask,
                accesses: Cell::new(0),
                stop_every,
            }
        }

        fn pass(&self, ticks: u64) -> u64 {
            self.accesses.set(self.accesses.get() + 1);
            let is_stopped = self.stop_every > 0 && self.accesses.get().is_multiple_of(self.stop_every);
            let stop = if is_stopped { self.ticks_per_second / 2000 } else { 0 };
            self.ticks.set(self.ticks.get() + ticks + stop);
            self.ticks.get()
        }
    }

    impl ReferenceCounter for Machine {
        fn read(&self) -> u64 {
            let now = self.pass(1500) - 700;
            (u128::from(now) * u128::from(self.frequency_hz) / u128::from(self.ticks_per_second)) as u64 & self.mask
        }

        fn frequency_hz(&self) -> u64 {
            self.frequency_hz
        }

        fn mask(&self) -> u64 {
            self.mask
        }
    }

    #[test]
    fn every_reference_gives_the_rate_even_with_stops() {
        for (frequency_hz, mask) in [(1_193_182, 0xFFFF), (3_579_545, 0xFF_FFFF), (14_318_180, 0xFFFF_FFFF)] {
            for rate in [1_000_000_000, 2_592_000_000, 5_700_000_000] {
                for stop_every in [0, 5, 11, 97] {
                    let machine = Machine::new(rate, frequency_hz, mask, stop_every);
                    let measured = measure(&machine, || machine.pass(30), 5_000).expect("both count");
                    let error = measured.ticks_per_second.abs_diff(rate);
                    assert!(
                        error < rate / 2_000,
                        "{frequency_hz} Hz, {stop_every}: {measured:?} for {rate}"
                    );
                    assert!(measured.is_certain);
                }
            }
        }
    }

    #[test]
    fn a_counter_that_stands_still_is_an_error() {
        let machine = Machine::new(1_000_000_000, 3_579_545, 0xFF_FFFF, 0);
        assert_eq!(measure(&machine, || 7, 1_000), Err(Error::NoTicks));
        struct Still;
        impl ReferenceCounter for Still {
            fn read(&self) -> u64 {
                u32::MAX.into()
            }
            fn frequency_hz(&self) -> u64 {
                3_579_545
            }
            fn mask(&self) -> u64 {
                u32::MAX.into()
            }
        }
        assert_eq!(measure(&Still, || 7, 1_000), Err(Error::ReferenceStandsStill));
    }

    #[test]
    fn the_arithmetic_wraps_and_rounds() {
        let start = Sample {
            ticks: 1_000,
            reference: 0xFFFF_F000,
        };
        let end = Sample {
            ticks: 1_000 + 3_000_000,
            reference: 0x1000,
        };
        assert_eq!(ticks_per_second(start, end, 8_192_000, 0xFFFF_FFFF), Ok(3_000_000_000));
        assert_eq!(ticks_per_second(end, start, 1, 0xFFFF_FFFF), Err(Error::NoTicks));
    }

    #[test]
    fn one_disturbed_window_changes_nothing_and_three_different_ones_are_uncertain() {
        assert_eq!(judge([1000, 5, 1001]).ticks_per_second, 1000);
        assert!(judge([1000, 5, 1001]).is_certain && !judge([1000, 5, 2000]).is_certain);
    }
}
