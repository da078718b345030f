//! The frame allocator: which page frames of RAM are free.
//!
//! The map of used frames is a bitmap that lies in RAM itself; it is placed by [`start`] from the boot loader's memory
//! map. What the loader left in memory that the map calls free (the image, boot information, modules) is reserved
//! before anything is handed out, and so is the first MiB, which firmware and the start of other cores need.

use core::sync::atomic::{AtomicUsize, Ordering};

use super::bitmap::FrameBitmap;
use super::{PAGE_BYTES, Physical, image, limbo, spare};
use crate::arch::lock::KernelLock;
use crate::boot::tags::{MemoryKind, Tags};

static FRAMES: KernelLock<Option<FrameBitmap<'static>>> = KernelLock::new(None);
/// Mirrors of the bitmap's counts that can be read without its lock.
static FREE: AtomicUsize = AtomicUsize::new(0);
static TOTAL: AtomicUsize = AtomicUsize::new(0);
/// Where the bitmap lies, and its bytes.
static BITMAP: (AtomicUsize, AtomicUsize) = (AtomicUsize::new(0), AtomicUsize::new(0));

/// Firmware, boot trampolines and the real-mode area: never handed out.
const LOW_MEMORY_BYTES: u64 = 1 << 20;
/// RAM beyond this is left alone: the direct map has room for 32 TiB.
const HIGHEST_BYTES: u64 = 1 << 44;

/// Why there is no frame allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The boot loader passed no memory map.
    NoMemoryMap,
    /// No free range is large enough for the bitmap.
    NoRoom,
}

