//! The fixed ACPI description table: where the power management registers are (ACPI 6.5, section 5.2.9).

use core::fmt;
use core::ops::Range;

use hw::bytes::{u8_at, u16_at, u32_at, u64_at};

use super::{Error, Table};

/// The table's length in ACPI 1.0, the shortest there is.
const V1_BYTES: usize = 116;

/// Registers of the real time clock that can hold the century: behind the clock's own 14, below the bit that masks NMI.
const CENTURY_REGISTERS: Range<u8> = 0x0e..0x80;

/// The address space of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Physical memory.
    Memory,
    /// I/O ports.
    Port,
    /// The configuration space of a PCI device on bus 0.
    PciConfig,
    /// Another space, by its number in section 5.2.3.2.
    Other(u8),
}

/// A register of the fixed hardware (a generic address structure, section 5.2.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedRegister {
    /// The space that `address` counts in.
    pub space: Space,
    /// The register's width; 0 where the firmware did not say.
    pub width_bits: u8,
    /// Where it is; never 0.
    pub address: u64,
}

impl FixedRegister {
    /// Reads a generic address structure; `None` if it is cut off or names no register.
    pub(super) fn parse(bytes: &[u8], offset: usize) -> Option<Self> {
        let space = match u8_at(bytes, offset)? {
            0 => Space::Memory,
            1 => Space::Port,
            2 => Space::PciConfig,
            other => Space::Other(other),
        };
        let address = u64_at(bytes, offset + 4)?;
        (address != 0).then_some(Self {
            space,
            width_bits: u8_at(bytes, offset + 1)?,
            address,
        })
    }

    /// The register `bytes` further on.
    pub fn beyond(self, bytes: u8) -> Self {
        Self {
            address: self.address.saturating_add(bytes.into()),
            ..self
        }
    }

    /// The register as a port number, if it is one.
    pub fn port(&self) -> Option<u16> {
        if self.space == Space::Port {
            self.address.try_into().ok()
        } else {
            None
        }
    }
}

impl fmt::Display for FixedRegister {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address;
        match self.space {
            Space::Memory => write!(formatter, "memory {address:#x}"),
            Space::Port => write!(formatter, "port {address:#x}"),
            Space::PciConfig => {
                let (device, function, offset) = (address >> 32 & 0xffff, address >> 16 & 0xffff, address & 0xffff);
                write!(formatter, "pci 00:{device:02x}.{function:x} register {offset:#x}")
            }
            Space::Other(space) => write!(formatter, "space {space} {address:#x}"),
        }
    }
}

/// A block of general-purpose events: the first half of its bytes are their status, the others enable them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventBlock {
    /// Where it starts.
    pub register: FixedRegister,
    /// Its bytes.
    pub length_bytes: u8,
    /// Number of its first event.
    pub first_event: u8,
}

/// What the maker takes the machine for (section 5.2.9, "Preferred_PM_Profile").
pub const PROFILES: [&str; 9] = [
    "unspecified",
    "desktop",
    "mobile",
    "workstation",
    "enterprise server",
    "small server",
    "appliance",
    "performance server",
    "tablet",
];

/// How to reset the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// Where to write.
    pub register: FixedRegister,
    /// What to write.
    pub value: u8,
}

/// The PM timer, which counts at 3,579,545 Hz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Where it is.
    pub register: FixedRegister,
    /// It counts to 32 bits, not to 24.
    pub is_32_bit: bool,
}

/// The table's contents, as far as the kernel needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fadt {
    /// Physical address of the firmware's control structure; 0 where there is none.
    pub facs_address: u64,
    /// Physical address of the DSDT.
    pub dsdt_address: u64,
    /// What the maker takes the machine for: an index of [`PROFILES`], or a number that is newer.
    pub profile: u8,
    /// Interrupt of ACPI events: an ISA number, subject to the MADT's overrides.
    pub sci_interrupt: u16,
    /// Port that switches to ACPI mode; `None` if the machine is always in it.
    pub smi_command_port: Option<u16>,
    /// What to write there.
    pub acpi_enable: u8,
    /// What to write there to give the hardware back to the firmware; 0 where that is impossible.
    pub acpi_disable: u8,
    /// First event block (status, then enable).
    pub pm1a_event: Option<FixedRegister>,
    /// Second event block.
    pub pm1b_event: Option<FixedRegister>,
    /// Bytes of an event block: half of them status, half of them enable.
    pub pm1_event_bytes: u8,
    /// First control register.
    pub pm1a_control: Option<FixedRegister>,
    /// Second control register.
    pub pm1b_control: Option<FixedRegister>,
    /// First block of general-purpose events.
    pub gpe0: Option<EventBlock>,
    /// Second block of general-purpose events.
    pub gpe1: Option<EventBlock>,
    /// The PM timer.
    pub timer: Option<Timer>,
    /// How to reset the machine, where the firmware says that this works.
    pub reset: Option<Reset>,
    /// Register of the real time clock that holds the century.
    pub century_register: Option<u8>,
    /// The machine has devices of old PCs besides those that can be found.
    pub has_legacy_devices: bool,
    /// There is a keyboard controller at ports 60h and 64h.
    pub has_8042: bool,
    /// There is no CMOS real time clock.
    pub has_no_rtc: bool,
    /// There is no VGA hardware: its ports and memory must be left alone.
    pub has_no_vga: bool,
    /// Message-signalled interrupts must not be used.
    pub has_no_msi: bool,
    /// The PCI Express links' power management must be left alone.
    pub has_no_aspm: bool,
    /// The power button is an event of the fixed hardware; else code in AML tells of it, or there is none.
    pub has_fixed_power_button: bool,
    /// The sleep button is an event of the fixed hardware; else code in AML tells of it, or there is none.
    pub has_fixed_sleep_button: bool,
    /// The machine has none of the fixed hardware that this table describes.
    pub is_hardware_reduced: bool,
}

