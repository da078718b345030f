//! The high precision event timer, as a counter (IA-PC HPET specification 1.0a, section 2.3).

use core::fmt;

use hw::RegisterIo;

use crate::counter::ReferenceCounter;

mod registers {
    hw::registers! {
        /// Low half of the capabilities.
        Capabilities @ 0x000: Readable;
        /// High half of the capabilities: femtoseconds in a tick.
        Period @ 0x004: Readable;
        /// Switches the counter on.
        Configuration @ 0x010: Readable Writable;
        /// Low half of the counter.
        Counter @ 0x0F0: Readable;
    }

    impl Capabilities {
        /// Nothing answers.
        pub(super) fn is_absent(self) -> bool {
            self.0 == u32::MAX || self.0 & 0xFF == 0
        }
    }

    impl Configuration {
        /// The same with the counter running.
        pub(super) fn running(self) -> Self {
            Self(self.0 | 1)
        }
    }
}

use registers::{Capabilities, Configuration, Counter, Period};

/// Femtoseconds in a second.
const FEMTOSECONDS: u64 = 1_000_000_000_000_000;
/// Longest tick that the specification allows, 100 ns.
const LONGEST_PERIOD: u32 = 0x05F5_E100;
/// Shortest tick believed, 1 ns.
const SHORTEST_PERIOD: u32 = 1_000_000;

/// Why the timer cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Nothing answers at its address.
    Absent,
    /// It claims a rate that no such timer has.
    BadPeriod {
        /// Femtoseconds in a tick.
        femtoseconds: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => formatter.write_str("no HPET answers"),
            Self::BadPeriod { femtoseconds } => write!(formatter, "the HPET claims a tick of {femtoseconds} fs"),
        }
    }
}

/// The running counter; the low half of it, which every HPET has.
#[derive(Debug)]
pub struct Hpet<R> {
    registers: R,
    frequency_hz: u64,
}

impl<R: RegisterIo> Hpet<R> {
    /// Checks the timer and lets its counter run.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`], [`Error::BadPeriod`].
    pub fn start(registers: R) -> Result<Self, Error> {
        if registers.read::<Capabilities>().is_absent() {
            return Err(Error::Absent);
        }
        let femtoseconds = hw::Register::bits(registers.read::<Period>());
        if !(SHORTEST_PERIOD..=LONGEST_PERIOD).contains(&femtoseconds) {
            return Err(Error::BadPeriod { femtoseconds });
        }
        registers.write(registers.read::<Configuration>().running());
        let period = u64::from(femtoseconds);
        Ok(Self {
            registers,
            frequency_hz: (FEMTOSECONDS + period / 2) / period,
        })
    }
}

impl<R: RegisterIo> ReferenceCounter for Hpet<R> {
    fn read(&self) -> u64 {
        hw::Register::bits(self.registers.read::<Counter>()).into()
    }

    fn frequency_hz(&self) -> u64 {
        self.frequency_hz
    }

    fn mask(&self) -> u64 {
        u32::MAX.into()
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, Hpet};
    use crate::counter::ReferenceCounter;
    use hw::fake::{FakeRegisters, RegisterBehaviour};

    /// Counts on with each reading, if it has been switched on.
    struct Chip {
        capabilities: u32,
        period: u32,
        configuration: u32,
        count: u32,
    }

    impl RegisterBehaviour for Chip {
        fn read32(&mut self, offset: usize) -> u32 {
            self.count += self.configuration & 1;
            [
                (0, self.capabilities),
                (4, self.period),
                (0x10, self.configuration),
                (0xF0, self.count),
            ]
            .into_iter()
            .find(|(register, _)| *register == offset)
            .map_or(0, |(_, value)| value)
        }

        fn write32(&mut self, offset: usize, value: u32) {
            assert_eq!(offset, 0x10);
            self.configuration = value;
        }
    }

    fn start(capabilities: u32, period: u32) -> Result<Hpet<FakeRegisters<Chip>>, Error> {
        Hpet::start(FakeRegisters::new(Chip {
            capabilities,
            period,
            configuration: 2,
            count: 0,
        }))
    }

    #[test]
    fn runs_at_the_rate_it_claims() {
        let hpet = start(0x8086_A701, 69_841_279).expect("it is there");
        assert_eq!(hpet.frequency_hz(), 14_318_180);
        assert!(hpet.read() < hpet.read());
        hpet.registers.with(|chip| assert_eq!(chip.configuration, 3));
        assert_eq!(
            start(0x8086_A201, 10_000_000).map(|hpet| hpet.frequency_hz()),
            Ok(100_000_000)
        );
    }

    #[test]
    fn an_absent_or_impossible_timer_is_refused() {
        assert_eq!(start(u32::MAX, u32::MAX).map(|_| ()), Err(Error::Absent));
        assert_eq!(
            start(0x8086_A701, 0).map(|_| ()),
            Err(Error::BadPeriod { femtoseconds: 0 })
        );
        assert_eq!(
            start(1, 100_000_001).map(|_| ()),
            Err(Error::BadPeriod {
                femtoseconds: 100_000_001
            })
        );
    }
}
