//! `power`: off and reboot.

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

/// Adds `power::*`.
pub fn register(api: &mut Api) {
    api.service(&OFF, off);
    api.service(&REBOOT, reboot);
}

fn off(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    flush(context)?;
    Err(failed(context.host.power.off()))
}

fn reboot(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    flush(context)?;
    Err(failed(context.host.power.reboot()))
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
