//! The real time clock in the CMOS of PCs (Motorola MC146818A data sheet).
//!
//! It is read until two readings agree, for it may move on in the middle of one, and what was written is read back. It
//! runs in universal time.

mod civil;
mod set;
#[cfg(test)]
mod tests;

use core::fmt;

use hw::{Clock, PortIo};

pub use civil::CivilTime;
pub use set::{Divider, SetError, set};

/// Offset of the port that chooses a register, from port 70h. Its top bit would mask NMI; it stays clear.
const SELECT: u16 = 0;
/// Offset of the port that shows the register.
const VALUE: u16 = 1;
const SECONDS: u8 = 0x00;
const MINUTES: u8 = 0x02;
const HOURS: u8 = 0x04;
const DAY: u8 = 0x07;
const MONTH: u8 = 0x08;
const YEAR: u8 = 0x09;
const STATUS_A: u8 = 0x0A;
const STATUS_B: u8 = 0x0B;
const STATUS_D: u8 = 0x0D;
/// Status A: the clock is about to move on.
const UPDATE_IN_PROGRESS: u8 = 1 << 7;
/// Status B: the clock is stopped for setting.
const SET: u8 = 1 << 7;
/// Status B: numbers are binary, not decimal digits.
const BINARY: u8 = 1 << 2;
/// Status B: hours run to 24.
const HOURS_24: u8 = 1 << 1;
/// Status D: the battery has not failed.
const VALID: u8 = 1 << 7;
/// Hours: afternoon, when they run to 12.
const AFTERNOON: u8 = 1 << 7;
/// An update takes 2 ms at most.
const UPDATE_LIMIT_MS: u64 = 10;
/// Readings before giving up on two that agree.
const READINGS: u32 = 5;

/// Why the clock cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It says all the time that it is moving on.
    UpdateTimedOut,
    /// Its battery failed or it is stopped.
    Stopped,
    /// No two readings agree.
    Unsteady,
    /// What it shows is no date.
    BadTime(CivilTime),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpdateTimedOut => formatter.write_str("the real time clock never finishes an update"),
            Self::Stopped => formatter.write_str("the real time clock stands still or its battery is empty"),
            Self::Unsteady => formatter.write_str("the real time clock shows another time with each look"),
            Self::BadTime(time) => write!(formatter, "the real time clock shows no date: {time}"),
        }
    }
}

/// Reads the clock behind `ports` (70h and 71h). `century_register` is what the FADT says; without it, or if it holds
/// nonsense, years below 70 belong to this century.
///
/// # Errors
///
/// A clock that is broken, stopped or shows no date.
pub fn read(ports: &impl PortIo, century_register: Option<u8>, clock: &impl Clock) -> Result<CivilTime, Error> {
    if register(ports, STATUS_D) & VALID == 0 || register(ports, STATUS_B) & SET != 0 {
        return Err(Error::Stopped);
    }
    let mut before = read_once(ports, century_register, clock)?;
    for _ in 0..READINGS {
        let now = read_once(ports, century_register, clock)?;
        if now == before {
            return if now.unix_seconds().is_some() {
                Ok(now)
            } else {
                Err(Error::BadTime(now))
            };
        }
        before = now;
    }
    Err(Error::Unsteady)
}

/// What the register of seconds shows, in the clock's own form: good to see when it moves on. `None` while it does.
pub fn raw_second(ports: &impl PortIo) -> Option<u8> {
    let is_steady = register(ports, STATUS_A) & UPDATE_IN_PROGRESS == 0;
    let second = register(ports, SECONDS);
    (is_steady && second == register(ports, SECONDS)).then_some(second)
}

fn read_once(ports: &impl PortIo, century_register: Option<u8>, clock: &impl Clock) -> Result<CivilTime, Error> {
    clock
        .wait_until(UPDATE_LIMIT_MS, || register(ports, STATUS_A) & UPDATE_IN_PROGRESS == 0)
        .map_err(|_| Error::UpdateTimedOut)?;
    let form = register(ports, STATUS_B);
    let number = |bits: u8| {
        if form & BINARY != 0 {
            bits
        } else {
            from_decimal_digits(bits)
        }
    };
    let hour_bits = register(ports, HOURS);
    let hour = if form & HOURS_24 != 0 {
        number(hour_bits)
    } else {
        match (number(hour_bits & !AFTERNOON), hour_bits & AFTERNOON != 0) {
            (12, false) => 0,
            (12, true) => 12,
            (hour, false) => hour,
            (hour, true) => hour.saturating_add(12),
        }
    };
    let year_of_century = u16::from(number(register(ports, YEAR)));
    let century = century_register.map(|register_number| number(register(ports, register_number)));
    let century = match century.filter(|century| (19..=99).contains(century)) {
        Some(century) => u16::from(century),
        None if year_of_century < 70 => 20,
        None => 19,
    };
    Ok(CivilTime {
        year: century * 100 + year_of_century,
        month: number(register(ports, MONTH)),
        day: number(register(ports, DAY)),
        hour,
        minute: number(register(ports, MINUTES)),
        second: number(register(ports, SECONDS)),
    })
}

/// Two decimal digits in four bits each; digits above 9 give a number that no date has.
fn from_decimal_digits(bits: u8) -> u8 {
    if bits & 0x0F > 9 || bits >> 4 > 9 {
        u8::MAX
    } else {
        (bits >> 4) * 10 + (bits & 0x0F)
    }
}

fn register(ports: &impl PortIo, number: u8) -> u8 {
    ports.write8(SELECT, number);
    ports.read8(VALUE)
}
