//! I/O ports, counted from the base of one device's range.

use crate::register::{Readable, Register, Writable};

/// One device's range of I/O ports: `in` and `out` in the kernel, a fake in tests.
///
/// Access works on `&self`, for ports are shared by nature; what may be done at once is the device's business.
pub trait PortIo {
    /// Reads 8 bits.
    fn read8(&self, offset: u16) -> u8;
    /// Writes 8 bits.
    fn write8(&self, offset: u16, value: u8);
    /// Reads 16 bits.
    fn read16(&self, offset: u16) -> u16;
    /// Writes 16 bits.
    fn write16(&self, offset: u16, value: u16);
    /// Reads 32 bits.
    fn read32(&self, offset: u16) -> u32;
    /// Writes 32 bits.
    fn write32(&self, offset: u16, value: u32);

    /// Reads a typed register.
    fn read<R: Readable>(&self) -> R
    where
        R::Bits: PortValue,
        Self: Sized,
    {
        R::from_bits(R::Bits::read_from(self, port_offset::<R>()))
    }

    /// Writes a typed register.
    fn write<R: Writable>(&self, value: R)
    where
        R::Bits: PortValue,
        Self: Sized,
    {
        value.bits().write_to(self, port_offset::<R>());
    }
}

/// A number that one port access can carry.
pub trait PortValue: Copy {
    /// Reads it from `offset`.
    fn read_from(ports: &impl PortIo, offset: u16) -> Self;
    /// Writes it to `offset`.
    fn write_to(self, ports: &impl PortIo, offset: u16);
}

impl PortValue for u8 {
    fn read_from(ports: &impl PortIo, offset: u16) -> Self {
        ports.read8(offset)
    }

    fn write_to(self, ports: &impl PortIo, offset: u16) {
        ports.write8(offset, self);
    }
}

impl PortValue for u16 {
    fn read_from(ports: &impl PortIo, offset: u16) -> Self {
        ports.read16(offset)
    }

    fn write_to(self, ports: &impl PortIo, offset: u16) {
        ports.write16(offset, self);
    }
}

impl PortValue for u32 {
    fn read_from(ports: &impl PortIo, offset: u16) -> Self {
        ports.read32(offset)
    }

    fn write_to(self, ports: &impl PortIo, offset: u16) {
        ports.write32(offset, self);
    }
}

/// The register's place; port ranges are at most 64 KiB, so it always fits.
const fn port_offset<R: Register>() -> u16 {
    const {
        assert!(
            R::OFFSET <= u16::MAX as usize,
            "a port register lies beyond the port space"
        )
    };
    R::OFFSET as u16
}

impl<T: PortIo> PortIo for &T {
    fn read8(&self, offset: u16) -> u8 {
        T::read8(self, offset)
    }

    fn write8(&self, offset: u16, value: u8) {
        T::write8(self, offset, value);
    }

    fn read16(&self, offset: u16) -> u16 {
        T::read16(self, offset)
    }

    fn write16(&self, offset: u16, value: u16) {
        T::write16(self, offset, value);
    }

    fn read32(&self, offset: u16) -> u32 {
        T::read32(self, offset)
    }

    fn write32(&self, offset: u16, value: u32) {
        T::write32(self, offset, value);
    }
}
