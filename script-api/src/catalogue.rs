//! What there is, by namespace: one line for each namespace, the groups that the overview shows them in, and which
//! functions are methods of which types.

use alloc::vec::Vec;

use crate::context::TaskContext;
use crate::engine;
use crate::order;
use crate::registry::{Api, Doc, Kind};
use crate::types::Types;

/// Every namespace with what it is for, in alphabetical order.
pub const NAMESPACES: &[(&str, &str)] = &[
    ("acpi", "The firmware's tables."),
    ("base64", "Bytes as base64 text and back."),
    (
        "bytes",
        "Packs values into bytes by a format, and takes them out again.",
    ),
    ("cell", "Values that tasks share and replace."),
    ("channel", "Queues from task to task."),
    ("counter", "Numbers that tasks count up and down together."),
    ("cpu", "The processor."),
    ("csv", "Tables as comma-separated text and back."),
    ("debug", "Breaks things on purpose; only with debug=on."),
    ("fs", "Files and directories."),
    ("hash", "Digests and checksums of text and bytes."),
    ("hex", "Bytes as hexadecimal text and back."),
    ("hw", "What the machine is made of, its registers, a report of it."),
    ("irq", "Interrupts: who raises them, where, how often."),
    ("json", "Values as JSON text and back."),
    ("key", "The keyboard: keys, layouts, key presses."),
    ("log", "What the machine has noted."),
    ("mem", "The machine's memory."),
    ("pci", "The bus that devices are on."),
    ("power", "Turns the machine off or starts it again."),
    ("rand", "Random numbers, choices and bytes."),
    ("regex", "Patterns: finds, takes apart, replaces."),
    ("screen", "Draws text, shapes and pictures on the screen."),
    ("sensor", "What the machine measures of itself: temperatures."),
    ("sys", "The system, its start and its version."),
    ("task", "Functions that run beside the prompt."),
    ("text", "Splits, joins, aligns and wraps text."),
    ("time", "Clocks, waiting, dates."),
    ("timer", "What is called at a time or on an event."),
    ("toml", "Values as TOML text and back."),
];

/// The namespaces in the order and the groups of the overview.
pub const GROUPS: &[(&str, &[&str])] = &[
    (
        "machine",
        &[
            "sys", "cpu", "mem", "pci", "irq", "acpi", "hw", "sensor", "power", "log", "debug",
        ],
    ),
    ("files", &["fs"]),
    ("people", &["screen", "key"]),
    ("tasks", &["task", "channel", "cell", "counter", "time", "timer"]),
    ("data", &["json", "csv", "toml", "text", "regex", "bytes"]),
    ("numbers", &["rand", "hash", "base64", "hex"]),
];

/// What a namespace's bare name is at the prompt: a value that `help` and `dir` know.
#[derive(Clone, Copy, Debug)]
pub struct Namespace(pub &'static str);

/// What a namespace is for; empty for one that is not in the list.
#[inline(never)]
pub fn summary(namespace: &str) -> &'static str {
    let known = NAMESPACES.iter().find(|(name, _)| *name == namespace);
    known.map_or("", |(_, summary)| summary)
}

/// Gives each namespace a value by its name. Rhai looks for these behind all variables, so they hide none.
pub(crate) fn register(api: &mut Api, is_wanted: impl Fn(&str) -> bool) {
    let module = api.global();
    module.set_custom_type::<Namespace>("namespace");
    for (name, _) in NAMESPACES.iter().filter(|(name, _)| is_wanted(name)) {
        module.set_var(*name, Namespace(name));
    }
}

/// The descriptions of all functions that the running task has, by namespace; those that need no prefix come first.
pub fn by_namespace(context: &TaskContext) -> Vec<(&'static str, Vec<&'static Doc>)> {
    let all: Vec<&'static Doc> = engine::docs(context).collect();
    let all = order::by_name(&all, |doc| doc.namespace);
    let chunks = all.chunk_by(|one, other| one.namespace == other.namespace);
    chunks
        .filter_map(|docs| Some((docs.first()?.namespace, docs.to_vec())))
        .collect()
}

/// The namespaces of the running task, in order.
pub fn namespaces(context: &TaskContext) -> impl Iterator<Item = &'static str> {
    let has_debug = context.host.debug.is_some();
    let names = NAMESPACES.iter().map(|(name, _)| *name);
    names.filter(move |name| has_debug || *name != "debug")
}

/// What a function can be called on as `value.name(...)`, as its example shows it; [`Types::NONE`] for most.
#[inline(never)]
pub fn receivers(doc: &Doc) -> Types {
    let Some(first) = doc.params.first() else {
        return Types::NONE;
    };
    let called = || {
        let code = doc.example.code();
        let mut places = code.match_indices(doc.name);
        places.any(|(at, name)| code[..at].ends_with('.') && code[at + name.len()..].starts_with('('))
    };
    let is_handle = matches!(first.kind, Kind::Channel | Kind::Cell | Kind::Counter | Kind::Timer);
    if is_handle || (doc.namespace.is_empty() && called()) {
        Types::of_kind(first.kind)
    } else {
        Types::NONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn lists_each_namespace_once_and_in_one_group() {
        assert!(NAMESPACES.is_sorted_by(|(one, _), (other, _)| one < other));
        assert!(
            NAMESPACES
                .iter()
                .all(|(_, summary)| summary.ends_with('.') && summary.len() < 70)
        );
        let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let all: BTreeSet<&str> = NAMESPACES.iter().map(|(name, _)| *name).collect();
        assert_eq!(grouped.len(), all.len());
        assert_eq!(grouped.into_iter().collect::<BTreeSet<_>>(), all);
    }

    #[test]
    fn knows_every_namespace_that_has_functions() {
        let mut api = Api::default();
        crate::functions::register(&mut api);
        crate::functions::register_computing(&mut api);
        crate::functions::debug::register(&mut api);
        let (modules, docs) = api.finish();
        let used: BTreeSet<&str> = docs
            .iter()
            .map(|doc| doc.namespace)
            .filter(|name| !name.is_empty())
            .collect();
        assert_eq!(used, NAMESPACES.iter().map(|(name, _)| *name).collect());
        let global = modules
            .iter()
            .find(|(name, _)| name.is_empty())
            .map(|(_, module)| module);
        assert!(global.is_some_and(|module| module.contains_var("fs")));
    }
}
