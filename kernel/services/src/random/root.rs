//! The machine's key, from which every task's generator starts.
//!
//! One lock guards it. Tasks take it once for some 64 KiB of random numbers, and the sources once for each portion of
//! noise, so thousands of tasks do not meet at it.

use alloc::vec::Vec;
use core::fmt;
use core::hint::black_box;
use core::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use spin::LazyLock;

use super::generator::stretch;
use super::health::Failure;
use super::pool::Pool;
use super::source::{Source, SourceInfo};
use super::{Generator, Kind, READY_BITS, SEED_BYTES};
use crate::lock::Lock;

/// Samples taken under one hold of the lock.
const PORTION: usize = 64;
/// Mixed in, never counted: what differs from machine to machine or from boot to boot.
const PERSONAL: u8 = 0xFF;

/// Too little noise has come in so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotReady {
    /// Bits that count, of the [`READY_BITS`] that are needed.
    pub bits: u32,
}

impl fmt::Display for NotReady {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "only {} of {READY_BITS} bits of noise have come in so far; rand::wait_ready waits, rand::sources tells why",
            self.bits
        )
    }
}

/// How the root is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootInfo {
    /// There are random numbers.
    pub is_ready: bool,
    /// Bits that count and have not gone into the key yet.
    pub pool_bits: u32,
    /// How often the key was made, or made anew, from noise.
    pub seedings: u64,
    /// Seeds given to tasks.
    pub seeds: u64,
}

struct State {
    pool: Pool,
    sources: [Source; Kind::ALL.len()],
    key: [u8; SEED_BYTES],
    seedings: u64,
    seeds: u64,
    is_starved: bool,
}

/// The machine's key and the noise for the next one.
pub struct Root {
    state: LazyLock<Lock<State>>,
    /// Number of the last seeding; 0 where there are no random numbers. Tasks compare it with that of their own seed.
    epoch: AtomicU64,
}

impl Root {
    /// Nothing has come in.
    pub const fn new() -> Self {
        Self {
            state: LazyLock::new(|| {
                Lock::new(State {
                    pool: Pool::new(),
                    sources: Kind::ALL.map(Source::new),
                    key: [0; SEED_BYTES],
                    seedings: 0,
                    seeds: 0,
                    is_starved: false,
                })
            }),
            epoch: AtomicU64::new(0),
        }
    }

    /// A root that is ready at once and whose numbers follow from `seed`.
    #[cfg(test)]
    pub(super) fn with_known_seed(seed: [u8; SEED_BYTES]) -> Self {
        let root = Self::new();
        {
            let mut state = root.state.lock();
            state.pool.mix(PERSONAL, &seed);
            root.make_key(&mut state);
        }
        root
    }

    /// Whether there are random numbers.
    pub fn is_ready(&self) -> bool {
        self.epoch() != 0
    }

    /// Changes with each new key; 0 where there is none.
    #[inline]
    pub(super) fn epoch(&self) -> u64 {
        // Acquire: whoever sees the number sees the key that it stands for; the lock would do as well.
        self.epoch.load(Ordering::Acquire)
    }

    /// Mixes in what an attacker may know but what differs between machines and boots: dates, time stamps, serial
    /// numbers. It never counts.
    pub fn personalize(&self, bytes: &[u8]) {
        self.state.lock().pool.mix(PERSONAL, bytes);
    }

