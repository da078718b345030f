//! The parsers against the tables of real machines, every truncation of them, and random damage.

use std::io::Read as _;
use std::path::PathBuf;

use super::fadt::{Fadt, FixedRegister, Space};
use super::hpet::Hpet;
use super::madt::{IoApic, Line, Madt, Polarity, Trigger};
use super::mcfg::{self, Window};
use super::sleep::SoftOff;
use super::{Error, PhysicalMemory, Signature, Table, Tables, sum};

const Y540: &str = "lenovo-legion-y540-15irh-pg0-81sy";
/// Where the tests put the tables.
const BASE: u64 = 0x7A00_0000;

/// Memory with tables in it.
#[derive(Clone)]
struct Memory {
    root_pointer: Vec<u8>,
    /// Address and contents.
    tables: Vec<(u64, Vec<u8>)>,
}

impl PhysicalMemory for Memory {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Error> {
        let find = |(start, bytes): &(u64, Vec<u8>)| {
            let offset = usize::try_from(address.checked_sub(*start)?).ok()?;
            bytes.get(offset..)?.get(..buffer.len()).map(<[u8]>::to_vec)
        };
        buffer.copy_from_slice(&self.tables.iter().find_map(find).ok_or(Error::Unreadable { address })?);
        Ok(())
    }
}

fn fix_sum(bytes: &mut [u8], at: usize) {
    if at < bytes.len() {
        bytes[at] = bytes[at].wrapping_sub(sum(bytes));
    }
}

fn table(signature: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = [&signature[..], &(body.len() as u32 + 36).to_le_bytes(), &[2; 28], body].concat();
    fix_sum(&mut bytes, 9);
    bytes
}

impl Memory {
    /// Puts tables into memory as firmware does: a root pointer, a root table, and the DSDT behind the FADT.
    fn new(tables: Vec<Vec<u8>>, is_extended: bool) -> Self {
        let mut placed: Vec<(u64, Vec<u8>)> = Vec::new();
        let mut next = BASE;
        for bytes in tables {
            let length = bytes.len() as u64;
            placed.push((next, bytes));
            next += (length + 0xFFF) & !0xFFF;
        }
        let dsdt = placed
            .iter()
            .find(|(_, bytes)| bytes.starts_with(b"DSDT"))
            .map(|(address, _)| *address);
        for (_, bytes) in placed.iter_mut().filter(|(_, bytes)| bytes.starts_with(b"FACP")) {
            bytes[40..44].copy_from_slice(&(dsdt.unwrap_or(0) as u32).to_le_bytes());
            if bytes.len() >= 148 {
                bytes[140..148].copy_from_slice(&dsdt.unwrap_or(0).to_le_bytes());
            }
            fix_sum(bytes, 9);
        }
        let listed = placed
            .iter()
            .filter(|(_, bytes)| !bytes.starts_with(b"DSDT") && !bytes.starts_with(b"FACS"));
        let width = if is_extended { 8 } else { 4 };
        let body: Vec<u8> = listed
            .flat_map(|(address, _)| address.to_le_bytes()[..width].to_vec())
            .collect();
        placed.push((next, table(if is_extended { b"XSDT" } else { b"RSDT" }, &body)));
        let mut root_pointer = b"RSD PTR \0RHAIOS".to_vec();
        root_pointer.push(if is_extended { 2 } else { 0 });
        root_pointer.extend((if is_extended { 0 } else { next as u32 }).to_le_bytes());
        fix_sum(&mut root_pointer, 8);
        if is_extended {
            root_pointer.extend(36_u32.to_le_bytes());
            root_pointer.extend(next.to_le_bytes());
            root_pointer.extend([0; 4]);
            fix_sum(&mut root_pointer, 32);
        }
        Self {
            root_pointer,
            tables: placed,
        }
    }
}

