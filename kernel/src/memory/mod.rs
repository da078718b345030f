//! Memory: who owns which frame, and what every range of addresses is for.
//!
//! | range | what |
//! |---|---|
//! | [`DIRECT_MAP`] | all RAM, readable and writable, never executable |
//! | [`ARENAS`] | one slot of 1 GiB a task arena; see `arena` |
//! | [`STACKS`] | one slot of 2 MiB a stack, the lower half a guard; see `stack` |
//! | [`HEAP`] | the kernel heap, growing upwards; see `heap` |
//! | [`PICTURE`] | the framebuffer; see `picture_window` |
//! | [`WINDOWS`] | device registers and firmware tables; see `window` |
//! | `KERNEL_BASE` | the image: text, read-only data, data |
//!
//! There is one address space; nothing is ever mapped below the middle, so a null or a wild small pointer faults.

pub mod access;
#[cfg(target_os = "none")]
pub mod allocator;
#[cfg(target_os = "none")]
pub mod arena;
pub mod bitmap;
#[cfg(target_os = "none")]
pub mod dma;
#[cfg(target_os = "none")]
pub mod frames;
#[cfg(target_os = "none")]
pub mod heap;
#[cfg(target_os = "none")]
pub mod image;
#[cfg(target_os = "none")]
pub mod limbo;
#[cfg(target_os = "none")]
pub mod paging;
#[cfg(target_os = "none")]
pub mod picture;
#[cfg(target_os = "none")]
pub mod picture_window;
pub mod quick;
#[cfg(target_os = "none")]
mod shrink;
#[cfg(target_os = "none")]
mod spare;
#[cfg(target_os = "none")]
pub mod stack;
pub mod stack_range;
#[cfg(target_os = "none")]
pub mod static_stack;
#[cfg(target_os = "none")]
pub mod window;

/// Bytes of a page and of a frame.
pub const PAGE_BYTES: usize = 4096;
/// Where all RAM appears.
pub const DIRECT_MAP: usize = 0xffff_8000_0000_0000;
/// Where task arenas lie.
pub const ARENAS: usize = 0xffff_a000_0000_0000;
/// Where stacks lie.
pub const STACKS: usize = 0xffff_e000_0000_0000;
/// Where the kernel heap lies.
pub const HEAP: usize = 0xffff_e800_0000_0000;
/// Where device registers and firmware tables appear.
pub const WINDOWS: usize = 0xffff_f000_0000_0000;
/// Where the framebuffer appears, write combining.
pub const PICTURE: usize = 0xffff_f080_0000_0000;
/// Where the image is linked, less its physical link address.
pub const KERNEL_BASE: usize = 0xffff_ffff_8000_0000;

/// A physical address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Physical(pub u64);

impl Physical {
    /// Where RAM at this address appears in the direct map.
    pub fn direct<T>(self) -> *mut T {
        (DIRECT_MAP + self.0 as usize) as *mut T
    }

    /// The number of the frame that holds this address.
    pub fn frame(self) -> usize {
        self.0 as usize / PAGE_BYTES
    }

    /// The start of frame `number`.
    pub fn of_frame(number: usize) -> Self {
        Self((number * PAGE_BYTES) as u64)
    }
}
