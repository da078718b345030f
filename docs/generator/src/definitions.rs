//! `rhaios.d.rhai`: the functions for Rhai's language server, in the format of its definition files.
//!
//! The server reads files that end with `.d.rhai` beside the scripts. One that begins with `module static;` defines what
//! scripts have without an import: functions, and modules in braces. The types are Rhai's names; `?` is any.
//!
//! The server knows nothing of Rhai's own functions either: they are here too.

use std::collections::BTreeMap;
use std::fmt::Write;

use script_api::builtin_docs::{self, Builtin};
use script_api::registry::{Doc, Example, Kind};
use script_api::types::Types;

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
    for builtin in builtin_docs::all() {
        let _ = writeln!(out, "\n/// {}", builtin.summary);
        out += &signatures_of_builtin(builtin).join(&format!("\n\n/// {}\n", builtin.summary));
        out.push('\n');
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
    for signature in signatures(doc) {
        let _ = writeln!(out, "{indent}{signature}");
    }
}

/// The definitions themselves, one for each number of arguments: `fn sleep_ms(ms: int);`.
pub fn signatures(doc: &Doc) -> Vec<String> {
    let params: Vec<String> = doc
        .params
        .iter()
        .map(|param| format!("{}: {}", param.name, kind(param.kind)))
        .collect();
    let returns = match result(doc.returns) {
        "" => String::new(),
        returns => format!(" -> {returns}"),
    };
    let signature = |count: usize| format!("fn {}({}){returns};", doc.name, params[..count].join(", "));
    doc.counts().map(signature).collect()
}

/// The definitions of one of Rhai's functions: one for each type that it can be called on, and for each number of
/// arguments.
pub fn signatures_of_builtin(builtin: &Builtin) -> Vec<String> {
    let inner = builtin
        .form
        .trim_start_matches('(')
        .split(')')
        .next()
        .unwrap_or_default();
    let params: Vec<&str> = inner.split(", ").filter(|param| !param.is_empty()).collect();
    let needed = params.iter().filter(|param| !param.starts_with('[')).count();
    let returns = match builtin.form.split_once("-> ").map_or("", |(_, name)| result(name)) {
        "" => String::new(),
        returns => format!(" -> {returns}"),
    };
    let mut signatures = Vec::new();
    for own in receivers(builtin.on) {
        for count in needed..=params.len() {
            let mut typed: Vec<String> = params[..count]
                .iter()
                .map(|param| format!("{}: ?", param.trim_matches(['[', ']'])))
                .collect();
            match typed.first_mut() {
                // As a plain function it names the value that it is called on, too.
                Some(first) if builtin.is_plain() => *first = first.replace('?', own),
                _ if builtin.on.meets(Types::ANY) && !builtin.is_plain() => {
                    typed.insert(0, format!("{}: {own}", name_of(own)))
                }
                _ => {}
            }
            signatures.push(format!("fn {}({}){returns};", builtin.name, typed.join(", ")));
        }
    }
    signatures
}

/// A name for what a function is called on.
fn name_of(own: &str) -> String {
    if own == "?" { "it".into() } else { own.to_lowercase() }
}

/// The types in a set, as the language server names them; `?` for all, or for what is called on nothing.
fn receivers(types: Types) -> Vec<&'static str> {
    let named = || Types::names().filter_map(|name| Some((name, Types::named(name)?)));
    if !types.meets(Types::ANY) || named().all(|(_, one)| types.meets(one)) {
        return vec!["?"];
    }
    named()
        .filter(|(_, one)| types.meets(*one))
        .map(|(name, _)| result(name))
        .collect()
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Any => "?",
        Kind::Optional(given) => self::kind(*given),
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
        "Fn" => "FnPtr",
        "any" | "number" | "iterator" | "range" => "?",
        name if name.chars().all(char::is_alphanumeric) => name,
        _ => "?",
    }
}
