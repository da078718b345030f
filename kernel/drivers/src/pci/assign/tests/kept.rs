//! What the firmware has placed stays, new places keep clear of it, and what cannot be placed is said.

use super::*;

fn silent(mut function: FakeFunction) -> FakeFunction {
    function.words[1] = 0;
    function
}

#[test]
fn whatever_has_an_address_keeps_it_and_new_places_avoid_it() {
    let on_first = |number| Address::new(0, number, 0);
    let memory = |address| device().bar(0, Kind::Memory32, address, 0x1000, false);
    let outcome = run([
        (PORT, port().window(bridge::Kind::Memory, 0xc000_0000, 0xc00f_ffff)),
        // Outside the window; and one without an address.
        (BEHIND, memory(0xd000_0000).bar(1, Kind::Memory32, 0, 0x1000, false)),
        // It is silent, and has the range of another too.
        (
            on_first(2),
            silent(device().bar(0, Kind::Memory32, 0xd000_0000, 0x2000, false)),
        ),
        (on_first(3), memory(0xd000_1000)),
        // In the bridge's window, in memory, nowhere, and at the end of all addresses.
        (on_first(4), memory(0xc000_0000)),
        (on_first(5), memory(0x1000_0000)),
        (on_first(6), device().bar(0, Kind::Memory64, !0xfff, 0x1000, false)),
        // Behind a closed window: the bridge is silent, the function is not.
        (on_first(7), silent(port().bridge(9, 9))),
        (Address::new(9, 0, 0), memory(0xc800_0000)),
        (on_first(8), memory(0)),
    ]);
    outcome.stays(BEHIND, 0, &[Doubt::Outside]);
    outcome.stays(on_first(2), 0, &[Doubt::Overlapping]);
    outcome.stays(on_first(3), 0, &[]);
    outcome.stays(on_first(4), 0, &[Doubt::Overlapping]);
    outcome.stays(on_first(5), 0, &[Doubt::Overlapping]);
    outcome.stays(on_first(6), 0, &[Doubt::Outside]);
    outcome.stays(Address::new(9, 0, 0), 0, &[Doubt::Outside]);
    assert_eq!(outcome.put(BEHIND, 1), 0xc000_1000);
    assert_eq!(outcome.put(on_first(8), 0), 0xc010_0000);
    let warnings: Vec<String> = outcome
        .events
        .iter()
        .filter(|event| event.is_warning())
        .map(ToString::to_string)
        .collect();
    assert_eq!(warnings.len(), 6);
    assert!(
        warnings.contains(
            &"01:00.0: BAR 0 stays where the firmware has put it, though no bridge is known to hand that on".into()
        ),
        "{warnings:?}"
    );
}

#[test]
fn a_window_of_a_silent_bridge_or_of_one_that_leads_nowhere_takes_nothing_from_others() {
    let window = |port: FakeFunction| port.window(bridge::Kind::Memory, 0xc000_0000, 0xc00f_ffff);
    let second = Address::new(0, 2, 0);
    let nvme = Address::new(2, 0, 0);
    let at = |address| device().bar(0, Kind::Memory64, address, 0x4000, false);
    let cases = [
        (window(port()), None),
        (silent(window(port())), None),
        (silent(window(port())), Some(silent(at(0xc000_8000)))),
    ];
    for (first, behind) in cases {
        let is_empty = behind.is_none();
        let mut machine = vec![
            (PORT, first),
            (second, window(port().bridge(2, 2))),
            (nvme, at(0xc000_4000).bar(2, Kind::Memory32, 0, 0x1000, false)),
            // A window that leads nowhere is avoided on the first bus.
            (
                Address::new(0, 3, 0),
                silent(port().bridge(3, 3)).window(bridge::Kind::Memory, 0xc010_0000, 0xc01f_ffff),
            ),
            (HERE, device().bar(0, Kind::Memory32, 0, 0x1000, false)),
            (
                Address::new(0, 6, 0),
                device().bar(0, Kind::Memory32, 0xc080_0000, 0x1000, false),
            ),
        ];
        machine.extend(behind.map(|behind| (BEHIND, behind)));
        let outcome = run(machine);
        outcome.stays(nvme, 0, &[]);
        assert_eq!(outcome.put(nvme, 2), 0xc000_0000);
        assert_eq!(outcome.put(HERE, 0), 0xc020_0000);
        if !is_empty {
            outcome.stays(BEHIND, 0, &[Doubt::Outside]);
        }
    }
}

