use std::string::String;
use std::vec::Vec;

use hw::fake::Random;

use super::caches::{Cache, Kind};
use super::names::Signature;
use super::rates::{Rates, Widths};
use super::topology::Topology;
use super::{Leaf, Leaves, Processor};

/// Leaves by number and subleaf.
struct Listed(Vec<[u32; 6]>);

impl Listed {
    fn read(text: &str) -> Self {
        let number = |word: &str| u32::from_str_radix(word, 16).expect("a hexadecimal number");
        let row = |line: &str| {
            let words: Vec<u32> = line.split_ascii_whitespace().map(number).collect();
            words.try_into().expect("six numbers")
        };
        Self(text.lines().map(row).collect())
    }
}

impl Leaves for Listed {
    fn raw(&self, leaf: u32, subleaf: u32) -> Leaf {
        let row = self.0.iter().find(|row| row[..2] == [leaf, subleaf]);
        row.map_or_else(Leaf::default, |&[_, _, eax, ebx, ecx, edx]| Leaf { eax, ebx, ecx, edx })
    }
}

fn i7_9750h() -> Processor<Listed> {
    Processor::new(Listed::read(include_str!("fixtures/i7_9750h.txt")))
}

fn ryzen() -> Processor<Listed> {
    Processor::new(Listed::read(include_str!("fixtures/ryzen_5_3600.txt")))
}

fn emulated() -> Processor<Listed> {
    Processor::new(Listed::read(include_str!("fixtures/qemu_max.txt")))
}

fn cache(level: u32, kind: Kind, size_kib: u64, ways: u32, shared_by: u32) -> Cache {
    Cache {
        level,
        kind,
        size_bytes: size_kib << 10,
        ways,
        line_bytes: 64,
        shared_by,
    }
}

#[test]
fn describes_a_coffee_lake() {
    let processor = i7_9750h();
    assert_eq!(processor.vendor(), "GenuineIntel");
    assert_eq!(processor.brand(), "Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz");
    let signature = Signature {
        family: 6,
        model: 158,
        stepping: 10,
    };
    assert_eq!(processor.signature(), signature);
    assert_eq!(processor.microarchitecture(), "coffee lake");
    assert_eq!(processor.hypervisor(), None);
    let topology = Topology {
        threads_per_core: 2,
        cores_per_package: 6,
        threads_per_package: 12,
        package_shift: 4,
    };
    assert_eq!(processor.topology(), topology);
    assert_eq!((topology.package_of(11), topology.package_of(16)), (0, 1));
    let caches = [
        cache(1, Kind::Data, 32, 8, 2),
        cache(1, Kind::Instruction, 32, 8, 2),
        cache(2, Kind::Unified, 256, 4, 2),
        cache(3, Kind::Unified, 12 << 10, 16, 16),
    ];
    assert_eq!(processor.caches(), caches);
    let rates = Rates {
        crystal_hz: None,
        base_mhz: Some(2600),
        max_mhz: Some(4500),
        bus_mhz: Some(100),
    };
    assert_eq!(processor.rates(), rates);
    let widths = Widths {
        physical_bits: 39,
        virtual_bits: 48,
    };
    assert_eq!(processor.widths(), widths);
    let features = processor.features();
    for name in [
        "fpu",
        "avx2",
        "smep",
        "smap",
        "rdseed",
        "nx",
        "lm",
        "invariant_tsc",
        "dtherm",
        "pts",
        "md_clear",
    ] {
        assert!(features.contains(&name), "{name}");
    }
    for name in ["avx512f", "svm", "hypervisor", "umip", "la57"] {
        assert!(!features.contains(&name), "{name}");
    }
}

#[test]
fn describes_a_zen_2() {
    let processor = ryzen();
    assert_eq!(processor.vendor(), "AuthenticAMD");
    assert_eq!(processor.brand(), "AMD Ryzen 5 3600 6-Core Processor");
    let signature = Signature {
        family: 0x17,
        model: 0x71,
        stepping: 0,
    };
    assert_eq!(processor.signature(), signature);
    assert_eq!(processor.microarchitecture(), "zen 2");
    let topology = processor.topology();
    assert_eq!(
        (
            topology.threads_per_core,
            topology.cores_per_package,
            topology.threads_per_package
        ),
        (2, 6, 12)
    );
    let caches = [
        cache(1, Kind::Data, 32, 8, 2),
        cache(1, Kind::Instruction, 32, 8, 2),
        cache(2, Kind::Unified, 512, 8, 2),
        cache(3, Kind::Unified, 16 << 10, 16, 6),
    ];
    assert_eq!(processor.caches(), caches);
    let features = processor.features();
    for name in ["svm", "topoext", "clzero", "sha_ni", "umip", "amd_ibpb", "cpb"] {
        assert!(features.contains(&name), "{name}");
    }
}

