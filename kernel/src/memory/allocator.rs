//! The global allocator: the running task's arena while script code runs, else the kernel heap.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;

use super::{arena, heap, stack};
use crate::arch::core_local::{self, DeferredBlock};

struct Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

// SAFETY: both allocators keep to the contract of `GlobalAlloc`; the owner of a pointer follows from its address.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let arena = core_local::get().allocating.get();
        if arena.is_null() {
            // SAFETY: the caller's promise.
            unsafe { heap::allocate(layout) }
        } else {
            // SAFETY: the core allocates from an arena only while its task runs.
            unsafe { arena::allocate(arena, layout) }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if arena::contains(pointer as usize) {
            // SAFETY: the caller's promise.
            unsafe { arena::free(pointer, layout) };
        } else {
            // SAFETY: the caller's promise.
            unsafe { free_on_heap(pointer, layout) };
        }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let resized = if arena::contains(pointer as usize) {
            // SAFETY: the caller's promise.
            unsafe { arena::resize_in_place(pointer, layout, new_size) }
        } else {
            // SAFETY: the caller's promise.
            !stack::is_tight() && unsafe { heap::resize_in_place(pointer, layout, new_size) }
        };
        if resized {
            return pointer;
        }
        // SAFETY: the caller promises that `new_size`, rounded up to the alignment, does not overflow.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: `new_size` is above zero by the caller's promise.
        let moved = unsafe { self.alloc(new_layout) };
        if !moved.is_null() {
            // SAFETY: both blocks hold at least this many bytes and do not overlap.
            unsafe { ptr::copy_nonoverlapping(pointer, moved, layout.size().min(new_size)) };
            // SAFETY: the caller's promise.
            unsafe { self.dealloc(pointer, layout) };
        }
        moved
    }
}

/// Frees a kernel-heap block now, or later where script code with little stack left drops it.
///
/// # Safety
///
/// As for [`GlobalAlloc::dealloc`].
unsafe fn free_on_heap(pointer: *mut u8, layout: Layout) {
    let core = core_local::get();
    let is_tight = !core.allocating.get().is_null() && stack::is_tight();
    if !is_tight {
        // SAFETY: the caller's promise.
        unsafe { heap::free(pointer, layout) };
    } else if layout.size() >= size_of::<DeferredBlock>() && layout.align() >= align_of::<DeferredBlock>() {
        let block = pointer.cast::<DeferredBlock>();
        let next = core.deferred.get();
        // SAFETY: the block is dead, large enough and aligned.
        unsafe {
            block.write(DeferredBlock {
                next,
                size: layout.size(),
                align: layout.align(),
            })
        };
        core.deferred.set(block);
    }
    // A smaller block has no room for the link. It is lost: a few bytes, when a script drops a native's value with its
    // stack all but used up.
}

/// Frees what script code left to be freed; called by the executor on the core's own stack.
pub fn free_deferred() {
    let core = core_local::get();
    let mut block = core.deferred.replace(ptr::null_mut());
    while !block.is_null() {
        // SAFETY: only `free_on_heap` puts blocks on this list, and it filled in the header.
        let header = unsafe { block.read() };
        // SAFETY: size and alignment come from the layout of the block's allocation.
        let layout = unsafe { Layout::from_size_align_unchecked(header.size, header.align) };
        // SAFETY: the block was allocated on the kernel heap with this layout.
        unsafe { heap::free(block.cast(), layout) };
        block = header.next;
    }
}
