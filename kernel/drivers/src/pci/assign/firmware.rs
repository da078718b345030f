//! What the firmware has placed is taken, or at least avoided, before anything new is placed; what it has not placed is
//! told apart here.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use hw::pci::Address;

use super::super::bar::{Assignment, Bar, Kind, Missing};
use super::super::bridge::{self, Range};
use super::super::command;
use super::super::header::{Header, Layout};
use super::super::scan::Function;
use super::tree::{Bus, Tree};
use super::want::Want;
use super::{Doubt, Event};

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

/// A window that hands on nothing now: its bridge is silent, or leads nowhere.
pub(super) struct Idle {
    bus: Bus,
    is_io: bool,
    window: Range,
}

/// Takes the windows of the bridges that lead somewhere: first of those that hand on now, as all in front of them do,
/// then, where that leaves room, of the silent ones. Returns the others; they must not take room away from anybody.
pub(super) fn claim_windows(functions: &[Function], commands: &[u16], tree: &mut Tree) -> Vec<Idle> {
    // Which buses are reached by ports and by memory, as bits of the command register.
    let mut reached: BTreeMap<Bus, u16> = BTreeMap::new();
    for function in functions.iter().filter(|function| function.parent.is_none()) {
        let bus = bus_of(function.address);
        tree.add_first(bus);
        reached.insert(bus, command::IO | command::MEMORY);
    }
    let leading: BTreeMap<usize, Bus> = leading(functions).collect();
    // In the order of addresses, so that the bridge in front of each bus has been looked at before.
    for (&index, &behind) in &leading {
        let here = bus_of(functions[index].address);
        if tree.knows(here) {
            tree.add(behind, here, is_transparent(&functions[index].header));
        }
        let bits = reached.get(&here).map_or(0, |bits| bits & commands[index]);
        reached.insert(behind, bits);
    }
    let mut idle = Vec::new();
    for is_silent in [false, true] {
        for (index, function) in functions.iter().enumerate() {
            let (Some(bridge), bus) = (function.bridge, bus_of(function.address)) else {
                continue;
            };
            for kind in [bridge::Kind::Io, bridge::Kind::Prefetchable, bridge::Kind::Memory] {
                let behind = leading.get(&index).copied();
                let hands_on = behind.is_some_and(|behind| reached[&behind] & kind.decoding() != 0);
                let Some(window) = bridge.window(kind).filter(|_| hands_on != is_silent) else {
                    continue;
                };
                let is_io = kind == bridge::Kind::Io;
                match behind.filter(|_| tree.claim(bus, is_io, window).is_ok()) {
                    Some(behind) => tree.open(behind, kind, window),
                    None if is_silent => idle.push(Idle { bus, is_io, window }),
                    None => tree.avoid_everywhere(is_io, window),
                }
            }
        }
    }
    idle
}

/// Takes the ranges of functions where they are, whatever is there besides: they stay, and what is odd about one is
/// told. Returns those that have no address.
pub(super) fn claim_bars(
    functions: &[Function],
    commands: &[u16],
    tree: &mut Tree,
    events: &mut Vec<Event>,
) -> Vec<Want> {
    let answers = |function: usize, bar: &Bar| {
        let bit = if bar.kind == Kind::Io {
            command::IO
        } else {
            command::MEMORY
        };
        commands[function] & bit != 0
    };
    let mut wants = Vec::new();
    // Of two that overlap, the one that does not answer is odd.
    for is_silent in [false, true] {
        for (index, function) in functions.iter().enumerate() {
            let bus = bus_of(function.address);
            let bars = function.bars.iter().enumerate();
            for (number, bar) in bars.filter(|(_, bar)| answers(index, bar) != is_silent) {
                let is_ours = tree.knows(bus) && is_placeable(&function.header, bar);
                if bar.assignment != Assignment::Firmware {
                    wants.extend(is_ours.then_some(Want {
                        function: index,
                        bar: number,
                        missing: Missing::NoRoom,
                        is_placed: false,
                    }));
                    continue;
                }
                let doubt = claim_range(tree, bus, bar.kind == Kind::Io, bar.address, bar.size_bytes);
                events.extend(doubt.filter(|_| is_ours).map(|doubt| Event::Doubtful {
                    address: function.address,
                    index: bar.index,
                    doubt,
                }));
            }
        }
    }
    // Nobody needs them here, but nothing is put on top of them.
    for function in functions {
        if let Some(rom) = function.rom.filter(|rom| rom.address != 0) {
            claim_range(tree, bus_of(function.address), false, rom.address, rom.size_bytes);
        }
    }
    wants
}

/// Takes a function's range, or has it avoided by all that is new; then it tells why.
fn claim_range(tree: &mut Tree, bus: Bus, is_io: bool, first: u64, size: u64) -> Option<Doubt> {
    let Some(range) = Range::sized(first, size) else {
        return Some(Doubt::Outside);
    };
    let doubt = tree.claim(bus, is_io, range).err()?;
    tree.avoid_everywhere(is_io, range);
    Some(doubt)
}

/// Nothing new is put where an idle window is.
pub(super) fn avoid(idle: &[Idle], tree: &mut Tree) {
    for Idle { bus, is_io, window } in idle {
        tree.avoid(*bus, *is_io, *window);
    }
}

/// The range may be put somewhere: not those of a host's bridge, which may be the way to memory, and not the four of an
/// IDE controller that answers at the fixed ports of old (PCI IDE Controller Specification 1.0, 2.2), whatever they hold.
fn is_placeable(header: &Header, bar: &Bar) -> bool {
    let is_ide = (header.class.base, header.class.sub) == (1, 1);
    let is_fixed = match bar.index {
        0 | 1 => header.class.interface & 1 == 0,
        2 | 3 => header.class.interface & 4 == 0,
        _ => false,
    };
    !(header.is_host_bridge() || is_ide && is_fixed)
}
