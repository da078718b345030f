//! `cpu`: the processor.

use services::value::Value;

use super::int;
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, ScriptError};

const INFO: Doc = Doc {
    namespace: "cpu",
    name: "info",
    params: &[],
    returns: "map",
    errors: &[],
    waits: false,
    summary: "Describes the processor.",
    notes: "vendor, brand, family, model, stepping, cores_online, cores_present, tsc_khz, tsc_invariant, features \
            (array of lower-case names), hypervisor (its name, or () on a real machine).",
    example: Example::Shows("cpu::info().cores_online >= 1", "true"),
};

/// Adds `cpu::*`.
pub fn register(api: &mut Api) {
    api.service(&INFO, info);
}

fn info(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let cpu = context.host.machine.cpu();
    Ok(Value::map([
        ("vendor", cpu.vendor.into()),
        ("brand", cpu.brand.into()),
        ("family", int(cpu.family)),
        ("model", int(cpu.model)),
        ("stepping", int(cpu.stepping)),
        ("cores_online", int(cpu.cores_online)),
        ("cores_present", int(cpu.cores_present)),
        ("tsc_khz", int(cpu.tsc_khz)),
        ("tsc_invariant", cpu.tsc_invariant.into()),
        (
            "features",
            Value::Array(cpu.features.into_iter().map(Value::from).collect()),
        ),
        ("hypervisor", cpu.hypervisor.map_or(Value::Unit, Value::from)),
    ]))
}
