//! Typed registers: a register is a value type with a place and a width; what may be done with it is a trait, so
//! writing a read-only register does not compile.

/// A register: a plain value with a fixed place in a device's window or port range.
pub trait Register: Copy {
    /// The register's width as an unsigned number: `u8`, `u16` or `u32`.
    type Bits: Copy;
    /// Bytes from the start of the device's window or port range.
    const OFFSET: usize;
    /// The value with these bits.
    fn from_bits(bits: Self::Bits) -> Self;
    /// The value's bits.
    fn bits(self) -> Self::Bits;
}

/// A register that can be read.
pub trait Readable: Register {}

/// A register that can be written.
pub trait Writable: Register {}

/// One device's window of 32-bit memory-mapped registers: [`crate::mmio::Mmio`] in the kernel, a fake in tests.
pub trait RegisterIo {
    /// Reads the register `offset` bytes into the window.
    fn read32(&self, offset: usize) -> u32;
    /// Writes the register `offset` bytes into the window.
    fn write32(&self, offset: usize, value: u32);

    /// Reads a typed register.
    fn read<R: Readable<Bits = u32>>(&self) -> R {
        R::from_bits(self.read32(R::OFFSET))
    }

    /// Writes a typed register.
    fn write<R: Writable<Bits = u32>>(&self, value: R) {
        self.write32(R::OFFSET, value.bits());
    }
}

/// A window whose registers have several widths, each of which wants an access of its own width.
pub trait NarrowIo: RegisterIo {
    /// Reads 8 bits.
    fn read8(&self, offset: usize) -> u8;
    /// Writes 8 bits.
    fn write8(&self, offset: usize, value: u8);
    /// Reads 16 bits.
    fn read16(&self, offset: usize) -> u16;
    /// Writes 16 bits.
    fn write16(&self, offset: usize, value: u16);
}

impl<T: RegisterIo> RegisterIo for &T {
    fn read32(&self, offset: usize) -> u32 {
        T::read32(self, offset)
    }

    fn write32(&self, offset: usize, value: u32) {
        T::write32(self, offset, value);
    }
}

/// Declares registers: `Name @ offset: access access;`, 32 bits wide, or `Name(u8) @ offset: ...;` for another width.
///
/// Each becomes a value type around its bits, visible to the module that holds the driver (`registers.rs` is a private
/// part of it); the access words are `Readable` and `Writable`.
#[macro_export]
macro_rules! registers {
    () => {};
    ($(#[$doc:meta])* $name:ident @ $offset:literal : $($access:ident)+; $($rest:tt)*) => {
        $crate::registers! { $(#[$doc])* $name(u32) @ $offset : $($access)+; $($rest)* }
    };
    ($(#[$doc:meta])* $name:ident($bits:ty) @ $offset:literal : $($access:ident)+; $($rest:tt)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub(super) struct $name($bits);
        impl $crate::Register for $name {
            type Bits = $bits;
            const OFFSET: usize = $offset;
            fn from_bits(bits: $bits) -> Self {
                Self(bits)
            }
            fn bits(self) -> $bits {
                self.0
            }
        }
        $( impl $crate::$access for $name {} )+
        $crate::registers! { $($rest)* }
    };
}

#[cfg(test)]
mod tests {
    use super::{Register, RegisterIo};
    use crate::fake::{FakeRegisters, RegisterBehaviour};
    use crate::port::PortIo;

    mod device {
        crate::registers! {
            /// Written to start.
            Control @ 0x00: Writable;
            /// Says what happened.
            Status @ 0x04: Readable;
            /// Eight bits wide.
            Small(u8) @ 0x03: Readable Writable;
        }
    }

    /// Status is what was last written to control, plus one.
    #[derive(Default)]
    struct Echo(u32);

    impl RegisterBehaviour for Echo {
        fn read32(&mut self, offset: usize) -> u32 {
            assert_eq!(offset, device::Status::OFFSET);
            self.0 + 1
        }

        fn write32(&mut self, offset: usize, value: u32) {
            assert_eq!(offset, device::Control::OFFSET);
            self.0 = value;
        }
    }

    #[test]
    fn typed_registers_reach_their_offsets() {
        let window = FakeRegisters::new(Echo::default());
        window.write(device::Control::from_bits(41));
        assert_eq!(window.read::<device::Status>().bits(), 42);
    }

    #[test]
    fn a_register_of_eight_bits_goes_through_a_port() {
        let ports = crate::fake::FakePorts::new([0_u8; 8]);
        ports.write(device::Small::from_bits(7));
        assert_eq!((ports.read::<device::Small>().bits(), ports.read8(3)), (7, 7));
    }
}
