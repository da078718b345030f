//! What the machine is: its processor beyond the bare facts, the firmware's description, its sensors and its memory map.

use alloc::string::String;
use alloc::vec::Vec;

use crate::memory_map::MemoryRange;
use crate::value::Value;

/// One reading of a sensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The sensor's name, such as `cpu_package`.
    pub name: &'static str,
    /// What it measures, such as `temperature`.
    pub kind: &'static str,
    /// What it shows now.
    pub value: f64,
    /// The unit, such as `celsius`.
    pub unit: &'static str,
}

/// Questions about what the machine is. A machine that cannot answer one leaves the default.
pub trait Identity: Send + Sync {
    /// Named facts about the processor: `microarchitecture`, `microcode`, `topology`, `caches`, `physical_bits` and so on.
    fn processor(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// The firmware's description as a map of `bios`, `system`, `board`, `chassis`, `processors` and `memory_devices`;
    /// why there is none where there is none.
    ///
    /// # Errors
    ///
    /// One sentence.
    fn description(&self) -> Result<Value, String> {
        Err("this machine has no firmware that describes it".into())
    }

    /// All sensors that have a reading now.
    fn sensors(&self) -> Vec<Reading> {
        Vec::new()
    }

    /// Physical memory in order of addresses, and what each part is used for.
    fn memory_map(&self) -> Vec<MemoryRange> {
        Vec::new()
    }
}

/// A machine that knows none of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unknown;

impl Identity for Unknown {}
