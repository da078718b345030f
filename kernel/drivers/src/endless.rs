//! A counter that wraps after seconds or minutes, made into one that never does.
//!
//! Each reading adds what the counter has moved on since the last one. That is right as long as somebody reads once in
//! every wrap, so somebody must. A later reader loses whole wraps, but never goes back. Any core may read at any time; no
//! lock.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::counter::ReferenceCounter;

/// A counter that does not wrap.
#[derive(Debug)]
pub struct Endless<C> {
    counter: C,
    /// The count at the last reading, from the first one on.
    last: AtomicU64,
    /// What the counter itself showed when `last` was 0.
    first: u64,
}

impl<C: ReferenceCounter> Endless<C> {
    /// Counts from 0 on from now.
    pub fn new(counter: C) -> Self {
        Self {
            first: counter.read(),
            last: AtomicU64::new(0),
            counter,
        }
    }

    /// Counts since the start.
    pub fn count(&self) -> u64 {
        // The last count is read first: the counter's own value is then from later, and the difference cannot be of a
        // step back. Acquire and release: whoever sees a count also reads the counter after it.
        let last = self.last.load(Ordering::Acquire);
        let shown = self.counter.read().wrapping_sub(self.first);
        let now = last + (shown.wrapping_sub(last) & self.counter.mask());
        self.last.fetch_max(now, Ordering::AcqRel).max(now)
    }

    /// Nanoseconds since the start.
    pub fn elapsed_ns(&self) -> u64 {
        let counts = u128::from(self.count());
        (counts * 1_000_000_000 / u128::from(self.counter.frequency_hz().max(1))) as u64
    }

    /// The counter itself.
    pub fn counter(&self) -> &C {
        &self.counter
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hw::fake::Random;
    use std::sync::Arc;
    use std::thread;

    /// Real time, of which a counter shows so many bits.
    struct Wrapping {
        time: Arc<AtomicU64>,
        mask: u64,
    }

    impl ReferenceCounter for Wrapping {
        fn read(&self) -> u64 {
            self.time.load(Ordering::SeqCst) & self.mask
        }

        fn frequency_hz(&self) -> u64 {
            1_000_000
        }

        fn mask(&self) -> u64 {
            self.mask
        }
    }

    fn counter(start: u64, bits: u32) -> (Arc<AtomicU64>, Endless<Wrapping>) {
        let time = Arc::new(AtomicU64::new(start));
        let mask = (1 << bits) - 1;
        let endless = Endless::new(Wrapping {
            time: Arc::clone(&time),
            mask,
        });
        (time, endless)
    }

    #[test]
    fn follows_the_time_over_thousands_of_wraps() {
        for bits in [24, 32] {
            let start = (1 << bits) - 5;
            let (time, endless) = counter(start, bits);
            let mut random = Random(u64::from(bits));
            for _ in 0..20_000 {
                time.fetch_add(random.below(1 << bits) as u64, Ordering::SeqCst);
                assert_eq!(endless.count(), time.load(Ordering::SeqCst) - start);
            }
            assert!(endless.count() >> bits > 5_000);
            assert_eq!(endless.elapsed_ns(), endless.count() * 1000);
        }
    }

    #[test]
    fn a_reader_that_comes_just_before_the_wrap_is_right_and_a_later_one_never_goes_back() {
        let (time, endless) = counter(100, 24);
        let wrap = 1 << 24;
        time.fetch_add(wrap - 1, Ordering::SeqCst);
        assert_eq!(endless.count(), wrap - 1);
        // Three wraps and a bit without a reading: the bit is all that is seen.
        time.fetch_add(3 * wrap + 77, Ordering::SeqCst);
        assert_eq!(endless.count(), wrap - 1 + 77);
        let mut last = endless.count();
        let mut random = Random(9);
        for _ in 0..1000 {
            time.fetch_add(random.below(1 << 27) as u64, Ordering::SeqCst);
            let now = endless.count();
            assert!(now >= last);
            last = now;
        }
    }

    #[test]
    fn readers_at_once_never_see_it_go_back() {
        let (time, endless) = counter(0, 24);
        let step = 997;
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut last = 0;
                    for _ in 0..50_000 {
                        time.fetch_add(step, Ordering::SeqCst);
                        let now = endless.count();
                        assert!(now >= last, "{now} after {last}");
                        last = now;
                    }
                });
            }
        });
        assert_eq!(endless.count(), 4 * 50_000 * step);
    }
}
