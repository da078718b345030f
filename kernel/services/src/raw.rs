//! Access to the machine's registers as a person at the prompt may want it, past all drivers.

use core::fmt;

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

/// Where a PCI function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigAddress {
    /// The segment; 0 on all but large servers.
    pub segment: u16,
    /// The bus.
    pub bus: u8,
    /// The device, 0 to 31.
    pub device: u8,
    /// The function, 0 to 7.
    pub function: u8,
}

impl ConfigAddress {
    /// Reads `00:1f.2`, or `0000:00:1f.2` with the segment in front.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str, digits: usize, most: u32| {
            let is_number = (1..=digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            let number = u32::from_str_radix(text, 16).ok().filter(|_| is_number)?;
            (number <= most).then_some(number)
        };
        let (place, function) = text.split_once('.')?;
        let (bus, device) = place.rsplit_once(':')?;
        let (segment, bus) = bus.rsplit_once(':').unwrap_or(("0", bus));
        Some(Self {
            segment: number(segment, 4, 0xffff)? as u16,
            bus: number(bus, 2, 0xff)? as u8,
            device: number(device, 2, 31)? as u8,
            function: number(function, 1, 7)? as u8,
        })
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
    fn read_config(&self, address: ConfigAddress, offset: u16, width: Width) -> Result<u64, Error>;
    /// Writes a PCI function's configuration space.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    fn write_config(&self, address: ConfigAddress, offset: u16, width: Width, value: u64) -> Result<(), Error>;
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

    #[test]
    fn addresses_are_read_with_and_without_a_segment() {
        let address = ConfigAddress {
            segment: 0,
            bus: 0,
            device: 0x1f,
            function: 2,
        };
        assert_eq!(ConfigAddress::parse("00:1f.2"), Some(address));
        assert_eq!(ConfigAddress::parse("0:1F.2"), Some(address));
        let far = ConfigAddress {
            segment: 0x12,
            bus: 0xff,
            ..address
        };
        assert_eq!(ConfigAddress::parse("0012:ff:1f.2"), Some(far));
        for text in [
            "",
            "00:1f",
            "1f.2",
            "00:20.0",
            "00:1f.8",
            "100:00.0",
            "+0:00.0",
            "00:00.00",
            "0:0:0:0.0",
            "a.b:c",
        ] {
            assert_eq!(ConfigAddress::parse(text), None, "{text}");
        }
    }

    #[test]
    fn widths_are_the_four_that_there_are() {
        let all: Vec<i64> = (-100..=100).filter(|bits| Width::of_bits(*bits).is_some()).collect();
        assert_eq!(all, [8, 16, 32, 64]);
        assert_eq!(Width::Bits8.largest(), 0xff);
        assert_eq!(Width::Bits64.largest(), u64::MAX);
    }
}
