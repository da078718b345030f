//! What the tables say, of every machine and of the reference machine.

use super::*;
use crate::acpi::fadt::{FixedRegister, PROFILES, Space};
use crate::acpi::madt::{IoApic, Line, Polarity, Trigger};

#[test]
fn every_machine_says_what_the_kernel_needs() {
    let fixtures = fixtures();
    assert!(fixtures.len() >= 23, "{} machines", fixtures.len());
    for fixture in fixtures {
        let name = &fixture.name;
        for root in [Root::Rsdt, Root::Xsdt] {
            let machine = read_machine(&Memory::new(fixture.tables.clone(), root)).expect(name);
            assert!(
                machine.madt.processors.iter().any(|processor| processor.is_enabled),
                "{name}"
            );
            assert_eq!(machine.madt.local_apic_address, 0xFEE0_0000, "{name}");
            assert_eq!(
                machine
                    .madt
                    .io_apics
                    .first()
                    .map(|apic| (apic.address, apic.first_interrupt)),
                Some((0xFEC0_0000, 0))
            );
            assert_eq!(machine.madt.isa_interrupt(0), (2, Line::ISA), "{name}");
            let sci = machine.madt.isa_interrupt(machine.fadt.sci_interrupt as u8).1;
            assert_eq!(sci.trigger, Trigger::Level, "{name}");
            assert_eq!(machine.hpet.map(|hpet| hpet.address), Some(0xFED0_0000), "{name}");
            assert!(
                machine
                    .windows
                    .iter()
                    .any(|window| window.segment == 0 && window.first_bus == 0),
                "{name}"
            );
            assert!(
                machine.fadt.timer.is_some() && machine.fadt.pm1a_control.is_some(),
                "{name}"
            );
            assert!(
                machine.fadt.pm1a_event.is_some() && machine.fadt.pm1_event_bytes == 4,
                "{name}"
            );
            assert_eq!(machine.fadt.smi_command_port, Some(0xB2), "{name}");
            assert!(
                machine.soft_off.is_some_and(|soft_off| soft_off.type_a > 0) == fixture.is_complete(),
                "{name}: {:?}",
                machine.soft_off
            );
        }
    }
}

#[test]
fn the_reference_machine_is_read_exactly() {
    let machine = read_machine(&Memory::new(y540(), Root::Xsdt)).expect("its tables are whole");
    let port = |address, width_bits| {
        Some(FixedRegister {
            space: Space::Port,
            width_bits,
            address,
        })
    };
    assert_eq!(
        machine
            .madt
            .processors
            .iter()
            .filter(|processor| processor.is_enabled)
            .count(),
        12
    );
    assert_eq!(
        machine.madt.io_apics,
        [IoApic {
            id: 2,
            address: 0xFEC0_0000,
            first_interrupt: 0
        }]
    );
    let sci = Line {
        polarity: Polarity::ActiveHigh,
        trigger: Trigger::Level,
    };
    assert_eq!(
        (machine.fadt.sci_interrupt, machine.madt.isa_interrupt(9)),
        (9, (9, sci))
    );
    assert_eq!(machine.madt.isa_interrupt(4), (4, Line::ISA));
    assert_eq!(
        (machine.fadt.pm1a_event, machine.fadt.pm1b_event),
        (port(0x1800, 32), None)
    );
    assert_eq!(
        (machine.fadt.pm1a_control, machine.fadt.pm1b_control),
        (port(0x1804, 16), None)
    );
    assert_eq!(
        machine.fadt.timer.map(|timer| timer.register.port()),
        Some(Some(0x1808))
    );
    assert_eq!(
        machine.fadt.reset.map(|reset| (reset.register.port(), reset.value)),
        Some((Some(0xB2), 0xFB))
    );
    assert!(machine.fadt.has_8042 && !machine.fadt.has_no_rtc && !machine.fadt.is_hardware_reduced);
    assert_eq!(
        machine.windows,
        [Window {
            address: 0xE000_0000,
            segment: 0,
            first_bus: 0,
            last_bus: 255
        }]
    );
    assert_eq!(machine.soft_off, Some(SoftOff { type_a: 7, type_b: 0 }));
    assert_eq!(
        machine.madt.processors.len(),
        12,
        "the four entries without an APIC are passed over"
    );
    assert_eq!(machine.madt.isa_interrupt(0), (2, Line::ISA));
    assert_eq!(machine.madt.sci_interrupt(9), (9, sci));
    let overridden: Vec<u8> = machine.madt.overrides.iter().map(|entry| entry.isa_interrupt).collect();
    assert_eq!(overridden, [0, 9]);
    assert_eq!(machine.hpet.map(|hpet| hpet.address), Some(0xFED0_0000));
    assert_eq!(PROFILES[usize::from(machine.fadt.profile)], "mobile");
    assert!(!machine.fadt.has_fixed_power_button && !machine.fadt.has_fixed_sleep_button);
    assert!(machine.fadt.has_no_aspm && !machine.fadt.has_no_msi && !machine.fadt.has_no_vga);
    let dmar = machine.dmar.expect("it has a remapping unit");
    assert_eq!(dmar.address_bits, 39);
    let units: Vec<_> = dmar
        .units
        .iter()
        .map(|unit| (unit.address, unit.has_all_others))
        .collect();
    assert_eq!(units, [(0xFED9_1000, true)]);
    assert_eq!(dmar.reserved_regions.len(), 1);
    let region = &dmar.reserved_regions[0];
    assert!(region.first < region.last && (region.last + 1).is_multiple_of(0x1000));
    assert_eq!(
        region
            .scopes
            .iter()
            .map(|scope| (scope.kind, scope.first_bus, scope.path.clone()))
            .collect::<Vec<_>>(),
        [(1, 0, vec![(0x14, 0)])],
        "the USB controller"
    );
}

