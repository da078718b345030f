//! What the firmware says of the machine: the ACPI tables that the kernel needs.

use alloc::vec::Vec;

use drivers::acpi::dmar::Dmar;
use drivers::acpi::fadt::Fadt;
use drivers::acpi::hpet::Hpet;
use drivers::acpi::madt::Madt;
use drivers::acpi::mcfg::{self, Window};
use drivers::acpi::sleep::SoftOff;
use drivers::acpi::{self, Table, Tables};
use spin::Once;

use crate::boot::handover::Handover;
use crate::memory::{Physical, window};

/// The tables, each `None` where it is missing or malformed.
#[derive(Debug, Default)]
pub struct Firmware {
    /// Fixed hardware: power management timer, reset, soft off.
    pub fadt: Option<Fadt>,
    /// Interrupt controllers and processors.
    pub madt: Option<Madt>,
    /// The high precision event timer.
    pub hpet: Option<Hpet>,
    /// Where PCI Express configuration space is; none where the table is missing or malformed.
    pub mcfg: Vec<Window>,
    /// What translates the addresses that devices use.
    pub dmar: Option<Dmar>,
    /// How to turn the machine off.
    pub soft_off: Option<SoftOff>,
}

static FIRMWARE: Once<Firmware> = Once::new();

/// Physical memory, looked at page by page.
#[derive(Debug)]
struct Peephole;

impl acpi::PhysicalMemory for Peephole {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), acpi::Error> {
        window::read(Physical(address), buffer).map_err(|_| acpi::Error::Unreadable { address })
    }
}

/// Reads the tables; what is missing or malformed is logged and done without.
pub fn start(handover: &Handover) -> &'static Firmware {
    let firmware = match handover.acpi_pointer().map(|pointer| Tables::open(&Peephole, pointer)) {
        Some(Ok(tables)) => read(&tables),
        Some(Err(error)) => {
            log::warn!("ACPI: {error}; going on without its tables");
            Firmware::default()
        }
        None => {
            log::warn!("ACPI: the boot loader passed no tables; going on without them");
            Firmware::default()
        }
    };
    FIRMWARE.call_once(|| firmware)
}

/// The tables, once they were read.
pub fn get() -> Option<&'static Firmware> {
    FIRMWARE.get()
}

fn read(tables: &Tables<'_, Peephole>) -> Firmware {
    let fadt = parse(tables, b"FACP", Fadt::parse);
    Firmware {
        fadt,
        madt: parse(tables, b"APIC", Madt::parse),
        hpet: parse(tables, b"HPET", Hpet::parse),
        mcfg: parse(tables, b"MCFG", mcfg::windows).unwrap_or_default(),
        dmar: parse(tables, b"DMAR", Dmar::parse),
        soft_off: fadt.and_then(|fadt| tables.soft_off(&fadt)),
    }
}

fn parse<T>(
    tables: &Tables<'_, Peephole>,
    signature: &[u8; 4],
    parse: impl Fn(&Table) -> Result<T, acpi::Error>,
) -> Option<T> {
    // Where there are several, the first good one counts.
    tables.all(*signature).find_map(|table| {
        table
            .and_then(|table| parse(&table))
            .inspect_err(|error| log::warn!("ACPI: {error}"))
            .ok()
    })
}
