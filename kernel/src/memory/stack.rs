//! Stacks that grow: 1 MiB of addresses above 1 MiB of guard, 16 KiB committed at first, the rest by page faults.
//!
//! A slot's last-level page table is made with the stack, so that the page-fault handler only writes an entry of it and
//! never needs a lock; its frames come from the core's reserve where the allocator's lock is taken.

use core::ops::Range;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use corosensei::stack::{Stack, StackPointer};

use super::paging::{self, Access};
use super::spare::{self, FIRST_PAGES};
use super::{PAGE_BYTES, Physical, STACKS, frames, limbo};
use crate::arch::core_local;
use crate::arch::tlb;

const SLOT_BYTES: usize = 2 << 20;
/// Usable bytes of a stack.
pub const STACK_BYTES: usize = 1 << 20;
const GUARD_BYTES: usize = SLOT_BYTES - STACK_BYTES;
const SLOTS: usize = 4096;
/// The addresses of all stacks.
pub(super) const RANGE: Range<usize> = STACKS..STACKS + SLOTS * SLOT_BYTES;
const FIRST_COMMIT_BYTES: usize = FIRST_PAGES * PAGE_BYTES;
/// Frames that a new stack must leave free, so that what runs already can go on.
const SPARE_BYTES: u64 = 1 << 20;

/// Of a stack below the frames in use, this much stays when its task waits for a person.
const KEPT_BYTES: usize = 32 * 1024;
/// Such a task gives this much back, or nothing.
const WORTH_WHILE_BYTES: usize = 64 * 1024;

/// Pages committed to each slot, in the lower half, and the most that ever were, in the upper one; 0 for a free one. Only
/// the core that runs on a stack changes its word.
static PAGES: [AtomicU32; SLOTS] = [const { AtomicU32::new(0) }; SLOTS];
/// Where the search for a free slot goes on, so that addresses are reused late.
static NEXT: AtomicUsize = AtomicUsize::new(0);
static TOTAL_PAGES: AtomicUsize = AtomicUsize::new(0);

/// No stack can be had: memory or addresses have run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

/// One stack; its memory goes back when it is dropped.
#[derive(Debug)]
pub struct TaskStack {
    slot: usize,
    /// All pages that are counted are mapped.
    is_whole: bool,
}

impl TaskStack {
    /// Makes a stack.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] where memory or addresses have run out.
    pub fn new() -> Result<Self, Unavailable> {
        if !frames::has_free(SPARE_BYTES) {
            return Err(Unavailable);
        }
        let start = NEXT.fetch_add(1, Ordering::Relaxed);
        let slot = (start..start + SLOTS)
            .map(|candidate| candidate % SLOTS)
            .find(|&slot| {
                PAGES[slot]
                    .compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok()
            })
            .ok_or(Unavailable)?;
        NEXT.store(slot + 1, Ordering::Relaxed);
        set_committed(slot, FIRST_PAGES as u32);
        TOTAL_PAGES.fetch_add(FIRST_PAGES, Ordering::Relaxed);
        let mut stack = Self { slot, is_whole: false };
        stack.commit()?;
        stack.is_whole = true;
        Ok(stack)
    }

    /// Maps the first pages.
    fn commit(&self) -> Result<(), Unavailable> {
        let top = self.top();
        if let Some(table) = spare::STACKS.take() {
            // SAFETY: the slot was free, so there is no table in its place; a kept one has nothing but the first pages.
            let attached = unsafe { paging::attach_table(slot_address(self.slot), table) };
            return attached.map_err(|_| {
                spare::STACKS.keep(table);
                Unavailable
            });
        }
        paging::prepare(top - 1).map_err(|_| Unavailable)?;
        for page in (top - FIRST_COMMIT_BYTES..top).step_by(PAGE_BYTES) {
            let frame = frames::allocate().ok_or(Unavailable)?;
            // Cannot fail: the table was prepared above.
            paging::map(page, frame, Access::Write).map_err(|_| Unavailable)?;
        }
        Ok(())
    }

    /// The lowest usable address.
    pub fn floor(&self) -> usize {
        slot_address(self.slot) + GUARD_BYTES
    }

    /// One past the highest address.
    pub fn top(&self) -> usize {
        slot_address(self.slot) + SLOT_BYTES
    }

    /// The most that was ever in use, rounded up to pages.
    pub fn peak_bytes(&self) -> u64 {
        peak_bytes(self.slot)
    }
}

