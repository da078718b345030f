//! The clock, and one thread that wakes whoever waits for it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use services::clocks::{ClockInfo, SetError};
use services::host::{BoxFuture, Clock};

/// The time since it was made, and the host's date.
pub struct HostClock {
    start: Instant,
    /// A date that stands still, for tests.
    fixed_unix_ms: Option<i64>,
    /// What scripts have set the date on by; the host's own stays.
    set_ahead_ms: AtomicI64,
    timers: Arc<Timers>,
}

#[derive(Default)]
struct Timers {
    /// By deadline in nanoseconds, and a number that tells equal ones apart.
    waiting: Mutex<BTreeMap<(u64, u64), Waker>>,
    changed: Condvar,
}

impl Timers {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<(u64, u64), Waker>> {
        self.waiting.lock().expect("no panic under the lock")
    }

    fn run(&self, start: Instant) {
        let mut waiting = self.waiting();
        loop {
            let now_ns = start.elapsed().as_nanos() as u64;
            let later = waiting.split_off(&(now_ns.saturating_add(1), 0));
            let due = std::mem::replace(&mut *waiting, later);
            if !due.is_empty() {
                drop(waiting);
                due.into_values().for_each(Waker::wake);
                waiting = self.waiting();
                continue;
            }
            let next_ns = waiting.keys().next().map_or(u64::MAX, |(deadline_ns, _)| *deadline_ns);
            let rest = Duration::from_nanos(next_ns - now_ns).min(Duration::from_secs(3600));
            waiting = self
                .changed
                .wait_timeout(waiting, rest)
                .expect("no panic under the lock")
                .0;
        }
    }
}

impl HostClock {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self::with_date(None)
    }

    /// A clock that starts now, and whose date stands still at `unix_ms`.
    pub fn with_fixed_date(unix_ms: i64) -> Self {
        Self::with_date(Some(unix_ms))
    }

    fn with_date(fixed_unix_ms: Option<i64>) -> Self {
        let start = Instant::now();
        let timers = Arc::new(Timers::default());
        let running = Arc::clone(&timers);
        thread::spawn(move || running.run(start));
        Self {
            start,
            fixed_unix_ms,
            set_ahead_ms: AtomicI64::new(0),
            timers,
        }
    }
}

impl Default for HostClock {
    fn default() -> Self {
        Self::new()
    }
}

/// Takes its timer off the list when the wait ends early.
struct Entry {
    timers: Arc<Timers>,
    key: Option<(u64, u64)>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.timers.waiting().remove(&key);
        }
    }
}

impl Clock for HostClock {
    fn uptime_ns(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    fn unix_ms(&self) -> Option<i64> {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).ok();
        let real_ms = self
            .fixed_unix_ms
            .or_else(|| now().map(|since| since.as_millis() as i64));
        Some(real_ms? + self.set_ahead_ms.load(Ordering::Relaxed))
    }

    fn set_unix_ms(&self, unix_ms: i64) -> BoxFuture<Result<(), SetError>> {
        let ahead_ms = unix_ms - self.unix_ms().unwrap_or_default();
        self.set_ahead_ms.fetch_add(ahead_ms, Ordering::Relaxed);
        Box::pin(std::future::ready(Ok(())))
    }

    fn clocks(&self) -> Vec<ClockInfo> {
        vec![ClockInfo {
            name: "host",
            rate_hz: 1_000_000_000,
            bits: 64,
            is_used: true,
            note: "",
            drift_ppm: None,
        }]
    }

    fn sleep_until(&self, deadline_ns: u64) -> BoxFuture<()> {
        let start = self.start;
        let mut entry = Entry {
            timers: Arc::clone(&self.timers),
            key: None,
        };
        Box::pin(poll_fn(move |context| {
            if start.elapsed().as_nanos() as u64 >= deadline_ns {
                return Poll::Ready(());
            }
            let mut waiting = entry.timers.waiting();
            let key = entry.key.unwrap_or_else(|| {
                let last = waiting.range(..=(deadline_ns, u64::MAX)).next_back();
                let number = last.map_or(
                    0,
                    |(&(other_ns, number), _)| {
                        if other_ns == deadline_ns { number + 1 } else { 0 }
                    },
                );
                (deadline_ns, number)
            });
            waiting.insert(key, context.waker().clone());
            drop(waiting);
            entry.key = Some(key);
            entry.timers.changed.notify_one();
            Poll::Pending
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::wait_for;

    #[test]
    fn wakes_everybody_in_time_and_forgets_who_left() {
        let clock = HostClock::new();
        let deadline_ns = clock.uptime_ns() + 30_000_000;
        let mut left = clock.sleep_until(u64::MAX - 1);
        assert!(
            left.as_mut()
                .poll(&mut std::task::Context::from_waker(Waker::noop()))
                .is_pending()
        );
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    wait_for(clock.sleep_until(deadline_ns));
                    assert!(clock.uptime_ns() >= deadline_ns);
                });
            }
        });
        assert_eq!(clock.timers.waiting().len(), 1);
        drop(left);
        assert_eq!(clock.timers.waiting().len(), 0);
    }
}
