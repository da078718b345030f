//! What is known of this machine's addresses beside its bus, for the ranges that need a place.

use alloc::vec::Vec;

use drivers::acpi::fadt::{Fadt, FixedRegister};
use drivers::pci::assign::surroundings::Surroundings;
use drivers::pci::bridge::Range;

use super::super::firmware::Firmware;
use crate::boot::tags::{MemoryKind, Tags};
use crate::memory::window;

/// Bytes of a bus's configuration space.
const BUS_BYTES: u64 = 1 << 20;
/// Bytes that an interrupt controller, a timer or a remapping unit has.
const PAGE_BYTES: u64 = 4096;

/// What the boot loader and the firmware's tables tell.
pub(super) fn read(tags: &Tags<'_>, firmware: &Firmware) -> Surroundings {
    let regions = |is_ram: bool| {
        let kind = move |region: &_| matches!(region, MemoryKind::Available) == is_ram;
        let regions = tags
            .memory_map()
            .filter(move |region| kind(&region.kind) && region.length > 0);
        regions
            .filter_map(|region| Range::sized(region.start, region.length))
            .collect()
    };
    let picture = tags.framebuffer().and_then(|picture| {
        let bytes = u64::from(picture.pitch_bytes) * u64::from(picture.height);
        Range::sized(picture.address, bytes)
    });
    Surroundings {
        ram: regions(true),
        registers: registers(firmware).collect(),
        reserved: regions(false),
        ports: firmware.fadt.iter().flat_map(ports).collect(),
        in_use: picture.into_iter().collect(),
        last_address: window::last_address(),
    }
}

fn registers(firmware: &Firmware) -> impl Iterator<Item = Range> {
    let configuration = firmware.mcfg.iter().filter_map(|window| {
        let first = window.address.checked_add(u64::from(window.first_bus) * BUS_BYTES)?;
        Range::sized(first, (u64::from(window.last_bus - window.first_bus) + 1) * BUS_BYTES)
    });
    let controllers = firmware.madt.iter().flat_map(|madt| {
        let others = madt.io_apics.iter().map(|apic| u64::from(apic.address));
        others.chain([madt.local_apic_address])
    });
    let timers = firmware.hpet.iter().map(|hpet| hpet.address);
    let units = firmware
        .dmar
        .iter()
        .flat_map(|dmar| dmar.units.iter().map(|unit| unit.address));
    let pages = controllers.chain(timers).chain(units);
    configuration.chain(pages.filter_map(|address| Range::sized(address, PAGE_BYTES)))
}

/// The chipset's own ports: what the table names is part of a block, and the rest of that is not told.
fn ports(fadt: &Fadt) -> impl Iterator<Item = Range> {
    let events = [fadt.gpe0, fadt.gpe1].into_iter().flatten().map(|block| block.register);
    let timer = fadt.timer.into_iter().map(|timer| timer.register);
    let reset = fadt.reset.into_iter().map(|reset| reset.register);
    let power = [fadt.pm1a_event, fadt.pm1b_event, fadt.pm1a_control, fadt.pm1b_control];
    let all: Vec<FixedRegister> = power
        .into_iter()
        .flatten()
        .chain(events)
        .chain(timer)
        .chain(reset)
        .collect();
    all.into_iter().filter_map(|register| {
        let port = u64::from(register.port()?);
        Some(Range {
            first: port & !0xff,
            last: port | 0xff,
        })
    })
}
