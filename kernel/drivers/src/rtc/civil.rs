//! Dates and times of day, by the Gregorian calendar, and seconds since 1970.

use core::fmt;

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

    /// The date so many seconds after 1970-01-01 00:00:00; `None` beyond the year 9999.
    pub fn from_unix_seconds(seconds: u64) -> Option<Self> {
        // Counted from 0000-03-01 in whole cycles of 400 years, of which each has 146,097 days.
        let days = seconds / 86_400 + 719_468;
        let (cycle, day_of_cycle) = (days / 146_097, days % 146_097);
        let year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
        let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let (month, next_year) = match month_from_march {
            0..10 => (month_from_march + 3, 0),
            _ => (month_from_march - 9, 1),
        };
        let year = u16::try_from(400 * cycle + year_of_cycle + next_year).ok()?;
        let second_of_day = seconds % 86_400;
        (year <= 9999).then_some(Self {
            year,
            month: month as u8,
            day: day as u8,
            hour: (second_of_day / 3600) as u8,
            minute: (second_of_day / 60 % 60) as u8,
            second: (second_of_day % 60) as u8,
        })
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
