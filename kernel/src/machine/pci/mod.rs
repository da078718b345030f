//! The PCI bus of this machine.
//!
//! | module | what it holds |
//! |---|---|
//! | [`space`] | access to the configuration space |
//! | [`device`] | what a driver does with the function that it was given |
//! | [`service`] | what scripts see |
//! | `surroundings` | which addresses are free for ranges without a place |

pub mod device;
pub mod service;
pub mod space;
mod surroundings;

use drivers::pci::Address;
use drivers::pci::assign::{self, Event};
use drivers::pci::scan::{self, Function, Scan};
use spin::Once;

use super::firmware::Firmware;
use crate::arch::clock;
use crate::boot::tags::Tags;

/// So many ranges without a place, or with a doubtful one, are told of one by one.
const WARNINGS_LIMIT: usize = 16;

static FOUND: Once<Scan> = Once::new();

/// What is done with ranges that the firmware has left without a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strays {
    /// They get one.
    Assign,
    /// Nothing is written anywhere.
    Leave,
}

/// Finds all functions, and gives their ranges places. Nothing else runs yet: a function's decoding is off for a moment
/// while its ranges are measured.
pub fn start(firmware: &Firmware, tags: &Tags<'_>, strays: Strays) {
    let begin_ns = clock::now_ns();
    let (space, segments) = space::start(firmware);
    let mut scan = scan::scan(space, &segments);
    let took_ns = clock::now_ns() - begin_ns;
    for problem in &scan.problems {
        log::warn!("PCI: {problem}");
    }
    log::info!(
        "PCI: {} functions by {} in {}.{:03} ms",
        scan.functions.len(),
        space.method(),
        took_ns / 1_000_000,
        took_ns / 1000 % 1000,
    );
    if strays == Strays::Assign {
        tell(&assign::assign(space, &mut scan, &surroundings::read(tags, firmware)));
    }
    FOUND.call_once(|| scan);
}

fn tell(events: &[Event]) {
    let warnings = events.iter().filter(|event| event.is_warning());
    for event in events.iter().filter(|event| !event.is_warning()) {
        log::info!("PCI: {event}");
    }
    for event in warnings.clone().take(WARNINGS_LIMIT) {
        log::warn!("PCI: {event}");
    }
    if let Some(more) = warnings.count().checked_sub(WARNINGS_LIMIT).filter(|more| *more > 0) {
        log::warn!("PCI: {more} more ranges have no place, or a doubtful one; pci::info() shows them");
    }
}

/// All functions, by address; none before [`start`].
pub fn functions() -> &'static [Function] {
    FOUND.get().map_or(&[], |scan| &scan.functions)
}

/// The function at `address`.
pub fn function(address: Address) -> Option<&'static Function> {
    let functions = functions();
    let index = functions.binary_search_by_key(&address, |function| function.address);
    functions.get(index.ok()?)
}