/// The tables of a file in the text format of `acpidump`.
fn read_dump(path: &PathBuf) -> Vec<Vec<u8>> {
    let file = std::fs::File::open(path).expect("the fixture is there");
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut text)
        .expect("the fixture is whole");
    let mut tables: Vec<Vec<u8>> = Vec::new();
    for line in String::from_utf8_lossy(&text).lines() {
        if line.get(4..7) == Some(" @ ") {
            tables.push(Vec::new());
        } else if line.starts_with(' ')
            && let (Some((_, rest)), Some(table)) = (line.split_once(": "), tables.last_mut())
        {
            // Two spaces divide the bytes from their letters.
            let digits = rest.split("  ").next().unwrap_or_default().split_whitespace();
            table.extend(digits.map(|digits| u8::from_str_radix(digits, 16).expect("two hexadecimal digits")));
        }
    }
    tables.retain(|table| !table.starts_with(b"XSDT") && !table.starts_with(b"RSDT"));
    tables
}

/// Name and tables of every fixture.
fn fixtures() -> Vec<(String, Vec<Vec<u8>>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/acpi");
    let entries = std::fs::read_dir(folder).expect("the fixtures are there");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let dumps = paths.filter(|path| path.extension().is_some_and(|extension| extension == "gz"));
    dumps
        .map(|path| {
            (
                path.file_name().expect("a file").to_string_lossy().into_owned(),
                read_dump(&path),
            )
        })
        .collect()
}

fn y540() -> Vec<Vec<u8>> {
    fixtures()
        .into_iter()
        .find(|(name, _)| name.starts_with(Y540))
        .expect("the reference machine")
        .1
}

/// Everything the kernel reads from tables.
#[derive(Debug)]
struct Machine {
    fadt: Fadt,
    madt: Madt,
    hpet: Option<Hpet>,
    windows: Vec<Window>,
    soft_off: Option<SoftOff>,
}

fn read_machine(memory: &Memory) -> Result<Machine, Error> {
    let tables = Tables::open(memory, &memory.root_pointer)?;
    let needed = |name: &[u8; 4]| {
        tables.find(name)?.ok_or(Error::WrongTable {
            signature: Signature(*name),
        })
    };
    let fadt = Fadt::parse(&needed(b"FACP")?)?;
    Ok(Machine {
        soft_off: tables.soft_off(&fadt),
        fadt,
        madt: Madt::parse(&needed(b"APIC")?)?,
        hpet: tables.find(b"HPET")?.map(|table| Hpet::parse(&table)).transpose()?,
        windows: tables
            .find(b"MCFG")?
            .map(|table| mcfg::windows(&table))
            .transpose()?
            .unwrap_or_default(),
    })
}

#[test]
fn every_machine_says_what_the_kernel_needs() {
    let fixtures = fixtures();
    assert_eq!(fixtures.len(), 6);
    for (name, tables) in fixtures {
        for is_extended in [false, true] {
            let machine = read_machine(&Memory::new(tables.clone(), is_extended)).expect(&name);
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
                machine.soft_off.is_some_and(|soft_off| soft_off.type_a > 0),
                "{name}: {:?}",
                machine.soft_off
            );
        }
    }
}

#[test]
fn the_reference_machine_is_read_exactly() {
    let machine = read_machine(&Memory::new(y540(), true)).expect("its tables are whole");
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
}

#[test]
fn a_damaged_sum_is_an_error_that_names_the_table() {
    let mut memory = Memory::new(y540(), true);
    let (_, madt) = memory
        .tables
        .iter_mut()
        .find(|(_, bytes)| bytes.starts_with(b"APIC"))
        .expect("a MADT");
    madt[50] ^= 1;
    assert_eq!(
        read_machine(&memory).map(|_| ()),
        Err(Error::BadChecksum {
            signature: Signature(*b"APIC")
        })
    );
    memory.root_pointer[10] ^= 1;
    assert_eq!(read_machine(&memory).map(|_| ()), Err(Error::BadRootPointer));
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
    assert!(madt.processors[3].is_online_capable && madt.has_8259);
    assert_eq!(madt.local_apic_address, 1 << 32);
}

