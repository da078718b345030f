//! Power on fake registers.

use super::buttons::{self, Buttons, Pressed};
use super::{Error, Fadt, FixedRegister, NoMemory, RegisterMemory, SoftOff, Space, Spaces, enable_acpi, switch_off};
use crate::acpi::fadt::EventBlock;
use crate::power::FixedHardware as _;
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
        facs_address: 0,
        dsdt_address: 0,
        profile: 1,
        sci_interrupt: 9,
        smi_command_port: Some(0xB2),
        acpi_enable: 0xF1,
        acpi_disable: 0xF0,
        pm1a_event: None,
        pm1b_event: None,
        pm1_event_bytes: 4,
        pm1a_control: port(0x604),
        pm1b_control: port(0x704),
        gpe0: None,
        gpe1: None,
        timer: None,
        reset: None,
        century_register: None,
        has_legacy_devices: true,
        has_8042: true,
        has_no_rtc: false,
        has_no_vga: false,
        has_no_msi: false,
        has_no_aspm: false,
        has_fixed_power_button: true,
        has_fixed_sleep_button: false,
        is_hardware_reduced: false,
    }
}

#[test]
fn the_handshake_waits_for_the_firmware_once() {
    let ports = on_ports(FakePorts::new(Machine::default()));
    let clock = FakeClock::with_step_ns(1_000);
    assert_eq!(enable_acpi(&fadt(), &ports, &clock), Ok(()));
    assert_eq!(enable_acpi(&fadt(), &ports, &clock), Ok(()));
    ports.ports.with(|machine| assert_eq!(machine.writes, [(0xB2, 0xF1)]));
}

#[test]
fn firmware_that_never_answers_is_an_error_in_time() {
    let ports = on_ports(FakePorts::new(Machine {
        enable_after: Some(u32::MAX),
        ..Machine::default()
    }));
    let clock = FakeClock::with_step_ns(100_000);
    assert_eq!(enable_acpi(&fadt(), &ports, &clock), Err(Error::EnableTimedOut));
}

#[test]
fn soft_off_writes_both_types_before_either_enable() {
    let ports = on_ports(FakePorts::new(Machine {
        control: [1, 1],
        ..Machine::default()
    }));
    let soft_off = SoftOff { type_a: 7, type_b: 5 };
    let clock = FakeClock::with_step_ns(100_000);
    assert_eq!(switch_off(&fadt(), soft_off, &ports, &clock), Error::StillOn);
    let once = [(0x604, 0x1C01), (0x704, 0x1401), (0x604, 0x3C01), (0x704, 0x3401)];
    ports
        .ports
        .with(|machine| assert_eq!(machine.writes, [once, once].concat(), "tried twice"));
}

