use std::vec::Vec;

use hw::bytes::sum;
use hw::fake::Random;

use super::entry::{self, Entry};
use super::parts::Description;
use super::{Error, PhysicalMemory, read, words};
use crate::in_time::in_time;

const MUTATIONS: usize = 100_000;

/// Memory at some addresses.
#[derive(Clone)]
struct Memory(Vec<(u64, Vec<u8>)>);

impl PhysicalMemory for Memory {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Option<()> {
        let (start, bytes) = self.0.iter().find(|(start, bytes)| {
            address >= *start && address.saturating_add(buffer.len() as u64) <= start + bytes.len() as u64
        })?;
        let from = (address - start) as usize;
        buffer.copy_from_slice(bytes.get(from..from + buffer.len())?);
        Some(())
    }
}

fn structure(kind: u8, fields: &[u8], texts: &[&str]) -> Vec<u8> {
    let mut bytes = vec![kind, 4 + fields.len() as u8, kind, 0];
    bytes.extend(fields);
    for text in texts {
        bytes.extend(text.as_bytes());
        bytes.push(0);
    }
    bytes.extend(if texts.is_empty() { &[0, 0][..] } else { &[0] });
    bytes
}

const UUID: [u8; 16] = [
    0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
];

/// A notebook, made after version 3.2.
fn table() -> Vec<u8> {
    let mut bios = vec![1, 2, 0, 0xf0, 3, 0xff];
    bios.extend([0; 12]);
    let mut system = vec![1, 2, 3, 4];
    system.extend(UUID);
    system.extend([6, 5, 6]);
    let mut processor = vec![0; 44];
    for (offset, value) in [(4, 1), (5, 3), (7, 2), (16, 3), (24, 0x41), (35, 6), (36, 6), (37, 12)] {
        processor[offset - 4] = value;
    }
    processor[16..20].copy_from_slice(&[0x94, 0x11, 0x28, 0x0a]);
    let device = |size: u16, extended: u32, texts: &[&str]| {
        let mut fields = vec![0; 36];
        fields[8..10].copy_from_slice(&size.to_le_bytes());
        fields[10] = 13;
        fields[12] = 1;
        fields[13] = 2;
        fields[14] = 26;
        fields[17..19].copy_from_slice(&2667_u16.to_le_bytes());
        fields[19..23].copy_from_slice(&[3, 4, 0, 5]);
        fields[24..28].copy_from_slice(&extended.to_le_bytes());
        fields[28..30].copy_from_slice(&2400_u16.to_le_bytes());
        structure(17, &fields, texts)
    };
    let full = ["ChannelA-DIMM0", "BANK 0", "Samsung", "12345678", "M471A1K43CB1-CTD "];
    [
        structure(0, &bios, &["LENOVO", "BHCN44WW", "12/04/2022"]),
        structure(
            1,
            &system,
            &["LENOVO", "81SY", "Legion Y540", "PF1ABCDE", "LENOVO_MT_81SY", "Legion"],
        ),
        structure(
            2,
            &[1, 2, 3, 4],
            &["LENOVO", "LNVNB161216", "SDK0R32862 WIN", "PF1BOARD"],
        ),
        structure(3, &[1, 0x8a, 2, 3], &["LENOVO", "Legion Y540", "PF1CASE"]),
        structure(
            4,
            &processor,
            &["U3E1", "Intel(R) Corporation", "Intel(R) Core(TM) i7-9750H"],
        ),
        device(8192, 0, &full),
        device(0x7fff, 64 << 10, &full),
        device(0, 0, &["ChannelB-DIMM0", "BANK 2"]),
        structure(127, &[], &[]),
    ]
    .concat()
}

fn seal(bytes: &mut [u8], at: usize) {
    bytes[at] = 0;
    bytes[at] = 0_u8.wrapping_sub(sum(bytes));
}

fn entry_64(address: u64, length: u32) -> Vec<u8> {
    let mut bytes = b"_SM3_\0\x18\x03\x02\0\x01\0".to_vec();
    bytes.extend(length.to_le_bytes());
    bytes.extend(address.to_le_bytes());
    seal(&mut bytes, 5);
    bytes
}

fn entry_32(address: u32, length: u16) -> Vec<u8> {
    let mut inner = b"_DMI_\0".to_vec();
    inner.extend(length.to_le_bytes());
    inner.extend(address.to_le_bytes());
    inner.extend([9, 0, 0x28]);
    seal(&mut inner, 5);
    let mut bytes = b"_SM_\0\x1f\x02\x08\x40\0\0\0\0\0\0\0".to_vec();
    bytes.extend(inner);
    seal(&mut bytes, 4);
    bytes
}

const TABLE: u64 = 0x7000_0000;

/// A BIOS machine whose entry point lies at `offset` in the area.
fn bios_machine(entry: &[u8], offset: usize) -> Memory {
    let mut area = vec![0; 0x1_0000];
    area[offset..offset + entry.len()].copy_from_slice(entry);
    Memory(vec![(0xf_0000, area), (TABLE, table())])
}

