//! `irq`: interrupts.

use services::interrupts::{Delivery, InterruptInfo};
use services::value::Value;

use super::int;
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, ScriptError};

const LIST: Doc = Doc {
    namespace: "irq",
    name: "list",
    params: &[],
    returns: "array",
    errors: &[],
    waits: false,
    summary: "Lists the interrupts that somebody handles, by core and vector, with how often each came.",
    notes: "One map per source: source, vector, core, delivery (`local` from the core's own timer or another core, `line` \
            through an I/O APIC, `message` written by the device), line (the global interrupt line, () where there is \
            none), count (since the source was connected). Devices that share a line have the same vector, and each \
            counts what it answered. `spurious` and `unclaimed` are listed where some came.",
    example: Example::Shows(
        "irq::list().filter(|i| i.source == \"timer\" && i.count > 0).len() > 0",
        "true",
    ),
};

/// Adds `irq::*`.
pub fn register(api: &mut Api) {
    api.service(&LIST, list);
}

pub(super) fn list(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let all = context.host.machine.interrupts();
    Ok(Value::Array(all.iter().map(as_map).collect()))
}

fn as_map(interrupt: &InterruptInfo) -> Value {
    let (delivery, line) = match interrupt.delivery {
        Delivery::Local => ("local", Value::Unit),
        Delivery::Line(line) => ("line", int(line)),
        Delivery::Message => ("message", Value::Unit),
    };
    Value::map([
        ("source", interrupt.source.as_str().into()),
        ("vector", int(interrupt.vector)),
        ("core", int(interrupt.core)),
        ("delivery", delivery.into()),
        ("line", line),
        ("count", int(interrupt.count)),
    ])
}