#[test]
fn behind_a_bridge_that_hands_on_everything_what_is_placed_stays() {
    let inner = Address::new(1, 1, 0);
    let deep = Address::new(2, 0, 0);
    let outcome = run([
        (PORT, FakeFunction::new(0x8086, 1, 0x06_0401, 0).bridge(1, 2)),
        (
            BEHIND,
            device()
                .bar(0, Kind::Memory32, 0xc000_0000, 0x1000, false)
                .bar(1, Kind::Io, 0x3000, 0x20, false),
        ),
        (
            inner,
            port()
                .bridge(2, 2)
                .window(bridge::Kind::Memory, 0xc010_0000, 0xc01f_ffff),
        ),
        (
            deep,
            device()
                .bar(0, Kind::Memory32, 0xc010_0000, 0x1000, false)
                .bar(1, Kind::Memory32, 0, 0x1000, false),
        ),
        (HERE, device().bar(0, Kind::Memory32, 0, 0x20_0000, false)),
        (
            Address::new(0, 6, 0),
            device().bar(0, Kind::Memory32, 0xc080_0000, 0x1000, false),
        ),
    ]);
    outcome.stays(BEHIND, 0, &[]);
    outcome.stays(BEHIND, 1, &[]);
    outcome.stays(deep, 0, &[]);
    assert_eq!(outcome.put(deep, 1), 0xc010_1000);
    assert_eq!(outcome.put(HERE, 0), 0xc020_0000);
}

#[test]
fn a_window_that_nobody_has_set_up_is_closed_before_its_bridge_decodes() {
    let behind = device().bar(0, Kind::Memory32, 0, 0x1000, false);
    let outcome = run([
        (PORT, silent(port().unset())),
        (BEHIND, behind),
        (HERE, device().bar(0, Kind::Memory32, 0xc000_0000, 0x1000, false)),
    ]);
    let place = outcome.put(BEHIND, 0);
    let space = &outcome.space;
    let window = decoded(space, PORT, bridge::Kind::Memory).expect("an open window");
    assert!(window.first <= place && place <= window.last);
    assert_eq!(decoded(space, PORT, bridge::Kind::Prefetchable), None);
    // Ports are not handed on yet, so their window is as it was; then a driver needs them.
    assert_eq!(space.word(PORT, 0x1c), 0x101);
    bridge::allow(space, PORT, 1);
    assert_eq!(space.word(PORT, 4) & 7, 7);
    assert_eq!(decoded(space, PORT, bridge::Kind::Io), None);
    // One that is set up stays as it is.
    bridge::allow(space, PORT, 7);
    assert_eq!(decoded(space, PORT, bridge::Kind::Memory), Some(window));
}

#[test]
fn ports_go_among_and_behind_those_of_the_firmware_and_at_last_to_where_chipsets_have_theirs() {
    let ports = |number: u8, address, size| {
        let device = device().bar(0, Kind::Io, address, size, false);
        (Address::new(0, number, 0), device)
    };
    let at = |number| Address::new(0, number, 0);
    let outcome = run([
        ports(1, 0x1c00, 0x20),
        ports(2, 0x5000, 0x100),
        ports(3, 0x5800, 0x100),
        ports(4, 0, 0x100),
        ports(5, 0, 0x4000),
        ports(6, 0, 0x4000),
        ports(7, 0, 0x4000),
        ports(8, 0, 0x2000),
    ]);
    assert_eq!(outcome.put(at(4), 0), 0x5400);
    assert_eq!(outcome.put(at(5), 0), 0x8000);
    assert_eq!(outcome.put(at(6), 0), 0xc000);
    assert_eq!(outcome.missing(at(7), 0), Missing::NoRoom);
    assert_eq!(outcome.put(at(8), 0), 0x6000);
    // Nothing but the last 4 Ki is left.
    let outcome = run([
        ports(1, 0x8000, 0x8000),
        ports(2, 0x4000, 0x4000),
        ports(3, 0x2000, 0x2000),
        ports(4, 0, 0x100),
    ]);
    assert_eq!(outcome.put(at(4), 0), 0x1000);
}

