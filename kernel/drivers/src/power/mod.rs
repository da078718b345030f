//! Switching to ACPI mode and switching off (ACPI 6.5, sections 4.8.2.2, 4.8.3.2 and 16.1.7).
//!
//! | module | what it holds |
//! |---|---|
//! | [`hardware`] | registers in ports, memory and PCI configuration space |
//! | [`buttons`] | the buttons of the fixed hardware |
//! | [`describe`] | what can be done, as facts for people |

pub mod buttons;
pub mod describe;
pub mod hardware;
#[cfg(test)]
pub(crate) mod tests;

use core::fmt;

use hw::Clock;

use crate::acpi::fadt::{Fadt, FixedRegister, Space};
use crate::acpi::sleep::SoftOff;

pub use hardware::{FixedHardware, NoMemory, RegisterMemory, Spaces};

/// The SCI is on: the machine is in ACPI mode.
const SCI_ENABLED: u16 = 1 << 0;
/// Lowest bit of the sleep type.
const SLEEP_TYPE_SHIFT: u32 = 10;
/// The three bits of the sleep type.
const SLEEP_TYPE_MASK: u16 = 7 << SLEEP_TYPE_SHIFT;
/// Go to sleep now.
const SLEEP_ENABLE: u16 = 1 << 13;
/// In an event block's status register: the machine has woken up. It must be clear, or the machine does not go off.
const WAKE_STATUS: u16 = 1 << 15;
/// How often the machine is told to switch off.
const OFF_TRIES: u32 = 2;
/// How long firmware may take to hand over; some need more than a second.
const ENABLE_LIMIT_MS: u64 = 3_000;
/// How long the machine may go on after being told to switch off.
const OFF_LIMIT_MS: u64 = 1_000;

/// Why the machine's power cannot be controlled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The tables name no control register.
    NoControlRegister,
    /// A register lies in a space that cannot be reached.
    Unreachable {
        /// The space.
        space: Space,
    },
    /// The firmware did not switch to ACPI mode in time.
    EnableTimedOut,
    /// The machine was told to switch off and went on.
    StillOn,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoControlRegister => formatter.write_str("the firmware names no power control register"),
            Self::Unreachable { space } => write!(formatter, "a power register is out of reach ({space:?})"),
            Self::EnableTimedOut => formatter.write_str("the firmware did not switch to ACPI mode in time"),
            Self::StillOn => formatter.write_str("the machine did not switch off"),
        }
    }
}

/// Whether the machine is in ACPI mode; `None` where no register tells.
pub fn is_acpi_mode(fadt: &Fadt, hardware: &impl FixedHardware) -> Option<bool> {
    Some(hardware.read16(&fadt.pm1a_control?)? & SCI_ENABLED != 0)
}

/// Switches to ACPI mode, unless the machine is in it already; power events then no longer go to the firmware.
///
/// # Errors
///
/// [`Error::NoControlRegister`], [`Error::Unreachable`], [`Error::EnableTimedOut`].
pub fn enable_acpi(fadt: &Fadt, hardware: &impl FixedHardware, clock: &impl Clock) -> Result<(), Error> {
    let control = fadt.pm1a_control.ok_or(Error::NoControlRegister)?;
    let is_enabled = || is_acpi_mode(fadt, hardware);
    if is_enabled().ok_or(Error::Unreachable { space: control.space })? {
        return Ok(());
    }
    // Without a command port or value the machine knows no other mode (section 5.2.9).
    let Some(port) = fadt.smi_command_port.filter(|_| fadt.acpi_enable != 0) else {
        return Ok(());
    };
    let command = FixedRegister {
        space: Space::Port,
        width_bits: 8,
        address: port.into(),
    };
    hardware
        .write8(&command, fadt.acpi_enable)
        .ok_or(Error::Unreachable { space: Space::Port })?;
    clock
        .wait_until(ENABLE_LIMIT_MS, || is_enabled() == Some(true))
        .map_err(|_| Error::EnableTimedOut)
}

/// Switches the machine off. Returns only if that failed, after having tried twice: what wakes the machine up in the
/// moment that it goes off holds it back once. Interrupts should be off and caches need no care, for nothing is kept.
pub fn switch_off(fadt: &Fadt, soft_off: SoftOff, hardware: &impl FixedHardware, clock: &impl Clock) -> Error {
    for _ in 0..OFF_TRIES {
        if let Err(error) = write_soft_off(fadt, soft_off, hardware) {
            return error;
        }
        let _ = clock.wait_until(OFF_LIMIT_MS, || false);
    }
    Error::StillOn
}

fn write_soft_off(fadt: &Fadt, soft_off: SoftOff, hardware: &impl FixedHardware) -> Result<(), Error> {
    let first = fadt.pm1a_control.ok_or(Error::NoControlRegister)?;
    for events in [fadt.pm1a_event, fadt.pm1b_event].into_iter().flatten() {
        let unreachable = Error::Unreachable { space: events.space };
        hardware.write16(&events, WAKE_STATUS).ok_or(unreachable)?;
    }
    let registers = [
        Some((first, soft_off.type_a)),
        fadt.pm1b_control.map(|second| (second, soft_off.type_b)),
    ];
    // First the types everywhere, then the order to go: both blocks must know the type by then.
    for enable in [0, SLEEP_ENABLE] {
        for (register, sleep_type) in registers.into_iter().flatten() {
            let unreachable = Error::Unreachable { space: register.space };
            let kept = hardware.read16(&register).ok_or(unreachable)? & !(SLEEP_TYPE_MASK | SLEEP_ENABLE);
            let value = kept | u16::from(sleep_type) << SLEEP_TYPE_SHIFT | enable;
            hardware.write16(&register, value).ok_or(unreachable)?;
        }
    }
    Ok(())
}
