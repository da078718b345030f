//! Dates as text and as numbers, in UTC, by the proleptic Gregorian calendar.

use alloc::format as text;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};

use crate::compute::{Error, Result};

/// Longer formats and texts are refused: work on them has no safepoints.
const LENGTH_LIMIT_BYTES: usize = 200;

/// What a date may look like where it has no offset.
const WITHOUT_OFFSET: [&str; 4] = [
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
];
/// And where it has one, beside the two standards.
const WITH_OFFSET: [&str; 2] = ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z"];

/// Milliseconds since 1970 of a date in one of the usual forms.
///
/// # Errors
///
/// `parse_error`.
pub(super) fn parse(date: &str) -> Result<i64> {
    let date = date.trim();
    if date.len() <= LENGTH_LIMIT_BYTES {
        if let Ok(time) = DateTime::parse_from_rfc3339(date).or_else(|_| DateTime::parse_from_rfc2822(date)) {
            return Ok(time.timestamp_millis());
        }
        let by_offset = |format| DateTime::parse_from_str(date, format).ok();
        if let Some(time) = WITH_OFFSET.into_iter().find_map(by_offset) {
            return Ok(time.timestamp_millis());
        }
        let by_format = |format| NaiveDateTime::parse_from_str(date, format).ok();
        if let Some(time) = WITHOUT_OFFSET.into_iter().find_map(by_format) {
            return Ok(time.and_utc().timestamp_millis());
        }
        if let Ok(day) = NaiveDate::parse_from_str(date, "%Y-%m-%d") {
            return Ok(day.and_time(NaiveTime::MIN).and_utc().timestamp_millis());
        }
    }
    let start: String = date.chars().take(40).collect();
    Err(Error::new(
        "parse_error",
        text!("{start:?} is no date in a form that is known"),
    ))
}

/// Milliseconds since 1970 of a date that is written as `format` says. Without a time of day it is midnight, without an
/// offset UTC.
///
/// # Errors
///
/// `parse_error`, `bad_format`.
pub(super) fn parse_by(date: &str, format: &str) -> Result<i64> {
    let items = items(format)?;
    let wrong = |error: chrono::ParseError| Error::new("parse_error", error);
    if date.len() > LENGTH_LIMIT_BYTES {
        return Err(Error::new("parse_error", "the text is too long"));
    }
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, date, items.iter()).map_err(wrong)?;
    if parsed.offset().is_some() {
        let time = parsed.to_datetime().map_err(wrong)?;
        return Ok(time.timestamp_millis());
    }
    if parsed.timestamp().is_some() {
        let time = parsed.to_naive_datetime_with_offset(0).map_err(wrong)?;
        return Ok(time.and_utc().timestamp_millis());
    }
    let day = parsed.to_naive_date().map_err(wrong)?;
    let has_hour = parsed.hour_div_12().is_some() && parsed.hour_mod_12().is_some();
    if has_hour && parsed.minute().is_none() {
        parsed.set_minute(0).map_err(wrong)?;
    }
    let time = if has_hour || parsed.minute().is_some() || parsed.second().is_some() {
        parsed.to_naive_time().map_err(wrong)?
    } else {
        NaiveTime::MIN
    };
    Ok(day.and_time(time).and_utc().timestamp_millis())
}

/// The date as `format` says.
///
/// # Errors
///
/// `out_of_range`, `bad_format`.
pub(super) fn format(unix_ms: i64, format: &str) -> Result<String> {
    let items = items(format)?;
    let mut out = String::new();
    write!(out, "{}", date(unix_ms)?.format_with_items(items.iter()))
        .map_err(|_| Error::new("bad_format", "the format asks for what a date does not have"))?;
    Ok(out)
}

