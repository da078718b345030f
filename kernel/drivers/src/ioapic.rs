//! An I/O APIC: sends device interrupts to processors (Intel 82093AA data sheet, section 3).

use core::fmt;

use hw::RegisterIo;

use crate::acpi::madt::{Line, Madt, Polarity, Trigger};

mod registers {
    hw::registers! {
        /// Chooses the register that `Window` shows.
        Select @ 0x00: Writable;
        /// The chosen register.
        Window @ 0x10: Readable Writable;
    }

    impl Select {
        /// The version register.
        pub(super) const VERSION: Self = Self(0x01);

        /// The low half of a pin's redirection entry.
        pub(super) fn low(pin: u8) -> Self {
            Self(0x10 + 2 * u32::from(pin))
        }

        /// The high half of a pin's redirection entry.
        pub(super) fn high(pin: u8) -> Self {
            Self(0x11 + 2 * u32::from(pin))
        }
    }

    impl Window {
        /// No interrupts from this pin.
        const MASKED: u32 = 1 << 16;
        /// Only the level of the line counts.
        const LEVEL: u32 = 1 << 15;
        /// The line is active when low.
        const ACTIVE_LOW: u32 = 1 << 13;

        /// Of the version register: the number of the last pin.
        pub(super) fn last_pin(self) -> u8 {
            (self.0 >> 16) as u8
        }

        /// Of the version register: nothing answers at this address.
        pub(super) fn is_absent(self) -> bool {
            self.0 == u32::MAX || self.0 & 0xFF == 0
        }

        /// A masked low half: fixed delivery of `vector` to one processor.
        pub(super) fn redirection(vector: u8, is_level: bool, is_active_low: bool) -> Self {
            let level = if is_level { Self::LEVEL } else { 0 };
            let polarity = if is_active_low { Self::ACTIVE_LOW } else { 0 };
            Self(u32::from(vector) | level | polarity | Self::MASKED)
        }

        /// The high half: the processor's APIC number.
        pub(super) fn destination(apic_id: u8) -> Self {
            Self(u32::from(apic_id) << 24)
        }

        /// The low half, masked.
        pub(super) fn masked(self) -> Self {
            Self(self.0 | Self::MASKED)
        }

        /// The low half, not masked.
        pub(super) fn unmasked(self) -> Self {
            Self(self.0 & !Self::MASKED)
        }
    }
}

use registers::{Select, Window};

/// Why an I/O APIC cannot do what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Nothing answers at its address.
    Absent,
    /// The interrupt is not one of its own.
    NoSuchPin {
        /// The global interrupt number.
        interrupt: u32,
    },
    /// A processor's number does not fit without interrupt remapping.
    FarProcessor {
        /// The processor's APIC number.
        apic_id: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => formatter.write_str("no I/O APIC answers"),
            Self::NoSuchPin { interrupt } => write!(formatter, "interrupt {interrupt} belongs to no I/O APIC"),
            Self::FarProcessor { apic_id } => write!(formatter, "processor {apic_id} is out of an I/O APIC's reach"),
        }
    }
}

/// The last pin whose registers have a number of 8 bits.
const LAST_PIN: u8 = 119;

/// Where the interrupt pin of a PCI function arrives whose interrupt-line register holds `number`: the global interrupt
/// and how its line works. `None` where the register says that the pin is not connected.
///
/// The register holds what the firmware has set the legacy controllers up with, which the first 16 lines of I/O APICs
/// follow on PCs. Where the firmware describes the line, that counts; what it leaves open is as PCI has it.
pub fn pci_line(madt: Option<&Madt>, number: u8) -> Option<(u32, Line)> {
    if matches!(number, 0 | u8::MAX) {
        return None;
    }
    let described = madt.and_then(|madt| madt.overrides.iter().find(|entry| entry.isa_interrupt == number));
    Some(match described {
        Some(entry) => (entry.interrupt, entry.line.on_pci()),
        None => (number.into(), Line::PCI),
    })
}

