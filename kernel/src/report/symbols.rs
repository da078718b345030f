//! Names of addresses, from the table that the boot loader passes as the module `symbols`.
//!
//! The table is made after linking: magic `RHAISYM1`, the count of entries and the size of the names (32 bits each);
//! then per entry an address less `KERNEL_BASE` and the start of its name, sorted by address; then the names, each
//! ended by a zero byte.

use spin::Once;

use crate::memory::{KERNEL_BASE, image};

const MAGIC: &[u8; 8] = b"RHAISYM1";
const HEADER_BYTES: usize = 16;
const ENTRY_BYTES: usize = 8;

static TABLE: Once<Table> = Once::new();

#[derive(Clone, Copy)]
struct Table {
    entries: &'static [u8],
    names: &'static [u8],
}

/// The symbol table is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Uses the table in `bytes`.
///
/// # Errors
///
/// [`Malformed`] where the header or a length is wrong; backtraces then show addresses only.
pub fn start(bytes: &'static [u8]) -> Result<(), Malformed> {
    let word = |at: usize| {
        bytes
            .get(at..at + 4)
            .and_then(|word| word.try_into().ok())
            .map(u32::from_le_bytes)
    };
    if bytes.get(..8) != Some(MAGIC) {
        return Err(Malformed);
    }
    let count = word(8).ok_or(Malformed)? as usize;
    let names_bytes = word(12).ok_or(Malformed)? as usize;
    let names_start = HEADER_BYTES + count * ENTRY_BYTES;
    let entries = bytes.get(HEADER_BYTES..names_start).ok_or(Malformed)?;
    let names = bytes.get(names_start..names_start + names_bytes).ok_or(Malformed)?;
    TABLE.call_once(|| Table { entries, names });
    Ok(())
}

/// The function that holds `address`, and the offset in it.
pub fn find(address: usize) -> Option<(&'static str, usize)> {
    let text = image::text();
    if !(text.start..text.end).contains(&address) {
        return None;
    }
    let table = TABLE.get()?;
    let wanted = u32::try_from(address.checked_sub(KERNEL_BASE)?).ok()?;
    let count = table.entries.len() / ENTRY_BYTES;
    let entry = |index: usize| -> Option<(u32, u32)> {
        let bytes = table.entries.get(index * ENTRY_BYTES..(index + 1) * ENTRY_BYTES)?;
        let (address, name) = bytes.split_at(4);
        Some((
            u32::from_le_bytes(address.try_into().ok()?),
            u32::from_le_bytes(name.try_into().ok()?),
        ))
    };
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = (low + high) / 2;
        if entry(middle)?.0 <= wanted {
            low = middle + 1
        } else {
            high = middle
        }
    }
    let (start, name) = entry(low.checked_sub(1)?)?;
    let name = table.names.get(name as usize..)?;
    let end = name.iter().position(|&byte| byte == 0)?;
    Some((core::str::from_utf8(&name[..end]).ok()?, (wanted - start) as usize))
}
