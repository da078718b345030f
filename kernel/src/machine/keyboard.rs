//! The PS/2 keyboard: its interrupt, and the service that turns scancodes into what is typed at the screen.

use alloc::boxed::Box;

use drivers::i8042;
use services::keyboard::{Action, Keyboard, Layout, Set};
use spin::Once;

use super::firmware::Firmware;
use super::screen::ScreenConsole;
use super::{power, routing};
use crate::arch::clock::MonotonicClock;
use crate::arch::port::Ports;
use crate::executor::interrupt::{self, Source};
use crate::executor::{Executor, Factory};

/// The keyboard's ISA interrupt.
const LINE: u8 = 1;

static DEVICE: Once<i8042::Keyboard<Ports>> = Once::new();

/// Finds the keyboard and lets it interrupt. False where there is none.
pub fn start(firmware: &Firmware) -> bool {
    if firmware
        .fadt
        .is_some_and(|fadt| !fadt.has_8042 && !fadt.has_legacy_devices)
    {
        log::info!("keyboard: the firmware says that there is no PS/2 controller");
        return false;
    }
    let device = match i8042::Controller::start(Ports::KEYBOARD, &MonotonicClock) {
        Ok(device) => DEVICE.call_once(|| device),
        Err(error) => {
            log::warn!("keyboard: {error}");
            return false;
        }
    };
    if let Err(error) = routing::route_isa(firmware, LINE, on_interrupt) {
        log::error!("keyboard: {error}");
        return false;
    }
    // For an edge that came before the interrupt was routed.
    device.on_interrupt();
    true
}

fn on_interrupt() {
    if let Some(device) = DEVICE.get() {
        device.on_interrupt();
    }
    interrupt::raise(Source::KEYBOARD);
}

/// Starts the service that types at `console`.
///
/// `keymap` names the layout.
pub fn start_service(executor: &'static Executor, console: &'static ScreenConsole, keymap: &'static str) {
    let Some(device) = DEVICE.get() else { return };
    let factory: Factory = Box::new(move || Box::pin(type_at(device, console, keymap)));
    executor.start_service("keyboard", factory);
}

async fn type_at(device: &'static i8042::Keyboard<Ports>, console: &'static ScreenConsole, keymap: &str) {
    let Some(layout) = Layout::by_name(keymap) else { return };
    let set = match device.report().set {
        i8042::Set::One => Set::One,
        i8042::Set::Two => Set::Two,
    };
    let mut keyboard = Keyboard::new(layout, set);
    let mut scancodes = [0; 64];
    let mut overflows = 0;
    loop {
        let count = device.read_scancodes(&mut scancodes);
        if device.faults().overflows != overflows {
            // A release may be among the lost codes.
            overflows = device.faults().overflows;
            keyboard.release_all();
        }
        if count == 0 {
            interrupt::wait(Source::KEYBOARD).await;
            continue;
        }
        for &scancode in &scancodes[..count] {
            let outcome = keyboard.feed(scancode);
            if !outcome.bytes.is_empty() {
                console.type_bytes(&outcome.bytes);
            }
            if outcome.leds_changed {
                let leds = keyboard.leds();
                device.set_leds(i8042::Leds {
                    scroll_lock: false,
                    num_lock: leds.num_lock,
                    caps_lock: leds.caps_lock,
                });
            }
            match outcome.action {
                Some(Action::ScrollBack) => console.scroll_pages(1),
                Some(Action::ScrollForward) => console.scroll_pages(-1),
                Some(Action::Reboot) => {
                    power::reboot();
                }
                // One session on the screen so far.
                Some(Action::Session(_) | Action::Log) | None => {}
            }
        }
    }
}
