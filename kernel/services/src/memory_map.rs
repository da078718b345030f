//! The machine's memory map: what the boot loader says that each part is, and what the kernel uses it for.

use alloc::vec::Vec;

/// What physical memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Ordinary memory.
    Ram,
    /// Devices that the boot loader's map does not tell of.
    Device,
    /// ACPI tables.
    AcpiTables,
    /// Memory that the firmware keeps over sleep.
    AcpiNvs,
    /// Not to be touched.
    Reserved,
    /// Broken memory.
    Defective,
}

impl Kind {
    /// The kind as scripts see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ram => "ram",
            Self::Device => "device",
            Self::AcpiTables => "acpi_tables",
            Self::AcpiNvs => "acpi_nvs",
            Self::Reserved => "reserved",
            Self::Defective => "defective",
        }
    }
}

/// One part of physical memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryRange {
    /// First address.
    pub start: u64,
    /// The address behind the last one.
    pub end: u64,
    /// What it is.
    pub kind: Kind,
    /// What the kernel uses it for; empty where it does not.
    pub used_for: &'static str,
}

/// RAM that has no other use.
pub const GENERAL: &str = "tasks and kernel heap";

/// Cuts `regions`, which may overlap, at the borders of `uses`, a list of start, end and name. Where regions overlap, the
/// one that forbids more counts; of uses, the first. A use outside of all regions is a device.
pub fn split(regions: &[(u64, u64, Kind)], uses: &[(u64, u64, &'static str)]) -> Vec<MemoryRange> {
    let of_regions = regions.iter().flat_map(|&(start, end, _)| [start, end]);
    let mut borders: Vec<u64> = of_regions
        .chain(uses.iter().flat_map(|&(start, end, _)| [start, end]))
        .collect();
    borders.sort_unstable();
    borders.dedup();
    let mut ranges: Vec<MemoryRange> = Vec::new();
    for (&start, &end) in borders.iter().zip(borders.iter().skip(1)) {
        let covers = |one: &(u64, u64)| one.0 <= start && end <= one.1;
        let kinds = regions.iter().filter(|one| covers(&(one.0, one.1))).map(|one| one.2);
        let used_for = uses.iter().find(|one| covers(&(one.0, one.1))).map(|one| one.2);
        let Some(kind) = kinds.max().or(used_for.map(|_| Kind::Device)) else {
            continue;
        };
        let unused = if kind == Kind::Ram { GENERAL } else { "" };
        let used_for = used_for.unwrap_or(unused);
        match ranges.last_mut() {
            Some(last) if last.end == start && last.kind == kind && last.used_for == used_for => last.end = end,
            _ => ranges.push(MemoryRange {
                start,
                end,
                kind,
                used_for,
            }),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn range(start: u64, end: u64, kind: Kind, used_for: &'static str) -> MemoryRange {
        MemoryRange {
            start,
            end,
            kind,
            used_for,
        }
    }

    #[test]
    fn regions_are_cut_at_their_uses() {
        let regions = [(0x1000, 0x9000, Kind::Ram), (0x9000, 0xa000, Kind::Reserved)];
        let uses = [(0x2000, 0x3000, "kernel"), (0xf000, 0xf800, "timer")];
        let expected = vec![
            range(0x1000, 0x2000, Kind::Ram, GENERAL),
            range(0x2000, 0x3000, Kind::Ram, "kernel"),
            range(0x3000, 0x9000, Kind::Ram, GENERAL),
            range(0x9000, 0xa000, Kind::Reserved, ""),
            range(0xf000, 0xf800, Kind::Device, "timer"),
        ];
        assert_eq!(split(&regions, &uses), expected);
    }

    #[test]
    fn where_regions_overlap_the_stricter_counts_and_neighbours_become_one() {
        let regions = [
            (0, 0x4000, Kind::Ram),
            (0x2000, 0x3000, Kind::Reserved),
            (0x2800, 0x5000, Kind::Ram),
            (0x5000, 0x6000, Kind::Ram),
        ];
        let expected = vec![
            range(0, 0x2000, Kind::Ram, GENERAL),
            range(0x2000, 0x3000, Kind::Reserved, ""),
            range(0x3000, 0x6000, Kind::Ram, GENERAL),
        ];
        assert_eq!(split(&regions, &[]), expected);
    }

    #[test]
    fn empty_and_inverted_ranges_are_nothing() {
        assert!(split(&[], &[]).is_empty());
        assert!(split(&[(5, 5, Kind::Ram), (u64::MAX, 3, Kind::Ram)], &[(9, 2, "none")]).is_empty());
        let whole = split(&[(0, u64::MAX, Kind::Reserved)], &[]);
        assert_eq!(whole, [range(0, u64::MAX, Kind::Reserved, "")]);
    }
}