impl Fadt {
    /// Reads the table; where it gives an address in an old field and a new one, the new one counts.
    ///
    /// # Errors
    ///
    /// It is another table or too short.
    pub fn parse(table: &Table) -> Result<Self, Error> {
        table.expect(b"FACP")?;
        let bytes = table.bytes();
        if bytes.len() < V1_BYTES {
            return Err(table.bad_length());
        }
        Self::read(bytes, table.revision()).ok_or_else(|| table.bad_length())
    }

    fn read(bytes: &[u8], revision: u8) -> Option<Self> {
        // An old field holds a port number and its width in bytes stands elsewhere.
        let register = |new: usize, old: usize, length: usize| {
            let old_register = || {
                let address = u64::from(u32_at(bytes, old)?);
                let width_bits = u8_at(bytes, length)?.saturating_mul(8);
                (address != 0).then_some(FixedRegister {
                    space: Space::Port,
                    width_bits,
                    address,
                })
            };
            FixedRegister::parse(bytes, new).or_else(old_register)
        };
        let event_block = |new: usize, old: usize, length: usize, first_event: u8| {
            let length_bytes = u8_at(bytes, length).filter(|bytes| *bytes >= 2)?;
            Some(EventBlock {
                register: register(new, old, length)?,
                length_bytes,
                first_event,
            })
        };
        let flags = u32_at(bytes, 112)?;
        let boot_flags = u16_at(bytes, 109)?;
        let new_dsdt = u64_at(bytes, 140).filter(|address| *address != 0);
        let reset = || {
            Some(Reset {
                register: FixedRegister::parse(bytes, 116)?,
                value: u8_at(bytes, 128)?,
            })
        };
        let timer = |register| Timer {
            register,
            is_32_bit: flags & 1 << 8 != 0,
        };
        // Before ACPI 2.0 the boot flags did not exist and every PC had these devices.
        let has_boot_flags = revision >= 2;
        let is_hardware_reduced = flags & 1 << 20 != 0;
        let new_facs = u64_at(bytes, 132).filter(|address| *address != 0);
        Some(Self {
            facs_address: new_facs.or(u32_at(bytes, 36).map(u64::from))?,
            dsdt_address: new_dsdt.or(u32_at(bytes, 40).map(u64::from))?,
            profile: u8_at(bytes, 45)?,
            sci_interrupt: u16_at(bytes, 46)?,
            smi_command_port: u32_at(bytes, 48)?.try_into().ok().filter(|port| *port != 0),
            acpi_enable: u8_at(bytes, 52)?,
            acpi_disable: u8_at(bytes, 53)?,
            pm1a_event: register(148, 56, 88),
            pm1b_event: register(160, 60, 88),
            pm1_event_bytes: u8_at(bytes, 88)?,
            pm1a_control: register(172, 64, 89),
            pm1b_control: register(184, 68, 89),
            gpe0: event_block(220, 80, 92, 0),
            gpe1: event_block(232, 84, 93, u8_at(bytes, 94)?),
            timer: register(208, 76, 91).map(timer),
            reset: (flags & 1 << 10 != 0).then(reset).flatten(),
            century_register: u8_at(bytes, 108).filter(|register| CENTURY_REGISTERS.contains(register)),
            has_legacy_devices: !has_boot_flags || boot_flags & 1 << 0 != 0,
            has_8042: !has_boot_flags || boot_flags & 1 << 1 != 0,
            has_no_rtc: has_boot_flags && boot_flags & 1 << 5 != 0,
            has_no_vga: has_boot_flags && boot_flags & 1 << 2 != 0,
            has_no_msi: has_boot_flags && boot_flags & 1 << 3 != 0,
            has_no_aspm: has_boot_flags && boot_flags & 1 << 4 != 0,
            has_fixed_power_button: !is_hardware_reduced && flags & 1 << 4 == 0,
            has_fixed_sleep_button: !is_hardware_reduced && flags & 1 << 5 == 0,
            is_hardware_reduced,
        })
    }
}
