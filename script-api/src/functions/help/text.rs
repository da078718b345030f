//! The texts that `help` and `?` show.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use rhai::{Dynamic, Map, ScriptFuncDef};

use crate::builtin_docs::{self, Builtin};
use crate::catalogue;
use crate::context::TaskContext;
use crate::engine;
use crate::order;
use crate::registry::{Doc, Example};
use crate::show::cell;
use crate::suggest::{Nearest, habits};
use crate::types::Types;
use crate::view;

/// Columns of a text that is broken into lines.
const WIDTH: usize = 78;
/// The widest first column of a list.
const COLUMN_MAX: usize = 36;
/// Keys of a map that are named.
const KEYS_MAX: usize = 20;

/// The bare name in what people write: `time::now()`, `time::`.
pub fn name_of(topic: &str) -> &str {
    topic.trim().trim_end_matches("()").trim_end_matches("::")
}

/// What `help()` shows.
pub fn overview(context: &TaskContext) -> String {
    let mut out = String::from(
        "Rhaios is scripted in Rhai. Type an expression, and its value is shown.\n\
         Tab completes, Ctrl-C stops a script, Ctrl-D starts afresh, Up recalls lines.\n",
    );
    let all = catalogue::by_namespace(context);
    let is_there = |name: &str| all.iter().any(|(namespace, _)| *namespace == name);
    for (group, names) in catalogue::GROUPS {
        let _ = writeln!(out, "\n{group}");
        for name in names.iter().filter(|name| is_there(name)) {
            let _ = writeln!(out, "  {name:<8}  {}", catalogue::summary(name));
        }
    }
    let mut plain: Vec<&'static str> = Vec::new();
    for doc in all
        .iter()
        .filter(|(namespace, _)| namespace.is_empty())
        .flat_map(|(_, docs)| docs)
    {
        if catalogue::receivers(doc) == Types::NONE {
            plain.push(doc.name);
        }
    }
    let builtins = builtin_docs::all().filter(|builtin| builtin.is_plain());
    plain.extend(builtins.map(|builtin| builtin.name));
    write_names("functions without a namespace", plain, &mut out);
    let types = Types::names().collect();
    write_names(
        "types of values: ?string lists what can be called on a string",
        types,
        &mut out,
    );
    out.push_str(
        "\n?fs lists a namespace, ?fs::read describes a function, ?x a variable or value.\n\
         help(fs) and help(\"fs::read\") do the same in scripts. apropos(\"word\") searches,\n\
         dir() lists your variables, source(\"f\") shows a function's text,\n\
         examples(\"fs::read\") how it is used.\n",
    );
    out
}

/// Sorted names in lines.
fn write_names(title: &str, names: Vec<&'static str>, out: &mut String) {
    let mut names = order::by_name(&names, |name| name);
    names.dedup();
    let _ = write!(out, "\n{title}");
    let mut column = WIDTH;
    for name in names {
        column += name.len() + 1;
        if column > WIDTH {
            out.push_str("\n ");
            column = name.len() + 2;
        }
        out.push(' ');
        out.push_str(name);
    }
    out.push('\n');
}

/// Writes all that there is about a function or a namespace; false where there is nothing.
pub fn topic(context: &TaskContext, topic: &str, out: &mut String) -> bool {
    let before = out.len();
    let members: Vec<&Doc> = engine::docs(context)
        .filter(|doc| !doc.namespace.is_empty() && doc.namespace == topic)
        .collect();
    if !members.is_empty() {
        let _ = writeln!(out, "{topic}: {}", catalogue::summary(topic));
        list(&members, out);
    }
    if let Some(types) = Types::named(topic) {
        let _ = writeln!(out, "values of the type {topic}");
        methods(context, types, out);
    }
    let method = topic.rsplit('.').next().unwrap_or(topic);
    for doc in engine::docs(context) {
        let is_method = doc.name == method && catalogue::receivers(doc) != Types::NONE;
        if doc.path() == topic || is_method {
            describe(doc, out);
        }
    }
    for builtin in builtin_docs::all().filter(|builtin| builtin.name == method) {
        let _ = writeln!(out, "{}\n  {}", builtin.signature(), builtin.summary);
    }
    out.len() > before
}

/// The message where there is no help on `topic`.
pub fn no_help(context: &TaskContext, topic: &str) -> String {
    if let Some(here) = habits::here(topic) {
        return format!("there is no help on {topic}; here that is {here}");
    }
    let (namespace, last) = topic.rsplit_once("::").unwrap_or(("", topic));
    let mut nearest = Nearest::new(last);
    // Of functions with the same name, the one in the namespace that was meant.
    for is_own in [true, false] {
        for doc in engine::docs(context).filter(|doc| (doc.namespace == namespace) == is_own) {
            nearest.offer(doc.name, || doc.path());
        }
    }
    builtin_docs::all().for_each(|builtin| nearest.offer_name(builtin.name));
    catalogue::namespaces(context).for_each(|name| nearest.offer_name(name));
    format!("there is no help on {topic}{}", nearest.question())
}

/// Whether the running task has such a namespace.
pub(super) fn is_namespace(context: &TaskContext, name: &str) -> bool {
    catalogue::namespaces(context).any(|known| known == name)
}

/// One line for each function.
fn list(docs: &[&Doc], out: &mut String) {
    let width = docs.iter().map(|doc| doc.signature().len()).max().unwrap_or(0);
    for doc in docs {
        write_row(&doc.signature(), width.min(COLUMN_MAX), doc.summary, out);
    }
}

