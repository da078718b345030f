//! Device drivers over the `hw` seam. No driver touches memory or ports except through it, so all are tested on the
//! host; none may hold unsafe code.
//!
//! | module | device |
//! |---|---|
//! | [`acpi`] | none: the firmware's tables |
//! | [`calibrate`] | none: measures the time stamp counter against a reference |
//! | [`clock_offset`] | none: how far the counters of two processors are apart |
//! | [`counter`] | none: what the reference counters have in common |
//! | [`cpuid`] | none: what the processor says of itself |
//! | [`edu`] | the emulator's device for teaching: the worked example of a driver |
//! | [`endless`] | none: a counter that wraps, made into one that does not |
//! | [`hpet`] | the high precision timer, as a counter |
//! | [`i8042`] | the keyboard controller and its keyboard |
//! | [`ioapic`] | sends device interrupts to processors |
//! | [`local_apic`] | a core's own interrupt controller and timer |
//! | [`message`] | none: what devices write to interrupt a processor |
//! | [`pat`] | none: how pages are cached, by the page attribute table |
//! | [`microcode`] | the revision of the processor's microcode |
//! | [`pci`] | none: the bus that devices are found on |
//! | [`pic`] | the two 8259, masked for good |
//! | [`pit`] | the 8254's channel 2, as a counter |
//! | [`pm_timer`] | the ACPI timer, as a counter |
//! | [`power`] | ACPI mode, soft off, buttons |
//! | [`reset`] | starting the machine again |
//! | [`rtc`] | the clock in the CMOS |
//! | [`smbios`] | none: the firmware's description of the machine |
//! | [`thermal`] | the processor's thermometers |
//! | [`uart16550`] | serial ports |
//! | [`virtio`] | devices by the virtio standard |
#![cfg_attr(not(any(test, feature = "fake")), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod acpi;
pub mod calibrate;
pub mod clock_offset;
pub mod counter;
pub mod cpuid;
pub mod edu;
pub mod endless;
pub mod hpet;
pub mod i8042;
#[cfg(test)]
mod in_time;
pub mod ioapic;
pub mod local_apic;
pub mod message;
pub mod microcode;
pub mod pat;
pub mod pci;
pub mod pic;
pub mod pit;
pub mod pm_timer;
pub mod power;
pub mod reset;
pub mod rtc;
pub mod smbios;
pub mod thermal;
pub mod uart16550;
pub mod virtio;
