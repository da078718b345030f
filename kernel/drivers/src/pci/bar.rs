//! Base address registers: the ranges of memory and ports that a function answers to (PCI Local Bus 3.0, 6.2.5).
//!
//! A range's size is found by writing ones and looking which stick. Meanwhile the function must answer to nothing, so
//! decoding is off; everything is put back.

use alloc::vec::Vec;

use hw::pci::{Address, ConfigSpace};

use super::header::{Header, Layout};
use super::{command, registers};

/// What kind of range it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// I/O ports.
    Io,
    /// Memory with an address of 32 bits.
    Memory32,
    /// Memory with an address of 64 bits.
    Memory64,
}

/// One range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// The register's number, 0 to 5; one of 64 bits takes the next one too.
    pub index: u8,
    /// What kind of range it is.
    pub kind: Kind,
    /// Reading has no side effects, so whoever reads may read more.
    pub is_prefetchable: bool,
    /// Physical address or first port; 0 where the firmware has assigned none.
    pub address: u64,
    /// Bytes or ports; a power of two, never 0.
    pub size_bytes: u64,
}

impl Bar {
    /// The firmware has given it a place.
    pub fn is_assigned(&self) -> bool {
        self.address != 0
    }
}

/// The expansion ROM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rom {
    /// Physical address; 0 where none is assigned.
    pub address: u64,
    /// Bytes.
    pub size_bytes: u64,
    /// It answers.
    pub is_enabled: bool,
}

/// All ranges of a function, and its ROM.
pub fn read(space: &(impl ConfigSpace + ?Sized), address: Address, header: &Header) -> (Vec<Bar>, Option<Rom>) {
    let (count, rom_offset) = match header.layout {
        Layout::Device => (6, Some(registers::ROM)),
        Layout::Bridge => (2, Some(registers::BRIDGE_ROM)),
        Layout::CardBus => (1, None),
        Layout::Other(_) => return (Vec::new(), None),
    };
    let before = command::read(space, address);
    if !header.is_host_bridge() {
        command::write(space, address, before & !(command::IO | command::MEMORY));
    }
    let mut bars = Vec::new();
    let mut index = 0;
    while index < count {
        let (bar, taken) = read_one(space, address, index, count);
        bars.extend(bar);
        index += taken;
    }
    let rom = rom_offset.and_then(|offset| read_rom(space, address, offset));
    if !header.is_host_bridge() {
        command::write(space, address, before);
    }
    (bars, rom)
}

/// Writes ones to a register; returns what it held and what stuck.
fn probe(space: &(impl ConfigSpace + ?Sized), address: Address, offset: u16, ones: u32) -> (u32, u32) {
    let before = space.read32(address, offset);
    space.write32(address, offset, ones);
    let stuck = space.read32(address, offset);
    space.write32(address, offset, before);
    (before, stuck)
}

/// The register `index`, and how many registers it takes.
fn read_one(space: &(impl ConfigSpace + ?Sized), address: Address, index: u8, count: u8) -> (Option<Bar>, u8) {
    let offset = registers::FIRST_BAR + 4 * u16::from(index);
    let (low, stuck) = probe(space, address, offset, u32::MAX);
    if low & registers::BAR_IS_IO != 0 {
        // The upper half may be fixed to 0: a PC has 64 Ki ports.
        let size_bytes = lowest_bit(u64::from(stuck & 0xffff & !3));
        let bar = Bar {
            index,
            kind: Kind::Io,
            is_prefetchable: false,
            address: (low & !3).into(),
            size_bytes,
        };
        return ((size_bytes != 0).then_some(bar), 1);
    }
    let is_wide = low & registers::BAR_TYPE == registers::BAR_TYPE_64 && index + 1 < count;
    let (high, stuck_high) = if is_wide {
        probe(space, address, offset + 4, u32::MAX)
    } else {
        // What no function can have does not shorten the size.
        (0, if stuck & !0xf == 0 { 0 } else { u32::MAX })
    };
    let size_bytes = lowest_bit(u64::from(stuck_high) << 32 | u64::from(stuck & !0xf));
    let bar = Bar {
        index,
        kind: if is_wide { Kind::Memory64 } else { Kind::Memory32 },
        is_prefetchable: low & registers::BAR_IS_PREFETCHABLE != 0,
        address: u64::from(high) << 32 | u64::from(low & !0xf),
        size_bytes,
    };
    ((size_bytes != 0).then_some(bar), if is_wide { 2 } else { 1 })
}

fn read_rom(space: &(impl ConfigSpace + ?Sized), address: Address, offset: u16) -> Option<Rom> {
    let (before, stuck) = probe(space, address, offset, !registers::ROM_IS_ENABLED);
    let size_bytes = lowest_bit(u64::from(stuck & !0x7ff));
    let rom = Rom {
        address: u64::from(before & !0x7ff),
        size_bytes,
        is_enabled: before & registers::ROM_IS_ENABLED != 0,
    };
    (size_bytes != 0).then_some(rom)
}

/// The lowest bit that is set: a range is as big as its first address bit.
fn lowest_bit(bits: u64) -> u64 {
    bits & bits.wrapping_neg()
}
