//! `debug::deaf` and `debug::hidden_wait`: functions that break the rules of waiting, so that tests can show that such
//! would be found. And `debug::yields`, which measures the switch from one task to another.

use services::host;
use services::value::Value;

use super::{PLAIN, param};
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, ScriptError};

const DEAF: Doc = Doc {
    namespace: "debug",
    name: "deaf",
    params: &[param("ms", Kind::Int, "how long it keeps the task")],
    returns: "()",
    errors: &[("out_of_range", "ms is negative")],
    waits: true,
    summary: "Keeps the task busy and hears no Ctrl-C meanwhile; others run.",
    example: Example::Shows("debug::deaf(1)", ""),
    ..PLAIN
};

const HIDDEN_WAIT: Doc = Doc {
    namespace: "debug",
    name: "hidden_wait",
    errors: &[("undeclared_wait", "always: it waits, and its description denies it")],
    summary: "Waits although its description says that it does not.",
    example: Example::Shows(
        "try { debug::hidden_wait() } catch (error) { print(error.code) }",
        "undeclared_wait",
    ),
    ..PLAIN
};

const YIELDS: Doc = Doc {
    namespace: "debug",
    name: "yields",
    params: &[param("count", Kind::Int, "how often")],
    returns: "()",
    errors: &[("out_of_range", "count is negative")],
    summary: "Lets others run, again and again: for measuring what a switch costs.",
    example: Example::Shows("debug::yields(3)", ""),
    ..PLAIN
};

/// Adds them.
pub fn register(api: &mut Api) {
    api.service(&DEAF, deaf);
    api.service(&YIELDS, |context, arguments| {
        for _ in 0..arguments.count(0, "count")? {
            if context.stop().is_some() {
                return Err(ScriptError::Interrupted);
            }
            context.host.tasks.yield_now();
        }
        Ok(Value::Unit)
    });
    api.service(&HIDDEN_WAIT, |context, _| {
        host::block_on(context.host.tasks, context.after_ms(1))?;
        Ok(Value::Unit)
    });
}

fn deaf(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let clock = context.host.clock;
    let end_ns = clock
        .uptime_ns()
        .saturating_add(arguments.count(0, "ms")?.saturating_mul(1_000_000));
    while clock.uptime_ns() < end_ns {
        context.host.tasks.yield_now();
    }
    Ok(Value::Unit)
}