impl Drop for TaskStack {
    fn drop(&mut self) {
        // SAFETY: the coroutine that ran here is gone, so nobody uses the slot.
        let table = unsafe { paging::detach_table(slot_address(self.slot)) };
        let pages = committed(self.slot) as usize;
        TOTAL_PAGES.fetch_sub(pages, Ordering::Relaxed);
        let Some(table) = table else {
            release(self.slot);
            return;
        };
        if !self.is_whole {
            limbo::free(table, tlb::Range::Everything, take_apart, self.slot);
        } else if pages == FIRST_PAGES {
            limbo::free(
                table,
                tlb::Range::pages(self.top() - FIRST_COMMIT_BYTES, FIRST_PAGES),
                keep,
                self.slot,
            );
        } else {
            // Where the others lie, nobody knows: a large frame passes over some.
            limbo::free(table, tlb::Range::Everything, keep, self.slot);
        }
    }
}

/// Keeps a stack's table for the next one, and lets its slot be used again.
fn keep(slot: usize, table: Physical) {
    let grown = committed(slot) as usize - FIRST_PAGES;
    let others = (0..paging::TABLE_ENTRIES - FIRST_PAGES).rev();
    paging::free_pages(table, others, grown);
    spare::STACKS.keep(table);
    release(slot);
}

/// Frees all of a stack, and lets its slot be used again.
fn take_apart(slot: usize, table: Physical) {
    paging::free_tree(table, 0);
    release(slot);
}

/// Lets a slot be used again.
fn release(slot: usize) {
    PAGES[slot].store(0, Ordering::Relaxed);
}

fn committed(slot: usize) -> u32 {
    PAGES[slot].load(Ordering::Relaxed) & 0xffff
}

fn peak_bytes(slot: usize) -> u64 {
    u64::from(PAGES[slot].load(Ordering::Relaxed) >> 16) * PAGE_BYTES as u64
}

fn set_committed(slot: usize, pages: u32) {
    let peak = (PAGES[slot].load(Ordering::Relaxed) >> 16).max(pages);
    PAGES[slot].store(peak << 16 | pages, Ordering::Relaxed);
}

// SAFETY: the range is mapped or grows on first use, is aligned to 2 MiB, and has a guard of 1 MiB that is part of it.
unsafe impl Stack for TaskStack {
    fn base(&self) -> StackPointer {
        StackPointer::new(self.top()).expect("a slot's address is never zero")
    }

    fn limit(&self) -> StackPointer {
        StackPointer::new(slot_address(self.slot)).expect("a slot's address is never zero")
    }
}

fn slot_address(slot: usize) -> usize {
    STACKS + slot * SLOT_BYTES
}

/// The slot in use that holds `address`, and the offset in it.
fn locate(address: usize) -> Option<(usize, usize)> {
    let offset = address.checked_sub(STACKS)?;
    let slot = offset / SLOT_BYTES;
    (slot < SLOTS && PAGES[slot].load(Ordering::Relaxed) > 0).then_some((slot, offset % SLOT_BYTES))
}

/// Whether `address` lies in the guard of a stack in use.
pub fn is_guard(address: usize) -> bool {
    locate(address).is_some_and(|(_, offset)| offset < GUARD_BYTES)
}

/// Whether `address` lies in the usable part of a stack in use.
pub fn is_usable(address: usize) -> bool {
    locate(address).is_some_and(|(_, offset)| offset >= GUARD_BYTES)
}

/// The most that was ever in use of the stack that `address` lies in, rounded up to pages; 0 for no stack in use.
pub fn peak_bytes_at(address: usize) -> u64 {
    locate(address).map_or(0, |(slot, _)| peak_bytes(slot))
}

