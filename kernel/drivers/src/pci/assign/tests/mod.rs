//! Every kind of range, on machines that a test makes up, and on the reference laptop.

mod kept;

use std::collections::BTreeMap;

use hw::pci::Address;

use super::super::bar::{Assignment, Kind, Missing};
use super::super::bridge::{self, Range};
use super::super::fake::{FakeFunction, FakeSpace};
use super::super::header::Layout;
use super::super::scan::{self, Function, Problem, Scan};
use super::super::y540::{self, ALL};
use super::surroundings::Surroundings;
use super::{Doubt, Event, assign};

const PORT: Address = Address::new(0, 1, 0);
const BEHIND: Address = Address::new(1, 0, 0);
const HERE: Address = Address::new(0, 5, 0);

fn range(first: u64, last: u64) -> Range {
    Range { first, last }
}

/// A PC with 2 GiB below 4 GiB and 1 GiB above, and 39 bits of addresses.
pub(in crate::pci) fn surroundings() -> Surroundings {
    Surroundings {
        ram: vec![range(0, 0x7fff_ffff), range(0x1_0000_0000, 0x1_3fff_ffff)],
        registers: vec![range(0xe000_0000, 0xefff_ffff), range(0xfec0_0000, 0xfec0_0fff)],
        reserved: vec![range(0x8000_0000, 0x87ff_ffff), range(0xfe00_0000, 0xfe0f_ffff)],
        ports: vec![range(0x1800, 0x18ff)],
        in_use: vec![],
        last_address: (1 << 39) - 1,
    }
}

fn device() -> FakeFunction {
    FakeFunction::new(0x1af4, 0x1000, 0x02_0000, 1)
}

fn port() -> FakeFunction {
    FakeFunction::new(0x8086, 1, 0x06_0400, 0).bridge(1, 1)
}

struct Outcome {
    space: FakeSpace,
    functions: Vec<Function>,
    events: Vec<Event>,
}

impl Outcome {
    /// Address and assignment of a range, which the register holds, too.
    fn bar(&self, address: Address, index: u8) -> (u64, Assignment) {
        let found = self.functions.iter().find(|function| function.address == address);
        let bar = found.and_then(|function| function.bar(index)).expect("it is there");
        let again = scan::scan(&self.space, &[ALL]).functions;
        let again = again.iter().find(|function| function.address == address);
        let held = again
            .and_then(|function| function.bar(index))
            .expect("it is still there");
        assert_eq!((bar.address, bar.kind), (held.address, held.kind));
        (bar.address, bar.assignment)
    }

    /// Where a range was put.
    fn put(&self, address: Address, index: u8) -> u64 {
        let (place, assignment) = self.bar(address, index);
        assert_eq!(assignment, Assignment::Kernel, "{:?}", self.events);
        place
    }

    fn missing(&self, address: Address, index: u8) -> Missing {
        match self.bar(address, index).1 {
            Assignment::Missing(missing) => missing,
            other => panic!("{other:?}"),
        }
    }

    /// The range is the firmware's, and only these things are said of it.
    fn stays(&self, address: Address, index: u8, doubts: &[Doubt]) {
        assert_eq!(self.bar(address, index).1, Assignment::Firmware);
        let told = self.events.iter().filter_map(|event| match event {
            Event::Doubtful {
                address: of,
                index: number,
                doubt,
            } if (*of, *number) == (address, index) => Some(*doubt),
            _ => None,
        });
        assert_eq!(told.collect::<Vec<_>>(), doubts, "{address}");
    }

    fn window(&self, address: Address, kind: bridge::Kind) -> Option<(u64, u64)> {
        let found = self.functions.iter().find(|function| function.address == address);
        let noted = found
            .and_then(|function| function.bridge)
            .expect("a bridge")
            .window(kind);
        assert_eq!(bridge::read(&self.space, address).window(kind), noted);
        noted.map(|range| (range.first, range.last))
    }
}

fn run_with(functions: impl IntoIterator<Item = (Address, FakeFunction)>, surroundings: &Surroundings) -> Outcome {
    let host = (Address::new(0, 0, 0), FakeFunction::new(0x8086, 0x29c0, 0x06_0000, 0));
    let space = FakeSpace::new(functions.into_iter().chain([host]));
    let before = space.functions.borrow().clone();
    let mut scan = scan::scan(&space, &[ALL]);
    let events = assign(&space, &mut scan, surroundings);
    check(&before, &space, &scan.functions, surroundings);
    Outcome {
        space,
        functions: scan.functions,
        events,
    }
}