/// One I/O APIC. Its registers are reached through a selector, so `&mut` keeps two users apart.
#[derive(Debug)]
pub struct IoApic<R> {
    registers: R,
    first_interrupt: u32,
    pins: u8,
}

impl<R: RegisterIo> IoApic<R> {
    /// Takes the I/O APIC whose first pin is the global interrupt `first_interrupt`, and masks every pin.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`].
    pub fn start(registers: R, first_interrupt: u32) -> Result<Self, Error> {
        let mut apic = Self {
            registers,
            first_interrupt,
            pins: 0,
        };
        let version = apic.read(Select::VERSION);
        if version.is_absent() {
            return Err(Error::Absent);
        }
        apic.pins = version.last_pin().min(LAST_PIN) + 1;
        for pin in 0..apic.pins {
            let entry = apic.read(Select::low(pin));
            apic.write(Select::low(pin), entry.masked());
        }
        Ok(apic)
    }

    /// The global interrupts that arrive here.
    pub fn interrupts(&self) -> core::ops::Range<u32> {
        self.first_interrupt..self.first_interrupt.saturating_add(self.pins.into())
    }

    /// Sends `interrupt` as `vector` to the processor `apic_id`; masked until [`IoApic::unmask`]. Bus defaults in `line`
    /// count as ISA's.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPin`], [`Error::FarProcessor`].
    pub fn route(&mut self, interrupt: u32, line: Line, vector: u8, apic_id: u32) -> Result<(), Error> {
        let pin = self.pin(interrupt)?;
        let destination = u8::try_from(apic_id).ok().filter(|id| *id != u8::MAX);
        let destination = destination.ok_or(Error::FarProcessor { apic_id })?;
        let line = line.on_isa();
        let entry = Window::redirection(
            vector,
            line.trigger == Trigger::Level,
            line.polarity == Polarity::ActiveLow,
        );
        // Masked first: the two halves cannot be written at once.
        self.write(Select::low(pin), entry);
        self.write(Select::high(pin), Window::destination(destination));
        Ok(())
    }

    /// Stops `interrupt`.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPin`].
    pub fn mask(&mut self, interrupt: u32) -> Result<(), Error> {
        let low = Select::low(self.pin(interrupt)?);
        let entry = self.read(low);
        self.write(low, entry.masked());
        Ok(())
    }

    /// Lets `interrupt` through.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPin`].
    pub fn unmask(&mut self, interrupt: u32) -> Result<(), Error> {
        let low = Select::low(self.pin(interrupt)?);
        let entry = self.read(low);
        self.write(low, entry.unmasked());
        Ok(())
    }

    fn pin(&self, interrupt: u32) -> Result<u8, Error> {
        let found = self
            .interrupts()
            .contains(&interrupt)
            .then(|| interrupt - self.first_interrupt);
        found
            .and_then(|pin| pin.try_into().ok())
            .ok_or(Error::NoSuchPin { interrupt })
    }

    fn read(&mut self, select: Select) -> Window {
        self.registers.write(select);
        self.registers.read()
    }

    fn write(&mut self, select: Select, value: Window) {
        self.registers.write(select);
        self.registers.write(value);
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, IoApic, Line, Madt, Polarity, Trigger, pci_line};
    use crate::acpi::madt::Override;
    use alloc::{vec, vec::Vec};
    use hw::fake::{FakeRegisters, RegisterBehaviour};

    /// A line of which nothing is said.
    const UNSAID: Line = Line {
        polarity: Polarity::BusDefault,
        trigger: Trigger::BusDefault,
    };

    /// An I/O APIC with 24 pins.
    struct Chip {
        selected: usize,
        values: [u32; 64],
    }

    impl RegisterBehaviour for Chip {
        fn read32(&mut self, offset: usize) -> u32 {
            assert_eq!(offset, 0x10);
            self.values[self.selected]
        }

