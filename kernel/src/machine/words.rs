//! What drivers found out about the processor and the machine, as the maps that scripts see.

use alloc::format;
use alloc::vec::Vec;

use drivers::cpuid::caches::Cache;
use drivers::cpuid::{Leaves, Processor};
use drivers::smbios::parts::{Bios, Board, Chassis, Description, MemoryDevice, Socket, System};
use services::value::Value;

fn int(number: impl TryInto<i64>) -> Value {
    Value::Int(number.try_into().unwrap_or(i64::MAX))
}

fn int_or_unit(number: Option<impl TryInto<i64>>) -> Value {
    number.map_or(Value::Unit, int)
}

/// A number that is 0 where it is not told.
fn told(number: impl Into<u64>) -> Value {
    int_or_unit(Some(number.into()).filter(|number| *number != 0))
}

/// The facts about the processor; `packages` are those that have a processor that works.
pub(super) fn processor<L: Leaves>(
    processor: &Processor<L>,
    microcode: Option<u32>,
    packages: usize,
) -> Vec<(&'static str, Value)> {
    let topology = processor.topology();
    let topology = Value::map([
        ("packages", int(packages)),
        ("cores_per_package", int(topology.cores_per_package)),
        ("threads_per_core", int(topology.threads_per_core)),
        ("threads_per_package", int(topology.threads_per_package)),
    ]);
    let (rates, widths) = (processor.rates(), processor.widths());
    let microcode = microcode.map_or(Value::Unit, |revision| format!("{revision:#x}").into());
    Vec::from([
        ("microarchitecture", processor.microarchitecture().into()),
        ("microcode", microcode),
        ("topology", topology),
        ("caches", Value::Array(processor.caches().iter().map(cache).collect())),
        ("physical_bits", int(widths.physical_bits)),
        ("virtual_bits", int(widths.virtual_bits)),
        ("base_mhz", int_or_unit(rates.base_mhz)),
        ("max_mhz", int_or_unit(rates.max_mhz)),
        ("bus_mhz", int_or_unit(rates.bus_mhz)),
        ("crystal_hz", int_or_unit(rates.crystal_hz)),
    ])
}

fn cache(cache: &Cache) -> Value {
    Value::map([
        ("level", int(cache.level)),
        ("kind", cache.kind.name().into()),
        ("size_bytes", int(cache.size_bytes)),
        ("ways", int(cache.ways)),
        ("line_bytes", int(cache.line_bytes)),
        ("shared_by", int(cache.shared_by)),
    ])
}

/// The firmware's description.
pub(super) fn description(all: &Description) -> Value {
    let part = |value: Option<Value>| value.unwrap_or_default();
    Value::map([
        ("bios", part(all.bios.as_ref().map(bios))),
        ("system", part(all.system.as_ref().map(system))),
        ("board", part(all.board.as_ref().map(board))),
        ("chassis", part(all.chassis.as_ref().map(chassis))),
        ("processors", Value::Array(all.processors.iter().map(socket).collect())),
        ("memory_devices", Value::Array(all.memory.iter().map(memory).collect())),
    ])
}

fn text(text: &str) -> Value {
    text.into()
}

fn bios(bios: &Bios) -> Value {
    Value::map([
        ("vendor", text(&bios.vendor)),
        ("version", text(&bios.version)),
        ("date", text(&bios.date)),
    ])
}

fn system(system: &System) -> Value {
    Value::map([
        ("maker", text(&system.maker)),
        ("product", text(&system.product)),
        ("version", text(&system.version)),
        ("serial", text(&system.serial)),
        ("sku", text(&system.sku)),
        ("family", text(&system.family)),
        ("uuid", text(&system.uuid)),
    ])
}

fn board(board: &Board) -> Value {
    Value::map([
        ("maker", text(&board.maker)),
        ("product", text(&board.product)),
        ("version", text(&board.version)),
        ("serial", text(&board.serial)),
    ])
}

fn chassis(chassis: &Chassis) -> Value {
    Value::map([
        ("maker", text(&chassis.maker)),
        ("kind", chassis.kind.into()),
        ("version", text(&chassis.version)),
        ("serial", text(&chassis.serial)),
    ])
}

fn socket(socket: &Socket) -> Value {
    Value::map([
        ("name", text(&socket.name)),
        ("maker", text(&socket.maker)),
        ("version", text(&socket.version)),
        ("max_mhz", told(socket.max_mhz)),
        ("mhz", told(socket.mhz)),
        ("cores", told(socket.cores)),
        ("threads", told(socket.threads)),
    ])
}

fn memory(device: &MemoryDevice) -> Value {
    Value::map([
        ("slot", text(&device.slot)),
        ("bank", text(&device.bank)),
        ("size_bytes", int_or_unit(device.size_bytes)),
        ("form", device.form.into()),
        ("kind", device.kind.into()),
        ("speed_mts", told(device.speed_mts)),
        ("configured_speed_mts", told(device.configured_speed_mts)),
        ("maker", text(&device.maker)),
        ("serial", text(&device.serial)),
        ("part", text(&device.part)),
    ])
}
