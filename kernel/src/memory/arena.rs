//! Task arenas: each script task allocates from its own range of addresses, with its own allocator state.
//!
//! The owner of any pointer follows from its address. The allocator's state lies at the start of the range and is used
//! by the task's core only, so it needs no lock, and a task that dies in the middle of an allocation takes the damage
//! with it: the range is freed whole, unmapped, and its addresses are not used again for a long while.
//!
//! A child that runs its parent's code keeps the parent's arena alive by count, and memory of another task's arena is
//! never freed piecemeal: what such a drop would free goes when that arena goes.

use alloc::sync::Arc;
use core::alloc::Layout;
use core::ops::Range;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use services::host::LimitError;
use services::task::{Control, Requests, TaskId};
use talc::base::Talc;
use talc::base::binning::{Binning, DefaultBinning};
use talc::source::Source;

use super::quick::{Class, QuickLists, rounded};
use super::spare::{self, FIRST_PAGES};
use super::{ARENAS, PAGE_BYTES, Physical, frames, limbo, paging, shrink, stack};
use crate::arch::core_local::{self, ArenaPointer};
use crate::arch::tlb;

const SLOT_BYTES: usize = 1 << 30;
const SLOTS: usize = 4096;
/// The addresses of all arenas.
pub(super) const RANGE: Range<usize> = ARENAS..ARENAS + SLOTS * SLOT_BYTES;
const FIRST_COMMIT_BYTES: usize = FIRST_PAGES * PAGE_BYTES;
/// A kept arena's pages lie in one table.
const TABLE_BYTES: usize = paging::TABLE_ENTRIES * PAGE_BYTES;
/// Grow by at least this much.
const STEP_BYTES: usize = 16 * 1024;
/// Kept of the free memory at the arena's end when that is given back.
const KEPT_BYTES: usize = 128 * 1024;
/// A task that waits for a person gives this much back, or nothing.
const WORTH_WHILE_BYTES: usize = 64 * 1024;
/// The default soft limit where memory is plentiful.
const SOFT_LIMIT_BYTES: u64 = 64 << 20;
/// The hard limit is this many times the soft one.
pub const HARD_FACTOR: u64 = 3;
/// The smallest soft limit that can be set: an idle prompt fits in.
const LEAST_LIMIT_BYTES: u64 = 128 * 1024;
/// Memory that arenas leave to the kernel: an eighth of all, at most this much. Those of tasks that other tasks have
/// started leave as much again to the sessions, so that somebody can still end them.
const KERNEL_SHARE_BYTES: u64 = 8 << 20;

/// The task of each slot, plus one; the top bit says that it has ended. 0 where the slot was never used.
static OWNERS: [AtomicU64; SLOTS] = [const { AtomicU64::new(0) }; SLOTS];
const DEAD: u64 = 1 << 63;
/// Other cores may still know its memory, so the slot must not be used yet.
const KNOWN: u64 = 1 << 62;
/// Where the search for a free slot goes on, so that addresses are reused late.
static NEXT: AtomicUsize = AtomicUsize::new(0);
static TOTAL_BYTES: AtomicUsize = AtomicUsize::new(0);

/// No arena can be had: memory or addresses have run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

/// Whose arena an address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The task's number.
    pub task: u64,
    /// The task has ended.
    pub is_dead: bool,
}

/// The header at the start of a slot.
struct Header {
    /// Small blocks that were freed, for the next allocation of their size.
    quick: QuickLists,
    talc: Talc<Pages, DefaultBinning>,
}

/// Takes pages for an arena when it is full, within its limits.
#[derive(Debug)]
struct Pages {
    base: usize,
    committed: usize,
    /// Pages come or go: a task that is abandoned meanwhile leaves tables that `committed` does not tell of.
    is_changing: AtomicBool,
    /// Both limits may be changed by other cores.
    soft_limit: AtomicUsize,
    hard_limit: AtomicUsize,
    /// Memory that this arena leaves free.
    left_bytes: u64,
    end: Option<NonNull<u8>>,
    control: &'static Control,
}

