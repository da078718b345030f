//! The functions that scripts have, one file per namespace, all of the same shape: a description, and a body that calls
//! a service and converts.

pub mod array;
pub mod cost;
pub mod cpu;
pub mod debug;
pub mod help;
pub mod key;
pub mod log;
pub mod mem;
pub mod power;
pub mod run;
pub mod strings;
pub mod sys;
pub mod task;
pub mod time;

use services::value::Value;

use crate::registry::Api;

/// Adds all functions that every task has.
pub fn register(api: &mut Api) {
    array::register(api);
    cpu::register(api);
    help::register(api);
    key::register(api);
    log::register(api);
    mem::register(api);
    power::register(api);
    run::register(api);
    strings::register(api);
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
