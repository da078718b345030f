//! What the firmware has placed well is taken before anything new is placed; what it has not is told apart here.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use hw::pci::{Address, ConfigSpace};

use super::super::bar::{Assignment, Bar, Cause, Kind, Missing, Obstacle};
use super::super::bridge::{self, Range};
use super::super::command;
use super::super::header::{Header, Layout};
use super::super::scan::Function;
use super::tree::{Bus, Tree};
use super::want::Want;

/// The bus that a function is on.
pub(super) fn bus_of(address: Address) -> Bus {
    (address.segment, address.bus)
}

/// Bridges to PCI that lead somewhere, and the bus right behind each.
pub(super) fn leading(functions: &[Function]) -> impl DoubleEndedIterator<Item = (usize, Bus)> {
    // A bridge may name a bus that the scan has not followed it to.
    let followed: BTreeSet<Address> = functions.iter().filter_map(|function| function.parent).collect();
    functions.iter().enumerate().filter_map(move |(index, function)| {
        let bridge = function.bridge.filter(|_| function.header.layout == Layout::Bridge)?;
        let leads = followed.contains(&function.address);
        leads.then_some((index, (function.address.segment, bridge.secondary)))
    })
}

/// It hands on what no other function takes (PCI-to-PCI Bridge 1.2, 3.2.4.2: subtractive decoding).
pub(super) fn is_transparent(header: &Header) -> bool {
    header.class.interface == 1
}

/// Takes the windows of all bridges. One that its own bus is not reached by, or that is another's too, hands on nothing.
pub(super) fn claim_windows(functions: &[Function], tree: &mut Tree) {
    for function in functions.iter().filter(|function| function.parent.is_none()) {
        tree.add_first(bus_of(function.address));
    }
    let mut leading = leading(functions).peekable();
    // In the order of addresses, so that the bridge in front of each bus has been looked at before.
    for (index, function) in functions.iter().enumerate() {
        let here = bus_of(function.address);
        let behind = leading.next_if(|(leads, _)| *leads == index).map(|(_, bus)| bus);
        if let Some(behind) = behind
            && tree.knows(here)
        {
            tree.add(behind, here, is_transparent(&function.header));
        }
        let Some(bridge) = function.bridge else { continue };
        for kind in [bridge::Kind::Io, bridge::Kind::Prefetchable, bridge::Kind::Memory] {
            let Some(window) = bridge.window(kind) else { continue };
            let is_taken = tree.claim(here, kind == bridge::Kind::Io, window).is_ok();
            if let Some(behind) = behind.filter(|_| is_taken) {
                tree.open(behind, kind, window);
            }
        }
    }
}

/// Takes the ranges of functions where they are; returns those that cannot stay there.
pub(super) fn claim_bars(
    space: &(impl ConfigSpace + ?Sized),
    functions: &[Function],
    tree: &mut Tree,
    in_use: &[Range],
) -> Vec<Want> {
    let place = |bar: &Bar| Range::sized(bar.address, bar.size_bytes);
    let is_in_use = |bar: &Bar| {
        let holds = |range: Range| in_use.iter().any(|used| range.common(used).is_some());
        bar.kind != Kind::Io && bar.place().is_ok() && place(bar).is_some_and(holds)
    };
    let commands: Vec<u16> = functions
        .iter()
        .map(|function| command::read(space, function.address))
        .collect();
    let answers = |function: usize, bar: &Bar| {
        let bit = if bar.kind == Kind::Io {
            command::IO
        } else {
            command::MEMORY
        };
        commands[function] & bit != 0
    };
    let mut wants = Vec::new();
    // Of two that overlap, the one that is in use stays, else the one that answers.
    for pass in 0..3 {
        for (index, function) in functions.iter().enumerate() {
            let bus = bus_of(function.address);
            for (number, bar) in function.bars.iter().enumerate() {
                let stays = is_in_use(bar);
                let turn = match (stays, answers(index, bar)) {
                    (true, _) => 0,
                    (false, true) => 1,
                    (false, false) => 2,
                };
                if turn != pass {
                    continue;
                }
                let claimed = match (bar.assignment, place(bar)) {
                    (Assignment::Missing(missing), _) => Err(missing.cause),
                    (_, Some(range)) => tree.claim(bus, bar.kind == Kind::Io, range),
                    (_, None) => Err(Cause::Outside),
                };
                let is_movable = !stays && tree.knows(bus) && is_movable(&function.header, bar);
                if let Some(cause) = claimed.err().filter(|_| is_movable) {
                    wants.push(Want {
                        function: index,
                        bar: number,
                        missing: Missing {
                            cause,
                            obstacle: Obstacle::NoRoom,
                        },
                        is_placed: false,
                    });
                }
            }
        }
    }
    // Nobody needs them here, but nothing is put on top of them.
    for function in functions {
        if let Some(rom) = function.rom.filter(|rom| rom.address != 0)
            && let Some(range) = Range::sized(rom.address, rom.size_bytes)
        {
            let _ = tree.claim(bus_of(function.address), false, range);
        }
    }
    wants
}

/// The range may be put elsewhere: not those of a host's bridge, which may be the way to memory, and not the four of an
/// IDE controller that answers at the fixed ports of old (PCI IDE Controller Specification 1.0, 2.2), whatever they hold.
fn is_movable(header: &Header, bar: &Bar) -> bool {
    let is_ide = (header.class.base, header.class.sub) == (1, 1);
    let is_fixed = match bar.index {
        0 | 1 => header.class.interface & 1 == 0,
        2 | 3 => header.class.interface & 4 == 0,
        _ => false,
    };
    !(header.is_host_bridge() || is_ide && is_fixed)
}
