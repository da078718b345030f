//! Vendor, brand, family, microarchitecture, hypervisor.

use alloc::string::String;
use alloc::vec::Vec;

use super::{EXTENDED, Leaf, Leaves, Processor, bits};

/// Family, model and stepping with their extended parts added as the vendors say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// Family, such as 6 for Intel's and 0x17 for AMD's Zen.
    pub family: u32,
    /// Model within the family.
    pub model: u32,
    /// Stepping: the revision.
    pub stepping: u32,
}

impl Signature {
    /// The signature in leaf 1's EAX.
    pub fn of(eax: u32) -> Self {
        let (family, model) = (bits(eax, 8, 4), bits(eax, 4, 4));
        let extended_model = if family == 6 || family == 15 {
            bits(eax, 16, 4) << 4
        } else {
            0
        };
        Self {
            family: family + if family == 15 { bits(eax, 20, 8) } else { 0 },
            model: model + extended_model,
            stepping: bits(eax, 0, 4),
        }
    }
}

impl<L: Leaves> Processor<L> {
    /// The vendor's twelve letters, such as `GenuineIntel`.
    pub fn vendor(&self) -> String {
        let Leaf { ebx, ecx, edx, .. } = self.leaf_or_zeros(0);
        text(&[ebx, edx, ecx])
    }

    /// The marketing name; empty where the processor has none.
    pub fn brand(&self) -> String {
        let parts = (EXTENDED + 2..=EXTENDED + 4).filter_map(|leaf| self.leaf(leaf, 0));
        let words: Vec<u32> = parts
            .flat_map(|part| [part.eax, part.ebx, part.ecx, part.edx])
            .collect();
        text(&words)
    }

    /// Family, model and stepping.
    pub fn signature(&self) -> Signature {
        Signature::of(self.leaf_or_zeros(1).eax)
    }

    /// The design's name, such as `coffee lake`; `unknown` where it does not follow for certain.
    pub fn microarchitecture(&self) -> &'static str {
        let signature = self.signature();
        // What emulators call themselves says nothing of the design.
        if self.brand().starts_with("QEMU ") {
            return "unknown";
        }
        match self.vendor().as_str() {
            "GenuineIntel" => intel(signature),
            "AuthenticAMD" => amd(signature),
            "HygonGenuine" if signature.family == 0x18 => "zen",
            _ => "unknown",
        }
    }

    /// The hypervisor's letters where there is one, such as `KVMKVMKVM`; may be empty.
    pub fn hypervisor(&self) -> Option<String> {
        let Leaf { ebx, ecx, edx, .. } = self.hypervisor_leaf()?;
        Some(text(&[ebx, ecx, edx]))
    }
}

/// The printable letters up to the first zero, without blanks around them.
fn text(words: &[u32]) -> String {
    let bytes = words.iter().flat_map(|word| word.to_le_bytes());
    let letters = bytes.take_while(|byte| *byte != 0);
    let printable: String = letters
        .filter(|byte| matches!(byte, b' '..=b'~'))
        .map(char::from)
        .collect();
    printable.trim().into()
}

/// Intel SDM volume 4, table 2-1.
fn intel(signature: Signature) -> &'static str {
    if signature.family != 6 {
        return match signature.family {
            5 => "p5",
            15 => "netburst",
            _ => "unknown",
        };
    }
    match signature.model {
        0x0f | 0x16 => "core",
        0x17 | 0x1d => "penryn",
        0x1a | 0x1e | 0x1f | 0x2e => "nehalem",
        0x25 | 0x2c | 0x2f => "westmere",
        0x2a | 0x2d => "sandy bridge",
        0x3a | 0x3e => "ivy bridge",
        0x3c | 0x3f | 0x45 | 0x46 => "haswell",
        0x3d | 0x47 | 0x4f | 0x56 => "broadwell",
        0x4e | 0x5e => "skylake",
        0x55 => match signature.stepping {
            0..=4 => "skylake",
            5..=7 => "cascade lake",
            _ => "cooper lake",
        },
        0x8e => match signature.stepping {
            0x9 => "kaby lake",
            0xa => "coffee lake",
            0xb | 0xc => "whiskey lake",
            _ => "unknown",
        },
        0x9e if signature.stepping <= 9 => "kaby lake",
        0x9e => "coffee lake",
        0xa5 | 0xa6 => "comet lake",
        0x66 => "cannon lake",
        0x6a | 0x6c | 0x7d | 0x7e => "ice lake",
        0x8c | 0x8d => "tiger lake",
        0xa7 => "rocket lake",
        0x8f => "sapphire rapids",
        0xcf => "emerald rapids",
        0x97 | 0x9a => "alder lake",
        0xb7 | 0xba | 0xbf => "raptor lake",
        0xaa | 0xac => "meteor lake",
        0x1c | 0x26 | 0x27 | 0x35 | 0x36 => "bonnell",
        0x37 | 0x4a | 0x4d | 0x5a | 0x5d => "silvermont",
        0x4c => "airmont",
        0x5c | 0x5f => "goldmont",
        0x7a => "goldmont plus",
        0x86 | 0x96 | 0x9c => "tremont",
        0xbe => "gracemont",
        _ => "unknown",
    }
}

/// AMD's revision guides, by family.
fn amd(signature: Signature) -> &'static str {
    match (signature.family, signature.model) {
        (0x10, _) => "k10",
        (0x12, _) => "llano",
        (0x14, _) => "bobcat",
        (0x15, 0x00..=0x01) => "bulldozer",
        (0x15, 0x02 | 0x10..=0x1f) => "piledriver",
        (0x15, 0x30..=0x3f) => "steamroller",
        (0x15, 0x60..=0x7f) => "excavator",
        (0x16, 0x00..=0x0f) => "jaguar",
        (0x16, 0x30..=0x3f) => "puma",
        (0x17, 0x01 | 0x11 | 0x20) => "zen",
        (0x17, 0x08 | 0x18) => "zen+",
        (0x17, 0x31 | 0x60 | 0x68 | 0x71 | 0x90 | 0xa0) => "zen 2",
        (0x19, 0x00..=0x0f | 0x20..=0x2f | 0x40..=0x5f) => "zen 3",
        (0x19, 0x10..=0x1f | 0x60..=0x7f | 0xa0..=0xaf) => "zen 4",
        (0x1a, _) => "zen 5",
        _ => "unknown",
    }
}
