//! RAM that devices read and write: frames in a row, through the direct map.

use core::ptr::NonNull;

use hw::dma::{DmaAllocator, DmaMemory, OutOfMemory};

use super::{PAGE_BYTES, Physical, frames};

/// The machine's RAM, as drivers get it.
#[derive(Clone, Copy, Debug)]
pub struct Ram;

/// Frames in a row. They are free again when this is dropped: let the device be silent before.
#[derive(Debug)]
pub struct Frames {
    start: Physical,
    base: NonNull<u8>,
    count: usize,
}

impl DmaAllocator for Ram {
    type Memory = Frames;

    fn allocate(&self, length_bytes: usize) -> Result<Frames, OutOfMemory> {
        let count = length_bytes.div_ceil(PAGE_BYTES).max(1);
        let start = frames::allocate_contiguous(count).ok_or(OutOfMemory)?;
        let base = NonNull::new(start.direct::<u8>()).ok_or(OutOfMemory)?;
        // SAFETY: the frames are RAM in the direct map and belong to this value alone.
        unsafe { base.write_bytes(0, count * PAGE_BYTES) };
        Ok(Frames { start, base, count })
    }
}

impl Frames {
    fn place<T>(&self, offset: usize) -> NonNull<T> {
        let (bytes, length) = (size_of::<T>(), self.count * PAGE_BYTES);
        assert!(
            offset.is_multiple_of(bytes) && offset <= length - bytes,
            "{offset:#x} is outside of the device's memory"
        );
        // SAFETY: the assertion keeps the pointer inside the frames.
        unsafe { self.base.add(offset) }.cast()
    }
}

macro_rules! access {
    ($name:ident, $width:ty) => {
        fn $name(&self, offset: usize, value: $width) {
            // SAFETY: `place` is aligned and inside the frames, which this value owns.
            unsafe { self.place::<$width>(offset).write_volatile(value) }
        }
    };
}

impl DmaMemory for Frames {
    fn bus_address(&self) -> u64 {
        self.start.0
    }

    fn length_bytes(&self) -> usize {
        self.count * PAGE_BYTES
    }

    fn read16(&self, offset: usize) -> u16 {
        // SAFETY: `place` is aligned and inside the frames, which this value owns.
        unsafe { self.place::<u16>(offset).read_volatile() }
    }

    fn read32(&self, offset: usize) -> u32 {
        // SAFETY: as for `read16`.
        unsafe { self.place::<u32>(offset).read_volatile() }
    }

    access!(write16, u16);
    access!(write32, u32);
    access!(write64, u64);

    fn read(&self, offset: usize, bytes: &mut [u8]) {
        for (index, byte) in bytes.iter_mut().enumerate() {
            // SAFETY: `place` is inside the frames. Volatile, for the device may write at any time.
            *byte = unsafe { self.place::<u8>(offset + index).read_volatile() };
        }
    }

    fn write(&self, offset: usize, bytes: &[u8]) {
        for (index, byte) in bytes.iter().enumerate() {
            // SAFETY: as for `read`.
            unsafe { self.place::<u8>(offset + index).write_volatile(*byte) };
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        let first = self.start.frame();
        (first..first + self.count).for_each(|frame| frames::free(Physical::of_frame(frame)));
    }
}

// SAFETY: the frames are mapped in the one address space of all cores, and belong to this value.
unsafe impl Send for Frames {}
