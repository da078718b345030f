//! A page per namespace, from the functions' descriptions.

use std::collections::BTreeMap;
use std::fmt::Write;

use script_api::catalogue;
use script_api::context::TaskContext;
use script_api::registry::{Doc, Example};
use services::task::Control;
use sim::fake::FakeMachineWithConsole;

use crate::keys;
use crate::markup;

/// Where the pages lie.
pub const FOLDER: &str = "reference";
/// The page of the functions that need no prefix.
pub const GLOBAL: &str = "global";

/// The descriptions of the functions that every machine has, by namespace.
pub fn namespaces(machine: &FakeMachineWithConsole) -> BTreeMap<&'static str, Vec<&'static Doc>> {
    let mut host = machine.host;
    // What only tests of the system itself use.
    host.debug = None;
    let control: &'static Control = Box::leak(Box::default());
    let context = TaskContext {
        host,
        terminal: None,
        control,
    };
    catalogue::by_namespace(&context).into_iter().collect()
}

/// The title of a namespace's page.
pub fn title(namespace: &str) -> &str {
    if namespace.is_empty() {
        "Without a prefix"
    } else {
        namespace
    }
}

/// The path of a namespace's page in the book.
pub fn path(namespace: &str) -> String {
    let name = if namespace.is_empty() { GLOBAL } else { namespace };
    format!("{FOLDER}/{name}.md")
}

/// One line on what the namespace is for; empty where the catalogue has none.
pub fn purpose(namespace: &str) -> &'static str {
    if namespace.is_empty() {
        "Functions that need no prefix."
    } else {
        catalogue::summary(namespace)
    }
}

/// An error's code; `...` stands for that of whatever was called.
pub fn code(code: &str) -> String {
    if code == "..." {
        "any".into()
    } else {
        markup::code(code)
    }
}

/// The page of a namespace.
pub fn page(namespace: &str, docs: &[&Doc]) -> String {
    let mut out = format!("# {}\n\n{}\n\n", title(namespace), purpose(namespace));
    out += "| function | what it does |\n|---|---|\n";
    let functions = by_name(docs);
    for (name, docs) in &functions {
        let link = format!("[{}](#{name})", markup::code(&docs[0].path()));
        out += &markup::row(&[&link, &markup::text(docs[0].summary)]);
    }
    for (name, docs) in functions {
        let _ = write!(out, "\n## {} {{#{name}}}\n", docs[0].path());
        for doc in docs {
            out.push('\n');
            describe(doc, &mut out);
        }
    }
    out
}

/// Functions of the same name together, in the order of the registry.
fn by_name<'a>(docs: &[&'a Doc]) -> Vec<(&'a str, Vec<&'a Doc>)> {
    let mut functions: Vec<(&str, Vec<&Doc>)> = Vec::new();
    for doc in docs {
        match functions.iter_mut().find(|(name, _)| *name == doc.name) {
            Some((_, same)) => same.push(doc),
            None => functions.push((doc.name, vec![doc])),
        }
    }
    functions
}

fn describe(doc: &Doc, out: &mut String) {
    let _ = write!(
        out,
        "{}\n\n{}",
        markup::code(&doc.signature()),
        markup::text(doc.summary)
    );
    if !doc.notes.is_empty() {
        let _ = write!(out, " {}", markup::text(doc.notes));
    }
    if doc.waits {
        *out += " It may wait; Ctrl-C ends the wait.";
    }
    *out += "\n\n";
    if doc.is_method() {
        let own = doc.params[0].name;
        let others = doc.params_from(1, |param| param.name.into());
        let _ = write!(out, "Called as `{own}.{}({others})`.\n\n", doc.name);
    }
    if !doc.params.is_empty() {
        *out += "| parameter | type | meaning |\n|---|---|---|\n";
        for param in doc.params {
            let cells = [
                markup::code(param.name),
                param.kind.name().into(),
                markup::text(param.meaning),
            ];
            *out += &markup::row(&cells.each_ref().map(String::as_str));
        }
        out.push('\n');
    }
    if !doc.errors.is_empty() {
        *out += "| error | when |\n|---|---|\n";
        for (code, reason) in doc.errors {
            *out += &markup::row(&[&self::code(code), &markup::text(reason)]);
        }
        out.push('\n');
    }
    *out += &markup::block("console", &transcript(&doc.example));
}

/// The example as a session shows it.
fn transcript(example: &Example) -> String {
    let input = format!("rhai> {}\n", example.code().replace('\n', "\n  ... "));
    match example {
        // What shows a prompt would read as the next input.
        Example::Shows(_, shown) if shown.contains("rhai> ") => input + "...",
        // A value may begin a line that goes on, and lines may follow.
        Example::Shows(_, shown) if shown.ends_with("...") => format!("{input}{shown}\n..."),
        Example::Shows(_, shown) => format!("{input}{shown}"),
        Example::DoesNotReturn(_) => input + "...",
        Example::Interactive(_, typed) => format!("{input}keys> {}\n...", keys::line(typed)),
    }
}
