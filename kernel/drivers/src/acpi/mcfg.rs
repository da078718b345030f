//! The MCFG table: where the configuration space of PCI Express devices is (PCI Firmware specification 3.3, 4.1.2).

use alloc::vec::Vec;

use hw::bytes::{u8_at, u16_at, u64_at};

use super::{Error, Table};

/// Where the entries start.
const ENTRIES_OFFSET: usize = 44;
/// Bytes of an entry.
const ENTRY_BYTES: usize = 16;

/// A window of configuration space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Physical address that bus 0 has or would have.
    pub address: u64,
    /// The PCI segment.
    pub segment: u16,
    /// The first bus in the window.
    pub first_bus: u8,
    /// The last bus in the window; never below the first.
    pub last_bus: u8,
}

/// The windows that `table` lists; those that end before they start are left out.
///
/// # Errors
///
/// It is another table or too short.
pub fn windows(table: &Table) -> Result<Vec<Window>, Error> {
    table.expect(b"MCFG")?;
    let entries = table.bytes().get(ENTRIES_OFFSET..).ok_or_else(|| table.bad_length())?;
    let window = |entry: &[u8]| {
        let (first_bus, last_bus) = (u8_at(entry, 10)?, u8_at(entry, 11)?);
        let window = Window {
            address: u64_at(entry, 0)?,
            segment: u16_at(entry, 8)?,
            first_bus,
            last_bus,
        };
        (window.address != 0 && first_bus <= last_bus).then_some(window)
    };
    Ok(entries.chunks_exact(ENTRY_BYTES).filter_map(window).collect())
}
