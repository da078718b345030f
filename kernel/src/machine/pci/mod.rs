//! The PCI bus of this machine.
//!
//! | module | what it holds |
//! |---|---|
//! | [`space`] | access to the configuration space |
//! | [`device`] | what a driver does with the function that it was given |
//! | [`service`] | what scripts see |

pub mod device;
pub mod service;
pub mod space;

use drivers::pci::Address;
use drivers::pci::scan::{self, Function, Scan};
use spin::Once;

use super::firmware::Firmware;
use crate::arch::clock;

static FOUND: Once<Scan> = Once::new();

/// Finds all functions. Nothing else runs yet: a function's decoding is off for a moment while its ranges are measured.
pub fn start(firmware: &Firmware) {
    let begin_ns = clock::now_ns();
    let (space, segments) = space::start(firmware);
    let scan = scan::scan(space, &segments);
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
    FOUND.call_once(|| scan);
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