        fn write32(&mut self, offset: usize, value: u32) {
            match offset {
                0 => self.selected = value as usize,
                0x10 => self.values[self.selected] = value,
                _ => unreachable!("no such register"),
            }
        }
    }

    fn chip(version: u32) -> FakeRegisters<Chip> {
        let mut values = [0; 64];
        values[1] = version;
        FakeRegisters::new(Chip { selected: 0, values })
    }

    #[test]
    fn starts_with_every_pin_masked() {
        let chip = chip(0x0017_0020);
        let apic = IoApic::start(&chip, 24).expect("it is there");
        assert_eq!(apic.interrupts(), 24..48);
        chip.with(|chip| assert!((0..24).all(|pin| chip.values[0x10 + 2 * pin] == 0x1_0000)));
    }

    #[test]
    fn programs_polarity_trigger_vector_and_destination() {
        let chip = chip(0x0017_0020);
        let mut apic = IoApic::start(&chip, 0).expect("it is there");
        let line = Line {
            polarity: Polarity::ActiveLow,
            trigger: Trigger::Level,
        };
        assert_eq!(apic.route(9, line, 0x41, 3), Ok(()));
        chip.with(|chip| assert_eq!((chip.values[0x22], chip.values[0x23]), (0x1_A041, 0x0300_0000)));
        assert_eq!(apic.unmask(9), Ok(()));
        chip.with(|chip| assert_eq!(chip.values[0x22], 0xA041));
        assert_eq!(apic.mask(9), Ok(()));
        chip.with(|chip| assert_eq!(chip.values[0x22], 0x1_A041));
        assert_eq!(apic.route(4, UNSAID, 0x40, 0), Ok(()));
        chip.with(|chip| assert_eq!(chip.values[0x18], 0x1_0040));
    }

    #[test]
    fn lines_of_pci_are_active_low_levels_unless_the_firmware_says_otherwise() {
        let low_level = Line {
            polarity: Polarity::ActiveLow,
            trigger: Trigger::Level,
        };
        assert_eq!(pci_line(None, 11), Some((11, low_level)));
        assert_eq!((pci_line(None, 0), pci_line(None, 255)), (None, None));
        let high_level = Line {
            polarity: Polarity::ActiveHigh,
            ..low_level
        };
        let entry = |isa_interrupt, interrupt, line| Override {
            isa_interrupt,
            interrupt,
            line,
        };
        let madt = Madt {
            local_apic_address: 0,
            has_8259: true,
            processors: Vec::new(),
            io_apics: Vec::new(),
            overrides: vec![entry(10, 10, high_level), entry(9, 20, UNSAID)],
            nmi_sources: Vec::new(),
            local_nmis: Vec::new(),
        };
        assert_eq!(pci_line(Some(&madt), 10), Some((10, high_level)));
        assert_eq!(pci_line(Some(&madt), 9), Some((20, low_level)));
        assert_eq!(pci_line(Some(&madt), 11), Some((11, low_level)));
    }

    #[test]
    fn refuses_what_it_cannot_reach() {
        let chip = chip(0x0017_0020);
        let mut apic = IoApic::start(&chip, 8).expect("it is there");
        assert_eq!(
            apic.route(7, Line::ISA, 0x40, 0),
            Err(Error::NoSuchPin { interrupt: 7 })
        );
        assert_eq!(apic.unmask(32), Err(Error::NoSuchPin { interrupt: 32 }));
        assert_eq!(
            apic.route(8, Line::ISA, 0x40, 255),
            Err(Error::FarProcessor { apic_id: 255 })
        );
    }

    #[test]
    fn an_absent_chip_is_found_out() {
        assert_eq!(IoApic::start(chip(u32::MAX), 0).map(|_| ()), Err(Error::Absent));
        assert_eq!(IoApic::start(chip(0), 0).map(|_| ()), Err(Error::Absent));
    }
}
