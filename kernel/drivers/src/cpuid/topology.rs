//! How threads, cores and packages lie in each other.

use super::{EXTENDED, Leaf, Leaves, Processor, bits};

/// Levels that are looked at; no processor has more than six.
const LEVEL_LIMIT: u32 = 8;
const LEVEL_THREAD: u32 = 1;
/// A number that is larger cannot be meant: it would leave no room for packages.
const SHIFT_LIMIT: u32 = 31;

/// How one package is made; all numbers are 1 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topology {
    /// Logical processors of one core.
    pub threads_per_core: u32,
    /// Cores of one package.
    pub cores_per_package: u32,
    /// Logical processors of one package.
    pub threads_per_package: u32,
    /// The lowest bit of a local APIC's number that tells the package.
    pub package_shift: u32,
}

impl Topology {
    /// The package that the processor with this local APIC number belongs to.
    pub fn package_of(&self, apic_id: u32) -> u32 {
        apic_id >> self.package_shift
    }

    fn new(threads_per_core: u32, threads_per_package: u32, package_shift: u32) -> Self {
        let threads_per_core = threads_per_core.max(1);
        let threads_per_package = threads_per_package.max(threads_per_core);
        Self {
            threads_per_core,
            cores_per_package: threads_per_package / threads_per_core,
            threads_per_package,
            package_shift: package_shift.min(SHIFT_LIMIT),
        }
    }
}

impl<L: Leaves> Processor<L> {
    /// How a package is made: from the leaf that lists levels, else from the vendors' older ones.
    pub fn topology(&self) -> Topology {
        let levels = [0x1f, 0xb].into_iter().find_map(|leaf| self.by_levels(leaf));
        levels
            .or_else(|| self.by_amd_leaves())
            .unwrap_or_else(|| self.by_basic_leaves())
    }

    /// Leaves 0x1F and 0xB: a subleaf a level, from the thread outwards, each with the logical processors in it.
    fn by_levels(&self, leaf: u32) -> Option<Topology> {
        let levels = (0..LEVEL_LIMIT).map_while(|level| {
            let Leaf { eax, ebx, ecx, .. } = self.leaf(leaf, level)?;
            let kind = bits(ecx, 8, 8);
            (kind != 0).then_some((kind, bits(ebx, 0, 16), bits(eax, 0, 5)))
        });
        let mut threads_per_core = 1;
        let mut outermost = None;
        for (kind, threads, shift) in levels {
            if kind == LEVEL_THREAD {
                threads_per_core = threads;
            }
            outermost = Some((threads, shift));
        }
        let (threads, shift) = outermost?;
        (threads > 0).then(|| Topology::new(threads_per_core, threads, shift))
    }

    /// AMD's leaves 0x80000008 and 0x8000001E.
    fn by_amd_leaves(&self) -> Option<Topology> {
        let ecx = self.leaf(EXTENDED + 8, 0)?.ecx;
        let threads = bits(ecx, 0, 8) + 1;
        if threads == 1 {
            return None;
        }
        let per_core = self.leaf(EXTENDED + 0x1e, 0).filter(|_| self.has_topology_extensions());
        let threads_per_core = per_core.map_or(1, |leaf| bits(leaf.ebx, 8, 8) + 1);
        let shift = match bits(ecx, 12, 4) {
            0 => threads.next_power_of_two().trailing_zeros(),
            shift => shift,
        };
        Some(Topology::new(threads_per_core, threads, shift))
    }

    /// Leaves 1 and 4, which give room for numbers rather than counts.
    fn by_basic_leaves(&self) -> Topology {
        const MANY_THREADS: u32 = 1 << 28;
        let basic = self.leaf_or_zeros(1);
        if basic.edx & MANY_THREADS == 0 {
            return Topology::new(1, 1, 0);
        }
        let threads = bits(basic.ebx, 16, 8).max(1);
        let cores = self.leaf(4, 0).map_or(1, |leaf| bits(leaf.eax, 26, 6) + 1).min(threads);
        Topology::new(threads / cores, threads, threads.next_power_of_two().trailing_zeros())
    }
}
