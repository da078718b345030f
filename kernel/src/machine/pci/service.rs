//! What scripts see of the bus.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use drivers::pci::bar::{self, Assignment, Bar};
use drivers::pci::bridge::Range;
use drivers::pci::header::Header;
use drivers::pci::msi::Msi;
use drivers::pci::msix::MsiX;
use drivers::pci::scan::Function;
use drivers::pci::{Address, capability, command, describe, express, power_state};
use services::pci::names::{Key, Names};
use services::pci::{Bridge, Capability, Details, Entry, Error, Messages, Pci, Window};
use spin::Once;

use super::super::binding::{self, State};
use super::space;

static NAMES: Once<Names> = Once::new();

/// Who has given a range its place.
const BY_FIRMWARE: &str = "firmware";
const BY_US: &str = "rhaios";

/// Uses the names that the boot loader has left; what is malformed is done without.
pub fn start_names(bytes: Option<&'static [u8]>) {
    match bytes.map(Names::parse) {
        Some(Ok(names)) => {
            NAMES.call_once(|| names);
        }
        Some(Err(_)) => log::warn!("names: the module is malformed; devices have numbers only"),
        None => log::warn!("names: no such module; devices have numbers only"),
    }
}

/// The bus of this machine.
pub struct ThisBus;

/// The keys of what a list shows: class, subclass, vendor, device.
fn keys(header: &Header) -> [Key; 4] {
    [
        Key::Class(header.class.base),
        Key::Subclass(header.class.base, header.class.sub),
        Key::Vendor(header.vendor_id),
        Key::Device(header.vendor_id, header.device_id),
    ]
}

fn names() -> Names {
    NAMES.get().copied().unwrap_or(Names::EMPTY)
}

fn entry(function: &Function, names: &mut impl Iterator<Item = Option<String>>) -> (Entry, String, String) {
    let header = &function.header;
    let mut next = || names.next().flatten();
    let (base, sub, vendor, device) = (next(), next(), next(), next());
    let number = || format!("class {:02x}{:02x}", header.class.base, header.class.sub);
    let name = [
        vendor
            .clone()
            .unwrap_or_else(|| format!("vendor {:04x}", header.vendor_id)),
        device
            .clone()
            .unwrap_or_else(|| format!("device {:04x}", header.device_id)),
    ];
    let entry = Entry {
        address: function.address.to_string(),
        vendor_id: header.vendor_id,
        device_id: header.device_id,
        class: sub.or(base).unwrap_or_else(number),
        name: name.join(" "),
        driver: match binding::state(function.address) {
            Some(State::Running(name)) => Some(name.to_string()),
            _ => None,
        },
    };
    (entry, vendor.unwrap_or_default(), device.unwrap_or_default())
}

impl Pci for ThisBus {
    fn list(&self) -> Vec<Entry> {
        let keys: Vec<Key> = super::functions()
            .iter()
            .flat_map(|function| keys(&function.header))
            .collect();
        let mut names = names().find(&keys).into_iter();
        super::functions()
            .iter()
            .map(|function| entry(function, &mut names).0)
            .collect()
    }

    fn info(&self, address: &str) -> Result<Details, Error> {
        let address: Address = address.parse().map_err(|_| Error::InvalidAddress)?;
        let function = super::function(address).ok_or(Error::NotFound)?;
        let space = space::get().ok_or(Error::NotFound)?;
        Ok(details(space, function))
    }
}

