//! Freed small blocks, kept by size for the next allocation of that size.
//!
//! Scripts allocate and free small blocks all the time, mostly of few sizes. The general allocator joins neighbours and
//! keeps its lists in order each time, which is most of what an allocation costs; here it is one link taken or put.
//!
//! A list keeps few blocks, so that little memory is held back from other sizes; what is more goes to the general
//! allocator. All blocks of a class have the class's size there too, so that it does not matter who gets one back.

use core::alloc::Layout;

/// The general allocator's blocks are multiples of this, less [`TAIL_BYTES`].
const UNIT_BYTES: usize = talc::base::CHUNK_UNIT;
/// What the general allocator needs at each block's end.
const TAIL_BYTES: usize = size_of::<usize>();
/// Classes from 0; the first is not used, since no block is smaller than one unit.
const CLASSES: usize = 17;
/// Blocks that a list holds at most: 32 of each class are 128 KiB.
const KEPT_BLOCKS: u8 = 32;

/// The lists of one arena.
#[derive(Debug)]
pub struct QuickLists {
    first: [*mut Link; CLASSES],
    counts: [u8; CLASSES],
}

/// The first word of a block in a list.
#[derive(Debug)]
struct Link {
    next: *mut Link,
}

/// The class of a small block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class(usize);

impl Class {
    /// The class that serves `layout`; `None` where the general allocator does.
    #[inline(always)]
    pub fn of(layout: Layout) -> Option<Self> {
        let class = (layout.size().wrapping_add(TAIL_BYTES + UNIT_BYTES - 1)) / UNIT_BYTES;
        (class < CLASSES && layout.align() <= UNIT_BYTES).then_some(Self(class))
    }

    /// What the general allocator is asked for: all blocks of a class are the same to it.
    #[inline(always)]
    pub fn layout(self) -> Layout {
        // SAFETY: the alignment is a power of two, and the size below 1 KiB.
        unsafe { Layout::from_size_align_unchecked(self.0 * UNIT_BYTES - TAIL_BYTES, align_of::<usize>()) }
    }
}

/// `layout` as the general allocator knows such blocks: of the class's size where there is one.
#[inline(always)]
pub fn rounded(layout: Layout) -> Layout {
    Class::of(layout).map_or(layout, Class::layout)
}

impl QuickLists {
    /// Lists that are empty.
    pub const fn new() -> Self {
        Self {
            first: [core::ptr::null_mut(); CLASSES],
            counts: [0; CLASSES],
        }
    }

    /// Takes a block of `class`; null where there is none.
    #[inline(always)]
    pub fn take(&mut self, class: Class) -> *mut u8 {
        let block = self.first[class.0];
        if !block.is_null() {
            // SAFETY: blocks in a list are dead, and `put` wrote the link.
            self.first[class.0] = unsafe { (*block).next };
            self.counts[class.0] -= 1;
        }
        block.cast()
    }

    /// Takes any block, with its class; `None` where all lists are empty.
    pub fn take_any(&mut self) -> Option<(*mut u8, Class)> {
        let class = Class(self.counts.iter().position(|count| *count > 0)?);
        Some((self.take(class), class))
    }

    /// Keeps a dead block; false where the list is full.
    ///
    /// # Safety
    ///
    /// `block` must be of `class`, aligned for a pointer, and nobody else's.
    #[inline(always)]
    pub unsafe fn put(&mut self, class: Class, block: *mut u8) -> bool {
        if self.counts[class.0] >= KEPT_BLOCKS {
            return false;
        }
        let link = block.cast::<Link>();
        let next = self.first[class.0];
        // SAFETY: the caller promises the block, and each is larger than a link.
        unsafe { link.write(Link { next }) };
        self.first[class.0] = link;
        self.counts[class.0] += 1;
        true
    }
}

impl Default for QuickLists {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).expect("a valid layout")
    }

    #[test]
    fn each_class_holds_what_it_serves() {
        for size in 1..2000 {
            let Some(class) = Class::of(layout(size, 8)) else {
                assert!(size > (CLASSES - 1) * UNIT_BYTES - TAIL_BYTES, "{size}");
                assert_eq!(rounded(layout(size, 8)), layout(size, 8));
                continue;
            };
            let room = class.layout().size();
            assert!(room >= size && room >= size_of::<Link>(), "{size} in {room}");
            assert!(room < size + UNIT_BYTES, "{size} in {room}");
            // What is rounded once stays, so that a block always goes back as what it was taken as.
            assert_eq!(Class::of(class.layout()), Some(class));
            assert_eq!(rounded(class.layout()), class.layout());
        }
        assert_eq!(Class::of(layout(64, 64)), None);
        assert_eq!(Class::of(layout(usize::MAX / 2 - 64, 8)), None);
    }

    #[test]
    fn gives_back_the_last_first_and_keeps_few() {
        let mut lists = QuickLists::new();
        let (small, large) = (Class::of(layout(8, 8)), Class::of(layout(100, 8)));
        let (small, large) = (small.expect("a class"), large.expect("a class"));
        let mut blocks = [[0u64; 16]; KEPT_BLOCKS as usize + 1];
        let pointers: Vec<*mut u8> = blocks.iter_mut().map(|block| block.as_mut_ptr().cast()).collect();
        for (index, &block) in pointers.iter().enumerate() {
            // SAFETY: each block has 128 bytes of its own.
            let is_kept = unsafe { lists.put(large, block) };
            assert_eq!(is_kept, index < KEPT_BLOCKS as usize);
        }
        assert!(lists.take(small).is_null());
        for &block in pointers.iter().take(KEPT_BLOCKS as usize).skip(1).rev() {
            assert_eq!(lists.take(large), block);
        }
        assert_eq!(lists.take_any(), Some((pointers[0], large)));
        assert!(lists.take(large).is_null());
        assert_eq!(lists.take_any(), None);
    }
}
