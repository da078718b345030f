//! `apropos` and `examples`: searches the descriptions, and shows how functions are used.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use rhai::{Dynamic, EvalAltResult, NativeCallContext};
use services::value::Value;

use super::text;
use super::{PLAIN, param, print, text_argument};
use crate::builtin_docs;
use crate::catalogue;
use crate::context::TaskContext;
use crate::engine;
use crate::error::thrown;
use crate::registry::{Api, Args, Doc, Example, Kind, ScriptError};
use crate::suggest::habits;

const APROPOS: Doc = Doc {
    name: "apropos",
    params: &[param(
        "text",
        Kind::Text,
        "what to look for; large and small letters are the same",
    )],
    returns: "array of maps",
    summary: "Finds functions and namespaces by a word in their names or descriptions.",
    example: Example::Shows(
        "apropos(\"sleep_ms\")",
        "name                     summary\ntime::sleep_ms(ms: int)  Suspends...",
    ),
    ..PLAIN
};

const EXAMPLES: Doc = Doc {
    name: "examples",
    params: &[param("function", Kind::Text, "such as \"fs::read\"")],
    returns: "()",
    errors: &[("not_found", "there is no such function, or no example of it")],
    waits: true,
    summary: "Prints how a function is used, and what comes of it.",
    example: Example::Shows("examples(\"hex::encode\")", "> ..."),
    ..PLAIN
};

/// Adds both.
pub(super) fn register(api: &mut Api) {
    api.service(&APROPOS, apropos);
    api.script(&EXAMPLES, examples);
}

fn apropos(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let wanted = arguments.text(0);
    let row = |name: String, summary: &str| Value::map([("name", name.into()), ("summary", summary.into())]);
    let mut rows: Vec<Value> = Vec::new();
    for name in catalogue::namespaces(context) {
        let summary = catalogue::summary(name);
        if has(name, &wanted) || has(summary, &wanted) {
            rows.push(row(name.into(), summary));
        }
    }
    for doc in engine::docs(context) {
        if [doc.namespace, doc.name, doc.summary, doc.notes]
            .into_iter()
            .any(|text| has(text, &wanted))
            || has(&doc.path(), &wanted)
        {
            rows.push(row(doc.signature(), doc.summary));
        }
    }
    for builtin in builtin_docs::all() {
        if has(builtin.name, &wanted) || has(builtin.summary, &wanted) {
            rows.push(row(builtin.signature(), builtin.summary));
        }
    }
    if let Some(here) = habits::here(&wanted) {
        rows.push(row(here.into(), &format!("Does what {wanted} does elsewhere.")));
    }
    Ok(Value::Array(rows))
}

/// Whether `part` is in `text`, large and small letters being the same.
fn has(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    part.is_empty() || text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

fn examples(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let wanted = text_argument(arguments, 0);
    let wanted = text::name_of(&wanted);
    let mut out = String::new();
    for doc in engine::docs(context) {
        let is_method = doc.name == wanted && catalogue::receivers(doc) != crate::types::Types::NONE;
        if doc.path() == wanted || is_method {
            let _ = match doc.example {
                Example::Shows(code, shown) => writeln!(out, "> {code}\n{shown}"),
                Example::DoesNotReturn(code) | Example::Interactive(code, _) => writeln!(out, "> {code}"),
            };
        }
    }
    if out.is_empty() {
        let message = if builtin_docs::all().any(|builtin| builtin.name == wanted) {
            format!("there is no example of {wanted}; help(\"{wanted}\") describes it")
        } else {
            text::no_help(context, wanted)
        };
        return Err(thrown("not_found", message, call.call_position()));
    }
    print(context, call, &out)
}
