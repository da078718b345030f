//! What may be done with a mapped page, how it is cached, and the bits of a page's entry that say so.

use drivers::pat::{self, MemoryType};
use x86_64::structures::paging::PageTableFlags as Flags;

/// What may be done with a mapped page, and how it is cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Instructions.
    Execute,
    /// Constants.
    Read,
    /// Ordinary memory.
    Write,
    /// Device registers: uncached.
    Device,
    /// A picture: writes are combined, reads are slow.
    Picture,
}

/// The kernel's table has the three types that pages here have.
const fn cache_flags(memory_type: MemoryType) -> Flags {
    let Some(bits) = pat::bits_of(memory_type) else {
        panic!("the page attribute table lacks a memory type that is used");
    };
    let mut flags = Flags::empty();
    if bits.write_through {
        flags = flags.union(Flags::WRITE_THROUGH);
    }
    if bits.cache_disable {
        flags = flags.union(Flags::NO_CACHE);
    }
    flags
}

const CACHED: Flags = cache_flags(MemoryType::WriteBack);
const UNCACHED: Flags = cache_flags(MemoryType::Uncached);
const COMBINED: Flags = cache_flags(MemoryType::WriteCombining);

impl Access {
    /// The bits of the page's entry. Nothing is writable and executable, where the processor knows the difference.
    pub fn flags(self, has_no_execute: bool) -> Flags {
        let data = if has_no_execute {
            Flags::PRESENT | Flags::NO_EXECUTE
        } else {
            Flags::PRESENT
        };
        match self {
            Self::Execute => Flags::PRESENT | CACHED,
            Self::Read => data | CACHED,
            Self::Write => data | Flags::WRITABLE | CACHED,
            Self::Device => data | Flags::WRITABLE | UNCACHED,
            Self::Picture => data | Flags::WRITABLE | COMBINED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The type that the processor finds for a 4 KiB page (Intel SDM volume 3, 12.12.3).
    fn type_of(flags: Flags) -> u8 {
        let bit = |flag, place: usize| usize::from(flags.contains(flag)) << place;
        // Bit 7 of a 4 KiB page's entry is its third bit; of a larger page it is the size, and bit 12 the third.
        let index = bit(Flags::WRITE_THROUGH, 0) | bit(Flags::NO_CACHE, 1) | bit(Flags::HUGE_PAGE, 2);
        pat::VALUE.to_le_bytes()[index]
    }

    #[test]
    fn pages_are_cached_as_what_they_hold_needs() {
        for has_no_execute in [true, false] {
            let type_of = |access: Access| type_of(access.flags(has_no_execute));
            for access in [Access::Execute, Access::Read, Access::Write] {
                assert_eq!(type_of(access), MemoryType::WriteBack as u8, "{access:?}");
            }
            assert_eq!(type_of(Access::Device), MemoryType::Uncached as u8);
            assert_eq!(type_of(Access::Picture), MemoryType::WriteCombining as u8);
        }
    }

    #[test]
    fn nothing_is_writable_and_executable() {
        use Access::*;
        for access in [Execute, Read, Write, Device, Picture] {
            let flags = access.flags(true);
            assert!(!flags.contains(Flags::WRITABLE) || flags.contains(Flags::NO_EXECUTE));
            // A processor without the bit faults on it.
            assert!(!access.flags(false).contains(Flags::NO_EXECUTE));
            assert!(flags.contains(Flags::PRESENT) && !flags.contains(Flags::USER_ACCESSIBLE));
        }
    }
}
