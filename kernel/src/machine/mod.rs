//! The machine put together: firmware, devices, and what scripts see of them.
//!
//! | module | what it holds |
//! |---|---|
//! | [`entropy`] | collecting noise for random numbers |
//! | [`firmware`] | ACPI tables |
//! | [`acpi`] | the same as scripts see them |
//! | [`fixed_registers`] | the registers that the tables name, in every address space |
//! | [`timing`] | calibrating the clock, and which counter tells the time |
//! | [`virtio_rng`] | the virtio entropy device |
//! | [`wall_clock`] | the date |
//! | [`routing`] | device interrupts through the I/O APICs |
//! | [`cores`] | starting the other cores |
//! | [`serial`] | the serial console |
//! | [`display`] | the screen: its consoles, one of them shown, and the painter |
//! | [`screen`] | a console on the display |
//! | [`sessions`] | the sessions on the display, and their keys |
//! | [`drawing`] | what scripts see of the screen, and parts of it that tasks own |
//! | [`keyboard`] | what is typed at the screen |
//! | [`driver_task`] | starting a driver on a fiber |
//! | [`pci`] | the PCI bus |
//! | [`drivers`] | THE driver table |
//! | [`binding`] | starting the drivers of the table on what was found |
//! | [`edu`] | the emulator's device for teaching |
//! | [`identity`] | what the machine is: processor, firmware's description, sensors, memory map |
//! | [`raw`] | registers for a person at the prompt |
//! | `words` | what drivers found out, as scripts see it |
//! | [`testdev`] | a driver that fails, for tests |
//! | [`power`] | off and reboot |
//! | [`buttons`] | ACPI mode, the power and the sleep button |
//! | [`steps`] | how long each start-up step took |
//! | [`host`] | the contracts that the script interface stands on |
//! | [`banner`] | what the screen says first |
//! | [`session`] | the prompt and its supervisor |
//! | [`debug`] | breaking things on purpose |

pub mod acpi;
pub mod banner;
pub mod binding;
pub mod buttons;
pub mod cores;
pub mod debug;
pub mod display;
pub mod drawing;
pub mod driver_task;
pub mod drivers;
pub mod edu;
pub mod entropy;
pub mod firmware;
pub mod fixed_registers;
pub mod host;
pub mod identity;
pub mod keyboard;
pub mod pci;
pub mod power;
pub mod raw;
pub mod routing;
pub mod screen;
pub mod serial;
pub mod session;
pub mod sessions;
pub mod steps;
pub mod testdev;
pub mod timing;
pub mod virtio_rng;
pub mod wall_clock;
mod words;