fn run(functions: impl IntoIterator<Item = (Address, FakeFunction)>) -> Outcome {
    run_with(functions, &surroundings())
}

/// The window that a bridge decodes, if it does; one that nobody has set up is open, too.
fn decoded(space: &FakeSpace, address: Address, kind: bridge::Kind) -> Option<Range> {
    let word = |offset: usize| u64::from(space.word(address, offset));
    let is_wide = |offset: usize| u64::from(word(offset) & 0xf == 1);
    let (bit, base, limit) = match kind {
        bridge::Kind::Io => {
            let (window, upper) = (word(0x1c), word(0x30) * is_wide(0x1c));
            let base = (window & 0xf0) << 8 | (upper & 0xffff) << 16;
            (1, base, window & 0xf000 | upper >> 16 << 16)
        }
        bridge::Kind::Memory => (2, (word(0x20) & 0xfff0) << 16, word(0x20) & 0xfff0_0000),
        bridge::Kind::Prefetchable => {
            let (window, is_wide) = (word(0x24), is_wide(0x24));
            let base = (window & 0xfff0) << 16 | (word(0x28) * is_wide) << 32;
            (2, base, window & 0xfff0_0000 | (word(0x2c) * is_wide) << 32)
        }
    };
    let is_open = word(4) & bit != 0 && base <= limit;
    is_open.then_some(range(base, limit | (kind.unit() - 1)))
}

/// What we have placed is aligned, is what the registers hold, is handed on by every bridge in front of it, and has
/// nothing of what anybody else answers to, of memory not even of the same page. What had an address has it still.
pub(in crate::pci) fn check(
    before: &BTreeMap<Address, FakeFunction>,
    space: &FakeSpace,
    functions: &[Function],
    surroundings: &Surroundings,
) {
    let bridge_of = |address: Option<Address>| {
        let address = address?;
        functions.iter().find(|function| function.address == address)
    };
    // Whose, whether of ports, and where.
    let mut all: Vec<(Address, bool, Range)> = Vec::new();
    let mut placed: Vec<(&Function, bool, Range)> = Vec::new();
    let pages = |range: Range| Range {
        first: range.first & !0xfff,
        last: range.last | 0xfff,
    };
    for function in functions {
        for bar in &function.bars {
            let at = 4 + usize::from(bar.index);
            let words = [&before[&function.address], &space.functions.borrow()[&function.address]]
                .map(|function| function.words[at..at + 1 + usize::from(bar.kind == Kind::Memory64)].to_vec());
            assert!(words[0] == words[1] || bar.assignment == Assignment::Kernel);
            let Some(range) = Range::sized(bar.address, bar.size_bytes) else {
                continue;
            };
            let is_io = bar.kind == Kind::Io;
            if bar.assignment == Assignment::Kernel {
                assert!(bar.address.is_multiple_of(bar.size_bytes) && bar.address != 0);
                placed.push((function, is_io, if is_io { range } else { pages(range) }));
            }
            if bar.address != 0 {
                all.push((function.address, is_io, range));
            }
        }
    }
    let kinds = |is_io: bool| match is_io {
        true => &[bridge::Kind::Io][..],
        false => &[bridge::Kind::Memory, bridge::Kind::Prefetchable],
    };
    for (function, is_io, range) in &placed {
        let is_free = |others: &[Range]| others.iter().all(|other| other.common(range).is_none());
        if *is_io {
            assert!(is_free(&surroundings.ports) && range.first >= 0x1000);
        } else {
            assert!(
                is_free(&surroundings.ram) && is_free(&surroundings.registers) && is_free(&surroundings.in_use),
                "{range:?}"
            );
        }
        let same = all
            .iter()
            .filter(|(_, other_is_io, other)| other_is_io == is_io && other.common(range).is_some());
        assert_eq!(same.count(), 1, "{} at {range:?} is not alone", function.address);
        let mut in_front = Vec::new();
        let mut here = *function;
        let mut is_transparent = true;
        while let Some(bridge) = bridge_of(here.parent) {
            in_front.push(bridge.address);
            let windows = bridge::read(space, bridge.address);
            let mut windows = kinds(*is_io).iter().filter_map(|kind| windows.window(*kind));
            let hands_on = bridge.header.class.interface == 1 || windows.any(|window| window.contains(range));
            assert!(hands_on, "{} does not hand on {range:?}", bridge.address);
            is_transparent &= bridge.header.class.interface == 1;
            here = bridge;
        }
        if is_transparent && !is_io {
            assert!(is_free(&surroundings.reserved));
        }
        for bridge in functions
            .iter()
            .filter(|function| function.header.layout == Layout::Bridge)
        {
            if in_front.contains(&bridge.address) {
                continue;
            }
            // On the first bus it is avoided even while it is silent; elsewhere only what hands on is.
            let windows = bridge::read(space, bridge.address);
            let noted: Vec<Range> = kinds(*is_io).iter().filter_map(|kind| windows.window(*kind)).collect();
            assert!(
                !is_transparent || is_free(&noted),
                "{} could answer to {range:?}",
                bridge.address
            );
            let leads = functions.iter().any(|function| function.parent == Some(bridge.address));
            let mut next = Some(bridge);
            let mut is_reached = leads;
            while let Some(bridge) = next {
                let bit = if *is_io { 1 } else { 2 };
                is_reached &= before[&bridge.address].words[1] & bit != 0;
                next = bridge_of(bridge.parent);
            }
            let windows: Vec<Range> = kinds(*is_io)
                .iter()
                .filter_map(|kind| decoded(space, bridge.address, *kind))
                .collect();
            assert!(
                !is_reached || is_free(&windows),
                "{} would answer to {range:?}",
                bridge.address
            );
        }
    }
}

