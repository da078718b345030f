//! `power`: off, reboot, and how they are done.

use services::facts::Fact;
use services::host::{self, PowerError};
use services::value::Value;

use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, ScriptError};

const ERRORS: &[(&str, &str)] = &[
    ("unsupported", "the firmware describes no way to do this"),
    ("no_effect", "the machine did not react"),
];

const OFF: Doc = Doc {
    namespace: "power",
    name: "off",
    params: &[],
    returns: "()",
    errors: ERRORS,
    waits: true,
    summary: "Turns the machine off.",
    notes: "Waits until everything printed has been sent. Returns only by an error.",
    example: Example::DoesNotReturn("power::off()"),
};

const REBOOT: Doc = Doc {
    namespace: "power",
    name: "reboot",
    params: &[],
    returns: "()",
    errors: ERRORS,
    waits: true,
    summary: "Restarts the machine.",
    notes: "Waits until everything printed has been sent. Returns only by an error.",
    example: Example::DoesNotReturn("power::reboot()"),
};

const INFO: Doc = Doc {
    namespace: "power",
    name: "info",
    params: &[],
    returns: "map",
    errors: &[],
    waits: false,
    summary: "Tells how the machine is turned off and started again, and of its buttons.",
    notes: "off: `acpi`, or () where the firmware describes no way. reset: the ways in the order in which they are \
            tried. mode: `acpi`, `legacy` or (). profile: what the maker takes the machine for. power_button and \
            sleep_button: whether pressing one makes an event, `power_button` or `sleep_button`, which `on` hears of; \
            where nobody listens to the power button, it turns the machine off. presses: how often either was pressed.",
    example: Example::Shows("power::info().off", "\"acpi\""),
};

/// Adds `power::*`.
pub fn register(api: &mut Api) {
    api.service(&OFF, off);
    api.service(&REBOOT, reboot);
    api.service(&INFO, info);
}

fn off(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    flush(context)?;
    Err(failed(context.host.power.off()))
}

fn reboot(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    flush(context)?;
    Err(failed(context.host.power.reboot()))
}

pub(super) fn info(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(Fact::Map(context.host.power.info()).into())
}

fn flush(context: &TaskContext) -> Result<(), ScriptError> {
    match context.terminal {
        Some(terminal) => Ok(host::block_on(context.host.tasks, terminal.flush())?),
        None => Ok(()),
    }
}

fn failed(error: PowerError) -> ScriptError {
    let code = match error {
        PowerError::Unsupported => "unsupported",
        PowerError::NoEffect => "no_effect",
    };
    ScriptError::new(code, error)
}
