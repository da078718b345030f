//! What a driver does with the function that it was given.

use core::fmt;

use drivers::pci::bar::{Bar, Kind, Missing};
use drivers::pci::header::Layout;
use drivers::pci::msi::{self, Msi};
use drivers::pci::msix::{self, MsiX, Table};
use drivers::pci::power_state::{self, State};
use drivers::pci::scan::Function;
use drivers::pci::{Message, bridge, capability, command, reset};
use hw::mmio::Mmio;

use super::super::driver_task::FiberClock;
use super::space::{self, Space};
use crate::arch::port::Ports;
use crate::memory::{Physical, window};

/// Why a function cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It has no such range.
    NoBar(u8),
    /// The range has no place.
    Unassigned(u8, Missing),
    /// The range is of another kind than the driver knows.
    WrongKind(u8),
    /// The range ends earlier.
    TooSmall(u8),
    /// The range cannot be mapped.
    Unmappable(window::Error),
    /// It cannot interrupt by message.
    NoMessages,
    /// Its table of messages has no such entry.
    NoEntry(msix::NoSuchEntry),
    /// It cannot send such a message.
    BadMessage(msi::Error),
    /// It stays off.
    Power(power_state::Refused),
    /// It was not reset.
    Reset(reset::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBar(index) => write!(out, "it has no BAR {index}"),
            Self::Unassigned(index, missing) => write!(out, "BAR {index} cannot be used: {missing}"),
            Self::WrongKind(index) => write!(out, "BAR {index} is of the wrong kind"),
            Self::TooSmall(index) => write!(out, "BAR {index} is too small"),
            Self::Unmappable(window::Error::NoSuchAddress) => out.write_str("the processor cannot reach its address"),
            Self::Unmappable(window::Error::OutOfFrames) => out.write_str("there is no memory to map it"),
            Self::NoMessages => out.write_str("it cannot interrupt by message"),
            Self::NoEntry(error) => write!(out, "{error}"),
            Self::BadMessage(error) => write!(out, "{error}"),
            Self::Power(error) => write!(out, "{error}"),
            Self::Reset(error) => write!(out, "{error}"),
        }
    }
}

fn place(bar: &Bar) -> Result<u64, Error> {
    bar.place().map_err(|missing| Error::Unassigned(bar.index, missing))
}

/// A function in a driver's hands.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    function: &'static Function,
    space: &'static Space,
}

impl Device {
    /// `function` for its driver; `None` before there is a bus.
    pub fn new(function: &'static Function) -> Option<Self> {
        let space = space::get()?;
        Some(Self { function, space })
    }

