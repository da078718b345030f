//! Switching to ACPI mode and switching off (ACPI 6.5, sections 4.8.2.2, 4.8.3.2 and 16.1.7).

use core::fmt;

use hw::{Clock, PortIo};

use crate::acpi::fadt::{Fadt, FixedRegister, Space};
use crate::acpi::sleep::SoftOff;

/// The SCI is on: the machine is in ACPI mode.
const SCI_ENABLED: u16 = 1 << 0;
/// Lowest bit of the sleep type.
const SLEEP_TYPE_SHIFT: u32 = 10;
/// The three bits of the sleep type.
const SLEEP_TYPE_MASK: u16 = 7 << SLEEP_TYPE_SHIFT;
/// Go to sleep now.
const SLEEP_ENABLE: u16 = 1 << 13;
/// How long firmware may take to hand over; some need more than a second.
const ENABLE_LIMIT_MS: u64 = 3_000;
/// How long the machine may go on after being told to switch off.
const OFF_LIMIT_MS: u64 = 1_000;

/// The fixed hardware's registers, in whatever space the tables put them.
pub trait FixedHardware {
    /// Reads 16 bits; `None` if the space cannot be reached.
    fn read16(&self, register: &FixedRegister) -> Option<u16>;
    /// Writes 16 bits; `None` if the space cannot be reached.
    fn write16(&self, register: &FixedRegister, value: u16) -> Option<()>;
    /// Writes 8 bits; `None` if the space cannot be reached.
    fn write8(&self, register: &FixedRegister, value: u8) -> Option<()>;
}

/// Fixed hardware behind I/O ports, which all PCs use; `P` counts from port 0.
#[derive(Debug)]
pub struct Ports<P>(pub P);

impl<P: PortIo> FixedHardware for Ports<P> {
    fn read16(&self, register: &FixedRegister) -> Option<u16> {
        Some(self.0.read16(register.port()?))
    }

    fn write16(&self, register: &FixedRegister, value: u16) -> Option<()> {
        self.0.write16(register.port()?, value);
        Some(())
    }

    fn write8(&self, register: &FixedRegister, value: u8) -> Option<()> {
        self.0.write8(register.port()?, value);
        Some(())
    }
}

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

