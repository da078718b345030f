//! `mem`: memory.

use services::value::Value;

use super::int;
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, ScriptError};

const INFO: Doc = Doc {
    namespace: "mem",
    name: "info",
    params: &[],
    returns: "map",
    errors: &[],
    waits: false,
    summary: "Tells how much memory there is and what it is used for, in bytes.",
    notes: "total_bytes, free_bytes, kernel_bytes (code and data), heap_bytes and heap_used_bytes (the kernel's heap), \
            arena_bytes (all tasks' data), task_arena_bytes (this task's data), stack_bytes (all tasks' stacks).",
    example: Example::Shows("mem::info().total_bytes > mem::info().free_bytes", "true"),
};

/// Adds `mem::*`.
pub fn register(api: &mut Api) {
    api.service(&INFO, info);
}

fn info(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let memory = context.host.machine.memory();
    Ok(Value::map([
        ("total_bytes", int(memory.total_bytes)),
        ("free_bytes", int(memory.free_bytes)),
        ("kernel_bytes", int(memory.kernel_bytes)),
        ("heap_bytes", int(memory.heap_bytes)),
        ("heap_used_bytes", int(memory.heap_used_bytes)),
        ("arena_bytes", int(memory.arena_bytes)),
        ("task_arena_bytes", int(memory.task_arena_bytes)),
        ("stack_bytes", int(memory.stack_bytes)),
    ]))
}
