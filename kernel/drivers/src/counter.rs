//! Counters of known rate, to measure the processor's time stamp counter against.

/// A counter that runs by itself at a known rate and wraps.
pub trait ReferenceCounter {
    /// The count now.
    fn read(&self) -> u64;
    /// Counts in a second.
    fn frequency_hz(&self) -> u64;
    /// The largest count, all ones; after it comes 0.
    fn mask(&self) -> u64;
}
