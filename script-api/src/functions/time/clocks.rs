//! Setting the date, and the clocks that the machine has.

use services::clocks::{ClockInfo, SetError, UNIX_MS_RANGE};
use services::host;
use services::value::Value;

use super::super::{PLAIN, int, param};
use super::{TEXT, parse_date};
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, ScriptError};

const SET: Doc = Doc {
    namespace: "time",
    name: "set",
    params: &[param(
        "unix_ms",
        Kind::Int,
        "milliseconds since 1970-01-01 00:00 UTC, up to the year 9999",
    )],
    returns: "()",
    errors: &[
        ("out_of_range", "the date is before 1970 or after 9999"),
        ("not_kept", "the date is set, but no clock on the battery keeps it"),
        ("unsupported", "the date of this machine cannot be set"),
    ],
    waits: true,
    summary: "Sets the date, here and in the clock that runs on the battery.",
    notes: "The date counts at once. The clock on the battery is set in the middle of a second, which takes up to a \
            second; the function waits for that and looks whether it has kept it. time::uptime_ms and what sleeps take \
            no notice.",
    example: Example::Shows("time::set(1795406706789); time::unix_ms() >= 1795406706789", "true"),
};
const SET_BY_TEXT: Doc = Doc {
    params: &[TEXT],
    errors: &[
        ("parse_error", "the text is no date in a form that is known"),
        ("out_of_range", "the date is before 1970 or after 9999"),
        ("not_kept", "the date is set, but no clock on the battery keeps it"),
        ("unsupported", "the date of this machine cannot be set"),
    ],
    notes: "Takes what time::parse takes, such as \"2026-11-23T04:05:06Z\".",
    example: Example::Shows(
        "time::set(\"2026-11-23T04:05:06Z\"); time::now() >= \"2026-11-23T04:05:06\"",
        "true",
    ),
    ..SET
};
const CLOCKS: Doc = Doc {
    namespace: "time",
    name: "clocks",
    returns: "array",
    summary: "Lists the machine's clocks, and which of them tells the time.",
    notes: "One map each: clock, rate_hz, bits before it wraps (() for one that shows the date), used, drift_ppm (how far the time runs ahead of it, in \
            millionths, or () where that was not measured), note. The kernel's option clock= chooses.",
    example: Example::Shows("time::clocks().filter(|one| one.used).len() > 0", "true"),
    ..PLAIN
};

pub(super) fn register(api: &mut Api) {
    api.service(&SET, |context, arguments| set(context, arguments.int(0)));
    api.service(&SET_BY_TEXT, |context, arguments| {
        set(context, parse_date(&arguments.text(0))?)
    });
    api.service(&CLOCKS, clocks);
}

fn set(context: &TaskContext, unix_ms: i64) -> Result<Value, ScriptError> {
    let thrown = |error: SetError| ScriptError::new(error.code(), error);
    if !UNIX_MS_RANGE.contains(&unix_ms) {
        return Err(thrown(SetError::OutOfRange));
    }
    host::block_on(context.host.tasks, context.host.clock.set_unix_ms(unix_ms))?.map_err(thrown)?;
    Ok(Value::Unit)
}

pub(in crate::functions) fn clocks(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let clocks = context.host.clock.clocks();
    Ok(Value::Array(clocks.iter().map(clock).collect()))
}

fn clock(info: &ClockInfo) -> Value {
    Value::map([
        ("clock", info.name.into()),
        ("rate_hz", int(info.rate_hz)),
        // A clock that shows the date does not wrap.
        ("bits", if info.bits == 0 { Value::Unit } else { int(info.bits) }),
        ("used", Value::Bool(info.is_used)),
        ("drift_ppm", info.drift_ppm.map_or(Value::Unit, Value::Int)),
        ("note", info.note.into()),
    ])
}
