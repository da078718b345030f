//! I/O ports of the processor, behind the seam that drivers use.

use hw::PortIo;
use x86_64::instructions::port::Port;

/// Ports from a base on.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    base: u16,
}

impl Ports {
    /// All ports, counted from 0: for registers that the firmware names.
    pub const ALL: Self = Self { base: 0 };
    /// The first legacy interrupt controller.
    pub const FIRST_PIC: Self = Self { base: 0x20 };
    /// The interval timer.
    pub const PIT: Self = Self { base: 0x40 };
    /// The keyboard controller.
    pub const KEYBOARD: Self = Self { base: 0x60 };
    /// The interval timer's gate and the loudspeaker.
    pub const PIT_GATE: Self = Self { base: 0x61 };
    /// The CMOS clock.
    pub const CMOS: Self = Self { base: 0x70 };
    /// A port that takes a moment and does nothing.
    pub const DELAY: Self = Self { base: 0x80 };
    /// The second legacy interrupt controller.
    pub const SECOND_PIC: Self = Self { base: 0xa0 };

    /// A device's ports from `base` on. No two drivers may use the same ones.
    pub const fn of_device(base: u16) -> Self {
        Self { base }
    }
}

macro_rules! access {
    ($read:ident, $write:ident, $width:ty) => {
        fn $read(&self, offset: u16) -> $width {
            // SAFETY: a port access touches no memory; what the device then does is its driver's business.
            unsafe { Port::new(self.base + offset).read() }
        }
        fn $write(&self, offset: u16, value: $width) {
            // SAFETY: as above.
            unsafe { Port::new(self.base + offset).write(value) }
        }
    };
}

impl PortIo for Ports {
    access!(read8, write8, u8);
    access!(read16, write16, u16);
    access!(read32, write32, u32);
}
