//! The seam between device logic and the machine.
//!
//! Drivers see these traits only: the kernel implements them over the real machine, tests over the fakes. Nothing
//! here allocates but [`facts`].
//!
//! | module | what it holds |
//! |---|---|
//! | [`register`] | typed registers and memory-mapped register windows |
//! | [`port`] | I/O ports at offsets from a base |
//! | [`msr`] | model-specific registers |
//! | [`pci`] | the configuration space of PCI |
//! | [`bytes`] | little-endian numbers in tables |
//! | [`facts`] | what a device or a table says of itself, for people |
//! | [`display`] | surfaces to draw on, and pixel formats |
//! | [`dma`] | memory that devices read and write by themselves |
//! | [`clock`] | time, and waiting with a limit |
//! | [`ring`] | a lock-free byte queue between an interrupt handler and a task |
//! | [`known_msr`] | model-specific registers that the processor is known to have |
//! | [`mmio`] | the register window over real device memory |
//! | `fake` | behaving fakes of the above (feature `fake`) |
#![cfg_attr(not(any(test, feature = "fake")), no_std)]

extern crate alloc;

pub mod bytes;
pub mod clock;
pub mod display;
pub mod dma;
pub mod facts;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
pub mod known_msr;
pub mod mmio;
pub mod msr;
pub mod pci;
pub mod port;
pub mod register;
pub mod ring;

pub use clock::{Clock, TimedOut};
pub use port::PortIo;
pub use register::{NarrowIo, Readable, Register, RegisterIo, Writable};
