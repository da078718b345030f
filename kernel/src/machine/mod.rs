//! The machine put together: firmware, devices, and what scripts see of them.
//!
//! | module | what it holds |
//! |---|---|
//! | [`firmware`] | ACPI tables |
//! | [`timing`] | calibrating the clock, the wall clock |
//! | [`routing`] | device interrupts through the I/O APICs |
//! | [`serial`] | the serial console |
//! | [`display`] | the screen: its consoles, one of them shown, and the painter |
//! | [`screen`] | a console on the display |
//! | [`sessions`] | the sessions on the display, and their keys |
//! | [`drawing`] | what scripts see of the screen, and parts of it that tasks own |
//! | [`keyboard`] | what is typed at the screen |
//! | [`driver_task`] | starting a driver on a fiber |
//! | [`identity`] | what the machine is: processor, firmware's description, sensors, memory map |
//! | [`raw`] | registers for a person at the prompt |
//! | `words` | what drivers found out, as scripts see it |
//! | [`power`] | off and reboot |
//! | [`steps`] | how long each start-up step took |
//! | [`host`] | the contracts that the script interface stands on |
//! | [`banner`] | what the screen says first |
//! | [`session`] | the prompt and its supervisor |
//! | [`debug`] | breaking things on purpose |

pub mod banner;
pub mod debug;
pub mod display;
pub mod drawing;
pub mod driver_task;
pub mod firmware;
pub mod host;
pub mod identity;
pub mod keyboard;
pub mod power;
pub mod raw;
pub mod routing;
pub mod screen;
pub mod serial;
pub mod session;
pub mod sessions;
pub mod steps;
pub mod timing;
mod words;
