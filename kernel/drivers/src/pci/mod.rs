//! PCI and PCI Express: finding functions, and what every driver does with the one it has claimed.
//!
//! Nothing that a function says is trusted: every list is bounded, every number checked. All access is 32 bits wide.
//! Sources: PCI Local Bus 3.0, PCI-to-PCI Bridge 1.2, PCI Express Base 3.0, PCI Power Management 1.2.
//!
//! | module | what it holds |
//! |---|---|
//! | `registers` | offsets and bits |
//! | [`port_method`] | access through ports CF8h and CFCh |
//! | [`memory_method`] | access through memory, as the firmware's MCFG table says |
//! | [`header`] | what every function says of itself |
//! | [`bar`] | the ranges of memory and ports that a function answers to |
//! | [`bridge`] | buses and windows behind a bridge |
//! | [`capability`] | the lists of what else it can do |
//! | [`describe`] | capabilities in words |
//! | [`command`] | decoding, bus mastering, the interrupt line |
//! | [`express`] | what PCI Express adds: port types and links |
//! | [`power_state`] | D0 and D3 |
//! | [`reset`] | function-level reset |
//! | [`msi`] | one interrupt by message |
//! | [`msix`] | up to 2048 interrupts by message |
//! | [`scan`] | all functions on all buses |
//! | [`assign`] | places for the ranges that the firmware has left without one |
//! | [`claim`] | which functions a driver is for |

pub mod assign;
pub mod bar;
pub mod bridge;
pub mod capability;
pub mod claim;
pub mod command;
pub mod describe;
pub mod express;
pub mod header;
pub mod memory_method;
pub mod msi;
pub mod msix;
pub mod port_method;
pub mod power_state;
mod registers;
pub mod reset;
pub mod scan;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod mutation_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod y540;

pub use hw::pci::{Address, ConfigSpace, InvalidAddress, Message};