    /// Takes noise: one sample of each byte of `samples`; `raw` is what they were made of and is mixed in whole.
    ///
    /// # Errors
    ///
    /// Why the source is switched off, now or since earlier.
    pub fn contribute(&self, kind: Kind, samples: &[u8], raw: &[u8]) -> Result<(), Failure> {
        if !raw.is_empty() {
            self.state.lock().pool.mix(kind as u8, raw);
        }
        for portion in samples.chunks(PORTION) {
            let mut state = self.state.lock();
            let has_failed = state.sources[kind as usize].failure().is_some();
            let result = state.take(kind, portion);
            if state.pool.bits() >= READY_BITS && !state.is_starved {
                self.make_key(&mut state);
            }
            drop(state);
            if let Err(failure) = result {
                if !has_failed {
                    say_failed(kind, failure);
                }
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Takes a number from a processor's instruction.
    ///
    /// # Errors
    ///
    /// Why the source is switched off, now or since earlier.
    pub fn contribute_word(&self, kind: Kind, word: u64) -> Result<(), Failure> {
        let checked = {
            let mut state = self.state.lock();
            let source = &mut state.sources[kind as usize];
            match source.failure() {
                Some(failure) => return Err(failure),
                None => source.check_word(word),
            }
        };
        match checked {
            Ok(()) => self.contribute(kind, &word.to_le_bytes(), &[]),
            Err(failure) => {
                self.state.lock().pool.discount(kind);
                say_failed(kind, failure);
                Err(failure)
            }
        }
    }

    /// Switches a source off for a reason that its samples do not show.
    pub fn switch_off(&self, kind: Kind, failure: Failure) {
        let mut state = self.state.lock();
        let was_on = state.sources[kind as usize].failure().is_none();
        if was_on {
            state.sources[kind as usize].switch_off(failure);
            state.pool.discount(kind);
        }
        drop(state);
        if was_on {
            say_failed(kind, failure);
        }
    }

    /// A new generator, independent of all others.
    ///
    /// # Errors
    ///
    /// [`NotReady`].
    pub fn generator(&self) -> Result<Generator, NotReady> {
        let (seed, epoch) = self.seed()?;
        Ok(Generator::of_machine(seed, epoch))
    }

    /// A seed that is given once, and the number of the key that it comes from. The key goes on to another one, so that
    /// nobody can find out later which seeds were given.
    pub(super) fn seed(&self) -> Result<([u8; SEED_BYTES], u64), NotReady> {
        let mut state = self.state.lock();
        let epoch = self.epoch();
        if epoch == 0 {
            return Err(NotReady {
                bits: state.pool.bits(),
            });
        }
        let mut seed = [0; SEED_BYTES];
        stretch(&mut state.key, &mut seed);
        state.seeds += 1;
        Ok((seed, epoch))
    }

    /// How the root is.
    pub fn info(&self) -> RootInfo {
        let state = self.state.lock();
        RootInfo {
            is_ready: self.is_ready(),
            pool_bits: state.pool.bits(),
            seedings: state.seedings,
            seeds: state.seeds,
        }
    }

    /// All sources that have given something or were switched off.
    pub fn sources(&self) -> Vec<SourceInfo> {
        let mut sources = Vec::with_capacity(Kind::ALL.len());
        let state = self.state.lock();
        let all = state.sources.iter().map(Source::info);
        sources.extend(all.filter(|info| info.state != super::source::State::Absent));
        sources
    }

    /// Forgets key and noise, and counts none until this is called with false: for tests of what happens then.
    pub fn starve(&self, is_starved: bool) {
        let mut state = self.state.lock();
        state.is_starved = is_starved;
        if is_starved {
            state.pool.discount_all();
            self.epoch.store(0, Ordering::Release);
            erase(&mut state.key);
        }
    }

    /// What was known of the old key does not help with the new one, and a bad pool does not harm a good key.
    fn make_key(&self, state: &mut State) {
        let mut mixer = Sha256::new();
        mixer.update(b"root key");
        mixer.update(state.key);
        mixer.update(state.pool.take());
        state.key = mixer.finalize().into();
        state.seedings += 1;
        self.epoch.store(state.seedings, Ordering::Release);
    }
}

impl Default for Root {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn take(&mut self, kind: Kind, portion: &[u8]) -> Result<(), Failure> {
        self.pool.mix(kind as u8, portion);
        for sample in portion {
            match self.sources[kind as usize].take(*sample) {
                Ok(_) if self.is_starved => {}
                Ok(bits) => self.pool.count(kind, bits),
                Err(failure) => {
                    self.pool.discount(kind);
                    return Err(failure);
                }
            }
        }
        Ok(())
    }
}

fn say_failed(kind: Kind, failure: Failure) {
    log::warn!("random: {} is switched off: {failure}", kind.name());
}

/// Overwrites a key that is not needed any more.
pub(super) fn erase(bytes: &mut [u8]) {
    bytes.fill(0);
    // Else the compiler may leave the writes out, for nobody reads them.
    black_box(bytes);
}
