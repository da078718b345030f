//! The final page tables, and the calls that map and unmap single pages in them.
//!
//! Source: AMD64 manual volume 2, chapter 5. Every mapping is writable or executable, never both. The tables of the
//! kernel's half are shared by all cores, so there is one address space, and one lock for changing its upper levels.

use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};

use x86_64::registers::control::{Cr3, Cr3Flags};
use x86_64::structures::paging::page_table::PageTableEntry;
use x86_64::structures::paging::{PageTableFlags as Flags, PhysFrame};
use x86_64::{PhysAddr, VirtAddr};

pub use super::access::Access;
use super::{DIRECT_MAP, PAGE_BYTES, Physical, arena, frames, image, picture_window, stack};
use crate::arch::features::Features;
use crate::arch::lock::KernelLock;
use crate::arch::tlb;
use crate::boot::tags::{MemoryKind, Tags};

const LARGE_PAGE_BYTES: u64 = 2 << 20;
/// What the tables below one directory map.
const TABLES_BYTES: usize = 1 << 30;
/// What the directories below one entry of the root map.
const DIRECTORIES_BYTES: usize = 1 << 39;
/// Entries of a table.
pub const TABLE_ENTRIES: usize = 512;

/// Guards the tables above the last level, and the choice of the root.
static ROOT: KernelLock<Physical> = KernelLock::new(Physical(0));

/// The processor knows pages that are not executable; where it does not, the bit is reserved.
static HAS_NO_EXECUTE: AtomicBool = AtomicBool::new(false);

/// The bits of an entry for `access` on this processor.
fn flags(access: Access) -> Flags {
    access.flags(HAS_NO_EXECUTE.load(Ordering::Relaxed))
}

/// A page table could not be made: no frame is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfFrames;

/// Builds the final tables (image, direct map) and switches to them. The lower half is empty from then on.
///
/// # Errors
///
/// [`OutOfFrames`] where memory does not even hold the tables.
pub fn start(tags: &Tags<'_>, features: &Features) -> Result<(), OutOfFrames> {
    HAS_NO_EXECUTE.store(features.no_execute, Ordering::Relaxed);
    let root = frames::allocate_zeroed().ok_or(OutOfFrames)?;
    let is_ram = |kind| matches!(kind, MemoryKind::Available | MemoryKind::AcpiReclaimable);
    for region in tags.memory_map().filter(|region| is_ram(region.kind)) {
        let start = region.start.next_multiple_of(PAGE_BYTES as u64);
        let end = (region.start + region.length) & !(PAGE_BYTES as u64 - 1);
        map_direct(root, start, end)?;
    }
    for (part, access) in [
        (image::text(), Access::Execute),
        (image::rodata(), Access::Read),
        (image::data(), Access::Write),
    ] {
        for page in (part.start..part.end).step_by(PAGE_BYTES) {
            let flags = flags(access) | Flags::GLOBAL;
            set(root, page, image::physical(page), flags)?;
        }
    }
    picture_window::link(root, flags(Access::Read));
    // Tasks come to use all addresses of both in time, whose tables would look like memory that is lost.
    for start in arena::RANGE.step_by(DIRECTORIES_BYTES) {
        child(root, start >> 39)?;
    }
    for start in stack::RANGE.step_by(TABLES_BYTES) {
        directory(root, start)?;
    }
    *ROOT.lock() = root;
    // SAFETY: the new tables map the running code, its stack and data at the same addresses as the old ones.
    unsafe { Cr3::write(PhysFrame::containing_address(PhysAddr::new(root.0)), Cr3Flags::empty()) };
    Ok(())
}

fn map_direct(root: Physical, start: u64, end: u64) -> Result<(), OutOfFrames> {
    let flags = flags(Access::Write) | Flags::GLOBAL;
    let mut at = start;
    while at < end {
        let virtual_address = DIRECT_MAP + at as usize;
        if at.is_multiple_of(LARGE_PAGE_BYTES) && end - at >= LARGE_PAGE_BYTES {
            let directory = directory(root, virtual_address)?;
            let entry = entry(directory, (virtual_address >> 21) & 511);
            // SAFETY: the entry lies in a table that `directory` made, and nobody else uses it yet.
            unsafe { (*entry).set_addr(PhysAddr::new(at), flags | Flags::HUGE_PAGE) };
            at += LARGE_PAGE_BYTES;
        } else {
            set(root, virtual_address, Physical(at), flags)?;
            at += PAGE_BYTES as u64;
        }
    }
    Ok(())
}

