//! Where one waiter leaves its waker.

use core::task::Waker;

use crate::lock::Lock;

/// The waker of the one task that waits here. Wakers are woken and dropped outside the lock, for both may run code that
/// takes locks.
#[derive(Debug, Default)]
pub struct WakerSlot {
    waker: Lock<Option<Waker>>,
}

impl WakerSlot {
    /// Nobody waits.
    pub const fn new() -> Self {
        Self { waker: Lock::new(None) }
    }

    /// Leaves `waker` here, in the place of an earlier one. Look once more at what is waited for afterwards: it may have
    /// come before.
    pub fn set(&self, waker: &Waker) {
        let replaced = self.waker.lock().replace(waker.clone());
        drop(replaced);
    }

    /// Wakes who waits, if somebody does.
    pub fn wake(&self) {
        let taken = self.waker.lock().take();
        if let Some(waker) = taken {
            waker.wake();
        }
    }
}
