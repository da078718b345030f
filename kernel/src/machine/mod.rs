//! The machine put together: firmware, devices, and what scripts see of them.
//!
//! | module | what it holds |
//! |---|---|
//! | [`firmware`] | ACPI tables |
//! | [`timing`] | calibrating the clock, the wall clock |
//! | [`routing`] | device interrupts through the I/O APICs |
//! | [`serial`] | the serial console |
//! | [`power`] | off and reboot |
//! | [`steps`] | how long each start-up step took |
//! | [`host`] | the contracts that the script interface stands on |
//! | [`session`] | the prompt and its supervisor |
//! | [`debug`] | breaking things on purpose |

pub mod debug;
pub mod firmware;
pub mod host;
pub mod power;
pub mod routing;
pub mod serial;
pub mod session;
pub mod steps;
pub mod timing;
