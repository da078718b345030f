//! The page attribute table: how a page is cached, by three bits of its entry (Intel SDM volume 3, 12.12).
//!
//! The table is the one that processors start with, but that entry 1 combines writes in place of writing through: nothing
//! here writes through, and a picture is slow without. The upper half repeats the lower, so the third bit, which is in
//! another place in entries of large pages, is never needed.

/// How memory is cached; the numbers are the table's (table 12-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MemoryType {
    /// Every access goes to the device, in order.
    Uncached = 0,
    /// Not cached; writes are collected and may change their order.
    WriteCombining = 1,
    /// Cached; writes go to memory as well.
    WriteThrough = 4,
    /// Cached; writes go to memory only.
    WriteProtected = 5,
    /// Cached.
    WriteBack = 6,
    /// As `Uncached`, but the memory type range registers may combine writes.
    UncachedMinus = 7,
}

/// The model-specific register that holds the table.
pub const MSR: u32 = 0x277;

const ENTRIES: [MemoryType; 8] = {
    use MemoryType::{Uncached, UncachedMinus, WriteBack, WriteCombining};
    [
        WriteBack,
        WriteCombining,
        UncachedMinus,
        Uncached,
        WriteBack,
        WriteCombining,
        UncachedMinus,
        Uncached,
    ]
};

/// What [`MSR`] is set to.
pub const VALUE: u64 = value(ENTRIES);

const fn value(entries: [MemoryType; 8]) -> u64 {
    let mut value = 0;
    let mut index = 0;
    while index < entries.len() {
        value |= (entries[index] as u64) << (8 * index);
        index += 1;
    }
    value
}

/// The bits of a page's entry that choose one of the table's first four entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageBits {
    /// PWT, bit 3 of the entry.
    pub write_through: bool,
    /// PCD, bit 4 of the entry.
    pub cache_disable: bool,
}

/// The bits for a page with this type; `None` where the table does not have it.
pub const fn bits_of(memory_type: MemoryType) -> Option<PageBits> {
    let mut index = 0;
    while index < 4 {
        if ENTRIES[index] as u8 == memory_type as u8 {
            return Some(PageBits {
                write_through: index & 1 != 0,
                cache_disable: index & 2 != 0,
            });
        }
        index += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What processors start with (12.12.4): write back, write through, uncached minus, uncached, twice.
    const AT_RESET: u64 = 0x0007_0406_0007_0406;

    /// As a processor finds it: PAT, PCD and PWT together number the table's byte.
    fn type_of(table: u64, pat: bool, bits: PageBits) -> u8 {
        let index = usize::from(pat) << 2 | usize::from(bits.cache_disable) << 1 | usize::from(bits.write_through);
        table.to_le_bytes()[index] & 7
    }

    #[test]
    fn differs_from_the_usual_table_in_entries_1_and_5_only() {
        let changed: Vec<usize> = (0..8)
            .filter(|&index| VALUE.to_le_bytes()[index] != AT_RESET.to_le_bytes()[index])
            .collect();
        assert_eq!(changed, [1, 5]);
        assert_eq!(VALUE, 0x0007_0106_0007_0106);
    }

    #[test]
    fn has_no_type_that_processors_refuse() {
        // 2, 3 and everything from 8 on is a general protection fault.
        assert!(VALUE.to_le_bytes().iter().all(|bits| matches!(bits, 0 | 1 | 4..=7)));
    }

    #[test]
    fn a_page_gets_the_type_that_it_asks_for_whatever_its_third_bit() {
        use MemoryType::*;
        for wanted in [Uncached, WriteCombining, WriteBack, UncachedMinus] {
            let bits = bits_of(wanted).expect("the table has it");
            assert_eq!(type_of(VALUE, false, bits), wanted as u8);
            assert_eq!(type_of(VALUE, true, bits), wanted as u8);
        }
        assert_eq!((bits_of(WriteThrough), bits_of(WriteProtected)), (None, None));
    }

    #[test]
    fn pages_keep_their_type_where_the_table_cannot_be_set_but_pictures() {
        // An old processor ignores the register: what matters for correctness is the same at reset.
        for wanted in [MemoryType::Uncached, MemoryType::WriteBack] {
            let bits = bits_of(wanted).expect("the table has it");
            assert_eq!(type_of(AT_RESET, false, bits), wanted as u8);
        }
        let picture = bits_of(MemoryType::WriteCombining).expect("the table has it");
        assert_eq!(type_of(AT_RESET, false, picture), MemoryType::WriteThrough as u8);
    }
}
