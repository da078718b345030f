//! The processor's digital thermometers (Intel SDM volume 3, 15.8; volume 4 for the registers).
//!
//! They count down from the temperature at which the processor throttles. AMD's lie behind the system management
//! network of the chip, a device on the PCI bus, and are not read here.

use hw::msr::ModelSpecific;

use crate::cpuid::{Leaves, Processor};

/// `IA32_THERM_STATUS`.
const CORE_STATUS: u32 = 0x19c;
/// `MSR_TEMPERATURE_TARGET`.
const TARGET: u32 = 0x1a2;
/// `IA32_PACKAGE_THERM_STATUS`.
const PACKAGE_STATUS: u32 = 0x1b1;

const HAS_CORE_THERMOMETER: u32 = 1 << 0;
const HAS_PACKAGE_THERMOMETER: u32 = 1 << 6;
const IS_VALID: u64 = 1 << 31;
/// Temperatures at which processors throttle, in degrees Celsius; what else a register says is none.
const TARGETS: core::ops::RangeInclusive<i64> = 50..=150;

/// A thermometer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thermometer {
    /// The running core's own.
    Core,
    /// The package's that the running core belongs to.
    Package,
}

impl Thermometer {
    /// The sensor's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "cpu_core",
            Self::Package => "cpu_package",
        }
    }

    /// The thermometer of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Core, Self::Package].into_iter().find(|one| one.name() == name)
    }

    /// The temperature in degrees Celsius; `None` where there is no such thermometer, or it has no valid reading now.
    pub fn read<L: Leaves>(self, registers: &impl ModelSpecific, processor: &Processor<L>) -> Option<i64> {
        let (present, status) = match self {
            Self::Core => (HAS_CORE_THERMOMETER, CORE_STATUS),
            Self::Package => (HAS_PACKAGE_THERMOMETER, PACKAGE_STATUS),
        };
        let is_intel = processor.vendor() == "GenuineIntel";
        if !is_intel || processor.leaf_or_zeros(6).eax & present == 0 {
            return None;
        }
        let target = (registers.read(TARGET)? >> 16 & 0xff) as i64;
        let status = registers.read(status)?;
        // The package's register has no such bit: its reading is always valid.
        let is_valid = self == Self::Package || status & IS_VALID != 0;
        let below = (status >> 16 & 0x7f) as i64;
        (is_valid && TARGETS.contains(&target)).then_some(target - below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpuid::Leaf;

    /// Vendor's first word, leaf 6, and the registers.
    struct Fake(&'static [u8; 12], u32, &'static [(u32, u64)]);

    impl Leaves for &Fake {
        fn raw(&self, leaf: u32, _: u32) -> Leaf {
            let word = |at: usize| u32::from_le_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]]);
            match leaf {
                0 => Leaf {
                    eax: 6,
                    ebx: word(0),
                    edx: word(4),
                    ecx: word(8),
                },
                6 => Leaf {
                    eax: self.1,
                    ..Leaf::default()
                },
                _ => Leaf::default(),
            }
        }
    }

    impl ModelSpecific for &Fake {
        fn read(&self, register: u32) -> Option<u64> {
            self.2
                .iter()
                .find(|(number, _)| *number == register)
                .map(|(_, value)| *value)
        }

        fn write(&self, _: u32, _: u64) -> Option<()> {
            panic!("a thermometer is only read")
        }
    }

    const WARM: &[(u32, u64)] = &[
        (TARGET, 100 << 16),
        (CORE_STATUS, IS_VALID | 48 << 16),
        (PACKAGE_STATUS, 45 << 16),
    ];
    const BOTH: u32 = HAS_CORE_THERMOMETER | HAS_PACKAGE_THERMOMETER;

    fn read(fake: &Fake) -> [Option<i64>; 2] {
        let processor = Processor::new(fake);
        [Thermometer::Core, Thermometer::Package].map(|one| one.read(&fake, &processor))
    }

    #[test]
    fn temperatures_count_down_from_the_limit() {
        assert_eq!(read(&Fake(b"GenuineIntel", BOTH, WARM)), [Some(52), Some(55)]);
        let hot: &[(u32, u64)] = &[
            (TARGET, 105 << 16),
            (CORE_STATUS, IS_VALID),
            (PACKAGE_STATUS, 127 << 16),
        ];
        assert_eq!(read(&Fake(b"GenuineIntel", BOTH, hot)), [Some(105), Some(-22)]);
    }

    #[test]
    fn nothing_is_read_that_the_processor_does_not_announce() {
        assert_eq!(
            read(&Fake(b"GenuineIntel", HAS_CORE_THERMOMETER, WARM)),
            [Some(52), None]
        );
        assert_eq!(read(&Fake(b"GenuineIntel", 0, WARM)), [None, None]);
        assert_eq!(read(&Fake(b"AuthenticAMD", BOTH, WARM)), [None, None]);
    }

    #[test]
    fn a_reading_that_is_not_valid_is_none() {
        let invalid: &[(u32, u64)] = &[(TARGET, 100 << 16), (CORE_STATUS, 48 << 16), (PACKAGE_STATUS, 45 << 16)];
        assert_eq!(read(&Fake(b"GenuineIntel", BOTH, invalid)), [None, Some(55)]);
        let no_target: &[(u32, u64)] = &[(TARGET, 0), (CORE_STATUS, IS_VALID | 48 << 16), (PACKAGE_STATUS, 0)];
        assert_eq!(read(&Fake(b"GenuineIntel", BOTH, no_target)), [None, None]);
        assert_eq!(read(&Fake(b"GenuineIntel", BOTH, &[(TARGET, 100 << 16)])), [None, None]);
    }
}
