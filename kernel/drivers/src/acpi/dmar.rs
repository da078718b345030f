//! The DMA remapping table: which units translate the addresses that devices use (Intel VT-d specification 4.1,
//! chapter 8).

use alloc::vec::Vec;

use hw::bytes::{u8_at, u16_at, u64_at};

use super::{Error, Table};

/// Where the structures start.
const ENTRIES_OFFSET: usize = 48;
/// Where a unit's device scopes start.
const UNIT_BYTES: usize = 16;
/// Where a reserved region's device scopes start.
const REGION_BYTES: usize = 24;
/// Where a scope's path starts.
const SCOPE_BYTES: usize = 6;

/// A device that a structure is about (section 8.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// What it is: 1 a PCI device, 2 a bridge and all behind it, 3 an I/O APIC, 4 an HPET, 5 a device of ACPI.
    pub kind: u8,
    /// The number of the I/O APIC, HPET or ACPI device.
    pub enumeration_id: u8,
    /// The bus that the path starts on.
    pub first_bus: u8,
    /// Device and function, bridge by bridge; never empty.
    pub path: Vec<(u8, u8)>,
}

/// A remapping unit (section 8.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Physical address of its registers.
    pub address: u64,
    /// The PCI segment of its devices.
    pub segment: u16,
    /// It has all devices of the segment that no other unit names.
    pub has_all_others: bool,
    /// Its devices, or exceptions from "all others" such as I/O APICs.
    pub scopes: Vec<Scope>,
}

/// Memory that devices go on using whatever the system does (section 8.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedRegion {
    /// The PCI segment of its devices.
    pub segment: u16,
    /// Physical address of the first byte.
    pub first: u64,
    /// Physical address of the last byte; never below the first.
    pub last: u64,
    /// The devices that use it.
    pub scopes: Vec<Scope>,
}

/// The table's contents, as far as they matter to who gives memory to devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dmar {
    /// Bits of the addresses that devices can reach.
    pub address_bits: u16,
    /// The units can remap interrupts as well.
    pub remaps_interrupts: bool,
    /// The firmware asks not to use x2APIC mode.
    pub refuses_x2apic: bool,
    /// The firmware wants remapping on from the start.
    pub wants_protection: bool,
    /// The units, in the firmware's order.
    pub units: Vec<Unit>,
    /// The reserved regions.
    pub reserved_regions: Vec<ReservedRegion>,
}

impl Dmar {
    /// Reads the table; kinds of structures that neither name a unit nor a region are passed over.
    ///
    /// # Errors
    ///
    /// It is another table, too short, or a structure does not fit.
    pub fn parse(table: &Table) -> Result<Self, Error> {
        table.expect(b"DMAR")?;
        let bytes = table.bytes();
        let header = || Some((u8_at(bytes, 36)?, u8_at(bytes, 37)?, bytes.get(ENTRIES_OFFSET..)?));
        let (width, flags, _) = header().ok_or_else(|| table.bad_length())?;
        let mut dmar = Self {
            address_bits: u16::from(width) + 1,
            remaps_interrupts: flags & 1 << 0 != 0,
            refuses_x2apic: flags & 1 << 1 != 0,
            wants_protection: flags & 1 << 2 != 0,
            units: Vec::new(),
            reserved_regions: Vec::new(),
        };
        let mut offset = ENTRIES_OFFSET;
        while offset < bytes.len() {
            let bad_entry = table.bad_entry(offset);
            let length = usize::from(u16_at(bytes, offset + 2).ok_or(bad_entry)?);
            let entry = bytes
                .get(offset..offset + length)
                .filter(|_| length >= 4)
                .ok_or(bad_entry)?;
            dmar.take(entry).ok_or(bad_entry)?;
            offset += length;
        }
        Ok(dmar)
    }

    /// Keeps what `entry` says; `None` if it contradicts itself.
    fn take(&mut self, entry: &[u8]) -> Option<()> {
        match u16_at(entry, 0)? {
            0 => self.units.push(Unit {
                has_all_others: u8_at(entry, 4)? & 1 != 0,
                segment: u16_at(entry, 6)?,
                address: u64_at(entry, 8).filter(|address| *address != 0)?,
                scopes: scopes(entry.get(UNIT_BYTES..)?)?,
            }),
            1 => {
                let (first, last) = (u64_at(entry, 8)?, u64_at(entry, 16)?);
                let region = ReservedRegion {
                    segment: u16_at(entry, 6)?,
                    first,
                    last,
                    scopes: scopes(entry.get(REGION_BYTES..)?)?,
                };
                (first <= last).then(|| self.reserved_regions.push(region))?;
            }
            _ => {}
        }
        Some(())
    }
}

/// The device scopes that fill `bytes`; `None` if one is too short or reaches beyond.
fn scopes(mut bytes: &[u8]) -> Option<Vec<Scope>> {
    let mut scopes = Vec::new();
    while !bytes.is_empty() {
        let length = usize::from(u8_at(bytes, 1)?);
        let (scope, rest) = bytes.split_at_checked(length)?;
        let path = scope.get(SCOPE_BYTES..).filter(|path| path.len() >= 2)?;
        scopes.push(Scope {
            kind: u8_at(scope, 0)?,
            enumeration_id: u8_at(scope, 4)?,
            first_bus: u8_at(scope, 5)?,
            path: path.chunks_exact(2).map(|hop| (hop[0], hop[1])).collect(),
        });
        bytes = rest;
    }
    Some(scopes)
}
