//! What the machine offers to scripts, as contracts and host-testable logic.
//!
//! `services` knows classes of devices, never a model, and never a Rhai type. The kernel implements the traits of
//! [`host`]; `script-api` turns them into script functions; tests implement them with fakes.
//!
//! | module | what it holds |
//! |---|---|
//! | [`acpi`] | what scripts see of the firmware's tables |
//! | [`facts`] | what a device or a table says of itself |
//! | [`value`] | plain data that crosses from one task to another |
//! | [`task`] | the control word of a running script task, its outcome and description |
//! | [`host`] | the contracts: tasks, clock, power, machine facts, screen, debug hooks |
//! | [`keyboard`] | scancodes to what a terminal sends |
//! | [`files`] | the file tree: `/rom`, `/tmp`, and what is mounted later |
//! | [`legacy`] | what a detached prompt leaves to the next one |
//! | [`rhythm`] | when something that repeats is due |
//! | [`edit`] | the full-screen editor for scripts |
//! | [`pci`] | what scripts see of the PCI bus, and its names |
//! | [`pager`] | a long text on a terminal, page by page |
//! | [`painter`] | rows of cells to as few bytes for a terminal as possible |
//! | [`dashboard`] | the machine at work, on a whole terminal |
//! | [`cores`] | what scripts see of the processor's cores |
//! | [`interrupts`] | what scripts see of interrupts |
//! | [`clocks`] | what scripts see of the machine's clocks |
//! | [`identity`] | what the machine is: processor, firmware's description, sensors, memory map |
//! | [`memory_map`] | physical memory, and what each part is used for |
//! | [`raw`] | access to registers past all drivers |
//! | [`console`] | a byte console such as a serial line |
//! | [`terminal`] | the line editor and the terminal on top of a console |
//! | [`lock`] | the counted spin lock |
//! | [`waker_slot`] | where one waiter leaves its waker |
//! | [`cut_text`] | text in a fixed amount of memory |
//! | [`log`] | the ring that keeps the newest log lines |
//! | [`screen`] | the character grid on the screen: escape sequences in, pixels or text cells out |
//! | [`shared`] | channels, cells and counters that tasks share |
//! | [`report`] | the screen without heap or locks: the start-up's log, a panic's page and QR code |
//! | [`random`] | random numbers: the machine's, and a task's own |
//! | [`rom`] | the read-only file tree that the boot loader hands over |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod acpi;
pub mod clocks;
pub mod console;
pub mod cores;
pub mod cut_text;
pub mod dashboard;
pub mod edit;
pub mod files;
pub mod host;
pub mod identity;
pub mod interrupts;
pub mod keyboard;
pub mod legacy;
pub mod lock;
pub mod log;
pub mod memory_map;
pub mod pager;
pub mod painter;
pub mod pci;
pub mod random;
pub mod raw;
pub mod report;
pub mod rhythm;
pub mod rom;
pub mod screen;
pub mod shared;
pub mod task;
pub mod terminal;
pub mod value;
pub mod waker_slot;

pub use hw::facts;