fn details(space: &space::Space, function: &Function) -> Details {
    let (address, header) = (function.address, &function.header);
    let class = header.class;
    let board = function.subsystem.unwrap_or_default();
    let more = [
        Key::Interface(class.base, class.sub, class.interface),
        Key::Subsystem(header.vendor_id, header.device_id, board.0, board.1),
        Key::Vendor(board.0),
    ];
    let keys: Vec<Key> = keys(header).into_iter().chain(more).collect();
    let mut names = names().find(&keys).into_iter();
    let (entry, vendor, device) = entry(function, &mut names);
    let mut next = || names.next().flatten();
    let (interface, board_name, board_vendor) = (next(), next(), next());
    let (command, status) = (command::read(space, address), command::status(space, address));
    let at = |id| function.capability(id).map(|found| found.offset);
    let express = at(capability::EXPRESS).map(|offset| express::read(space, address, offset));
    let link = express.and_then(|express| Some((express.now?, express.most?)));
    Details {
        entry,
        vendor,
        device,
        class_id: [class.base, class.sub, class.interface],
        interface: interface.unwrap_or_default(),
        revision: header.revision,
        subsystem: function.subsystem.map(|(vendor, number)| {
            let parts = board_vendor.into_iter().chain(board_name);
            (vendor, number, parts.collect::<Vec<_>>().join(" "))
        }),
        decodes_io: command & command::IO != 0,
        decodes_memory: command & command::MEMORY != 0,
        is_bus_master: command & command::BUS_MASTER != 0,
        may_interrupt: command & command::LINE_OFF == 0,
        is_interrupting: status & command::INTERRUPT != 0,
        errors: describe::errors(status).collect(),
        interrupt_pin: match header.interrupt_pin {
            pin @ 1..=4 => Some(char::from(b'A' + pin - 1)),
            _ => None,
        },
        interrupt_line: (!matches!(header.interrupt_line, 0 | 255)).then_some(header.interrupt_line),
        msi: at(capability::MSI).map(|offset| {
            let msi = Msi::read(space, address, offset);
            Messages {
                count: msi.messages.into(),
                is_enabled: msi.is_enabled,
            }
        }),
        msix: at(capability::MSIX).map(|offset| {
            let msix = MsiX::read(space, address, offset);
            Messages {
                count: msix.entries,
                is_enabled: msix.is_enabled,
            }
        }),
        power_state: at(capability::POWER).map(|offset| power_state::read(space, address, offset).to_string()),
        link: link.map(|(now, most)| (now.to_string(), most.to_string())),
        bars: function.bars.iter().map(describe_bar).collect(),
        rom: function
            .rom
            .map(|rom| (place(rom.address), rom.size_bytes, rom.is_enabled)),
        bridge: function.bridge.map(|bridge| {
            let ends = |range: Option<Range>, is_ours: bool| {
                range.map(|range| Window {
                    first: range.first,
                    last: range.last,
                    assigned_by: if is_ours { BY_US } else { BY_FIRMWARE },
                })
            };
            let opened = bridge.opened;
            Bridge {
                secondary: bridge.secondary,
                subordinate: bridge.subordinate,
                io: ends(bridge.io, opened.io),
                memory: ends(bridge.memory, opened.memory),
                prefetchable: ends(bridge.prefetchable, opened.prefetchable),
            }
        }),
        capabilities: function
            .capabilities
            .iter()
            .map(|found| Capability {
                name: describe::name(found),
                offset: found.offset,
                details: describe::details(space, address, found),
            })
            .collect(),
        driver_state: match binding::state(address) {
            None => "none".into(),
            Some(State::Starting(name)) => format!("starting: {name}"),
            Some(State::Running(name)) => format!("running: {name}"),
            Some(State::Refused(name, reason)) => format!("refused: {name}: {reason}"),
        },
    }
}

fn describe_bar(bar: &Bar) -> services::pci::Bar {
    services::pci::Bar {
        index: bar.index,
        kind: match bar.kind {
            bar::Kind::Io => "io",
            bar::Kind::Memory32 => "memory32",
            bar::Kind::Memory64 => "memory64",
        },
        address: bar.place().ok(),
        size_bytes: bar.size_bytes,
        is_prefetchable: bar.is_prefetchable,
        assigned_by: match bar.assignment {
            Assignment::Firmware => Ok(BY_FIRMWARE),
            Assignment::Kernel => Ok(BY_US),
            Assignment::Missing(missing) => Err(missing.to_string()),
        },
    }
}

/// An address that was assigned.
fn place(address: u64) -> Option<u64> {
    (address != 0).then_some(address)
}
