//! Sleeping until a moment.

use alloc::collections::BTreeMap;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll, Waker};

use crate::arch::lock::KernelLock;

/// Wakers by the moment they wait for; the second number tells sleepers of one moment apart.
pub struct Timers {
    sleepers: KernelLock<BTreeMap<(u64, u64), Waker>>,
    next: AtomicU64,
}

impl Timers {
    /// Nobody sleeps.
    pub const fn new() -> Self {
        Self {
            sleepers: KernelLock::new(BTreeMap::new()),
            next: AtomicU64::new(0),
        }
    }

    /// The earliest moment that somebody waits for; `u64::MAX` where nobody does.
    pub fn next_deadline_ns(&self) -> u64 {
        self.sleepers
            .lock()
            .first_key_value()
            .map_or(u64::MAX, |((deadline_ns, _), _)| *deadline_ns)
    }

    /// Wakes everybody whose moment has come.
    pub fn fire(&self, now_ns: u64) {
        loop {
            let due = {
                let mut sleepers = self.sleepers.lock();
                match sleepers.first_key_value() {
                    Some(((deadline_ns, _), _)) if *deadline_ns <= now_ns => sleepers.pop_first(),
                    _ => None,
                }
            };
            match due {
                Some((_, waker)) => waker.wake(),
                None => return,
            }
        }
    }

    /// Ready when `now_ns()` has reached `deadline_ns`.
    pub fn sleep_until(&'static self, deadline_ns: u64, now_ns: fn() -> u64) -> Sleep {
        Sleep {
            timers: self,
            deadline_ns,
            ticket: None,
            now_ns,
        }
    }
}

impl Default for Timers {
    fn default() -> Self {
        Self::new()
    }
}

/// See [`Timers::sleep_until`].
pub struct Sleep {
    timers: &'static Timers,
    deadline_ns: u64,
    ticket: Option<u64>,
    now_ns: fn() -> u64,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if (self.now_ns)() >= self.deadline_ns {
            return Poll::Ready(());
        }
        let ticket = match self.ticket {
            Some(ticket) => ticket,
            None => self.timers.next.fetch_add(1, Ordering::Relaxed),
        };
        self.ticket = Some(ticket);
        let replaced = self
            .timers
            .sleepers
            .lock()
            .insert((self.deadline_ns, ticket), context.waker().clone());
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let removed = self.timers.sleepers.lock().remove(&(self.deadline_ns, ticket));
            drop(removed);
        }
    }
}
