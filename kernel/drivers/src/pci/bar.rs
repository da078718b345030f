//! Base address registers: the ranges of memory and ports that a function answers to (PCI Local Bus 3.0, 6.2.5).
//!
//! A range's size is found by writing ones and looking which stick. Meanwhile the function must answer to nothing, so
//! decoding is off; everything is put back.

use alloc::vec::Vec;
use core::fmt;

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

/// Why a range that the firmware has given no address has no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// None was looked for: nothing is known of where it may be, or it must not be changed.
    LeftAlone,
    /// Every place that can be handed on to it is taken.
    NoRoom,
    /// The register does not keep an address.
    DoesNotStick,
}

impl fmt::Display for Missing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the firmware has given it no address, and ")?;
        out.write_str(match self {
            Self::LeftAlone => "it is left alone",
            Self::NoRoom => "there is no room for it",
            Self::DoesNotStick => "its register keeps no other",
        })
    }
}

/// Who has given a range its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// The firmware.
    Firmware,
    /// [`super::assign`].
    Kernel,
    /// Nobody: it must not be used.
    Missing(Missing),
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
    /// Physical address or first port, as the register has it.
    pub address: u64,
    /// Bytes or ports; a power of two, never 0.
    pub size_bytes: u64,
    /// Whether the address counts.
    pub assignment: Assignment,
}

impl Bar {
    /// Physical address or first port; the reason where it has none that may be used.
    ///
    /// # Errors
    ///
    /// [`Missing`].
    pub fn place(&self) -> Result<u64, Missing> {
        match self.assignment {
            Assignment::Missing(missing) => Err(missing),
            Assignment::Firmware | Assignment::Kernel => Ok(self.address),
        }
    }
}

/// As the firmware has left a register.
fn left_by_firmware(address: u64) -> Assignment {
    match address {
        0 => Assignment::Missing(Missing::LeftAlone),
        _ => Assignment::Firmware,
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
            assignment: left_by_firmware((low & !3).into()),
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
    let place = u64::from(high) << 32 | u64::from(low & !0xf);
    let bar = Bar {
        index,
        kind: if is_wide { Kind::Memory64 } else { Kind::Memory32 },
        is_prefetchable: low & registers::BAR_IS_PREFETCHABLE != 0,
        address: place,
        size_bytes,
        assignment: left_by_firmware(place),
    };
    ((size_bytes != 0).then_some(bar), if is_wide { 2 } else { 1 })
}

/// Puts the range at `place`; false where the register does not keep it, and then holds what it held.
pub(super) fn write(space: &(impl ConfigSpace + ?Sized), address: Address, bar: &Bar, place: u64) -> bool {
    let offset = registers::FIRST_BAR + 4 * u16::from(bar.index);
    let is_wide = bar.kind == Kind::Memory64;
    let flags = if bar.kind == Kind::Io { 3 } else { 0xf };
    let read = || {
        let high = if is_wide { space.read32(address, offset + 4) } else { 0 };
        u64::from(high) << 32 | u64::from(space.read32(address, offset))
    };
    let set = |bits: u64| {
        space.write32(address, offset, bits as u32);
        if is_wide {
            space.write32(address, offset + 4, (bits >> 32) as u32);
        }
    };
    // Half an address is somebody else's.
    let command = command::change(space, address, 0, command::IO | command::MEMORY);
    let before = read();
    set(place | before & flags);
    let has_stuck = read() == place | before & flags;
    if !has_stuck {
        set(before);
    }
    command::write(space, address, command);
    has_stuck
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
