//! `help` and its relatives: what there is, what it does, how it is used.
//!
//! | module | what it does |
//! |---|---|
//! | [`text`] | writes the texts |
//! | `search` | `apropos` and `examples` |
//! | `look` | `dir` and `source` |

mod look;
mod search;
pub mod text;

use alloc::boxed::Box;
use alloc::string::String;

use rhai::{AST, Dynamic, EvalAltResult, FnPtr, ImmutableString, NativeCallContext};

use super::{PLAIN, param};
use crate::catalogue::Namespace;
use crate::context::TaskContext;
use crate::error::thrown;
use crate::pager;
use crate::registry::{Api, Doc, Example, Kind, ScriptError};

pub use look::Notes;

const HELP: Doc = Doc {
    name: "help",
    returns: "()",
    waits: true,
    summary: "Prints an overview of all there is.",
    example: Example::Shows("help()", "Rhaios is scripted in Rhai..."),
    ..PLAIN
};

const HELP_TOPIC: Doc = Doc {
    name: "help",
    params: &[param(
        "topic",
        Kind::Text,
        "a function or a namespace, such as \"time::now\" or \"push\"",
    )],
    returns: "()",
    errors: &[("not_found", "there is no such function or namespace")],
    waits: true,
    summary: "Prints what there is to know about a function or a namespace.",
    notes: "At the prompt `?time::now` does the same, and `?x` tells about a variable.",
    example: Example::Shows("help(\"time::now\")", "time::now() -> string..."),
    ..PLAIN
};

const HELP_VALUE: Doc = Doc {
    name: "help",
    params: &[param(
        "value",
        Kind::Any,
        "a namespace's bare name, a script function, or any value but a string",
    )],
    returns: "()",
    waits: true,
    summary: "Prints what there is to know about a value: its type, its size, and what can be called on it.",
    example: Example::Shows("help(fs)", "fs: Files and directories..."),
    ..PLAIN
};

/// Adds `help` and its relatives.
pub fn register(api: &mut Api) {
    api.script(&HELP, |context, call, _| print(context, call, &text::overview(context)));
    api.script(&HELP_TOPIC, help_topic);
    api.script(&HELP_VALUE, help_value);
    search::register(api);
    look::register(api);
}

fn help_topic(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let topic = text_argument(arguments, 0);
    let mut out = String::new();
    if !text::topic(context, text::name_of(&topic), &mut out) {
        let message = text::no_help(context, text::name_of(&topic));
        return Err(thrown("not_found", message, call.call_position()));
    }
    print(context, call, &out)
}

fn help_value(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let mut out = String::new();
    if let Some(value) = arguments.first() {
        if let Some(namespace) = value.read_lock::<Namespace>() {
            text::topic(context, namespace.0, &mut out);
        } else if let Some(function) = value.read_lock::<FnPtr>() {
            for library in call.namespaces() {
                let code = AST::new_from_module(library.clone());
                let own = code.iter_fn_def().filter(|known| known.name == function.fn_name());
                own.filter(|_| !function.is_anonymous())
                    .for_each(|known| text::script_function(known, &mut out));
            }
        }
        if out.is_empty() {
            text::value(context, value, &mut out);
        }
    }
    print(context, call, &out)
}

fn print(context: &TaskContext, call: &NativeCallContext<'_>, text: &str) -> Result<Dynamic, Box<EvalAltResult>> {
    pager::show_text(context, text.trim_end_matches('\n'))
        .map_err(|interrupted| ScriptError::from(interrupted).to_script(context, call.call_position()))?;
    Ok(Dynamic::UNIT)
}

fn text_argument(arguments: &[&mut Dynamic], index: usize) -> String {
    let text = arguments
        .get(index)
        .and_then(|text| text.read_lock::<ImmutableString>());
    text.map(|text| String::from(text.as_str())).unwrap_or_default()
}