#[test]
fn soft_off_is_read_in_every_form_and_nothing_else_is_taken_for_it() {
    let find = |code: &[u8]| {
        let table = Table::check(table(b"DSDT", code)).expect("a whole table");
        SoftOff::find(&table).map(|soft_off| (soft_off.type_a, soft_off.type_b))
    };
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

/// The small tables of the reference machine, and its DSDT cut down to the sleep package.
fn small_tables() -> Vec<Vec<u8>> {
    let mut tables = y540();
    tables.retain(|table| {
        [b"FACP", b"APIC", b"HPET", b"MCFG", b"DSDT"]
            .iter()
            .any(|name| table.starts_with(*name))
    });
    let dsdt = tables
        .iter_mut()
        .find(|table| table.starts_with(b"DSDT"))
        .expect("a DSDT");
    let at = dsdt
        .windows(4)
        .position(|window| window == b"_S5_")
        .expect("a sleep package");
    *dsdt = table(b"DSDT", &dsdt[at - 20..dsdt.len().min(at + 40)]);
    tables
}

#[test]
fn every_truncation_is_survived() {
    for whole in small_tables() {
        for length in 0..whole.len() {
            assert!(Table::check(whole[..length].to_vec()).is_err());
            // The same, with a header that fits.
            let mut cut = whole[..length].to_vec();
            if length < 36 {
                continue;
            }
            cut[4..8].copy_from_slice(&(length as u32).to_le_bytes());
            fix_sum(&mut cut, 9);
            let cut = Table::check(cut).expect("the header fits");
            match &whole[..4] {
                b"FACP" => assert_eq!(Fadt::parse(&cut).is_ok(), length >= 116),
                b"APIC" => drop(Madt::parse(&cut)),
                b"HPET" => assert!(Hpet::parse(&cut).is_err() || length >= 55),
                b"MCFG" => assert_eq!(
                    mcfg::windows(&cut).ok().map(|found| found.len()),
                    (length >= 44).then_some(0)
                ),
                _ => drop(SoftOff::find(&cut)),
            }
        }
    }
    let memory = Memory::new(small_tables(), true);
    for length in 0..memory.root_pointer.len() {
        let opened = Tables::open(&memory, &memory.root_pointer[..length]);
        assert!(opened.is_err(), "root pointer cut to {length} bytes");
    }
}

#[test]
fn random_damage_gives_an_error_or_sane_data() {
    let original = Memory::new(small_tables(), true);
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % limit as u64) as usize
    };
    let mut survivors = 0;
    for round in 0..100_000 {
        let mut memory = original.clone();
        for _ in 0..=random(3) {
            let which = random(memory.tables.len() + 1);
            let (bytes, sum_at) = match memory.tables.get_mut(which) {
                Some((_, bytes)) => (bytes, 9),
                None => (&mut memory.root_pointer, 8),
            };
            let index = random(bytes.len());
            bytes[index] = [0, 1, 2, 0x7F, 0x80, 0xFF, random(256) as u8][random(7)];
            if round % 2 == 0 {
                if sum_at == 8 {
                    fix_sum(&mut bytes[..20], 8);
                    fix_sum(bytes, 32);
                } else {
                    fix_sum(bytes, sum_at);
                }
            }
        }
        if let Ok(machine) = read_machine(&memory) {
            survivors += 1;
            assert!(machine.windows.iter().all(|window| window.first_bus <= window.last_bus));
            assert!(
                machine
                    .soft_off
                    .is_none_or(|soft_off| soft_off.type_a <= 7 && soft_off.type_b <= 7)
            );
            assert!(machine.fadt.timer.is_none_or(|timer| timer.register.address != 0));
            let processors = &machine.madt.processors;
            assert!(processors.iter().enumerate().all(|(index, processor)| {
                processors[..index]
                    .iter()
                    .all(|earlier| earlier.apic_id != processor.apic_id)
            }));
        }
    }
    assert!(
        (10_000..90_000).contains(&survivors),
        "{survivors} machines could still be read"
    );
}
