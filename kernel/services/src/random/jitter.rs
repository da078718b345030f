//! Noise from how long memory accesses take.
//!
//! Caches, buses, refresh cycles, other cores and the hypervisor all have a part in it. The work between two looks at the
//! time-stamp counter is the same number of instructions each time, whatever the memory holds: on a machine whose time
//! follows from its instructions, as some emulators can be told to be, all samples are equal and the tests see it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hint::black_box;

/// Words of memory walked, a power of two: beyond the first cache of most processors.
const WORDS: usize = 8192;
/// Accesses between two looks at the counter.
const ACCESSES: usize = 48;
/// Differences from which the counter's steps are found out.
const TRIALS: usize = 64;

/// Measures memory accesses.
pub struct Jitter {
    memory: Box<[u64]>,
    place: usize,
    /// The counter moves by multiples of this; some count in steps of the bus clock.
    step: u64,
}

impl Jitter {
    /// Gets its memory and finds out the counter's steps; `None` where memory is short.
    pub fn new(ticks: fn() -> u64) -> Option<Self> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(WORDS).ok()?;
        memory.resize(WORDS, 0x9E37_79B9_7F4A_7C15);
        let mut jitter = Self {
            memory: memory.into_boxed_slice(),
            place: 0,
            step: 1,
        };
        let differences = (0..TRIALS).map(|_| jitter.measure(ticks));
        jitter.step = differences.fold(0, greatest_common_divisor).max(1);
        Some(jitter)
    }

    /// The next sample, and what it was made of.
    pub fn sample(&mut self, ticks: fn() -> u64) -> (u8, u64) {
        let difference = self.measure(ticks);
        ((difference / self.step) as u8, difference)
    }

    fn measure(&mut self, ticks: fn() -> u64) -> u64 {
        let start = ticks();
        for _ in 0..ACCESSES {
            let word = &mut self.memory[self.place % WORDS];
            *word = word
                .rotate_left(7)
                .wrapping_mul(0x5851_F42D_4C95_7F2D)
                .wrapping_add(self.place as u64);
            // The next place depends on what was read, so no access can begin before the last one has ended.
            self.place = (*word >> 40) as usize;
        }
        let difference = ticks().wrapping_sub(start);
        self.place = black_box(self.place ^ difference as usize);
        difference
    }
}

fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn finds_the_steps_of_a_coarse_counter() {
        static TICKS: AtomicU64 = AtomicU64::new(0);
        /// Counts in steps of 24, one to eight at a time.
        fn ticks() -> u64 {
            let before = TICKS.load(Ordering::Relaxed);
            let steps = 1 + (before / 24).wrapping_mul(0x5851_F42D) % 8;
            TICKS.store(before + 24 * steps, Ordering::Relaxed);
            before
        }
        let mut jitter = Jitter::new(ticks).expect("memory");
        assert_eq!(jitter.step, 24);
        for _ in 0..100 {
            let (sample, raw) = jitter.sample(ticks);
            assert_eq!(u64::from(sample) * 24, raw);
        }
    }

    #[test]
    fn a_counter_that_stands_still_gives_equal_samples() {
        let mut jitter = Jitter::new(|| 7).expect("memory");
        assert!((0..100).all(|_| jitter.sample(|| 7) == (0, 0)));
    }
}
