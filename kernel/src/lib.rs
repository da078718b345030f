//! The Rhaios kernel: composes drivers, services and the script interface, and holds the unsafe code.
//!
//! The parts that do not need the machine also build and test on a host; `main.rs` is the start-up.
#![cfg_attr(target_os = "none", no_std)]

extern crate alloc;

pub mod arch;
pub mod boot;
pub mod executor;
#[cfg(target_os = "none")]
pub mod machine;
pub mod memory;
#[cfg(target_os = "none")]
pub mod report;
