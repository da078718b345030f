//! The caches.

use alloc::vec::Vec;

use super::{EXTENDED, Leaves, Processor, bits};

/// Subleaves that are looked at; no processor has more than five caches.
const CACHE_LIMIT: u32 = 16;

/// What a cache holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Data.
    Data,
    /// Instructions.
    Instruction,
    /// Both.
    Unified,
}

impl Kind {
    /// The kind as scripts see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Instruction => "instruction",
            Self::Unified => "unified",
        }
    }
}

/// One cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cache {
    /// 1 is nearest to the core.
    pub level: u32,
    /// What it holds.
    pub kind: Kind,
    /// All of it.
    pub size_bytes: u64,
    /// Places that one line of memory may have.
    pub ways: u32,
    /// Bytes that are moved at once.
    pub line_bytes: u32,
    /// Most logical processors that share one of it: room for numbers, which may be more than there are.
    pub shared_by: u32,
}

impl<L: Leaves> Processor<L> {
    /// The caches, from leaf 4, AMD's leaf 0x8000001D or the older 0x80000005 and 0x80000006. Empty where the processor
    /// describes none in these.
    pub fn caches(&self) -> Vec<Cache> {
        let mut caches = self.listed(4);
        if caches.is_empty() && self.has_topology_extensions() {
            caches = self.listed(EXTENDED + 0x1d);
        }
        if caches.is_empty() {
            caches = self.described();
        }
        caches
    }

    fn listed(&self, number: u32) -> Vec<Cache> {
        let subleaves = (0..CACHE_LIMIT).map_while(|index| {
            let leaf = self.leaf(number, index)?;
            let kind = match bits(leaf.eax, 0, 5) {
                1 => Kind::Data,
                2 => Kind::Instruction,
                3 => Kind::Unified,
                _ => return None,
            };
            let count = |low, width| u64::from(bits(leaf.ebx, low, width)) + 1;
            let (line, parts, ways) = (count(0, 12), count(12, 10), count(22, 10));
            let sets = u64::from(leaf.ecx) + 1;
            Some(Cache {
                level: bits(leaf.eax, 5, 3),
                kind,
                size_bytes: line.saturating_mul(parts).saturating_mul(ways).saturating_mul(sets),
                ways: ways as u32,
                line_bytes: line as u32,
                shared_by: bits(leaf.eax, 14, 12) + 1,
            })
        });
        subleaves.collect()
    }

    /// AMD's leaves of sizes, without the third level, whose unit tells no exact size.
    fn described(&self) -> Vec<Cache> {
        let first = self.leaf_or_zeros(EXTENDED + 5);
        let second = self.leaf_or_zeros(EXTENDED + 6).ecx;
        let of_level_one = |register: u32, kind| Cache {
            level: 1,
            kind,
            size_bytes: u64::from(bits(register, 24, 8)) << 10,
            ways: bits(register, 16, 8),
            line_bytes: bits(register, 0, 8),
            shared_by: 1,
        };
        let ways = match bits(second, 12, 4) {
            way @ (1 | 2 | 4) => way,
            6 => 8,
            8 => 16,
            0xa => 32,
            0xb => 48,
            0xc => 64,
            0xd => 96,
            0xe => 128,
            _ => 0,
        };
        let second = Cache {
            level: 2,
            kind: Kind::Unified,
            size_bytes: u64::from(bits(second, 16, 16)) << 10,
            ways,
            line_bytes: bits(second, 0, 8),
            shared_by: 1,
        };
        let all = [
            of_level_one(first.ecx, Kind::Data),
            of_level_one(first.edx, Kind::Instruction),
            second,
        ];
        all.into_iter().filter(|cache| cache.size_bytes > 0).collect()
    }
}
