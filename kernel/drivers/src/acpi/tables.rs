//! The list of all tables, from the root pointer on (sections 5.2.5 to 5.2.8).

use alloc::vec;
use alloc::vec::Vec;

use hw::bytes::{sum, u32_at, u64_at};

use super::fadt::Fadt;
use super::sleep::SoftOff;
use super::table::{HEADER_BYTES, Header, Signature, Table};
use super::{Error, PhysicalMemory, aml};

/// Longest table that is read; the longest seen in real machines is under 1 MiB.
const TABLE_LIMIT_BYTES: usize = 8 << 20;
/// Longest root table; 8191 entries, where real machines have under 100.
const ROOT_LIMIT_BYTES: usize = 64 << 10;
/// Length of the first version of the root pointer.
const RSDP_V1_BYTES: usize = 20;

/// The machine's tables.
#[derive(Debug)]
pub struct Tables<'m, M> {
    memory: &'m M,
    /// Where the root table is.
    root: u64,
    /// The tables that it lists, each once.
    addresses: Vec<u64>,
}

/// A table as it lies in memory, good or bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Physical address.
    pub address: u64,
    /// What it says of itself; `None` where that cannot be read.
    pub header: Option<Header>,
    /// What is wrong with it.
    pub problem: Option<Error>,
}

impl<'m, M: PhysicalMemory> Tables<'m, M> {
    /// Follows the root pointer, a copy of which is `root_pointer`, to the list of tables: to the XSDT if there is a
    /// good one, else to the RSDT.
    ///
    /// # Errors
    ///
    /// The root pointer or the root table is damaged or unreadable.
    pub fn open(memory: &'m M, root_pointer: &[u8]) -> Result<Self, Error> {
        let v1 = root_pointer.get(..RSDP_V1_BYTES).ok_or(Error::BadRootPointer)?;
        if !v1.starts_with(b"RSD PTR ") || sum(v1) != 0 {
            return Err(Error::BadRootPointer);
        }
        let old = u64::from(u32_at(v1, 16).unwrap_or_default());
        let new = (v1[15] >= 2).then(|| extended_root(root_pointer)).flatten();
        let Some(new) = new else {
            return Self::open_root(memory, old, b"RSDT", 4);
        };
        Self::open_root(memory, new, b"XSDT", 8).or_else(|error| {
            // Whoever has only the new one is told what is wrong with that.
            Self::open_root(memory, old, b"RSDT", 4).map_err(|_| error)
        })
    }

    fn open_root(memory: &'m M, root: u64, signature: &[u8; 4], entry_bytes: usize) -> Result<Self, Error> {
        let table = read_table(memory, root, ROOT_LIMIT_BYTES)?;
        table.expect(signature)?;
        let mut addresses = Vec::new();
        for entry in table.body().chunks_exact(entry_bytes) {
            let address = entry
                .iter()
                .rev()
                .fold(0, |number, byte| number << 8 | u64::from(*byte));
            if address != 0 && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Ok(Self {
            memory,
            root,
            addresses,
        })
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
        let addresses = self.addresses.iter().copied();
        let named = addresses.filter(move |address| self.is_named(*address, signature));
        named.map(|address| read_table(self.memory, address, TABLE_LIMIT_BYTES))
    }

    fn is_named(&self, address: u64, signature: [u8; 4]) -> bool {
        read_header(self.memory, address).is_ok_and(|header| header.signature.0 == signature)
    }

    /// The table that `fadt` points to as the main one of AML.
    ///
    /// # Errors
    ///
    /// The table is damaged, unreadable or another one.
    pub fn dsdt(&self, fadt: &Fadt) -> Result<Table, Error> {
        let table = read_table(self.memory, fadt.dsdt_address, TABLE_LIMIT_BYTES)?;
        table.expect(b"DSDT")?;
        Ok(table)
    }

    /// What to write to switch the machine off, from the first table with code that says so. Tables that cannot be read
    /// are passed over.
    pub fn soft_off(&self, fadt: &Fadt) -> Option<SoftOff> {
        aml::blocks(self, fadt)
            .flatten()
            .find_map(|block| SoftOff::find(block.code()))
    }

    /// Every table: the root table, what it lists in the firmware's order, and behind the FADT the two that it points
    /// to. The bad ones too.
    pub fn list(&self) -> Vec<Listed> {
        self.places().into_iter().map(|address| self.look(address)).collect()
    }

    /// The bytes of a table of this name, `index` of them passed over, whatever its sum; `None` where there is none.
    ///
    /// # Errors
    ///
    /// Its length is impossible, or its memory unreadable.
    pub fn raw(&self, signature: Signature, index: usize) -> Result<Option<Vec<u8>>, Error> {
        let places = self.places();
        let mut named = places
            .into_iter()
            .filter(|address| self.is_named(*address, signature.0));
        named
            .nth(index)
            .map(|address| read_raw(self.memory, address, TABLE_LIMIT_BYTES))
            .transpose()
    }

    fn places(&self) -> Vec<u64> {
        let mut places = vec![self.root];
        for address in &self.addresses {
            places.push(*address);
            if !self.is_named(*address, *b"FACP") {
                continue;
            }
            let table = read_table(self.memory, *address, TABLE_LIMIT_BYTES);
            if let Ok(fadt) = table.and_then(|table| Fadt::parse(&table)) {
                let behind = [fadt.facs_address, fadt.dsdt_address];
                places.extend(behind.into_iter().filter(|address| *address != 0));
            }
        }
        places
    }

    fn look(&self, address: u64) -> Listed {
        let header = read_header(self.memory, address);
        let problem = match &header {
            Ok(header) => {
                let raw = read_raw(self.memory, address, TABLE_LIMIT_BYTES);
                let checked = raw.and_then(|bytes| {
                    if header.has_checksum() {
                        Table::check(bytes).map(drop)
                    } else {
                        Ok(())
                    }
                });
                checked.err()
            }
            Err(error) => Some(*error),
        };
        Listed {
            address,
            header: header.ok(),
            problem,
        }
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

fn read_header(memory: &impl PhysicalMemory, address: u64) -> Result<Header, Error> {
    let mut header = [0; HEADER_BYTES];
    memory.read(address, &mut header)?;
    Header::parse(&header).ok_or(Error::Unreadable { address })
}

fn read_raw(memory: &impl PhysicalMemory, address: u64, limit_bytes: usize) -> Result<Vec<u8>, Error> {
    let header = read_header(memory, address)?;
    let signature = header.signature;
    let length = header.length_bytes as usize;
    if !(HEADER_BYTES..=limit_bytes).contains(&length) {
        return Err(Error::BadLength { signature });
    }
    let mut bytes = Vec::new();
    // A length that memory has no room for is as wrong as one beyond the limit.
    bytes
        .try_reserve_exact(length)
        .map_err(|_| Error::BadLength { signature })?;
    bytes.resize(length, 0);
    memory.read(address, &mut bytes)?;
    Ok(bytes)
}

fn read_table(memory: &impl PhysicalMemory, address: u64, limit_bytes: usize) -> Result<Table, Error> {
    Table::check(read_raw(memory, address, limit_bytes)?)
}
