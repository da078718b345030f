//! `acpi`: the firmware's tables.

use alloc::string::String;
use alloc::vec::Vec;

use services::acpi::Error;
use services::facts::{Fact, Facts};
use services::value::Value;

use super::param;
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

const SIGNATURE: Param = param(
    "signature",
    Kind::Text,
    "the table's name: four letters, such as \"APIC\"; FADT and MADT are FACP and APIC",
);
const INDEX: Param = param(
    "index",
    Kind::Optional(&Kind::Int),
    "which of several tables of that name, from 0; 0 if not given",
);
const ERRORS: &[(&str, &str)] = &[
    ("unsupported", "the machine has no ACPI tables"),
    ("not_found", "there is no such table"),
    ("malformed", "the table is damaged; the message says how"),
    ("out_of_range", "the index is negative"),
];

const LIST: Doc = Doc {
    namespace: "acpi",
    name: "list",
    params: &[],
    returns: "array",
    errors: &[
        ("unsupported", "the machine has no ACPI tables"),
        ("malformed", "the list of tables is damaged"),
    ],
    waits: false,
    summary: "Lists the firmware's tables.",
    notes: "One map each: signature, address, size_bytes, revision, oem (its maker's names), checksum (whether it is \
            right; FACS has none), problem (what is wrong with it, or ()).",
    example: Example::Shows("acpi::list().filter(|t| t.signature == \"SSDT\").len()", "17"),
};

const READ: Doc = Doc {
    namespace: "acpi",
    name: "read",
    params: &[SIGNATURE, INDEX],
    returns: "blob",
    errors: ERRORS,
    waits: false,
    summary: "Returns a table's bytes.",
    notes: "All of them, with the header. A table with a wrong checksum can be read too.",
    example: Example::Shows("acpi::read(\"APIC\").len()", "300"),
};

const INFO: Doc = Doc {
    namespace: "acpi",
    name: "info",
    params: &[SIGNATURE, INDEX],
    returns: "map",
    errors: ERRORS,
    waits: false,
    summary: "Describes a table.",
    notes: "Its header: signature, size_bytes, revision, oem_id, oem_table_id, oem_revision, creator. What it says: for \
            FACP (registers, reset, buttons, devices of old PCs), APIC (processors, I/O APICs, overrides, NMIs), HPET, \
            MCFG (windows), DMAR (units, reserved_regions), FACS, XSDT and RSDT (tables); of DSDT and SSDT only \
            code_bytes and integer_bits.",
    example: Example::Shows("acpi::info(\"DMAR\").units[0].address", "\"0xfed91000\""),
};

/// Adds `acpi::*`.
pub fn register(api: &mut Api) {
    api.service(&LIST, list);
    api.service(&READ, read);
    api.service(&INFO, info);
}

pub(super) fn list(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let tables: Vec<Facts> = context.host.acpi.list().map_err(failed)?;
    Ok(Fact::list(tables, Fact::Map).into())
}

fn read(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let (signature, index) = (signature(arguments), index(arguments)?);
    Ok(Value::Blob(context.host.acpi.read(&signature, index).map_err(failed)?))
}

fn info(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let (signature, index) = (signature(arguments), index(arguments)?);
    Ok(Fact::Map(context.host.acpi.info(&signature, index).map_err(failed)?).into())
}

/// The signature that was asked for. Two tables are known by another name than theirs (ACPI 6.5, 5.2.9 and 5.2.12).
fn signature(arguments: &Args<'_>) -> String {
    let signature = arguments.text(0);
    match signature.as_str() {
        "FADT" => "FACP".into(),
        "MADT" => "APIC".into(),
        _ => signature,
    }
}

fn index(arguments: &Args<'_>) -> Result<usize, ScriptError> {
    Ok(arguments.count(1, "index")?.try_into().unwrap_or(usize::MAX))
}

fn failed(error: Error) -> ScriptError {
    ScriptError::new(error.code(), error)
}
