//! `time`: the clock, and waiting.

use alloc::format;
use alloc::string::String;

use services::host;
use services::value::Value;

use super::int;
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

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

/// Adds `time::*`.
pub fn register(api: &mut Api) {
    api.service(&NOW, now);
    api.service(&UPTIME_MS, uptime_ms);
    api.service(&SLEEP_MS, sleep_ms);
}

fn now(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let unix_ms = context.host.clock.unix_ms();
    let unix_ms = unix_ms.ok_or_else(|| ScriptError::new("not_ready", "the machine has no clock that is set"))?;
    Ok(iso_8601(unix_ms).into())
}

fn uptime_ms(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(int(context.host.clock.uptime_ns() / 1_000_000))
}

fn sleep_ms(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let duration_ns = arguments.count(0, "ms")?.saturating_mul(1_000_000);
    let deadline_ns = context.host.clock.uptime_ns().saturating_add(duration_ns);
    host::block_on(context.host.tasks, context.host.clock.sleep_until(deadline_ns))?;
    Ok(Value::Unit)
}

/// Milliseconds since 1970 as text, by the proleptic Gregorian calendar.
fn iso_8601(unix_ms: i64) -> String {
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
