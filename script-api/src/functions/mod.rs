//! The functions that scripts have, one file per namespace, all of the same shape: a description, and a body that calls
//! a service and converts.

pub mod array;
pub mod cell;
pub mod channel;
pub mod cost;
pub mod cpu;
pub mod debug;
pub mod edit;
pub mod fs;
pub mod help;
pub mod key;
pub mod log;
pub mod mem;
pub mod noise;
pub mod power;
pub mod run;
pub mod screen;
pub mod sys;
pub mod task;
pub mod time;

use services::shared;
use services::value::Value;

use crate::registry::{Api, ScriptError};

/// Adds all functions that every task has.
pub fn register(api: &mut Api) {
    array::register(api);
    cell::register(api);
    channel::register(api);
    cpu::register(api);
    edit::register(api);
    fs::register(api);
    help::register(api);
    key::register(api);
    log::register(api);
    mem::register(api);
    power::register(api);
    run::register(api);
    screen::register(api);
    sys::register(api);
    task::register(api);
    time::register(api);
}

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
