//! Device interrupts through the I/O APICs: which vector of which core a line raises, and who answers it.
//!
//! ISA devices have their lines to themselves, for good. The interrupt pins of PCI functions share lines; they are the
//! last resort for devices without messages. A line that nobody answers is masked, by the handler itself.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use drivers::acpi::madt::Line;
use drivers::ioapic::{self, IoApic};
use hw::mmio::Mmio;

use services::interrupts::{Delivery, InterruptInfo};
use x86_64::instructions::interrupts::without_interrupts;

use super::firmware::{self, Firmware};
use crate::arch::core_local;
use crate::arch::interrupts::{self, Interrupt};
use crate::arch::lock::KernelLock;
use crate::arch::port::Ports;
use crate::arch::shared_line::{SharedLine, UNCLAIMED_LIMIT, Verdict};
use crate::executor::interrupt::{self, Source};
use crate::executor::{Executor, Factory};
use crate::memory::{Physical, window};

/// Where an I/O APIC is on machines that do not say.
const DEFAULT_ADDRESS: u64 = 0xfec0_0000;
const WINDOW_BYTES: usize = 0x20;
/// Where the interrupts of ISA devices go.
const BOOT_CORE: u32 = 0;

/// Lines that can be shared at once.
const CHAINS: usize = 32;

/// Taken through [`with_controllers`] only: an interrupt handler may need it to mask a line.
static CONTROLLERS: KernelLock<Vec<IoApic<Mmio>>> = KernelLock::new(Vec::new());
/// Taken before all other locks of interrupts.
static ROUTES: KernelLock<Routes> = KernelLock::new(Routes {
    own: Vec::new(),
    shared: Vec::new(),
});
/// What handlers see of shared lines.
static SHARED: [Chain; CHAINS] = [const {
    Chain {
        line: SharedLine::new(),
        interrupt: AtomicU32::new(0),
        is_masked: AtomicBool::new(false),
        is_reported: AtomicBool::new(false),
    }
}; CHAINS];

struct Chain {
    line: SharedLine,
    /// The line's number.
    interrupt: AtomicU32,
    /// A handler has masked the line.
    is_masked: AtomicBool,
    /// The log says so.
    is_reported: AtomicBool,
}

struct Routes {
    /// Lines with one device for good.
    own: Vec<(u32, Interrupt)>,
    shared: Vec<Shared>,
}

struct Shared {
    interrupt: u32,
    /// Which of `SHARED` it is.
    chain: usize,
    vector: Interrupt,
    users: Vec<User>,
    /// Links whose last handler did not end.
    lost_links: u8,
}

struct User {
    link: usize,
    name: String,
}

/// Why a line has no vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No I/O APIC has this line.
    NoController(u32),
    /// The I/O APIC refused.
    Controller(ioapic::Error),
    /// No vector can be had.
    Vector(interrupts::Error),
    /// The function's interrupt pin is not connected to a line.
    NotConnected,
    /// Another device has the line to itself.
    Taken(u32),
    /// No more devices fit on the line, or no more lines can be shared.
    TooMany(u32),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoController(line) => write!(out, "no I/O APIC has interrupt line {line}"),
            Self::Controller(error) => write!(out, "{error}"),
            Self::Vector(error) => write!(out, "{error}"),
            Self::NotConnected => out.write_str("the device's interrupt pin is not connected to a line"),
            Self::Taken(line) => write!(out, "another device has interrupt line {line} to itself"),
            Self::TooMany(line) => write!(out, "too many devices share interrupt line {line}"),
        }
    }
}

/// Masks the legacy controllers and takes over the I/O APICs. The running core can then take interrupts of devices.
pub fn start(firmware: &Firmware) {
    interrupts::come_online();
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
            Ok(controller) => with_controllers(|controllers| controllers.push(controller)),
            Err(error) => log::warn!("I/O APIC at {address:#x}: {error}"),
        }
    }
}

