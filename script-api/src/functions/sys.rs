//! `sys`: the system as a whole.

use services::value::Value;

use super::{int, milliseconds};
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, ScriptError};

const INFO: Doc = Doc {
    namespace: "sys",
    name: "info",
    params: &[],
    returns: "map",
    errors: &[],
    waits: false,
    summary: "Describes the system: version, firmware, boot loader, command line.",
    notes: "name, version, build (`release` or `debug`), language, firmware (`bios` or `uefi`), boot_loader, command_line, uptime_ms.",
    example: Example::Shows("sys::info().name", "\"Rhaios\""),
};

const BOOT: Doc = Doc {
    namespace: "sys",
    name: "boot",
    params: &[],
    returns: "array",
    errors: &[],
    waits: false,
    summary: "Lists the steps of the start-up with their times in milliseconds.",
    notes: "One map per step, in order: step, took_ms, and end_ms, counted from the kernel's entry.",
    example: Example::Shows("sys::boot().all(|step| step.end_ms >= step.took_ms)", "true"),
};

/// Adds `sys::*`.
pub fn register(api: &mut Api) {
    api.service(&INFO, info);
    api.service(&BOOT, boot);
}

pub(super) fn info(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let machine = context.host.machine;
    Ok(Value::map([
        ("name", "Rhaios".into()),
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("build", if cfg!(debug_assertions) { "debug" } else { "release" }.into()),
        ("language", "Rhai 1.27".into()),
        ("firmware", machine.firmware().into()),
        ("boot_loader", machine.boot_loader().into()),
        ("command_line", machine.command_line().into()),
        ("uptime_ms", int(context.host.clock.uptime_ns() / 1_000_000)),
    ]))
}

pub(super) fn boot(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let mut previous_ns = 0;
    let steps = context.host.machine.boot_steps().into_iter().map(|step| {
        let took_ns = step.end_ns.saturating_sub(previous_ns);
        previous_ns = step.end_ns;
        Value::map([
            ("step", step.name.into()),
            ("took_ms", milliseconds(took_ns)),
            ("end_ms", milliseconds(step.end_ns)),
        ])
    });
    Ok(Value::Array(steps.collect()))
}
