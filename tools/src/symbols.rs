//! The table that turns an address in a backtrace into a function's name: the boot module `symbols`.
//!
//! Little endian. A header of 16 bytes: the magic, the count of entries, the bytes of names. Then the entries, sorted
//! by address: the address as an offset from [`BASE`], and where the entry's name starts in the names. Then the
//! names, each ended by a zero byte.

use std::collections::BTreeMap;

use crate::elf::Symbol;

/// The first bytes of the table.
pub const MAGIC: &[u8; 8] = b"RHAISYM1";
/// Where the kernel's address range starts.
pub const BASE: u64 = 0xffff_ffff_8000_0000;

/// The table for `symbols`. Symbols outside the kernel's address range are left out; of several at one address the
/// one with the longest name is kept.
pub fn table(symbols: &[Symbol]) -> Vec<u8> {
    let mut by_address: BTreeMap<u32, String> = BTreeMap::new();
    for symbol in symbols {
        let offset = symbol
            .address
            .checked_sub(BASE)
            .and_then(|offset| u32::try_from(offset).ok());
        let Some(offset) = offset.filter(|_| !symbol.name.is_empty()) else {
            continue;
        };
        let name = format!("{:#}", rustc_demangle::demangle(&symbol.name));
        let kept = by_address.entry(offset).or_default();
        if name.len() > kept.len() {
            *kept = name;
        }
    }
    let mut entries = Vec::new();
    let mut names = Vec::new();
    for (offset, name) in &by_address {
        entries.extend(offset.to_le_bytes());
        entries.extend((names.len() as u32).to_le_bytes());
        names.extend(name.bytes().filter(|byte| *byte != 0));
        names.push(0);
    }
    let mut table = MAGIC.to_vec();
    table.extend((by_address.len() as u32).to_le_bytes());
    table.extend((names.len() as u32).to_le_bytes());
    table.extend(entries);
    table.extend(names);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_demangles_and_leaves_out_foreign_addresses() {
        let symbol = |address, name: &str| Symbol {
            address,
            name: name.into(),
        };
        let table = table(&[
            symbol(BASE + 0x200, "_ZN6kernel4main17h0123456789abcdefE"),
            symbol(BASE + 0x100, "entry"),
            symbol(0x1000, "low"),
        ]);
        assert_eq!(&table[..8], MAGIC);
        assert_eq!(table[8..16], [2, 0, 0, 0, 19, 0, 0, 0]);
        assert_eq!(table[16..32], [0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 6, 0, 0, 0]);
        assert_eq!(&table[32..], b"entry\0kernel::main\0");
    }
}
