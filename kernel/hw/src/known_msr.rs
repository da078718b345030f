//! The model-specific registers of the running core, for drivers that know from CPUID which it has: an access costs no more
//! than the instruction.

/// Reaches model-specific registers: the processor's in the kernel, a fake's in tests.
///
/// A register that the processor does not have, or a value that it does not take, is a general protection fault: name
/// only registers that CPUID reports.
pub trait MsrIo {
    /// Reads the register `number`.
    fn read(&self, number: u32) -> u64;
    /// Writes the register `number`.
    fn write(&self, number: u32, value: u64);
}

impl<T: MsrIo> MsrIo for &T {
    fn read(&self, number: u32) -> u64 {
        T::read(self, number)
    }

    fn write(&self, number: u32, value: u64) {
        T::write(self, number, value);
    }
}