#[test]
fn x2apic_entries_and_their_twins_are_one_processor_each() {
    let local = |uid, apic, flags| [0, 8, uid, apic, flags, 0, 0, 0];
    let mut body = [0xFEE0_0000_u32.to_le_bytes(), 1_u32.to_le_bytes()].concat();
    body.extend(
        [
            local(0, 0, 1),
            local(1, 0, 0),
            local(2, 255, 0),
            local(3, 1, 0),
            local(4, 1, 1),
        ]
        .concat(),
    );
    for (apic, flags, uid) in [(0_u32, 1_u32, 0_u32), (300, 1, 9), (301, 2, 10), (u32::MAX, 1, 11)] {
        body.extend([9, 16, 0, 0]);
        body.extend([apic, flags, uid].map(u32::to_le_bytes).concat());
    }
    body.extend([5, 12, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    let madt = Madt::parse(&Table::check(table(b"APIC", &body)).expect("a whole table")).expect("good entries");
    let processors: Vec<_> = madt
        .processors
        .iter()
        .map(|found| (found.uid, found.apic_id, found.is_enabled))
        .collect();
    assert_eq!(
        processors,
        [(0, 0, true), (4, 1, true), (9, 300, true), (10, 301, false)]
    );
    let order: Vec<u32> = madt.start_order(300).map(|processor| processor.apic_id).collect();
    assert_eq!(order, [300, 0, 1], "the boot processor, then the firmware's order");
    assert!(madt.processors[3].is_online_capable && madt.has_8259);
    assert_eq!(madt.local_apic_address, 1 << 32);
}

#[test]
fn soft_off_is_read_in_every_form_and_nothing_else_is_taken_for_it() {
    let find = |code: &[u8]| SoftOff::find(code).map(|soft_off| (soft_off.type_a, soft_off.type_b));
    assert_eq!(find(b"\x08_S5_\x12\x06\x04\x00\x01\x00\x00"), Some((0, 1)));
    assert_eq!(
        find(b"\x08\\_S5_\x12\x0A\x04\x0A\x05\x0A\x06\x00\x00"),
        None,
        "the package ends too late"
    );
    assert_eq!(find(b"\x08\\_S5_\x12\x08\x04\x0A\x05\x0A\x06\x00\x00"), Some((5, 6)));
    assert_eq!(
        find(b"\x08_S5_\x12\x48\x00\x02\x0B\x05\x00\x0A\x06"),
        Some((5, 6)),
        "a length of two bytes"
    );
    assert_eq!(
        find(b"\x08_S5_\x12\x06\x02\x0A\x08\x00\x00"),
        None,
        "8 does not fit in three bits"
    );
    assert_eq!(find(b"\x70_S5_\x12\x06\x02\x00\x01"), None, "not a name");
    assert_eq!(
        find(b"\x08_S5_\x70\x08_S5_\x12\x05\x02\x0A\x07\x00"),
        Some((7, 0)),
        "the second one is whole"
    );
    assert_eq!(find(b"\x08_S5_"), None);
}

/// A table of ACPI 1.0, which ends behind the flags, with ports in it.
fn old_fadt() -> Vec<u8> {
    let mut body = vec![0; 116 - 36];
    for (offset, port) in [(56, 0x600_u32), (64, 0x604), (76, 0x608), (80, 0x620)] {
        body[offset - 36..offset - 32].copy_from_slice(&port.to_le_bytes());
    }
    for (offset, bytes) in [(88, 4), (89, 2), (91, 4), (92, 8)] {
        body[offset - 36] = bytes;
    }
    body
}

#[test]
fn a_century_register_is_neither_one_of_the_clocks_own_nor_masks_nmi() {
    for (said, used) in [(0, None), (0x0a, None), (0x32, Some(0x32)), (0x80, None), (0xff, None)] {
        let mut body = old_fadt();
        body[108 - 36] = said;
        let table = Table::check(table(b"FACP", &body)).expect("a whole table");
        assert_eq!(Fadt::parse(&table).expect("long enough").century_register, used);
    }
}

#[test]
fn new_addresses_count_before_old_ones_unless_they_are_zero() {
    let parse = |body: &[u8]| {
        let table = Table::check(table(b"FACP", body)).expect("a whole table");
        Fadt::parse(&table).expect("long enough")
    };
    let port = |address, width_bits| FixedRegister {
        space: Space::Port,
        width_bits,
        address,
    };
    let old = parse(&old_fadt());
    assert_eq!(old.pm1a_event, Some(port(0x600, 32)));
    assert_eq!(old.pm1a_control, Some(port(0x604, 16)));
    assert_eq!(
        old.gpe0.map(|block| (block.register, block.length_bytes)),
        Some((port(0x620, 64), 8))
    );
    assert_eq!(
        (old.gpe1, old.reset, old.timer.map(|timer| timer.is_32_bit)),
        (None, None, Some(false))
    );
    let mut both = old_fadt();
    both.resize(244 - 36, 0);
    let mut structure = |offset: usize, space: u8, address: u64| {
        both[offset - 36] = space;
        both[offset - 35] = 16;
        both[offset - 32..offset - 24].copy_from_slice(&address.to_le_bytes());
    };
    structure(172, 0, 0xFE00_0004);
    structure(116, 2, 0x1F_0000_00A0);
    structure(148, 1, 0);
    both[112 - 36 + 1] = 1 << 2;
    both[128 - 36] = 0x5A;
    let both = parse(&both);
    assert_eq!(both.pm1a_event, Some(port(0x600, 32)), "the new one is zero");
    let control = FixedRegister {
        space: Space::Memory,
        width_bits: 16,
        address: 0xFE00_0004,
    };
    assert_eq!(both.pm1a_control, Some(control));
    let reset = both.reset.expect("the flag says so");
    assert_eq!(
        (reset.register.to_string().as_str(), reset.value),
        ("pci 00:1f.0 register 0xa0", 0x5A)
    );
}

#[test]
fn the_interrupt_of_events_is_level_and_low_unless_told_otherwise() {
    let parse = |entries: &[u8]| {
        let mut body = [0xFEE0_0000_u32.to_le_bytes(), 1_u32.to_le_bytes()].concat();
        body.extend(entries);
        Madt::parse(&Table::check(table(b"APIC", &body)).expect("a whole table")).expect("good entries")
    };
    assert_eq!(parse(&[]).sci_interrupt(9), (9, Line::PCI));
    assert_eq!(parse(&[]).sci_interrupt(20), (20, Line::PCI));
    let with_override = parse(&[2, 10, 0, 9, 20, 0, 0, 0, 0b01, 0]);
    let high = Line {
        polarity: Polarity::ActiveHigh,
        trigger: Trigger::Level,
    };
    assert_eq!(with_override.sci_interrupt(9), (20, high));
}
