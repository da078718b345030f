//! The real time clock in the CMOS of PCs (Motorola MC146818A data sheet).
//!
//! It is read until two readings agree, for it may move on in the middle of one. It runs in universal time.

use core::fmt;

use hw::{Clock, PortIo};

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

/// A date and time of day, universal time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CivilTime {
    /// The year, with its century.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

impl fmt::Display for CivilTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = self;
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
        )
    }
}

impl CivilTime {
    /// Seconds since 1970-01-01 00:00:00, or `None` if this is no date after it.
    pub fn unix_seconds(&self) -> Option<u64> {
        let is_time = self.hour < 24 && self.minute < 60 && self.second < 60;
        let is_date = self.year >= 1970 && (1..=12).contains(&self.month) && self.day >= 1;
        if !is_time || !is_date || self.day > self.days_in_month() {
            return None;
        }
        // Years are counted from March, so that the leap day is the last of its year.
        let (year, month) = (u64::from(self.year), u64::from(self.month));
        let (year, month_from_march) = if month > 2 {
            (year, month - 3)
        } else {
            (year - 1, month + 9)
        };
        let days_before_month = (153 * month_from_march + 2) / 5;
        // 719,468 days lie between 0000-03-01 and 1970-01-01.
        let days =
            365 * year + year / 4 - year / 100 + year / 400 + days_before_month + u64::from(self.day) - 1 - 719_468;
        let seconds_of_day = (u64::from(self.hour) * 60 + u64::from(self.minute)) * 60 + u64::from(self.second);
        Some(days * 86_400 + seconds_of_day)
    }

