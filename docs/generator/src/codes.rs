//! The page of error codes: those that functions throw, from their descriptions, and those of the language.

use std::collections::BTreeMap;
use std::fmt::Write;

use script_api::registry::Doc;

use crate::markup;
use crate::reference;

/// The page's path in the book.
pub const PATH: &str = "reference/errors.md";

/// Codes of the language and of the limits: the code, what it means, and an input that ends with it.
const OF_THE_LANGUAGE: &[(&str, &str, &str)] = &[
    (
        "syntax_error",
        "the text is no program; nothing of it has run",
        "1 +* 2",
    ),
    (
        "variable_not_found",
        "there is no variable of this name here; functions see none from outside",
        "nothing_here + 1",
    ),
    (
        "function_not_found",
        "there is no function of this name that takes such arguments",
        "time::sleep_ms(\"5\")",
    ),
    ("module_not_found", "no import has this name", "nowhere::value"),
    (
        "wrong_type",
        "an operation met a value of a type that it cannot take",
        "let five = 5;\nfor n in five { }",
    ),
    (
        "out_of_bounds",
        "an index lies outside of the array or text",
        "[1, 2][7]",
    ),
    ("arithmetic", "a division by zero, or a result beyond 64 bits", "1 / 0"),
    (
        "constant",
        "a constant was to be changed",
        "const LIMIT = 5;\nLIMIT = 6",
    ),
    (
        "script_error",
        "a script threw a value that is no map with a code",
        "throw \"the pump is dry\"",
    ),
    (
        "recursion_limit",
        "calls are nested too deeply",
        "fn deep(n) { 1 + deep(n + 1) } deep(0)",
    ),
    ("source_too_large", "a script has more than 256 KiB", ""),
    ("cancelled", "Ctrl-C; a script cannot catch it", ""),
    (
        "killed",
        "`task::kill`, or the end of the task that started this one",
        "",
    ),
    ("memory_limit", "the task has used up its memory", ""),
    (
        "out_of_memory",
        "the task has used up its memory faster than it could be asked to stop; it has ended",
        "",
    ),
    (
        "stack_overflow",
        "a value is nested too deeply to be compared, shown or dropped; the task has ended",
        "",
    ),
    (
        "native_panic",
        "a function of the system failed; the task has ended, and the log tells where",
        "",
    ),
    (
        "cpu_exception",
        "the processor refused an instruction; the task has ended, and the log tells where",
        "",
    ),
];

/// The page.
pub fn page(namespaces: &BTreeMap<&'static str, Vec<&'static Doc>>) -> String {
    let mut out = String::from(
        "# Error codes\n\n\
         An error has a `code`, which stays the same from version to version, and a `message` for people. A script \
         catches both: `try { ... } catch (error) { error.code }`. [Errors](../tutorial/errors.md) tells more.\n\n\
         ## Of the language\n\n| code | meaning |\n|---|---|\n",
    );
    for (code, meaning, _) in OF_THE_LANGUAGE {
        out += &markup::row(&[&markup::code(code), &markup::text(meaning)]);
    }
    out += "\nInputs that end with them:\n\n";
    let examples = OF_THE_LANGUAGE.iter().filter(|(_, _, example)| !example.is_empty());
    let sessions: Vec<String> = examples
        .map(|(code, _, example)| {
            format!(
                "rhai> {}\n...\nerror[{code}]: ...\n...",
                example.replace('\n', "\nrhai> ")
            )
        })
        .collect();
    out += &markup::block("console", &sessions.join("\n"));
    out += "\n## Of functions\n\n| code | when | thrown by |\n|---|---|---|\n";
    for (code, reasons) in of_functions(namespaces) {
        for (index, (reason, docs)) in reasons.into_iter().enumerate() {
            let code = if index == 0 {
                reference::code(code)
            } else {
                String::new()
            };
            out += &markup::row(&[&code, &markup::text(reason), &links(&docs)]);
        }
    }
    out
}

/// Codes with their reasons, each with the functions that give it.
fn of_functions(
    namespaces: &BTreeMap<&'static str, Vec<&'static Doc>>,
) -> BTreeMap<&'static str, Vec<(&'static str, Vec<&'static Doc>)>> {
    let mut codes = BTreeMap::<&str, Vec<(&str, Vec<&Doc>)>>::new();
    for doc in namespaces.values().flatten() {
        for (code, reason) in doc.errors {
            let reasons = codes.entry(code).or_default();
            match reasons.iter_mut().find(|(known, _)| known == reason) {
                Some((_, docs)) => docs.push(doc),
                None => reasons.push((reason, vec![doc])),
            }
        }
    }
    codes
}

fn links(docs: &[&Doc]) -> String {
    let mut out = String::new();
    for doc in docs {
        let page = reference::path(doc.namespace);
        let page = page.trim_start_matches(reference::FOLDER).trim_start_matches('/');
        let link = format!("[{}]({page}#{})", markup::code(&doc.path()), doc.name);
        // Functions of one name that differ in their parameters have one heading.
        if !out.contains(&link) {
            let _ = write!(out, "{}{link}", if out.is_empty() { "" } else { ", " });
        }
    }
    out
}
