//! The kernel heap: one range of addresses that grows upwards, page by page, until no frame is left, and gives its end
//! back when that is free.

use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use talc::base::Talc;
use talc::base::binning::{Binning, DefaultBinning};
use talc::source::Source;

use super::{HEAP, PAGE_BYTES, frames, paging, shrink};
use crate::arch::lock::KernelLock;

static TALC: KernelLock<Talc<Growth, DefaultBinning>> = KernelLock::new(Talc::new(Growth { end: 0 }));
/// Bytes committed; a mirror that can be read without the lock.
static COMMITTED: AtomicUsize = AtomicUsize::new(0);
/// Left to stacks and page tables: a heap that takes everything would never give it back.
const SPARE_BYTES: u64 = 512 * 1024;
/// Grow by at least this much.
const STEP_BYTES: usize = 128 * 1024;
/// Kept of the free memory at the heap's end when that is given back.
const KEPT_BYTES: usize = 256 * 1024;

/// Takes frames for the heap when it is full.
#[derive(Debug)]
struct Growth {
    /// One past the heap's last byte; 0 where there is no heap yet.
    end: usize,
}

// SAFETY: neither function uses the heap it serves: frames and page tables come from the frame allocator.
unsafe impl Source for Growth {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        let committed = COMMITTED.load(Ordering::Relaxed);
        let bytes = (layout.size() + layout.align() + PAGE_BYTES).next_multiple_of(STEP_BYTES);
        let start = HEAP + committed;
        if !frames::has_free(bytes as u64 + SPARE_BYTES) {
            return Err(());
        }
        paging::map_range(start, bytes).map_err(|_| ())?;
        COMMITTED.store(committed + bytes, Ordering::Relaxed);
        let new_end = (start + bytes) as *mut u8;
        let end = match NonNull::new(talc.source.end as *mut u8) {
            // SAFETY: the pages from the old end to the new one were mapped above and are used by nobody else.
            Some(end) => unsafe { talc.extend(end, new_end) },
            // SAFETY: as above, for the heap's first pages.
            None => unsafe { talc.claim(HEAP as *mut u8, bytes) }.ok_or(())?,
        };
        talc.source.end = end.as_ptr() as usize;
        Ok(())
    }

    const TRACK_HEAP_END: bool = true;

    unsafe fn resize(&mut self, chunk_base: *mut u8, heap_end: *mut u8, is_heap_base: bool) -> *mut u8 {
        let Some(new_end) = shrink::new_end(chunk_base, heap_end, is_heap_base, KEPT_BYTES) else {
            return heap_end;
        };
        let mapped_end = HEAP + COMMITTED.load(Ordering::Relaxed);
        paging::unmap_range(new_end, mapped_end - new_end);
        COMMITTED.store(new_end - HEAP, Ordering::Relaxed);
        self.end = new_end;
        new_end as *mut u8
    }
}

/// Allocates; null where memory has run out.
///
/// # Safety
///
/// `layout` must have a size above zero.
pub unsafe fn allocate(layout: Layout) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { TALC.lock().allocate(layout) }.map_or(core::ptr::null_mut(), NonNull::as_ptr)
}

/// Frees.
///
/// # Safety
///
/// `pointer` must come from [`allocate`] with the same layout and not have been freed.
pub unsafe fn free(pointer: *mut u8, layout: Layout) {
    // SAFETY: the caller's promise.
    unsafe { TALC.lock().deallocate(pointer, layout) };
}

/// Resizes without moving; false where that is impossible.
///
/// # Safety
///
/// As for [`free`]; `new_size` is above zero.
pub unsafe fn resize_in_place(pointer: *mut u8, layout: Layout, new_size: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe { TALC.lock().try_realloc_in_place(pointer, layout, new_size) }
}

/// Bytes committed to the heap.
pub fn committed_bytes() -> u64 {
    COMMITTED.load(Ordering::Relaxed) as u64
}

/// Bytes allocated from the heap.
pub fn used_bytes() -> u64 {
    TALC.lock().counters().allocated_bytes as u64
}
