//! What the processor says of itself, in words (Intel SDM volume 2, CPUID; AMD64 manual volume 3, appendix E).
//!
//! The leaves are read through [`Leaves`], so that any processor's can be decoded on any machine. No leaf above the
//! highest that the processor knows is looked at, for there it answers with another leaf's contents; lists end after
//! a fixed number of subleaves whatever the processor says.
//!
//! | module | what it holds |
//! |---|---|
//! | [`names`] | vendor, brand, family, microarchitecture, hypervisor |
//! | [`features`] | the feature bits by name |
//! | [`topology`] | threads, cores and packages |
//! | [`caches`] | the caches |
//! | [`rates`] | frequencies and the widths of addresses |

pub mod caches;
pub mod features;
pub mod names;
pub mod rates;
#[cfg(test)]
mod tests;
pub mod topology;

/// The four registers that a leaf fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the register of its name")]
pub struct Leaf {
    pub eax: u32,
    pub ebx: u32,
    pub ecx: u32,
    pub edx: u32,
}

/// A processor's CPUID instruction.
pub trait Leaves {
    /// What it answers, whether or not it knows the leaf.
    fn raw(&self, leaf: u32, subleaf: u32) -> Leaf;
}

/// First of the leaves that AMD began.
const EXTENDED: u32 = 0x8000_0000;
/// First of the leaves that a hypervisor answers.
const HYPERVISOR: u32 = 0x4000_0000;

/// A processor whose leaves are read with care.
#[derive(Debug)]
pub struct Processor<L> {
    leaves: L,
    highest: u32,
    highest_extended: u32,
}

impl<L: Leaves> Processor<L> {
    /// Asks how many leaves there are.
    pub fn new(leaves: L) -> Self {
        let highest = leaves.raw(0, 0).eax.min(HYPERVISOR - 1);
        let extended = leaves.raw(EXTENDED, 0).eax;
        // Processors without extended leaves answer with some other leaf.
        let is_range = (EXTENDED..EXTENDED + 0x1_0000).contains(&extended);
        Self {
            leaves,
            highest,
            highest_extended: if is_range { extended } else { 0 },
        }
    }

    /// A leaf; `None` where the processor does not know it.
    pub fn leaf(&self, leaf: u32, subleaf: u32) -> Option<Leaf> {
        let limit = if leaf >= EXTENDED {
            self.highest_extended
        } else {
            self.highest
        };
        (leaf <= limit).then(|| self.leaves.raw(leaf, subleaf))
    }

    /// A leaf without subleaves, zeros where the processor does not know it.
    pub fn leaf_or_zeros(&self, leaf: u32) -> Leaf {
        self.leaf(leaf, 0).unwrap_or_default()
    }

    /// AMD's leaves 0x8000001D and 0x8000001E are there.
    fn has_topology_extensions(&self) -> bool {
        const PRESENT: u32 = 1 << 22;
        self.leaf_or_zeros(EXTENDED + 1).ecx & PRESENT != 0
    }

    /// The leaf that a hypervisor answers first; `None` on a bare machine.
    fn hypervisor_leaf(&self) -> Option<Leaf> {
        const PRESENT: u32 = 1 << 31;
        let is_present = self.leaf_or_zeros(1).ecx & PRESENT != 0;
        is_present.then(|| self.leaves.raw(HYPERVISOR, 0))
    }
}

/// Bits `low..low + count` of a register.
fn bits(register: u32, low: u32, count: u32) -> u32 {
    register >> low & ((1 << count) - 1)
}
