//! The spin lock of the whole kernel, counted.
//!
//! Interrupt handlers take no lock that a task can hold, so it need not mask interrupts; holders never suspend, so waits
//! are short. The count of locks held tells the kernel's recovery code whether a task that died did so while others
//! depended on it: then the machine, not the task, has failed. A lock must never stay closed without that being noticed.

use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicUsize, Ordering};

use spin::relax::RelaxStrategy;

/// Where the calling core counts the locks it holds; unset on a host.
static COUNTER: spin::Once<fn() -> &'static AtomicUsize> = spin::Once::new();

/// Counts locks by core from now on. Called once, before there is more than one task.
pub fn count_with(counter: fn() -> &'static AtomicUsize) {
    COUNTER.call_once(|| counter);
}

/// What a core does while it waits for a lock; unset on a host.
static WHILE_WAITING: spin::Once<fn()> = spin::Once::new();

/// Calls `work` again and again while a core waits for a lock: what other cores may be waiting for in their turn. It must
/// take no lock. Called once.
pub fn while_waiting(work: fn()) {
    WHILE_WAITING.call_once(|| work);
}

/// How a core waits for a lock.
#[derive(Debug)]
struct Patience;

impl RelaxStrategy for Patience {
    fn relax() {
        core::hint::spin_loop();
        if let Some(work) = WHILE_WAITING.get() {
            work();
        }
    }
}

/// One lock held; counts itself. It is let go on the core that took it.
#[derive(Debug)]
struct Held {
    counter: Option<&'static AtomicUsize>,
}

impl Held {
    fn new() -> Self {
        let counter = COUNTER.get().map(|counter| counter());
        if let Some(counter) = counter {
            // Only this core reads and changes it, and what interrupts this leaves it as it was: no exchange is needed.
            counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
        Self { counter }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(counter) = self.counter {
            counter.store(counter.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
        }
    }
}

/// A spin lock around `T`.
#[derive(Debug)]
pub struct Lock<T> {
    inner: spin::mutex::Mutex<T, Patience>,
}

/// Holds the lock until dropped.
#[derive(Debug)]
pub struct Guard<'a, T> {
    inner: spin::mutex::MutexGuard<'a, T, Patience>,
    /// After the guard: the lock is open before it stops counting.
    _held: Held,
}

impl<T> Lock<T> {
    /// An open lock.
    pub const fn new(value: T) -> Self {
        Self {
            inner: spin::mutex::Mutex::new(value),
        }
    }

    /// Waits for the lock.
    pub fn lock(&self) -> Guard<'_, T> {
        let held = Held::new();
        Guard {
            inner: self.inner.lock(),
            _held: held,
        }
    }

    /// Takes the lock if it is open.
    pub fn try_lock(&self) -> Option<Guard<'_, T>> {
        let held = Held::new();
        Some(Guard {
            inner: self.inner.try_lock()?,
            _held: held,
        })
    }
}

impl<T: Default> Default for Lock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    extern crate std;
    use std::boxed::Box;

    std::thread_local! {
        static HELD: &'static AtomicUsize = Box::leak(Box::new(AtomicUsize::new(0)));
    }

    #[test]
    fn counts_what_is_held_and_nothing_else() {
        count_with(|| HELD.with(|held| *held));
        let held = || HELD.with(|held| held.load(Ordering::Relaxed));
        let (one, two) = (Lock::new(1), Lock::new(2));
        let first = one.lock();
        let second = two.try_lock();
        assert_eq!((*first, second.as_deref().copied(), held()), (1, Some(2), 2));
        assert!(one.try_lock().is_none());
        assert_eq!(held(), 2);
        drop((first, second));
        assert_eq!(held(), 0);
    }
}
