//! Device interrupts through the I/O APICs: which vector a line raises, and who answers it.

use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicU8, Ordering};

use drivers::acpi::madt::Line;
use drivers::ioapic::{self, IoApic};
use hw::mmio::Mmio;

use super::firmware::Firmware;
use crate::arch::lock::KernelLock;
use crate::arch::port::Ports;
use crate::arch::{apic, interrupts};
use crate::memory::{Physical, window};

/// Where an I/O APIC is on machines that do not say.
const DEFAULT_ADDRESS: u64 = 0xfec0_0000;
const WINDOW_BYTES: usize = 0x20;

static CONTROLLERS: KernelLock<Vec<IoApic<Mmio>>> = KernelLock::new(Vec::new());
static NEXT_VECTOR: AtomicU8 = AtomicU8::new(interrupts::FIRST_DEVICE_VECTOR);

/// Why a line has no vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No I/O APIC has this line.
    NoController(u32),
    /// The I/O APIC refused.
    Controller(ioapic::Error),
    /// All vectors are taken.
    NoVector,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoController(line) => write!(out, "no I/O APIC has interrupt line {line}"),
            Self::Controller(error) => write!(out, "{error}"),
            Self::NoVector => out.write_str("all interrupt vectors are taken"),
        }
    }
}

/// Masks the legacy controllers and takes over the I/O APICs.
pub fn start(firmware: &Firmware) {
    drivers::pic::disable(
        &Ports::FIRST_PIC,
        &Ports::SECOND_PIC,
        &Ports::DELAY,
        interrupts::LEGACY_VECTORS,
    );
    let listed = firmware.madt.iter().flat_map(|madt| madt.io_apics.iter());
    let mut places: Vec<(u64, u32)> = listed
        .map(|one| (u64::from(one.address), one.first_interrupt))
        .collect();
    if places.is_empty() {
        places.push((DEFAULT_ADDRESS, 0));
    }
    for (address, first_interrupt) in places {
        let Ok(registers) = window::registers(Physical(address), WINDOW_BYTES) else {
            continue;
        };
        match IoApic::start(registers, first_interrupt) {
            Ok(controller) => CONTROLLERS.lock().push(controller),
            Err(error) => log::warn!("I/O APIC at {address:#x}: {error}"),
        }
    }
}

/// Lets the ISA interrupt `number` call `handler` on this core; returns its vector.
///
/// # Errors
///
/// [`Error`] where no I/O APIC can route it.
pub fn route_isa(firmware: &Firmware, number: u8, handler: fn()) -> Result<u8, Error> {
    let (interrupt, line) = match &firmware.madt {
        Some(madt) => madt.isa_interrupt(number),
        None => (u32::from(number), Line::ISA),
    };
    route_line(interrupt, line, handler)
}

/// Lets the global interrupt `interrupt` call `handler` on this core; returns its vector.
///
/// # Errors
///
/// [`Error`] where no I/O APIC can route it.
pub fn route_line(interrupt: u32, line: Line, handler: fn()) -> Result<u8, Error> {
    let vector = NEXT_VECTOR.fetch_add(1, Ordering::Relaxed);
    if vector >= interrupts::LEGACY_VECTORS {
        return Err(Error::NoVector);
    }
    interrupts::set_handler(vector, handler);
    let mut controllers = CONTROLLERS.lock();
    let controller = controllers
        .iter_mut()
        .find(|controller| controller.interrupts().contains(&interrupt))
        .ok_or(Error::NoController(interrupt))?;
    controller
        .route(interrupt, line, vector, apic::id())
        .map_err(Error::Controller)?;
    controller.unmask(interrupt).map_err(Error::Controller)?;
    Ok(vector)
}