fn entry(table: Physical, index: usize) -> *mut PageTableEntry {
    table.direct::<PageTableEntry>().wrapping_add(index & 511)
}

/// The table below `table[index]`, made where there is none.
fn child(table: Physical, index: usize) -> Result<Physical, OutOfFrames> {
    let entry = entry(table, index);
    // SAFETY: the entry is valid, and the caller holds the lock or is the only user.
    let known = unsafe { (*entry).clone() };
    if known.flags().contains(Flags::PRESENT) {
        return Ok(Physical(known.addr().as_u64()));
    }
    let made = frames::allocate_zeroed().ok_or(OutOfFrames)?;
    // SAFETY: as above.
    unsafe { (*entry).set_addr(PhysAddr::new(made.0), Flags::PRESENT | Flags::WRITABLE) };
    Ok(made)
}

fn directory(root: Physical, address: usize) -> Result<Physical, OutOfFrames> {
    let pointers = child(root, (address >> 39) & 511)?;
    child(pointers, (address >> 30) & 511)
}

fn set(root: Physical, address: usize, frame: Physical, flags: Flags) -> Result<(), OutOfFrames> {
    let table = child(directory(root, address)?, (address >> 21) & 511)?;
    let entry = entry(table, (address >> 12) & 511);
    // SAFETY: the entry is valid, and the caller holds the lock or is the only user.
    unsafe { (*entry).set_addr(PhysAddr::new(frame.0), flags) };
    Ok(())
}

/// Maps one page.
///
/// # Errors
///
/// [`OutOfFrames`] where a page table is missing and cannot be made.
pub fn map(address: usize, frame: Physical, access: Access) -> Result<(), OutOfFrames> {
    let root = ROOT.lock();
    set(*root, address, frame, flags(access))
}

/// Maps `bytes` of fresh frames from `start` on as ordinary memory; all or nothing.
///
/// # Errors
///
/// [`OutOfFrames`] where frames or page tables run out; nothing is mapped then.
pub fn map_range(start: usize, bytes: usize) -> Result<(), OutOfFrames> {
    for offset in (0..bytes).step_by(PAGE_BYTES) {
        let mapped = frames::allocate()
            .ok_or(OutOfFrames)
            .and_then(|frame| map(start + offset, frame, Access::Write).inspect_err(|_| frames::free(frame)));
        if mapped.is_err() {
            unmap_range(start, offset);
            return mapped;
        }
    }
    Ok(())
}

/// Takes the pages of `bytes` from `start` on out of the tables and frees their frames, and those of the last-level tables
/// that have no page left, when no core can use them any more. Nobody may map pages there meanwhile.
pub fn unmap_range(start: usize, bytes: usize) {
    if bytes == 0 {
        return;
    }
    let mut hides_table = false;
    for part in parts_by_table(start..start + bytes) {
        hides_table |= hide(part);
    }
    match hides_table {
        true => tlb::flush_tables_everywhere(),
        false => tlb::flush_everywhere(),
    }
    for part in parts_by_table(start..start + bytes) {
        free_hidden(part);
    }
}

/// `range` cut where another last-level table begins.
fn parts_by_table(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let table_start = |index| index * LARGE_PAGE_BYTES as usize;
    (range.start / LARGE_PAGE_BYTES as usize..range.end.div_ceil(LARGE_PAGE_BYTES as usize))
        .map(move |index| range.start.max(table_start(index))..range.end.min(table_start(index + 1)))
}

/// Hides the pages of `part`, which one table holds, from the processor, and that table where it shows no other page. What
/// they point at stays in their entries. Whether the table is hidden.
fn hide(part: Range<usize>) -> bool {
    let root = ROOT.lock();
    let Some(above) = find_directory(*root, part.start).map(|directory| entry(directory, part.start >> 21)) else {
        return false;
    };
    let Some(table) = present(above) else { return false };
    let hide = |entry: *mut PageTableEntry| {
        // SAFETY: the entry is one of a table that is in use, and the lock is held.
        let entry = unsafe { &mut *entry };
        entry.set_flags(entry.flags() - Flags::PRESENT);
    };
    for page in part.step_by(PAGE_BYTES) {
        hide(entry(table, page >> 12));
    }
    let is_empty = present_entries(table).next().is_none();
    if is_empty {
        hide(above);
    }
    is_empty
}

