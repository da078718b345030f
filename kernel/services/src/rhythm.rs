//! When something that repeats is due: at multiples of its period, however late the last time was.

/// A period and the next time, in nanoseconds of uptime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    period_ns: u64,
    due_ns: u64,
}

impl Rhythm {
    /// Due first one period after `now_ns`; a period of zero counts as one nanosecond.
    pub fn new(now_ns: u64, period_ns: u64) -> Self {
        let period_ns = period_ns.max(1);
        Self {
            period_ns,
            due_ns: now_ns.saturating_add(period_ns),
        }
    }

    /// The next time.
    pub fn due_ns(&self) -> u64 {
        self.due_ns
    }

    /// It was dealt with, and `now_ns` is it by now: goes on to the next time that lies ahead, and returns how many were
    /// passed over.
    pub fn advance(&mut self, now_ns: u64) -> u64 {
        self.due_ns = self.due_ns.saturating_add(self.period_ns);
        if self.due_ns > now_ns {
            return 0;
        }
        let skipped = (now_ns - self.due_ns) / self.period_ns + 1;
        self.due_ns = self.due_ns.saturating_add(skipped.saturating_mul(self.period_ns));
        skipped
    }
}

#[cfg(test)]
mod tests {
    use super::Rhythm;

    #[test]
    fn does_not_drift() {
        let mut rhythm = Rhythm::new(1000, 100);
        for tick in 1..1000 {
            assert_eq!(rhythm.due_ns(), 1000 + 100 * tick);
            // Each time it comes a little late and takes a while.
            assert_eq!(rhythm.advance(1000 + 100 * tick + 37), 0);
        }
    }

    #[test]
    fn passes_over_what_is_too_late_and_counts_it() {
        let mut rhythm = Rhythm::new(0, 100);
        assert_eq!(rhythm.advance(550), 4);
        assert_eq!(rhythm.due_ns(), 600);
        // Exactly on time is too late for this one, and the next is a whole period away.
        assert_eq!(rhythm.advance(700), 1);
        assert_eq!(rhythm.due_ns(), 800);
    }

    #[test]
    fn survives_the_ends_of_the_numbers() {
        let mut rhythm = Rhythm::new(u64::MAX - 5, 0);
        assert_eq!(rhythm.due_ns(), u64::MAX - 4);
        rhythm.advance(u64::MAX);
        let mut far = Rhythm::new(5, u64::MAX);
        assert_eq!(far.advance(6), 0);
        assert_eq!(far.due_ns(), u64::MAX);
    }
}