    /// What the scan found.
    pub fn function(&self) -> &'static Function {
        self.function
    }

    /// The configuration space, for what has no call here.
    pub fn space(&self) -> &'static Space {
        self.space
    }

    /// *Task*: turns the function on.
    ///
    /// # Errors
    ///
    /// [`Error::Power`].
    pub fn power_on(&self) -> Result<(), Error> {
        match self.function.capability(capability::POWER) {
            Some(power) => power_state::set(self.space, self.function.address, power.offset, State::D0, &FiberClock)
                .map_err(Error::Power),
            None => Ok(()),
        }
    }

    /// *Task*: resets the function; nothing that it did goes on. Map its ranges and its messages again afterwards.
    ///
    /// # Errors
    ///
    /// [`Error::Reset`].
    pub fn reset(&self) -> Result<(), Error> {
        let capabilities = &self.function.capabilities;
        reset::reset(self.space, self.function.address, capabilities, &FiberClock).map_err(Error::Reset)
    }

    /// `bytes` of the memory range `index` from `offset` on, mapped for good; the function answers there from now on.
    /// No register may be mapped twice.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn map(&self, index: u8, offset: u64, bytes: usize) -> Result<Mmio, Error> {
        let bar = self.function.bar(index).ok_or(Error::NoBar(index))?;
        if bar.kind == Kind::Io {
            return Err(Error::WrongKind(index));
        }
        let place = place(bar)?;
        let end = offset.checked_add(bytes as u64).ok_or(Error::TooSmall(index))?;
        if end > bar.size_bytes {
            return Err(Error::TooSmall(index));
        }
        let start = place
            .checked_add(offset)
            .ok_or(Error::Unmappable(window::Error::NoSuchAddress))?;
        let registers = window::registers(Physical(start), bytes).map_err(Error::Unmappable)?;
        self.allow(command::MEMORY);
        Ok(registers)
    }

    /// The range of ports `index`; the function answers there from now on.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn ports(&self, index: u8) -> Result<Ports, Error> {
        let bar = self.function.bar(index).ok_or(Error::NoBar(index))?;
        if bar.kind != Kind::Io {
            return Err(Error::WrongKind(index));
        }
        let base = u16::try_from(place(bar)?).map_err(|_| Error::Unmappable(window::Error::NoSuchAddress))?;
        self.allow(command::IO);
        Ok(Ports::of_device(base))
    }

    /// Lets the function read and write memory by itself, and send messages.
    pub fn enable_bus_mastering(&self) {
        self.allow(command::BUS_MASTER);
    }

    /// Sets bits of the command register, of every bridge in front as well: it hands on only what it may do itself.
    fn allow(&self, bits: u16) {
        let mut next = Some(self.function);
        // A bridge is always on a bus of a lower number.
        while let Some(function) = next {
            if function.header.layout == Layout::Bridge {
                bridge::allow(self.space, function.address, bits);
            } else {
                command::change(self.space, function.address, bits, 0);
            }
            next = function.parent.and_then(super::function);
        }
    }

    /// Lets the function raise its interrupt line: for those that cannot interrupt by message.
    pub fn use_line(&self) {
        command::change(self.space, self.function.address, 0, command::LINE_OFF);
    }

    /// How the function interrupts by message: by a table where it has one, else by its only message. Nothing is sent
    /// before [`Messages::enable`].
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn messages(&self) -> Result<Messages, Error> {
        let address = self.function.address;
        let kind = if let Some(found) = self.function.capability(capability::MSIX) {
            let capability = MsiX::read(self.space, address, found.offset);
            let place = capability.table;
            let registers = self.map(place.bar, place.offset.into(), capability.table_bytes())?;
            capability.enable_masked(self.space, address);
            let table = Table::new(registers, capability.entries);
            Kinds::Table { capability, table }
        } else if let Some(found) = self.function.capability(capability::MSI) {
            Kinds::One(Msi::read(self.space, address, found.offset))
        } else {
            return Err(Error::NoMessages);
        };
        Ok(Messages { device: *self, kind })
    }

    /// Takes the function back from a driver that has failed: it masters no bus and raises no interrupt.
    pub fn release(&self) {
        let address = self.function.address;
        command::change(self.space, address, command::LINE_OFF, command::BUS_MASTER);
        if let Some(found) = self.function.capability(capability::MSIX) {
            MsiX::read(self.space, address, found.offset).disable(self.space, address);
        }
        if let Some(found) = self.function.capability(capability::MSI) {
            Msi::read(self.space, address, found.offset).disable(self.space, address);
        }
    }
}

#[derive(Debug)]
enum Kinds {
    One(Msi),
    Table { capability: MsiX, table: Table<Mmio> },
}

/// A function's interrupts by message.
#[derive(Debug)]
pub struct Messages {
    device: Device,
    kind: Kinds,
}

impl Messages {
    /// Messages that it can tell apart and that are used here: the table's entries, or 1.
    pub fn count(&self) -> u16 {
        match &self.kind {
            Kinds::One(_) => 1,
            Kinds::Table { table, .. } => table.entries(),
        }
    }

    /// Lets the function send `message` for its interrupt `entry`. Of a function without a table the only one is 0, and
    /// it is on at once.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn set(&self, entry: u16, message: Message) -> Result<(), Error> {
        match &self.kind {
            Kinds::Table { table, .. } => table.write(entry, message).map_err(Error::NoEntry),
            Kinds::One(_) if entry != 0 => Err(Error::NoEntry(msix::NoSuchEntry { entry, entries: 1 })),
            Kinds::One(msi) => msi
                .enable(self.device.space, self.device.function.address, message)
                .map_err(Error::BadMessage),
        }
    }

    /// Lets the function send its messages, and turns its interrupt line off. Messages are writes to memory, so it
    /// masters the bus from now on.
    pub fn enable(&self) {
        let address = self.device.function.address;
        self.device.enable_bus_mastering();
        command::change(self.device.space, address, command::LINE_OFF, 0);
        if let Kinds::Table { capability, .. } = &self.kind {
            capability.enable(self.device.space, address);
        }
    }
}
