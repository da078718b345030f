//! When a heap gives its end back: the one rule of the kernel heap and of the arenas.

use super::{PAGE_BYTES, stack};

/// Pages go back when this much is free at the end.
const SHRINK_BYTES: usize = 1 << 20;

/// Where a heap whose last free chunk lies from `chunk_base` to `heap_end` should end from now on, keeping `kept_bytes`
/// of the chunk for the next growth; `None` where it stays as it is. Unmapping takes kernel locks, for which there must be
/// stack enough.
pub(super) fn new_end(chunk_base: *mut u8, heap_end: *mut u8, is_heap_base: bool, kept_bytes: usize) -> Option<usize> {
    let (chunk_base, heap_end) = (chunk_base as usize, heap_end as usize);
    if is_heap_base || heap_end - chunk_base < SHRINK_BYTES || stack::is_tight() {
        return None;
    }
    Some((chunk_base + kept_bytes).next_multiple_of(PAGE_BYTES))
}
