//! Whatever a configuration space holds, the scan ends soon and nothing panics.

use std::time::{Duration, Instant};

use hw::fake::Random;

use super::fake::{FakeFunction, FakeSpace};
use super::scan::{self, Scan};
use super::y540::{self, ALL};
use super::{describe, reset};

const MUTATIONS: usize = 100_000;
/// On a host that does other things too.
const LIMIT: Duration = Duration::from_millis(100);

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
    let begin = Instant::now();
    let scan = scan::scan(space, &[ALL]);
    for function in &scan.functions {
        for capability in &function.capabilities {
            describe::details(space, function.address, capability);
        }
        reset::is_supported(space, function.address, &function.capabilities);
    }
    let took = begin.elapsed();
    assert!(took < LIMIT, "{took:?} and {} accesses", space.accesses.get());
    scan
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
        look(&space);
    }
}
