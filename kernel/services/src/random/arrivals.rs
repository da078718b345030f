//! When interrupts arrive, as handlers note it and the service of random numbers collects it.
//!
//! No lock: a handler that finds the ring full, or whose place is written over meanwhile, loses a time stamp, and nobody
//! minds.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Time stamps kept between two collections.
const PLACES: usize = 64;

/// The newest time stamps.
pub struct Arrivals {
    stamps: [AtomicU64; PLACES],
    next: AtomicUsize,
}

impl Arrivals {
    /// Nothing has arrived.
    pub const fn new() -> Self {
        Self {
            stamps: [const { AtomicU64::new(0) }; PLACES],
            next: AtomicUsize::new(0),
        }
    }

    /// Notes an arrival. For interrupt handlers.
    // Relaxed: a stamp carries no other data.
    pub fn note(&self, stamp: u64) {
        let place = self.next.fetch_add(1, Ordering::Relaxed) % PLACES;
        self.stamps[place].store(stamp, Ordering::Relaxed);
    }

    /// Takes what has arrived, in no certain order.
    pub fn collect(&self, mut take: impl FnMut(u64)) {
        for stamp in &self.stamps {
            match stamp.swap(0, Ordering::Relaxed) {
                0 => {}
                stamp => take(stamp),
            }
        }
    }
}

impl Default for Arrivals {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_each_stamp_once_and_keeps_the_newest() {
        let arrivals = Arrivals::new();
        (1..=100).for_each(|stamp| arrivals.note(stamp));
        let mut taken = Vec::new();
        arrivals.collect(|stamp| taken.push(stamp));
        taken.sort_unstable();
        assert_eq!(taken, (37..=100).collect::<Vec<u64>>());
        arrivals.collect(|stamp| panic!("{stamp} twice"));
    }
}