/// Lets the ISA interrupt `number` call `handler` on the boot core, for good.
///
/// # Errors
///
/// [`Error`] where it cannot be routed.
pub fn route_isa(firmware: &Firmware, number: u8, name: &str, handler: fn(usize)) -> Result<(), Error> {
    let (interrupt, line) = match &firmware.madt {
        Some(madt) => madt.isa_interrupt(number),
        None => (u32::from(number), Line::ISA),
    };
    core_local::get().on_kernel_heap(|| {
        let mut routes = ROUTES.lock();
        if routes.is_used(interrupt) {
            return Err(Error::Taken(interrupt));
        }
        let delivery = Delivery::Line(interrupt);
        let vector = interrupts::allocate_for(delivery, Some(BOOT_CORE), name, handler, 0).map_err(Error::Vector)?;
        connect(interrupt, line, &vector)?;
        routes.own.push((interrupt, vector));
        Ok(())
    })
}

/// A device's place on a shared line. Given up when dropped; let the device be silent before.
#[derive(Debug)]
pub struct LineInterrupt {
    interrupt: u32,
    link: usize,
}

/// Lets the interrupt pin of a PCI function call `handler`, which says whether its device was the one and makes it
/// silent. `number` is the function's interrupt-line register. A line that is shared already stays on its core; else it
/// goes to `core`, or to the one that has the fewest interrupts.
///
/// # Errors
///
/// [`Error`] where it cannot be routed.
pub fn share_line(
    number: u8,
    core: Option<u32>,
    name: &str,
    handler: fn(usize) -> bool,
    argument: usize,
) -> Result<LineInterrupt, Error> {
    let madt = firmware::get().and_then(|firmware| firmware.madt.as_ref());
    let (interrupt, line) = ioapic::pci_line(madt, number).ok_or(Error::NotConnected)?;
    core_local::get().on_kernel_heap(|| {
        let mut routes = ROUTES.lock();
        if !routes.shared.iter().any(|shared| shared.interrupt == interrupt) {
            let shared = routes.open(interrupt, line, core)?;
            routes.shared.push(shared);
        }
        let found = routes.shared.iter_mut().find(|shared| shared.interrupt == interrupt);
        let shared = found.ok_or(Error::TooMany(interrupt))?;
        let chain = &SHARED[shared.chain];
        let is_usable = |link: usize| shared.lost_links & 1 << link == 0;
        let link = chain.line.add(handler, argument, is_usable);
        let link = link.ok_or(Error::TooMany(interrupt))?;
        shared.users.push(User {
            link,
            name: String::from(name),
        });
        chain.allow(interrupt)?;
        Ok(LineInterrupt { interrupt, link })
    })
}

impl Routes {
    fn is_used(&self, interrupt: u32) -> bool {
        let is_own = self.own.iter().any(|(own, _)| *own == interrupt);
        is_own || self.shared.iter().any(|shared| shared.interrupt == interrupt)
    }

    /// A line that will be shared, still masked and without users.
    fn open(&self, interrupt: u32, line: Line, core: Option<u32>) -> Result<Shared, Error> {
        if self.is_used(interrupt) {
            return Err(Error::Taken(interrupt));
        }
        let is_free = |chain: &usize| self.shared.iter().all(|shared| shared.chain != *chain);
        let chain = (0..CHAINS).find(is_free).ok_or(Error::TooMany(interrupt))?;
        SHARED[chain].interrupt.store(interrupt, Ordering::Relaxed);
        let delivery = Delivery::Line(interrupt);
        let vector = interrupts::allocate_for(delivery, core, "shared line", on_line, chain).map_err(Error::Vector)?;
        with_controller(interrupt, |controller| {
            controller.route(interrupt, line, vector.vector(), vector.apic_id())
        })?;
        Ok(Shared {
            interrupt,
            chain,
            vector,
            users: Vec::new(),
            lost_links: 0,
        })
    }
}

impl Chain {
    /// Lets the line through, also where it was masked for a storm.
    fn allow(&self, interrupt: u32) -> Result<(), Error> {
        with_controller(interrupt, |controller| {
            self.is_masked.store(false, Ordering::Relaxed);
            self.is_reported.store(false, Ordering::Relaxed);
            controller.unmask(interrupt)
        })
    }
}

