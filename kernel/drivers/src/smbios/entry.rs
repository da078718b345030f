//! Where the structures lie: the entry point, of 64 or of 32 bits (DSP0134, 5.2).

use alloc::vec;

use hw::bytes::{sum, u8_at, u16_at, u32_at, u64_at};

use super::{Error, PhysicalMemory};

/// The BIOS area, in which an entry point starts on a multiple of 16 bytes.
const AREA: u64 = 0xf_0000;
const AREA_BYTES: usize = 0x1_0000;
const STEP_BYTES: usize = 16;

/// Bytes of the EFI system table, and the fields that lead to the list of tables (UEFI 2.10, 4.3).
const SYSTEM_TABLE_BYTES: usize = 120;
const COUNT_OFFSET: usize = 104;
const TABLES_OFFSET: usize = 112;
/// A table's entry in the list: its GUID and its address.
const TABLE_BYTES: usize = 24;
/// More tables than that cannot be meant; real machines have under 30.
const TABLE_LIMIT: u64 = 256;
/// EFI's names of the two entry points (UEFI 2.10, 4.6), as they lie in memory.
const GUID_64: [u8; 16] = *b"\x44\x15\xfd\xf2\x94\x97\x2c\x4a\x99\x2e\xe5\xbb\xcf\x20\xe3\x94";
const GUID_32: [u8; 16] = *b"\x31\x2d\x9d\xeb\x88\x2d\xd3\x11\x9a\x16\x00\x90\x27\x3f\xc1\x4d";

/// Bytes in front of which an entry point says how long it is, and that hold all of any version's.
const ENTRY_BYTES: usize = 32;

/// Where the structures lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Major and minor version of the specification.
    pub version: (u8, u8),
    /// Physical address of the first structure.
    pub address: u64,
    /// Bytes of all structures.
    pub length_bytes: u64,
    /// There may be fewer bytes.
    pub is_at_most: bool,
}

impl Entry {
    /// The entry point at the start of `bytes`, which may be longer; `None` where there is none that adds up.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        Self::parse_64(bytes).or_else(|| Self::parse_32(bytes))
    }

    fn parse_64(bytes: &[u8]) -> Option<Self> {
        const LEAST_BYTES: usize = 24;
        let whole = whole(bytes, b"_SM3_", 6, LEAST_BYTES)?;
        Some(Self {
            version: (u8_at(whole, 7)?, u8_at(whole, 8)?),
            address: u64_at(whole, 16)?,
            length_bytes: u32_at(whole, 12)?.into(),
            is_at_most: true,
        })
    }

    fn parse_32(bytes: &[u8]) -> Option<Self> {
        // Version 2.1 was published with a length of 30 where 31 was meant.
        const LEAST_BYTES: usize = 30;
        let whole = whole(bytes, b"_SM_", 5, LEAST_BYTES)?;
        let inner = bytes.get(16..31)?;
        if !inner.starts_with(b"_DMI_") || sum(inner) != 0 {
            return None;
        }
        Some(Self {
            version: (u8_at(whole, 6)?, u8_at(whole, 7)?),
            address: u32_at(inner, 8)?.into(),
            length_bytes: u16_at(inner, 6)?.into(),
            is_at_most: false,
        })
    }
}

/// The entry point's bytes, if they begin with `anchor`, are as long as they must be, and add up.
fn whole<'a>(bytes: &'a [u8], anchor: &[u8], length_offset: usize, least: usize) -> Option<&'a [u8]> {
    bytes.starts_with(anchor).then_some(())?;
    let length = usize::from(u8_at(bytes, length_offset)?);
    let whole = bytes.get(..length)?;
    (length >= least && sum(whole) == 0).then_some(whole)
}

/// Finds the entry point: by the EFI system table at `system_table` where there is one, else in the BIOS area, which under
/// EFI holds nothing.
///
/// # Errors
///
/// [`Error`] where there is none.
pub fn find(memory: &impl PhysicalMemory, system_table: Option<u64>) -> Result<Entry, Error> {
    match system_table {
        Some(address) => by_efi(memory, address),
        None => in_bios_area(memory),
    }
}

fn in_bios_area(memory: &impl PhysicalMemory) -> Result<Entry, Error> {
    let mut area = vec![0; AREA_BYTES];
    memory
        .read(AREA, &mut area)
        .ok_or(Error::Unreadable { address: AREA })?;
    let places = || (0..AREA_BYTES).step_by(STEP_BYTES).filter_map(|at| area.get(at..));
    let newer = places().find_map(Entry::parse_64);
    newer
        .or_else(|| places().find_map(Entry::parse_32))
        .ok_or(Error::NoEntryPoint)
}

fn by_efi(memory: &impl PhysicalMemory, system_table: u64) -> Result<Entry, Error> {
    let read = |address: u64, buffer: &mut [u8]| memory.read(address, buffer).ok_or(Error::Unreadable { address });
    let mut table = [0; SYSTEM_TABLE_BYTES];
    read(system_table, &mut table)?;
    let count = u64_at(&table, COUNT_OFFSET).unwrap_or_default();
    let first = u64_at(&table, TABLES_OFFSET).unwrap_or_default();
    if !table.starts_with(b"IBI SYST") || count > TABLE_LIMIT || first == 0 {
        return Err(Error::BadSystemTable);
    }
    let mut tables = vec![0; count as usize * TABLE_BYTES];
    read(first, &mut tables)?;
    let address_of = |guid: [u8; 16]| {
        let found = tables
            .chunks_exact(TABLE_BYTES)
            .find(|table| table.starts_with(&guid))?;
        u64_at(found, 16)
    };
    let candidates = [GUID_64, GUID_32].into_iter().filter_map(address_of);
    let mut entries = candidates.filter_map(|address| {
        let mut bytes = [0; ENTRY_BYTES];
        memory.read(address, &mut bytes)?;
        Entry::parse(&bytes)
    });
    entries.next().ok_or(Error::NoEntryPoint)
}
