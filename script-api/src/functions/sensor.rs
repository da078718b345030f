//! `sensor`: what the machine measures of itself.

use services::identity::Reading;
use services::value::Value;

use super::{PLAIN, param};
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, ScriptError};

const LIST: Doc = Doc {
    namespace: "sensor",
    name: "list",
    returns: "array",
    summary: "Lists the machine's sensors with what they show now.",
    notes: "One map per sensor: name, kind (`temperature`), value, unit (`celsius`). Empty where the machine has none that \
            are known here: so in emulators, and on processors of AMD's. `cpu_core` is the thermometer of the core that \
            the task runs on, `cpu_package` shows the warmest place of the whole processor.",
    example: Example::Shows(
        "sensor::list().filter(|s| s.kind == \"temperature\").len() >= 0",
        "true",
    ),
    ..PLAIN
};
const READ: Doc = Doc {
    namespace: "sensor",
    name: "read",
    params: &[param("name", Kind::Text, "a name that sensor::list() shows")],
    returns: "float",
    errors: &[("not_found", "there is no such sensor, or it shows nothing now")],
    summary: "Returns what a sensor shows now, in the unit that sensor::list() names.",
    example: Example::Shows("sensor::read(\"cpu_package\") < 150.0", "true"),
    ..PLAIN
};

/// Adds `sensor::*`.
pub fn register(api: &mut Api) {
    api.service(&LIST, list);
    api.service(&READ, read);
}

pub(super) fn list(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let readings = context.host.identity.sensors();
    Ok(Value::Array(readings.iter().map(as_map).collect()))
}

fn as_map(reading: &Reading) -> Value {
    Value::map([
        ("name", reading.name.into()),
        ("kind", reading.kind.into()),
        ("value", Value::Float(reading.value)),
        ("unit", reading.unit.into()),
    ])
}

fn read(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let name = arguments.text(0);
    let readings = context.host.identity.sensors();
    let reading = readings.iter().find(|reading| reading.name == name);
    let reading =
        reading.ok_or_else(|| ScriptError::new("not_found", format_args!("no sensor `{name}` shows a value")))?;
    Ok(Value::Float(reading.value))
}