/// A row of a list: `first` in a column of `width`, on a line of its own where it is wider, and `text` beside it.
fn write_row(first: &str, width: usize, text: &str, out: &mut String) {
    let indent = width + 4;
    let _ = write!(out, "  {first:width$}");
    let mut column = indent.max(first.len() + 4);
    for line in cell::wrap(text, WIDTH.saturating_sub(indent)) {
        if column > indent {
            let _ = write!(out, "\n{:indent$}", "");
        } else {
            out.push_str("  ");
        }
        out.push_str(&line);
        column = usize::MAX;
    }
    out.push('\n');
}

/// A paragraph that begins two columns from the edge; further lines begin `hanging` columns behind that.
fn write_paragraph(text: &str, hanging: usize, out: &mut String) {
    for (index, line) in cell::wrap(text, WIDTH - 2 - hanging).iter().enumerate() {
        let indent = if index == 0 { 2 } else { 2 + hanging };
        let _ = writeln!(out, "{:indent$}{line}", "");
    }
}

fn describe(doc: &Doc, out: &mut String) {
    let _ = writeln!(out, "{}", doc.signature());
    write_paragraph(doc.summary, 0, out);
    for param in doc.params {
        write_paragraph(&format!("{}: {}", param.name, param.meaning), 2, out);
    }
    if !doc.notes.is_empty() {
        write_paragraph(doc.notes, 0, out);
    }
    if doc.waits {
        out.push_str("  Waits; Ctrl-C ends the wait.\n");
    }
    for (code, reason) in doc.errors {
        write_paragraph(&format!("throws {code}: {reason}"), 2, out);
    }
    let _ = match doc.example {
        Example::Shows(code, shown) if !shown.is_empty() && !shown.ends_with("...") => {
            writeln!(out, "  example: {code}\n           {shown}")
        }
        _ => writeln!(out, "  example: {}", doc.example.code()),
    };
}

/// A function of a script: its signature and the comment that describes it.
pub fn script_function(function: &ScriptFuncDef, out: &mut String) {
    let _ = writeln!(out, "{}", view::signature(function));
    for line in function.comments.iter().flat_map(|comment| comment.lines()) {
        let line = line.trim().trim_start_matches(['/', '*']).trim_end_matches("*/").trim();
        if !line.is_empty() {
            let _ = writeln!(out, "  {line}");
        }
    }
}

/// A value: type, size, keys, and what can be called on it.
pub fn value(context: &TaskContext, value: &Dynamic, out: &mut String) {
    let _ = writeln!(out, "{}", Types::describe(value));
    if let Some(map) = value.read_lock::<Map>() {
        let names: Vec<&str> = map.keys().take(KEYS_MAX).map(|key| key.as_str()).collect();
        if !names.is_empty() {
            let more = if map.len() > KEYS_MAX { ", ..." } else { "" };
            let _ = writeln!(out, "  keys: {}{more}", names.join(", "));
        }
    }
    methods(context, Types::of(value), out);
}

/// What can be called on values of `types`, a line each.
fn methods(context: &TaskContext, types: Types, out: &mut String) {
    let (docs, builtins) = methods_of(context, types);
    let width = builtins.iter().map(|builtin| builtin.method_form().len()).max();
    let width = width.unwrap_or(0).min(COLUMN_MAX);
    for doc in docs {
        write_row(&format!(".{}", method_form(doc)), width + 1, doc.summary, out);
    }
    for builtin in builtins {
        write_row(&format!(".{}", builtin.method_form()), width + 1, builtin.summary, out);
    }
}

/// The functions called `name` that can be called on values of `types`.
pub fn method(context: &TaskContext, types: Types, name: &str, out: &mut String) {
    for doc in engine::docs(context).filter(|doc| doc.name == name && catalogue::receivers(doc).meets(types)) {
        describe(doc, out);
    }
    for builtin in builtin_docs::all().filter(|builtin| builtin.name == name && builtin.on.meets(types)) {
        let _ = writeln!(out, "{}\n  {}", builtin.signature(), builtin.summary);
    }
}

/// What can be called on values of `types`, sorted by name.
pub(super) fn methods_of(context: &TaskContext, types: Types) -> (Vec<&'static Doc>, Vec<&'static Builtin>) {
    let of_ours = |doc: &&Doc| catalogue::receivers(doc).meets(types);
    let docs: Vec<&'static Doc> = engine::docs(context).filter(of_ours).collect();
    let docs = order::by_name(&docs, |doc| doc.name);
    // What fits any value is not worth a line for each.
    let is_special = |builtin: &&Builtin| builtin.on.meets(types) && !is_for_all(builtin);
    let builtins: Vec<&'static Builtin> = builtin_docs::all().filter(is_special).collect();
    let mut builtins = order::by_name(&builtins, |builtin| builtin.name);
    builtins.retain(|builtin| !docs.iter().any(|doc| doc.name == builtin.name));
    (docs, builtins)
}

fn is_for_all(builtin: &Builtin) -> bool {
    builtin.on.or(Types::PLAIN) == Types::ANY.or(Types::PLAIN)
}

/// A function as it is called on a value: `send(value, [timeout_ms])`.
pub(super) fn method_form(doc: &Doc) -> String {
    let params = doc.params_from(1, |param| param.name.into());
    let returns = if doc.returns == "()" {
        String::new()
    } else {
        format!(" -> {}", doc.returns)
    };
    format!("{}({params}){returns}", doc.name)
}
