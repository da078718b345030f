//! `pci`: the bus that the machine's devices are on.

use alloc::format;
use alloc::string::String;

use services::interrupts::InterruptInfo;
use services::pci::{self, Bar, Bridge, Capability, Details, Entry, Messages, Window};
use services::value::Value;

use super::{int, irq, param};
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, ScriptError};

const LIST: Doc = Doc {
    namespace: "pci",
    name: "list",
    params: &[],
    returns: "array",
    errors: &[],
    waits: false,
    summary: "Lists all PCI devices, those behind bridges included.",
    notes: "Maps with address (such as \"00:1f.2\": bus, device and function), vendor_id and device_id (hexadecimal text), \
            class (what kind of device it is), name (who made it, and what it is) and driver (its name, or () where none \
            runs the device). The names are those of the PCI ID database, pci-ids.ucw.cz.",
    example: Example::Shows(
        r#"pci::list().filter(|device| device.class == "Ethernet controller").map(|device| device.device_id)"#,
        r#"["8168"]"#,
    ),
};

const INFO: Doc = Doc {
    namespace: "pci",
    name: "info",
    params: &[param("address", Kind::Text, "where the device is, such as \"00:1f.2\"")],
    returns: "map",
    errors: &[
        ("invalid_address", "the text names no place on the bus"),
        ("not_found", "there is no such device"),
    ],
    waits: false,
    summary: "Tells everything that is known of a PCI device, as it is now.",
    notes: "What pci::list() has, and: vendor, device, class_id, interface, revision, subsystem, command (what the \
            device may do: answer at ports and memory, read and write memory itself, interrupt by its line), errors \
            (those on the bus that it has noted), power_state, driver_state (\"none\", \"starting: NAME\", \
            \"running: NAME\", or \"refused: NAME: REASON\"), link (PCI Express: speed and lanes now, and at most; \
            slower where they differ), interrupt (pin, the line that the firmware noted, msi and msix, waits: it \
            asks for one by its line, handled: its rows of irq::list()), bars (ranges of memory and ports: \
            assigned_by is \"firmware\" or \"rhaios\"; where it and address are (), problem says why), rom, bridge \
            (buses behind it, and its windows: address, size_bytes and assigned_by) and capabilities. What a device \
            has not is ().",
    example: Example::Shows(r#"pci::info("06:00.0").bars[0].size_bytes"#, "16384"),
};

/// Adds `pci::*`.
pub fn register(api: &mut Api) {
    api.service(&LIST, list);
    api.service(&INFO, info);
}

fn list(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let entries = context.host.pci.list().into_iter();
    Ok(Value::Array(entries.map(|entry| Value::map(short(entry))).collect()))
}

/// Everything that is known of every device.
pub(super) fn all(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let pci = context.host.pci;
    let details = pci.list().into_iter().filter_map(|entry| pci.info(&entry.address).ok());
    let interrupts = context.host.machine.interrupts();
    let maps = details.map(|details| long(details, &interrupts));
    Ok(Value::Array(maps.collect()))
}

fn info(context: &TaskContext, args: &Args<'_>) -> Result<Value, ScriptError> {
    let details = context.host.pci.info(&args.text(0));
    let details = details.map_err(|error| ScriptError::new(error.code(), error))?;
    Ok(long(details, &context.host.machine.interrupts()))
}

fn short(entry: Entry) -> [(&'static str, Value); 6] {
    [
        ("address", entry.address.into()),
        ("vendor_id", pci::id(entry.vendor_id)),
        ("device_id", pci::id(entry.device_id)),
        ("class", entry.class.into()),
        ("name", entry.name.into()),
        ("driver", entry.driver.map_or(Value::Unit, Value::from)),
    ]
}

fn long(details: Details, interrupts: &[InterruptInfo]) -> Value {
    let handled = interrupts.iter().filter(|interrupt| {
        let rest = interrupt.source.strip_prefix(details.entry.address.as_str());
        rest.is_some_and(|rest| rest.starts_with(' '))
    });
    let handled = Value::Array(handled.map(irq::as_map).collect());
    let [address, vendor_id, device_id, class, name, driver] = short(details.entry);
    let [base, sub, interface] = details.class_id;
    let subsystem = details.subsystem.map(|(vendor_id, device_id, name)| {
        Value::map([
            ("vendor_id", pci::id(vendor_id)),
            ("device_id", pci::id(device_id)),
            ("name", name.into()),
        ])
    });
    let link = details.link.map(|(now, most)| {
        Value::map([
            ("slower", (now != most).into()),
            ("now", now.into()),
            ("most", most.into()),
        ])
    });
    let rom = details.rom.map(|(address, size_bytes, is_enabled)| {
        Value::map([
            ("address", optional(address)),
            ("size_bytes", int(size_bytes)),
            ("enabled", is_enabled.into()),
        ])
    });
    Value::map([
        address,
        class,
        name,
        vendor_id,
        device_id,
        ("vendor", details.vendor.into()),
        ("device", details.device.into()),
        ("class_id", format!("{base:02x}{sub:02x}{interface:02x}").into()),
        ("interface", named(details.interface)),
        ("revision", int(details.revision)),
        ("subsystem", subsystem.unwrap_or_default()),
        driver,
        ("driver_state", details.driver_state.into()),
        (
            "command",
            Value::map([
                ("io", details.decodes_io.into()),
                ("memory", details.decodes_memory.into()),
                ("bus_master", details.is_bus_master.into()),
                ("interrupt", details.may_interrupt.into()),
            ]),
        ),
        (
            "errors",
            Value::Array(details.errors.into_iter().map(Value::from).collect()),
        ),
        ("power_state", details.power_state.map_or(Value::Unit, Value::from)),
        ("link", link.unwrap_or_default()),
        (
            "interrupt",
            Value::map([
                (
                    "pin",
                    details
                        .interrupt_pin
                        .map_or(Value::Unit, |pin| String::from(pin).into()),
                ),
                ("line", details.interrupt_line.map_or(Value::Unit, int)),
                ("msi", messages(details.msi)),
                ("msix", messages(details.msix)),
                ("waits", details.is_interrupting.into()),
                ("handled", handled),
            ]),
        ),
        ("bars", Value::Array(details.bars.into_iter().map(bar).collect())),
        ("rom", rom.unwrap_or_default()),
        ("bridge", details.bridge.map(bridge).unwrap_or_default()),
        (
            "capabilities",
            Value::Array(details.capabilities.into_iter().map(capability).collect()),
        ),
    ])
}

/// A name, or `()` where there is none.
fn named(name: String) -> Value {
    if name.is_empty() { Value::Unit } else { name.into() }
}

fn optional(address: Option<u64>) -> Value {
    address.map_or(Value::Unit, int)
}

fn messages(messages: Option<Messages>) -> Value {
    let map = |found: Messages| Value::map([("count", int(found.count)), ("enabled", found.is_enabled.into())]);
    messages.map(map).unwrap_or_default()
}

fn bar(bar: Bar) -> Value {
    let (assigned_by, problem) = match bar.assigned_by {
        Ok(who) => (who.into(), Value::Unit),
        Err(why) => (Value::Unit, why.into()),
    };
    Value::map([
        ("index", int(bar.index)),
        ("kind", bar.kind.into()),
        ("address", optional(bar.address)),
        ("size_bytes", int(bar.size_bytes)),
        ("prefetchable", bar.is_prefetchable.into()),
        ("assigned_by", assigned_by),
        ("problem", problem),
    ])
}

fn bridge(bridge: Bridge) -> Value {
    let window = |window: Option<Window>| {
        let map = |window: Window| {
            let size_bytes = window.last.saturating_sub(window.first).saturating_add(1);
            Value::map([
                ("address", int(window.first)),
                ("size_bytes", int(size_bytes)),
                ("assigned_by", window.assigned_by.into()),
            ])
        };
        window.map(map).unwrap_or_default()
    };
    Value::map([
        ("bus", int(bridge.secondary)),
        ("last_bus", int(bridge.subordinate)),
        ("io", window(bridge.io)),
        ("memory", window(bridge.memory)),
        ("prefetchable", window(bridge.prefetchable)),
    ])
}

fn capability(capability: Capability) -> Value {
    Value::map([
        ("name", capability.name.into()),
        ("offset", int(capability.offset)),
        ("details", capability.details.into()),
    ])
}
