//! The few ACPI tables that the kernel needs, and the sleep type of "soft off" (ACPI specification 6.5).
//!
//! [`Tables::open`] finds the root table from the pointer that the boot loader passed on; the tables are copied out
//! of physical memory, checked for length and sum, and parsed into values that cannot be wrong about bounds. AML is not
//! run: the one package that is needed is found by its bytes.
//!
//! | module | what it holds |
//! |---|---|
//! | [`dmar`] | which units translate the addresses that devices use |
//! | [`fadt`] | fixed registers: power management, timer, reset |
//! | [`madt`] | interrupt controllers and processors |
//! | [`hpet`] | where the high precision timer is |
//! | [`mcfg`] | where PCI Express configuration space is |
//! | [`sleep`] | what to write to switch the machine off |

pub mod dmar;
pub mod fadt;
pub mod hpet;
pub mod madt;
pub mod mcfg;
pub mod sleep;
#[cfg(test)]
mod tests;

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use hw::bytes::{u32_at, u64_at};

/// Bytes of the header that every table but FACS starts with (section 5.2.6).
const HEADER_BYTES: usize = 36;
/// Longest table that is read; the longest seen in real machines is under 1 MiB.
const TABLE_LIMIT_BYTES: usize = 8 << 20;
/// Longest root table; 8191 entries, where real machines have under 100.
const ROOT_LIMIT_BYTES: usize = 64 << 10;
/// Length of the first version of the root pointer.
const RSDP_V1_BYTES: usize = 20;

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

/// A table's name of four letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature(pub [u8; 4]);

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
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

/// A whole table, its length and sum checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    signature: Signature,
    bytes: Vec<u8>,
}

impl Table {
    /// Checks a table; `bytes` must be exactly as long as the table says.
    ///
    /// # Errors
    ///
    /// [`Error::BadLength`] or [`Error::BadChecksum`].
    pub fn check(bytes: Vec<u8>) -> Result<Self, Error> {
        let signature = Signature(bytes.first_chunk().copied().unwrap_or_default());
        if bytes.len() < HEADER_BYTES || u32_at(&bytes, 4) != Some(bytes.len() as u32) {
            return Err(Error::BadLength { signature });
        }
        if sum(&bytes) != 0 {
            return Err(Error::BadChecksum { signature });
        }
        Ok(Self { signature, bytes })
    }

    /// The table's name.
    pub fn signature(&self) -> Signature {
        self.signature
    }

    /// The whole table, with its header.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The table's own revision.
    pub fn revision(&self) -> u8 {
        self.bytes[8]
    }

    fn expect(&self, signature: &[u8; 4]) -> Result<(), Error> {
        if self.signature.0 == *signature {
            Ok(())
        } else {
            Err(Error::WrongTable {
                signature: self.signature,
            })
        }
    }

    fn bad_length(&self) -> Error {
        Error::BadLength {
            signature: self.signature,
        }
    }

    fn bad_entry(&self, offset: usize) -> Error {
        Error::BadEntry {
            signature: self.signature,
            offset,
        }
    }
}

/// The machine's tables.
#[derive(Debug)]
pub struct Tables<'m, M> {
    memory: &'m M,
    addresses: Vec<u64>,
}

impl<'m, M: PhysicalMemory> Tables<'m, M> {
    /// Follows the root pointer (section 5.2.5), a copy of which is `root_pointer`, to the list of tables: to the
    /// XSDT if there is one, else to the RSDT.
    ///
    /// # Errors
    ///
    /// The root pointer or the root table is damaged or unreadable.
    pub fn open(memory: &'m M, root_pointer: &[u8]) -> Result<Self, Error> {
        let v1 = root_pointer.get(..RSDP_V1_BYTES).ok_or(Error::BadRootPointer)?;
        if !v1.starts_with(b"RSD PTR ") || sum(v1) != 0 {
            return Err(Error::BadRootPointer);
        }
        let extended = (v1[15] >= 2).then(|| extended_root(root_pointer)).flatten();
        let (address, signature, entry_bytes) = match extended {
            Some(address) => (address, *b"XSDT", 8),
            None => (u32_at(v1, 16).unwrap_or_default().into(), *b"RSDT", 4),
        };
        let root = read_table(memory, address, ROOT_LIMIT_BYTES)?;
        root.expect(&signature)?;
        let entries = root.bytes[HEADER_BYTES..].chunks_exact(entry_bytes);
        let number = |entry: &[u8]| {
            entry
                .iter()
                .rev()
                .fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        let addresses = entries.map(number).filter(|address| *address != 0).collect();
        Ok(Self { memory, addresses })
    }

    /// The names of all tables, in the firmware's order; those whose header cannot be read are left out.
    pub fn signatures(&self) -> impl Iterator<Item = Signature> {
        self.addresses
            .iter()
            .filter_map(|address| read_header(self.memory, *address).ok())
            .map(|header| header.0)
    }

    /// The first table of this name, `None` if there is none.
    ///
    /// # Errors
    ///
    /// The table is damaged or unreadable.
    pub fn find(&self, signature: &[u8; 4]) -> Result<Option<Table>, Error> {
        self.all(*signature).next().transpose()
    }

    /// Every table of this name, in the firmware's order.
    pub fn all(&self, signature: [u8; 4]) -> impl Iterator<Item = Result<Table, Error>> {
        let is_named =
            move |address: &u64| read_header(self.memory, *address).is_ok_and(|(found, _)| found.0 == signature);
        let addresses = self.addresses.iter().copied().filter(is_named);
        addresses.map(|address| read_table(self.memory, address, TABLE_LIMIT_BYTES))
    }

    /// The table that `fadt` points to as the main one of AML.
    ///
    /// # Errors
    ///
    /// The table is damaged, unreadable or another one.
    pub fn dsdt(&self, fadt: &fadt::Fadt) -> Result<Table, Error> {
        let table = read_table(self.memory, fadt.dsdt_address, TABLE_LIMIT_BYTES)?;
        table.expect(b"DSDT")?;
        Ok(table)
    }

    /// What to write to switch the machine off, from the DSDT or, failing that, an SSDT. Tables that cannot be read
    /// are passed over.
    pub fn soft_off(&self, fadt: &fadt::Fadt) -> Option<sleep::SoftOff> {
        let dsdt = self.dsdt(fadt).ok();
        dsdt.into_iter()
            .chain(self.all(*b"SSDT").flatten())
            .find_map(|table| sleep::SoftOff::find(&table))
    }
}

/// The XSDT's address, if the second version of the root pointer is whole.
fn extended_root(root_pointer: &[u8]) -> Option<u64> {
    let length = u32_at(root_pointer, 20)? as usize;
    let whole = root_pointer.get(..length)?;
    (sum(whole) == 0)
        .then(|| u64_at(whole, 24))
        .flatten()
        .filter(|address| *address != 0)
}

fn read_header(memory: &impl PhysicalMemory, address: u64) -> Result<(Signature, usize), Error> {
    let mut header = [0; HEADER_BYTES];
    memory.read(address, &mut header)?;
    let [a, b, c, d, e, f, g, h, ..] = header;
    Ok((Signature([a, b, c, d]), u32::from_le_bytes([e, f, g, h]) as usize))
}

fn read_table(memory: &impl PhysicalMemory, address: u64, limit_bytes: usize) -> Result<Table, Error> {
    let (signature, length) = read_header(memory, address)?;
    if !(HEADER_BYTES..=limit_bytes).contains(&length) {
        return Err(Error::BadLength { signature });
    }
    let mut bytes = vec![0; length];
    memory.read(address, &mut bytes)?;
    Table::check(bytes)
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}
