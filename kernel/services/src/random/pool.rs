//! Where noise collects: everything goes through one hash, and what counts is counted by source, so that what a source
//! has given can be taken off the count when it fails.

use sha2::{Digest, Sha256};

use super::{Kind, SEED_BYTES};

/// Noise, mixed.
#[derive(Clone)]
pub(super) struct Pool {
    mixer: Sha256,
    bits: [u32; Kind::ALL.len()],
}

impl Pool {
    pub(super) fn new() -> Self {
        Self {
            mixer: Sha256::new(),
            bits: [0; Kind::ALL.len()],
        }
    }

    /// Mixes `noise` in, which can only make the pool harder to guess.
    pub(super) fn mix(&mut self, label: u8, noise: &[u8]) {
        // Label and length go first, so that no two ways to cut the same bytes are the same.
        self.mixer.update([label]);
        self.mixer.update((noise.len() as u32).to_le_bytes());
        self.mixer.update(noise);
    }

    pub(super) fn count(&mut self, kind: Kind, bits: u32) {
        let known = &mut self.bits[kind as usize];
        *known = known.saturating_add(bits);
    }

    /// What `kind` has given counts no more.
    pub(super) fn discount(&mut self, kind: Kind) {
        self.bits[kind as usize] = 0;
    }

    pub(super) fn discount_all(&mut self) {
        self.bits = [0; Kind::ALL.len()];
    }

    /// Bits that count.
    pub(super) fn bits(&self) -> u32 {
        self.bits.iter().fold(0, |sum, bits| sum.saturating_add(*bits))
    }

    /// Takes everything out.
    pub(super) fn take(&mut self) -> [u8; SEED_BYTES] {
        self.discount_all();
        self.mixer.finalize_reset().into()
    }
}