// SAFETY: `acquire` and `resize` never allocate from any heap: frames and tables come from the frame allocator.
unsafe impl Source for Pages {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        let pages = &mut talc.source;
        let wanted = layout.size().saturating_add(layout.align()).saturating_add(PAGE_BYTES);
        let step = (pages.committed / 8).clamp(STEP_BYTES, 256 * 1024);
        let bytes = wanted.max(step).checked_next_multiple_of(PAGE_BYTES).ok_or(())?;
        let start = pages.base + pages.committed;
        pages.commit(bytes)?;
        let new_end = (start + bytes) as *mut u8;
        let end = match pages.end {
            // SAFETY: the pages from the old end to the new one were committed above and are used by nobody else.
            Some(end) => unsafe { talc.extend(end, new_end) },
            None => return Err(()),
        };
        talc.source.end = Some(end);
        Ok(())
    }

    const TRACK_HEAP_END: bool = true;

    unsafe fn resize(&mut self, chunk_base: *mut u8, heap_end: *mut u8, is_heap_base: bool) -> *mut u8 {
        let Some(new_end) = shrink::new_end(chunk_base, heap_end, is_heap_base, KEPT_BYTES) else {
            return heap_end;
        };
        self.shrink_to(new_end);
        self.end = NonNull::new(new_end as *mut u8);
        new_end as *mut u8
    }
}

impl Pages {
    /// Gives the pages from `new_end` on back.
    fn shrink_to(&mut self, new_end: usize) {
        let bytes = self.base + self.committed - new_end;
        self.is_changing.store(true, Ordering::Relaxed);
        paging::unmap_range(new_end, bytes);
        TOTAL_BYTES.fetch_sub(bytes, Ordering::Relaxed);
        self.committed = new_end - self.base;
        self.is_changing.store(false, Ordering::Relaxed);
    }

    /// Commits the next `bytes`; all or nothing.
    fn commit(&mut self, bytes: usize) -> Result<(), ()> {
        self.commit_by(bytes, |start| paging::map_range(start, bytes))
    }

    /// Commits the first pages.
    fn commit_first(&mut self) -> Result<(), ()> {
        self.commit_by(FIRST_COMMIT_BYTES, |start| match spare::ARENAS.take() {
            Some(directory) => {
                // SAFETY: the slot was free, so nothing is in its place; what is kept has nothing but the first pages.
                unsafe { paging::attach_gigabyte(start, directory) }.inspect_err(|_| spare::ARENAS.keep(directory))
            }
            None => paging::map_range(start, FIRST_COMMIT_BYTES),
        })
    }

    /// Commits the next `bytes`, which `map` maps from an address on.
    fn commit_by(
        &mut self,
        bytes: usize,
        map: impl FnOnce(usize) -> Result<(), paging::OutOfFrames>,
    ) -> Result<(), ()> {
        // Mapping takes kernel locks; with too little stack for that, the overflow must come before them.
        stack::overflow_if_tight();
        let total = self.committed.checked_add(bytes).ok_or(())?;
        if total > self.hard_limit.load(Ordering::Relaxed) || !frames::has_free(bytes as u64 + self.left_bytes) {
            return Err(());
        }
        self.is_changing.store(true, Ordering::Relaxed);
        let mapped = map(self.base + self.committed);
        self.is_changing.store(false, Ordering::Relaxed);
        mapped.map_err(|_| ())?;
        self.committed = total;
        TOTAL_BYTES.fetch_add(bytes, Ordering::Relaxed);
        if total > self.soft_limit.load(Ordering::Relaxed) {
            self.control.ask(Requests::MEMORY);
        }
        Ok(())
    }
}

/// One task's arena; freed whole when the last holder drops it.
pub struct Arena {
    slot: usize,
    _parent: Option<Arc<Arena>>,
}

