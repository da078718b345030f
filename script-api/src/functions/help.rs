//! `help`: the descriptions of all functions.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use services::value::Value;

use crate::context::TaskContext;
use crate::engine;
use crate::pager;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

const HELP: Doc = Doc {
    namespace: "",
    name: "help",
    params: &[],
    returns: "()",
    errors: &[],
    waits: true,
    summary: "Prints an overview of all functions.",
    notes: "",
    example: Example::Shows("help()", "Rhaios is scripted in Rhai..."),
};

const HELP_TOPIC: Doc = Doc {
    namespace: "",
    name: "help",
    params: &[Param {
        name: "topic",
        kind: Kind::Text,
        meaning: "a function or a namespace, such as \"time\"",
    }],
    returns: "()",
    errors: &[("not_found", "there is no such function or namespace")],
    waits: true,
    summary: "Prints what there is to know about a function or a namespace.",
    notes: "",
    example: Example::Shows("help(\"time::now\")", "time::now() -> string..."),
};

/// Adds `help`.
pub fn register(api: &mut Api) {
    api.service(&HELP, help);
    api.service(&HELP_TOPIC, help_topic);
}

fn help(context: &TaskContext, _: &Args<'_>) -> Result<Value, ScriptError> {
    let mut namespaces = BTreeMap::<&str, Vec<&Doc>>::new();
    for doc in engine::docs(context) {
        namespaces.entry(doc.namespace).or_default().push(doc);
    }
    let mut text = String::from(
        "Rhaios is scripted in Rhai. Type an expression, and its value is shown.\n\
         Ctrl-C stops a script, Ctrl-D starts afresh, Up and Down recall lines.\n\n",
    );
    for docs in namespaces.values() {
        list(docs, &mut text);
    }
    text.push_str("\nhelp(\"time\") lists a namespace, help(\"time::now\") describes a function.\n");
    print(context, &text)
}

fn help_topic(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let topic = arguments.text(0);
    let topic = topic.trim().trim_end_matches("()").trim_end_matches("::");
    let mut text = String::new();
    for doc in engine::docs(context).filter(|doc| doc.path() == topic) {
        describe(doc, &mut text);
    }
    let members: Vec<&Doc> = engine::docs(context)
        .filter(|doc| !doc.namespace.is_empty() && doc.namespace == topic)
        .collect();
    list(&members, &mut text);
    if text.is_empty() {
        let mut hint = String::new();
        let last = topic.rsplit("::").next().unwrap_or(topic);
        if let Some(doc) = engine::docs(context).find(|doc| doc.name == last) {
            let _ = write!(hint, "; did you mean {}?", doc.path());
        }
        return Err(ScriptError::new(
            "not_found",
            format_args!("there is no help on {topic}{hint}"),
        ));
    }
    print(context, &text)
}

/// One line per function.
fn list(docs: &[&Doc], out: &mut String) {
    let width = docs.iter().map(|doc| doc.signature().len()).max().unwrap_or(0).min(40);
    for doc in docs {
        let _ = writeln!(out, "  {:width$}  {}", doc.signature(), doc.summary);
    }
}

fn describe(doc: &Doc, out: &mut String) {
    let _ = writeln!(out, "{}\n  {}", doc.signature(), doc.summary);
    for param in doc.params {
        let _ = writeln!(out, "  {}: {}", param.name, param.meaning);
    }
    if !doc.notes.is_empty() {
        let _ = writeln!(out, "  {}", doc.notes);
    }
    if doc.waits {
        out.push_str("  Waits; Ctrl-C ends the wait.\n");
    }
    for (code, reason) in doc.errors {
        let _ = writeln!(out, "  throws {code}: {reason}");
    }
    let _ = match doc.example {
        Example::Shows(code, shown) if !shown.is_empty() && !shown.ends_with("...") => {
            writeln!(out, "  example: {code}\n           {shown}")
        }
        _ => writeln!(out, "  example: {}", doc.example.code()),
    };
}

fn print(context: &TaskContext, text: &str) -> Result<Value, ScriptError> {
    pager::show_text(context, text.trim_end_matches('\n'))?;
    Ok(Value::Unit)
}

/// Adds to a message about an unknown function which one may have been meant: one of ours was called with other
/// arguments, or without its namespace.
pub fn add_hint(context: &TaskContext, message: &mut String) {
    let Some(call) = message.rsplit(": ").next() else {
        return;
    };
    let path: String = call
        .chars()
        .take_while(|&character| character != '(' && character != ' ')
        .collect();
    let same: Vec<String> = engine::docs(context)
        .filter(|doc| doc.path() == path)
        .map(Doc::signature)
        .collect();
    if !same.is_empty() {
        *message += &format!("; there is {}", same.join(" and "));
        return;
    }
    let name = path.rsplit("::").next().unwrap_or(&path);
    if let Some(doc) = engine::docs(context).find(|doc| doc.name == name) {
        *message += &format!("; there is {}", doc.signature());
    }
}