#[test]
fn a_machine_without_the_register_says_so() {
    let ports = on_ports(FakePorts::new(Machine::default()));
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

/// A machine's ports, and no registers in memory.
pub(crate) fn on_ports<P>(ports: P) -> Spaces<P, NoMemory> {
    let memory = NoMemory;
    Spaces { ports, memory }
}

/// Event registers: two PM1 blocks of 4 bytes at 600h and 700h, a block of 4 bytes of general-purpose events at 620h.
#[derive(Default)]
struct Events {
    status: [u16; 2],
    enable: [u16; 2],
    general_status: [u8; 2],
    general_enable: [u8; 2],
}

impl Events {
    fn is_interrupting(&self) -> bool {
        let fixed = (0..2).any(|block| self.status[block] & self.enable[block] != 0);
        fixed || (0..2).any(|byte| self.general_status[byte] & self.general_enable[byte] != 0)
    }
}

impl PortBehaviour for Events {
    fn read(&mut self, offset: u16, bytes: u8) -> u32 {
        assert_eq!(bytes, 2, "the registers have 16 bits");
        match offset {
            0x600 | 0x700 => self.status[usize::from(offset == 0x700)].into(),
            0x602 | 0x702 => self.enable[usize::from(offset == 0x702)].into(),
            _ => panic!("a read from {offset:#x}"),
        }
    }

    fn write(&mut self, offset: u16, bytes: u8, value: u32) {
        match (offset, bytes) {
            (0x600 | 0x700, 2) => self.status[usize::from(offset == 0x700)] &= !(value as u16),
            (0x602 | 0x702, 2) => self.enable[usize::from(offset == 0x702)] = value as u16,
            (0x620 | 0x621, 1) => self.general_status[usize::from(offset - 0x620)] &= !(value as u8),
            (0x622 | 0x623, 1) => self.general_enable[usize::from(offset - 0x622)] = value as u8,
            _ => panic!("a write to {offset:#x}"),
        }
    }
}

fn with_events() -> Fadt {
    Fadt {
        pm1a_event: port(0x600),
        pm1b_event: port(0x700),
        gpe0: Some(EventBlock {
            register: port(0x620).expect("a port"),
            length_bytes: 4,
            first_event: 0,
        }),
        ..fadt()
    }
}

#[test]
fn buttons_interrupt_and_nothing_else_does() {
    let ports = FakePorts::new(Events {
        status: [0xFFFF; 2],
        enable: [0x0521; 2],
        general_status: [0xFF; 2],
        general_enable: [0x81; 2],
    });
    assert!(ports.with(|events| events.is_interrupting()));
    let buttons = Buttons::start(&with_events(), on_ports(&ports)).expect("it has fixed hardware");
    assert!(!ports.with(|events| events.is_interrupting()));
    assert_eq!(buttons.take(), Pressed::default());
    // The power button in the second block; a timer, the sleep button and general events, which nobody has asked for.
    ports.with(|events| {
        events.status = [0x0201, 0x0100];
        events.general_status = [0x55; 2];
    });
    assert!(ports.with(|events| events.is_interrupting()));
    let pressed = Pressed {
        power: true,
        sleep: false,
    };
    assert_eq!(buttons.take(), pressed);
    assert!(!ports.with(|events| events.is_interrupting()));
    assert_eq!(buttons.take(), Pressed::default());
    ports.with(|events| assert_eq!(events.status, [0x0201, 0], "only what was taken is cleared"));
}

#[test]
fn a_sleep_button_is_one_of_its_own() {
    let ports = FakePorts::new(Events::default());
    let both = Fadt {
        has_fixed_sleep_button: true,
        ..with_events()
    };
    let buttons = Buttons::start(&both, on_ports(&ports)).expect("it has fixed hardware");
    ports.with(|events| events.status = [0x0200, 0]);
    let pressed = buttons.take();
    assert!(pressed.sleep && !pressed.power);
}

#[test]
fn machines_without_event_registers_say_so() {
    let start = |fadt: &Fadt| Buttons::start(fadt, on_ports(FakePorts::new(Events::default()))).map(drop);
    assert_eq!(start(&fadt()), Err(buttons::Error::NoEventRegister));
    let reduced = Fadt {
        is_hardware_reduced: true,
        ..with_events()
    };
    assert_eq!(start(&reduced), Err(buttons::Error::NoFixedHardware));
    let elsewhere = Fadt {
        pm1b_event: Some(FixedRegister {
            space: Space::Memory,
            width_bits: 32,
            address: 0xFED0_0000,
        }),
        ..with_events()
    };
    let unreachable = buttons::Error::Unreachable { space: Space::Memory };
    assert_eq!(start(&elsewhere), Err(unreachable));
}

/// Memory with one register, at FE00_0000h.
#[derive(Debug, Default)]
pub(crate) struct OneRegister(pub(crate) std::cell::Cell<u16>);

impl RegisterMemory for &OneRegister {
    fn read16(&self, address: u64) -> Option<u16> {
        (address == 0xFE00_0000).then(|| self.0.get())
    }

    fn write16(&self, address: u64, value: u16) -> Option<()> {
        (address == 0xFE00_0000).then(|| self.0.set(value))
    }

    fn write8(&self, address: u64, value: u8) -> Option<()> {
        self.write16(address, value.into())
    }
}

#[test]
fn registers_are_reached_in_every_space() {
    let register = OneRegister::default();
    let ports = FakePorts::new([0_u8; 0x1000]);
    let spaces = Spaces {
        ports: &ports,
        memory: &register,
    };
    let at = |space, address| FixedRegister {
        space,
        width_bits: 16,
        address,
    };
    let in_memory = at(Space::Memory, 0xFE00_0000);
    assert_eq!(spaces.write16(&in_memory, 0x1234), Some(()));
    assert_eq!(spaces.read16(&in_memory), Some(0x1234));
    assert_eq!(spaces.read16(&at(Space::Memory, 0xFE00_0002)), None);
    assert_eq!(
        spaces.read16(&at(Space::Port, 0x1_0000)),
        None,
        "there are 65,536 ports"
    );
    // Device 1Fh, function 3, register 4Ah of bus 0.
    assert_eq!(spaces.write8(&at(Space::PciConfig, 0x1F_0003_004A), 0x5A), Some(()));
    let chosen = [0x48, 0xFB, 0x00, 0x80];
    ports.with(|bytes| assert_eq!((&bytes[0xCF8..0xCFC], bytes[0xCFE]), (&chosen[..], 0x5A)));
    for nowhere in [0x20_0000_0000, 0x0008_0000, 0x0100] {
        assert_eq!(spaces.write8(&at(Space::PciConfig, nowhere), 1), None, "{nowhere:#x}");
    }
    assert_eq!(spaces.write8(&at(Space::Other(9), 0x10), 1), None);
}