fn efi_machine() -> Memory {
    let mut system = b"IBI SYST".to_vec();
    system.resize(120, 0);
    system[104] = 3;
    system[112..].copy_from_slice(&0x6000_u64.to_le_bytes());
    let mut tables = vec![7; 16];
    tables.extend(0x1234_u64.to_le_bytes());
    tables.extend(b"\x31\x2d\x9d\xeb\x88\x2d\xd3\x11\x9a\x16\x00\x90\x27\x3f\xc1\x4d");
    tables.extend(0x9000_u64.to_le_bytes());
    tables.extend(b"\x44\x15\xfd\xf2\x94\x97\x2c\x4a\x99\x2e\xe5\xbb\xcf\x20\xe3\x94");
    tables.extend(0x8000_u64.to_le_bytes());
    let mut newer = entry_64(TABLE, table().len() as u32);
    newer.resize(64, 0);
    let mut older = entry_32(TABLE as u32, table().len() as u16);
    older.resize(64, 0);
    Memory(vec![
        (0x5000, system),
        (0x6000, tables),
        (0x8000, newer),
        (0x9000, older),
        (TABLE, table()),
    ])
}

fn describe(memory: &Memory, system_table: Option<u64>) -> Result<Description, Error> {
    let entry = entry::find(memory, system_table)?;
    Description::parse(&read(memory, &entry)?, entry.version)
}

#[test]
fn describes_a_notebook() {
    let all = Description::parse(&table(), (3, 2)).expect("a whole table");
    let bios = all.bios.expect("firmware");
    assert_eq!(
        [bios.vendor, bios.version, bios.date],
        ["LENOVO", "BHCN44WW", "12/04/2022"]
    );
    let system = all.system.expect("a machine");
    assert_eq!(
        [system.product, system.version, system.serial],
        ["81SY", "Legion Y540", "PF1ABCDE"]
    );
    assert_eq!([system.sku, system.family], ["LENOVO_MT_81SY", "Legion"]);
    assert_eq!(system.uuid, "00112233-4455-6677-8899-aabbccddeeff");
    let board = all.board.expect("a board");
    assert_eq!([board.product, board.serial], ["LNVNB161216", "PF1BOARD"]);
    let chassis = all.chassis.expect("a case");
    assert_eq!((chassis.kind, chassis.serial.as_str()), ("notebook", "PF1CASE"));
    let socket = &all.processors[0];
    assert_eq!(
        (socket.cores, socket.threads, socket.max_mhz, socket.mhz),
        (6, 12, 4500, 2600)
    );
    assert_eq!(socket.name, "U3E1");
    let [first, second, third] = &all.memory[..] else {
        panic!("{:?}", all.memory)
    };
    assert_eq!(
        (first.slot.as_str(), first.size_bytes),
        ("ChannelA-DIMM0", Some(8 << 30))
    );
    assert_eq!((first.form, first.kind), ("sodimm", "ddr4"));
    assert_eq!((first.speed_mts, first.configured_speed_mts), (2667, 2400));
    assert_eq!(
        [&first.maker, &first.serial, &first.part],
        ["Samsung", "12345678", "M471A1K43CB1-CTD"]
    );
    assert_eq!(second.size_bytes, Some(64 << 30));
    assert_eq!((third.size_bytes, third.maker.as_str()), (Some(0), ""));
}

#[test]
fn finds_either_entry_point_in_the_bios_area() {
    let whole = Description::parse(&table(), (3, 2));
    let length = table().len();
    for offset in [0, 0x10, 0xf5a0, 0xffe0] {
        let newer = entry_64(TABLE, length as u32);
        assert_eq!(describe(&bios_machine(&newer, offset), None), whole);
        // The length may be more than there is, but not more than can be read.
        let older = entry_32(TABLE as u32, length as u16);
        assert_eq!(describe(&bios_machine(&older, offset), None), whole);
    }
    // Off the multiple of 16 it is none; neither with a wrong sum.
    let newer = entry_64(TABLE, length as u32);
    assert_eq!(describe(&bios_machine(&newer, 8), None), Err(Error::NoEntryPoint));
    let mut wrong = newer;
    wrong[10] ^= 1;
    assert_eq!(describe(&bios_machine(&wrong, 0), None), Err(Error::NoEntryPoint));
}

