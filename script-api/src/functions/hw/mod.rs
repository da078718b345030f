//! `hw`: what the machine is made of, its registers behind a lock, and a report of all of it.

mod registers;
mod report;

use services::task::Hardware;
use services::value::Value;

use super::PLAIN;
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, ScriptError};

/// A description of a function here.
const HW: Doc = Doc {
    namespace: "hw",
    ..PLAIN
};

const INFO: Doc = Doc {
    name: "info",
    returns: "map",
    errors: &[("not_available", "the firmware describes nothing")],
    summary: "Describes the machine as its firmware does: maker, product, board, memory modules.",
    notes: "bios (vendor, version, date), system (maker, product, version, serial, sku, family, uuid), board, chassis (kind \
            in words, such as `notebook`), processors (one map per socket), memory_devices (one map per slot: slot, bank, \
            size_bytes, form, kind, speed_mts, configured_speed_mts, maker, serial, part). It is what SMBIOS says; makers \
            leave parts empty.",
    example: Example::Shows("hw::info().chassis.kind", "\"notebook\""),
    ..HW
};
const UNLOCK: Doc = Doc {
    name: "unlock",
    returns: "()",
    errors: &[("not_allowed", "scripts of this kind never may")],
    summary: "Lets this session read and write registers past all drivers.",
    notes: "It holds for the task that calls it, until that ends or calls hw::lock(): a task that it starts, and the prompt \
            after a line was sent to the background, ask for themselves. A wrong write can stop the machine or destroy what \
            is on its disks.",
    example: Example::Shows("hw::unlock(); hw::read_port(0x71, 8) >= 0", "true"),
    ..HW
};
const LOCK: Doc = Doc {
    name: "lock",
    returns: "()",
    summary: "Takes hw::unlock() back.",
    example: Example::Shows("hw::lock()", ""),
    ..HW
};

/// Adds `hw::*`.
pub fn register(api: &mut Api) {
    api.service(&INFO, info);
    api.service(&UNLOCK, unlock);
    api.service(&LOCK, |context, _| {
        context.control.set_hardware(Hardware::Locked);
        Ok(Value::Unit)
    });
    registers::register(api);
    report::register(api);
}

fn info(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let description = context.host.identity.description();
    description.map_err(|reason| ScriptError::new("not_available", reason))
}

fn unlock(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    match context.control.set_hardware(Hardware::Unlocked) {
        Hardware::Unlocked => Ok(Value::Unit),
        Hardware::Locked | Hardware::Forbidden => Err(not_allowed()),
    }
}

fn not_allowed() -> ScriptError {
    ScriptError::new(
        "not_allowed",
        "a script of this kind may not touch the machine's registers",
    )
}
