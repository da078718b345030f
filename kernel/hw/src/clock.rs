//! Time for drivers: a monotonic clock, and waits that always end.

use core::fmt;

/// The limit of a wait passed before its condition held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("timed out")
    }
}

/// A clock that never goes back.
pub trait Clock {
    /// Nanoseconds since some fixed moment.
    fn now_ns(&self) -> u64;

    /// Milliseconds since the same moment.
    fn now_ms(&self) -> u64 {
        self.now_ns() / 1_000_000
    }

    /// Polls `done` until it holds or `limit_ms` milliseconds have passed.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if `done` did not even hold in a try that began after the limit.
    fn wait_until(&self, limit_ms: u64, done: impl FnMut() -> bool) -> Result<(), TimedOut> {
        self.wait_until_us(limit_ms.saturating_mul(1_000), done)
    }

    /// Polls `done` until it holds or `limit_us` microseconds have passed.
    ///
    /// # Errors
    ///
    /// As [`Clock::wait_until`].
    fn wait_until_us(&self, limit_us: u64, mut done: impl FnMut() -> bool) -> Result<(), TimedOut> {
        let deadline = self.now_ns().saturating_add(limit_us.saturating_mul(1_000));
        loop {
            // The time is read first: a core that lost time between the two must not report a false timeout.
            let now = self.now_ns();
            if done() {
                return Ok(());
            }
            if now >= deadline {
                return Err(TimedOut);
            }
            core::hint::spin_loop();
        }
    }
}

impl<T: Clock> Clock for &T {
    fn now_ns(&self) -> u64 {
        T::now_ns(self)
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, TimedOut};
    use crate::fake::FakeClock;

    #[test]
    fn a_wait_ends_when_its_condition_holds() {
        let clock = FakeClock::with_step_ns(1_000);
        let mut tries = 0;
        let result = clock.wait_until(1, || {
            tries += 1;
            tries == 5
        });
        assert_eq!((result, tries), (Ok(()), 5));
    }

    #[test]
    fn a_wait_ends_at_its_limit() {
        let clock = FakeClock::with_step_ns(1_000);
        assert_eq!(clock.wait_until_us(50, || false), Err(TimedOut));
        assert!((50_000..60_000).contains(&clock.now_ns()));
        assert_eq!(clock.wait_until(0, || true), Ok(()));
    }
}
