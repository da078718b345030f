//! The multiple APIC description table: interrupt controllers and processors (ACPI 6.5, section 5.2.12).

use alloc::vec::Vec;

use hw::bytes::{u8_at, u16_at, u32_at, u64_at};

use super::{Error, Table};

/// Where the entries start.
const ENTRIES_OFFSET: usize = 44;

/// One processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processor {
    /// The number that other tables and entries know it by.
    pub uid: u32,
    /// Its local APIC's number.
    pub apic_id: u32,
    /// It may be started.
    pub is_enabled: bool,
    /// It is not there now and may come later.
    pub is_online_capable: bool,
}

/// One I/O APIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoApic {
    /// Its number.
    pub id: u8,
    /// Physical address of its registers.
    pub address: u32,
    /// Global number of the interrupt at its first pin.
    pub first_interrupt: u32,
}

/// The level of an interrupt line that means "now".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// As the bus that the interrupt comes from has it: high on ISA, low on PCI.
    BusDefault,
    /// High.
    ActiveHigh,
    /// Low.
    ActiveLow,
}

/// What of an interrupt line counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// As the bus that the interrupt comes from has it: edge on ISA, level on PCI.
    BusDefault,
    /// Its change.
    Edge,
    /// Its state.
    Level,
}

/// Polarity and trigger (the MPS INTI flags, table 5.26).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The active level.
    pub polarity: Polarity,
    /// Edge or level.
    pub trigger: Trigger,
}

impl Line {
    /// What every ISA interrupt without an override is.
    pub const ISA: Self = Self {
        polarity: Polarity::ActiveHigh,
        trigger: Trigger::Edge,
    };

    /// What the interrupt pins of PCI functions are, and the interrupt of ACPI events without an override.
    pub const PCI: Self = Self {
        polarity: Polarity::ActiveLow,
        trigger: Trigger::Level,
    };

    fn from_flags(flags: u16) -> Self {
        let polarity = match flags & 3 {
            1 => Polarity::ActiveHigh,
            3 => Polarity::ActiveLow,
            _ => Polarity::BusDefault,
        };
        let trigger = match flags >> 2 & 3 {
            1 => Trigger::Edge,
            3 => Trigger::Level,
            _ => Trigger::BusDefault,
        };
        Self { polarity, trigger }
    }

    /// The same with the defaults of ISA filled in.
    pub fn on_isa(self) -> Self {
        self.or(Self::ISA)
    }

    /// The same with the defaults of PCI filled in.
    pub fn on_pci(self) -> Self {
        self.or(Self::PCI)
    }

    fn or(self, default: Self) -> Self {
        let polarity = match self.polarity {
            Polarity::BusDefault => default.polarity,
            polarity => polarity,
        };
        let trigger = match self.trigger {
            Trigger::BusDefault => default.trigger,
            trigger => trigger,
        };
        Self { polarity, trigger }
    }
}

/// An ISA interrupt that is not connected as ISA interrupts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Override {
    /// ISA interrupt number.
    pub isa_interrupt: u8,
    /// Global interrupt number that it arrives at.
    pub interrupt: u32,
    /// How the line works.
    pub line: Line,
}

/// An interrupt line that means NMI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NmiSource {
    /// Global interrupt number.
    pub interrupt: u32,
    /// How the line works.
    pub line: Line,
}

/// An input of local APICs that means NMI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalNmi {
    /// The processor's uid, `None` for all processors.
    pub processor_uid: Option<u32>,
    /// The input: LINT0 or LINT1.
    pub input: u8,
    /// How the line works.
    pub line: Line,
}

/// The table's contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Madt {
    /// Physical address of the local APICs' registers.
    pub local_apic_address: u64,
    /// The machine also has two 8259, to be masked.
    pub has_8259: bool,
    /// The processors, each APIC number once.
    pub processors: Vec<Processor>,
    /// The I/O APICs.
    pub io_apics: Vec<IoApic>,
    /// ISA interrupts that are connected otherwise.
    pub overrides: Vec<Override>,
    /// Interrupts that mean NMI.
    pub nmi_sources: Vec<NmiSource>,
    /// Inputs of local APICs that mean NMI.
    pub local_nmis: Vec<LocalNmi>,
}

