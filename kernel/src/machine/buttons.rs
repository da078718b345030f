//! The power and the sleep button: ACPI mode is entered beside everything else, presses become events for scripts, and
//! the power button that nobody listens to turns the machine off.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use drivers::acpi::madt::Line;
use drivers::power::{self, Spaces, buttons};
use services::facts::{Fact, Facts};
use services::host::Host;
use services::value::Value;
use spin::Once;

use super::driver_task::{self, FiberClock};
use super::firmware::{self, Firmware};
use super::fixed_registers::{self, Mapped};
use super::routing;
use crate::arch::clock;
use crate::arch::port::Ports;
use crate::executor::interrupt::{self, Source};
use crate::executor::{Executor, Factory, run};

/// Between the log line and the end, for consoles to show it.
const LAST_LINE_NS: u64 = 200_000_000;

const POWER: u8 = 1 << 0;
const SLEEP: u8 = 1 << 1;

static BUTTONS: Once<buttons::Buttons<Spaces<Ports, Mapped>>> = Once::new();
/// The place on the line of ACPI events, for good.
static LINE: Once<routing::LineInterrupt> = Once::new();
/// The event registers raise interrupts.
static IS_ROUTED: AtomicBool = AtomicBool::new(false);
/// Pressed since the service has looked.
static PRESSED: AtomicU8 = AtomicU8::new(0);
/// How often either button was pressed.
static PRESSES: AtomicU64 = AtomicU64::new(0);

/// Starts the service that enters ACPI mode and answers the buttons.
pub fn start_service(executor: &'static Executor, host: Host) {
    let factory: Factory = Box::new(move || Box::pin(serve(host)));
    executor.start_service("power", factory);
}

/// What the buttons do, for scripts.
pub fn facts() -> Facts {
    let fadt = firmware::get().and_then(|firmware| firmware.fadt);
    let works = IS_ROUTED.load(Ordering::Acquire);
    let fixed = |is_fixed: Option<bool>| Fact::Flag(works && is_fixed == Some(true));
    alloc::vec![
        ("power_button", fixed(fadt.map(|fadt| fadt.has_fixed_power_button))),
        ("sleep_button", fixed(fadt.map(|fadt| fadt.has_fixed_sleep_button))),
        ("presses", Fact::Number(PRESSES.load(Ordering::Relaxed))),
    ]
}

async fn serve(host: Host) {
    if BUTTONS.get().is_none()
        && let Some(firmware) = firmware::get()
    {
        driver_task::run("power", || start_device(firmware)).await;
    }
    loop {
        interrupt::wait(Source::POWER).await;
        let pressed = PRESSED.swap(0, Ordering::AcqRel);
        PRESSES.fetch_add(pressed.count_ones().into(), Ordering::Relaxed);
        if pressed & SLEEP != 0 {
            log::info!("power: the sleep button was pressed");
            host.shared.emit("sleep_button", &Value::Unit);
        }
        if pressed & POWER == 0 {
            continue;
        }
        if host.shared.has_listener("power_button") {
            log::info!("power: the power button was pressed");
            host.shared.emit("power_button", &Value::Unit);
            continue;
        }
        log::info!("power: the power button was pressed and nobody listens to it; the machine goes off");
        let moment = clock::now_ns() + LAST_LINE_NS;
        run::sleep_until(moment).await;
        // Returns where it failed, which it has said in the log.
        super::power::off();
    }
}

/// *Task*.
fn start_device(firmware: &Firmware) {
    let Some(fadt) = &firmware.fadt else {
        log::info!("power: without ACPI tables there are no buttons");
        return;
    };
    let hardware = fixed_registers::spaces();
    if let Err(error) = power::enable_acpi(fadt, &hardware, &FiberClock) {
        log::warn!("power: {error}");
    }
    let buttons = match buttons::Buttons::start(fadt, hardware) {
        Ok(buttons) => BUTTONS.call_once(|| buttons),
        Err(error) => {
            log::warn!("power: {error}");
            return;
        }
    };
    if !fadt.has_fixed_power_button && !fadt.has_fixed_sleep_button {
        log::info!("power: the buttons are not part of the fixed hardware; pressing them makes no event");
        return;
    }
    let (line, how) = match &firmware.madt {
        Some(madt) => madt.sci_interrupt(fadt.sci_interrupt),
        None => (fadt.sci_interrupt.into(), Line::PCI),
    };
    match routing::share(line, how, None, "power button", on_interrupt, 0) {
        Ok(place) => {
            LINE.call_once(|| place);
            IS_ROUTED.store(true, Ordering::Release);
            // For a press before the interrupt was routed.
            note(buttons.take());
            log::info!("power: buttons ready after {} ms", clock::now_ns() / 1_000_000);
        }
        Err(error) => log::warn!("power: no interrupt for the buttons: {error}"),
    }
}

/// *Interrupt*: whether a button was the one; devices of PCI may share the line.
fn on_interrupt(_: usize) -> bool {
    BUTTONS.get().is_some_and(|buttons| note(buttons.take()))
}

/// *Interrupt*: leaves what was pressed for the service; whether that was anything.
fn note(pressed: buttons::Pressed) -> bool {
    let bit = |is_pressed: bool, bit: u8| if is_pressed { bit } else { 0 };
    let bits = bit(pressed.power, POWER) | bit(pressed.sleep, SLEEP);
    if bits != 0 {
        PRESSED.fetch_or(bits, Ordering::Release);
        interrupt::raise(Source::POWER);
    }
    bits != 0
}
