//! The revision of the processor's microcode (Intel SDM volume 3, 10.11.7; AMD's revision guides).

use hw::msr::ModelSpecific;

use crate::cpuid::{Leaves, Processor};

/// `IA32_BIOS_SIGN_ID`, AMD's `PATCH_LEVEL`.
const REVISION: u32 = 0x8b;
/// The first family of AMD's that has the register.
const FIRST_AMD_FAMILY: u32 = 0x0f;

/// The revision; `None` where the processor has none that it tells.
pub fn revision<L: Leaves>(registers: &impl ModelSpecific, processor: &Processor<L>) -> Option<u32> {
    let family = processor.signature().family;
    let revision = match processor.vendor().as_str() {
        "GenuineIntel" if family >= 6 => {
            // CPUID leaves the revision of what is loaded in the upper half, where the lower one was cleared before.
            registers.write(REVISION, 0)?;
            processor.leaf(1, 0)?;
            (registers.read(REVISION)? >> 32) as u32
        }
        "AuthenticAMD" | "HygonGenuine" if family >= FIRST_AMD_FAMILY => registers.read(REVISION)? as u32,
        _ => return None,
    };
    // No processor has shipped with revision 0; emulators and damaged loads show it.
    (revision != 0).then_some(revision)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpuid::Leaf;
    use core::cell::Cell;

    /// A processor whose register shows the revision only between CPUID and the next write.
    struct Fake {
        vendor: [u32; 3],
        register: Cell<u64>,
        is_refused: bool,
    }

    impl Fake {
        fn new(vendor: &[u8; 12], register: u64) -> Self {
            let word = |at| u32::from_le_bytes([vendor[at], vendor[at + 1], vendor[at + 2], vendor[at + 3]]);
            Self {
                vendor: [word(0), word(4), word(8)],
                register: Cell::new(register),
                is_refused: false,
            }
        }
    }

    impl Leaves for &Fake {
        fn raw(&self, leaf: u32, _: u32) -> Leaf {
            let [ebx, edx, ecx] = self.vendor;
            match leaf {
                0 => Leaf { eax: 1, ebx, ecx, edx },
                1 => {
                    if self.register.get() == 0 {
                        self.register.set(0xf4 << 32);
                    }
                    Leaf {
                        eax: if ebx == u32::from_le_bytes(*b"Genu") {
                            0x906ea
                        } else {
                            0x870f10
                        },
                        ..Leaf::default()
                    }
                }
                _ => Leaf::default(),
            }
        }
    }

    impl ModelSpecific for &Fake {
        fn read(&self, register: u32) -> Option<u64> {
            (register == REVISION && !self.is_refused).then(|| self.register.get())
        }

        fn write(&self, register: u32, value: u64) -> Option<()> {
            (register == REVISION && !self.is_refused).then(|| self.register.set(value))
        }
    }

    fn of(fake: &Fake) -> Option<u32> {
        revision(&fake, &Processor::new(fake))
    }

    #[test]
    fn an_intel_revision_is_fetched_by_cpuid() {
        assert_eq!(of(&Fake::new(b"GenuineIntel", 0x1234_5678)), Some(0xf4));
    }

    #[test]
    fn an_amd_revision_is_just_read() {
        assert_eq!(of(&Fake::new(b"AuthenticAMD", 0x0870_1021)), Some(0x0870_1021));
    }

    #[test]
    fn none_is_told_by_other_vendors_and_where_the_register_is_refused() {
        assert_eq!(of(&Fake::new(b"CentaurHauls", 7)), None);
        for vendor in [b"GenuineIntel", b"AuthenticAMD"] {
            let fake = Fake {
                is_refused: true,
                ..Fake::new(vendor, 7)
            };
            assert_eq!(of(&fake), None);
        }
    }
}
