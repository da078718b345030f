//! Every block of every page runs, and the pages hang together.

use std::collections::{BTreeMap, BTreeSet};

use manual::blocks::{self, Block};
use manual::play::{Mismatch, Player};
use manual::transcript::{self, Exchange};
use manual::{book, definitions, reference};
use script_api::builtin_docs;
use script_api::engine::{self, Profile};
use script_api::registry::Doc;
use sim::fake;

/// Blocks for a shell, which no session can run, and those that a QEMU test types at an emulated `q35`.
const NOT_RUN: [&str; 2] = ["sh", "q35"];
/// Fewer blocks than that cannot be the whole manual.
const BLOCKS_AT_LEAST: usize = 150;

type Namespaces = BTreeMap<&'static str, Vec<&'static Doc>>;

fn manual() -> (Namespaces, BTreeMap<String, String>) {
    let namespaces = reference::namespaces(&fake::standard_machine());
    let pages = book::pages(&namespaces).expect("the pages are there");
    (namespaces, pages)
}

/// The exchanges of a block; `None` where it is not to be run.
fn exchanges(path: &str, block: &Block) -> Option<Vec<Exchange>> {
    let read = match block.tag.as_str() {
        "rhai" => transcript::of_program(block),
        "console" => transcript::of_session(block),
        tag => {
            assert!(
                NOT_RUN.contains(&tag),
                "{path}:{}: what is a block of {tag:?}?",
                block.line
            );
            return None;
        }
    };
    Some(read.unwrap_or_else(|error| panic!("{path}: {error}")))
}

/// Runs a page's blocks in one session, one after the other; in the reference, each example stands alone. Returns how
/// many there were, and what was wrong.
fn run(path: &str, text: &str) -> (usize, Vec<String>) {
    let blocks = blocks::blocks(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut count = 0;
    let mut wrong = Vec::new();
    let mut player = None;
    for block in &blocks {
        let Some(exchanges) = exchanges(path, block) else {
            continue;
        };
        assert!(!exchanges.is_empty(), "{path}:{}: the block is empty", block.line);
        count += 1;
        if path.starts_with(reference::FOLDER) {
            player = None;
        }
        let player = player.get_or_insert_with(Player::new);
        for mismatch in exchanges.iter().filter_map(|exchange| player.play(exchange).err()) {
            wrong.push(format!("{path}: {mismatch}\n"));
            if matches!(mismatch, Mismatch::NoPrompt(..)) {
                return (count, wrong);
            }
        }
    }
    (count, wrong)
}

#[test]
fn every_block_shows_what_it_says() {
    let (_, pages) = manual();
    let mut count = 0;
    let mut wrong = Vec::new();
    for (path, text) in &pages {
        let (blocks, mismatches) = run(path, text);
        count += blocks;
        wrong.extend(mismatches);
    }
    println!("{count} blocks on {} pages", pages.len());
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > BLOCKS_AT_LEAST, "{count} blocks");
}

/// The test above would notice.
#[test]
fn a_wrong_block_is_caught() {
    for (page, is_right) in [
        ("```rhai\n40 + 2 // => 42\n```\n", true),
        ("```rhai\n40 + 2 // => 43\n```\n", false),
        ("```rhai\n40 + nothing\n```\n", false),
        ("```rhai\nlet quiet = 1;\n```\n", true),
        ("```console\nrhai> 40 + 2\n42\n```\n", true),
        ("```console\nrhai> 40 + 2\n4\n```\n", false),
        ("```console\nrhai> 40 + 2\n```\n", false),
        ("```console\nrhai> print(\"a\"); print(\"b\")\na\n```\n", false),
        ("```console\nrhai> let x = 1;\n42\n```\n", false),
        ("```console\nkeys> \"40 + 2\" Enter\nrhai> 40 + 2\n42\n```\n", true),
        ("```console\nkeys> \"40 + 1\" Enter\nrhai> 40 + 2\n41\n```\n", false),
        ("```rhai\nlet x = 6;\n```\n\n```console\nrhai> x * 7\n42\n```\n", true),
    ] {
        let (count, wrong) = run("page.md", page);
        assert!(count > 0);
        assert_eq!(wrong.is_empty(), is_right, "{page}: {wrong:?}");
    }
}

#[test]
#[should_panic(expected = "what is a block of \"python\"?")]
fn an_unknown_tag_is_caught() {
    run("page.md", "```python\nprint(1)\n```\n");
}

