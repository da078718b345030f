//! The configuration space of PCI: how functions are named, and how their registers are reached.
//!
//! Numbers are little endian; what has no function behind it reads as ones.

use core::fmt;
use core::str::FromStr;

/// Where a function is. Ordered as the buses are scanned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The segment: a bus hierarchy of its own. PCs have segment 0 and seldom another.
    pub segment: u16,
    /// The bus.
    pub bus: u8,
    /// The device on the bus, below 32.
    pub device: u8,
    /// The function of the device, below 8.
    pub function: u8,
}

impl Address {
    /// A function of segment 0.
    pub const fn new(bus: u8, device: u8, function: u8) -> Self {
        Self {
            segment: 0,
            bus,
            device,
            function,
        }
    }
}

/// `00:1f.2`, with the segment in front, as in `0001:00:1f.2`, where it is not 0.
impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segment != 0 {
            write!(out, "{:04x}:", self.segment)?;
        }
        write!(out, "{:02x}:{:02x}.{}", self.bus, self.device, self.function)
    }
}

/// A text that names no function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidAddress;

impl fmt::Display for InvalidAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a device is named bus:device.function, such as 00:1f.2, or segment:bus:device.function")
    }
}

/// Hexadecimal digits, as many as `lengths` allows.
fn digits(text: &str, lengths: core::ops::RangeInclusive<usize>, limit: u16) -> Result<u16, InvalidAddress> {
    let is_plain = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u16::from_str_radix(text, 16).map_err(|_| InvalidAddress)?;
    (is_plain && number <= limit).then_some(number).ok_or(InvalidAddress)
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let (front, function) = text.rsplit_once('.').ok_or(InvalidAddress)?;
        let (front, device) = front.rsplit_once(':').ok_or(InvalidAddress)?;
        let (segment, bus) = front.split_once(':').unwrap_or(("0", front));
        Ok(Self {
            segment: digits(segment, 1..=4, u16::MAX)?,
            bus: digits(bus, 1..=2, 255)? as u8,
            device: digits(device, 1..=2, 31)? as u8,
            function: digits(function, 1..=1, 7)? as u8,
        })
    }
}

/// What a device writes, and where, to interrupt a processor (PCI Local Bus 3.0, 6.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Physical address of the write; 4-byte aligned.
    pub address: u64,
    /// What is written; MSI has room for the lower 16 bits only.
    pub data: u32,
}

/// The registers of all functions.
pub trait ConfigSpace {
    /// Reads the 32 bits at `offset`, a multiple of 4; ones where there is no such function or register.
    fn read32(&self, address: Address, offset: u16) -> u32;
    /// Writes the 32 bits at `offset`, a multiple of 4.
    fn write32(&self, address: Address, offset: u16, value: u32);
    /// Bytes of a function's space: 4096 where the memory-mapped method reaches it, else 256; 0 where nothing does.
    fn size_bytes(&self, address: Address) -> u16;

    /// The 16 bits at `offset`, a multiple of 2.
    fn read16(&self, address: Address, offset: u16) -> u16 {
        (self.read32(address, offset & !3) >> (8 * (offset & 2))) as u16
    }

    /// The byte at `offset`.
    fn read8(&self, address: Address, offset: u16) -> u8 {
        (self.read32(address, offset & !3) >> (8 * (offset & 3))) as u8
    }
}

impl<T: ConfigSpace + ?Sized> ConfigSpace for &T {
    fn read32(&self, address: Address, offset: u16) -> u32 {
        T::read32(self, address, offset)
    }

    fn write32(&self, address: Address, offset: u16, value: u32) {
        T::write32(self, address, offset, value);
    }

    fn size_bytes(&self, address: Address) -> u16 {
        T::size_bytes(self, address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for text in ["00:1f.2", "ff:00.7", "0001:00:1f.2", "ffff:80:01.0"] {
            let address: Address = text.parse().expect("a name");
            assert_eq!(address.to_string(), text);
        }
        assert_eq!("0000:3:2.1".parse(), Ok(Address::new(3, 2, 1)));
        for text in [
            "",
            "1f",
            "00:1f",
            "00:20.0",
            "00:1f.8",
            "100:00.0",
            "00:1f.02",
            "+0:00.0",
            "0:0:0:0.0",
            "00:.0",
            "zz:00.0",
            "00:1f.2 ",
            "10000:00:00.0",
        ] {
            assert_eq!(text.parse::<Address>(), Err(InvalidAddress), "{text}");
        }
    }
}
