//! How busy a core is: the time that it spends halted, in all and in the last second.

use core::sync::atomic::{AtomicU64, Ordering};

/// A share is taken over windows of this length.
const WINDOW_NS: u64 = 1_000_000_000;

/// Written by its core only; others may read at any time, and see a share that is a moment old.
#[derive(Debug, Default)]
pub struct Load {
    online_since_ns: AtomicU64,
    /// Nanoseconds halted since it came online, but for the halt that lasts.
    halted_ns: AtomicU64,
    /// When the halt that lasts began; 0 where the core runs.
    halted_since_ns: AtomicU64,
    window_start_ns: AtomicU64,
    /// `halted_ns` when the window began.
    window_halted_ns: AtomicU64,
    /// Thousandths of the window before.
    last_permille: AtomicU64,
}

/// What a core has done since it came online.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Nanoseconds since it came online.
    pub online_ns: u64,
    /// Of them, those that it did not spend halted.
    pub busy_ns: u64,
    /// Thousandths of about the last second that it did not spend halted.
    pub permille: u32,
}

impl Load {
    /// A core that is not online yet.
    pub const fn new() -> Self {
        Self {
            online_since_ns: AtomicU64::new(0),
            halted_ns: AtomicU64::new(0),
            halted_since_ns: AtomicU64::new(0),
            window_start_ns: AtomicU64::new(0),
            window_halted_ns: AtomicU64::new(0),
            last_permille: AtomicU64::new(0),
        }
    }

    /// The core is online from now on.
    pub fn start(&self, now_ns: u64) {
        self.online_since_ns.store(now_ns, Ordering::Relaxed);
        self.window_start_ns.store(now_ns, Ordering::Relaxed);
    }

    /// The core is about to halt.
    pub fn halt(&self, now_ns: u64) {
        self.halted_since_ns.store(now_ns.max(1), Ordering::Relaxed);
    }

    /// The core runs again.
    pub fn resume(&self, now_ns: u64) {
        let since_ns = self.halted_since_ns.swap(0, Ordering::Relaxed);
        if since_ns != 0 {
            self.halted_ns
                .fetch_add(now_ns.saturating_sub(since_ns), Ordering::Relaxed);
        }
    }

    /// Begins another window where the last one is over; called again and again while the core runs.
    pub fn tick(&self, now_ns: u64) {
        let start_ns = self.window_start_ns.load(Ordering::Relaxed);
        let length_ns = now_ns.saturating_sub(start_ns);
        if length_ns < WINDOW_NS {
            return;
        }
        let halted_ns = self.halted_ns.load(Ordering::Relaxed);
        let in_window_ns = halted_ns.saturating_sub(self.window_halted_ns.load(Ordering::Relaxed));
        self.last_permille
            .store(permille(in_window_ns, length_ns).into(), Ordering::Relaxed);
        self.window_halted_ns.store(halted_ns, Ordering::Relaxed);
        self.window_start_ns.store(now_ns, Ordering::Relaxed);
    }

    /// The load now.
    pub fn share(&self, now_ns: u64) -> Share {
        let halted_since_ns = self.halted_since_ns.load(Ordering::Relaxed);
        let lasting_ns = match halted_since_ns {
            0 => 0,
            since_ns => now_ns.saturating_sub(since_ns),
        };
        let halted_ns = self.halted_ns.load(Ordering::Relaxed) + lasting_ns;
        let online_ns = now_ns.saturating_sub(self.online_since_ns.load(Ordering::Relaxed));
        let length_ns = now_ns.saturating_sub(self.window_start_ns.load(Ordering::Relaxed));
        // A core that halts, or computes without a pause, begins no window meanwhile: the one that lasts tells more.
        let permille = if length_ns >= WINDOW_NS {
            permille(
                halted_ns.saturating_sub(self.window_halted_ns.load(Ordering::Relaxed)),
                length_ns,
            )
        } else {
            self.last_permille.load(Ordering::Relaxed) as u32
        };
        Share {
            online_ns,
            busy_ns: online_ns.saturating_sub(halted_ns),
            permille,
        }
    }
}

/// The thousandths of `length_ns` that were not spent halted.
fn permille(halted_ns: u64, length_ns: u64) -> u32 {
    let busy_ns = length_ns.saturating_sub(halted_ns);
    (u128::from(busy_ns) * 1000 / u128::from(length_ns.max(1))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: u64 = WINDOW_NS;

    #[test]
    fn a_core_that_never_halts_is_busy_and_one_that_always_does_is_not() {
        let load = Load::new();
        load.start(5);
        assert_eq!(load.share(5 + SECOND_NS).permille, 1000);
        load.halt(5 + SECOND_NS);
        load.tick(5 + SECOND_NS);
        let share = load.share(5 + 11 * SECOND_NS);
        assert_eq!(
            (share.permille, share.busy_ns, share.online_ns),
            (0, SECOND_NS, 11 * SECOND_NS)
        );
    }

    #[test]
    fn the_share_is_of_the_last_whole_second() {
        let load = Load::new();
        load.start(0);
        let mut now_ns = 0;
        // A quarter busy.
        for _ in 0..40 {
            load.tick(now_ns);
            now_ns += SECOND_NS / 40;
            load.halt(now_ns);
            now_ns += 3 * SECOND_NS / 40;
            load.resume(now_ns);
        }
        load.tick(now_ns);
        assert_eq!(load.share(now_ns).permille, 250);
        assert_eq!(load.share(now_ns).busy_ns, SECOND_NS);
        // What happens now counts from the next second on.
        assert_eq!(load.share(now_ns + SECOND_NS / 2).permille, 250);
    }
}
