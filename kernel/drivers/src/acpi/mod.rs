//! The ACPI tables that the kernel needs, and the sleep type of "soft off" (ACPI specification 6.5).
//!
//! [`Tables::open`] finds the root table from the pointer that the boot loader passed on; the tables are copied out
//! of physical memory, checked for length and sum, and parsed into values that cannot be wrong about bounds. AML is not
//! run: the one package that is needed is found by its bytes.
//!
//! | module | what it holds |
//! |---|---|
//! | [`table`] | one whole table, and its header |
//! | [`tables`] | the list of all tables, from the root pointer on |
//! | [`aml`] | the tables that hold code: where an interpreter begins |
//! | [`describe`] | tables as facts for people |
//! | [`dmar`] | which units translate the addresses that devices use |
//! | [`fadt`] | fixed registers: power management, timer, reset |
//! | [`madt`] | interrupt controllers and processors |
//! | [`hpet`] | where the high precision timer is |
//! | [`mcfg`] | where PCI Express configuration space is |
//! | [`sleep`] | what to write to switch the machine off |
//! | `dump` | tables of real machines as memory, for tests (feature `fake`) |

pub mod aml;
pub mod describe;
pub mod dmar;
#[cfg(any(test, feature = "fake"))]
pub mod dump;
pub mod fadt;
pub mod hpet;
pub mod madt;
pub mod mcfg;
pub mod sleep;
pub mod table;
pub mod tables;
#[cfg(test)]
mod tests;

use core::fmt;

pub use table::{Header, Signature, Table};
pub use tables::Tables;

/// Why tables cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The bytes passed on are no root pointer, or its sum is wrong.
    BadRootPointer,
    /// Memory that a table should be in cannot be read.
    Unreadable {
        /// Physical address.
        address: u64,
    },
    /// A table's length is impossible.
    BadLength {
        /// The table's name.
        signature: Signature,
    },
    /// A table's bytes do not add up to zero.
    BadChecksum {
        /// The table's name.
        signature: Signature,
    },
    /// A table is not the one that its pointer promised.
    WrongTable {
        /// The table that was found.
        signature: Signature,
    },
    /// An entry of a table is shorter than its kind, or reaches beyond the table.
    BadEntry {
        /// The table's name.
        signature: Signature,
        /// Where the entry starts, in bytes from the table's start.
        offset: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadRootPointer => formatter.write_str("the ACPI root pointer is damaged"),
            Self::Unreadable { address } => write!(formatter, "ACPI memory at {address:#x} cannot be read"),
            Self::BadLength { signature } => write!(formatter, "the ACPI table {signature} has an impossible length"),
            Self::BadChecksum { signature } => write!(formatter, "the ACPI table {signature} has a wrong checksum"),
            Self::WrongTable { signature } => write!(formatter, "the ACPI table {signature} is not where it belongs"),
            Self::BadEntry { signature, offset } => {
                write!(formatter, "the ACPI table {signature} has a bad entry at byte {offset}")
            }
        }
    }
}

/// Physical memory that tables lie in.
pub trait PhysicalMemory {
    /// Fills `buffer` from `address`.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] if any of it is not memory; `buffer` may have been changed.
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Error>;
}