impl Arena {
    /// Makes an arena for `task`, whose control is told when the soft limit is passed. `parent` stays alive with it.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] where memory or addresses have run out.
    pub fn new(task: TaskId, control: &'static Control, parent: Option<Arc<Arena>>) -> Result<Self, Unavailable> {
        let owner = task.0 + 1;
        let start = NEXT.fetch_add(1, Ordering::Relaxed);
        let slot = (start..start + SLOTS)
            .map(|candidate| candidate % SLOTS)
            .find(|&slot| {
                let known = OWNERS[slot].load(Ordering::Relaxed);
                (known == 0 || known & (DEAD | KNOWN) == DEAD)
                    && OWNERS[slot]
                        .compare_exchange(known, owner, Ordering::Relaxed, Ordering::Relaxed)
                        .is_ok()
            })
            .ok_or(Unavailable)?;
        NEXT.store(slot + 1, Ordering::Relaxed);

        let base = ARENAS + slot * SLOT_BYTES;
        let soft_limit = SOFT_LIMIT_BYTES.min(frames::free_bytes() / 4) as usize;
        let hard_limit = (soft_limit * HARD_FACTOR as usize).min(SLOT_BYTES - PAGE_BYTES);
        let kernel_share = KERNEL_SHARE_BYTES.min(frames::total_bytes() / 8);
        let mut pages = Pages {
            base,
            committed: 0,
            is_changing: AtomicBool::new(false),
            soft_limit: AtomicUsize::new(soft_limit),
            hard_limit: AtomicUsize::new(hard_limit),
            left_bytes: kernel_share * if parent.is_some() { 2 } else { 1 },
            end: None,
            control,
        };
        let arena = Self { slot, _parent: parent };
        pages.commit_first().map_err(|()| Unavailable)?;

        let header = base as *mut Header;
        // SAFETY: the first pages of the slot were just committed and belong to this arena alone.
        unsafe {
            header.write(Header {
                quick: QuickLists::new(),
                talc: Talc::new(pages),
            })
        };
        let first = base + size_of::<Header>().next_multiple_of(64);
        // SAFETY: the header was just written.
        let talc = unsafe { &mut (*header).talc };
        // SAFETY: the rest of the committed pages is used by nobody.
        let end = unsafe { talc.claim(first as *mut u8, base + FIRST_COMMIT_BYTES - first) };
        talc.source.end = end;
        Ok(arena)
    }

    /// What the core-local data names this arena by.
    pub fn pointer(&self) -> *mut ArenaPointer {
        (ARENAS + self.slot * SLOT_BYTES) as *mut ArenaPointer
    }

    /// The soft limit in bytes.
    pub fn soft_limit_bytes(&self) -> u64 {
        self.limits().0.load(Ordering::Relaxed) as u64
    }

    /// Changes the soft limit, and the hard one with it. Where the arena has more already, its task is told at once.
    ///
    /// # Errors
    ///
    /// [`LimitError::OutOfRange`].
    pub fn set_soft_limit(&self, bytes: u64) -> Result<(), LimitError> {
        let most = (SLOT_BYTES - PAGE_BYTES) as u64 / HARD_FACTOR;
        let range = LEAST_LIMIT_BYTES..=most;
        if !range.contains(&bytes) {
            let least = LEAST_LIMIT_BYTES;
            return Err(LimitError::OutOfRange { least, most });
        }
        let (soft_limit, hard_limit) = self.limits();
        soft_limit.store(bytes as usize, Ordering::Relaxed);
        hard_limit.store((bytes * HARD_FACTOR) as usize, Ordering::Relaxed);
        if self.committed_bytes() > bytes {
            let header = self.pointer().cast::<Header>();
            // SAFETY: the header lives as long as the arena; the control is never changed.
            unsafe { (*header).talc.source.control }.ask(Requests::MEMORY);
        }
        Ok(())
    }

