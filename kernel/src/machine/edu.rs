//! The emulator's device for teaching, bound to this machine: the worked example of "Add a driver". It interrupts by
//! message, by its line where it cannot, and tests let it interrupt any core in either way.

use alloc::format;
use alloc::string::{String, ToString};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use drivers::edu::{Edu, WINDOW_BYTES};
use drivers::pci::claim::Claim;
use hw::Clock;
use hw::mmio::Mmio;
use spin::Once;

use super::driver_task::FiberClock;
use super::pci::device::{Device, Messages};
use super::routing::{self, LineInterrupt};
use crate::arch::interrupts::{self, Interrupt};
use crate::arch::lock::KernelLock;
use crate::arch::shared_line::UNCLAIMED_LIMIT;

/// Which functions the driver is for.
pub(super) const CLAIMS: &[Claim] = &[Claim::Device {
    vendor_id: 0x1234,
    device_id: 0x11e8,
}];

/// Devices that interrupt; more only compute.
const DEVICES: usize = 4;
/// An interrupt takes some microseconds.
const INTERRUPT_LIMIT_US: u64 = 1_000_000;
/// What it is told to interrupt for.
const REASON: u32 = 1;

static BOUND: [Once<Bound>; DEVICES] = [const { Once::new() }; DEVICES];
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A device that works.
struct Bound {
    device: Device,
    edu: Edu<Mmio>,
    name: String,
    /// Interrupts since it was connected.
    interrupts: AtomicU64,
    connection: KernelLock<Option<Connection>>,
}

/// How it interrupts; nothing comes any more once this is dropped.
#[expect(dead_code, reason = "held for as long as the device may interrupt")]
enum Connection {
    Message(Messages, Interrupt),
    Line(LineInterrupt),
}

/// *Task*: starts the device, lets it compute something, and waits for an interrupt of it.
pub(super) fn start(device: Device) -> Result<(), String> {
    device.power_on().map_err(|error| error.to_string())?;
    let registers = device.map(0, 0, WINDOW_BYTES).map_err(|error| error.to_string())?;
    let edu = Edu::start(registers).map_err(|error| error.to_string())?;
    match edu.factorial(10, &FiberClock) {
        Ok(3_628_800) => {}
        Ok(wrong) => return Err(format!("it computes wrongly: 10! is {wrong}")),
        Err(error) => return Err(error.to_string()),
    }
    edu.acknowledge();
    let (major, minor) = edu.version;
    let address = device.function().address;
    log::info!("{address}: edu {major}.{minor} computes");
    let index = NEXT.fetch_add(1, Ordering::Relaxed);
    let Some(place) = BOUND.get(index) else { return Ok(()) };
    let bound = place.call_once(|| Bound {
        device,
        edu,
        name: format!("{address} edu"),
        interrupts: AtomicU64::new(0),
        connection: KernelLock::new(None),
    });
    if let Err(reason) = bound.connect(index, None, "message") {
        log::warn!("{}: no messages ({reason}); taking its line", bound.name);
        bound.connect(index, None, "line")?;
    }
    bound.interrupt_once()
}

impl Bound {
    /// Lets the device interrupt `core`, or the one with the fewest interrupts.
    fn connect(&self, index: usize, core: Option<u32>, way: &str) -> Result<(), String> {
        // Silent before its vector goes.
        self.device.release();
        let before = self.connection.lock().take();
        drop(before);
        self.interrupts.store(0, Ordering::Relaxed);
        let connection = match way {
            "message" => {
                let vector = interrupts::allocate(core, &self.name, on_message, index);
                let vector = vector.map_err(|error| error.to_string())?;
                let messages = self.device.messages().map_err(|error| error.to_string())?;
                let set = messages.set(0, vector.message());
                set.map_err(|error| error.to_string())?;
                messages.enable();
                Connection::Message(messages, vector)
            }
            "line" => Connection::Line(self.share_line(core, on_line, index)?),
            "nobody" => Connection::Line(self.share_line(core, on_line_of_nobody, index)?),
            _ => return Err(format!("there is no way `{way}`")),
        };
        *self.connection.lock() = Some(connection);
        Ok(())
    }

    fn share_line(&self, core: Option<u32>, handler: fn(usize) -> bool, index: usize) -> Result<LineInterrupt, String> {
        let number = self.device.function().header.interrupt_line;
        let line = routing::share_line(number, core, &self.name, handler, index);
        let line = line.map_err(|error| error.to_string())?;
        self.device.use_line();
        Ok(line)
    }

    /// *Task*: lets the device interrupt once, and waits for it.
    fn interrupt_once(&self) -> Result<(), String> {
        let before = self.interrupts.load(Ordering::Acquire);
        self.edu.interrupt(REASON);
        let has_come = || self.interrupts.load(Ordering::Acquire) > before;
        let wait = FiberClock.wait_until_us(INTERRUPT_LIMIT_US, has_come);
        wait.map_err(|_| String::from("its interrupt does not arrive"))
    }

    /// *Interrupt*: makes the device silent; whether it was the one.
    fn answer(&self) -> bool {
        let was_it = self.edu.acknowledge() != 0;
        if was_it {
            self.interrupts.fetch_add(1, Ordering::Release);
        }
        was_it
    }
}

fn on_message(index: usize) {
    if let Some(bound) = BOUND[index].get() {
        bound.answer();
    }
}

fn on_line(index: usize) -> bool {
    BOUND[index].get().is_some_and(Bound::answer)
}

/// Counts, and leaves the line active.
fn on_line_of_nobody(index: usize) -> bool {
    if let Some(bound) = BOUND[index].get() {
        bound.interrupts.fetch_add(1, Ordering::Release);
    }
    false
}

/// *Task*: lets the first device interrupt `core`; how many interrupts have come since it does so in this way.
pub(super) fn interrupt(core: u32, way: &str) -> Result<u64, String> {
    let bound = BOUND[0].get().ok_or("there is no device for it")?;
    bound.connect(0, Some(core), way)?;
    bound.interrupt_once()?;
    if way == "nobody" {
        // Until the line is masked nothing stops it; the device is silent afterwards.
        let is_storm = || bound.interrupts.load(Ordering::Acquire) >= u64::from(UNCLAIMED_LIMIT);
        let wait = FiberClock.wait_until_us(INTERRUPT_LIMIT_US, is_storm);
        wait.map_err(|_| String::from("there was no storm"))?;
        bound.edu.acknowledge();
    }
    Ok(bound.interrupts.load(Ordering::Acquire))
}
