//! Places for the ranges that the firmware has left without an address.
//!
//! Whatever has an address keeps it: the firmware knows the machine better. Where that seems to be wrong, for no bridge
//! hands it on or somebody else is there, it is only told. First everything is taken that is in place: the windows of
//! bridges, from the first bus on; then the ranges of functions that answer; then those of the others. What cannot be
//! taken is avoided all the same. What has no address is placed in what is left, largest first: behind a bridge in its
//! windows, on the first bus where there is neither memory nor anything else. A window that is closed is opened, just as
//! large as it has to be. Every register is read back; what it does not keep is undone.
//!
//! | module | what it holds |
//! |---|---|
//! | `firmware` | what the firmware has placed, and what not |
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

use super::bar::{Assignment, Missing};
use super::bridge::{Kind, Range};
use super::command;
use super::scan::{Problem, Scan};
use surroundings::Surroundings;
use tree::Tree;

/// What is odd about an address that the firmware has given. It counts all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// No bridge is known to hand it on, or the machine has no such address.
    Outside,
    /// Somebody else is there.
    Overlapping,
}

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
    /// A range stays where it is, although something is odd about that.
    Doubtful {
        /// The function.
        address: Address,
        /// Number of its register.
        index: u8,
        /// What is odd.
        doubt: Doubt,
    },
    /// Not all functions are known, so that nothing is known to be free.
    TooMany,
}

impl Event {
    /// Something may not work.
    pub fn is_warning(&self) -> bool {
        !matches!(self, Self::Placed { .. } | Self::Opened { .. })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Placed {
                address,
                index,
                is_io,
                range: Range { first, last },
            } => {
                let what = if *is_io { "ports" } else { "memory" };
                write!(out, "{address}: BAR {index} is put at {what} {first:#x} to {last:#x}: ")?;
                out.write_str("the firmware had given it no address")
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
            Self::Doubtful { address, index, doubt } => {
                write!(
                    out,
                    "{address}: BAR {index} stays where the firmware has put it, though "
                )?;
                out.write_str(match doubt {
                    Doubt::Outside => "no bridge is known to hand that on",
                    Doubt::Overlapping => "something else is there",
                })
            }
            Self::TooMany => out.write_str("no range gets a place, for not all functions are known"),
        }
    }
}

/// Gives places to the ranges that need one, and notes them in `scan`, which has all functions of the machine.
pub fn assign(space: &(impl ConfigSpace + ?Sized), scan: &mut Scan, surroundings: &Surroundings) -> Vec<Event> {
    if scan.problems.contains(&Problem::TooMany) {
        return [Event::TooMany].to_vec();
    }
    let functions = &mut scan.functions[..];
    let commands: Vec<u16> = functions
        .iter()
        .map(|function| command::read(space, function.address))
        .collect();
    let mut tree = Tree::new(surroundings);
    let mut events = Vec::new();
    let idle = firmware::claim_windows(functions, &commands, &mut tree);
    let mut wants = firmware::claim_bars(functions, &commands, &mut tree, &mut events);
    firmware::avoid(&idle, &mut tree);
    tree.settle();
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
