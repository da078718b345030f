//! The list of tables: which root counts, what is listed twice, and how tables are described.

use super::*;
use crate::acpi::describe;
use hw::facts::{Fact, Facts};

fn get<'f>(facts: &'f Facts, name: &str) -> &'f Fact {
    let found = facts.iter().find(|(known, _)| *known == name);
    &found.unwrap_or_else(|| panic!("there is no {name} in {facts:?}")).1
}

fn text<'f>(facts: &'f Facts, name: &str) -> &'f str {
    match get(facts, name) {
        Fact::Text(text) => text,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn every_table_of_every_machine_is_listed_and_described() {
    let (mut count, mut wrong) = (0, Vec::new());
    for fixture in fixtures() {
        let name = &fixture.name;
        let memory = Memory::new(fixture.tables.clone(), Root::Xsdt);
        let tables = Tables::open(&memory, &memory.root_pointer).expect(name);
        let list = describe::list(&tables);
        // Some dumps hold a second FACS, which nothing points to.
        let spare = fixture.tables.iter().filter(|table| table.starts_with(b"FACS")).count() - 1;
        let expected = fixture.tables.len() + 1 - spare;
        assert_eq!(list.len(), expected, "{name}");
        for (row, listed) in list.iter().zip(tables.list()) {
            let header = listed.header.expect("it is in memory");
            let expected = match listed.problem {
                None if header.has_checksum() => Fact::Flag(true),
                None => Fact::Nothing,
                Some(_) => Fact::Flag(false),
            };
            assert_eq!(get(row, "checksum"), &expected, "{name}: {row:?}");
            if let Some(problem) = listed.problem {
                wrong.push(format!("{}: {problem} ({})", &name[..10], header.oem_table_id));
            }
        }
        for (_, bytes) in &memory.tables {
            let Ok(facts) = describe::info(bytes.clone()) else {
                continue;
            };
            assert_eq!(text(&facts, "signature").as_bytes(), &bytes[..4]);
            assert!(
                facts
                    .iter()
                    .enumerate()
                    .all(|(index, (one, _))| { facts[..index].iter().all(|(other, _)| other != one) })
            );
            count += 1;
        }
    }
    println!("{count} tables; {wrong:?}");
    // The firmware of that machine changes the table after it has made the sum.
    assert!(
        wrong
            .iter()
            .all(|wrong| wrong == "all-in-one: the ACPI table SSDT has a wrong checksum (CST)"),
        "{wrong:?}"
    );
    assert!(count > 400, "{count} tables");
}

#[test]
fn the_reference_machine_is_described() {
    let memory = Memory::new(y540(), Root::Xsdt);
    let tables = Tables::open(&memory, &memory.root_pointer).expect("whole tables");
    let info = |name: &str| {
        let signature = Signature::from_text(name).expect("four letters");
        let bytes = tables.raw(signature, 0).expect("readable").expect("it is there");
        describe::info(bytes).expect("it is whole")
    };
    let fadt = info("FACP");
    assert_eq!((text(&fadt, "profile"), text(&fadt, "oem_id")), ("mobile", "LENOVO"));
    assert_eq!(
        (text(&fadt, "pm1a_event"), text(&fadt, "power_button")),
        ("port 0x1800", "by AML or absent")
    );
    let Fact::Map(reset) = get(&fadt, "reset") else {
        panic!("no reset")
    };
    assert_eq!((text(reset, "register"), text(reset, "value")), ("port 0xb2", "0xfb"));
    assert_eq!(text(&info("HPET"), "address"), "0xfed00000");
    assert_eq!(get(&info("DMAR"), "address_bits"), &Fact::Number(39));
    assert_eq!(get(&info("DSDT"), "integer_bits"), &Fact::Number(64));
    let Fact::List(processors) = get(&info("APIC"), "processors").clone() else {
        panic!("no list")
    };
    assert_eq!(processors.len(), 12);
    let raw = |name: &str, index| tables.raw(Signature::from_text(name).expect("four letters"), index);
    assert_eq!(
        raw("SSDT", 16)
            .expect("readable")
            .map(|bytes| bytes.starts_with(b"SSDT")),
        Some(true)
    );
    assert_eq!(raw("SSDT", 17), Ok(None));
    assert_eq!(raw("NONE", 0), Ok(None));
    assert_eq!(Signature::from_text("APICS"), None);
}

#[test]
fn a_damaged_sum_is_an_error_of_that_table_alone() {
    let mut memory = Memory::new(y540(), Root::Xsdt);
    let madt = memory.tables.iter_mut().find(|(_, bytes)| bytes.starts_with(b"APIC"));
    madt.expect("a MADT").1[50] ^= 1;
    let signature = Signature(*b"APIC");
    let damaged = Error::BadChecksum { signature };
    assert_eq!(read_machine(&memory).map(drop), Err(damaged));
    let tables = Tables::open(&memory, &memory.root_pointer).expect("the root is whole");
    assert!(tables.find(b"FACP").is_ok_and(|table| table.is_some()));
    let bad: Vec<_> = tables.list().into_iter().filter_map(|listed| listed.problem).collect();
    assert_eq!(bad, [damaged]);
    assert!(
        tables.raw(signature, 0).is_ok_and(|bytes| bytes.is_some()),
        "its bytes can be looked at all the same"
    );
    memory.root_pointer[10] ^= 1;
    assert_eq!(read_machine(&memory).map(drop), Err(Error::BadRootPointer));
}

/// A machine that has both roots: the old one lists the FADT alone.
fn with_both_roots() -> Memory {
    let mut memory = Memory::new(y540(), Root::Xsdt);
    let fadt = memory.tables.iter().find(|(_, bytes)| bytes.starts_with(b"FACP"));
    let fadt = fadt.expect("a FADT").0 as u32;
    let old = 0x1000_0000_u32;
    memory.tables.push((old.into(), table(b"RSDT", &fadt.to_le_bytes())));
    memory.root_pointer[16..20].copy_from_slice(&old.to_le_bytes());
    fix_sum(&mut memory.root_pointer[..20], 8);
    fix_sum(&mut memory.root_pointer, 32);
    memory
}

#[test]
fn the_new_root_counts_and_the_old_one_is_there_when_it_is_damaged() {
    let memory = with_both_roots();
    let count = |memory: &Memory| Tables::open(memory, &memory.root_pointer).map(|tables| tables.list().len());
    assert_eq!(count(&memory), Ok(y540().len() + 1));
    let mut damaged = memory.clone();
    let root = damaged.tables.iter_mut().find(|(_, bytes)| bytes.starts_with(b"XSDT"));
    root.expect("a root").1[40] ^= 1;
    assert_eq!(count(&damaged), Ok(4), "the root, the FADT and the two behind it");
    // The second half of the pointer is damaged: only the first one counts.
    let mut cut = memory.clone();
    cut.root_pointer[33] ^= 1;
    assert_eq!(count(&cut), Ok(4));
    cut.root_pointer.truncate(20);
    assert_eq!(count(&cut), Ok(4));
    // A pointer of ACPI 1.0 has no second half, whatever lies behind it.
    let mut old = memory;
    old.root_pointer[15] = 0;
    fix_sum(&mut old.root_pointer[..20], 8);
    fix_sum(&mut old.root_pointer, 32);
    assert_eq!(count(&old), Ok(4));
    damaged.root_pointer[16..20].fill(0);
    fix_sum(&mut damaged.root_pointer[..20], 8);
    fix_sum(&mut damaged.root_pointer, 32);
    let signature = Signature(*b"XSDT");
    assert_eq!(
        count(&damaged),
        Err(Error::BadChecksum { signature }),
        "there is no other root"
    );
}

#[test]
fn what_is_listed_twice_counts_once_and_empty_entries_not_at_all() {
    let first = table(b"HPET", &[1; 20]);
    let second = table(b"HPET", &[2; 20]);
    let mut memory = Memory::new(vec![first.clone(), second], Root::Rsdt);
    let (root, _) = memory.tables.pop().expect("a root");
    let (one, other) = (memory.tables[0].0 as u32, memory.tables[1].0 as u32);
    let mut entries = [one, 0, one, other, one].map(u32::to_le_bytes).concat();
    // Bytes of an entry that is cut off.
    entries.extend([0xFF; 3]);
    memory.tables.push((root, table(b"RSDT", &entries)));
    let tables = Tables::open(&memory, &memory.root_pointer).expect("a whole root");
    assert_eq!(tables.list().len(), 3);
    assert_eq!(tables.all(*b"HPET").count(), 2);
    let found = tables.find(b"HPET").expect("whole").expect("there");
    assert_eq!(found.bytes(), first);
}

#[test]
fn impossible_lengths_and_wild_addresses_are_errors_of_their_tables() {
    for (length, is_error) in [
        (0, true),
        (35, true),
        (56, false),
        (57, true),
        (0x80_0001, true),
        (u32::MAX, true),
    ] {
        let mut hpet = table(b"HPET", &[1; 20]);
        hpet[4..8].copy_from_slice(&length.to_le_bytes());
        fix_sum(&mut hpet, 9);
        let memory = Memory::new(vec![hpet, table(b"MCFG", &[0; 8])], Root::Xsdt);
        let tables = Tables::open(&memory, &memory.root_pointer).expect("a whole root");
        assert_eq!(tables.find(b"HPET").is_err(), is_error, "{length}");
        assert!(tables.find(b"MCFG").is_ok_and(|table| table.is_some()));
    }
    let mut memory = Memory::new(Vec::new(), Root::Xsdt);
    let (root, _) = memory.tables.pop().expect("a root");
    let wild = [u64::MAX, 1, u64::MAX - 20].map(u64::to_le_bytes).concat();
    memory.tables.push((root, table(b"XSDT", &wild)));
    let tables = Tables::open(&memory, &memory.root_pointer).expect("a whole root");
    let list = tables.list();
    assert_eq!(
        list.iter()
            .filter(|listed| matches!(listed.problem, Some(Error::Unreadable { .. })))
            .count(),
        3
    );
    assert_eq!(describe::list(&tables).len(), 4);
}
