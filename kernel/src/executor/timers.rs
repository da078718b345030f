//! Sleeping until a moment.

use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll, Waker};

use crate::arch::lock::KernelLock;

/// Who sleeps until when.
pub struct Timers {
    /// The latest first: those that come next are at the end, where they are taken from.
    sleepers: KernelLock<Vec<Sleeper>>,
    /// The earliest of their moments; a mirror that can be read without the lock, and changes while that is held.
    earliest_ns: AtomicU64,
    next: AtomicU64,
}

struct Sleeper {
    deadline_ns: u64,
    /// Tells sleepers of one moment apart.
    ticket: u64,
    waker: Waker,
}

impl Sleeper {
    fn key(&self) -> (u64, u64) {
        (self.deadline_ns, self.ticket)
    }
}

impl Timers {
    /// Nobody sleeps.
    pub const fn new() -> Self {
        Self {
            sleepers: KernelLock::new(Vec::new()),
            earliest_ns: AtomicU64::new(u64::MAX),
            next: AtomicU64::new(0),
        }
    }

    /// The earliest moment that somebody waits for; `u64::MAX` where nobody does.
    pub fn next_deadline_ns(&self) -> u64 {
        // Relaxed: only the core whose timer this is asked for adds sleepers; one who was removed wakes it for nothing.
        self.earliest_ns.load(Ordering::Relaxed)
    }

    /// Called with the lock held, after each change.
    fn note_earliest(&self, sleepers: &[Sleeper]) {
        let earliest_ns = sleepers.last().map_or(u64::MAX, |sleeper| sleeper.deadline_ns);
        self.earliest_ns.store(earliest_ns, Ordering::Relaxed);
    }

    /// Wakes everybody whose moment has come.
    pub fn fire(&self, now_ns: u64) {
        while self.next_deadline_ns() <= now_ns {
            let due = {
                let mut sleepers = self.sleepers.lock();
                let due = sleepers.pop_if(|sleeper| sleeper.deadline_ns <= now_ns);
                self.note_earliest(&sleepers);
                due
            };
            if let Some(sleeper) = due {
                sleeper.waker.wake();
            }
        }
    }

    /// Notes who is to be woken; false where there is no memory for it.
    fn add(&self, sleeper: Sleeper) -> bool {
        let mut sleepers = self.sleepers.lock();
        match sleepers.binary_search_by(|known| sleeper.key().cmp(&known.key())) {
            Ok(place) => {
                let replaced = core::mem::replace(&mut sleepers[place], sleeper);
                drop(sleepers);
                drop(replaced);
                true
            }
            // A failed growth must not panic while the list is locked.
            Err(_) if sleepers.try_reserve(1).is_err() => false,
            Err(place) => {
                sleepers.insert(place, sleeper);
                self.note_earliest(&sleepers);
                true
            }
        }
    }

    fn remove(&self, key: (u64, u64)) {
        let removed = {
            let mut sleepers = self.sleepers.lock();
            let place = sleepers.binary_search_by(|known| key.cmp(&known.key()));
            let removed = place.ok().map(|place| sleepers.remove(place));
            self.note_earliest(&sleepers);
            removed
        };
        drop(removed);
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
        let sleeper = Sleeper {
            deadline_ns: self.deadline_ns,
            ticket,
            waker: context.waker().clone(),
        };
        if !self.timers.add(sleeper) {
            // Asks again as long as memory is short.
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.timers.remove((self.deadline_ns, ticket));
        }
    }
}
