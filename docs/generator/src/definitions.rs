//! `rhaios.d.rhai`: the functions for Rhai's language server, in the format of its definition files.
//!
//! The server reads files that end with `.d.rhai` beside the scripts. One that begins with `module static;` defines what
//! scripts have without an import: functions, and modules in braces. The types are Rhai's names; `?` is any.

use std::collections::BTreeMap;
use std::fmt::Write;

use script_api::registry::{Doc, Example, Kind};

use crate::reference;

/// The file's name.
pub const FILE: &str = "rhaios.d.rhai";

/// The file's text.
pub fn file(namespaces: &BTreeMap<&'static str, Vec<&'static Doc>>) -> String {
    let mut out = String::from(
        "// The functions of Rhaios, for Rhai's language server. Made from their descriptions by `cargo xtask docs`.\n\
         module static;\n",
    );
    let (global, others): (Vec<_>, Vec<_>) = namespaces.iter().partition(|(name, _)| name.is_empty());
    for doc in global.into_iter().flat_map(|(_, docs)| docs) {
        define(doc, "", &mut out);
    }
    for doc in others
        .iter()
        .flat_map(|(_, docs)| docs.iter())
        .filter(|doc| doc.is_method())
    {
        // A method is found by its first argument, without its namespace.
        define(doc, "", &mut out);
    }
    for (namespace, docs) in others {
        let _ = write!(out, "\n/// {}\nmodule {namespace} {{", reference::purpose(namespace));
        for doc in docs {
            define(doc, "    ", &mut out);
        }
        out += "}\n";
    }
    out
}

fn define(doc: &Doc, indent: &str, out: &mut String) {
    let mut comment = format!("{}\n", doc.summary);
    if !doc.notes.is_empty() {
        let _ = write!(comment, "\n{}\n", doc.notes);
    }
    if !doc.params.is_empty() {
        comment.push('\n');
    }
    for param in doc.params {
        let _ = writeln!(comment, "- `{}`: {}", param.name, param.meaning);
    }
    if !doc.errors.is_empty() {
        comment.push('\n');
    }
    for (code, reason) in doc.errors {
        let _ = writeln!(comment, "- throws `{code}`: {reason}");
    }
    let _ = write!(comment, "\n```rhai\n{}", doc.example.code());
    if let Example::Shows(_, shown) = doc.example
        && !shown.is_empty()
        && !shown.contains('\n')
    {
        let _ = write!(comment, " // => {shown}");
    }
    comment += "\n```";
    out.push('\n');
    for line in comment.lines() {
        let _ = writeln!(out, "{}", format!("{indent}/// {line}").trim_end());
    }
    let _ = writeln!(out, "{indent}{}", signature(doc));
}

/// The definition itself: `fn sleep_ms(ms: int);`.
pub fn signature(doc: &Doc) -> String {
    let params: Vec<String> = doc
        .params
        .iter()
        .map(|param| format!("{}: {}", param.name, kind(param.kind)))
        .collect();
    let returns = match result(doc.returns) {
        "" => String::new(),
        returns => format!(" -> {returns}"),
    };
    format!("fn {}({}){returns};", doc.name, params.join(", "))
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Any => "?",
        Kind::Function => "FnPtr",
        other => result(other.name()),
    }
}

/// The language server's name of a result's type; empty for none.
fn result(returns: &'static str) -> &'static str {
    match returns {
        "()" => "",
        "string" => "String",
        "array" | "array of maps" => "Array",
        "map" => "Map",
        "blob" => "Blob",
        name if name.chars().all(char::is_alphanumeric) && name != "any" => name,
        _ => "?",
    }
}