/// Frees what [`hide`] has hidden.
fn free_hidden(part: Range<usize>) {
    let root = ROOT.lock();
    let Some(above) = find_directory(*root, part.start).map(|directory| entry(directory, part.start >> 21)) else {
        return;
    };
    // SAFETY: the entry is valid, and the lock is held.
    let above = unsafe { &mut *above };
    if above.is_unused() {
        return;
    }
    let table = Physical(above.addr().as_u64());
    for page in part.step_by(PAGE_BYTES) {
        // SAFETY: as above.
        let entry = unsafe { &mut *entry(table, page >> 12) };
        if !entry.is_unused() {
            let frame = Physical(entry.addr().as_u64());
            entry.set_unused();
            frames::free(frame);
        }
    }
    if !above.flags().contains(Flags::PRESENT) {
        above.set_unused();
        frames::free(table);
    }
}

/// Takes one page out of the tables and returns its frame; `None` where nothing was mapped. Other cores may know it
/// still: for pages that they never use.
pub fn unmap(address: usize) -> Option<Physical> {
    let root = ROOT.lock();
    let table = find_table(*root, address)?;
    let entry = entry(table, (address >> 12) & 511);
    // SAFETY: the entry is valid and the lock is held.
    let known = unsafe { (*entry).clone() };
    if !known.flags().contains(Flags::PRESENT) {
        return None;
    }
    // SAFETY: as above.
    unsafe { (*entry).set_unused() };
    forget(address);
    Some(Physical(known.addr().as_u64()))
}

/// Forgets this core's cached translation of one address.
pub fn forget(address: usize) {
    x86_64::instructions::tlb::flush(VirtAddr::new(address as u64));
}

/// Makes the last-level table for `address`, so that [`map_prepared`] works there.
///
/// # Errors
///
/// [`OutOfFrames`] where it cannot be made.
pub fn prepare(address: usize) -> Result<(), OutOfFrames> {
    let root = ROOT.lock();
    child(directory(*root, address)?, (address >> 21) & 511).map(|_| ())
}

/// Maps one page whose last-level table exists, without any lock: for the page-fault handler. False where the table
/// does not exist.
///
/// # Safety
///
/// Nobody else may map or unmap the same page at the same time.
pub unsafe fn map_prepared(address: usize, frame: Physical) -> bool {
    let root = Physical(Cr3::read().0.start_address().as_u64());
    let Some(table) = find_table(root, address) else {
        return false;
    };
    let entry = entry(table, (address >> 12) & 511);
    // SAFETY: the entry is valid; the caller promises to be its only user.
    unsafe { (*entry).set_addr(PhysAddr::new(frame.0), flags(Access::Write)) };
    true
}

/// Whether a page is mapped at `address`.
pub fn is_mapped(address: usize) -> bool {
    let root = Physical(Cr3::read().0.start_address().as_u64());
    let mut table = root;
    for shift in [39, 30, 21, 12] {
        // SAFETY: the walk stays within tables that are in use; entries are read as a whole.
        let entry = unsafe { (*entry(table, (address >> shift) & 511)).clone() };
        if !entry.flags().contains(Flags::PRESENT) {
            return false;
        }
        if entry.flags().contains(Flags::HUGE_PAGE) {
            return true;
        }
        table = Physical(entry.addr().as_u64());
    }
    true
}

fn find_table(root: Physical, address: usize) -> Option<Physical> {
    let mut table = root;
    for shift in [39, 30, 21] {
        // SAFETY: the walk stays within tables that are in use.
        let entry = unsafe { (*entry(table, (address >> shift) & 511)).clone() };
        if !entry.flags().contains(Flags::PRESENT) || entry.flags().contains(Flags::HUGE_PAGE) {
            return None;
        }
        table = Physical(entry.addr().as_u64());
    }
    Some(table)
}

/// Takes the directory of the GiB at `start` out of the tables; `None` where there is none.
///
/// # Safety
///
/// Nobody may use memory there any more.
pub unsafe fn detach_gigabyte(start: usize) -> Option<Physical> {
    let root = ROOT.lock();
    let pointers = present(entry(*root, (start >> 39) & 511))?;
    detach(entry(pointers, (start >> 30) & 511))
}