    /// The soft and the hard limit.
    fn limits(&self) -> (&AtomicUsize, &AtomicUsize) {
        let header = self.pointer().cast::<Header>();
        // SAFETY: the header lives as long as the arena, and these two of its fields may be used by all cores.
        let soft_limit = unsafe { &(*header).talc.source.soft_limit };
        // SAFETY: as above.
        let hard_limit = unsafe { &(*header).talc.source.hard_limit };
        (soft_limit, hard_limit)
    }

    /// Bytes committed to this arena.
    pub fn committed_bytes(&self) -> u64 {
        let header = self.pointer().cast::<Header>();
        // SAFETY: the header lives as long as the arena.
        let committed = unsafe { &raw const (*header).talc.source.committed };
        // SAFETY: one word, which the arena's core may change meanwhile.
        unsafe { committed.read_volatile() as u64 }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        let header = self.pointer().cast::<Header>();
        let base = ARENAS + self.slot * SLOT_BYTES;
        let (mut committed, mut is_changing) = (0, false);
        if paging::is_mapped(base) {
            // SAFETY: the first page is mapped, so the header was written.
            let pages = unsafe { &(*header).talc.source };
            (committed, is_changing) = (pages.committed, pages.is_changing.load(Ordering::Relaxed));
            TOTAL_BYTES.fetch_sub(committed, Ordering::Relaxed);
        }
        // SAFETY: the task is gone and nobody holds the arena any more.
        let directory = unsafe { paging::detach_gigabyte(base) };
        OWNERS[self.slot].fetch_or(DEAD | KNOWN, Ordering::Relaxed);
        let Some(directory) = directory else {
            release(self.slot);
            return;
        };
        // A table that was made for pages that the arena has given back since is one too many for a kept arena.
        let is_small = (FIRST_COMMIT_BYTES..=TABLE_BYTES).contains(&committed) && !paging::has_second(directory);
        if is_small && !is_changing {
            let range = tlb::Range::pages(base, committed / PAGE_BYTES);
            limbo::free(directory, range, keep, self.slot);
        } else {
            limbo::free(directory, tlb::Range::Everything, take_apart, self.slot);
        }
    }
}

/// Keeps an arena's tables for the next one, and lets its slot be used again.
fn keep(slot: usize, directory: Physical) {
    paging::free_row(directory, FIRST_PAGES);
    spare::ARENAS.keep(directory);
    release(slot);
}

/// Frees all of an arena, and lets its slot be used again.
fn take_apart(slot: usize, directory: Physical) {
    paging::free_tree(directory, 1);
    release(slot);
}

/// Lets a slot be used again.
fn release(slot: usize) {
    OWNERS[slot].fetch_and(!KNOWN, Ordering::Relaxed);
}

/// Whether `address` lies in the arenas' range.
#[inline]
pub fn contains(address: usize) -> bool {
    RANGE.contains(&address)
}

/// Whose arena `address` lies in.
pub fn owner_of(address: usize) -> Option<Owner> {
    if !contains(address) {
        return None;
    }
    match OWNERS[(address - ARENAS) / SLOT_BYTES].load(Ordering::Relaxed) {
        0 => None,
        owner => Some(Owner {
            task: (owner & !(DEAD | KNOWN)) - 1,
            is_dead: owner & DEAD != 0,
        }),
    }
}

/// Gives what is free at the end of the running task's arena back, where that is worth while. Does nothing outside a task.
pub fn give_back() {
    let arena = core_local::get().arena.get();
    if arena.is_null() || stack::is_tight() {
        return;
    }
    // SAFETY: the arena is the running task's own, and nothing of it is being allocated.
    let Header { quick, talc } = unsafe { &mut *arena.cast::<Header>() };
    if talc.counters().available_bytes < WORTH_WHILE_BYTES {
        return;
    }
    while let Some((block, class)) = quick.take_any() {
        // SAFETY: the block was allocated with the class's layout and is in no list any more.
        unsafe { talc.deallocate(block, class.layout()) };
    }
    let Some(end) = talc.source.end else { return };
    // SAFETY: `end` is where the heap ends.
    let used_end = unsafe { talc.reserved(end) }.up_to.as_ptr() as usize;
    let mapped_end = talc.source.base + talc.source.committed;
    let new_end = (used_end + STEP_BYTES).next_multiple_of(PAGE_BYTES);
    if mapped_end < new_end + WORTH_WHILE_BYTES {
        return;
    }
    // SAFETY: `end` is where the heap ends; the new end lies above what is in use.
    talc.source.end = unsafe { talc.truncate(end, new_end as *mut u8) };
    talc.source.shrink_to(new_end);
}

