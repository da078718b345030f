//! `limits`: what holds a script back, and how far.

use services::shared::{self, timer};
use services::terminal::INPUT_LIMIT_BYTES;
use services::value::{DEPTH_LIMIT, Value};

use super::{int, task};
use crate::context::{SCRIPT_STACK_BYTES, TaskContext};
use crate::convert::COPY_LIMIT_BYTES;
use crate::engine::Profile;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};
use crate::show::TEXT_LIMIT_BYTES;

const LIMITS: Doc = Doc {
    namespace: "",
    name: "limits",
    params: &[],
    returns: "array",
    errors: &[],
    waits: false,
    summary: "Lists the limits that hold for this session, with what happens beyond them.",
    notes: "One map per limit: name, value (() where nothing limits it), is_settable, beyond.",
    example: Example::Shows(
        "limits().filter(|l| l.is_settable).map(|l| l.name)",
        "[\"memory_bytes\"]",
    ),
};

const SET_LIMITS: Doc = Doc {
    namespace: "",
    name: "limits",
    params: &[Param {
        name: "limits",
        kind: Kind::Map,
        meaning: "those to be set, such as #{memory_bytes: 8000000}",
    }],
    returns: "array",
    errors: &[
        ("out_of_range", "a limit is too small or too large"),
        ("not_settable", "the map names something else"),
        ("wrong_type", "a value is of the wrong type"),
        ("unsupported", "memory is not counted by task on this machine"),
    ],
    waits: false,
    summary: "Sets limits of this session, and lists them all.",
    notes: "They hold until the session ends, or its line is detached. Tasks that it starts have limits of their own: see \
            task::limit.",
    example: Example::Shows(
        "try { limits(#{stack_bytes: 1}) } catch (error) { print(error.code) }",
        "not_settable",
    ),
};

/// Adds `limits`.
pub fn register(api: &mut Api) {
    api.service(&LIMITS, limits);
    api.service(&SET_LIMITS, set_limits);
}

fn set_limits(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    task::set_limits(context, context.host.tasks.current(), arguments.any(0)?)?;
    limits(context, arguments)
}

fn limits(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let tasks = context.host.tasks;
    let own = tasks.list().into_iter().find(|task| task.id == tasks.current());
    let memory_bytes = own.map_or(0, |task| task.memory_limit_bytes);
    let machine = tasks.limits();
    let profile = Profile::CONSOLE;
    let number = |number: usize| number as u64;
    let rows = [
        ("memory_bytes", memory_bytes, "memory_limit ends the evaluation"),
        (
            "memory_hard_bytes",
            memory_bytes * machine.hard_factor,
            "out_of_memory ends the task",
        ),
        ("stack_bytes", machine.stack_bytes, "stack_overflow ends the task"),
        (
            "stack_reserve_bytes",
            number(SCRIPT_STACK_BYTES),
            "recursion_limit ends the evaluation when less is left",
        ),
        (
            "call_depth",
            number(profile.call_depth),
            "recursion_limit ends the evaluation",
        ),
        (
            "expression_depth",
            number(profile.expression_depths.0),
            "syntax_error: an expression is nested too deeply",
        ),
        (
            "source_bytes",
            number(profile.source_limit_bytes),
            "source_too_large is thrown",
        ),
        (
            "input_bytes",
            number(INPUT_LIMIT_BYTES),
            "an input that goes on over more lines is taken as it is",
        ),
        (
            "shown_bytes",
            number(TEXT_LIMIT_BYTES),
            "the rest of a result is not shown",
        ),
        (
            "copy_bytes",
            number(COPY_LIMIT_BYTES),
            "too_large: no value crosses to another task or service",
        ),
        (
            "copy_depth",
            number(DEPTH_LIMIT),
            "too_deep: no value crosses to another task or service",
        ),
        ("tasks", machine.tasks, "too_many_tasks: no other task starts"),
        (
            "results",
            machine.outcomes,
            "the oldest result that nobody took is forgotten",
        ),
        (
            "handles",
            number(shared::OBJECTS_PER_TASK),
            "too_many: no other channel, cell, counter or timer is made",
        ),
        (
            "channel_values",
            number(shared::channel::CAPACITY_LIMIT),
            "out_of_range: no channel has a larger capacity",
        ),
        (
            "events",
            number(timer::QUEUE_LIMIT),
            "an event is dropped and counted where so many wait for one listener",
        ),
    ];
    let rows = rows.into_iter().map(|(name, value, beyond)| {
        Value::map([
            ("name", name.into()),
            ("value", if value == 0 { Value::Unit } else { int(value) }),
            ("is_settable", (name == "memory_bytes").into()),
            ("beyond", beyond.into()),
        ])
    });
    Ok(Value::Array(rows.collect()))
}
