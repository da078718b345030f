//! What scripts see of the processor's cores.

/// One core: a logical processor that the firmware lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoreInfo {
    /// The core's number, from 0: the boot processor, then the others in the firmware's order.
    pub index: u32,
    /// Number of its local APIC, by which interrupts name it.
    pub apic_id: u32,
    /// It runs tasks.
    pub is_online: bool,
    /// Nanoseconds since it came online that it did not spend halted.
    pub busy_ns: u64,
    /// Nanoseconds since it came online.
    pub online_ns: u64,
    /// Share of the last second that it did not spend halted, in thousandths.
    pub load_permille: u32,
    /// Script tasks that are pinned to it and have not ended.
    pub tasks: u64,
    /// Rhai operations that ran on it.
    pub operations: u64,
    /// Timer interrupts that it has taken.
    pub timer_interrupts: u64,
    /// Interrupts from other cores that it has taken.
    pub ipis: u64,
}
