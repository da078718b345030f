//! Every kind of range, on machines that a test makes up, and on the reference laptop.

use hw::pci::Address;

use super::super::bar::{Assignment, Cause, Kind, Obstacle};
use super::super::bridge::{self, Range};
use super::super::fake::{FakeFunction, FakeSpace};
use super::super::scan::{self, Function};
use super::super::y540::{self, ALL};
use super::surroundings::Surroundings;
use super::{Event, assign};

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

    fn missing(&self, address: Address, index: u8) -> (Cause, Obstacle) {
        match self.bar(address, index).1 {
            Assignment::Missing(missing) => (missing.cause, missing.obstacle),
            other => panic!("{other:?}"),
        }
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
    let mut functions = scan::scan(&space, &[ALL]).functions;
    let events = assign(&space, &mut functions, surroundings);
    check(&space, &functions, surroundings);
    Outcome {
        space,
        functions,
        events,
    }
}

fn run(functions: impl IntoIterator<Item = (Address, FakeFunction)>) -> Outcome {
    run_with(functions, &surroundings())
}

/// What we have placed is aligned, is what the registers hold, is handed on by every bridge in front of it, and has
/// nothing of what anybody else answers to.
pub(in crate::pci) fn check(space: &FakeSpace, functions: &[Function], surroundings: &Surroundings) {
    let bridge_of = |address: Option<Address>| {
        let address = address?;
        functions.iter().find(|function| function.address == address)
    };
    // Whose, whether of ports, and where.
    let mut all: Vec<(Address, bool, Range)> = Vec::new();
    let mut placed: Vec<(&Function, bool, Range)> = Vec::new();
    for function in functions {
        for bar in &function.bars {
            let Some(range) = Range::sized(bar.address, bar.size_bytes) else {
                continue;
            };
            let is_io = bar.kind == Kind::Io;
            if bar.assignment == Assignment::Kernel {
                assert!(bar.address.is_multiple_of(bar.size_bytes) && bar.address != 0);
                placed.push((function, is_io, range));
            }
            if bar.address != 0 {
                all.push((function.address, is_io, range));
            }
        }
    }
    for (function, is_io, range) in &placed {
        let is_free = |others: &[Range]| others.iter().all(|other| other.common(range).is_none());
        if *is_io {
            assert!(is_free(&surroundings.ports) && range.first >= 0x1000);
        } else {
            assert!(
                is_free(&surroundings.ram) && is_free(&surroundings.registers),
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
            let kinds: &[bridge::Kind] = match is_io {
                true => &[bridge::Kind::Io],
                false => &[bridge::Kind::Memory, bridge::Kind::Prefetchable],
            };
            let windows = kinds.iter().filter_map(|kind| windows.window(*kind));
            let hands_on =
                bridge.header.class.interface == 1 || windows.into_iter().any(|window| window.contains(range));
            assert!(hands_on, "{} does not hand on {range:?}", bridge.address);
            is_transparent &= bridge.header.class.interface == 1;
            here = bridge;
        }
        if is_transparent && !is_io {
            assert!(is_free(&surroundings.reserved));
        }
        for bridge in functions.iter().filter(|function| function.bridge.is_some()) {
            let windows = bridge::read(space, bridge.address);
            let windows = match is_io {
                true => vec![windows.io],
                false => vec![windows.memory, windows.prefetchable],
            };
            let is_other =
                bridge.header.layout == super::super::header::Layout::Bridge && !in_front.contains(&bridge.address);
            assert!(
                !is_other || is_free(&windows.into_iter().flatten().collect::<Vec<_>>()),
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
    // 1040h to 13ffh are the same as ports of old cards; 1400h is free.
    assert_eq!(outcome.put(HERE, 1), 0x1400);
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
    assert_eq!(
        outcome.missing(Address::new(1, 0, 1), 1),
        (Cause::Unset, Obstacle::NoRoom)
    );
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
    assert_eq!(outcome.missing(BEHIND, 2), (Cause::Unset, Obstacle::NoRoom));
    // Nothing sticks: it is as it was.
    let stiff = port().fixed(&[0x1c, 0x20, 0x24, 0x28, 0x2c, 0x30]);
    let outcome = run([(PORT, stiff.clone()), (BEHIND, behind)]);
    assert_eq!(outcome.missing(BEHIND, 0), (Cause::Unset, Obstacle::NoRoom));
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

#[test]
fn ranges_out_of_reach_and_on_top_of_others_are_moved_and_those_in_front_stay() {
    let port = port().window(bridge::Kind::Memory, 0xc000_0000, 0xc00f_ffff);
    let silent = |mut function: FakeFunction| {
        function.words[1] = 0;
        function
    };
    let outcome = run([
        (PORT, port),
        (BEHIND, device().bar(0, Kind::Memory32, 0xd000_0000, 0x1000, false)),
        // Both at the same place; the second answers. Then one in the bridge's window, one in memory, one nowhere.
        (
            Address::new(0, 2, 0),
            silent(device().bar(0, Kind::Memory32, 0xd000_0000, 0x2000, false)),
        ),
        (
            Address::new(0, 3, 0),
            device().bar(0, Kind::Memory32, 0xd000_1000, 0x1000, false),
        ),
        (
            Address::new(0, 4, 0),
            device().bar(0, Kind::Memory32, 0xc008_0000, 0x1000, false),
        ),
        (
            Address::new(0, 5, 0),
            device().bar(0, Kind::Memory32, 0x1000_0000, 0x1000, false),
        ),
        (
            Address::new(0, 6, 0),
            device().bar(0, Kind::Memory64, !0xfff, 0x1000, false),
        ),
    ]);
    assert_eq!(outcome.put(BEHIND, 0), 0xc000_0000);
    assert_eq!(outcome.bar(Address::new(0, 3, 0), 0).1, Assignment::Firmware);
    for number in [2, 4, 5] {
        outcome.put(Address::new(0, number, 0), 0);
    }
    assert_eq!(
        outcome.bar(Address::new(0, 6, 0), 0).1,
        Assignment::Firmware,
        "no worse than before"
    );
    let causes: Vec<Cause> = outcome
        .events
        .iter()
        .map(|event| match event {
            Event::Placed { cause, .. } => *cause,
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(causes.iter().filter(|cause| **cause == Cause::Outside).count(), 1);
    assert_eq!(causes.iter().filter(|cause| **cause == Cause::Overlapping).count(), 3);
}

#[test]
fn what_is_in_use_or_must_not_move_stays_whatever_it_is() {
    let surroundings = Surroundings {
        in_use: vec![range(0xd000_0000, 0xd02f_ffff)],
        ..surroundings()
    };
    let picture = device().bar(0, Kind::Memory32, 0xd000_0000, 0x100_0000, true);
    let host = FakeFunction::new(0x8086, 2, 0x06_0000, 0).bar(0, Kind::Memory32, 0, 0x1000, false);
    let ide = FakeFunction::new(0x8086, 3, 0x01_0180, 0)
        .bar(0, Kind::Io, 0, 8, false)
        .bar(4, Kind::Io, 0, 16, false);
    let outcome = run_with(
        [
            (PORT, port().window(bridge::Kind::Memory, 0xc000_0000, 0xc00f_ffff)),
            (BEHIND, picture),
            (
                Address::new(0, 2, 0),
                device().bar(0, Kind::Memory32, 0xd000_0000, 0x1000, false),
            ),
            (Address::new(0, 3, 0), host),
            (Address::new(0, 4, 0), ide),
        ],
        &surroundings,
    );
    assert_eq!(outcome.bar(BEHIND, 0), (0xd000_0000, Assignment::Firmware));
    assert_eq!(
        outcome.missing(Address::new(0, 3, 0), 0),
        (Cause::Unset, Obstacle::LeftAlone)
    );
    assert_eq!(
        outcome.missing(Address::new(0, 4, 0), 0),
        (Cause::Unset, Obstacle::LeftAlone)
    );
    assert_eq!(outcome.put(Address::new(0, 4, 0), 4), 0x1000);
}

#[test]
fn a_register_that_keeps_no_address_is_put_back() {
    let mut odd = device().bar(0, Kind::Memory32, 0, 0x1000, false);
    // It has the size of a page, and one of its upper bits is stuck at 0.
    odd.masks[4] = 0x0fff_f000;
    let outcome = run([(HERE, odd.clone())]);
    assert_eq!(outcome.missing(HERE, 0), (Cause::Unset, Obstacle::DoesNotStick));
    assert_eq!(outcome.space.functions.borrow()[&HERE], odd);
    // One that says it is wide and is not still has its place below.
    let mut short = device().bar(0, Kind::Memory64, 0, 0x1000, true);
    short.masks[5] = 0xff;
    let high = device().bar(0, Kind::Memory64, 0x7f_0000_0000, 0x1000, true);
    let outcome = run([(HERE, short.clone()), (Address::new(0, 6, 0), high)]);
    assert_eq!(outcome.put(HERE, 0), 0x7f_0000_1000);
}

#[test]
fn a_bridge_that_hands_on_everything_reaches_the_room_in_front_of_it() {
    let transparent = FakeFunction::new(0x8086, 1, 0x06_0401, 0).bridge(2, 2);
    let outer = FakeFunction::new(0x8086, 1, 0x06_0400, 0).bridge(1, 2);
    let outcome = run([
        (PORT, outer),
        (BEHIND, transparent),
        (Address::new(2, 0, 0), device().bar(0, Kind::Memory32, 0, 0x1000, false)),
        (HERE, device().bar(0, Kind::Memory32, 0xc000_0000, 0x1000, false)),
    ]);
    let (first, last) = outcome.window(PORT, bridge::Kind::Memory).expect("an open window");
    assert_eq!(last - first, 0xf_ffff);
    assert_eq!(outcome.put(Address::new(2, 0, 0), 0), first);
}

#[test]
fn where_nothing_is_known_of_memory_nothing_is_put_there() {
    let nothing = Surroundings::default();
    let outcome = run_with([(HERE, device().bar(0, Kind::Memory64, 0, 0x1000, false))], &nothing);
    assert_eq!(outcome.missing(HERE, 0), (Cause::Unset, Obstacle::NoRoom));
}

/// Of the reference laptop only the one range that has no place gets one, and that beside its neighbour.
#[test]
fn nothing_of_the_laptop_moves() {
    for choice in 0..5 {
        let before = y540::functions(choice);
        let (space, mut functions) = y540::scanned(choice);
        let events = assign(&space, &mut functions, &y540_surroundings());
        check(&space, &functions, &y540_surroundings());
        let [
            Event::Placed {
                address,
                index: 0,
                range,
                ..
            },
        ] = events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!((address, range.first), (Address::new(0, 0x15, 0), 0x40_0000_2000));
        for (address, function) in &before {
            let is_same = space.functions.borrow()[address] == *function;
            assert_eq!(is_same, *address != Address::new(0, 0x15, 0), "{address}");
        }
    }
}

fn y540_surroundings() -> Surroundings {
    Surroundings {
        ram: vec![range(0, 0x8bff_ffff), range(0x1_0000_0000, 0x4_6dff_ffff)],
        reserved: vec![range(0x8c00_0000, 0x9f7f_ffff), range(0xfe00_0000, 0xfe01_0fff)],
        ..surroundings()
    }
}
