//! Places for the ranges that the firmware has left without one: at no address, at one that no bridge hands on, or at
//! one that is somebody else's.
//!
//! What the firmware has placed well is never moved. First everything is taken that is where it should be: the windows
//! of bridges, from the first bus on; then the ranges of functions that answer; then those of the others. What does not
//! fit there is placed in what is left, largest first: behind a bridge in its windows, on the first bus where there is
//! neither memory nor anything else. A window that is closed is opened, just as large as it has to be. Every register
//! is read back; what it does not keep is undone.
//!
//! | module | what it holds |
//! |---|---|
//! | `firmware` | what the firmware has placed well, and what not |
//! | `room` | a range that is handed on, and what in it is taken |
//! | `tree` | which ranges each bus is reached by |
//! | [`surroundings`] | what is known of the machine's addresses beside the bus |
//! | `want` | what needs a place, and how much room that takes |

mod firmware;
mod room;
pub mod surroundings;
mod tree;
mod want;

#[cfg(test)]
pub(super) mod tests;

use alloc::vec::Vec;
use core::fmt;

use hw::pci::{Address, ConfigSpace};

use super::bar::{Assignment, Cause, Missing};
use super::bridge::{Kind, Range};
use super::scan::Function;
use surroundings::Surroundings;
use tree::Tree;

/// What was done, or could not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A range has a place now.
    Placed {
        /// The function.
        address: Address,
        /// Number of its register.
        index: u8,
        /// Ports, not memory.
        is_io: bool,
        /// Where it is.
        range: Range,
        /// Why it was not where it was.
        cause: Cause,
    },
    /// A bridge hands on more than before.
    Opened {
        /// The bridge.
        address: Address,
        /// What it hands on.
        kind: Kind,
        /// Where.
        range: Range,
    },
    /// A range has no place that may be used.
    Missing {
        /// The function.
        address: Address,
        /// Number of its register.
        index: u8,
        /// Why.
        missing: Missing,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Placed {
                address,
                index,
                is_io,
                range: Range { first, last },
                cause,
            } => {
                let what = if *is_io { "ports" } else { "memory" };
                write!(out, "{address}: BAR {index} is put at {what} {first:#x} to {last:#x}: ")?;
                out.write_str(match cause {
                    Cause::Unset => "the firmware had given it no address",
                    Cause::Outside => "no bridge hands on the one that it had",
                    Cause::Overlapping => "the one that it had is another's",
                })
            }
            Self::Opened {
                address,
                kind,
                range: Range { first, last },
            } => {
                let what = match kind {
                    Kind::Io => "ports",
                    Kind::Prefetchable => "prefetchable memory",
                    Kind::Memory => "memory",
                };
                write!(out, "{address}: the bridge hands on {what} {first:#x} to {last:#x} now")
            }
            Self::Missing {
                address,
                index,
                missing,
            } => write!(out, "{address}: BAR {index} cannot be used: {missing}"),
        }
    }
}

/// Gives places to the ranges of `functions` that need one, and notes them there. All functions of the machine, in the
/// order of their addresses, as the scan has them.
pub fn assign(
    space: &(impl ConfigSpace + ?Sized),
    functions: &mut [Function],
    surroundings: &Surroundings,
) -> Vec<Event> {
    let mut tree = Tree::new(surroundings);
    firmware::claim_windows(functions, &mut tree);
    let mut wants = firmware::claim_bars(space, functions, &mut tree, &surroundings.in_use);
    tree.settle();
    let mut events = Vec::new();
    if wants.is_empty() {
        return events;
    }
    // What finds no room in a window of its own kind may in one of memory.
    for kind in [Kind::Io, Kind::Prefetchable, Kind::Memory] {
        want::place(space, functions, &mut tree, &mut wants, kind, &mut events);
    }
    for want in wants {
        let function = &mut functions[want.function];
        let bar = &mut function.bars[want.bar];
        bar.assignment = Assignment::Missing(want.missing);
        events.push(Event::Missing {
            address: function.address,
            index: bar.index,
            missing: want.missing,
        });
    }
    events
}
