//! Stacks in the image, each above a page that is never mapped: running over one is a fault, not silent damage.

use core::cell::UnsafeCell;

use super::stack_range::StackRange;
use super::{PAGE_BYTES, paging};

/// A stack of `BYTES` usable bytes, a multiple of 16. To lie in the section `.bss.stacks`, as [`super::image`] expects.
#[repr(C, align(4096))]
pub struct StaticStack<const BYTES: usize> {
    guard: [u8; PAGE_BYTES],
    memory: UnsafeCell<[u8; BYTES]>,
}

// SAFETY: used as a stack only, by one user at a time, as each user of one makes sure.
unsafe impl<const BYTES: usize> Sync for StaticStack<BYTES> {}

impl<const BYTES: usize> StaticStack<BYTES> {
    /// An unused stack.
    pub const fn new() -> Self {
        Self {
            guard: [0; PAGE_BYTES],
            memory: UnsafeCell::new([0; BYTES]),
        }
    }

    /// One past the highest address.
    pub fn top(&'static self) -> usize {
        self.memory.get() as usize + BYTES
    }

    /// The usable addresses.
    pub fn range(&'static self) -> StackRange {
        // SAFETY: the memory is static, and nothing else lies in it.
        unsafe { StackRange::new(self.memory.get() as usize, self.top()) }
    }

    /// Unmaps the guard.
    pub fn protect(&'static self) {
        unmap_guard(self.guard.as_ptr() as usize);
    }
}

impl<const BYTES: usize> Default for StaticStack<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

unsafe extern "C" {
    /// The page below the boot processor's stack, which the entry code makes.
    static boot_stack_guard: u8;
}

/// Unmaps the guard below the boot processor's stack.
pub fn protect_boot_stack() {
    unmap_guard(boot_stack_floor() - PAGE_BYTES);
}

/// The lowest usable address of the boot processor's stack.
pub fn boot_stack_floor() -> usize {
    &raw const boot_stack_guard as usize + PAGE_BYTES
}

/// Takes a page of the image out of the tables; its frame stays the image's, unused.
fn unmap_guard(address: usize) {
    let _frame_of_the_image = paging::unmap(address);
}
