//! ChaCha20 as a stream of random numbers, for one task.
//!
//! A generator of the machine erases what it has given out and replaces its key with each filling of its buffer ("fast key
//! erasure", D. J. Bernstein 2017): whoever reads its memory learns nothing of earlier numbers. It takes a new seed from
//! the root after so many bytes, and whenever the root has a new key. A reproducible one follows from a number.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use super::SEED_BYTES;
use super::root::{NotReady, Root, erase};

/// Random bytes made at once, less those that become the next key: 4 blocks of the cipher.
const BUFFER_BYTES: usize = 256 - SEED_BYTES;
/// Bytes that a generator gives from one seed.
const RESEED_BYTES: u64 = 64 * 1024;

/// A stream of random numbers.
#[derive(Debug)]
pub struct Generator(Stream);

#[derive(Debug)]
enum Stream {
    Reproducible(ChaCha20Rng),
    Machine(Erasing),
}

struct Erasing {
    key: [u8; SEED_BYTES],
    buffer: [u8; BUFFER_BYTES],
    /// Bytes of the buffer that are used up, and erased.
    used: usize,
    epoch: u64,
    given_bytes: u64,
}

impl core::fmt::Debug for Erasing {
    // Keys are not shown.
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(out, "Erasing({} bytes)", self.given_bytes)
    }
}

/// Makes `out` from `key`, and puts a new key in its place from which `out` cannot be found out.
pub(super) fn stretch(key: &mut [u8; SEED_BYTES], out: &mut [u8]) {
    let mut cipher = ChaCha20Rng::from_seed(*key);
    cipher.fill_bytes(key);
    cipher.fill_bytes(out);
}

impl Erasing {
    fn new(key: [u8; SEED_BYTES], epoch: u64) -> Self {
        Self {
            key,
            buffer: [0; BUFFER_BYTES],
            used: BUFFER_BYTES,
            epoch,
            given_bytes: 0,
        }
    }

    /// The old key goes into the new one: a root that was found out cannot make it worse.
    fn reseed(&mut self, seed: [u8; SEED_BYTES], epoch: u64) {
        let mut mixer = Sha256::new();
        mixer.update(b"task key");
        mixer.update(self.key);
        mixer.update(seed);
        *self = Self::new(mixer.finalize().into(), epoch);
    }

    fn fill(&mut self, out: &mut [u8]) {
        self.given_bytes += out.len() as u64;
        if out.len() >= BUFFER_BYTES {
            return stretch(&mut self.key, out);
        }
        let mut out = out;
        loop {
            let count = out.len().min(BUFFER_BYTES - self.used);
            let (now, rest) = out.split_at_mut(count);
            let taken = &mut self.buffer[self.used..self.used + count];
            now.copy_from_slice(taken);
            erase(taken);
            self.used += count;
            if rest.is_empty() {
                return;
            }
            out = rest;
            stretch(&mut self.key, &mut self.buffer);
            self.used = 0;
        }
    }
}

impl Drop for Erasing {
    fn drop(&mut self) {
        erase(&mut self.key);
        erase(&mut self.buffer);
    }
}

impl Generator {
    /// A generator whose numbers follow from `number`: the same on every machine and in every version.
    pub fn reproducible(number: u64) -> Self {
        let mut seed = [0; SEED_BYTES];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        Self(Stream::Reproducible(ChaCha20Rng::from_seed(seed)))
    }

    pub(super) fn of_machine(seed: [u8; SEED_BYTES], epoch: u64) -> Self {
        Self(Stream::Machine(Erasing::new(seed, epoch)))
    }

    /// Makes sure of a fresh enough seed: call it before each use.
    ///
    /// # Errors
    ///
    /// [`NotReady`] where the root has none any more.
    #[inline]
    pub fn refresh(&mut self, root: &Root) -> Result<(), NotReady> {
        match &mut self.0 {
            Stream::Machine(machine) if machine.epoch != root.epoch() || machine.given_bytes >= RESEED_BYTES => {
                let (seed, epoch) = root.seed()?;
                machine.reseed(seed, epoch);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        match &mut self.0 {
            Stream::Reproducible(cipher) => cipher.next_u64(),
            Stream::Machine(machine) => {
                let mut bytes = [0; 8];
                machine.fill(&mut bytes);
                u64::from_le_bytes(bytes)
            }
        }
    }

    /// Overwrites `bytes` with random ones.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        match &mut self.0 {
            Stream::Reproducible(cipher) => cipher.fill_bytes(bytes),
            Stream::Machine(machine) => machine.fill(bytes),
        }
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