/// Without the leaf of levels, AMD's own give the same answer.
#[test]
fn finds_cores_by_the_older_leaves_too() {
    let mut leaves = Listed::read(include_str!("fixtures/ryzen_5_3600.txt"));
    leaves.0.retain(|row| row[0] != 0xb);
    let topology = Processor::new(leaves).topology();
    assert_eq!((topology.threads_per_core, topology.cores_per_package), (2, 6));
    assert_eq!(topology.package_shift, 7);

    let mut leaves = Listed::read(include_str!("fixtures/i7_9750h.txt"));
    leaves.0.retain(|row| row[0] != 0xb);
    let topology = Processor::new(leaves).topology();
    // These two leaves give room for 16 threads on 8 cores.
    assert_eq!((topology.threads_per_core, topology.cores_per_package), (2, 8));
    assert_eq!(topology.package_shift, 4);
}

#[test]
fn describes_emulated_processors() {
    let processor = emulated();
    assert_eq!(processor.brand(), "QEMU TCG CPU version 2.5+");
    assert_eq!(processor.microarchitecture(), "unknown");
    assert_eq!(processor.hypervisor().as_deref(), Some("TCGTCGTCGTCG"));
    let topology = Topology {
        threads_per_core: 2,
        cores_per_package: 2,
        threads_per_package: 4,
        package_shift: 2,
    };
    assert_eq!(processor.topology(), topology);
    let caches = [
        Cache {
            ways: 2,
            ..cache(1, Kind::Data, 64, 2, 1)
        },
        cache(1, Kind::Instruction, 64, 2, 1),
        cache(2, Kind::Unified, 512, 16, 1),
    ];
    assert_eq!(processor.caches(), caches);
    // Leaf 0x16 lies above the highest; the processor would answer with another leaf's contents.
    assert_eq!(processor.rates(), Rates::default());
    assert_eq!(processor.widths().physical_bits, 40);
    assert!(processor.features().contains(&"hypervisor"));

    let epyc = Processor::new(Listed::read(include_str!("fixtures/qemu_epyc.txt")));
    assert_eq!(epyc.brand(), "AMD EPYC Processor");
    assert_eq!(epyc.microarchitecture(), "zen");
    // The emulator hides the extension that lists caches; the older leaves tell three of them.
    assert_eq!(epyc.caches().len(), 3);
    assert_eq!(epyc.topology().threads_per_package, 4);

    let least = Processor::new(Listed::read(include_str!("fixtures/qemu64.txt")));
    assert_eq!(least.signature().family, 15);
    assert!(!least.features().contains(&"smep"));
    assert_eq!(least.topology().threads_per_package, 4);
}

#[test]
fn a_processor_that_knows_no_leaf_is_one_core_without_names() {
    let processor = Processor::new(Listed(Vec::new()));
    assert_eq!((processor.vendor(), processor.brand()), (String::new(), String::new()));
    assert_eq!(processor.microarchitecture(), "unknown");
    assert_eq!(processor.topology().threads_per_package, 1);
    assert!(processor.caches().is_empty() && processor.features().is_empty());
    assert_eq!(processor.widths().virtual_bits, 48);
}

#[test]
fn a_rate_of_zero_is_none() {
    let leaves = Listed(vec![[0, 0, 0x16, 0, 0, 0], [0x15, 0, 2, 216, 24_000_000, 0]]);
    let rates = Processor::new(leaves).rates();
    assert_eq!((rates.crystal_hz, rates.base_mhz), (Some(24_000_000), None));
}

/// Answers at random, the same for the same leaf.
struct Noise(u64);

impl Leaves for Noise {
    fn raw(&self, leaf: u32, subleaf: u32) -> Leaf {
        let mut random = Random(self.0 ^ u64::from(leaf) << 20 ^ u64::from(subleaf) | 1);
        random.bits();
        let mut register = || {
            let bits = random.bits();
            match bits >> 62 {
                0 => 0,
                1 => u32::MAX,
                _ => bits as u32,
            }
        };
        Leaf {
            eax: register(),
            ebx: register(),
            ecx: register(),
            edx: register(),
        }
    }
}

/// Damages some registers of a real processor.
struct Damaged(Listed, u64);

impl Leaves for Damaged {
    fn raw(&self, leaf: u32, subleaf: u32) -> Leaf {
        let noise = Noise(self.1).raw(leaf, subleaf);
        let real = self.0.raw(leaf, subleaf);
        if noise.edx.is_multiple_of(4) { noise } else { real }
    }
}

fn decode_all<L: Leaves>(processor: &Processor<L>) {
    let topology = processor.topology();
    assert!(topology.threads_per_core > 0 && topology.cores_per_package > 0);
    topology.package_of(u32::MAX);
    assert!(processor.caches().len() <= 16);
    assert!(processor.features().len() < 400);
    assert!(processor.brand().is_ascii() && processor.vendor().is_ascii());
    let _ = (processor.rates(), processor.widths(), processor.signature());
    let _ = (processor.microarchitecture(), processor.hypervisor());
}

#[test]
fn whatever_a_processor_answers_is_decoded() {
    for seed in 1..20_000 {
        decode_all(&Processor::new(Noise(seed * 0x9e37_79b9)));
    }
    for text in [
        include_str!("fixtures/i7_9750h.txt"),
        include_str!("fixtures/ryzen_5_3600.txt"),
        include_str!("fixtures/qemu_max.txt"),
    ] {
        for seed in 1..5_000 {
            decode_all(&Processor::new(Damaged(Listed::read(text), seed * 0x9e37_79b9)));
        }
    }
}