/// The date in numbers, by name.
///
/// # Errors
///
/// `out_of_range`.
pub(super) fn parts(unix_ms: i64) -> Result<[(&'static str, i64); 10]> {
    let date = date(unix_ms)?;
    Ok([
        ("year", date.year().into()),
        ("month", date.month().into()),
        ("day", date.day().into()),
        ("hour", date.hour().into()),
        ("minute", date.minute().into()),
        ("second", date.second().into()),
        ("ms", date.timestamp_subsec_millis().into()),
        ("weekday", date.weekday().number_from_monday().into()),
        ("day_of_year", date.ordinal().into()),
        ("week", date.iso_week().week().into()),
    ])
}

fn date(unix_ms: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp_millis(unix_ms)
        .ok_or_else(|| Error::new("out_of_range", text!("no calendar reaches {unix_ms} ms from 1970")))
}

/// A format, taken apart; chrono panics where it meets a part that makes no sense.
fn items(format: &str) -> Result<Vec<Item<'_>>> {
    if format.len() > LENGTH_LIMIT_BYTES {
        let message = text!(
            "a format may have {LENGTH_LIMIT_BYTES} bytes, this one has {}",
            format.len()
        );
        return Err(Error::new("bad_format", message));
    }
    let items: Vec<Item<'_>> = StrftimeItems::new(format).collect();
    if items.contains(&Item::Error) {
        return Err(Error::new("bad_format", "a letter after % has no meaning"));
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::tests::{mutations, numbers};

    fn code<T: core::fmt::Debug>(result: Result<T>) -> &'static str {
        result.expect_err("refused").code().expect("a code")
    }

    #[test]
    fn reads_the_usual_forms() {
        let expected = 1_795_406_706_789;
        for date in [
            "2026-11-23T04:05:06.789Z",
            "2026-11-23T05:05:06.789+01:00",
            "2026-11-23 04:05:06.789",
            "2026-11-23T04:05:06.789",
            " 2026-11-22 23:05:06.789-0500 ",
        ] {
            assert_eq!(parse(date).expect(date), expected, "{date}");
        }
        for date in ["Mon, 23 Nov 2026 04:05:06 GMT", "23 Nov 2026 05:05:06 +0100"] {
            assert_eq!(parse(date).expect(date), expected - 789, "{date}");
        }
        assert_eq!(parse("2026-11-23 04:05").expect("valid"), expected - 6789);
        assert_eq!(parse("1970-01-01").expect("valid"), 0);
        assert_eq!(parse("9999-12-31T23:59:59.999Z").expect("valid"), 253_402_300_799_999);
        for date in [
            "",
            "2026-02-30",
            "2026-13-01",
            "23.11.2026",
            "2026-11-23T25:00:00Z",
            &"9".repeat(1000),
        ] {
            assert_eq!(code(parse(date)), "parse_error", "{date}");
        }
    }

    #[test]
    fn reads_by_a_format() {
        assert_eq!(parse_by("02.01.1970", "%d.%m.%Y").expect("valid"), 86_400_000);
        assert_eq!(parse_by("5 PM 1.1.1970", "%I %p %d.%m.%Y").expect("valid"), 61_200_000);
        assert_eq!(parse_by("1.1.1970 01:00 +0100", "%d.%m.%Y %H:%M %z").expect("valid"), 0);
        assert_eq!(parse_by("1234567890", "%s").expect("valid"), 1_234_567_890_000);
        assert_eq!(code(parse_by("04:05", "%H:%M")), "parse_error");
        assert_eq!(code(parse_by("1.1.1970 99", "%d.%m.%Y")), "parse_error");
        assert_eq!(code(parse_by("1", "%Q")), "bad_format");
        assert_eq!(code(parse_by("1", &"%Y".repeat(500))), "bad_format");
    }

    #[test]
    fn writes_what_it_reads() {
        let mut numbers = numbers();
        for _ in 0..5000 {
            let unix_ms = numbers.below(253_402_300_800_000) as i64;
            let iso = format(unix_ms, "%Y-%m-%dT%H:%M:%S%.3fZ").expect("in range");
            assert_eq!(iso, super::super::iso_8601(unix_ms));
            assert_eq!(parse(&iso).expect("our own text"), unix_ms);
            let mail = format(unix_ms, "%a, %d %b %Y %T GMT").expect("in range");
            assert_eq!(
                parse(&mail).expect("our own text"),
                unix_ms - unix_ms.rem_euclid(1000),
                "{mail}"
            );
        }
    }

    #[test]
    fn knows_the_parts_of_a_date() {
        let parts = |unix_ms| parts(unix_ms).expect("in range").map(|(_, number)| number);
        assert_eq!(parts(1_795_406_706_789), [2026, 11, 23, 4, 5, 6, 789, 1, 327, 48]);
        assert_eq!(parts(-1), [1969, 12, 31, 23, 59, 59, 999, 3, 365, 1]);
        assert_eq!(code(super::parts(i64::MAX)), "out_of_range");
        assert_eq!(code(format(i64::MIN, "%Y")), "out_of_range");
    }

    #[test]
    fn survives_mutated_formats_and_dates() {
        for format in mutations("%Y-%m-%dT%H:%M:%S%.3f %a %B %j %V %p %z %s %+ %c %-d %_d %e", 20_000) {
            let Ok(date) = super::format(951_782_400_123, &format) else {
                continue;
            };
            let _ = parse_by(&date, &format);
        }
        for date in mutations("Mon, 23 Nov 2026 04:05:06 +0100", 10_000) {
            let _ = parse(&date);
            let _ = parse_by(&date, "%a, %d %b %Y %T %z");
        }
        for date in mutations("2026-11-23T04:05:06.789+01:00", 10_000) {
            let _ = parse(&date);
        }
    }
}
