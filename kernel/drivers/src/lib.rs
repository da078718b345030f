//! Device drivers over the `hw` seam. No driver touches memory or ports except through it, so all are tested on the
//! host; none may hold unsafe code.
//!
//! | module | device |
//! |---|---|
//! | [`acpi`] | none: the firmware's tables |
//! | [`uart16550`] | serial ports |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod acpi;
pub mod uart16550;
