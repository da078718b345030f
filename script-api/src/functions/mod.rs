//! The functions that scripts have, one file per namespace, all of the same shape: a description, and a body that calls
//! a service and converts.

pub mod acpi;
pub mod array;
pub mod base64;
pub mod bytes;
pub mod cell;
pub mod channel;
pub mod cost;
pub mod cpu;
pub mod csv;
pub mod dashboard;
pub mod deaf;
pub mod debug;
pub mod edit;
pub mod fs;
pub mod hash;
pub mod help;
pub mod hex;
pub mod hw;
pub mod irq;
pub mod jobs;
pub mod json;
pub mod key;
pub mod limits;
pub mod log;
pub mod look;
pub mod mem;
pub mod noise;
pub mod pci;
mod place;
pub mod plot;
pub mod power;
pub mod rand;
pub mod regex;
pub mod reload;
pub mod rows;
pub mod run;
pub mod screen;
pub mod sensor;
pub mod sizes;
pub mod stopwatch;
pub mod strings;
pub mod sys;
pub mod task;
pub mod text;
pub mod time;
pub mod timer;
pub mod toml;
pub mod watch;

#[cfg(test)]
mod tests;

use services::shared;
use services::value::Value;

use crate::catalogue;
use crate::registry::{Api, Doc, Example, Kind, Param, ScriptError};

/// Adds the functions of the machine, which every task has.
pub fn register(api: &mut Api) {
    catalogue::register(api, |name| name != "debug");
    acpi::register(api);
    array::register(api);
    cell::register(api);
    channel::register(api);
    cpu::register(api);
    edit::register(api);
    fs::register(api);
    help::register(api);
    hw::register(api);
    irq::register(api);
    jobs::register(api);
    key::register(api);
    limits::register(api);
    log::register(api);
    mem::register(api);
    pci::register(api);
    power::register(api);
    run::register(api);
    screen::register(api);
    sensor::register(api);
    sizes::register(api);
    strings::register(api);
    sys::register(api);
    task::register(api);
    time::register(api);
    timer::register(api);
}

/// Adds the functions that only compute, which every task has too.
pub fn register_computing(api: &mut Api) {
    base64::register(api);
    bytes::register(api);
    csv::register(api);
    dashboard::register(api);
    hash::register(api);
    hex::register(api);
    json::register(api);
    look::register(api);
    plot::register(api);
    rand::register(api);
    regex::register(api);
    reload::register(api);
    rows::register(api);
    stopwatch::register(api);
    text::register(api);
    toml::register(api);
    watch::register(api);
}

/// What descriptions of functions that neither wait nor fail have in common.
const PLAIN: Doc = Doc {
    namespace: "",
    name: "",
    params: &[],
    returns: "any",
    errors: &[],
    waits: false,
    summary: "",
    notes: "",
    example: Example::Shows("", ""),
};

const fn param(name: &'static str, kind: Kind, meaning: &'static str) -> Param {
    Param { name, kind, meaning }
}

/// Errors that several namespaces have.
const WRONG_TYPE: (&str, &str) = ("wrong_type", "a value is of a type that this cannot take");
const PARSE_ERROR: (&str, &str) = ("parse_error", "the text is not well formed; the message says where");

/// A count as scripts have it; beyond their range, the largest they have.
fn int(number: impl TryInto<i64>) -> Value {
    Value::Int(number.try_into().unwrap_or(i64::MAX))
}

/// Nanoseconds as milliseconds with three decimals.
fn milliseconds(nanoseconds: u64) -> Value {
    Value::Float((nanoseconds / 1000) as f64 / 1000.0)
}

/// Why a channel, a cell or a counter could not be made.
fn no_object(error: shared::Error) -> ScriptError {
    let code = match error {
        shared::Error::TooMany => "too_many",
        shared::Error::OutOfMemory => "out_of_memory",
    };
    ScriptError::new(code, error)
}
