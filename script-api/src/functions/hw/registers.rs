//! Peeks and pokes: ports, device memory, PCI configuration space, model-specific registers.
//!
//! Everything that can be told without the machine is checked here, so that a wrong call is refused the same way
//! everywhere.

use alloc::format;

use services::raw::{Address, Raw, Width};
use services::task::Hardware;
use services::value::Value;

use super::super::param;
use super::{HW, not_allowed};
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

const PORT: Param = param("port", Kind::Int, "0 to 0xffff");
const PORT_BITS: Param = param("width_bits", Kind::Int, "8, 16 or 32");
const ADDRESS: Param = param("address", Kind::Int, "a physical address, a multiple of the width");
const BITS: Param = param("width_bits", Kind::Int, "8, 16, 32 or 64");
const FUNCTION: Param = param("address", Kind::Text, "a function, such as \"00:1f.2\"");
const OFFSET: Param = param("offset", Kind::Int, "0 to 0xfff, a multiple of the width");
const REGISTER: Param = param("register", Kind::Int, "its number, 0 to 0xffffffff");
const VALUE: Param = param("value", Kind::Int, "what to write; it fits into the width");
const WHOLE: Param = param("value", Kind::Int, "all 64 bits; the highest is the sign");

const LOCKED: (&str, &str) = ("locked", "hw::unlock() was not called in this session");
const OUT_OF_RANGE: (&str, &str) = ("out_of_range", "an argument is not what its description says");
const UNALIGNED: (&str, &str) = ("unaligned", "the address or offset is no multiple of the width");
const NOT_AVAILABLE: (&str, &str) = ("not_available", "the machine has no such register, or refuses it");
const NOT_FOUND: (&str, &str) = ("not_found", "no PCI function is there");
const BAD_ADDRESS: (&str, &str) = ("bad_address", "the processor has no such address");
const IS_RAM: (&str, &str) = ("is_ram", "the kernel manages the memory there");

const PORT_ERRORS: &[(&str, &str)] = &[LOCKED, OUT_OF_RANGE, UNALIGNED];
const MMIO_ERRORS: &[(&str, &str)] = &[LOCKED, OUT_OF_RANGE, UNALIGNED, BAD_ADDRESS, IS_RAM];
const CONFIG_ERRORS: &[(&str, &str)] = &[
    LOCKED,
    OUT_OF_RANGE,
    UNALIGNED,
    NOT_FOUND,
    NOT_AVAILABLE,
    ("bad_address", "the text names no PCI function"),
];
const MSR_ERRORS: &[(&str, &str)] = &[LOCKED, OUT_OF_RANGE, NOT_AVAILABLE];
const OF_64_BITS: &str = "64 bits come as an int whose sign is the highest bit; value.to_hex() shows them.";

const READ_PORT: Doc = Doc {
    name: "read_port",
    params: &[PORT, PORT_BITS],
    returns: "int",
    errors: PORT_ERRORS,
    summary: "Reads an I/O port.",
    notes: "Reading may change what a device does next. A port that no device answers reads as ones.",
    example: Example::Shows(
        "hw::unlock(); hw::write_port(0x70, 8, 0x0d); hw::read_port(0x71, 8)",
        "128",
    ),
    ..HW
};
const WRITE_PORT: Doc = Doc {
    name: "write_port",
    params: &[PORT, PORT_BITS, VALUE],
    returns: "()",
    errors: PORT_ERRORS,
    summary: "Writes an I/O port.",
    example: Example::Shows("hw::unlock(); hw::write_port(0x80, 8, 0)", ""),
    ..HW
};
const READ_MMIO: Doc = Doc {
    name: "read_mmio",
    params: &[ADDRESS, BITS],
    returns: "int",
    errors: MMIO_ERRORS,
    summary: "Reads a device's memory in one access.",
    notes: OF_64_BITS,
    example: Example::Shows("hw::unlock(); hw::read_mmio(0xfee00030, 32).to_hex()", "\"50014\""),
    ..HW
};
const WRITE_MMIO: Doc = Doc {
    name: "write_mmio",
    params: &[ADDRESS, BITS, VALUE],
    returns: "()",
    errors: MMIO_ERRORS,
    summary: "Writes a device's memory in one access.",
    example: Example::Shows("hw::unlock(); hw::write_mmio(0xfee00080, 32, 0)", ""),
    ..HW
};
const READ_CONFIG: Doc = Doc {
    name: "read_config",
    params: &[FUNCTION, OFFSET, PORT_BITS],
    returns: "int",
    errors: CONFIG_ERRORS,
    summary: "Reads a PCI function's configuration space.",
    example: Example::Shows("hw::unlock(); hw::read_config(\"00:00.0\", 0, 16).to_hex()", "\"8086\""),
    ..HW
};
const WRITE_CONFIG: Doc = Doc {
    name: "write_config",
    params: &[FUNCTION, OFFSET, PORT_BITS, VALUE],
    returns: "()",
    errors: CONFIG_ERRORS,
    summary: "Writes a PCI function's configuration space.",
    example: Example::Shows("hw::unlock(); hw::write_config(\"00:00.0\", 0x0c, 8, 16)", ""),
    ..HW
};
const READ_MSR: Doc = Doc {
    name: "read_msr",
    params: &[REGISTER],
    returns: "int",
    errors: MSR_ERRORS,
    summary: "Reads a model-specific register of the core that the task runs on.",
    notes: OF_64_BITS,
    example: Example::Shows("hw::unlock(); hw::read_msr(0x1b).to_hex()", "\"fee00900\""),
    ..HW
};
const WRITE_MSR: Doc = Doc {
    name: "write_msr",
    params: &[REGISTER, WHOLE],
    returns: "()",
    errors: MSR_ERRORS,
    summary: "Writes a model-specific register of the core that the task runs on.",
    notes: "What the processor refuses is `not_available`; what it takes may stop the machine.",
    example: Example::Shows("hw::unlock(); hw::write_msr(0x10, 0)", ""),
    ..HW
};