#[test]
fn on_the_first_bus_gaps_between_memory_and_everything_else_are_used() {
    let outcome = run([
        (
            HERE,
            device()
                .bar(0, Kind::Memory32, 0, 0x1000, false)
                .bar(1, Kind::Io, 0, 0x100, false),
        ),
        (
            Address::new(0, 6, 0),
            device()
                .bar(0, Kind::Memory64, 0, 0x4000, false)
                .bar(2, Kind::Memory64, 0, 8 << 30, true)
                .bar(4, Kind::Memory32, 0, 0x800_0000, true),
        ),
        (
            Address::new(0, 7, 0),
            device()
                .bar(0, Kind::Memory32, 0xc000_0000, 0x1000, false)
                .bar(1, Kind::Memory32, 0xd000_0000, 0x1000, false)
                .bar(2, Kind::Io, 0x1000, 0x40, false),
        ),
    ]);
    // Between what the firmware has put there, in pages of its own.
    assert_eq!(outcome.put(HERE, 0), 0xc000_1000);
    assert_eq!(outcome.put(HERE, 1), 0x2000);
    let other = Address::new(0, 6, 0);
    assert_eq!(outcome.put(other, 0), 0xc000_4000);
    assert_eq!(outcome.put(other, 2), 0x2_0000_0000);
    assert_eq!(outcome.put(other, 4), 0xc800_0000);
    assert_eq!(outcome.events.len(), 5);
    for index in 0..3 {
        assert_eq!(outcome.bar(Address::new(0, 7, 0), index).1, Assignment::Firmware);
    }
}

#[test]
fn behind_a_bridge_its_windows_are_used_and_nothing_else() {
    let port = port()
        .window(bridge::Kind::Io, 0x3000, 0x3fff)
        .window(bridge::Kind::Memory, 0xc000_0000, 0xc00f_ffff)
        .window(bridge::Kind::Prefetchable, 0x40_0000_0000, 0x40_000f_ffff);
    let outcome = run([
        (PORT, port),
        (
            BEHIND,
            device()
                .bar(0, Kind::Memory32, 0xc000_0000, 0x2000, false)
                .bar(1, Kind::Io, 0, 0x20, false)
                .bar(2, Kind::Memory64, 0, 0x1_0000, true)
                .bar(4, Kind::Memory64, 0, 0x4000, false)
                .multi_function(),
        ),
        (
            Address::new(1, 0, 1),
            // Too short an address for that window.
            device()
                .bar(0, Kind::Memory32, 0, 0x1000, true)
                .bar(1, Kind::Memory32, 0, 0x10_0000, false),
        ),
    ]);
    assert_eq!(outcome.bar(BEHIND, 0), (0xc000_0000, Assignment::Firmware));
    assert_eq!(outcome.put(BEHIND, 1), 0x3000);
    assert_eq!(outcome.put(BEHIND, 2), 0x40_0000_0000);
    assert_eq!(outcome.put(BEHIND, 4), 0xc000_4000);
    assert_eq!(outcome.put(Address::new(1, 0, 1), 0), 0xc000_2000);
    assert_eq!(outcome.missing(Address::new(1, 0, 1), 1), Missing::NoRoom);
    let text: Vec<String> = outcome.events.iter().map(ToString::to_string).collect();
    assert!(
        text.contains(&"01:00.0: BAR 1 is put at ports 0x3000 to 0x301f: the firmware had given it no address".into())
            && text.contains(
                &"01:00.1: BAR 1 cannot be used: the firmware has given it no address, and there is no room for it"
                    .into()
            ),
        "{text:?}"
    );
}