/// Bytes committed to all arenas.
pub fn total_bytes() -> u64 {
    TOTAL_BYTES.load(Ordering::Relaxed) as u64
}

/// Allocates from an arena; null where its hard limit is reached or memory has run out.
///
/// # Safety
///
/// `arena` must be the running task's own; `layout` must have a size above zero.
#[inline]
pub unsafe fn allocate(arena: *mut ArenaPointer, layout: Layout) -> *mut u8 {
    // SAFETY: the caller promises that only this task uses the arena.
    let header = unsafe { &mut *arena.cast::<Header>() };
    if let Some(class) = Class::of(layout) {
        let block = header.quick.take(class);
        if !block.is_null() {
            return block;
        }
    }
    // SAFETY: the caller's promise.
    unsafe { allocate_slowly(header, rounded(layout)) }
}

/// Allocates a block that no quick list has.
///
/// # Safety
///
/// `layout` must have a size above zero.
#[inline(never)]
unsafe fn allocate_slowly(header: &mut Header, layout: Layout) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { header.talc.allocate(layout) }.map_or(core::ptr::null_mut(), NonNull::as_ptr)
}

/// Frees memory of an arena; does nothing where the arena is not the running task's own.
///
/// # Safety
///
/// `pointer` must come from [`allocate`] with the same layout and not have been freed.
#[inline]
pub unsafe fn free(pointer: *mut u8, layout: Layout) {
    let own = core_local::get().arena.get();
    if own as usize != pointer as usize & !(SLOT_BYTES - 1) {
        return;
    }
    // SAFETY: the arena is the running task's own.
    let header = unsafe { &mut *own.cast::<Header>() };
    if let Some(class) = Class::of(layout) {
        // SAFETY: the block was allocated with the class's layout, and the caller gives it up.
        if unsafe { header.quick.put(class, pointer) } {
            return;
        }
    }
    // SAFETY: the caller's promise; the layout is the one that the block was allocated with.
    unsafe { free_slowly(header, pointer, rounded(layout)) };
}

/// Frees a block that no quick list keeps.
///
/// # Safety
///
/// `pointer` must come from [`allocate_slowly`] with the same layout and not have been freed.
#[inline(never)]
unsafe fn free_slowly(header: &mut Header, pointer: *mut u8, layout: Layout) {
    // SAFETY: the caller's promise.
    unsafe { header.talc.deallocate(pointer, layout) };
}

/// Resizes without moving; false where that is impossible or the arena is not the running task's own.
///
/// # Safety
///
/// As for [`free`]; `new_size` is above zero.
#[inline]
pub unsafe fn resize_in_place(pointer: *mut u8, layout: Layout, new_size: usize) -> bool {
    let own = core_local::get().arena.get();
    if own as usize != pointer as usize & !(SLOT_BYTES - 1) {
        return false;
    }
    // SAFETY: the arena is the running task's own.
    let talc = unsafe { &mut (*own.cast::<Header>()).talc };
    // SAFETY: the alignment is a layout's, and the caller promises that the size does not overflow with it.
    let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
    // SAFETY: the caller's promise; both sizes are what the allocator knows such blocks by.
    unsafe { talc.try_realloc_in_place(pointer, rounded(layout), rounded(new_layout).size()) }
}
