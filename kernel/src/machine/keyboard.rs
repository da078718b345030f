//! The PS/2 keyboard: its start on a fiber, its interrupt, and the service that turns scancodes into what is typed at
//! the screen.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU8, Ordering};
use core::task::{Context, Poll};

use drivers::i8042;
use services::host::within;
use services::keyboard::{Action, Keyboard, Layout, Outcome, Set};
use services::waker_slot::WakerSlot;
use spin::Once;

use super::driver_task::{self, FiberClock};
use super::firmware::{self, Firmware};
use super::sessions::Sessions;
use super::{power, routing};
use crate::arch::clock;
use crate::arch::lock::KernelLock;
use crate::arch::port::Ports;
use crate::executor::interrupt::{self, Source};
use crate::executor::{Executor, Factory, run};

/// The keyboard's ISA interrupt.
const LINE: u8 = 1;

static DEVICE: Once<i8042::Keyboard<Ports>> = Once::new();
/// What is typed on the device means this; `None` until it has started.
static KEYBOARD: KernelLock<Option<Keyboard>> = KernelLock::new(None);

const UNKNOWN: u8 = 0;
const PRESENT: u8 = 1;
const ABSENT: u8 = 2;
/// Whether there is a keyboard.
static PRESENCE: AtomicU8 = AtomicU8::new(UNKNOWN);
/// Who waits to know.
static CURIOUS: WakerSlot = WakerSlot::new();

/// Starts the service that finds the keyboard and types at the session that is shown.
///
/// `keymap` names the layout.
pub fn start_service(executor: &'static Executor, sessions: &'static Sessions, keymap: &'static str) {
    let factory: Factory = Box::new(move || Box::pin(serve(sessions, keymap)));
    executor.start_service("keyboard", factory);
}

/// Whether there is a keyboard; `None` where that is not known after `limit_ns`. One task may wait at a time.
pub async fn wait_until_known(limit_ns: u64) -> Option<bool> {
    let limit = core::pin::pin!(run::sleep_until(clock::now_ns() + limit_ns));
    let poll = |context: &mut Context<'_>| {
        CURIOUS.set(context.waker());
        match PRESENCE.load(Ordering::Acquire) {
            UNKNOWN => Poll::Pending,
            presence => Poll::Ready(presence == PRESENT),
        }
    };
    within(Some(limit), poll).await
}

async fn serve(sessions: &'static Sessions, keymap: &'static str) {
    if PRESENCE.load(Ordering::Acquire) == UNKNOWN {
        let presence = if find().await { PRESENT } else { ABSENT };
        PRESENCE.store(presence, Ordering::Release);
        CURIOUS.wake();
    }
    if let Some(device) = DEVICE.get() {
        type_at(device, sessions, keymap).await;
    }
}

/// Finds the keyboard and lets it interrupt.
async fn find() -> bool {
    let Some(firmware) = firmware::get() else { return false };
    let fadt = firmware.fadt;
    if fadt.is_some_and(|fadt| !fadt.has_8042 && !fadt.has_legacy_devices) {
        log::info!("keyboard: the firmware says that there is no PS/2 controller");
        return false;
    }
    driver_task::run("keyboard", || start_device(firmware)).await && DEVICE.get().is_some()
}

/// *Task*.
fn start_device(firmware: &Firmware) {
    let device = match i8042::Controller::start(Ports::KEYBOARD, &FiberClock) {
        Ok(device) => device,
        Err(error) => {
            log::warn!("keyboard: {error}");
            return;
        }
    };
    let device = DEVICE.call_once(|| device);
    match routing::route_isa(firmware, LINE, "keyboard", on_interrupt) {
        // For an edge that came before the interrupt was routed.
        Ok(()) => on_interrupt(0),
        Err(error) => log::error!("keyboard: {error}"),
    }
    log::info!(
        "keyboard: {} after {} ms",
        device.report().set,
        clock::now_ns() / 1_000_000
    );
}

fn on_interrupt(_: usize) {
    if let Some(device) = DEVICE.get() {
        device.on_interrupt();
    }
    interrupt::raise(Source::KEYBOARD);
}

async fn type_at(device: &'static i8042::Keyboard<Ports>, sessions: &'static Sessions, keymap: &str) {
    let set = match device.report().set {
        i8042::Set::One => Set::One,
        i8042::Set::Two => Set::Two,
    };
    let layout = Layout::by_name(keymap).unwrap_or_default();
    *KEYBOARD.lock() = Some(Keyboard::new(layout, set));
    let mut scancodes = [0; 64];
    let mut overflows = 0;
    loop {
        let count = device.read_scancodes(&mut scancodes);
        if device.faults().overflows != overflows {
            // A release may be among the lost codes.
            overflows = device.faults().overflows;
            with_keyboard(Keyboard::release_all);
        }
        if count == 0 {
            interrupt::wait(Source::KEYBOARD).await;
            continue;
        }
        for &scancode in &scancodes[..count] {
            if let Some(outcome) = with_keyboard(|keyboard| keyboard.feed(scancode)) {
                obey(device, sessions, &outcome);
            }
        }
    }
}

fn obey(device: &i8042::Keyboard<Ports>, sessions: &'static Sessions, outcome: &Outcome) {
    let display = sessions.display();
    if !outcome.bytes.is_empty() {
        display.type_bytes(&outcome.bytes);
    }
    if outcome.leds_changed
        && let Some(leds) = with_keyboard(|keyboard| keyboard.leds())
    {
        device.set_leds(i8042::Leds {
            scroll_lock: false,
            num_lock: leds.num_lock,
            caps_lock: leds.caps_lock,
        });
    }
    match outcome.action {
        Some(Action::ScrollBack) => display.scroll_pages(1),
        Some(Action::ScrollForward) => display.scroll_pages(-1),
        Some(Action::Session(number)) => sessions.open(number.into()),
        Some(Action::Log) => sessions.show_log(),
        Some(Action::Reboot) => {
            power::reboot();
        }
        None => {}
    }
}

fn with_keyboard<T>(work: impl FnOnce(&mut Keyboard) -> T) -> Option<T> {
    KEYBOARD.lock().as_mut().map(work)
}

/// The keyboard as scripts see it.
pub struct ThisKeyboard;

impl services::host::Keyboard for ThisKeyboard {
    fn pressed(&self) -> Option<Vec<String>> {
        with_keyboard(|keyboard| keyboard.pressed().map(|name| name.to_string()).collect())
    }

    fn layout(&self) -> Option<&'static str> {
        with_keyboard(|keyboard| keyboard.layout().name())
    }

    fn set_layout(&self, layout: Layout) -> Option<()> {
        with_keyboard(|keyboard| keyboard.set_layout(layout))
    }
}
