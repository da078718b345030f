//! A register window over a device's memory.

use core::ptr::NonNull;

use crate::register::{NarrowIo, RegisterIo};

/// One device's registers in the kernel's address space.
#[derive(Debug)]
pub struct Mmio {
    base: NonNull<u8>,
    length_bytes: usize,
}

impl Mmio {
    /// A window of `length_bytes` at `base`.
    ///
    /// # Safety
    ///
    /// `base` must be 4-byte aligned and map `length_bytes >= 4` bytes of one device's registers, readable, writable
    /// and uncached, until power-off. No other `Mmio` may cover them.
    pub const unsafe fn new(base: NonNull<u8>, length_bytes: usize) -> Self {
        Self { base, length_bytes }
    }

    /// Bytes in the window.
    pub const fn length_bytes(&self) -> usize {
        self.length_bytes
    }

    fn word(&self, offset: usize) -> NonNull<u32> {
        self.place(offset)
    }

    fn place<T>(&self, offset: usize) -> NonNull<T> {
        let bytes = size_of::<T>();
        assert!(
            offset.is_multiple_of(bytes) && bytes <= self.length_bytes && offset <= self.length_bytes - bytes,
            "register {offset:#x} is outside its window"
        );
        // SAFETY: the assertion keeps the pointer inside the window given to `new`.
        unsafe { self.base.add(offset) }.cast()
    }
}

impl RegisterIo for Mmio {
    fn read32(&self, offset: usize) -> u32 {
        // SAFETY: `word` is aligned and inside a window that `new`'s caller promised to be mapped for good.
        unsafe { self.word(offset).read_volatile() }
    }

    fn write32(&self, offset: usize, value: u32) {
        // SAFETY: as for `read32`.
        unsafe { self.word(offset).write_volatile(value) }
    }
}

impl NarrowIo for Mmio {
    fn read8(&self, offset: usize) -> u8 {
        // SAFETY: `place` lies inside a window that `new`'s caller promised to be mapped for good.
        unsafe { self.place::<u8>(offset).read_volatile() }
    }

    fn write8(&self, offset: usize, value: u8) {
        // SAFETY: as for `read8`.
        unsafe { self.place::<u8>(offset).write_volatile(value) }
    }

    fn read16(&self, offset: usize) -> u16 {
        // SAFETY: as for `read8`; `place` is aligned.
        unsafe { self.place::<u16>(offset).read_volatile() }
    }

    fn write16(&self, offset: usize, value: u16) {
        // SAFETY: as for `read16`.
        unsafe { self.place::<u16>(offset).write_volatile(value) }
    }
}

// SAFETY: the window is mapped in every address space of the kernel, so any core can use it.
unsafe impl Send for Mmio {}

// SAFETY: the window is device memory that holds no Rust value; every access is one whole 32-bit transaction, so two
// cores at once cannot tear one. The order of their accesses is the driver's business.
unsafe impl Sync for Mmio {}

#[cfg(test)]
mod tests {
    use super::{Mmio, NarrowIo, NonNull, RegisterIo};

    #[test]
    fn reads_and_writes_words_in_place() {
        let mut memory = [0_u32, 7, 0];
        let base = NonNull::from(&mut memory).cast();
        // SAFETY: the array is aligned, 12 bytes long and outlives the window; nothing else uses it meanwhile.
        let window = unsafe { Mmio::new(base, 12) };
        window.write32(8, window.read32(4) + 1);
        assert_eq!(memory, [0, 7, 8]);
    }

    #[test]
    fn narrow_registers_leave_their_neighbours_alone() {
        let mut memory = [0x1122_3344_u32, 0];
        let base = NonNull::from(&mut memory).cast();
        // SAFETY: the array is aligned, 8 bytes long and outlives the window; nothing else uses it meanwhile.
        let window = unsafe { Mmio::new(base, 8) };
        assert_eq!((window.read16(0), window.read16(2)), (0x3344, 0x1122));
        window.write8(1, 0xAA);
        window.write16(6, 0xBBCC);
        assert_eq!(memory, [0x1122_AA44, 0xBBCC_0000]);
    }

    #[test]
    #[should_panic(expected = "outside its window")]
    fn refuses_a_register_beyond_its_end() {
        let mut memory = [0_u32; 2];
        // SAFETY: as above.
        let window = unsafe { Mmio::new(NonNull::from(&mut memory).cast(), 8) };
        window.read32(8);
    }
}
