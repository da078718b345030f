//! `key`: keys typed at the session, and the machine's own keyboard.

use alloc::format;

use services::host;
use services::keyboard::Layout;
use services::keyboard::layout::NAMES;
use services::value::Value;

use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

const NO_KEYBOARD: (&str, &str) = ("no_keyboard", "no PS/2 keyboard answers");

const READ: Doc = Doc {
    namespace: "key",
    name: "read",
    params: &[Param {
        name: "timeout_ms",
        kind: Kind::Optional(&Kind::Int),
        meaning: "how long to wait at most; without it, until a key is typed",
    }],
    returns: "string",
    errors: &[
        ("in_use", "only the task that the prompt runs can read its keys"),
        ("no_terminal", "the task has no terminal"),
        ("out_of_range", "timeout_ms is negative"),
    ],
    waits: true,
    summary: "Waits for a key typed at this session, on the screen or a remote terminal; returns its name.",
    notes: "A key that types a character is named by it, such as \"a\", \"A\" or \"ä\"; others by a word: space, enter, tab, \
            backspace, escape, up, home, page_up, delete, f1, ctrl-a, shift-left. Returns () where timeout_ms passes. \
            Ctrl-C ends the script as always.",
    example: Example::Shows("key::read(5)", ""),
};

const PRESSED: Doc = Doc {
    namespace: "key",
    name: "pressed",
    params: &[],
    returns: "array",
    errors: &[NO_KEYBOARD],
    waits: false,
    summary: "Returns the keys that are down now.",
    notes: "Each is named by what it types alone, such as \"a\" or \"5\", or by the word on it, such as \"left_shift\", \
            \"enter\", \"up\", \"f5\".",
    example: Example::Shows("key::pressed().contains(\"left_shift\")", "false"),
};

const LAYOUT: Doc = Doc {
    namespace: "key",
    name: "layout",
    params: &[],
    returns: "string",
    errors: &[NO_KEYBOARD],
    waits: false,
    summary: "Returns the name of the keyboard's layout.",
    notes: "At the start it is the command line's `keymap`, or us104.",
    example: Example::Shows("key::layout()", "\"us104\""),
};

const SET_LAYOUT: Doc = Doc {
    namespace: "key",
    name: "layout",
    params: &[Param {
        name: "name",
        kind: Kind::Text,
        meaning: "us104, uk105, de105, azerty, dvorak, dvorak_programmer, colemak, jis109, no105 or fi_se105",
    }],
    returns: "string",
    errors: &[NO_KEYBOARD, ("not_found", "there is no such layout")],
    waits: false,
    summary: "Changes the keyboard's layout, for all sessions on the screen; returns its name.",
    notes: "Country codes work too: us, uk, de, fr, jp, no, fi, se. Accents are keys of their own, not dead keys.",
    example: Example::Shows("key::layout(\"us\")", "\"us104\""),
};

/// Adds `key::*`.
pub fn register(api: &mut Api) {
    api.service(&READ, read);
    api.service(&PRESSED, pressed);
    api.service(&LAYOUT, layout);
    api.service(&SET_LAYOUT, set_layout);
}

fn read(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let no_terminal = || ScriptError::new("no_terminal", "the task has no terminal to read keys from");
    let terminal = context.terminal.ok_or_else(no_terminal)?;
    let limit = if arguments.is_empty() {
        None
    } else {
        Some(context.after_ms(arguments.count(0, "timeout_ms")?))
    };
    let read = host::block_on(
        context.host.tasks,
        terminal.read_key(context.control, context.host.clock, limit),
    )?;
    let refused = |_| ScriptError::new("in_use", "only the task that the prompt runs can read its keys");
    Ok(read.map_err(refused)?.map_or(Value::Unit, |key| key.name().into()))
}

fn no_keyboard() -> ScriptError {
    ScriptError::new(NO_KEYBOARD.0, NO_KEYBOARD.1)
}

fn pressed(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let names = context.host.keyboard.pressed().ok_or_else(no_keyboard)?;
    Ok(Value::Array(names.into_iter().map(Value::from).collect()))
}

fn layout(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let name = context.host.keyboard.layout().ok_or_else(no_keyboard)?;
    Ok(name.into())
}

fn set_layout(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let name = arguments.text(0);
    let layout = Layout::by_name(&name).ok_or_else(|| {
        ScriptError::new(
            "not_found",
            format!("there is no layout `{name}`; there are {}", NAMES.join(", ")),
        )
    })?;
    let known = layout.name();
    context.host.keyboard.set_layout(layout).ok_or_else(no_keyboard)?;
    Ok(known.into())
}
