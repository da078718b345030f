//! From the boot loader to the kernel: header, entry code, boot information, command line.

pub mod command_line;
#[cfg(target_os = "none")]
mod entry;
#[cfg(target_os = "none")]
pub mod handover;
pub mod tags;
