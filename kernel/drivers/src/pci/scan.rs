//! All functions on all buses: from each segment's first bus on, behind every bridge that the firmware has given buses.
//!
//! Whatever the registers say, the scan ends: no bus is looked at twice, and the number of functions is limited.

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use hw::pci::{Address, ConfigSpace};

use super::bar::{self, Bar, Rom};
use super::bridge::{self, Bridge};
use super::capability::{self, Capability};
use super::express;
use super::header::{Header, Layout};

/// So many functions are looked at; far more than any PC has.
pub const FUNCTIONS_LIMIT: usize = 1024;
/// So many problems are kept.
const PROBLEMS_LIMIT: usize = 16;

/// A function, as the scan found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Where it is.
    pub address: Address,
    /// The bridge that it is behind; `None` on a segment's first bus.
    pub parent: Option<Address>,
    /// What it says of itself.
    pub header: Header,
    /// Subsystem's vendor and number.
    pub subsystem: Option<(u16, u16)>,
    /// Its ranges.
    pub bars: Vec<Bar>,
    /// Its ROM.
    pub rom: Option<Rom>,
    /// Of a bridge: what is behind it.
    pub bridge: Option<Bridge>,
    /// What else it can do.
    pub capabilities: Vec<Capability>,
}

impl Function {
    /// The first capability `id` of the standard list.
    pub fn capability(&self, id: u16) -> Option<Capability> {
        capability::find(&self.capabilities, id)
    }

    /// The range of the register `index`.
    pub fn bar(&self, index: u8) -> Option<&Bar> {
        self.bars.iter().find(|bar| bar.index == index)
    }

    fn read(space: &(impl ConfigSpace + ?Sized), address: Address, parent: Option<Address>, header: Header) -> Self {
        let (bars, rom) = bar::read(space, address, &header);
        let capabilities = capability::list(space, address, &header);
        let of_bridge = || {
            let both = space.read32(
                address,
                capability::find(&capabilities, capability::SUBSYSTEM)?.offset + 4,
            );
            Some((both as u16, (both >> 16) as u16))
        };
        Self {
            address,
            parent,
            header,
            subsystem: header.read_subsystem(space, address).or_else(of_bridge),
            bars,
            rom,
            bridge: match header.layout {
                Layout::Bridge => Some(bridge::read(space, address)),
                Layout::CardBus => Some(bridge::read_cardbus(space, address)),
                Layout::Device | Layout::Other(_) => None,
            },
            capabilities,
        }
    }
}

/// A hierarchy of buses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its number.
    pub number: u16,
    /// The bus that the processor is on.
    pub first_bus: u8,
    /// The last bus that can be reached.
    pub last_bus: u8,
}

/// What is wrong with the buses; the rest is used all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The firmware has given the bridge no bus, so what is behind it cannot be reached.
    NoBus(Address),
    /// The bridge claims a bus that it cannot have.
    BadBus(Address, u8),
    /// There are more functions than are looked at.
    TooMany,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBus(address) => write!(
                out,
                "{address}: the firmware has given this bridge no bus; what is behind it stays out of reach"
            ),
            Self::BadBus(address, bus) => {
                write!(out, "{address}: this bridge claims bus {bus:02x}, which it cannot have")
            }
            Self::TooMany => write!(out, "only the first {FUNCTIONS_LIMIT} functions are used"),
        }
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// All functions, in the order of their addresses.
    pub functions: Vec<Function>,
    /// What is wrong with the buses.
    pub problems: Vec<Problem>,
}

/// A bus to be looked at.
#[derive(Clone, Copy)]
struct Todo {
    bus: u8,
    /// The bridge in front of it.
    parent: Option<Address>,
    /// Devices that can be on it.
    devices: u8,
    /// The highest bus that a bridge on it can have.
    last_bus: u8,
}

/// Finds all functions.
pub fn scan(space: &(impl ConfigSpace + ?Sized), segments: &[Segment]) -> Scan {
    let mut scan = Scan::default();
    for segment in segments {
        scan_segment(space, segment, &mut scan);
    }
    scan.functions.sort_unstable_by_key(|function| function.address);
    scan.functions.dedup_by_key(|function| function.address);
    scan
}

fn scan_segment(space: &(impl ConfigSpace + ?Sized), segment: &Segment, scan: &mut Scan) {
    let mut is_known = vec![false; 256];
    let mut todo = VecDeque::from([Todo {
        bus: segment.first_bus,
        parent: None,
        devices: 32,
        last_bus: segment.last_bus,
    }]);
    is_known[usize::from(segment.first_bus)] = true;
    while let Some(bus) = todo.pop_front() {
        for device in 0..bus.devices {
            for function in functions_of(space, segment.number, bus, device) {
                if scan.functions.len() == FUNCTIONS_LIMIT {
                    note(scan, Problem::TooMany);
                    return;
                }
                let next = behind(space, &function, bus, &mut is_known);
                scan.functions.push(function);
                match next {
                    Ok(next) => todo.extend(next),
                    Err(problem) => note(scan, problem),
                }
            }
        }
    }
}

fn note(scan: &mut Scan, problem: Problem) {
    // That not everything was found is never lost.
    let is_last = problem == Problem::TooMany && !scan.problems.contains(&problem);
    if scan.problems.len() < PROBLEMS_LIMIT || is_last {
        scan.problems.push(problem);
    }
}

/// The functions of one device.
fn functions_of(
    space: &(impl ConfigSpace + ?Sized),
    segment: u16,
    bus: Todo,
    device: u8,
) -> impl Iterator<Item = Function> {
    let at = move |function| Address {
        segment,
        bus: bus.bus,
        device,
        function,
    };
    let first = Header::read(space, at(0));
    // Without function 0 there are no others (PCI Local Bus 3.0, 3.2.2.3.4).
    let count = first.map_or(0, |header| if header.is_multi_function { 8 } else { 1 });
    (0..count).filter_map(move |function| {
        let header = Header::read(space, at(function))?;
        Some(Function::read(space, at(function), bus.parent, header))
    })
}

/// The bus behind `function`, if it is a bridge.
fn behind(
    space: &(impl ConfigSpace + ?Sized),
    function: &Function,
    here: Todo,
    is_known: &mut [bool],
) -> Result<Option<Todo>, Problem> {
    let Some(bridge) = &function.bridge else {
        return Ok(None);
    };
    if bridge.secondary == 0 {
        return Err(Problem::NoBus(function.address));
    }
    let index = usize::from(bridge.secondary);
    let is_possible = bridge.secondary > here.bus && bridge.secondary <= here.last_bus && !is_known[index];
    if !is_possible {
        return Err(Problem::BadBus(function.address, bridge.secondary));
    }
    is_known[index] = true;
    let port = function
        .capability(capability::EXPRESS)
        .map(|found| express::read(space, function.address, found.offset).port_type);
    let has_one = port.is_some_and(express::PortType::leads_to_one_device);
    Ok(Some(Todo {
        bus: bridge.secondary,
        parent: Some(function.address),
        devices: if has_one { 1 } else { 32 },
        last_bus: bridge.subordinate.clamp(bridge.secondary, here.last_bus),
    }))
}
