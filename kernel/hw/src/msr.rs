//! Model-specific registers of the running core, which not every processor has: each access says whether it worked.

/// The registers: guarded instructions in the kernel, a fake in tests.
pub trait ModelSpecific {
    /// The register's value; `None` where the processor refuses.
    fn read(&self, register: u32) -> Option<u64>;
    /// Writes the register; `None` where the processor refuses.
    fn write(&self, register: u32, value: u64) -> Option<()>;
}
