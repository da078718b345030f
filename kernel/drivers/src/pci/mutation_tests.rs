//! Whatever a configuration space holds, the scan ends soon and nothing panics.

use hw::fake::Random;

use super::fake::{FakeFunction, FakeSpace};
use super::scan::{self, Scan};
use super::y540::{self, ALL};
use super::{assign, describe, reset};
use crate::in_time::in_time;

const MUTATIONS: usize = 100_000;

/// Changes some words, and what can be written in them; where most words are zero, those that are not are preferred.
fn mutate(function: &mut FakeFunction, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let place = match random.below(4) {
            0 => random.below(function.words.len()),
            1 => random.below(16),
            _ => 16 + random.below(24),
        };
        let value = match random.below(4) {
            0 => random.bits() as u32,
            1 => function.words[place] ^ 1 << random.below(32),
            2 => u32::MAX,
            _ => 0,
        };
        function.words[place] = value;
        if random.below(3) == 0 {
            function.masks[place] = random.bits() as u32;
        }
    }
}

fn look(space: &FakeSpace) -> Scan {
    in_time(|| {
        let scan = scan::scan(space, &[ALL]);
        for function in &scan.functions {
            for capability in &function.capabilities {
                describe::details(space, function.address, capability);
            }
            reset::is_supported(space, function.address, &function.capabilities);
        }
        scan
    })
}

#[test]
fn mutated_devices_are_scanned_in_bounded_time() {
    let usual = y540::functions(0);
    let mut random = Random(0x5eed);
    let mut found = 0;
    let mut space = FakeSpace::new(usual.iter().cloned());
    space.is_strict = false;
    for _ in 0..MUTATIONS {
        let changed: Vec<usize> = (0..=random.below(3)).map(|_| random.below(usual.len())).collect();
        for &place in &changed {
            let mut functions = space.functions.borrow_mut();
            let function = functions.get_mut(&usual[place].0).expect("it is there");
            mutate(function, &mut random);
        }
        found += look(&space).functions.len();
        for place in changed {
            space
                .functions
                .borrow_mut()
                .insert(usual[place].0, usual[place].1.clone());
        }
    }
    assert!(
        *space.functions.borrow() == usual.iter().cloned().collect(),
        "the scan has changed something"
    );
    // Most mutations leave most of the machine standing.
    assert!(found > MUTATIONS * usual.len() / 2, "{found}");
}

/// Gives places to what a scan has found; what must hold then does.
fn give_places(space: &FakeSpace, scan: &mut Scan) -> usize {
    let surroundings = assign::tests::surroundings();
    let (before, found) = (space.functions.borrow().clone(), scan.clone());
    let events = in_time(|| {
        space.functions.borrow_mut().clone_from(&before);
        scan.clone_from(&found);
        assign::assign(space, scan, &surroundings)
    });
    assign::tests::check(&before, space, &scan.functions, &surroundings);
    let is_placed = |event: &&assign::Event| matches!(event, assign::Event::Placed { .. });
    events.iter().filter(is_placed).count()
}

#[test]
fn mutated_devices_get_places_that_are_their_own() {
    let usual = y540::functions(0);
    let mut random = Random(0xa551);
    let mut placed = 0;
    for _ in 0..MUTATIONS / 5 {
        let mut functions = usual.clone();
        for _ in 0..=random.below(6) {
            let place = random.below(functions.len());
            let function = &mut functions[place].1;
            match random.below(3) {
                0 => mutate(function, &mut random),
                // Ranges and windows, as a careless firmware leaves them.
                _ => {
                    let word = 4 + random.below(9);
                    let value = match random.below(3) {
                        0 => 0,
                        1 => random.bits() as u32,
                        _ => function.words[word] ^ 1 << (12 + random.below(20)),
                    };
                    function.words[word] = function.words[word] & !function.masks[word] | value & function.masks[word];
                }
            }
        }
        let mut space = FakeSpace::new(functions);
        space.is_strict = false;
        let mut scan = scan::scan(&space, &[ALL]);
        placed += give_places(&space, &mut scan);
    }
    assert!(placed > MUTATIONS / 5, "{placed}");
}

/// As many functions as there can be, each of which wants six ranges.
#[test]
fn as_many_ranges_as_there_can_be_are_placed_in_bounded_time() {
    for size in [0x10, 0x1000, 0x10_0000] {
        let mut functions = Vec::new();
        for bus in 0..4 {
            for number in 0..256 {
                let address = hw::pci::Address::new(bus, (number / 8) as u8, (number % 8) as u8);
                let mut function = FakeFunction::new(0x1af4, 1, 0, 0).multi_function();
                for index in 0..6 {
                    function = function.bar(index, super::bar::Kind::Memory32, 0, size, false);
                }
                functions.push((address, function));
            }
            if bus < 3 {
                let bridge = FakeFunction::new(0x1af4, 1, 0x06_0400, 0)
                    .bridge(bus + 1, 3)
                    .multi_function();
                functions[usize::from(bus) * 256].1 = bridge;
            }
        }
        let space = FakeSpace::new(functions);
        let mut scan = scan::scan(&space, &[ALL]);
        let placed = give_places(&space, &mut scan);
        assert!(placed > 1000, "{placed} of {size:#x}");
    }
}

#[test]
fn noise_on_all_buses_is_scanned_in_bounded_time() {
    let mut random = Random(0xbad);
    for _ in 0..20 {
        let mut functions = Vec::new();
        for (address, _) in y540::functions(0) {
            for bus in 0..16 {
                let mut function = FakeFunction::new(1, 1, 0, 0);
                function.words.iter_mut().for_each(|word| *word = random.bits() as u32);
                function.masks.iter_mut().for_each(|mask| *mask = random.bits() as u32);
                functions.push((hw::pci::Address { bus, ..address }, function));
            }
        }
        let mut space = FakeSpace::new(functions);
        space.is_strict = false;
        let mut scan = look(&space);
        give_places(&space, &mut scan);
    }
}
