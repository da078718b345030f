//! The processor: x86-64, without pretended portability.
//!
//! | module | what it holds |
//! |---|---|
//! | `core_local` | what belongs to one core, found through the GS base |
//! | `cores` | the cores that are online |
//! | `load` | how busy a core is |
//! | `tlb` | telling all cores of translations that were taken away |
//! | `lock` | the counted spin lock |
//! | `features` | what this processor can do, and switching it on |
//! | `segments` | GDT, TSS and the interrupt stacks |
//! | `interrupts` | IDT, the entry stubs, and who handles which vector |
//! | `vectors` | the device vectors of all cores: owners, handlers, counts |
//! | `handler_cell` | a place for one handler |
//! | `shared_line` | several devices on one interrupt line |
//! | `exceptions` | what a processor exception does to a task or the machine |
//! | `apic` | the core's own interrupt controller and timer |
//! | `clock` | the monotonic clock |
//! | `noise` | noise from the processor, for random numbers |
//! | `port` | I/O ports |
//! | `msr` | model-specific registers that may be refused |
//! | `provoke` | exceptions on purpose, for tests |
//! | `copy` | memory copies that are fast on processors and emulators |

#[cfg(target_os = "none")]
pub mod apic;
#[cfg(target_os = "none")]
pub mod clock;
#[cfg(target_os = "none")]
pub mod copy;
pub mod core_local;
#[cfg(target_os = "none")]
pub mod cores;
#[cfg(target_os = "none")]
pub mod exceptions;
#[cfg(target_os = "none")]
pub mod features;
pub mod handler_cell;
#[cfg(target_os = "none")]
pub mod interrupts;
pub mod load;
pub mod lock;
pub mod msr;
#[cfg(target_os = "none")]
pub mod noise;
#[cfg(target_os = "none")]
pub mod port;
#[cfg(target_os = "none")]
pub mod provoke;
#[cfg(target_os = "none")]
pub mod segments;
pub mod shared_line;
#[cfg(target_os = "none")]
pub mod tlb;
pub mod vectors;
