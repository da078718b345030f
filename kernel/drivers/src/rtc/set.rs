//! Setting the clock, in whatever form its registers have.

use core::fmt;

use hw::{Clock, PortIo};

use super::{
    AFTERNOON, BINARY, CivilTime, DAY, HOURS, HOURS_24, MINUTES, MONTH, SECONDS, SELECT, SET, STATUS_A, STATUS_B,
    UPDATE_IN_PROGRESS, UPDATE_LIMIT_MS, VALUE, YEAR, read, register,
};

/// Status A: the divider counts the crystal's 32,768 oscillations in a second.
const DIVIDER_RUNS: u8 = 0b010 << 4;
/// Status A: the divider stands at its start.
const DIVIDER_RESET: u8 = 0b111 << 4;
/// Status A: the rate of the periodic interrupt, which stays as it is.
const RATE: u8 = 0x0F;
/// Years that two digits can say, as [`read`] understands them.
const YEARS_WITHOUT_CENTURY: core::ops::Range<u16> = 1970..2070;
/// The last year of four digits.
const LAST_YEAR: u16 = 9999;

/// What becomes of the clock's divider, which counts the parts of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divider {
    /// It starts anew: the next second begins half a second after the call.
    Reset,
    /// It stays as it is, for chips where its bits mean something else (AMD): the next second begins at any time.
    Keep,
}

/// Why the clock was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetError {
    /// No clock answers.
    Absent,
    /// The date is none, or the clock has no digits for its year.
    OutOfRange(CivilTime),
    /// It was about to move on for longer than any clock needs.
    UpdateTimedOut,
    /// What was written is not what it shows now.
    NotKept,
}

impl fmt::Display for SetError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => formatter.write_str("no real time clock answers"),
            Self::OutOfRange(time) => write!(formatter, "the real time clock cannot hold {time}"),
            Self::UpdateTimedOut => formatter.write_str("the real time clock never finishes an update"),
            Self::NotKept => formatter.write_str("the real time clock does not keep what is written"),
        }
    }
}

/// Sets the clock behind `ports` and makes sure that it keeps it. Call it half a second before `time` is over where the
/// divider is reset.
///
/// # Errors
///
/// [`SetError`]; the clock runs on.
pub fn set(
    ports: &impl PortIo,
    century_register: Option<u8>,
    divider: Divider,
    clock: &impl Clock,
    time: CivilTime,
) -> Result<(), SetError> {
    let seconds = time.unix_seconds().ok_or(SetError::OutOfRange(time))?;
    let has_digits = match century_register {
        Some(_) => time.year <= LAST_YEAR,
        None => YEARS_WITHOUT_CENTURY.contains(&time.year),
    };
    if !has_digits {
        return Err(SetError::OutOfRange(time));
    }
    if register(ports, STATUS_B) == 0xFF && register(ports, STATUS_A) == 0xFF {
        return Err(SetError::Absent);
    }
    clock
        .wait_until(UPDATE_LIMIT_MS, || register(ports, STATUS_A) & UPDATE_IN_PROGRESS == 0)
        .map_err(|_| SetError::UpdateTimedOut)?;
    write_all(ports, century_register, divider, time);
    let shown = read(ports, century_register, clock)
        .ok()
        .and_then(|time| time.unix_seconds());
    match shown.and_then(|shown| shown.checked_sub(seconds)) {
        Some(0 | 1) => Ok(()),
        _ => Err(SetError::NotKept),
    }
}

fn write_all(ports: &impl PortIo, century_register: Option<u8>, divider: Divider, time: CivilTime) {
    let form = register(ports, STATUS_B) & !SET;
    // No update begins from here on.
    write(ports, STATUS_B, form | SET);
    let rate = register(ports, STATUS_A) & RATE;
    if divider == Divider::Reset {
        write(ports, STATUS_A, DIVIDER_RESET | rate);
    }
    let number = |value: u8| {
        if form & BINARY != 0 {
            value
        } else {
            ((value / 10) << 4) | (value % 10)
        }
    };
    let hour = if form & HOURS_24 != 0 {
        number(time.hour)
    } else {
        let afternoon = if time.hour >= 12 { AFTERNOON } else { 0 };
        let on_dial = match time.hour % 12 {
            0 => 12,
            hour => hour,
        };
        number(on_dial) | afternoon
    };
    write(ports, SECONDS, number(time.second));
    write(ports, MINUTES, number(time.minute));
    write(ports, HOURS, hour);
    write(ports, DAY, number(time.day));
    write(ports, MONTH, number(time.month));
    write(ports, YEAR, number((time.year % 100) as u8));
    if let Some(century_register) = century_register {
        write(ports, century_register, number((time.year / 100) as u8));
    }
    write(ports, STATUS_B, form);
    if divider == Divider::Reset {
        write(ports, STATUS_A, DIVIDER_RUNS | rate);
    }
}

fn write(ports: &impl PortIo, number: u8, value: u8) {
    ports.write8(SELECT, number);
    ports.write8(VALUE, value);
}