    fn days_in_month(&self) -> u8 {
        let is_leap = self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        match self.month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
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

#[cfg(test)]
mod tests {
    use super::{CivilTime, Error, read};
    use hw::fake::{FakeClock, FakePorts, PortBehaviour};

    const CENTURY: u8 = 0x32;

    /// A clock that moves on by a second after `reads_left` readings of registers.
    struct Cmos {
        registers: [u8; 128],
        selected: usize,
        reads_left: u32,
    }

    impl PortBehaviour for Cmos {
        fn read(&mut self, _offset: u16, _bytes: u8) -> u32 {
            if self.reads_left == 1 {
                // 23:59:59 on the last day of 1999 becomes the first of 2000.
                (self.registers[0], self.registers[2], self.registers[4]) = (0, 0, 0);
                (self.registers[7], self.registers[8], self.registers[9]) = (1, 1, 0);
                self.registers[usize::from(CENTURY)] = 0x20;
            }
            self.reads_left = self.reads_left.saturating_sub(1);
            self.registers[self.selected].into()
        }

        fn write(&mut self, offset: u16, _bytes: u8, value: u32) {
            assert_eq!(offset, 0, "the clock is not to be set");
            self.selected = value as usize;
        }
    }

    fn cmos(second: u8, minute: u8, hour: u8, date: [u8; 4], status_b: u8) -> Cmos {
        let mut registers = [0; 128];
        let [day, month, year, century] = date;
        let values = [
            (0, second),
            (2, minute),
            (4, hour),
            (7, day),
            (8, month),
            (9, year),
            (0x32, century),
        ];
        for (register, value) in values.into_iter().chain([(0x0B, status_b), (0x0D, 0x80)]) {
            registers[register] = value;
        }
        Cmos {
            registers,
            selected: 0,
            reads_left: 0,
        }
    }

    fn read_text(cmos: Cmos, century: Option<u8>) -> Result<String, Error> {
        read(&FakePorts::new(cmos), century, &FakeClock::with_step_ns(1_000)).map(|time| time.to_string())
    }

    fn seconds(year: u16, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Option<u64> {
        CivilTime {
            year,
            month,
            day,
            hour,
            minute,
            second,
        }
        .unix_seconds()
    }

    #[test]
    fn reads_every_form() {
        let digits = |status| cmos(0x59, 0x30, 0x23, [0x23, 0x11, 0x26, 0x20], status);
        assert_eq!(read_text(digits(2), Some(CENTURY)), Ok("2026-11-23 23:30:59".into()));
        let binary = cmos(59, 30, 23, [23, 11, 26, 20], 6);
        assert_eq!(read_text(binary, Some(CENTURY)), Ok("2026-11-23 23:30:59".into()));
        for (hour_bits, hour) in [
            (0x12, "00"),
            (0x01, "01"),
            (0x11, "11"),
            (0x92, "12"),
            (0x81, "13"),
            (0x91, "23"),
        ] {
            let twelve = cmos(0, 0, hour_bits, [1, 1, 0x26, 0x20], 0);
            assert_eq!(read_text(twelve, Some(CENTURY)), Ok(format!("2026-01-01 {hour}:00:00")));
        }
    }

    #[test]
    fn the_century_is_guessed_where_it_is_not_said() {
        let year = |year, century, register| {
            read_text(cmos(0, 0, 0, [1, 1, year, century], 2), register).map(|text| text[..4].to_string())
        };
        assert_eq!(year(0x26, 0x19, None), Ok("2026".into()));
        assert_eq!(year(0x99, 0x20, None), Ok("1999".into()));
        assert_eq!(year(0x26, 0x00, Some(CENTURY)), Ok("2026".into()));
        assert_eq!(year(0x26, 0x21, Some(CENTURY)), Ok("2126".into()));
    }

    #[test]
    fn a_time_that_moves_on_while_it_is_read_is_never_mixed() {
        for reads_left in 0..60 {
            let mut clock = cmos(0x59, 0x59, 0x23, [0x31, 0x12, 0x99, 0x19], 2);
            clock.reads_left = reads_left;
            let text = read_text(clock, Some(CENTURY)).expect("the clock works");
            assert!(
                ["1999-12-31 23:59:59", "2000-01-01 00:00:00"].contains(&text.as_str()),
                "{reads_left}: {text}"
            );
        }
    }

    #[test]
    fn a_broken_clock_is_an_error() {
        let good = || cmos(0, 0, 0, [1, 1, 0x26, 0x20], 2);
        let mut updating = good();
        updating.registers[0x0A] = 0x80;
        assert_eq!(read_text(updating, None), Err(Error::UpdateTimedOut));
        let mut empty = good();
        empty.registers[0x0D] = 0;
        assert_eq!(read_text(empty, None), Err(Error::Stopped));
        let absent = Cmos {
            registers: [0xFF; 128],
            selected: 0,
            reads_left: 0,
        };
        assert_eq!(read_text(absent, None), Err(Error::Stopped));
        for (register, value) in [
            (0, 0x60),
            (0, 0x1A),
            (2, 0x99),
            (4, 0x24),
            (7, 0),
            (7, 0x32),
            (8, 0x13),
            (8, 0),
        ] {
            let mut bad = good();
            bad.registers[register] = value;
            assert!(
                matches!(read_text(bad, None), Err(Error::BadTime(_))),
                "register {register} = {value:#x}"
            );
        }
    }

    #[test]
    fn counts_seconds_since_1970() {
        assert_eq!(seconds(1970, 1, 1, 0, 0, 0), Some(0));
        assert_eq!(seconds(2000, 2, 29, 12, 0, 0), Some(951_825_600));
        assert_eq!(seconds(2026, 11, 23, 3, 49, 59), Some(1_795_405_799));
        assert_eq!(seconds(2100, 3, 1, 0, 0, 0), Some(4_107_542_400));
        assert_eq!(
            (seconds(2100, 2, 29, 0, 0, 0), seconds(1969, 12, 31, 0, 0, 0)),
            (None, None)
        );
    }

    #[test]
    fn days_follow_one_another() {
        let mut expected = 0;
        for year in 1970..2300 {
            for month in 1..=12 {
                for day in (1..=31).filter(|day| seconds(year, month, *day, 0, 0, 0).is_some()) {
                    assert_eq!(seconds(year, month, day, 0, 0, 0), Some(expected));
                    expected += 86_400;
                }
            }
        }
    }
}