impl Madt {
    /// Reads the table; kinds of entries that PCs do not have are passed over.
    ///
    /// # Errors
    ///
    /// It is another table, too short, or an entry does not fit.
    pub fn parse(table: &Table) -> Result<Self, Error> {
        table.expect(b"APIC")?;
        let bytes = table.bytes();
        let header = || Some((u32_at(bytes, 36)?, u32_at(bytes, 40)?));
        let (address, flags) = header().ok_or_else(|| table.bad_length())?;
        let mut madt = Self {
            local_apic_address: address.into(),
            has_8259: flags & 1 != 0,
            processors: Vec::new(),
            io_apics: Vec::new(),
            overrides: Vec::new(),
            nmi_sources: Vec::new(),
            local_nmis: Vec::new(),
        };
        let mut offset = ENTRIES_OFFSET;
        while offset < bytes.len() {
            let bad_entry = table.bad_entry(offset);
            let length = usize::from(u8_at(bytes, offset + 1).ok_or(bad_entry)?);
            let entry = bytes
                .get(offset..offset + length)
                .filter(|_| length >= 2)
                .ok_or(bad_entry)?;
            madt.take(entry).ok_or(bad_entry)?;
            offset += length;
        }
        Ok(madt)
    }

    /// Where an ISA interrupt arrives: its global number and how its line works.
    pub fn isa_interrupt(&self, isa_interrupt: u8) -> (u32, Line) {
        let found = self.overrides.iter().find(|entry| entry.isa_interrupt == isa_interrupt);
        found.map_or((isa_interrupt.into(), Line::ISA), |entry| {
            (entry.interrupt, entry.line.on_isa())
        })
    }

    /// Where the interrupt of ACPI events arrives: its global number and how its line works. Where no override says
    /// otherwise, it is shared as PCI's are (section 5.2.9, "SCI_INT"): level, active low.
    pub fn sci_interrupt(&self, number: u16) -> (u32, Line) {
        let of_override = |entry: &&Override| u16::from(entry.isa_interrupt) == number;
        match self.overrides.iter().find(of_override) {
            Some(entry) => (entry.interrupt, entry.line.on_pci()),
            None => (number.into(), Line::PCI),
        }
    }

    /// The processors that may be started now, in the order to number them: the one with the local APIC `boot_apic_id`,
    /// then the others as the firmware lists them.
    pub fn start_order(&self, boot_apic_id: u32) -> impl Iterator<Item = &Processor> {
        let of_boot = move |processor: &&Processor| processor.apic_id == boot_apic_id;
        let first = self.processors.iter().filter(of_boot);
        let others = self
            .processors
            .iter()
            .filter(move |processor| !of_boot(processor) && processor.is_enabled);
        first.chain(others)
    }

    /// Keeps what `entry` says; `None` if it is too short for its kind.
    fn take(&mut self, entry: &[u8]) -> Option<()> {
        match entry[0] {
            0 => {
                let apic_id = u8_at(entry, 3)?;
                let flags = u32_at(entry, 4)?;
                // 255 is the number of no APIC; firmware fills unused entries with it.
                if apic_id != u8::MAX {
                    self.add_processor(u8_at(entry, 2)?.into(), apic_id.into(), flags);
                }
            }
            1 => self.io_apics.push(IoApic {
                id: u8_at(entry, 2)?,
                address: u32_at(entry, 4)?,
                first_interrupt: u32_at(entry, 8)?,
            }),
            2 => self.overrides.push(Override {
                isa_interrupt: u8_at(entry, 3)?,
                interrupt: u32_at(entry, 4)?,
                line: Line::from_flags(u16_at(entry, 8)?),
            }),
            3 => self.nmi_sources.push(NmiSource {
                interrupt: u32_at(entry, 4)?,
                line: Line::from_flags(u16_at(entry, 2)?),
            }),
            4 => {
                let uid = u8_at(entry, 2)?;
                let processor_uid = (uid != u8::MAX).then_some(uid.into());
                let line = Line::from_flags(u16_at(entry, 3)?);
                self.local_nmis.push(LocalNmi {
                    processor_uid,
                    input: u8_at(entry, 5)?,
                    line,
                });
            }
            5 => self.local_apic_address = u64_at(entry, 4)?,
            9 => {
                let apic_id = u32_at(entry, 4)?;
                let (flags, uid) = (u32_at(entry, 8)?, u32_at(entry, 12)?);
                if apic_id != u32::MAX {
                    self.add_processor(uid, apic_id, flags);
                }
            }
            10 => {
                let uid = u32_at(entry, 4)?;
                let processor_uid = (uid != u32::MAX).then_some(uid);
                let line = Line::from_flags(u16_at(entry, 2)?);
                self.local_nmis.push(LocalNmi {
                    processor_uid,
                    input: u8_at(entry, 8)?,
                    line,
                });
            }
            _ => {}
        }
        Some(())
    }

    fn add_processor(&mut self, uid: u32, apic_id: u32, flags: u32) {
        let processor = Processor {
            uid,
            apic_id,
            is_enabled: flags & 1 != 0,
            is_online_capable: flags & 3 == 2,
        };
        match self.processors.iter_mut().find(|known| known.apic_id == apic_id) {
            // Unused entries may share a number with a processor that is there.
            Some(known) if processor.is_enabled && !known.is_enabled => *known = processor,
            Some(_) => {}
            None => self.processors.push(processor),
        }
    }
}
