//! The buttons of the fixed hardware, and the silence of everything else that could raise the interrupt of ACPI events
//! (ACPI 6.5, sections 4.8.2.1, 4.8.3.1 and 4.8.4).

use core::fmt;

use super::hardware::FixedHardware;
use crate::acpi::fadt::{EventBlock, Fadt, FixedRegister, Space};

/// The power button, in status and enable registers.
const POWER_BUTTON: u16 = 1 << 8;
/// The sleep button.
const SLEEP_BUTTON: u16 = 1 << 9;
/// All that a status register can hold: timer, bus master, global lock, both buttons, real time clock, PCI Express wake,
/// wake. Writing a one clears the bit.
const ALL_STATUS: u16 = 1 << 0 | 1 << 4 | 1 << 5 | POWER_BUTTON | SLEEP_BUTTON | 1 << 10 | 1 << 14 | 1 << 15;

/// Why the buttons do not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The machine has none of the fixed hardware.
    NoFixedHardware,
    /// The tables name no event registers.
    NoEventRegister,
    /// A register lies in a space that cannot be reached.
    Unreachable {
        /// The space.
        space: Space,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFixedHardware => formatter.write_str("the machine has no fixed ACPI hardware"),
            Self::NoEventRegister => formatter.write_str("the firmware names no event registers"),
            Self::Unreachable { space } => write!(formatter, "an event register is out of reach ({space:?})"),
        }
    }
}

/// Buttons that were pressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressed {
    /// The power button.
    pub power: bool,
    /// The sleep button.
    pub sleep: bool,
}

/// The event registers, ready for interrupts.
#[derive(Debug)]
pub struct Buttons<H> {
    hardware: H,
    /// The status registers of both blocks.
    status: [Option<FixedRegister>; 2],
    /// What raises the interrupt.
    enabled: u16,
}

impl<H: FixedHardware> Buttons<H> {
    /// Silences everything that may raise the interrupt of ACPI events, forgets what has happened, and lets the buttons
    /// raise it. General-purpose events stay silent: what they mean is written in AML.
    ///
    /// # Errors
    ///
    /// [`Error`]; then nothing raises the interrupt.
    pub fn start(fadt: &Fadt, hardware: H) -> Result<Self, Error> {
        if fadt.is_hardware_reduced {
            return Err(Error::NoFixedHardware);
        }
        let blocks = [fadt.pm1a_event, fadt.pm1b_event];
        let half = fadt.pm1_event_bytes / 2;
        if blocks[0].is_none() || half < 2 {
            return Err(Error::NoEventRegister);
        }
        let write = |register: FixedRegister, value: u16| {
            let unreachable = Error::Unreachable { space: register.space };
            hardware.write16(&register, value).ok_or(unreachable)
        };
        for block in blocks.into_iter().flatten() {
            write(block.beyond(half), 0)?;
            write(block, ALL_STATUS)?;
        }
        for block in [fadt.gpe0, fadt.gpe1].into_iter().flatten() {
            silence(&hardware, &block)?;
        }
        let bit = |is_there: bool, bit: u16| if is_there { bit } else { 0 };
        let enabled = bit(fadt.has_fixed_power_button, POWER_BUTTON) | bit(fadt.has_fixed_sleep_button, SLEEP_BUTTON);
        for block in blocks.into_iter().flatten() {
            write(block.beyond(half), enabled)?;
        }
        Ok(Self {
            hardware,
            status: blocks,
            enabled,
        })
    }

    /// *Interrupt*: takes what has happened; the interrupt line is quiet afterwards.
    pub fn take(&self) -> Pressed {
        let mut happened = 0;
        for register in self.status.iter().flatten() {
            let status = self.hardware.read16(register).unwrap_or(0) & self.enabled;
            // Ones clear; the others stay as they are.
            if status != 0 && self.hardware.write16(register, status).is_some() {
                happened |= status;
            }
        }
        Pressed {
            power: happened & POWER_BUTTON != 0,
            sleep: happened & SLEEP_BUTTON != 0,
        }
    }
}

/// Disables a block's events and forgets those that have happened.
fn silence(hardware: &impl FixedHardware, block: &EventBlock) -> Result<(), Error> {
    let half = block.length_bytes / 2;
    let unreachable = Error::Unreachable {
        space: block.register.space,
    };
    for byte in 0..half {
        let (status, enable) = (block.register.beyond(byte), block.register.beyond(half + byte));
        hardware.write8(&enable, 0).ok_or(unreachable)?;
        hardware.write8(&status, u8::MAX).ok_or(unreachable)?;
    }
    Ok(())
}
