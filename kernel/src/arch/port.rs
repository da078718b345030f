//! I/O ports of the processor, behind the seam that drivers use.

use hw::PortIo;
use x86_64::instructions::port::Port;

/// Ports from a base on.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    base: u16,
}

impl Ports {
    /// The ports from `base` on.
    ///
    /// # Safety
    ///
    /// The ports that are used through this value must belong to one device, and its driver must be their only user.
    pub const unsafe fn new(base: u16) -> Self {
        Self { base }
    }
}

macro_rules! access {
    ($read:ident, $write:ident, $width:ty) => {
        fn $read(&self, offset: u16) -> $width {
            // SAFETY: `new`'s caller promised that these ports are the driver's own.
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
