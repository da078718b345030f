//! The final page tables, and the calls that map and unmap single pages in them.
//!
//! Source: AMD64 manual volume 2, chapter 5. Every mapping is writable or executable, never both. The tables of the
//! kernel's half are shared by all cores, so there is one address space, and one lock for changing its upper levels.

use core::sync::atomic::{AtomicBool, Ordering};

use x86_64::registers::control::{Cr3, Cr3Flags};
use x86_64::structures::paging::page_table::PageTableEntry;
use x86_64::structures::paging::{PageTableFlags as Flags, PhysFrame};
use x86_64::{PhysAddr, VirtAddr};

use super::{DIRECT_MAP, PAGE_BYTES, Physical, frames, image, picture_window};
use crate::arch::features::Features;
use crate::arch::lock::KernelLock;
use crate::boot::tags::{MemoryKind, Tags};

const LARGE_PAGE_BYTES: u64 = 2 << 20;

/// Guards the tables above the last level, and the choice of the root.
static ROOT: KernelLock<Physical> = KernelLock::new(Physical(0));

/// The processor knows pages that are not executable; where it does not, the bit is reserved.
static HAS_NO_EXECUTE: AtomicBool = AtomicBool::new(false);

/// What may be done with a mapped page, and how it is cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Instructions.
    Execute,
    /// Constants.
    Read,
    /// Ordinary memory.
    Write,
    /// Device registers: uncached.
    Device,
    /// A picture: writes are combined, reads are slow.
    Picture,
}

impl Access {
    fn flags(self) -> Flags {
        let present = Flags::PRESENT;
        let flags = match self {
            Self::Execute => present,
            Self::Read => present | Flags::NO_EXECUTE,
            Self::Write => present | Flags::NO_EXECUTE | Flags::WRITABLE,
            // The entry of the page attribute table that `arch::features` sets to write combining.
            Self::Picture => present | Flags::NO_EXECUTE | Flags::WRITABLE | Flags::WRITE_THROUGH,
            Self::Device => present | Flags::NO_EXECUTE | Flags::WRITABLE | Flags::NO_CACHE | Flags::WRITE_THROUGH,
        };
        if HAS_NO_EXECUTE.load(Ordering::Relaxed) {
            flags
        } else {
            flags - Flags::NO_EXECUTE
        }
    }
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
            let flags = access.flags() | Flags::GLOBAL;
            set(root, page, image::physical(page), flags)?;
        }
    }
    picture_window::link(root, Access::Read.flags());
    // The upper half's first level is complete from the start, so that no core ever needs a change of it.
    for index in 256..512 {
        child(root, index)?;
    }
    *ROOT.lock() = root;
    // SAFETY: the new tables map the running code, its stack and data at the same addresses as the old ones.
    unsafe { Cr3::write(PhysFrame::containing_address(PhysAddr::new(root.0)), Cr3Flags::empty()) };
    Ok(())
}

fn map_direct(root: Physical, start: u64, end: u64) -> Result<(), OutOfFrames> {
    let flags = Access::Write.flags() | Flags::GLOBAL;
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
    set(*root, address, frame, access.flags())
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

/// Takes the pages of `bytes` from `start` on out of the tables and frees their frames.
pub fn unmap_range(start: usize, bytes: usize) {
    for page in (start..start + bytes).step_by(PAGE_BYTES) {
        if let Some(frame) = unmap(page) {
            frames::free(frame);
        }
    }
}

/// Takes one page out of the tables and returns its frame; `None` where nothing was mapped.
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
    x86_64::instructions::tlb::flush(VirtAddr::new(address as u64));
    Some(Physical(known.addr().as_u64()))
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
    unsafe { (*entry).set_addr(PhysAddr::new(frame.0), Access::Write.flags()) };
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

/// Frees all pages and page tables below the level-2 directories of `[start, start + bytes)`, which must be a multiple
/// of 1 GiB, and returns the count of pages (not tables) that were mapped.
///
/// # Safety
///
/// Nobody may use memory in the range any more.
pub unsafe fn free_gigabytes(start: usize, bytes: usize) -> usize {
    let mut pages = 0;
    for slot in (start..start + bytes).step_by(1 << 30) {
        let directory = {
            let root = ROOT.lock();
            let pointers = entry(*root, (slot >> 39) & 511);
            // SAFETY: the lock is held and the walk stays within the tables.
            let pointers = unsafe { (*pointers).clone() };
            if !pointers.flags().contains(Flags::PRESENT) {
                continue;
            }
            let directory = entry(Physical(pointers.addr().as_u64()), (slot >> 30) & 511);
            // SAFETY: as above.
            let known = unsafe { (*directory).clone() };
            if !known.flags().contains(Flags::PRESENT) {
                continue;
            }
            // SAFETY: as above.
            unsafe { (*directory).set_unused() };
            Physical(known.addr().as_u64())
        };
        flush_all();
        for table in present_entries(directory) {
            for page in present_entries(table) {
                frames::free(page);
                pages += 1;
            }
            frames::free(table);
        }
        frames::free(directory);
    }
    pages
}

/// Frees all pages in `[start, start + 2 MiB)` and their last-level table.
///
/// # Safety
///
/// Nobody may use memory in the range any more.
pub unsafe fn free_table(start: usize) {
    let table = {
        let root = ROOT.lock();
        let Some(directory) = find_directory(*root, start) else {
            return;
        };
        let entry = entry(directory, (start >> 21) & 511);
        // SAFETY: the lock is held and the walk stays within the tables.
        let known = unsafe { (*entry).clone() };
        if !known.flags().contains(Flags::PRESENT) {
            return;
        }
        // SAFETY: as above.
        unsafe { (*entry).set_unused() };
        Physical(known.addr().as_u64())
    };
    flush_all();
    for page in present_entries(table) {
        frames::free(page);
    }
    frames::free(table);
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
        // SAFETY: the table was taken out of use by the caller and not freed yet.
        let entry = unsafe { (*entry(table, index)).clone() };
        entry
            .flags()
            .contains(Flags::PRESENT)
            .then(|| Physical(entry.addr().as_u64()))
    })
}

/// Forgets every cached translation but the global ones (image and direct map).
fn flush_all() {
    x86_64::instructions::tlb::flush_all();
}