#[test]
fn what_a_window_was_opened_for_fits_in_it() {
    let outcome = run([
        (PORT, port().bridge(1, 1)),
        (
            BEHIND,
            device()
                .bar(0, Kind::Memory32, 0, 0x10_0000, true)
                .bar(1, Kind::Memory64, 0, 0x10_0000, true),
        ),
        (HERE, device().bar(0, Kind::Memory32, 0xc000_0000, 0x1000, false)),
    ]);
    let (first, last) = outcome
        .window(PORT, bridge::Kind::Prefetchable)
        .expect("an open window");
    assert_eq!(last - first, 0xf_ffff);
    assert_eq!(outcome.put(BEHIND, 1), first);
    assert_eq!(
        Some(outcome.put(BEHIND, 0)),
        outcome.window(PORT, bridge::Kind::Memory).map(|window| window.0)
    );
}

#[test]
fn nothing_new_shares_a_page_with_anything() {
    let outcome = run([
        (HERE, device().bar(0, Kind::Memory32, 0, 0x100, false)),
        (
            Address::new(0, 6, 0),
            device()
                .bar(0, Kind::Memory32, 0xbfff_f000, 0x1000, false)
                .bar(1, Kind::Memory32, 0xc000_0800, 0x100, false)
                .bar(2, Kind::Memory32, 0xc001_0000, 0x1000, false),
        ),
    ]);
    assert_eq!(outcome.put(HERE, 0), 0xc000_1000);
    let text: Vec<String> = outcome.events.iter().map(ToString::to_string).collect();
    assert_eq!(
        text,
        ["00:05.0: BAR 0 is put at memory 0xc0001000 to 0xc00010ff: the firmware had given it no address"]
    );
}

#[test]
fn while_not_all_functions_are_known_nothing_is_placed() {
    let space = FakeSpace::new([(HERE, device().bar(0, Kind::Memory32, 0, 0x1000, false))]);
    let before = space.functions.borrow().clone();
    let mut scan = scan::scan(&space, &[ALL]);
    scan.problems.push(Problem::TooMany);
    assert_eq!(assign(&space, &mut scan, &surroundings()), [Event::TooMany]);
    assert!(*space.functions.borrow() == before);
}

#[test]
fn what_is_in_use_is_avoided_and_what_must_not_be_placed_is_left_alone() {
    let surroundings = Surroundings {
        in_use: vec![range(0x8800_0000, 0x882f_ffff)],
        ..surroundings()
    };
    let host = FakeFunction::new(0x8086, 2, 0x06_0000, 0).bar(0, Kind::Memory32, 0, 0x1000, false);
    let ide = FakeFunction::new(0x8086, 3, 0x01_0180, 0)
        .bar(0, Kind::Io, 0, 8, false)
        .bar(4, Kind::Io, 0, 16, false);
    let outcome = run_with(
        [
            (
                Address::new(0, 2, 0),
                device()
                    .bar(0, Kind::Memory32, 0x8800_0000, 0x1000, false)
                    .bar(1, Kind::Memory32, 0, 0x1000, false),
            ),
            (Address::new(0, 3, 0), host),
            (Address::new(0, 4, 0), ide),
        ],
        &surroundings,
    );
    outcome.stays(Address::new(0, 2, 0), 0, &[]);
    assert_eq!(outcome.put(Address::new(0, 2, 0), 1), 0x8830_0000);
    for number in [3, 4] {
        assert_eq!(outcome.missing(Address::new(0, number, 0), 0), Missing::LeftAlone);
    }
    assert_eq!(outcome.put(Address::new(0, 4, 0), 4), 0x2000);
}

#[test]
fn a_register_that_keeps_no_address_is_put_back() {
    let mut odd = device().bar(0, Kind::Memory32, 0, 0x1000, false);
    // It has the size of a page, and one of its upper bits is stuck at 0.
    odd.masks[4] = 0x0fff_f000;
    let outcome = run([(HERE, odd.clone())]);
    assert_eq!(outcome.missing(HERE, 0), Missing::DoesNotStick);
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
    assert_eq!(outcome.missing(HERE, 0), Missing::NoRoom);
}

/// Of the reference laptop only the one range that has no place gets one, and that beside its neighbour.
#[test]
fn nothing_of_the_laptop_moves() {
    for choice in 0..5 {
        let before = y540::functions(choice);
        let (space, functions) = y540::scanned(choice);
        let mut scan = Scan {
            functions,
            problems: vec![],
        };
        let events = assign(&space, &mut scan, &y540_surroundings());
        let map = before.iter().cloned().collect();
        check(&map, &space, &scan.functions, &y540_surroundings());
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