/// Adds the peeks and pokes.
pub(super) fn register(api: &mut Api) {
    api.service(&READ_PORT, |context, arguments| {
        let raw = unlocked(context)?;
        let (port, width) = port(arguments)?;
        result(raw.read_port(port, width))
    });
    api.service(&WRITE_PORT, |context, arguments| {
        let raw = unlocked(context)?;
        let (port, width) = port(arguments)?;
        done(raw.write_port(port, width, value(arguments, 2, width)?))
    });
    api.service(&READ_MMIO, |context, arguments| {
        let raw = unlocked(context)?;
        let (address, width) = address(arguments)?;
        result(raw.read_mmio(address, width))
    });
    api.service(&WRITE_MMIO, |context, arguments| {
        let raw = unlocked(context)?;
        let (address, width) = address(arguments)?;
        done(raw.write_mmio(address, width, value(arguments, 2, width)?))
    });
    api.service(&READ_CONFIG, |context, arguments| {
        let raw = unlocked(context)?;
        let (function, offset, width) = place(arguments)?;
        result(raw.read_config(function, offset, width))
    });
    api.service(&WRITE_CONFIG, |context, arguments| {
        let raw = unlocked(context)?;
        let (function, offset, width) = place(arguments)?;
        done(raw.write_config(function, offset, width, value(arguments, 3, width)?))
    });
    api.service(&READ_MSR, |context, arguments| {
        let raw = unlocked(context)?;
        result(raw.read_msr(within(arguments, 0, "register", u32::MAX.into())? as u32))
    });
    api.service(&WRITE_MSR, |context, arguments| {
        let raw = unlocked(context)?;
        let register = within(arguments, 0, "register", u32::MAX.into())? as u32;
        done(raw.write_msr(register, arguments.int(1) as u64))
    });
}

/// The machine's registers, if the session may touch them.
fn unlocked(context: &TaskContext) -> Result<&'static dyn Raw, ScriptError> {
    match context.control.hardware() {
        Hardware::Forbidden => return Err(not_allowed()),
        Hardware::Locked => {
            let message = "registers are locked in this session; hw::unlock() opens them";
            return Err(ScriptError::new("locked", message));
        }
        Hardware::Unlocked => {}
    }
    let missing = || ScriptError::new("not_available", "this machine's registers belong to another system");
    context.host.raw.ok_or_else(missing)
}

fn within(arguments: &Args<'_>, index: usize, name: &str, most: u64) -> Result<u64, ScriptError> {
    let number = arguments.count(index, name)?;
    if number <= most {
        return Ok(number);
    }
    let message = format!("{name} must not be above {most:#x}, but is {number:#x}");
    Err(ScriptError::new("out_of_range", message))
}

/// A width, which is no larger than `largest`.
fn width(arguments: &Args<'_>, index: usize, largest: Width) -> Result<Width, ScriptError> {
    let bits = arguments.int(index);
    let width = Width::of_bits(bits).filter(|width| width.bits() <= largest.bits());
    width.ok_or_else(|| {
        let words = if largest == Width::Bits64 {
            "8, 16, 32 or 64"
        } else {
            "8, 16 or 32"
        };
        ScriptError::new(
            "out_of_range",
            format_args!("width_bits must be {words}, but is {bits}"),
        )
    })
}

fn aligned(name: &str, address: u64, width: Width) -> Result<(), ScriptError> {
    let bytes = width.bytes();
    if address.is_multiple_of(bytes.into()) {
        return Ok(());
    }
    let bits = width.bits();
    let message = format!("{name} {address:#x} is no multiple of {bytes}, which {bits} bits need");
    Err(ScriptError::new("unaligned", message))
}

fn value(arguments: &Args<'_>, index: usize, width: Width) -> Result<u64, ScriptError> {
    if width == Width::Bits64 {
        return Ok(arguments.int(index) as u64);
    }
    within(arguments, index, "value", width.largest())
}

fn port(arguments: &Args<'_>) -> Result<(u16, Width), ScriptError> {
    let port = within(arguments, 0, "port", u16::MAX.into())?;
    let width = width(arguments, 1, Width::Bits32)?;
    aligned("port", port, width)?;
    Ok((port as u16, width))
}

fn address(arguments: &Args<'_>) -> Result<(u64, Width), ScriptError> {
    let address = arguments.count(0, "address")?;
    let width = width(arguments, 1, Width::Bits64)?;
    aligned("address", address, width)?;
    Ok((address, width))
}

fn place(arguments: &Args<'_>) -> Result<(Address, u16, Width), ScriptError> {
    const LAST_OFFSET: u64 = 0xfff;
    let function: Address = arguments
        .text(0)
        .parse()
        .map_err(|error| ScriptError::new("bad_address", error))?;
    let offset = within(arguments, 1, "offset", LAST_OFFSET)?;
    let width = width(arguments, 2, Width::Bits32)?;
    aligned("offset", offset, width)?;
    Ok((function, offset as u16, width))
}

fn result(read: Result<u64, services::raw::Error>) -> Result<Value, ScriptError> {
    // All 64 bits are kept; the highest becomes the sign.
    read.map(|value| Value::Int(value as i64))
        .map_err(|error| ScriptError::new(error.code(), error))
}

fn done(written: Result<(), services::raw::Error>) -> Result<Value, ScriptError> {
    result(written.map(|()| 0)).map(|_| Value::Unit)
}