/// A range of physical memory that must stay as it is.
#[derive(Clone, Copy, Debug)]
pub struct Reserved {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

/// Builds the allocator from the boot loader's memory map; `information` is where the boot information itself lies.
///
/// # Errors
///
/// [`Error`] where the map is missing or nothing in it can hold the bitmap.
pub fn start(tags: &Tags<'_>, information: Reserved) -> Result<(), Error> {
    let regions = || {
        tags.memory_map()
            .filter(|region| region.kind == MemoryKind::Available)
            .map(|region| {
                (
                    region.start.max(LOW_MEMORY_BYTES),
                    (region.start + region.length).min(HIGHEST_BYTES),
                )
            })
            .filter(|(start, end)| start < end)
    };
    let highest = regions().map(|(_, end)| end).max().ok_or(Error::NoMemoryMap)?;
    let frames = Physical(highest).frame();
    let storage_bytes = FrameBitmap::words_for(frames) * 8;

    let whole = image::whole();
    let image_range = Reserved {
        start: image::physical(whole.start).0,
        end: image::physical(whole.start).0 + (whole.end - whole.start) as u64,
    };
    let reserved = || {
        [image_range, information]
            .into_iter()
            .chain(tags.modules().map(|module| Reserved {
                start: module.start.into(),
                end: module.end.into(),
            }))
    };

    let storage = place(regions(), reserved, storage_bytes as u64).ok_or(Error::NoRoom)?;
    // SAFETY: `place` found these bytes in free RAM that overlaps nothing that is in use, and the boot page tables
    // hold the lowest 4 GiB of the direct map, to which `place` keeps.
    let words = unsafe { core::slice::from_raw_parts_mut(Physical(storage).direct::<u64>(), storage_bytes / 8) };
    let mut bitmap = FrameBitmap::new(words, frames);
    for (start, end) in regions() {
        let first = start.div_ceil(PAGE_BYTES as u64) as usize;
        let last = Physical(end).frame();
        bitmap.release_range(first, last.saturating_sub(first));
    }
    // Where regions overlap, the one that is not available wins.
    for region in tags.memory_map().filter(|region| region.kind != MemoryKind::Available) {
        let end = (region.start + region.length).min(HIGHEST_BYTES);
        let (first, last) = (Physical(region.start).frame(), end.div_ceil(PAGE_BYTES as u64) as usize);
        bitmap.reserve_range(first, last.saturating_sub(first));
    }
    TOTAL.store(bitmap.free_count(), Ordering::Relaxed);
    let bitmap_range = Reserved {
        start: storage,
        end: storage + storage_bytes as u64,
    };
    for range in reserved().chain([bitmap_range]) {
        let first = Physical(range.start).frame();
        let last = range.end.div_ceil(PAGE_BYTES as u64) as usize;
        bitmap.reserve_range(first, last.saturating_sub(first));
    }
    FREE.store(bitmap.free_count(), Ordering::Relaxed);
    BITMAP.0.store(storage as usize, Ordering::Relaxed);
    BITMAP.1.store(storage_bytes, Ordering::Relaxed);
    *FRAMES.lock() = Some(bitmap);
    Ok(())
}

/// Finds `bytes` in one of `regions` below 4 GiB that touch no reserved range.
fn place<I: Iterator<Item = Reserved>>(
    regions: impl Iterator<Item = (u64, u64)>,
    reserved: impl Fn() -> I,
    bytes: u64,
) -> Option<u64> {
    let page = PAGE_BYTES as u64;
    for (start, end) in regions {
        let end = end.min(1 << 32);
        let mut candidate = start.next_multiple_of(page);
        while candidate + bytes <= end {
            let Some(blocker) = reserved().find(|range| candidate < range.end && range.start < candidate + bytes)
            else {
                return Some(candidate);
            };
            candidate = blocker.end.next_multiple_of(page);
        }
    }
    None
}

/// Where the allocator's own bitmap lies.
pub fn bitmap_range() -> Reserved {
    let start = BITMAP.0.load(Ordering::Relaxed) as u64;
    let end = start + BITMAP.1.load(Ordering::Relaxed) as u64;
    Reserved { start, end }
}

/// Takes one frame; its contents are whatever they were.
pub fn allocate() -> Option<Physical> {
    let take = || with(|frames| frames.allocate()).map(Physical::of_frame);
    take().or_else(|| limbo::hurry().then(take)?)
}

/// Whether `bytes` of RAM are free, those counted that other cores only have to let go of, or that are kept for new tasks.
pub fn has_free(bytes: u64) -> bool {
    let has_free = || (FREE.load(Ordering::Relaxed) * PAGE_BYTES) as u64 >= bytes;
    has_free() || (limbo::hurry() && has_free())
}

/// Takes `count` frames in a row; their contents are whatever they were.
pub fn allocate_contiguous(count: usize) -> Option<Physical> {
    let take = || with(|frames| frames.allocate_contiguous(count, 1, None)).map(Physical::of_frame);
    take().or_else(|| limbo::hurry().then(take)?)
}

/// Somebody uses the allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// Takes one frame without waiting for the lock: for the page-fault handler. `None` where none is free.
///
/// # Errors
///
/// [`Busy`].
pub fn try_allocate() -> Result<Option<Physical>, Busy> {
    let mut guard = FRAMES.try_lock().ok_or(Busy)?;
    let Some(frames) = guard.as_mut() else {
        return Ok(None);
    };
    let frame = frames.allocate();
    FREE.store(frames.free_count(), Ordering::Relaxed);
    Ok(frame.map(Physical::of_frame))
}

/// Takes one frame and fills it with zeros.
pub fn allocate_zeroed() -> Option<Physical> {
    let frame = allocate()?;
    // SAFETY: the frame is RAM in the direct map and belongs to the caller alone.
    unsafe { core::ptr::write_bytes(frame.direct::<u8>(), 0, PAGE_BYTES) };
    Some(frame)
}

/// Gives a frame back.
pub fn free(frame: Physical) {
    if let Err(error) = with(|frames| frames.free(frame.frame())) {
        panic!("frame {:#x} freed wrongly: {error:?}", frame.0);
    }
}

/// Bytes of RAM that nobody uses, those counted that are kept for the next tasks.
pub fn free_bytes() -> u64 {
    (FREE.load(Ordering::Relaxed) * PAGE_BYTES + spare::bytes()) as u64
}

/// Bytes of RAM that the allocator manages, used or not.
pub fn total_bytes() -> u64 {
    (TOTAL.load(Ordering::Relaxed) * PAGE_BYTES) as u64
}

fn with<T>(work: impl FnOnce(&mut FrameBitmap<'static>) -> T) -> T {
    let mut guard = FRAMES.lock();
    let frames = guard.as_mut().expect("frames are started before anything asks for one");
    let result = work(frames);
    FREE.store(frames.free_count(), Ordering::Relaxed);
    result
}
