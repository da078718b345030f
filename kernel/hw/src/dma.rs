//! Memory that a device reads and writes by itself.
//!
//! It is physically contiguous, starts on a page and begins as zeros. On PCs such accesses see what the processor's caches
//! hold, so only their order wants care: see [`DmaMemory::fence`].

use core::fmt;
use core::sync::atomic::{Ordering, fence};

/// No such memory is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl fmt::Display for OutOfMemory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("there is no memory for the device to work in")
    }
}

/// A piece of such memory. What is read may change at any time: read it once, then check it.
///
/// Offsets are multiples of the width, and within the memory; others are a defect of the driver, which panics.
pub trait DmaMemory {
    /// Where the device finds it.
    fn bus_address(&self) -> u64;
    /// Its size.
    fn length_bytes(&self) -> usize;
    /// Reads 16 bits in one access.
    fn read16(&self, offset: usize) -> u16;
    /// Writes 16 bits in one access.
    fn write16(&self, offset: usize, value: u16);
    /// Reads 32 bits in one access.
    fn read32(&self, offset: usize) -> u32;
    /// Writes 32 bits in one access.
    fn write32(&self, offset: usize, value: u32);
    /// Writes 64 bits in one access.
    fn write64(&self, offset: usize, value: u64);
    /// Copies bytes out.
    fn read(&self, offset: usize, bytes: &mut [u8]);
    /// Copies bytes in.
    fn write(&self, offset: usize, bytes: &[u8]);

    /// What was written before is seen by the device before what is written after; what is read after was there after
    /// what was read before. Reads are kept behind writes too, which processors do not do by themselves.
    fn fence(&self) {
        fence(Ordering::SeqCst);
    }
}

/// Where such memory comes from.
pub trait DmaAllocator {
    /// A piece of it.
    type Memory: DmaMemory;

    /// At least `length_bytes` bytes, all zero.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`]
    fn allocate(&self, length_bytes: usize) -> Result<Self::Memory, OutOfMemory>;
}
