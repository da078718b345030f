//! Random numbers: one generator for the whole machine, and one of its own for each task that wants to see the same
//! numbers again.
//!
//! Both are ChaCha20, so what they gave out does not tell what comes next.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};

use crate::lock::Lock;

/// Bytes that a generator starts from.
pub const SEED_BYTES: usize = 32;

static MACHINE: Lock<Option<Generator>> = Lock::new(None);

/// A stream of random numbers.
#[derive(Debug)]
pub struct Generator(ChaCha20Rng);

impl Generator {
    /// A generator that nobody can predict who does not know `seed`.
    pub fn new(seed: [u8; SEED_BYTES]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    /// A generator whose numbers follow from `number`: the same on every machine and in every version.
    pub fn reproducible(number: u64) -> Self {
        let mut seed = [0; SEED_BYTES];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        Self::new(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Overwrites `bytes` with random ones.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// A number from 0 to `last`, each as likely as the others.
    pub fn up_to(&mut self, last: u64) -> u64 {
        let Some(count) = last.checked_add(1) else {
            return self.bits();
        };
        // The highest multiple of `count` in 64 bits; beyond it, some numbers would be drawn more often.
        let limit = u64::MAX - (u64::MAX % count + 1) % count;
        loop {
            let bits = self.bits();
            if bits <= limit {
                return bits % count;
            }
        }
    }
}

/// Whether the machine's generator has its seed.
pub fn is_ready() -> bool {
    MACHINE.lock().is_some()
}

/// Gives the machine's generator its seed; later calls change nothing.
pub fn seed_machine(seed: [u8; SEED_BYTES]) {
    MACHINE.lock().get_or_insert_with(|| Generator::new(seed));
}

/// Uses the machine's generator; `None` before it has a seed. `work` is short: all tasks share the generator.
pub fn with_machine<T>(work: impl FnOnce(&mut Generator) -> T) -> Option<T> {
    MACHINE.lock().as_mut().map(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_gives_the_same_stream() {
        let mut first = Generator::reproducible(7);
        // ChaCha20 with the key 07 00 .. 00, nonce and counter 0.
        let mut start = [0; 8];
        first.fill(&mut start);
        let (mut again, mut other) = (Generator::reproducible(7), Generator::reproducible(8));
        assert_eq!(again.bits().to_le_bytes(), start);
        assert_ne!(other.bits().to_le_bytes(), start);
    }

    #[test]
    fn draws_every_number_equally_often() {
        let mut generator = Generator::reproducible(1);
        for last in [0, 1, 2, 6, 9] {
            let mut counts = [0u32; 10];
            let draws = 10_000 * (last + 1);
            for _ in 0..draws {
                counts[generator.up_to(last) as usize] += 1;
            }
            for (number, &count) in (0..).zip(&counts) {
                let expected = if number <= last { 10_000 } else { 0 };
                assert!(count.abs_diff(expected) < 600, "{number} of {last}: {count}");
            }
        }
        assert!((0..1000).all(|_| generator.up_to(u64::MAX / 2 + 1) <= u64::MAX / 2 + 1));
        assert!((0..100).any(|_| generator.up_to(u64::MAX) > u64::MAX / 2));
    }
}