#[test]
fn inputs_fit_on_a_line_of_the_terminal() {
    let (_, pages) = manual();
    let mut long = Vec::new();
    for (path, text) in pages.iter().filter(|(path, _)| !path.starts_with(reference::FOLDER)) {
        for block in blocks::blocks(text).expect("it is well formed") {
            let exchanges = exchanges(path, &block).unwrap_or_default();
            for line in exchanges.iter().flat_map(|exchange| &exchange.input) {
                // The value behind it is for the reader.
                let typed = line.split("// =>").next().unwrap_or_default().trim_end();
                if typed.chars().count() > 73 {
                    long.push(format!("{path}: {line}"));
                }
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_namespace_and_function_has_its_place() {
    let (namespaces, pages) = manual();
    assert!(namespaces.len() > 20);
    for (namespace, docs) in &namespaces {
        let page = pages.get(&reference::path(namespace)).expect("a page");
        for doc in docs {
            assert!(page.contains(&doc.signature()), "{}", doc.path());
            for (code, _) in doc.errors {
                assert!(pages["reference/errors.md"].contains(&reference::code(code)), "{code}");
            }
        }
        if !namespace.is_empty() {
            assert_ne!(reference::purpose(namespace), "", "{namespace}: what is it for?");
        }
    }
}

#[test]
fn the_summary_has_every_page_and_no_other() {
    let (_, pages) = manual();
    let listed = blocks::links(&pages[book::SUMMARY]);
    let once: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(once.len(), listed.len(), "a page is listed twice");
    let all: BTreeSet<&String> = pages.keys().filter(|path| *path != book::SUMMARY).collect();
    assert_eq!(once, all);
}

#[test]
fn links_lead_to_pages_and_headings() {
    let (_, pages) = manual();
    let mut count = 0;
    for (path, text) in &pages {
        for link in blocks::links(text) {
            let Some(target) = book::target(path, &link) else {
                continue;
            };
            let page = pages
                .get(&target)
                .unwrap_or_else(|| panic!("{path}: {link} leads nowhere"));
            if let Some((_, anchor)) = link.split_once('#') {
                assert!(has_heading(page, anchor), "{path}: {link} leads to no heading");
            }
            count += 1;
        }
    }
    assert!(count > 100, "{count} links");
}

/// mdBook names a heading by its own name in braces, or by its words: small letters, digits, `-` for blanks.
fn has_heading(page: &str, anchor: &str) -> bool {
    page.lines().filter(|line| line.starts_with('#')).any(|line| {
        let title = line.trim_start_matches('#').trim();
        if let Some((_, name)) = title.split_once("{#") {
            return name.trim_end_matches('}') == anchor;
        }
        let letters = title.to_lowercase().replace(' ', "-");
        let kept = letters
            .chars()
            .filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'));
        kept.collect::<String>() == anchor
    })
}

/// Rhai writes definition files itself, from less than we know: names and parameters must be the same.
#[test]
fn definitions_name_what_the_engine_has() {
    let (namespaces, _) = manual();
    let file = definitions::file(&namespaces);
    assert!(file.contains("\nmodule static;\n"));
    let machine = fake::standard_machine();
    let context = machine.context();
    let of_the_engine = engine::build(context, Profile::CONSOLE).definitions().single_file();
    let (ours, theirs) = (without_types(&file), without_types(&of_the_engine));
    for (namespace, docs) in &namespaces {
        if !namespace.is_empty() {
            assert!(file.contains(&format!("\nmodule {namespace} {{\n")), "{namespace}");
        }
        // To Rhai `print` is a word of its own, which it defines as it does operators.
        for doc in docs.iter().filter(|doc| doc.name != "print") {
            for signature in without_types(&definitions::signatures(doc).join("\n")) {
                assert!(ours.contains(&signature) && theirs.contains(&signature), "{signature}");
            }
        }
    }
    for builtin in builtin_docs::all() {
        let all = definitions::signatures_of_builtin(builtin);
        assert!(
            !all.is_empty() && all.iter().all(|line| file.contains(line)),
            "{}",
            builtin.name
        );
    }
    for line in [
        "fn push(array: Array, item: ?);",
        "fn abs(x: int) -> ?;",
        "fn split(string: String) -> Array;",
        "fn type_of(value: ?) -> String;",
    ] {
        assert!(file.contains(line), "{line}");
    }
    let starts = file
        .lines()
        .filter(|line| line.starts_with("module ") && line.ends_with('{'))
        .count();
    let ends = file.lines().filter(|line| *line == "}").count();
    assert_eq!((starts, ends), (namespaces.len() - 1, namespaces.len() - 1));
}

/// The functions that a text defines, as `name(param, param)`.
fn without_types(definitions: &str) -> Vec<String> {
    let functions = definitions
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("fn "));
    let bare = functions.filter_map(|function| {
        let (name, rest) = function.split_once('(')?;
        let (params, _) = rest.split_once(')')?;
        let params: Vec<&str> = params.split(',').filter_map(|param| param.split(':').next()).collect();
        Some(format!("{name}({})", params.join(",")))
    });
    bare.collect()
}
