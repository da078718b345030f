//! `time`: the clock, waiting, and dates as text and as numbers.

mod calendar;
mod clocks;

use alloc::format;
use alloc::string::String;

use services::host;
use services::value::Value;

use super::{PARSE_ERROR, PLAIN, int, param};
use crate::compute::{Call, Result as Computed};
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};
use rhai::Dynamic;

const NOW: Doc = Doc {
    namespace: "time",
    name: "now",
    params: &[],
    returns: "string",
    errors: &[("not_ready", "the machine has no clock that is set")],
    waits: false,
    summary: "Returns date and time in UTC as ISO 8601 text.",
    notes: "Such as \"2026-11-23T04:05:06.789Z\". Texts of this form sort by time.",
    example: Example::Shows("time::now().len()", "24"),
};

const UPTIME_MS: Doc = Doc {
    namespace: "time",
    name: "uptime_ms",
    params: &[],
    returns: "int",
    errors: &[],
    waits: false,
    summary: "Returns the milliseconds since the kernel started; never goes back.",
    notes: "",
    example: Example::Shows(
        "let start = time::uptime_ms(); time::uptime_ms() - start < 1000",
        "true",
    ),
};

const UPTIME_US: Doc = Doc {
    name: "uptime_us",
    summary: "Returns the microseconds since the kernel started; never goes back.",
    example: Example::Shows(
        "let start = time::uptime_us(); time::uptime_us() - start < 1000000",
        "true",
    ),
    ..UPTIME_MS
};

const SLEEP_MS: Doc = Doc {
    namespace: "time",
    name: "sleep_ms",
    params: &[Param {
        name: "ms",
        kind: Kind::Int,
        meaning: "milliseconds, 0 or more",
    }],
    returns: "()",
    errors: &[("out_of_range", "ms is negative")],
    waits: true,
    summary: "Suspends the task; others run meanwhile.",
    notes: "",
    example: Example::Shows("time::sleep_ms(5)", ""),
};

const UNIX_MS_PARAM: Param = param(
    "unix_ms",
    Kind::Int,
    "milliseconds since 1970-01-01 00:00 UTC, negative before; years -262143 to 262142",
);
const TEXT: Param = param("text", Kind::Text, "a date, or date and time; 200 bytes at most");
const FORMAT: Param = param(
    "format",
    Kind::Text,
    "such as \"%Y-%m-%d %H:%M:%S\"; the letters are those of strftime; 200 bytes at most",
);
const FORMAT_NOTES: &str = "%Y year, %m month, %d day, %H %M %S time of day, %3f milliseconds, %j day of the year, \
                            %a %A weekday, %b %B month by name, %y year without century, %I %p hours to 12, %V week, \
                            %F is %Y-%m-%d, %T is %H:%M:%S, %z offset from UTC, %s seconds since 1970, %% a percent sign.";
const OUT_OF_RANGE: (&str, &str) = ("out_of_range", "no calendar reaches that far");
const BAD_FORMAT: (&str, &str) = (
    "bad_format",
    "the format has a letter without a meaning, or is too long",
);

const UNIX_MS: Doc = Doc {
    namespace: "time",
    name: "unix_ms",
    returns: "int",
    errors: &[("not_ready", "the machine has no clock that is set")],
    summary: "Returns the milliseconds since 1970-01-01 00:00 UTC.",
    example: Example::Shows("time::unix_ms() > 1767225600000", "true"),
    ..PLAIN
};
const PARSE: Doc = Doc {
    namespace: "time",
    name: "parse",
    params: &[TEXT],
    returns: "int",
    errors: &[PARSE_ERROR],
    summary: "Returns the milliseconds since 1970 of a date as text.",
    notes: "Knows ISO 8601 and RFC 3339 (\"2026-11-23\", \"2026-11-23 04:05\", \"2026-11-23T04:05:06.789+01:00\") and the \
            form of mail and the web (\"Mon, 23 Nov 2026 04:05:06 GMT\"). Without an offset, it is UTC.",
    example: Example::Shows("time::parse(\"1970-01-02T00:00:00+01:00\")", "82800000"),
    ..PLAIN
};
const PARSE_BY_FORMAT: Doc = Doc {
    params: &[TEXT, FORMAT],
    errors: &[PARSE_ERROR, BAD_FORMAT],
    summary: "Returns the milliseconds since 1970 of a date that is written in some other way.",
    notes: FORMAT_NOTES,
    example: Example::Shows("time::parse(\"02.01.1970 03:00\", \"%d.%m.%Y %H:%M\")", "97200000"),
    ..PARSE
};
const FORMAT_DATE: Doc = Doc {
    namespace: "time",
    name: "format",
    params: &[UNIX_MS_PARAM, FORMAT],
    returns: "string",
    errors: &[OUT_OF_RANGE, BAD_FORMAT],
    summary: "Returns a date in UTC as text.",
    notes: FORMAT_NOTES,
    example: Example::Shows(
        "time::format(86400000, \"%A, %d %B %Y\")",
        "\"Friday, 02 January 1970\"",
    ),
    ..PLAIN
};
const DATE: Doc = Doc {
    namespace: "time",
    name: "date",
    params: &[UNIX_MS_PARAM],
    returns: "map",
    errors: &[OUT_OF_RANGE],
    summary: "Returns a date in UTC in numbers.",
    notes: "`year month day hour minute second ms`; `weekday` is 1 on Mondays and 7 on Sundays; `day_of_year` begins \
            with 1; `week` is the one of ISO 8601.",
    example: Example::Shows("time::date(951782400000).day", "29"),
    ..PLAIN
};