/// Switches to ACPI mode, unless the machine is in it already; power events then no longer go to the firmware.
///
/// # Errors
///
/// [`Error::NoControlRegister`], [`Error::Unreachable`], [`Error::EnableTimedOut`].
pub fn enable_acpi(fadt: &Fadt, hardware: &impl FixedHardware, clock: &impl Clock) -> Result<(), Error> {
    let control = fadt.pm1a_control.ok_or(Error::NoControlRegister)?;
    let is_enabled = || Some(hardware.read16(&control)? & SCI_ENABLED != 0);
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

/// Switches the machine off. Returns only if that failed. Interrupts should be off and caches need no care, for nothing
/// is kept.
pub fn switch_off(fadt: &Fadt, soft_off: SoftOff, hardware: &impl FixedHardware, clock: &impl Clock) -> Error {
    match write_soft_off(fadt, soft_off, hardware) {
        Err(error) => error,
        Ok(()) => {
            let _ = clock.wait_until(OFF_LIMIT_MS, || false);
            Error::StillOn
        }
    }
}

fn write_soft_off(fadt: &Fadt, soft_off: SoftOff, hardware: &impl FixedHardware) -> Result<(), Error> {
    let first = fadt.pm1a_control.ok_or(Error::NoControlRegister)?;
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

#[cfg(test)]
pub(crate) mod tests {
    use super::{Error, Fadt, FixedRegister, Ports, SoftOff, Space, enable_acpi, switch_off};
    use hw::fake::{FakeClock, FakePorts, PortBehaviour};

    /// Ports of a machine: PM1a control at 604h, PM1b control at 704h, SMI command at B2h.
    #[derive(Default)]
    struct Machine {
        control: [u16; 2],
        writes: Vec<(u16, u32)>,
        enable_after: Option<u32>,
    }

    impl PortBehaviour for Machine {
        fn read(&mut self, offset: u16, _bytes: u8) -> u32 {
            if let Some(left) = &mut self.enable_after {
                *left = left.saturating_sub(1);
                self.control[0] |= u16::from(*left == 0);
            }
            self.control[usize::from(offset == 0x704)].into()
        }

        fn write(&mut self, offset: u16, _bytes: u8, value: u32) {
            self.writes.push((offset, value));
            match offset {
                0xB2 => self.enable_after = self.enable_after.or((value == 0xF1).then_some(100)),
                _ => self.control[usize::from(offset == 0x704)] = value as u16,
            }
        }
    }

    fn port(address: u64) -> Option<FixedRegister> {
        Some(FixedRegister {
            space: Space::Port,
            width_bits: 16,
            address,
        })
    }

    /// A table of which only the power part matters.
    pub(crate) fn fadt() -> Fadt {
        Fadt {
            dsdt_address: 0,
            sci_interrupt: 9,
            smi_command_port: Some(0xB2),
            acpi_enable: 0xF1,
            pm1a_event: None,
            pm1b_event: None,
            pm1_event_bytes: 4,
            pm1a_control: port(0x604),
            pm1b_control: port(0x704),
            timer: None,
            reset: None,
            century_register: None,
            has_legacy_devices: true,
            has_8042: true,
            has_no_rtc: false,
            is_hardware_reduced: false,
        }
    }

    #[test]
    fn the_handshake_waits_for_the_firmware_once() {
        let ports = Ports(FakePorts::new(Machine::default()));
        let clock = FakeClock::with_step_ns(1_000);
        assert_eq!(enable_acpi(&fadt(), &ports, &clock), Ok(()));
        assert_eq!(enable_acpi(&fadt(), &ports, &clock), Ok(()));
        ports.0.with(|machine| assert_eq!(machine.writes, [(0xB2, 0xF1)]));
    }

    #[test]
    fn firmware_that_never_answers_is_an_error_in_time() {
        let ports = Ports(FakePorts::new(Machine {
            enable_after: Some(u32::MAX),
            ..Machine::default()
        }));
        let clock = FakeClock::with_step_ns(100_000);
        assert_eq!(enable_acpi(&fadt(), &ports, &clock), Err(Error::EnableTimedOut));
    }

    #[test]
    fn soft_off_writes_both_types_before_either_enable() {
        let ports = Ports(FakePorts::new(Machine {
            control: [1, 1],
            ..Machine::default()
        }));
        let soft_off = SoftOff { type_a: 7, type_b: 5 };
        let clock = FakeClock::with_step_ns(100_000);
        assert_eq!(switch_off(&fadt(), soft_off, &ports, &clock), Error::StillOn);
        let expected = [(0x604, 0x1C01), (0x704, 0x1401), (0x604, 0x3C01), (0x704, 0x3401)];
        ports.0.with(|machine| assert_eq!(machine.writes, expected));
    }

    #[test]
    fn a_machine_without_the_register_says_so() {
        let ports = Ports(FakePorts::new(Machine::default()));
        let clock = FakeClock::with_step_ns(100_000);
        let without = Fadt {
            pm1a_control: None,
            ..fadt()
        };
        let soft_off = SoftOff { type_a: 7, type_b: 5 };
        assert_eq!(switch_off(&without, soft_off, &ports, &clock), Error::NoControlRegister);
        assert_eq!(enable_acpi(&without, &ports, &clock), Err(Error::NoControlRegister));
        let memory = Some(FixedRegister {
            space: Space::Memory,
            width_bits: 16,
            address: 0x1000,
        });
        let elsewhere = Fadt {
            pm1a_control: memory,
            ..fadt()
        };
        assert_eq!(
            enable_acpi(&elsewhere, &ports, &clock),
            Err(Error::Unreachable { space: Space::Memory })
        );
    }
}
