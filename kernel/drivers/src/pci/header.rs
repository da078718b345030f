//! What every function says of itself (PCI Local Bus 3.0, 6.1 and 6.2).

use hw::pci::{Address, ConfigSpace};

use super::registers;

/// What kind of function it is, in numbers that `pci.ids` and the PCI Code and ID Assignment Specification name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Class {
    /// Such as 1: storage.
    pub base: u8,
    /// Such as 6: SATA.
    pub sub: u8,
    /// Such as 1: AHCI.
    pub interface: u8,
}

/// How the rest of the header is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A device.
    Device,
    /// A bridge to another PCI bus.
    Bridge,
    /// A bridge to a CardBus.
    CardBus,
    /// Unknown to the specifications.
    Other(u8),
}

/// The header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Who made it.
    pub vendor_id: u16,
    /// What it is.
    pub device_id: u16,
    /// Revision of the device.
    pub revision: u8,
    /// What kind of function it is.
    pub class: Class,
    /// How the rest is laid out.
    pub layout: Layout,
    /// Further functions of the same device may exist; says function 0 only.
    pub is_multi_function: bool,
    /// Interrupt line as the firmware noted it; 255 is none.
    pub interrupt_line: u8,
    /// Interrupt pin: 1 to 4 for A to D, 0 for none.
    pub interrupt_pin: u8,
}

impl Header {
    /// The function's header; `None` where there is no function.
    pub fn read(space: &(impl ConfigSpace + ?Sized), address: Address) -> Option<Self> {
        let ids = space.read32(address, registers::IDS);
        let vendor_id = ids as u16;
        // Ones: nobody answers. 0001h: somebody is not ready yet (PCI Express Base 3.0, 2.3.2). 0: some bridges.
        if matches!(vendor_id, 0xffff | 0x0001 | 0x0000) {
            return None;
        }
        let class = space.read32(address, registers::CLASS);
        let kind = space.read8(address, registers::HEADER_TYPE);
        let interrupt = space.read32(address, registers::INTERRUPT);
        Some(Self {
            vendor_id,
            device_id: (ids >> 16) as u16,
            revision: class as u8,
            class: Class {
                base: (class >> 24) as u8,
                sub: (class >> 16) as u8,
                interface: (class >> 8) as u8,
            },
            layout: match kind & 0x7f {
                0 => Layout::Device,
                1 => Layout::Bridge,
                2 => Layout::CardBus,
                other => Layout::Other(other),
            },
            is_multi_function: kind & 0x80 != 0,
            interrupt_line: interrupt as u8,
            interrupt_pin: (interrupt >> 8) as u8,
        })
    }

    /// Subsystem's vendor and number, where the header itself has them; bridges have a capability for it.
    pub fn read_subsystem(&self, space: &(impl ConfigSpace + ?Sized), address: Address) -> Option<(u16, u16)> {
        let offset = match self.layout {
            Layout::Device => registers::SUBSYSTEM,
            Layout::CardBus => registers::CARDBUS_SUBSYSTEM,
            Layout::Bridge | Layout::Other(_) => return None,
        };
        let both = space.read32(address, offset);
        (both != 0 && both != u32::MAX).then_some((both as u16, (both >> 16) as u16))
    }

    /// It leads from the processor to the bus: turning its decoding off may turn memory off.
    pub fn is_host_bridge(&self) -> bool {
        self.class.base == 6 && self.class.sub == 0
    }
}
