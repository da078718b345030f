//! `irq`: interrupts.

use alloc::vec::Vec;
use core::cmp::Reverse;

use services::host;
use services::interrupts::{Delivery, InterruptInfo};
use services::value::Value;

use super::{int, param};
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, ScriptError};

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

const RATES: Doc = Doc {
    name: "rates",
    params: &[param(
        "during_ms",
        Kind::Optional(&Kind::Int),
        "how long to count, in milliseconds, 1 or more; 1000 if not given",
    )],
    errors: &[("out_of_range", "during_ms is below 1")],
    waits: true,
    summary: "Counts interrupts for a while: which came, and how many in a second.",
    notes: "The rows of irq::list() for which one came in that time, the busiest first, with per_second: how many came, \
            divided by the time that passed. count is as it is at the end.",
    example: Example::Shows("irq::rates(10).all(|i| i.per_second > 0)", "true"),
    ..LIST
};

/// Adds `irq::*`.
pub fn register(api: &mut Api) {
    api.service(&LIST, list);
    api.service(&RATES, rates);
}

fn rates(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let during_ms = match arguments.is_empty() {
        true => 1000,
        false => arguments.count(0, "during_ms")?,
    };
    if during_ms == 0 {
        return Err(ScriptError::new("out_of_range", "during_ms must be 1 or more"));
    }
    let look = || (context.host.machine.interrupts(), context.host.clock.uptime_ns());
    let (before, start_ns) = look();
    host::block_on(context.host.tasks, context.after_ms(during_ms))?;
    let (after, end_ns) = look();
    Ok(Value::Array(between(&before, &after, end_ns.saturating_sub(start_ns))))
}

/// What came between two looks, `took_ns` apart.
fn between(before: &[InterruptInfo], after: &[InterruptInfo], took_ns: u64) -> Vec<Value> {
    let mut rows: Vec<(&InterruptInfo, u64)> = after
        .iter()
        .map(|row| (row, row.count - count_of(before, row)))
        .filter(|(_, came)| *came > 0)
        .collect();
    rows.sort_by_key(|(_, came)| Reverse(*came));
    let per_second = |came: u64| {
        // One digit behind the point: the count is no more exact than that.
        let tenths = (came as f64 * 1e10 / took_ns.max(1) as f64 + 0.5) as u64;
        tenths as f64 / 10.0
    };
    let rows = rows.into_iter().map(|(row, came)| {
        let mut map = as_map(row);
        if let Value::Map(entries) = &mut map {
            entries.push(("per_second".into(), Value::Float(per_second(came))));
        }
        map
    });
    rows.collect()
}

/// How often the source had come before; 0 for one that is new.
fn count_of(rows: &[InterruptInfo], of: &InterruptInfo) -> u64 {
    let is_same = |row: &&InterruptInfo| (row.core, row.vector) == (of.core, of.vector) && row.source == of.source;
    // One that was connected anew counts from zero.
    rows.iter().find(is_same).map_or(0, |row| row.count.min(of.count))
}

pub(super) fn list(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let all = context.host.machine.interrupts();
    Ok(Value::Array(all.iter().map(as_map).collect()))
}

pub(super) fn as_map(interrupt: &InterruptInfo) -> Value {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_time_between() {
        let row = |source: &str, count| InterruptInfo {
            source: source.into(),
            vector: 32,
            core: 0,
            delivery: Delivery::Local,
            count,
        };
        let before = [row("timer", 100), row("still", 7), row("anew", 50)];
        let after = [row("timer", 103), row("still", 7), row("anew", 60), row("first", 40)];
        let rows = between(&before, &after, 2_000_000_000);
        let part = |row: &Value, wanted: &str| match row {
            Value::Map(entries) => entries
                .iter()
                .find(|(key, _)| key == wanted)
                .map(|(_, value)| value.clone()),
            _ => None,
        };
        let shown: Vec<_> = rows
            .iter()
            .map(|row| (part(row, "source"), part(row, "per_second")))
            .collect();
        let expected = [("first", 20.0), ("anew", 5.0), ("timer", 1.5)];
        assert_eq!(
            shown,
            expected.map(|(source, rate)| (Some(source.into()), Some(Value::Float(rate))))
        );
    }
}
