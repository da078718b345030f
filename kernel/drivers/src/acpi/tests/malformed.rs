//! Damaged tables: an error or sane data, never a panic, and never long.

use hw::fake::Random;

use super::*;
use crate::acpi::aml::Block;
use crate::acpi::describe;
use crate::acpi::madt::Processor;
use crate::in_time::in_time;

/// Mutations, where `ACPI_MUTATIONS` says nothing else.
const MUTATIONS: usize = 100_000;
/// Tables without code beyond this length are cut at some places only.
const EVERY_CUT_BYTES: usize = 4096;

/// Every parser on a table whose header and sum are right; whether a parser took it.
fn parse(table: &Table) -> bool {
    let is_parsed = match &table.signature().0 {
        b"FACP" => Fadt::parse(table).is_ok_and(|fadt| fadt.timer.is_none_or(|timer| timer.register.address != 0)),
        b"APIC" => Madt::parse(table).is_ok_and(|madt| {
            assert!(are_distinct(&madt.processors));
            madt.start_order(0).count() <= madt.processors.len()
        }),
        b"HPET" => Hpet::parse(table).is_ok(),
        b"MCFG" => mcfg::windows(table).is_ok_and(|windows| {
            assert!(windows.iter().all(|window| window.first_bus <= window.last_bus));
            true
        }),
        b"DMAR" => Dmar::parse(table).is_ok_and(|dmar| {
            assert!(dmar.reserved_regions.iter().all(|region| region.first <= region.last));
            true
        }),
        _ => Block::of(table.clone()).is_some_and(|block| {
            let soft_off = SoftOff::find(block.code());
            assert!(soft_off.is_none_or(|soft_off| soft_off.type_a <= 7 && soft_off.type_b <= 7));
            soft_off.is_some()
        }),
    };
    let is_described = describe::info(table.bytes().to_vec()).is_ok();
    assert!(is_described || !is_parsed, "what is parsed is described");
    is_parsed
}

fn are_distinct(processors: &[Processor]) -> bool {
    let is_new = |(index, processor): (usize, &Processor)| {
        processors[..index]
            .iter()
            .all(|earlier| earlier.apic_id != processor.apic_id)
    };
    processors.iter().enumerate().all(is_new)
}

/// The lengths to cut a table to: all of them, or those near its ends, near the sleep package and some between.
fn cuts(whole: &[u8]) -> Vec<usize> {
    let length = whole.len();
    if length <= EVERY_CUT_BYTES {
        return (0..length).collect();
    }
    let package = whole.windows(4).position(|window| window == b"_S5_").unwrap_or(0);
    let near = |at: usize| at.saturating_sub(16)..(at + 40).min(length);
    let mut cuts: Vec<usize> = (0..64).chain(near(package)).chain(length - 16..length).collect();
    cuts.extend((0..length).step_by(length / 16));
    cuts
}

#[test]
fn every_truncation_of_every_table_is_survived() {
    let mut count = 0;
    for whole in fixtures().into_iter().flat_map(|fixture| fixture.tables) {
        if whole.starts_with(b"FACS") {
            continue;
        }
        for length in cuts(&whole) {
            in_time(|| {
                assert!(Table::check(whole[..length].to_vec()).is_err());
                // The same, with a header that fits.
                if length >= 36 {
                    let mut cut = whole[..length].to_vec();
                    cut[4..8].copy_from_slice(&(length as u32).to_le_bytes());
                    fix_sum(&mut cut, 9);
                    parse(&Table::check(cut).expect("the header fits"));
                }
            });
            count += 1;
        }
    }
    println!("{count} truncations");
    let memory = Memory::new(y540(), Root::Xsdt);
    for length in 0..memory.root_pointer.len() {
        let opened = Tables::open(&memory, &memory.root_pointer[..length]);
        assert!(opened.is_err(), "root pointer cut to {length} bytes");
    }
}

/// The small tables of a machine, and its main code cut down to the sleep package.
fn small_tables(mut tables: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let names = [b"FACP", b"APIC", b"HPET", b"MCFG", b"DSDT", b"DMAR", b"FACS"];
    tables.retain(|table| names.iter().any(|name| table.starts_with(*name)));
    for dsdt in tables.iter_mut().filter(|table| table.starts_with(b"DSDT")) {
        let at = dsdt.windows(4).position(|window| window == b"_S5_");
        let at = at.expect("a sleep package");
        *dsdt = table(b"DSDT", &dsdt[at - 20..dsdt.len().min(at + 40)]);
    }
    tables
}

/// Damages up to four bytes or a length, in tables or in the root pointer; every other time the sums are right again.
fn damage(memory: &mut Memory, random: &mut Random, is_repaired: bool) {
    for _ in 0..=random.below(4) {
        let which = random.below(memory.tables.len() + 1);
        let (bytes, is_root) = match memory.tables.get_mut(which) {
            Some((_, bytes)) => (bytes, false),
            None => (&mut memory.root_pointer, true),
        };
        let index = random.below(bytes.len());
        bytes[index] = [0, 1, 2, 0x7F, 0x80, 0xFF, random.below(256) as u8][random.below(7)];
        // The table's end moves, and says so.
        if !is_root && random.below(16) == 0 {
            bytes.truncate(index.max(36));
            let length = bytes.len() as u32;
            bytes[4..8].copy_from_slice(&length.to_le_bytes());
        }
        if is_repaired && is_root {
            fix_sum(&mut bytes[..20], 8);
            fix_sum(bytes, 32);
        } else if is_repaired {
            fix_sum(bytes, 9);
        }
    }
}

/// Reads, lists and describes everything; whether the machine could be read, and how many tables a parser took.
fn read_all(memory: &Memory) -> (bool, usize) {
    let is_whole = read_machine(memory).is_ok();
    let Ok(tables) = Tables::open(memory, &memory.root_pointer) else {
        return (is_whole, 0);
    };
    describe::list(&tables);
    let headers = tables.list().into_iter().filter_map(|listed| listed.header);
    let found = headers.filter_map(|header| tables.find(&header.signature.0).ok().flatten());
    (is_whole, found.filter(parse).count())
}

#[test]
fn random_damage_gives_an_error_or_sane_data() {
    let mutations = std::env::var("ACPI_MUTATIONS").map_or(MUTATIONS, |count| count.parse().expect("a count"));
    let complete = fixtures().into_iter().filter(Fixture::is_complete);
    let originals: Vec<Memory> = complete
        .zip([Root::Rsdt, Root::Xsdt].into_iter().cycle())
        .map(|(fixture, root)| Memory::new(small_tables(fixture.tables), root))
        .collect();
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let (mut survivors, mut taken) = (0, 0);
    for round in 0..mutations {
        let mut memory = originals[round % originals.len()].clone();
        damage(&mut memory, &mut random, (round / originals.len()).is_multiple_of(2));
        let (is_whole, parsed) = in_time(|| read_all(&memory));
        survivors += usize::from(is_whole);
        taken += parsed;
    }
    println!("{survivors} of {mutations} machines could still be read, {taken} tables");
    assert!(
        (mutations / 10..mutations * 9 / 10).contains(&survivors),
        "{survivors} machines"
    );
    assert!(taken > mutations, "{taken} tables");
}
