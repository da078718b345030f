//! Tables of real machines as memory: the text of `acpidump`, laid out as firmware lays tables out. For tests.

use std::vec::Vec;

use hw::bytes::sum;

use super::{Error, PhysicalMemory};

/// Where the tables are put.
const BASE: u64 = 0x7A00_0000;
/// What stands on pages of its own.
const PAGE_BYTES: u64 = 0x1000;

/// The form of the root table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// Addresses of 32 bits, ACPI 1.0.
    Rsdt,
    /// Addresses of 64 bits.
    Xsdt,
}

/// Memory with tables in it.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The root pointer.
    pub root_pointer: Vec<u8>,
    /// Address and contents of each table, the root table last.
    pub tables: Vec<(u64, Vec<u8>)>,
}

impl PhysicalMemory for Memory {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Error> {
        for (start, bytes) in &self.tables {
            let offset = address
                .checked_sub(*start)
                .and_then(|offset| usize::try_from(offset).ok());
            let rest = offset.and_then(|offset| bytes.get(offset..));
            if let Some(found) = rest.and_then(|rest| rest.get(..buffer.len())) {
                buffer.copy_from_slice(found);
                return Ok(());
            }
        }
        Err(Error::Unreadable { address })
    }
}

impl Memory {
    /// Puts tables into memory: a root pointer, a root table, and FACS and DSDT behind the FADT.
    pub fn new(tables: Vec<Vec<u8>>, root: Root) -> Self {
        let mut placed: Vec<(u64, Vec<u8>)> = Vec::new();
        let mut next = BASE;
        for bytes in tables {
            let length = bytes.len() as u64;
            placed.push((next, bytes));
            next += length.next_multiple_of(PAGE_BYTES);
        }
        let place = |name: &[u8; 4]| {
            let found = placed.iter().find(|(_, bytes)| bytes.starts_with(name));
            found.map_or(0, |(address, _)| *address)
        };
        let (facs, dsdt) = (place(b"FACS"), place(b"DSDT"));
        for (_, bytes) in placed.iter_mut().filter(|(_, bytes)| bytes.starts_with(b"FACP")) {
            for (address, old, new) in [(facs, 36, 132), (dsdt, 40, 140)] {
                bytes[old..old + 4].copy_from_slice(&(address as u32).to_le_bytes());
                if bytes.len() >= new + 8 {
                    bytes[new..new + 8].copy_from_slice(&address.to_le_bytes());
                }
            }
            fix_sum(bytes, 9);
        }
        let is_listed = |bytes: &[u8]| !bytes.starts_with(b"DSDT") && !bytes.starts_with(b"FACS");
        let listed = placed.iter().filter(|(_, bytes)| is_listed(bytes));
        let width = if root == Root::Xsdt { 8 } else { 4 };
        let body: Vec<u8> = listed
            .flat_map(|(address, _)| address.to_le_bytes()[..width].to_vec())
            .collect();
        placed.push((next, table(if root == Root::Xsdt { b"XSDT" } else { b"RSDT" }, &body)));
        Self {
            root_pointer: root_pointer(next, root),
            tables: placed,
        }
    }

    /// The memory of the machine whose dump is `text`.
    pub fn of_dump(text: &str, root: Root) -> Self {
        Self::new(tables(text), root)
    }
}

fn root_pointer(address: u64, root: Root) -> Vec<u8> {
    let mut bytes = b"RSD PTR \0RHAIOS".to_vec();
    bytes.push(if root == Root::Xsdt { 2 } else { 0 });
    let old = if root == Root::Xsdt { 0 } else { address as u32 };
    bytes.extend(old.to_le_bytes());
    fix_sum(&mut bytes, 8);
    if root == Root::Xsdt {
        bytes.extend(36_u32.to_le_bytes());
        bytes.extend(address.to_le_bytes());
        bytes.extend([0; 4]);
        fix_sum(&mut bytes, 32);
    }
    bytes
}

/// A table with this body and a right sum.
pub fn table(signature: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32 + 36).to_le_bytes();
    let mut bytes = [&signature[..], &length, &[2; 28], body].concat();
    fix_sum(&mut bytes, 9);
    bytes
}

/// Changes the byte at `at` so that the sum is right, where there is such a byte.
pub fn fix_sum(bytes: &mut [u8], at: usize) {
    if at < bytes.len() {
        bytes[at] = bytes[at].wrapping_sub(sum(bytes));
    }
}

/// The tables in a text of `acpidump`; root tables are left out, for their addresses are worth nothing here.
pub fn tables(text: &str) -> Vec<Vec<u8>> {
    let mut tables: Vec<Vec<u8>> = Vec::new();
    for line in text.lines() {
        if line.get(4..7) == Some(" @ ") {
            tables.push(Vec::new());
        } else if line.starts_with(' ')
            && let (Some((_, rest)), Some(table)) = (line.split_once(": "), tables.last_mut())
        {
            // Two spaces divide the bytes from their letters.
            let digits = rest.split("  ").next().unwrap_or_default().split_whitespace();
            table.extend(digits.map_while(|digits| u8::from_str_radix(digits, 16).ok()));
        }
    }
    tables.retain(|table| !table.starts_with(b"XSDT") && !table.starts_with(b"RSDT"));
    tables
}
