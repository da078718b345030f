//! What the machine is: its processor, the firmware's description of it, its sensors and its memory map.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::arch::x86_64::__cpuid_count;

use drivers::cpuid::{Leaf, Leaves, Processor};
use drivers::microcode;
use drivers::smbios::parts::Description;
use drivers::smbios::{self, entry};
use drivers::thermal::Thermometer;
use services::identity::{Identity, Reading, Unknown};
use services::memory_map::{self, Kind, MemoryRange};
use services::value::Value;
use spin::Once;

use super::firmware::{self, Peephole};
use super::words;
use crate::arch::msr::Guarded;
use crate::boot::handover::Handover;
use crate::boot::tags::MemoryKind;
use crate::memory::{Physical, frames, image, window};

/// Bytes of a controller's registers, as the map shows them.
const CONTROLLER_BYTES: u64 = 0x1000;
const FIRST_MIB: u64 = 1 << 20;

/// This core's own CPUID.
#[derive(Clone, Copy, Debug)]
pub struct Native;

impl Leaves for Native {
    fn raw(&self, leaf: u32, subleaf: u32) -> Leaf {
        let found = __cpuid_count(leaf, subleaf);
        Leaf {
            eax: found.eax,
            ebx: found.ebx,
            ecx: found.ecx,
            edx: found.edx,
        }
    }
}

/// The processor that the calling core belongs to.
pub fn processor() -> Processor<Native> {
    Processor::new(Native)
}

/// See the module.
pub struct ThisIdentity {
    handover: Handover,
    description: Result<Description, smbios::Error>,
    microcode: Option<u32>,
}

static IDENTITY: Once<ThisIdentity> = Once::new();

impl smbios::PhysicalMemory for Peephole {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Option<()> {
        window::read(Physical(address), buffer).ok()
    }
}

/// Reads what does not change: the firmware's description, before its memory is used for other things, and the revision of
/// the microcode. What is missing is logged.
pub fn start(handover: &Handover) -> &'static ThisIdentity {
    IDENTITY.call_once(|| {
        let description = describe(handover);
        match &description {
            Ok(description) => log_machine(description),
            Err(error) => log::info!("machine: {error}"),
        }
        ThisIdentity {
            handover: *handover,
            description,
            microcode: microcode::revision(&Guarded, &processor()),
        }
    })
}

fn describe(handover: &Handover) -> Result<Description, smbios::Error> {
    let entry = entry::find(&Peephole, handover.tags.efi_system_table())?;
    Description::parse(&smbios::read(&Peephole, &entry)?, entry.version)
}

fn log_machine(description: &Description) {
    if let (Some(system), Some(bios)) = (&description.system, &description.bios) {
        log::info!(
            "machine: {} {}, firmware {} {}",
            system.maker,
            system.product,
            bios.vendor,
            bios.version
        );
    }
}

/// How many packages have a processor that the firmware lists as working.
fn packages() -> usize {
    let topology = processor().topology();
    let madt = firmware::get().and_then(|firmware| firmware.madt.as_ref());
    let enabled = madt
        .iter()
        .flat_map(|madt| madt.processors.iter())
        .filter(|one| one.is_enabled);
    let packages: BTreeSet<u32> = enabled.map(|one| topology.package_of(one.apic_id)).collect();
    packages.len().max(1)
}

impl Identity for ThisIdentity {
    fn processor(&self) -> Vec<(&'static str, Value)> {
        words::processor(&processor(), self.microcode, packages())
    }

    fn description(&self) -> Result<Value, String> {
        let description = self.description.as_ref();
        description.map(words::description).map_err(|error| format!("{error}"))
    }

    fn sensors(&self) -> Vec<Reading> {
        let processor = processor();
        let thermometers = [Thermometer::Core, Thermometer::Package].into_iter();
        let readings = thermometers.filter_map(|one| {
            let celsius = one.read(&Guarded, &processor)?;
            Some(Reading {
                name: one.name(),
                kind: "temperature",
                value: celsius as f64,
                unit: "celsius",
            })
        });
        readings.collect()
    }

    fn memory_map(&self) -> Vec<MemoryRange> {
        let regions: Vec<_> = self.handover.tags.memory_map().map(region).collect();
        memory_map::split(&regions, &self.uses())
    }
}

fn region(region: crate::boot::tags::MemoryRegion) -> (u64, u64, Kind) {
    let kind = match region.kind {
        MemoryKind::Available => Kind::Ram,
        MemoryKind::AcpiReclaimable => Kind::AcpiTables,
        MemoryKind::AcpiNonVolatile => Kind::AcpiNvs,
        MemoryKind::Defective => Kind::Defective,
        MemoryKind::Reserved | MemoryKind::Other(_) => Kind::Reserved,
    };
    (region.start, region.start + region.length, kind)
}

impl ThisIdentity {
    /// What the kernel knows the use of: start, end and name.
    fn uses(&self) -> Vec<(u64, u64, &'static str)> {
        let whole = image::whole();
        let start = image::physical(whole.start).0;
        let handover = &self.handover;
        let mut uses = Vec::from([(start, start + (whole.end - whole.start) as u64, "kernel")]);
        uses.push((handover.information.start, handover.information.end, "boot information"));
        uses.extend(handover.tags.modules().map(|module| {
            let name = module.name.split_ascii_whitespace().next().unwrap_or("module");
            (module.start.into(), module.end.into(), name)
        }));
        let bitmap = frames::bitmap_range();
        uses.push((bitmap.start, bitmap.end, "map of free memory"));
        if let Some(picture) = handover.tags.framebuffer() {
            let bytes = u64::from(picture.pitch_bytes) * u64::from(picture.height);
            uses.push((picture.address, picture.address.saturating_add(bytes), "screen"));
        }
        let mut controller = |address: u64, name| uses.push((address, address.saturating_add(CONTROLLER_BYTES), name));
        if let Some(firmware) = firmware::get() {
            if let Some(madt) = &firmware.madt {
                controller(madt.local_apic_address, "local apic");
                madt.io_apics
                    .iter()
                    .for_each(|one| controller(one.address.into(), "i/o apic"));
            }
            if let Some(hpet) = &firmware.hpet {
                controller(hpet.address, "hpet");
            }
        }
        // Last, for the boot loader puts things there too.
        let low = handover
            .tags
            .memory_map()
            .filter(|one| one.kind == MemoryKind::Available);
        let low = low.filter(|one| one.start < FIRST_MIB);
        uses.extend(low.map(|one| {
            (
                one.start,
                (one.start + one.length).min(FIRST_MIB),
                "firmware and core start",
            )
        }));
        uses
    }
}

/// The machine's identity, once it was read.
pub fn get() -> Option<&'static ThisIdentity> {
    IDENTITY.get()
}

/// Whether any of the `bytes` from `address` on are RAM that the kernel gives away.
pub fn is_ram(address: u64, bytes: u64) -> bool {
    let Some(identity) = get() else { return true };
    let mut regions = identity.handover.tags.memory_map();
    let end = address.saturating_add(bytes);
    regions.any(|one| one.kind == MemoryKind::Available && address < one.start + one.length && one.start < end)
}

/// What the script interface asks.
pub fn contract() -> &'static dyn Identity {
    match get() {
        Some(identity) => identity,
        None => &Unknown,
    }
}