#[test]
fn closed_windows_are_opened_just_as_large_as_needed_through_bridges_behind_bridges() {
    let bridge = |secondary, subordinate| FakeFunction::new(0x8086, 1, 0x06_0400, 0).bridge(secondary, subordinate);
    let deep = Address::new(3, 0, 0);
    let side = Address::new(2, 3, 0);
    let outcome = run([
        (PORT, bridge(1, 3)),
        (BEHIND, bridge(2, 3)),
        (Address::new(2, 0, 0), bridge(3, 3)),
        (
            deep,
            device()
                .bar(0, Kind::Memory32, 0, 0x1000, false)
                .bar(1, Kind::Io, 0, 0x100, false)
                .bar(2, Kind::Memory64, 0, 0x20_0000, true),
        ),
        (
            side,
            device()
                .bar(0, Kind::Memory32, 0, 0x20_0000, false)
                .bar(1, Kind::Io, 0, 0x400, false),
        ),
        (HERE, device().bar(0, Kind::Memory32, 0xc000_0000, 0x1000, false)),
    ]);
    let size = |address, kind| outcome.window(address, kind).map(|(first, last)| last - first + 1);
    for (address, io, memory) in [(PORT, 0x2000, 3 << 20), (BEHIND, 0x2000, 3 << 20)] {
        assert_eq!(size(address, bridge::Kind::Io), Some(io));
        assert_eq!(size(address, bridge::Kind::Memory), Some(memory));
        assert_eq!(size(address, bridge::Kind::Prefetchable), Some(2 << 20));
    }
    assert_eq!(size(Address::new(2, 0, 0), bridge::Kind::Io), Some(0x1000));
    assert_eq!(size(Address::new(2, 0, 0), bridge::Kind::Memory), Some(1 << 20));
    let places = [(deep, 0), (deep, 1), (deep, 2), (side, 0), (side, 1)];
    places
        .iter()
        .for_each(|(address, index)| assert_ne!(outcome.put(*address, *index), 0));
    // It hands on, in both directions.
    assert_eq!(outcome.space.word(PORT, 4) & 7, 7);
    let opened = outcome.functions[1].bridge.expect("a bridge").opened;
    assert!(opened.io && opened.memory && opened.prefetchable);
}

#[test]
fn a_bridge_without_a_window_for_ports_or_prefetchable_memory_does_with_memory() {
    let bare = port().fixed(&[0x1c, 0x24, 0x28, 0x2c, 0x30]);
    let behind = device()
        .bar(0, Kind::Memory64, 0, 0x1_0000, true)
        .bar(2, Kind::Io, 0, 0x20, false);
    let outcome = run([(PORT, bare), (BEHIND, behind.clone())]);
    assert_eq!(outcome.window(PORT, bridge::Kind::Prefetchable), None);
    let (first, last) = outcome.window(PORT, bridge::Kind::Memory).expect("an open window");
    assert!((first..=last).contains(&outcome.put(BEHIND, 0)));
    assert_eq!(outcome.missing(BEHIND, 2), Missing::NoRoom);
    // Nothing sticks: it is as it was.
    let stiff = port().fixed(&[0x1c, 0x20, 0x24, 0x28, 0x2c, 0x30]);
    let outcome = run([(PORT, stiff.clone()), (BEHIND, behind)]);
    assert_eq!(outcome.missing(BEHIND, 0), Missing::NoRoom);
    assert_eq!(outcome.space.functions.borrow()[&PORT], stiff);
}

#[test]
fn a_window_whose_addresses_are_short_stays_below_4_gib() {
    let mut narrow = port().fixed(&[0x28, 0x2c]);
    narrow.words[0x24 / 4] = 0x0000_fff0;
    let high = device().bar(0, Kind::Memory64, 0x20_0000_0000, 0x1000, true);
    let behind = device().bar(0, Kind::Memory64, 0, 0x1_0000, true);
    let outcome = run([(PORT, narrow), (BEHIND, behind.clone()), (HERE, high.clone())]);
    assert!(outcome.put(BEHIND, 0) < 1 << 32);
    // A wide one goes where the firmware has put such ranges too.
    let outcome = run([(PORT, port()), (BEHIND, behind), (HERE, high)]);
    assert_eq!(outcome.put(BEHIND, 0), 0x20_0010_0000);
}
