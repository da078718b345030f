//! Physical memory that is not RAM of ours: device registers and firmware tables.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use hw::mmio::Mmio;
use raw_cpuid::CpuId;

use super::paging::{self, Access, OutOfFrames};
use super::{PAGE_BYTES, Physical, WINDOWS};
use crate::arch::lock::KernelLock;

/// Why physical memory cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The processor has no such address: whoever named it was wrong.
    NoSuchAddress,
    /// No frame is left for a page table.
    OutOfFrames,
}

impl From<OutOfFrames> for Error {
    fn from(_: OutOfFrames) -> Self {
        Self::OutOfFrames
    }
}

/// The highest physical address that the processor has.
pub fn last_address() -> u64 {
    let bits = CpuId::new()
        .get_processor_capacity_feature_info()
        .map_or(36, |info| info.physical_address_bits());
    1u64.checked_shl(bits.into()).map_or(u64::MAX, |limit| limit - 1)
}

/// Refuses what lies beyond the processor's physical addresses.
pub(super) fn check(start: Physical, bytes: usize) -> Result<(), Error> {
    match start.0.checked_add(bytes as u64) {
        Some(end) if end.saturating_sub(1) <= last_address() => Ok(()),
        _ => Err(Error::NoSuchAddress),
    }
}

/// The next free address of the range; the first page is for [`read`].
static NEXT: AtomicUsize = AtomicUsize::new(WINDOWS + PAGE_BYTES);
/// Guards the one page through which [`read`] looks.
static PEEPHOLE: KernelLock<()> = KernelLock::new(());

/// Maps `bytes` of device registers at `start` for good, uncached, and returns their address.
///
/// # Errors
///
/// [`Error`] where the processor has no such address, or no page table can be made.
pub fn map_device(start: Physical, bytes: usize) -> Result<usize, Error> {
    map_window(start, bytes, Access::Device)
}

/// Maps `bytes` of a picture at `start` for good, write combining, and returns their address.
///
/// # Errors
///
/// [`Error`] where the processor has no such address, or no page table can be made.
pub fn map_picture(start: Physical, bytes: usize) -> Result<usize, Error> {
    map_window(start, bytes, Access::Picture)
}

fn map_window(start: Physical, bytes: usize, access: Access) -> Result<usize, Error> {
    check(start, bytes)?;
    let offset = start.0 as usize % PAGE_BYTES;
    let pages = (offset + bytes).div_ceil(PAGE_BYTES);
    // One page more stays unmapped, so that running over the end of a window faults.
    let address = NEXT.fetch_add((pages + 1) * PAGE_BYTES, Ordering::Relaxed);
    let first = start.0 - offset as u64;
    for page in 0..pages {
        paging::map(
            address + page * PAGE_BYTES,
            Physical(first + (page * PAGE_BYTES) as u64),
            access,
        )?;
    }
    Ok(address + offset)
}

/// The `bytes` of device registers at `start`, mapped for good.
///
/// # Errors
///
/// [`Error`] where the processor has no such address, or no page table can be made.
pub fn registers(start: Physical, bytes: usize) -> Result<Mmio, Error> {
    let base = NonNull::new(map_device(start, bytes)? as *mut u8).ok_or(Error::NoSuchAddress)?;
    // SAFETY: the window was just mapped for this value alone, uncached and for good.
    Ok(unsafe { Mmio::new(base, bytes) })
}

/// Copies physical memory at `start` into `buffer`.
///
/// # Errors
///
/// [`Error`] where the processor has no such address, or no page table can be made.
pub fn read(start: Physical, buffer: &mut [u8]) -> Result<(), Error> {
    check(start, buffer.len())?;
    let _guard = PEEPHOLE.lock();
    let mut done = 0;
    while done < buffer.len() {
        let at = start.0.wrapping_add(done as u64);
        let offset = at as usize % PAGE_BYTES;
        let count = (PAGE_BYTES - offset).min(buffer.len() - done);
        paging::map(WINDOWS, Physical(at - offset as u64), Access::Read)?;
        // Another core may have looked through it meanwhile, and this one remember what it saw last.
        paging::forget(WINDOWS);
        // SAFETY: the page was just mapped, `offset + count` lies within it, and the lock keeps others off it.
        let bytes = unsafe { core::slice::from_raw_parts((WINDOWS + offset) as *const u8, count) };
        buffer[done..done + count].copy_from_slice(bytes);
        paging::unmap(WINDOWS);
        done += count;
    }
    Ok(())
}

/// Reads `bytes` (1, 2, 4 or 8) of a device's registers at `start`, a multiple of `bytes`, in one access.
///
/// # Errors
///
/// [`Error`] where the processor has no such address, or no page table can be made.
///
/// # Panics
///
/// On any other number of bytes, or another address.
pub fn read_register(start: Physical, bytes: usize) -> Result<u64, Error> {
    with_register(start, bytes, |address| {
        match bytes {
            // SAFETY: `with_register` has mapped the page for this call, and the address is a multiple of the width, as in
            // all of these; what the device does then is the business of the person who asked.
            1 => u64::from(unsafe { (address as *const u8).read_volatile() }),
            // SAFETY: as above.
            2 => u64::from(unsafe { (address as *const u16).read_volatile() }),
            // SAFETY: as above.
            4 => u64::from(unsafe { (address as *const u32).read_volatile() }),
            // SAFETY: as above.
            _ => unsafe { (address as *const u64).read_volatile() },
        }
    })
}

/// Writes `bytes` (1, 2, 4 or 8) of a device's registers at `start`, a multiple of `bytes`, in one access.
///
/// # Errors
///
/// [`Error`] where the processor has no such address, or no page table can be made.
///
/// # Panics
///
/// On any other number of bytes, or another address.
pub fn write_register(start: Physical, bytes: usize, value: u64) -> Result<(), Error> {
    with_register(start, bytes, |address| {
        match bytes {
            // SAFETY: as for reading; callers make sure that no memory of the kernel's lies there.
            1 => unsafe { (address as *mut u8).write_volatile(value as u8) },
            // SAFETY: as above.
            2 => unsafe { (address as *mut u16).write_volatile(value as u16) },
            // SAFETY: as above.
            4 => unsafe { (address as *mut u32).write_volatile(value as u32) },
            // SAFETY: as above.
            _ => unsafe { (address as *mut u64).write_volatile(value) },
        }
    })
}

/// Lets `access` have the page of `start` at the peephole, uncached.
fn with_register<T>(start: Physical, bytes: usize, access: impl FnOnce(usize) -> T) -> Result<T, Error> {
    assert!(
        matches!(bytes, 1 | 2 | 4 | 8) && start.0.is_multiple_of(bytes as u64),
        "{bytes} bytes at {:#x} are no register",
        start.0
    );
    check(start, bytes)?;
    let _guard = PEEPHOLE.lock();
    let offset = start.0 as usize % PAGE_BYTES;
    paging::map(WINDOWS, Physical(start.0 - offset as u64), Access::Device)?;
    paging::forget(WINDOWS);
    let result = access(WINDOWS + offset);
    paging::unmap(WINDOWS);
    Ok(result)
}
