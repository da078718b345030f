//! The fixed ACPI hardware's registers: those in memory are mapped once, so that whoever needs them in a crash can reach
//! them without making page tables.

use alloc::vec::Vec;

use drivers::acpi::fadt::{Fadt, FixedRegister, Space};
use drivers::power::{RegisterMemory, Spaces};
use hw::NarrowIo;
use hw::mmio::Mmio;
use spin::Once;

use crate::arch::port::Ports;
use crate::memory::{PAGE_BYTES, Physical, window};

/// The pages that registers lie in, by their physical addresses.
static PAGES: Once<Vec<(u64, Mmio)>> = Once::new();

/// Registers in memory; only those that the FADT names are mapped.
#[derive(Clone, Copy, Debug)]
pub struct Mapped;

/// The registers' spaces.
pub fn spaces() -> Spaces<Ports, Mapped> {
    Spaces {
        ports: Ports::ALL,
        memory: Mapped,
    }
}

/// Maps the registers that `fadt` puts into memory.
pub fn start(fadt: &Fadt) {
    let registers = [
        fadt.pm1a_event,
        fadt.pm1b_event,
        fadt.pm1a_control,
        fadt.pm1b_control,
        fadt.gpe0.map(|block| block.register),
        fadt.gpe1.map(|block| block.register),
        fadt.reset.map(|reset| reset.register),
    ];
    let mut pages: Vec<(u64, Mmio)> = Vec::new();
    for FixedRegister { space, address, .. } in registers.into_iter().flatten() {
        let page = address & !(PAGE_BYTES as u64 - 1);
        if space != Space::Memory || pages.iter().any(|(known, _)| *known == page) {
            continue;
        }
        match window::registers(Physical(page), PAGE_BYTES) {
            Ok(registers) => pages.push((page, registers)),
            Err(error) => log::warn!("ACPI: no register can be reached at {address:#x} ({error:?})"),
        }
    }
    PAGES.call_once(|| pages);
}

/// The window of the `bytes` at `address`, and their place in it.
fn find(address: u64, bytes: u64) -> Option<(&'static Mmio, usize)> {
    let pages = PAGES.get()?.iter();
    let mut places = pages.filter_map(|(page, registers)| {
        let offset = address.checked_sub(*page)?;
        let is_inside = address.is_multiple_of(bytes) && offset + bytes <= PAGE_BYTES as u64;
        is_inside.then_some((registers, offset as usize))
    });
    places.next()
}

impl RegisterMemory for Mapped {
    fn read16(&self, address: u64) -> Option<u16> {
        let (registers, offset) = find(address, 2)?;
        Some(registers.read16(offset))
    }

    fn write16(&self, address: u64, value: u16) -> Option<()> {
        let (registers, offset) = find(address, 2)?;
        registers.write16(offset, value);
        Some(())
    }

    fn write8(&self, address: u64, value: u8) -> Option<()> {
        let (registers, offset) = find(address, 1)?;
        registers.write8(offset, value);
        Some(())
    }
}
