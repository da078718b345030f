//! Page tables of ended tasks, with the pages that every new task begins with: for the next tasks.
//!
//! Making the tables of a stack and of an arena, and taking them apart again, is most of what a short task costs the memory
//! management. A table that has left the tree is hung in at another place as it is, with nothing in it to be cleared: its
//! addresses go out of use as always, so that a stale pointer faults. It comes here when no core can use it any more.

use core::sync::atomic::{AtomicUsize, Ordering};

use super::{PAGE_BYTES, Physical, paging};
use crate::arch::lock::KernelLock;

/// Pages that every stack and every arena begins with.
pub(super) const FIRST_PAGES: usize = 4;
/// Tables of each kind that are kept at most.
const ROOM: usize = 8;

/// Last-level tables of stacks; their last pages are mapped.
pub(super) static STACKS: Spares = Spares::new(0);
/// Directories of arenas with one table below; its first pages are mapped.
pub(super) static ARENAS: Spares = Spares::new(1);

/// Kept tables of one kind.
pub(super) struct Spares {
    kept: KernelLock<[Option<Physical>; ROOM]>,
    /// How many; a mirror that can be read without the lock.
    count: AtomicUsize,
    /// Levels of tables below a kept one.
    levels: usize,
}

impl Spares {
    const fn new(levels: usize) -> Self {
        Self {
            kept: KernelLock::new([None; ROOM]),
            count: AtomicUsize::new(0),
            levels,
        }
    }

    /// Takes a table with its first pages.
    pub(super) fn take(&self) -> Option<Physical> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut kept = self.kept.lock();
        let table = kept.iter_mut().find_map(Option::take)?;
        self.count.fetch_sub(1, Ordering::Relaxed);
        Some(table)
    }

    /// Keeps a table that has its first pages and no others, and that no core can use; frees it where enough are kept.
    pub(super) fn keep(&self, table: Physical) {
        let has_place = {
            let mut kept = self.kept.lock();
            let place = kept.iter_mut().find(|place| place.is_none());
            let has_place = place.map(|place| *place = Some(table)).is_some();
            self.count.fetch_add(usize::from(has_place), Ordering::Relaxed);
            has_place
        };
        if !has_place {
            paging::free_tree(table, self.levels);
        }
    }

    fn release(&self) -> bool {
        let mut has_freed = false;
        while let Some(table) = self.take() {
            paging::free_tree(table, self.levels);
            has_freed = true;
        }
        has_freed
    }

    fn bytes(&self) -> usize {
        self.count.load(Ordering::Relaxed) * (FIRST_PAGES + 1 + self.levels) * PAGE_BYTES
    }
}

/// Frees all that is kept; false where nothing was.
pub(super) fn release() -> bool {
    STACKS.release() | ARENAS.release()
}

/// Bytes of what is kept: whoever needs memory gets them.
pub(super) fn bytes() -> usize {
    STACKS.bytes() + ARENAS.bytes()
}
