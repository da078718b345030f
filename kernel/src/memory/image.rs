//! Where the kernel's own sections lie, from the linker script.

use core::sync::atomic::{AtomicU64, Ordering};

use super::{KERNEL_BASE, Physical, arena};
use crate::arch::core_local::{self, CoreLocal};

unsafe extern "C" {
    static image_start: u8;
    static image_end: u8;
    static text_start: u8;
    static text_end: u8;
    static rodata_start: u8;
    static rodata_end: u8;
    static data_start: u8;
    static stacks_start: u8;
    static stacks_end: u8;
}

/// Real place of the image less its linked one, in bytes; set once at entry.
static RELOCATION: AtomicU64 = AtomicU64::new(0);

/// Virtual start and end of a part of the image.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// First address, on a page boundary.
    pub start: usize,
    /// One past the last address, on a page boundary.
    pub end: usize,
}

/// Notes where the boot loader put the image.
pub fn set_relocation(bytes: i64) {
    RELOCATION.store(bytes as u64, Ordering::Relaxed);
}

/// Code: readable and executable.
pub fn text() -> Part {
    Part {
        start: &raw const text_start as usize,
        end: &raw const text_end as usize,
    }
}

/// Constants: readable.
pub fn rodata() -> Part {
    Part {
        start: &raw const rodata_start as usize,
        end: &raw const rodata_end as usize,
    }
}

/// Variables: readable and writable.
pub fn data() -> Part {
    Part {
        start: &raw const data_start as usize,
        end: &raw const image_end as usize,
    }
}

/// The whole image.
pub fn whole() -> Part {
    Part {
        start: &raw const image_start as usize,
        end: &raw const image_end as usize,
    }
}

/// The physical address of something in the image.
pub fn physical(address: usize) -> Physical {
    Physical(((address - KERNEL_BASE) as u64).wrapping_add(RELOCATION.load(Ordering::Relaxed)))
}

/// Whether `address` lies among the image's stacks. All of that is mapped but the guards, so a fault there means that a
/// stack ran over.
pub fn is_stack(address: usize) -> bool {
    (&raw const stacks_start as usize..&raw const stacks_end as usize).contains(&address)
}

/// Words of the kernel's variables that point into the arenas, but for the boot processor's record of its running task.
/// Stacks are no variables: what they held last stays there.
pub fn arena_pointers() -> u64 {
    let part = data();
    let own = core::ptr::from_ref(core_local::boot_core()) as usize;
    let own = own..own + size_of::<CoreLocal>();
    let words = (part.start..part.end)
        .step_by(size_of::<usize>())
        .filter(|address| !own.contains(address) && !is_stack(*address));
    let found = words.filter(|&address| {
        // SAFETY: the address is an aligned word of the image's variables, which are mapped and readable.
        arena::contains(unsafe { (address as *const usize).read_volatile() })
    });
    found.count() as u64
}
