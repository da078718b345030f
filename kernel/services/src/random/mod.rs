//! Random numbers: noise comes in from sources, is tested, and collects in a pool; from the pool the machine's root key is
//! made, and from that the generator of each task.
//!
//! | module | what it holds |
//! |---|---|
//! | [`source`] | the kinds of noise, what each is believed to hold, and what became of it |
//! | [`health`] | the tests that raw noise must pass all the time (NIST SP 800-90B, 4.4, and tests for patterns) |
//! | [`pool`] | noise mixed by a hash, and how much of it counts |
//! | [`root`] | the machine's key: not ready before [`READY_BITS`] bits, made anew with each further portion |
//! | [`generator`] | ChaCha20, for one task |
//! | [`jitter`] | noise from how long memory accesses take |
//! | [`arrivals`] | noise from when interrupts arrive |
//!
//! Nothing is guessed: before the root is ready there are no random numbers, and a source that fails its tests counts no
//! more, what it has given included.

pub mod arrivals;
pub mod generator;
pub mod health;
pub mod jitter;
pub mod pool;
pub mod root;
pub mod source;

#[cfg(test)]
mod tests;

pub use generator::Generator;
pub use root::{NotReady, Root};
pub use source::Kind;

/// Bytes that a generator starts from.
pub const SEED_BYTES: usize = 32;
/// Bits of noise that must have come in before the first random number goes out, and before each renewal of the key.
pub const READY_BITS: u32 = 256;
