//! The kernel's spin lock, counted per core.
//!
//! Interrupt handlers take no lock that a task can hold, so it need not mask interrupts. The count tells the
//! recovery code whether a task that died did so inside the kernel: then the machine, not the task, has failed.

use core::ops::{Deref, DerefMut};
use core::sync::atomic::Ordering;

use super::core_local;

/// A spin lock around `T`.
pub struct KernelLock<T> {
    inner: spin::Mutex<T>,
}

/// Holds the lock until dropped.
pub struct Guard<'a, T> {
    inner: spin::MutexGuard<'a, T>,
}

impl<T> KernelLock<T> {
    /// An open lock.
    pub const fn new(value: T) -> Self {
        Self {
            inner: spin::Mutex::new(value),
        }
    }

    /// Waits for the lock. Holders never suspend, so the wait is short.
    pub fn lock(&self) -> Guard<'_, T> {
        core_local::get().locks_held.fetch_add(1, Ordering::Relaxed);
        Guard {
            inner: self.inner.lock(),
        }
    }

    /// Takes the lock if it is open.
    pub fn try_lock(&self) -> Option<Guard<'_, T>> {
        let inner = self.inner.try_lock()?;
        core_local::get().locks_held.fetch_add(1, Ordering::Relaxed);
        Some(Guard { inner })
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

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        core_local::get().locks_held.fetch_sub(1, Ordering::Relaxed);
    }
}
