//! What scripts see of the PCI bus.
//!
//! | module | what it holds |
//! |---|---|
//! | [`names`] | names of vendors, devices and classes, packed |

pub mod names;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::value::Value;

/// One function, in short.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Where it is, such as `00:1f.2`.
    pub address: String,
    /// Who made it, as a number.
    pub vendor_id: u16,
    /// What it is, as a number.
    pub device_id: u16,
    /// What kind of function it is, such as `SATA controller`.
    pub class: String,
    /// Vendor and device in words; numbers where they have none.
    pub name: String,
    /// The driver that runs it.
    pub driver: Option<String>,
}

/// A range of memory or ports that a function answers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Number of its register, 0 to 5.
    pub index: u8,
    /// `io`, `memory32` or `memory64`.
    pub kind: &'static str,
    /// Physical address or first port; `None` where none is assigned.
    pub address: Option<u64>,
    /// Bytes or ports.
    pub size_bytes: u64,
    /// Reading has no side effects.
    pub is_prefetchable: bool,
    /// Who has given it its place, `firmware` or `rhaios`; where it has none, why.
    pub assigned_by: Result<&'static str, String>,
}

/// Addresses that a bridge hands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// Who has opened it, `firmware` or `rhaios`.
    pub assigned_by: &'static str,
}

/// What a bridge leads to. A window that is closed is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bridge {
    /// The bus right behind it.
    pub secondary: u8,
    /// The highest bus behind it.
    pub subordinate: u8,
    /// Window of ports.
    pub io: Option<Window>,
    /// Window of memory.
    pub memory: Option<Window>,
    /// Window of prefetchable memory.
    pub prefetchable: Option<Window>,
}

/// One capability, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capability {
    /// What it is.
    pub name: &'static str,
    /// Where it is in the configuration space.
    pub offset: u16,
    /// What it says; may be empty.
    pub details: String,
}

/// How a function interrupts by message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// Messages that it can tell apart.
    pub count: u16,
    /// It sends them.
    pub is_enabled: bool,
}

/// Everything that is known of one function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// What lists show.
    pub entry: Entry,
    /// The vendor's name; empty where it has none.
    pub vendor: String,
    /// The device's name; empty where it has none.
    pub device: String,
    /// Base class, subclass, interface.
    pub class_id: [u8; 3],
    /// The register interface's name; empty where it has none.
    pub interface: String,
    /// Revision of the device.
    pub revision: u8,
    /// Vendor, number and name of the subsystem: the board that the device is on.
    pub subsystem: Option<(u16, u16, String)>,
    /// It answers at its ports, at its memory, and may read and write memory itself.
    pub decodes_io: bool,
    /// It answers at its memory.
    pub decodes_memory: bool,
    /// It may read and write memory by itself.
    pub is_bus_master: bool,
    /// It may raise its interrupt line.
    pub may_interrupt: bool,
    /// It asks for an interrupt by its line, whether it may raise it or not.
    pub is_interrupting: bool,
    /// Errors on the bus that it has noted.
    pub errors: Vec<&'static str>,
    /// Interrupt pin, `A` to `D`.
    pub interrupt_pin: Option<char>,
    /// Interrupt line as the firmware noted it.
    pub interrupt_line: Option<u8>,
    /// One interrupt by message, or a few.
    pub msi: Option<Messages>,
    /// Many interrupts by message.
    pub msix: Option<Messages>,
    /// `d0` to `d3hot`; `None` for functions that know no power states.
    pub power_state: Option<String>,
    /// Speed and width of the PCI Express link now, and what it can do at most.
    pub link: Option<(String, String)>,
    /// Its ranges.
    pub bars: Vec<Bar>,
    /// Address, size and whether it answers, of its ROM.
    pub rom: Option<(Option<u64>, u64, bool)>,
    /// Of a bridge, what is behind it.
    pub bridge: Option<Bridge>,
    /// Its capabilities.
    pub capabilities: Vec<Capability>,
    /// What became of its driver: `none`, `starting`, `running`, or `refused: ` and why.
    pub driver_state: String,
}

/// Why nothing can be said of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The text names no place on the bus.
    InvalidAddress,
    /// There is no such function.
    NotFound,
}

impl Error {
    /// The stable name that scripts see.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidAddress => "invalid_address",
            Self::NotFound => "not_found",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidAddress => hw::pci::InvalidAddress.fmt(out),
            Self::NotFound => out.write_str("there is no such device; pci::list() shows all"),
        }
    }
}

/// The bus.
pub trait Pci: Send + Sync {
    /// All functions, by address. None where there is no such bus.
    fn list(&self) -> Vec<Entry>;

    /// Everything that is known of the function at `address`, as it is now.
    ///
    /// # Errors
    ///
    /// [`Error`].
    fn info(&self, address: &str) -> Result<Details, Error>;
}

/// A machine without such a bus.
pub struct NoBus;

impl Pci for NoBus {
    fn list(&self) -> Vec<Entry> {
        Vec::new()
    }

    fn info(&self, address: &str) -> Result<Details, Error> {
        address
            .parse::<hw::pci::Address>()
            .map_err(|_| Error::InvalidAddress)
            .and(Err(Error::NotFound))
    }
}

/// A number of the bus as scripts have it: four hexadecimal digits, lower case.
pub fn id(number: u16) -> Value {
    Value::Text(alloc::format!("{number:04x}"))
}
