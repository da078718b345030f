//! The firmware's description of the machine (DMTF DSP0134, System Management BIOS 3.7).
//!
//! [`entry::find`] finds the entry point, from EFI's system table or in the BIOS area; [`read`] copies the structures out of
//! physical memory; [`parts::Description`] takes from them what people ask for. Every length is checked, and damage costs
//! only what comes behind it.
//!
//! | module | what it holds |
//! |---|---|
//! | [`entry`] | where the structures lie |
//! | [`structures`] | one structure after the other |
//! | [`parts`] | firmware, system, board, chassis, processors, memory |
//! | [`words`] | numbers in words |

pub mod entry;
pub mod parts;
pub mod structures;
#[cfg(test)]
mod tests;
pub mod words;

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use entry::Entry;

/// Longest table that is read; the longest seen in real machines is under 64 KiB.
const TABLE_LIMIT_BYTES: usize = 256 << 10;

/// Why the description cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The EFI system table is damaged.
    BadSystemTable,
    /// There is no entry point, or none whose bytes add up.
    NoEntryPoint,
    /// Memory that should hold it cannot be read.
    Unreadable {
        /// Physical address.
        address: u64,
    },
    /// The entry point names a table of no bytes, or of too many.
    BadLength {
        /// What it says.
        bytes: u64,
    },
    /// The first structure is damaged already.
    NoStructures,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadSystemTable => out.write_str("the EFI system table is damaged"),
            Self::NoEntryPoint => out.write_str("there is no SMBIOS entry point"),
            Self::Unreadable { address } => write!(out, "SMBIOS memory at {address:#x} cannot be read"),
            Self::BadLength { bytes } => write!(out, "the SMBIOS table has an impossible length of {bytes} bytes"),
            Self::NoStructures => out.write_str("the SMBIOS table holds no whole structure"),
        }
    }
}

/// Physical memory that the description lies in.
pub trait PhysicalMemory {
    /// Fills `buffer` from `address`; `None` if any of it is not memory.
    fn read(&self, address: u64, buffer: &mut [u8]) -> Option<()>;
}

/// Copies the structures that `entry` names.
///
/// # Errors
///
/// [`Error::BadLength`] or [`Error::Unreadable`].
pub fn read(memory: &impl PhysicalMemory, entry: &Entry) -> Result<Vec<u8>, Error> {
    let length = usize::try_from(entry.length_bytes).unwrap_or(usize::MAX);
    // The newer entry point names the most that there may be.
    let length = if entry.is_at_most {
        length.min(TABLE_LIMIT_BYTES)
    } else {
        length
    };
    if !(1..=TABLE_LIMIT_BYTES).contains(&length) {
        return Err(Error::BadLength {
            bytes: entry.length_bytes,
        });
    }
    let mut bytes = vec![0; length];
    let address = entry.address;
    memory.read(address, &mut bytes).ok_or(Error::Unreadable { address })?;
    Ok(bytes)
}