/// Takes the last-level table of the 2 MiB at `start` out of the tables; `None` where there is none.
///
/// # Safety
///
/// Nobody may use memory there any more.
pub unsafe fn detach_table(start: usize) -> Option<Physical> {
    let root = ROOT.lock();
    let directory = find_directory(*root, start)?;
    detach(entry(directory, (start >> 21) & 511))
}

fn detach(entry: *mut PageTableEntry) -> Option<Physical> {
    let table = present(entry)?;
    // SAFETY: the entry is valid, and the caller holds the lock.
    unsafe { (*entry).set_unused() };
    Some(table)
}

/// Puts a directory that [`detach_gigabyte`] took out into the tables, with all below it, for the GiB at `start`.
///
/// # Errors
///
/// [`OutOfFrames`] where a table above is missing and cannot be made.
///
/// # Safety
///
/// Nothing may be mapped there, and no core may use the directory's pages by any other address.
pub unsafe fn attach_gigabyte(start: usize, directory: Physical) -> Result<(), OutOfFrames> {
    let root = ROOT.lock();
    let pointers = child(*root, (start >> 39) & 511)?;
    attach(entry(pointers, (start >> 30) & 511), directory);
    Ok(())
}

/// Puts a last-level table that [`detach_table`] took out into the tables, with its pages, for the 2 MiB at `start`.
///
/// # Errors
///
/// [`OutOfFrames`] where a table above is missing and cannot be made.
///
/// # Safety
///
/// Nothing may be mapped there, and no core may use the table's pages by any other address.
pub unsafe fn attach_table(start: usize, table: Physical) -> Result<(), OutOfFrames> {
    let root = ROOT.lock();
    let directory = directory(*root, start)?;
    attach(entry(directory, (start >> 21) & 511), table);
    Ok(())
}

fn attach(entry: *mut PageTableEntry, table: Physical) {
    // SAFETY: the entry is valid, and the caller holds the lock.
    unsafe { (*entry).set_addr(PhysAddr::new(table.0), Flags::PRESENT | Flags::WRITABLE) };
}

/// What a present entry points at.
fn present(entry: *mut PageTableEntry) -> Option<Physical> {
    // SAFETY: the entry is one of a table that is in use.
    let known = unsafe { (*entry).clone() };
    known
        .flags()
        .contains(Flags::PRESENT)
        .then(|| Physical(known.addr().as_u64()))
}

/// Frees a table that was taken out of use, with all pages below it; `levels` tells how many levels of tables that is.
pub fn free_tree(table: Physical, levels: usize) {
    for below in present_entries(table) {
        match levels {
            0 => frames::free(below),
            _ => free_tree(below, levels - 1),
        }
    }
    frames::free(table);
}

/// Frees pages of a last-level table that was taken out of use, at the places `indices`, until `count` of them are freed.
pub fn free_pages(table: Physical, indices: impl Iterator<Item = usize>, count: usize) {
    let entries = indices.map(|index| entry(table, index));
    let with_page = entries.filter_map(|entry| Some((entry, present(entry)?)));
    for (entry, frame) in with_page.take(count) {
        // SAFETY: the entry is one of a table that only the caller uses.
        unsafe { (*entry).set_unused() };
        frames::free(frame);
    }
}

/// Whether a directory that was taken out of use has more than its first table. A GiB is used from its start on.
pub fn has_second(directory: Physical) -> bool {
    present(entry(directory, 1)).is_some()
}

/// Frees the pages of a directory's first table from the place `first` on; they lie in a row.
pub fn free_row(directory: Physical, first: usize) {
    if let Some(table) = present(entry(directory, 0)) {
        let row = (first..TABLE_ENTRIES).take_while(|&index| present(entry(table, index)).is_some());
        free_pages(table, row, TABLE_ENTRIES);
    }
}

fn find_directory(root: Physical, address: usize) -> Option<Physical> {
    let mut table = root;
    for shift in [39, 30] {
        // SAFETY: the walk stays within tables that are in use.
        let entry = unsafe { (*entry(table, (address >> shift) & 511)).clone() };
        if !entry.flags().contains(Flags::PRESENT) {
            return None;
        }
        table = Physical(entry.addr().as_u64());
    }
    Some(table)
}

fn present_entries(table: Physical) -> impl Iterator<Item = Physical> {
    (0..512).filter_map(move |index| {
        // The table was taken out of use by the caller and is not freed yet.
        present(entry(table, index))
    })
}
