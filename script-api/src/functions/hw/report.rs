//! `hw::report()`: everything that a bug report needs, as one map. A part is one line of [`PARTS`].

use alloc::string::String;
use alloc::vec::Vec;

use services::host::TaskLimits;
use services::task::TaskState;
use services::value::Value;

use super::super::{acpi, cpu, int, irq, mem, milliseconds, param, pci, power, rand, screen, sensor, sys, time};
use super::HW;
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, ScriptError, Service};

/// Lines of the log that are in the report whatever they say.
const NEWEST_LINES: usize = 20;
/// Warnings and errors that are in the report, the newest.
const BAD_LINES: usize = 100;
/// Keys whose values tell one machine from all others of its kind.
const PRIVATE: [&str; 2] = ["serial", "uuid"];

const REPORT: Doc = Doc {
    name: "report",
    params: &[param(
        "options",
        Kind::Optional(&Kind::Map),
        "serials: true to have serial numbers and the machine's unique number too",
    )],
    returns: "map",
    errors: &[(
        "bad_option",
        "there is no such option, or serials is neither true nor false",
    )],
    summary: "Returns all that a report of a fault should tell of the machine and of what it did.",
    notes: "A part that this machine has nothing to say about is (). json::print(hw::report()) makes text of it that can be \
            sent; the manual explains each part.",
    example: Example::Shows("hw::report(#{serials: true}).system.name", "\"Rhaios\""),
    ..HW
};

/// The parts, each with the function that tells it; what fails or is empty is ().
const PARTS: &[(&str, Service)] = &[
    ("system", sys::info),
    ("machine", super::info),
    ("processor", cpu::info),
    ("cores", cpu::list),
    ("memory", mem::info),
    ("memory_map", mem::map),
    ("pci", pci::all),
    ("acpi", acpi::list),
    ("interrupts", irq::list),
    ("sensors", sensor::list),
    ("power", power::info),
    ("clock", clock),
    ("clocks", time::clocks),
    ("random", rand::info),
    ("boot", sys::boot),
    ("screen", screen::info),
    ("tasks", tasks),
    ("log", log),
];

/// Adds `hw::report`.
pub(super) fn register(api: &mut Api) {
    api.service(&REPORT, report);
}

fn report(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let has_serials = wants_serials(arguments)?;
    let nothing = Args::none();
    let parts = PARTS.iter().map(|(name, tell)| {
        let mut part = match tell(context, &nothing) {
            Ok(part) => part,
            Err(ScriptError::Interrupted) => return Err(ScriptError::Interrupted),
            Err(ScriptError::Thrown { .. }) => Value::Unit,
        };
        if part == Value::Array(Vec::new()) {
            part = Value::Unit;
        }
        if !has_serials {
            leave_out_private(&mut part);
        }
        Ok((String::from(*name), part))
    });
    Ok(Value::Map(parts.collect::<Result<_, _>>()?))
}

fn wants_serials(arguments: &Args<'_>) -> Result<bool, ScriptError> {
    if arguments.is_empty() {
        return Ok(false);
    }
    let Value::Map(options) = arguments.any(0)? else {
        return Ok(false);
    };
    let mut wanted = false;
    for (name, value) in options {
        match (name.as_str(), value) {
            ("serials", Value::Bool(truth)) => wanted = truth,
            ("serials", _) => return Err(ScriptError::new("bad_option", "serials must be true or false")),
            (other, _) => {
                let message = format_args!("there is no option {other}; there is serials");
                return Err(ScriptError::new("bad_option", message));
            }
        }
    }
    Ok(wanted)
}

/// Values that a service has made are not nested deeply, so this calls itself.
fn leave_out_private(value: &mut Value) {
    match value {
        Value::Map(entries) => {
            entries.retain(|(name, _)| !PRIVATE.contains(&name.as_str()));
            entries.iter_mut().for_each(|(_, value)| leave_out_private(value));
        }
        Value::Array(values) => values.iter_mut().for_each(leave_out_private),
        _ => {}
    }
}

fn clock(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let clock = context.host.clock;
    Ok(Value::map([
        ("uptime_ms", milliseconds(clock.uptime_ns())),
        ("unix_ms", clock.unix_ms().map_or(Value::Unit, int)),
    ]))
}

fn tasks(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let tasks = context.host.tasks.list();
    let count = |state| int(tasks.iter().filter(|task| task.state == state).count());
    let arena_bytes: u64 = tasks.iter().map(|task| task.arena_bytes).sum();
    let TaskLimits { tasks: most, .. } = context.host.tasks.limits();
    Ok(Value::map([
        ("ready", count(TaskState::Ready)),
        ("waiting", count(TaskState::Waiting)),
        ("ended", count(TaskState::Ended)),
        ("most", int(most)),
        ("arena_bytes", int(arena_bytes)),
        ("operations", int(tasks.iter().map(|task| task.operations).sum::<u64>())),
    ]))
}

/// Warnings and errors, and the newest lines.
fn log(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let lines = context.host.log.tail(usize::MAX);
    let newest = lines.len().saturating_sub(NEWEST_LINES);
    let is_bad = |text: &str| {
        ["error: ", "warning: ", "warn: "]
            .iter()
            .any(|prefix| text.starts_with(prefix))
    };
    let bad = lines.iter().filter(|line| is_bad(&line.text)).count();
    let mut skipped = bad.saturating_sub(BAD_LINES);
    let mut rows = Vec::new();
    for (index, line) in lines.into_iter().enumerate() {
        let is_wanted = index >= newest || is_bad(&line.text);
        if is_wanted && index < newest && skipped > 0 {
            skipped -= 1;
        } else if is_wanted {
            rows.push(Value::map([
                ("time_ms", milliseconds(line.time_ns)),
                ("text", line.text.into()),
            ]));
        }
    }
    Ok(Value::Array(rows))
}
