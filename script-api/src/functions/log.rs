//! `log`: what the machine noted.

use services::value::Value;

use super::milliseconds;
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

/// Lines where nobody says how many.
const LINES: u64 = 20;

const TAIL: Doc = Doc {
    namespace: "log",
    name: "tail",
    params: &[Param {
        name: "count",
        kind: Kind::Optional(&Kind::Int),
        meaning: "how many lines, 0 or more; 20 if not given",
    }],
    returns: "array",
    errors: &[("out_of_range", "count is negative")],
    waits: false,
    summary: "Returns the newest lines of the log, oldest first.",
    notes: "One map per line: text, and time_ms since the kernel's entry. The log keeps the newest 32 KiB.",
    example: Example::Shows("log::tail(3).len() <= 3", "true"),
};

/// Adds `log::*`.
pub fn register(api: &mut Api) {
    api.service(&TAIL, tail);
}

fn tail(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let count = match arguments.is_empty() {
        true => LINES,
        false => arguments.count(0, "count")?,
    };
    let lines = context.host.log.tail(usize::try_from(count).unwrap_or(usize::MAX));
    let rows = lines
        .into_iter()
        .map(|line| Value::map([("time_ms", milliseconds(line.time_ns)), ("text", line.text.into())]));
    Ok(Value::Array(rows.collect()))
}
