//! `cpu`: the processor.

use alloc::string::String;
use services::cores::CoreInfo;

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
            (array of names as Linux has them), hypervisor (its name, or () on a real machine), microarchitecture \
            (`unknown` where it does not follow for certain), microcode (its revision as hexadecimal text), topology \
            (packages, cores_per_package, threads_per_core, threads_per_package), caches (level, kind, size_bytes, ways, \
            line_bytes, shared_by), physical_bits, virtual_bits, base_mhz, max_mhz, bus_mhz, crystal_hz. What the processor \
            does not tell is ().",
    example: Example::Shows("cpu::info().cores_online >= 1", "true"),
};

const LIST: Doc = Doc {
    namespace: "cpu",
    name: "list",
    params: &[],
    returns: "array",
    errors: &[],
    waits: false,
    summary: "Lists the processor's cores and what they do.",
    notes: "One map per core: core (its number, as task::start takes it), apic_id, online (it runs tasks), load (percent of \
            the last second), busy_ms and online_ms (since it came online), tasks (those that stay on it), operations (of \
            scripts), timer_interrupts, ipis (interrupts from other cores).",
    example: Example::Shows("cpu::list()[0].online", "true"),
};

/// Adds `cpu::*`.
pub fn register(api: &mut Api) {
    api.service(&LIST, list);
    api.service(&INFO, info);
}

pub(super) fn list(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let cores = context.host.machine.cores();
    Ok(Value::Array(cores.iter().map(row).collect()))
}

fn row(core: &CoreInfo) -> Value {
    Value::map([
        ("core", int(core.index)),
        ("apic_id", int(core.apic_id)),
        ("online", core.is_online.into()),
        ("load", Value::Float(f64::from(core.load_permille) / 10.0)),
        ("busy_ms", int(core.busy_ns / 1_000_000)),
        ("online_ms", int(core.online_ns / 1_000_000)),
        ("tasks", int(core.tasks)),
        ("operations", int(core.operations)),
        ("timer_interrupts", int(core.timer_interrupts)),
        ("ipis", int(core.ipis)),
    ])
}

pub(super) fn info(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let cpu = context.host.machine.cpu();
    let map = Value::map([
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
    ]);
    let Value::Map(mut facts) = map else { return Ok(map) };
    facts.extend(
        context
            .host
            .identity
            .processor()
            .into_iter()
            .map(|(name, fact)| (String::from(name), fact)),
    );
    Ok(Value::Map(facts))
}
