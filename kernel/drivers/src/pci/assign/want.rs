//! What needs a place, how much room a closed window needs for that, and the placing itself: bus by bus from the first
//! on, on each the largest first, so that a window that was measured in the same order suffices.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use hw::pci::ConfigSpace;

use super::super::bar::{self, Assignment, Bar, Missing};
use super::super::bridge::{self, Kind, Range};
use super::super::scan::Function;
use super::Event;
use super::firmware::{bus_of, is_transparent, leading};
use super::room::{self, Wish};
use super::tree::{Bus, Tree};

/// No two ranges of memory share a page, so that each can be mapped alone.
const PAGE_BYTES: u64 = 4096;

/// A range that needs a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    /// Number of the function.
    pub(super) function: usize,
    /// Number among its ranges.
    pub(super) bar: usize,
    /// Why it has none, as far as is known.
    pub(super) missing: Missing,
    /// It has one now.
    pub(super) is_placed: bool,
}

/// What is placed on a bus.
#[derive(Clone, Copy, Debug)]
enum What {
    /// The range that this want is for.
    Bar(usize),
    /// The window of this function, a bridge that leads to this bus.
    Window(usize, Bus),
    /// What is behind a bridge that hands on everything; it is placed in its turn.
    Behind,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    wish: Wish,
    /// It may be above 4 GiB.
    is_wide: bool,
    /// A window is worth opening for it.
    opens: bool,
    what: What,
}

impl Item {
    /// `want` as one that goes into windows of `kind`.
    fn of(bar: &Bar, want: usize, kind: Kind) -> Option<Self> {
        let is_io = bar.kind == bar::Kind::Io;
        let goes = match kind {
            Kind::Io => is_io,
            Kind::Prefetchable => !is_io && bar.is_prefetchable,
            Kind::Memory => !is_io,
        };
        let is_wide = bar.kind == bar::Kind::Memory64;
        goes.then_some(Self {
            wish: Wish {
                size: bar.size_bytes.max(if is_io { 1 } else { PAGE_BYTES }),
                alignment: bar.size_bytes.max(if is_io { 1 } else { PAGE_BYTES }),
                is_io,
            },
            is_wide,
            // Memory of any kind can be in a window of memory; where addresses are short, one window is enough.
            opens: kind != Kind::Prefetchable || is_wide,
            what: What::Bar(want),
        })
    }
}

/// What a window is opened for comes first: it was measured for that alone.
fn sort(items: &mut [Item]) {
    items.sort_by_key(|item| Reverse((item.opens, item.wish.alignment, item.wish.size)));
}

/// What is to be placed on each bus in windows of `kind`, the windows that have to be opened among it.
fn items(functions: &[Function], tree: &Tree, wants: &[Want], kind: Kind) -> BTreeMap<Bus, Vec<Item>> {
    let mut items: BTreeMap<Bus, Vec<Item>> = BTreeMap::new();
    for (index, want) in wants.iter().enumerate() {
        let function = &functions[want.function];
        let item = Item::of(&function.bars[want.bar], index, kind);
        items.entry(bus_of(function.address)).or_default().extend(item);
    }
    // From the last bus on, so that everything behind a bridge is known when it is measured.
    for (index, behind) in leading(functions).rev() {
        let function = &functions[index];
        let Some(needed) = items.get_mut(&behind) else { continue };
        sort(needed);
        let is_open = function.bridge.is_none_or(|bridge| bridge.window(kind).is_some());
        if is_open || !tree.knows(behind) {
            continue;
        }
        let wishes: Vec<Wish> = needed.iter().filter(|item| item.opens).map(|item| item.wish).collect();
        let Some(largest) = wishes.first() else { continue };
        let size = room::packed(&wishes).and_then(|size| size.checked_next_multiple_of(kind.unit()));
        let wish = size.map(|size| Wish {
            size,
            alignment: largest.alignment.max(kind.unit()),
            is_io: largest.is_io,
        });
        let item = wish.map(|wish| Item {
            wish,
            // Looked at when it is placed.
            is_wide: kind == Kind::Prefetchable,
            opens: true,
            what: match is_transparent(&function.header) {
                true => What::Behind,
                false => What::Window(index, behind),
            },
        });
        items.entry(bus_of(function.address)).or_default().extend(item);
    }
    items.values_mut().for_each(|items| sort(items));
    items
}

/// Places all `wants` that go into windows of `kind` and find room there; takes them away.
pub(super) fn place(
    space: &(impl ConfigSpace + ?Sized),
    functions: &mut [Function],
    tree: &mut Tree,
    wants: &mut Vec<Want>,
    kind: Kind,
    events: &mut Vec<Event>,
) {
    for (bus, items) in items(functions, tree, wants, kind) {
        for item in items {
            match item.what {
                What::Behind => {}
                What::Bar(index) => place_bar(space, functions, tree, (bus, kind), &item, &mut wants[index], events),
                What::Window(index, behind) => {
                    let function = &mut functions[index];
                    let is_wide = item.is_wide && bridge::has_wide_window(space, function.address);
                    let place = tree.find(bus, kind, &item.wish, is_wide);
                    let opened = place.filter(|place| bridge::open(space, function.address, kind, place.range));
                    let (Some(place), Some(bridge)) = (opened, &mut function.bridge) else {
                        continue;
                    };
                    tree.take(place);
                    tree.open(behind, kind, place.range);
                    bridge.note_opened(kind, place.range);
                    events.push(Event::Opened {
                        address: function.address,
                        kind,
                        range: place.range,
                    });
                }
            }
        }
    }
    wants.retain(|want| !want.is_placed);
}

fn place_bar(
    space: &(impl ConfigSpace + ?Sized),
    functions: &mut [Function],
    tree: &mut Tree,
    (bus, kind): (Bus, Kind),
    item: &Item,
    want: &mut Want,
    events: &mut Vec<Event>,
) {
    let function = &mut functions[want.function];
    let bar = &mut function.bars[want.bar];
    let Some(place) = tree.find(bus, kind, &item.wish, item.is_wide) else {
        want.missing = Missing::NoRoom;
        return;
    };
    if !bar::write(space, function.address, bar, place.range.first) {
        want.missing = Missing::DoesNotStick;
        return;
    }
    tree.take(place);
    bar.address = place.range.first;
    bar.assignment = Assignment::Kernel;
    want.is_placed = true;
    events.push(Event::Placed {
        address: function.address,
        index: bar.index,
        is_io: item.wish.is_io,
        range: Range {
            last: place.range.first + (bar.size_bytes - 1),
            ..place.range
        },
    });
}
