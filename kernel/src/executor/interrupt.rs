//! From an interrupt handler's bit to a waiting service.
//!
//! A handler calls [`raise`], which only sets a bit of its core. The executor turns bits into wakes ([`deliver`]).

use core::future::poll_fn;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Poll;

use services::waker_slot::WakerSlot;

use crate::arch::core_local;

/// An interrupt source that services can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source(u8);

impl Source {
    /// The core's timer.
    pub const TIMER: Self = Self(0);
    /// The serial console.
    pub const SERIAL: Self = Self(1);
    /// The PS/2 keyboard.
    pub const KEYBOARD: Self = Self(2);
    /// The buttons of the fixed ACPI hardware.
    pub const POWER: Self = Self(3);
}

const SOURCES: usize = 64;

struct Line {
    is_raised: AtomicBool,
    waker: WakerSlot,
}

static LINES: [Line; SOURCES] = [const {
    Line {
        is_raised: AtomicBool::new(false),
        waker: WakerSlot::new(),
    }
}; SOURCES];

/// Notes that `source` has something to say. The only call here for interrupt handlers.
pub fn raise(source: Source) {
    core_local::get()
        .interrupt_bits
        .fetch_or(1 << source.0, Ordering::Release);
}

/// Whether this core's handlers have noted something that was not delivered yet.
pub fn is_pending() -> bool {
    core_local::get().interrupt_bits.load(Ordering::Acquire) != 0
}

/// Wakes the services whose sources were raised on this core.
pub fn deliver() {
    let mut bits = core_local::get().interrupt_bits.swap(0, Ordering::AcqRel);
    while bits != 0 {
        let index = bits.trailing_zeros() as usize;
        bits &= bits - 1;
        let line = &LINES[index];
        line.is_raised.store(true, Ordering::Release);
        line.waker.wake();
    }
}

/// Waits until `source` is raised; one service a source.
pub async fn wait(source: Source) {
    let line = &LINES[usize::from(source.0)];
    poll_fn(|context| {
        if line.is_raised.swap(false, Ordering::AcqRel) {
            return Poll::Ready(());
        }
        line.waker.set(context.waker());
        // Raised between the look and the waker's arrival?
        if line.is_raised.swap(false, Ordering::AcqRel) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}