/// Gives the pages of the running task's stack back that lie well below its frames, where that is worth while. Does
/// nothing outside a task.
pub fn give_back() {
    let Some(control) = core_local::get().running_control() else {
        return;
    };
    let floor = control.stack_floor();
    let Some((slot, _)) = locate(floor) else { return };
    let here = floor + control.stack_left_bytes();
    let end = (here.saturating_sub(KEPT_BYTES) & !(PAGE_BYTES - 1)).max(floor);
    let most_used_bytes = committed(slot) as usize * PAGE_BYTES;
    if most_used_bytes < slot_address(slot) + SLOT_BYTES - end + WORTH_WHILE_BYTES {
        return;
    }
    // Stacks grow page by page, but code that moves the stack pointer may have left some out.
    let is_committed = |page: &usize| paging::is_mapped(*page);
    let pages = (floor..end).step_by(PAGE_BYTES).filter(is_committed).count();
    let Some(lowest) = (floor..end).step_by(PAGE_BYTES).find(is_committed) else {
        return;
    };
    paging::unmap_range(lowest, end - lowest);
    set_committed(slot, committed(slot) - pages as u32);
    TOTAL_PAGES.fetch_sub(pages, Ordering::Relaxed);
}

/// Commits the page of a stack that faulted at `address`; false where it is no stack's usable part, is mapped already,
/// or no frame can be had. For the page-fault handler.
pub fn grow(address: usize) -> bool {
    let Some((slot, offset)) = locate(address) else {
        return false;
    };
    if offset < GUARD_BYTES || paging::is_mapped(address) {
        return false;
    }
    let Some(frame) = take_frame() else { return false };
    // SAFETY: only the core that runs on this stack faults on it, so nobody maps this page at the same time.
    if !unsafe { paging::map_prepared(address & !(PAGE_BYTES - 1), frame) } {
        return false;
    }
    set_committed(slot, committed(slot) + 1);
    TOTAL_PAGES.fetch_add(1, Ordering::Relaxed);
    true
}

/// Looks at the frame allocator's lock where another core may hold it, which is for a moment only.
const LOOKS: u32 = 1_000_000;
/// The same where this core may be the one, so that the wait may be in vain.
const LOOKS_LOCKED: u32 = 1_000;

fn take_frame() -> Option<Physical> {
    let is_locking = core_local::get().locks_held.load(Ordering::Relaxed) > 0;
    for _ in 0..if is_locking { LOOKS_LOCKED } else { LOOKS } {
        match frames::try_allocate() {
            Ok(Some(frame)) => return Some(frame),
            // Nothing is free; the reserve may have some.
            Ok(None) => break,
            Err(frames::Busy) => core::hint::spin_loop(),
        }
    }
    let core = core_local::get();
    core.is_reserve_full.store(false, Ordering::Relaxed);
    core.reserve
        .iter()
        .find_map(|cell| match cell.swap(0, Ordering::Relaxed) {
            0 => None,
            address => Some(Physical(address)),
        })
}

/// Fills the core's reserve of frames; called by the executor before it runs a task.
pub fn refill_reserve() {
    let core = core_local::get();
    if core.is_reserve_full.load(Ordering::Relaxed) {
        return;
    }
    // Noted before: what a page fault in between takes is noted again.
    core.is_reserve_full.store(true, Ordering::Relaxed);
    for cell in &core.reserve {
        if cell.load(Ordering::Relaxed) == 0 {
            let Some(frame) = frames::allocate() else {
                core.is_reserve_full.store(false, Ordering::Relaxed);
                return;
            };
            cell.store(frame.0, Ordering::Relaxed);
        }
    }
}

/// With less of a task's stack than this, kernel locks must not be taken: an overflow would leave them closed for ever.
const SAFE_BYTES: usize = 8 * 1024;

/// Whether a task runs and has too little stack left for code that takes kernel locks.
pub fn is_tight() -> bool {
    core_local::get()
        .running_control()
        .is_some_and(|control| control.stack_left_bytes() < SAFE_BYTES)
}

/// Ends the running task by the overflow that is about to come anyway, while no lock is held.
pub fn overflow_if_tight() {
    let core = core_local::get();
    if let Some(control) = core.running_control().filter(|_| is_tight()) {
        // SAFETY: the address lies in the guard, so the read faults, and the page-fault handler ends the task.
        unsafe { ((control.stack_floor() - PAGE_BYTES) as *const u8).read_volatile() };
    }
}

/// Runs `work` on a stack of its own, guarded like a task's.
///
/// # Errors
///
/// [`Unavailable`] where memory has run out.
pub fn on_new_stack<T>(work: impl FnOnce() -> T) -> Result<T, Unavailable> {
    Ok(corosensei::on_stack(TaskStack::new()?, work))
}

/// Bytes committed to all stacks.
pub fn committed_bytes() -> u64 {
    (TOTAL_PAGES.load(Ordering::Relaxed) * PAGE_BYTES) as u64
}
