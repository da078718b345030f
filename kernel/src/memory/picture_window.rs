//! Where the picture that the boot loader left is mapped: at one place, from the first log line to the last panic.
//!
//! The page tables are static, so the window is there before there are frames; `paging::start` takes it over into the
//! final tables. The picture may lie anywhere, above 4 GiB too. Whole pages of 2 MiB are used where they hold nothing
//! but the picture, small ones at its ends, so that no device's registers beside it are mapped as memory.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU64, Ordering};

use x86_64::PhysAddr;
use x86_64::registers::control::Cr3;
use x86_64::structures::paging::PageTableFlags as Flags;
use x86_64::structures::paging::page_table::{PageTable, PageTableEntry};

use super::{PAGE_BYTES, PICTURE, Physical, image, window};

const LARGE_PAGE_BYTES: u64 = 2 << 20;
const ENTRIES: usize = 512;
/// The entry of the root that leads here.
const ROOT_INDEX: usize = (PICTURE >> 39) & 511;
/// Written pages, write combining by the entry of the page attribute table that `arch::features` sets. Execution is
/// forbidden once, at the root, for the processor must first be told of that flag.
const FLAGS: Flags = Flags::PRESENT.union(Flags::WRITABLE).union(Flags::WRITE_THROUGH);

struct Table(UnsafeCell<PageTable>);

// SAFETY: changed by `map` only, which one core calls once, during start-up.
unsafe impl Sync for Table {}

impl Table {
    const fn new() -> Self {
        Self(UnsafeCell::new(PageTable::new()))
    }

    fn physical(&'static self) -> PhysAddr {
        PhysAddr::new(image::physical(self.0.get() as usize).0)
    }

    fn set(&'static self, index: usize, address: PhysAddr, flags: Flags) {
        let entry = self.0.get().cast::<PageTableEntry>().wrapping_add(index % ENTRIES);
        // SAFETY: the entry lies in this table, and nobody else uses it now.
        unsafe { (*entry).set_addr(address, flags) };
    }
}

static POINTERS: Table = Table::new();
static DIRECTORY: Table = Table::new();
/// Small pages at the picture's start, and at its end.
static HEAD: Table = Table::new();
static TAIL: Table = Table::new();
/// Where the picture starts, and its bytes; 0 for none yet.
static START: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// Maps the picture of `bytes` at `start` for good and returns its address: always the same for the same picture.
///
/// # Errors
///
/// [`window::Error`] where the processor has no such address, or a second picture cannot be mapped.
pub fn map(start: Physical, bytes: usize) -> Result<usize, window::Error> {
    let offset = start.0 % LARGE_PAGE_BYTES;
    let address = PICTURE + offset as usize;
    if BYTES.load(Ordering::Relaxed) > 0 {
        let is_same = START.load(Ordering::Relaxed) == start.0 && bytes as u64 <= BYTES.load(Ordering::Relaxed);
        return if is_same {
            Ok(address)
        } else {
            window::map_picture(start, bytes)
        };
    }
    window::check(start, bytes)?;
    let first = start.0 - offset;
    let chunks = (offset as usize)
        .saturating_add(bytes)
        .div_ceil(LARGE_PAGE_BYTES as usize);
    if chunks > ENTRIES {
        return Err(window::Error::NoSuchAddress);
    }
    for index in 0..chunks {
        map_chunk(
            index,
            first + index as u64 * LARGE_PAGE_BYTES,
            start.0,
            start.0 + bytes as u64,
        );
    }
    START.store(start.0, Ordering::Relaxed);
    BYTES.store(bytes as u64, Ordering::Relaxed);
    POINTERS.set(0, DIRECTORY.physical(), Flags::PRESENT | Flags::WRITABLE);
    link_boot_tables();
    Ok(address)
}

/// Maps what the 2 MiB at `chunk` have of the picture from `start` to `end`.
fn map_chunk(index: usize, chunk: u64, start: u64, end: u64) {
    if start <= chunk && chunk + LARGE_PAGE_BYTES <= end {
        return DIRECTORY.set(index, PhysAddr::new(chunk), FLAGS | Flags::HUGE_PAGE);
    }
    let table = if index == 0 { &HEAD } else { &TAIL };
    for page in 0..ENTRIES {
        let at = chunk + (page * PAGE_BYTES) as u64;
        if at + PAGE_BYTES as u64 > start && at < end {
            table.set(page, PhysAddr::new(at), FLAGS);
        }
    }
    DIRECTORY.set(index, table.physical(), Flags::PRESENT | Flags::WRITABLE);
}

/// Lets the tables in use lead to the window, where those are still the entry code's.
fn link_boot_tables() {
    let root = Physical(Cr3::read().0.start_address().as_u64());
    let entry = root.direct::<PageTableEntry>().wrapping_add(ROOT_INDEX);
    // SAFETY: the root is mapped in the direct map, and nobody changes this entry at the same time.
    let entry = unsafe { &mut *entry };
    if entry.is_unused() {
        entry.set_addr(POINTERS.physical(), Flags::PRESENT | Flags::WRITABLE);
    }
}

/// Lets the final tables at `root` lead to the window, with more `flags`: it is not executable there.
pub(super) fn link(root: Physical, flags: Flags) {
    let entry = root.direct::<PageTableEntry>().wrapping_add(ROOT_INDEX);
    // SAFETY: the root was just made, is mapped in the direct map, and is nobody else's yet.
    let entry = unsafe { &mut *entry };
    entry.set_addr(POINTERS.physical(), Flags::PRESENT | Flags::WRITABLE | flags);
}
