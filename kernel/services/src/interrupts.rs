//! What scripts see of interrupts.

use alloc::string::String;

/// How an interrupt reaches a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// From the core's own local APIC: its timer, or another core.
    Local,
    /// Through an I/O APIC, on this global interrupt line.
    Line(u32),
    /// By a message that the device writes.
    Message,
}

/// One source of interrupts that somebody handles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterruptInfo {
    /// Who raises it, such as `timer`, `com1`, `keyboard` or a device's address with its driver's name.
    pub source: String,
    /// Its vector on the core, 32 to 255.
    pub vector: u8,
    /// The core that it goes to.
    pub core: u32,
    /// How it gets there.
    pub delivery: Delivery,
    /// How often the core has taken it.
    pub count: u64,
}