#[test]
fn follows_the_efi_system_table() {
    let memory = efi_machine();
    let entry = entry::find(&memory, Some(0x5000)).expect("an entry point");
    // The newer one counts.
    assert_eq!((entry.version, entry.is_at_most), ((3, 2), true));
    assert_eq!(describe(&memory, Some(0x5000)), Description::parse(&table(), (3, 2)));
    let mut without = memory.clone();
    without.0.retain(|(start, _)| *start != 0x8000);
    assert_eq!(
        entry::find(&without, Some(0x5000)).map(|entry| entry.version),
        Ok((2, 8))
    );
    assert_eq!(
        entry::find(&memory, Some(0x6000)),
        Err(Error::Unreadable { address: 0x6000 })
    );
    assert_eq!(entry::find(&memory, Some(TABLE)), Err(Error::BadSystemTable));
    let mut many = memory;
    many.0[0].1[107] = 1;
    assert_eq!(entry::find(&many, Some(0x5000)), Err(Error::BadSystemTable));
}

#[test]
fn refuses_lengths_that_cannot_be() {
    let memory = Memory(vec![(TABLE, table())]);
    let entry = |length_bytes, is_at_most| Entry {
        version: (3, 0),
        address: TABLE,
        length_bytes,
        is_at_most,
    };
    assert_eq!(read(&memory, &entry(0, true)), Err(Error::BadLength { bytes: 0 }));
    let bytes = 300 << 10;
    assert_eq!(read(&memory, &entry(bytes, false)), Err(Error::BadLength { bytes }));
    assert_eq!(
        read(&memory, &entry(bytes, true)),
        Err(Error::Unreadable { address: TABLE })
    );
}

#[test]
fn a_number_without_a_word_is_unknown() {
    assert_eq!(
        (words::chassis(0), words::chassis(0x7f), words::chassis(0x83)),
        ("unknown", "unknown", "desktop")
    );
    assert_eq!((words::memory_kind(26), words::memory_kind(200)), ("ddr4", "unknown"));
    assert_eq!(words::memory_kind(34), "ddr5");
    assert_eq!(words::uuid([0xff; 16], (3, 0)), "");
    assert_eq!(words::uuid(UUID, (2, 4)), "33221100-5544-7766-8899-aabbccddeeff");
}

#[test]
fn every_truncation_gives_what_is_whole() {
    let table = table();
    let whole = Description::parse(&table, (3, 2)).expect("a whole table");
    for length in 0..table.len() {
        match Description::parse(&table[..length], (3, 2)) {
            Ok(part) => {
                assert!(part.memory.len() <= whole.memory.len());
                assert!(part.bios == whole.bios);
            }
            Err(error) => assert!(error == Error::NoStructures && length < 60, "{length}: {error}"),
        }
    }
    for entry in [entry_64(TABLE, 99), entry_32(TABLE as u32, 99)] {
        for length in 0..entry.len() {
            assert_eq!(Entry::parse(&entry[..length]), None, "{length}");
        }
        assert!(Entry::parse(&entry).is_some());
    }
}

/// Damages a machine's memory, and makes the sums right again in half of the cases.
fn damage(memory: &mut Memory, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let count = memory.0.len();
        let (_, bytes) = &mut memory.0[random.below(count)];
        let at = random.below(bytes.len().min(256));
        bytes[at] = match random.below(3) {
            0 => 0,
            1 => 0xff,
            _ => random.bits() as u8,
        };
        if random.below(8) == 0 {
            let length = bytes.len();
            bytes.truncate(random.below(length).max(1));
        }
    }
    if random.below(2) == 0 {
        for (_, bytes) in &mut memory.0 {
            if bytes.starts_with(b"_SM3_") && bytes.len() >= 24 {
                seal(&mut bytes[..24], 5);
            } else if bytes.starts_with(b"_SM_") && bytes.len() >= 31 {
                seal(&mut bytes[16..31], 5);
                seal(&mut bytes[..31], 4);
            }
        }
    }
}

#[test]
fn mutations_are_errors_or_descriptions_and_take_no_time() {
    let machine = efi_machine();
    let mut random = Random(0x5eed);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..MUTATIONS {
        let mut memory = machine.clone();
        damage(&mut memory, &mut random);
        match in_time(|| describe(&memory, Some(0x5000))) {
            Ok(_) => good += 1,
            Err(_) => bad += 1,
        }
    }
    // Both ways are taken often, or the mutations test nothing.
    assert!(good > MUTATIONS / 10 && bad > MUTATIONS / 10, "{good} good, {bad} bad");
}

/// The slowest that a table can be: as many structures as fit, each with texts that are looked up.
#[test]
fn the_longest_table_takes_no_time() {
    let mut texts = vec![1; 200_000];
    for at in (0..texts.len()).step_by(2) {
        texts[at] = 0;
    }
    let system = vec![255; 23];
    for one in [
        structure(1, &system, &[]),
        structure(17, &system, &["x"]),
        vec![0, 4, 0, 0, 0, 0],
    ] {
        let mut table = one.repeat((256 << 10) / one.len());
        table.truncate(256 << 10);
        assert!(in_time(|| Description::parse(&table, (3, 0))).is_ok());
    }
    assert_eq!(Description::parse(&texts, (3, 0)), Err(Error::NoStructures));
}
