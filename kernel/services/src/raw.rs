//! Access to the machine's registers as a person at the prompt may want it, past all drivers.

use core::fmt;

pub use hw::pci::Address;

/// How many bits one access moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// One byte.
    Bits8,
    /// Two bytes.
    Bits16,
    /// Four bytes.
    Bits32,
    /// Eight bytes.
    Bits64,
}

impl Width {
    /// The width of so many bits.
    pub fn of_bits(bits: i64) -> Option<Self> {
        let all = [Self::Bits8, Self::Bits16, Self::Bits32, Self::Bits64];
        all.into_iter().find(|width| i64::from(width.bits()) == bits)
    }

    /// How many bits.
    pub fn bits(self) -> u32 {
        self.bytes() * 8
    }

    /// How many bytes.
    pub fn bytes(self) -> u32 {
        match self {
            Self::Bits8 => 1,
            Self::Bits16 => 2,
            Self::Bits32 => 4,
            Self::Bits64 => 8,
        }
    }

    /// The largest value.
    pub fn largest(self) -> u64 {
        u64::MAX >> (64 - self.bits())
    }
}

/// Why an access was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The processor refuses the register, or there is no such way to the device.
    NotAvailable,
    /// The processor has no such address.
    BadAddress,
    /// The memory there is the kernel's to give away.
    IsRam,
    /// No device answers there.
    NotFound,
    /// No memory is left for the page tables that the access needs.
    OutOfMemory,
}

impl Error {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAvailable => "not_available",
            Self::BadAddress => "bad_address",
            Self::IsRam => "is_ram",
            Self::NotFound => "not_found",
            Self::OutOfMemory => "out_of_memory",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NotAvailable => "this machine has no such register, or refuses the access",
            Self::BadAddress => "the address lies beyond what the processor can reach",
            Self::IsRam => "the address lies in memory that the kernel manages; mem::map() shows it",
            Self::NotFound => "no device answers at this address",
            Self::OutOfMemory => "no memory is left to reach the address",
        })
    }
}

/// The machine's registers. Addresses are multiples of the access's width, and values fit into it: callers make sure.
pub trait Raw: Send + Sync {
    /// Reads an I/O port; 64 bits are [`Error::NotAvailable`].
    ///
    /// # Errors
    ///
    /// See [`Error`]; so in all calls.
    fn read_port(&self, port: u16, width: Width) -> Result<u64, Error>;
    /// Writes an I/O port.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    fn write_port(&self, port: u16, width: Width, value: u64) -> Result<(), Error>;
    /// Reads device memory at a physical address.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    fn read_mmio(&self, address: u64, width: Width) -> Result<u64, Error>;
    /// Writes device memory at a physical address.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    fn write_mmio(&self, address: u64, width: Width, value: u64) -> Result<(), Error>;
    /// Reads a PCI function's configuration space; `offset` lies in its 4 KiB.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    fn read_config(&self, address: Address, offset: u16, width: Width) -> Result<u64, Error>;
    /// Writes a PCI function's configuration space.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    fn write_config(&self, address: Address, offset: u16, width: Width, value: u64) -> Result<(), Error>;
    /// Reads a model-specific register of the core that runs the task.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    fn read_msr(&self, register: u32) -> Result<u64, Error>;
    /// Writes a model-specific register of the core that runs the task.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    fn write_msr(&self, register: u32, value: u64) -> Result<(), Error>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn widths_are_the_four_that_there_are() {
        let all: Vec<i64> = (-100..=100).filter(|bits| Width::of_bits(*bits).is_some()).collect();
        assert_eq!(all, [8, 16, 32, 64]);
        assert_eq!(Width::Bits8.largest(), 0xff);
        assert_eq!(Width::Bits64.largest(), u64::MAX);
    }
}
