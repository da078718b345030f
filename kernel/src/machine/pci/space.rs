//! Access to the configuration space: through memory where the firmware tells of it and it answers, else by ports.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use drivers::pci::memory_method::{MemoryMethod, Pages, SIZE_BYTES};
use drivers::pci::port_method::{self, PortMethod};
use drivers::pci::scan::Segment;
use drivers::pci::{Address, ConfigSpace};
use hw::mmio::Mmio;
use spin::Once;

use super::super::firmware::Firmware;
use crate::arch::core_local;
use crate::arch::lock::KernelLock;
use crate::arch::port::Ports;
use crate::memory::{Physical, window};

static SPACE: Once<Space> = Once::new();
/// The functions that are mapped, for good, by physical address; `None` where that failed.
static MAPPED: KernelLock<BTreeMap<u64, Option<&'static Mmio>>> = KernelLock::new(BTreeMap::new());

/// Maps a function when it is first looked at.
#[derive(Debug)]
pub struct ThisMemory;

impl Pages for ThisMemory {
    type Registers = Mmio;

    fn at(&self, start: u64) -> Option<&Mmio> {
        if let Some(registers) = MAPPED.lock().get(&start) {
            return *registers;
        }
        core_local::get().on_kernel_heap(|| {
            let registers = window::registers(Physical(start), SIZE_BYTES.into()).ok();
            let registers = registers.map(|registers| &*Box::leak(Box::new(registers)));
            // Another core may have been faster; then its window is used, so that there is one.
            *MAPPED.lock().entry(start).or_insert(registers)
        })
    }
}

/// This machine's configuration space.
#[derive(Debug)]
pub enum Space {
    /// By memory.
    Memory(MemoryMethod<ThisMemory>),
    /// By the two ports; the lock keeps address and data together.
    Ports(KernelLock<PortMethod<Ports>>),
}

impl Space {
    /// In words.
    pub fn method(&self) -> &'static str {
        match self {
            Self::Memory(_) => "memory",
            Self::Ports(_) => "ports",
        }
    }
}

impl Space {
    /// Writes the byte at `offset` and nothing beside it: what is next to it may have bits that are cleared by ones.
    pub fn write8(&self, address: Address, offset: u16, value: u8) {
        match self {
            Self::Memory(memory) => memory.write8(address, offset, value),
            Self::Ports(ports) => ports.lock().write8(address, offset, value),
        }
    }

    /// The same for the 16 bits at `offset`, a multiple of 2.
    pub fn write16(&self, address: Address, offset: u16, value: u16) {
        match self {
            Self::Memory(memory) => memory.write16(address, offset, value),
            Self::Ports(ports) => ports.lock().write16(address, offset, value),
        }
    }
}

impl ConfigSpace for Space {
    fn read32(&self, address: Address, offset: u16) -> u32 {
        match self {
            Self::Memory(memory) => memory.read32(address, offset),
            Self::Ports(ports) => ports.lock().read32(address, offset),
        }
    }

    fn write32(&self, address: Address, offset: u16, value: u32) {
        match self {
            Self::Memory(memory) => memory.write32(address, offset, value),
            Self::Ports(ports) => ports.lock().write32(address, offset, value),
        }
    }

    fn size_bytes(&self, address: Address) -> u16 {
        match self {
            Self::Memory(memory) => memory.size_bytes(address),
            Self::Ports(_) if address.segment == 0 => port_method::SIZE_BYTES,
            Self::Ports(_) => 0,
        }
    }
}

/// Chooses the method; the segments that can be scanned with it.
pub(super) fn start(firmware: &Firmware) -> (&'static Space, Vec<Segment>) {
    let mut ports = PortMethod::new(Ports::ALL);
    let (space, segments) = match by_memory(firmware, &mut ports) {
        Some((memory, segments)) => (Space::Memory(memory), segments),
        None if ports.is_present() => {
            let all = Segment {
                number: 0,
                first_bus: 0,
                last_bus: 255,
            };
            (Space::Ports(KernelLock::new(ports)), vec![all])
        }
        None => {
            log::warn!("PCI: neither the firmware's tables nor the ports lead to a bus");
            (Space::Ports(KernelLock::new(ports)), Vec::new())
        }
    };
    (SPACE.call_once(|| space), segments)
}

/// The configuration space, once it was found.
pub fn get() -> Option<&'static Space> {
    SPACE.get()
}

/// The method by memory, if it shows the same first function as the ports do: firmware tables have been wrong before.
fn by_memory(firmware: &Firmware, ports: &mut PortMethod<Ports>) -> Option<(MemoryMethod<ThisMemory>, Vec<Segment>)> {
    if firmware.mcfg.is_empty() {
        return None;
    }
    let memory = MemoryMethod::new(firmware.mcfg.clone(), ThisMemory);
    let first = Address::new(0, 0, 0);
    if ports.is_present() && memory.read32(first, 0) != ports.read32(first, 0) {
        log::warn!("PCI: the memory that the firmware names does not show the bus; using ports");
        return None;
    }
    let segments = memory.windows().iter().map(|window| Segment {
        number: window.segment,
        first_bus: window.first_bus,
        last_bus: window.last_bus,
    });
    let segments = segments.collect();
    Some((memory, segments))
}