impl Drop for LineInterrupt {
    fn drop(&mut self) {
        core_local::get().on_kernel_heap(|| {
            let mut routes = ROUTES.lock();
            let Some(at) = routes
                .shared
                .iter()
                .position(|shared| shared.interrupt == self.interrupt)
            else {
                return;
            };
            let shared = &mut routes.shared[at];
            let chain = &SHARED[shared.chain];
            chain.line.remove(self.link);
            if !interrupts::wait_for_handler(shared.vector.core()) {
                shared.lost_links |= 1 << self.link;
                log::error!("interrupt line {}: a handler does not end", self.interrupt);
            }
            shared.users.retain(|user| user.link != self.link);
            let is_empty = shared.users.is_empty();
            let masked = if is_empty {
                with_controller(self.interrupt, |controller| controller.mask(self.interrupt))
            } else {
                // Whoever left may have been the one that nobody answered for.
                chain.allow(self.interrupt)
            };
            if let Err(error) = masked {
                log::error!("interrupt line {}: {error}", self.interrupt);
            }
            if is_empty && shared.lost_links == 0 {
                routes.shared.swap_remove(at);
            }
        });
    }
}

/// Sends the line to the vector's core and lets it through.
fn connect(interrupt: u32, line: Line, vector: &Interrupt) -> Result<(), Error> {
    with_controller(interrupt, |controller| {
        controller.route(interrupt, line, vector.vector(), vector.apic_id())?;
        controller.unmask(interrupt)
    })
}

/// Holds the lock with interrupts off: the handler that masks a line never finds it taken by what it interrupted.
fn with_controllers<T>(work: impl FnOnce(&mut Vec<IoApic<Mmio>>) -> T) -> T {
    without_interrupts(|| work(&mut CONTROLLERS.lock()))
}

fn with_controller(
    interrupt: u32,
    work: impl FnOnce(&mut IoApic<Mmio>) -> Result<(), ioapic::Error>,
) -> Result<(), Error> {
    with_controllers(|controllers| {
        let mut all = controllers.iter_mut();
        let controller = all.find(|controller| controller.interrupts().contains(&interrupt));
        work(controller.ok_or(Error::NoController(interrupt))?).map_err(Error::Controller)
    })
}

/// *Interrupt handler*: asks the devices of a shared line, and masks it where nobody ever answers.
fn on_line(chain: usize) {
    let chain = &SHARED[chain];
    if chain.line.answer() != Verdict::Storm {
        return;
    }
    // Taken by another core: the line interrupts again at once.
    let Some(mut controllers) = CONTROLLERS.try_lock() else {
        return;
    };
    let interrupt = chain.interrupt.load(Ordering::Relaxed);
    for controller in controllers.iter_mut() {
        if controller.mask(interrupt).is_ok() {
            chain.is_masked.store(true, Ordering::Relaxed);
            interrupt::raise(Source::LINES);
        }
    }
}

/// Starts the service that writes of masked lines into the log.
pub fn start_service(executor: &'static Executor) {
    let factory: Factory = Box::new(|| {
        Box::pin(async {
            loop {
                interrupt::wait(Source::LINES).await;
                report_masked();
            }
        })
    });
    executor.start_service("interrupt lines", factory);
}

fn report_masked() {
    let routes = ROUTES.lock();
    for shared in &routes.shared {
        let chain = &SHARED[shared.chain];
        if chain.is_masked.load(Ordering::Relaxed) && !chain.is_reported.swap(true, Ordering::Relaxed) {
            let users: Vec<&str> = shared.users.iter().map(|user| user.name.as_str()).collect();
            log::warn!(
                "interrupt line {} is masked: {UNCLAIMED_LIMIT} interrupts in a row that nobody answered (on it: {})",
                shared.interrupt,
                users.join(", ")
            );
        }
    }
}

/// All interrupts that somebody handles, by core and vector. Devices that share a line are listed each, with the
/// interrupts that they answered.
pub fn list() -> Vec<InterruptInfo> {
    let mut all = interrupts::common();
    let routes = ROUTES.lock();
    for (owner, count) in interrupts::owners() {
        let place = owner.place;
        let info = |source, count| InterruptInfo {
            source,
            vector: place.vector,
            core: place.core,
            delivery: owner.delivery,
            count,
        };
        let is_it = |shared: &&Shared| (shared.vector.core(), shared.vector.vector()) == (place.core, place.vector);
        let Some(shared) = routes.shared.iter().find(is_it) else {
            all.push(info(owner.name, count));
            continue;
        };
        let line = &SHARED[shared.chain].line;
        for user in &shared.users {
            all.push(info(user.name.clone(), line.claims(user.link)));
        }
        if line.unclaimed() > 0 {
            all.push(info(String::from("unclaimed"), line.unclaimed()));
        }
    }
    drop(routes);
    all.sort_by_key(|info| (info.core, info.vector));
    all
}
