//! From the boot loader to the kernel: header, entry code, boot information, command line.

pub mod command_line;
#[cfg(target_os = "none")]
mod entry;
#[cfg(target_os = "none")]
pub mod handover;
#[cfg(target_os = "none")]
pub mod other_core;
pub mod tags;
#[cfg(target_os = "none")]
pub mod trampoline;