pub(super) use clocks::clocks;

/// Adds `time::*`.
pub fn register(api: &mut Api) {
    api.service(&NOW, now);
    api.service(&UPTIME_MS, uptime_ms);
    api.service(&UPTIME_US, |context, _| Ok(int(context.host.clock.uptime_ns() / 1000)));
    api.service(&SLEEP_MS, sleep_ms);
    api.service(&UNIX_MS, |context, _| unix_ms(context).map(Value::Int));
    api.compute(&PARSE, |call| Ok(calendar::parse(&call.text(0)?)?.into()));
    api.compute(&PARSE_BY_FORMAT, |call| {
        Ok(calendar::parse_by(&call.text(0)?, &call.text(1)?)?.into())
    });
    api.compute(&FORMAT_DATE, |call| {
        Ok(calendar::format(call.int(0)?, &call.text(1)?)?.into())
    });
    api.compute(&DATE, date_in_numbers);
    clocks::register(api);
}

/// Milliseconds since 1970 of a date as `time::parse` knows it.
pub(super) fn parse_date(text: &str) -> Result<i64, ScriptError> {
    calendar::parse(text)
        .map_err(|_| ScriptError::new(PARSE_ERROR.0, format_args!("{text:?} is no date that is known")))
}

fn date_in_numbers(call: &Call<'_>) -> Computed<Dynamic> {
    let parts = calendar::parts(call.int(0)?)?;
    let entries = parts
        .into_iter()
        .map(|(name, number)| (name.into(), Dynamic::from_int(number)));
    Ok(Dynamic::from_map(entries.collect()))
}

pub(super) fn unix_ms(context: &TaskContext) -> Result<i64, ScriptError> {
    let unix_ms = context.host.clock.unix_ms();
    unix_ms.ok_or_else(|| ScriptError::new("not_ready", "the machine has no clock that is set"))
}

fn now(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(iso_8601(unix_ms(context)?).into())
}

fn uptime_ms(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(int(context.host.clock.uptime_ns() / 1_000_000))
}

fn sleep_ms(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    host::block_on(context.host.tasks, context.after_ms(arguments.count(0, "ms")?))?;
    Ok(Value::Unit)
}

/// Milliseconds since 1970 as text, by the proleptic Gregorian calendar.
pub(super) fn iso_8601(unix_ms: i64) -> String {
    let (days, ms) = (unix_ms.div_euclid(86_400_000), unix_ms.rem_euclid(86_400_000));
    let (year, month, day) = date(days);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
        ms % 1000
    )
}

/// Year, month and day of a day counted from 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    // Years are counted from March here, so that the leap day is a year's last and months have a regular length.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_dates() {
        assert_eq!(iso_8601(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso_8601(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(iso_8601(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(iso_8601(1_795_406_706_789), "2026-11-23T04:05:06.789Z");
        assert_eq!(iso_8601(4_107_542_400_000), "2100-03-01T00:00:00.000Z");
    }

    #[test]
    fn counts_days_without_gaps() {
        let mut previous = date(-800_000);
        for days in -799_999..800_000 {
            let now = date(days);
            let follows = now == (previous.0, previous.1, previous.2 + 1)
                || now == (previous.0, previous.1 + 1, 1)
                || (now == (previous.0 + 1, 1, 1) && previous.1 == 12 && previous.2 == 31);
            assert!(follows, "{previous:?} then {now:?}");
            previous = now;
        }
    }
}
