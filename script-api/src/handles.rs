//! The script types of what tasks share: plain numbers that may be copied to any task.

use rhai::{Dynamic, Module};
use services::shared::{Handle, Kind};

/// A channel.
#[derive(Clone, Copy, Debug)]
pub struct Channel(pub u64);

/// A cell.
#[derive(Clone, Copy, Debug)]
pub struct Cell(pub u64);

/// A counter.
#[derive(Clone, Copy, Debug)]
pub struct Counter(pub u64);

/// What is called at a time or on an event.
#[derive(Clone, Copy, Debug)]
pub struct Timer(pub u64);

/// The handle that `value` is; `None` where it is something else.
pub fn handle(value: &Dynamic) -> Option<Handle> {
    let of = |kind, number| Some(Handle { kind, number });
    if let Some(channel) = value.read_lock::<Channel>() {
        of(Kind::Channel, channel.0)
    } else if let Some(cell) = value.read_lock::<Cell>() {
        of(Kind::Cell, cell.0)
    } else if let Some(counter) = value.read_lock::<Counter>() {
        of(Kind::Counter, counter.0)
    } else if let Some(timer) = value.read_lock::<Timer>() {
        of(Kind::Timer, timer.0)
    } else {
        None
    }
}

/// A handle as a script's value.
pub fn dynamic(handle: Handle) -> Dynamic {
    match handle.kind {
        Kind::Channel => Dynamic::from(Channel(handle.number)),
        Kind::Cell => Dynamic::from(Cell(handle.number)),
        Kind::Counter => Dynamic::from(Counter(handle.number)),
        Kind::Timer => Dynamic::from(Timer(handle.number)),
    }
}

/// Gives the types their names.
pub fn register(module: &mut Module) {
    module.set_custom_type::<Channel>("channel");
    module.set_custom_type::<Cell>("cell");
    module.set_custom_type::<Counter>("counter");
    module.set_custom_type::<Timer>("timer");
}
