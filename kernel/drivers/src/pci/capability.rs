//! The lists of what else a function can do (PCI Local Bus 3.0, 6.7; PCI Express Base 3.0, 7.9).

use alloc::vec::Vec;

use hw::pci::{Address, ConfigSpace};

use super::header::{Header, Layout};
use super::registers;

/// Power management.
pub const POWER: u16 = 0x01;
/// Interrupts by message.
pub const MSI: u16 = 0x05;
/// A vendor's own.
pub const VENDOR: u16 = 0x09;
/// A bridge's subsystem.
pub const SUBSYSTEM: u16 = 0x0d;
/// PCI Express.
pub const EXPRESS: u16 = 0x10;
/// Many interrupts by message.
pub const MSIX: u16 = 0x11;
/// Reset and more, for functions that are not PCI Express.
pub const ADVANCED_FEATURES: u16 = 0x13;

/// One entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// What it is.
    pub id: u16,
    /// Its numbers are those of the extended list.
    pub is_extended: bool,
    /// Version, of an extended one; else 0.
    pub version: u8,
    /// Where it is.
    pub offset: u16,
}

/// Which words of 4096 bytes have been seen: a list that comes back to one ends there.
#[derive(Default)]
struct Seen([u64; 16]);

impl Seen {
    /// Notes `offset`; false where it was noted before.
    fn is_new(&mut self, offset: u16) -> bool {
        let word = usize::from(offset / 4);
        let Some(bits) = self.0.get_mut(word / 64) else {
            return false;
        };
        let is_new = *bits & 1 << (word % 64) == 0;
        *bits |= 1 << (word % 64);
        is_new
    }
}

/// All capabilities, in the order of the lists.
pub fn list(space: &(impl ConfigSpace + ?Sized), address: Address, header: &Header) -> Vec<Capability> {
    let mut found = Vec::new();
    let status = space.read32(address, registers::COMMAND);
    if status & registers::STATUS_HAS_CAPABILITIES == 0 || status == u32::MAX {
        return found;
    }
    let start = match header.layout {
        Layout::CardBus => registers::CARDBUS_CAPABILITIES,
        Layout::Device | Layout::Bridge => registers::CAPABILITIES,
        Layout::Other(_) => return found,
    };
    let mut seen = Seen::default();
    let mut offset = u16::from(space.read8(address, start) & !3);
    while offset >= registers::FIRST_CAPABILITY && seen.is_new(offset) {
        let word = space.read32(address, offset);
        if word as u8 == 0xff {
            break;
        }
        found.push(Capability {
            id: (word & 0xff) as u16,
            is_extended: false,
            version: 0,
            offset,
        });
        offset = (word >> 8) as u8 as u16 & !3;
    }
    // Only PCI Express has the second list; elsewhere the place may show the first bytes again.
    if find(&found, EXPRESS).is_some() && space.size_bytes(address) > registers::FIRST_EXTENDED {
        list_extended(space, address, &mut found);
    }
    found
}

fn list_extended(space: &(impl ConfigSpace + ?Sized), address: Address, found: &mut Vec<Capability>) {
    let ids = space.read32(address, registers::IDS);
    let mut seen = Seen::default();
    let mut offset = registers::FIRST_EXTENDED;
    while offset >= registers::FIRST_EXTENDED && seen.is_new(offset) {
        let word = space.read32(address, offset);
        if matches!(word, 0 | u32::MAX) || word == ids {
            break;
        }
        // Number 0 takes the list's first place where there is nothing else.
        if word as u16 != 0 {
            found.push(Capability {
                id: word as u16,
                is_extended: true,
                version: (word >> 16) as u8 & 0xf,
                offset,
            });
        }
        offset = (word >> 20) as u16 & !3;
    }
}

/// The first capability `id` of the standard list.
pub fn find(capabilities: &[Capability], id: u16) -> Option<Capability> {
    capabilities
        .iter()
        .copied()
        .find(|one| !one.is_extended && one.id == id)
}
