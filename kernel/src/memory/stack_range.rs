//! A range of addresses as a stack that code can be switched to.

use corosensei::stack::{Stack, StackPointer};

/// Addresses that serve as a stack.
#[derive(Clone, Copy, Debug)]
pub struct StackRange {
    floor: StackPointer,
    top: StackPointer,
}

impl StackRange {
    /// The stack from `floor` up to `top`, both rounded to 16 bytes.
    ///
    /// # Panics
    ///
    /// Where one of them is in the null page.
    ///
    /// # Safety
    ///
    /// The memory is writable, nothing else uses it while code runs there, and running over its floor is a fault.
    pub unsafe fn new(floor: usize, top: usize) -> Self {
        let pointer = |address: usize| StackPointer::new(address & !15).expect("no stack lies in the null page");
        Self {
            floor: pointer(floor + 15),
            top: pointer(top),
        }
    }
}

// SAFETY: the maker promised that the range is a stack.
unsafe impl Stack for StackRange {
    fn base(&self) -> StackPointer {
        self.top
    }

    fn limit(&self) -> StackPointer {
        self.floor
    }
}
