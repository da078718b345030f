//! The seam between device logic and the machine.
//!
//! Drivers see these traits only: the kernel implements them over the real machine, tests over the fakes. Nothing
//! here allocates.
//!
//! | module | what it holds |
//! |---|---|
//! | [`register`] | typed registers and memory-mapped register windows |
//! | [`port`] | I/O ports at offsets from a base |
//! | [`msr`] | model-specific registers |
//! | [`pci`] | the configuration space of PCI |
//! | [`bytes`] | little-endian numbers in tables |
//! | [`display`] | surfaces to draw on, and pixel formats |
//! | [`clock`] | time, and waiting with a limit |
//! | [`ring`] | a lock-free byte queue between an interrupt handler and a task |
//! | [`mmio`] | the register window over real device memory |
//! | `fake` | behaving fakes of the above (feature `fake`) |
#![cfg_attr(not(any(test, feature = "fake")), no_std)]

pub mod bytes;
pub mod clock;
pub mod display;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
pub mod mmio;
pub mod msr;
pub mod pci;
pub mod port;
pub mod register;
pub mod ring;

pub use clock::{Clock, TimedOut};
pub use port::PortIo;
pub use register::{Readable, Register, RegisterIo, Writable};
