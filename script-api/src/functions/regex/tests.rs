//! Matching against the crate's own simulation as the judge, limits, and patterns and texts that nobody means.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use std::time::Instant;

use regex_automata::nfa::thompson::pikevm::PikeVM;

use super::compile::Pattern;
use super::matches::Matches;
use super::template::Template;
use crate::compute::Pace;
use crate::functions::tests::{mutations, numbers};

type Groups = Vec<Option<(usize, usize)>>;

fn compile(pattern: &str) -> Pattern {
    Pattern::compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error:?}"))
}

fn code(pattern: &str) -> &'static str {
    let error = Pattern::compile(pattern).err();
    error.and_then(|error| error.code()).unwrap_or("none")
}

/// All matches with their groups, in bytes.
fn ours(pattern: &Pattern, text: &str) -> Vec<Groups> {
    let (mut matches, mut all, mut pace) = (Matches::new(pattern, text), Vec::new(), Pace::free());
    while let Some(found) = matches.next_with_groups(&mut pace).expect("nothing stops it") {
        assert_eq!(found.start_character, text[..found.start].chars().count());
        assert_eq!(found.end_character, text[..found.end].chars().count());
        all.push(
            (0..pattern.group_names().len())
                .map(|index| found.group(index))
                .collect(),
        );
    }
    all
}

/// The same, by the judge.
fn theirs(pattern: &Pattern, text: &str) -> Vec<Groups> {
    let judge = PikeVM::new_from_nfa(pattern.nfa.clone()).expect("it has a machine");
    let mut cache = judge.create_cache();
    let span = |span: Option<regex_automata::Span>| span.map(|span| (span.start, span.end));
    let all = judge.captures_iter(&mut cache, text);
    all.map(|captures| captures.iter().map(span).collect()).collect()
}

fn texts(pattern: &str, text: &str) -> Vec<String> {
    let all = ours(&compile(pattern), text);
    all.iter()
        .map(|groups| groups[0].map_or("", |(start, end)| &text[start..end]).to_string())
        .collect()
}

#[test]
fn finds_what_a_person_expects() {
    assert_eq!(texts(r"\d+", "a1 b22 ٣"), ["1", "22"]);
    assert_eq!(texts(r"\bü?\w+\b", "über straße x"), ["ber", "stra", "e", "x"]);
    assert_eq!(
        texts("(?i)GRÜSSE|straße", "grüsse STRASSE Straße"),
        ["grüsse", "Straße"]
    );
    assert_eq!(texts(".", "ü€😀\n"), ["ü", "€", "😀"]);
    assert_eq!(texts("[^a]", "aüa"), ["ü"]);
    assert_eq!(texts("", "ü"), ["", ""]);
    assert_eq!(texts("a|ab|abc", "abc"), ["a"]);
    assert_eq!(texts("(?m)^.*$", "one\ntwo\n"), ["one", "two", ""]);
    assert_eq!(
        texts(r"[\w.]+@[\w.]+", "to: bob.x@home.net, al@b"),
        ["bob.x@home.net", "al@b"]
    );
    assert_eq!(texts(r"(?-u:\B)", "ü"), ["", ""]);
}

#[test]
fn agrees_with_the_judge() {
    let mut numbers = numbers();
    let atoms = [
        "a", "b", "ü", ".", "[ab]", "[^b]", r"\w", r"\W", r"\b", r"\B", "^", "$", "(a|ab)", "(b*)", "(?:ü|a)", "(x)?",
        "(?i:A)", r"\d", "(?m:^)", "(?s:.)", "", "(a*)*",
    ];
    let suffixes = ["", "", "", "*", "+", "?", "*?", "{1,2}", "|"];
    let letters = ["a", "b", "ü", "A", " ", "\n", "x", "€", "1"];
    let mut tried = 0;
    for _ in 0..4000 {
        let mut text = |choices: &[&str], longest: usize| -> String {
            let length = numbers.below(longest);
            (0..length).map(|_| choices[numbers.below(choices.len())]).collect()
        };
        let haystack = text(&letters, 12);
        let mut source = String::new();
        for _ in 0..1 + numbers.below(5) {
            source += atoms[numbers.below(atoms.len())];
            source += suffixes[numbers.below(suffixes.len())];
        }
        let Ok(pattern) = Pattern::compile(&source) else {
            continue;
        };
        tried += 1;
        assert_eq!(
            ours(&pattern, &haystack),
            theirs(&pattern, &haystack),
            "{source:?} in {haystack:?}"
        );
    }
    assert!(tried > 3000, "{tried}");
}

#[test]
fn survives_mutated_patterns() {
    let sample = r"(?P<year>\d{4})-(\d\d)|[^a-z\w]+?(?i:x{2,5})$|(a|b)*\bü[[:alpha:]&&[^x]]";
    for source in mutations(sample, 3000) {
        if let Ok(pattern) = Pattern::compile(&source) {
            let text = "2026-11 abab üx XXX 99";
            assert_eq!(ours(&pattern, text), theirs(&pattern, text), "{source:?}");
        }
    }
    for end in (0..=sample.len()).filter(|&end| sample.is_char_boundary(end)) {
        let _ = Pattern::compile(&sample[..end]);
    }
}

#[test]
fn refuses_what_has_no_bound() {
    for pattern in [
        "(",
        "a**{",
        r"\p{Greek}",
        r"(?=a)",
        r"(a)\1",
        "[z-a]",
        &"(".repeat(100),
        r"(?-u:\xff)",
    ] {
        assert_eq!(code(pattern), "bad_pattern", "{pattern}");
    }
    let many_groups = "(a)".repeat(300);
    for pattern in [
        "a{1000000}",
        "((a{100}){100}){100}",
        &"a".repeat(2000),
        &format!("(?:{many_groups}){{50}}"),
    ] {
        assert_eq!(code(pattern), "too_large", "{}", &pattern[..20.min(pattern.len())]);
    }
    // Nothing, however often, is nothing.
    for pattern in [
        "(?:){4000000000}",
        "(?:a{0}){4000000000}",
        "(?:(?:){4000000000}){4000000000}",
    ] {
        assert_eq!(texts(pattern, "a"), ["", ""], "{pattern}");
    }
    assert_eq!(code(&format!("{}a{}", "(".repeat(60), ")".repeat(60))), "none");
    assert_eq!(code(&format!("{}a{}", "(".repeat(70), ")".repeat(70))), "bad_pattern");
}

/// Each of these takes a backtracking matcher longer than the universe will last.
#[test]
fn no_pattern_explodes() {
    let text = "a".repeat(5000);
    for pattern in [
        "(a+)+b",
        "(a|a)*b",
        "(a|aa)+$b",
        "(.*)(.*)(.*)(.*)b",
        "(a?){50}a{50}b",
        "(a*)*b",
    ] {
        let started = Instant::now();
        let _ = ours(&compile(pattern), &text);
        assert!(
            started.elapsed().as_secs() < 20,
            "{pattern} took {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn replacements_name_groups() {
    let pattern = compile("(?<key>a+)(b)?");
    let expand = |template: &str| {
        let template = Template::parse(template, &pattern).expect(template);
        let text = "xaay";
        let found = Matches::new(&pattern, text).next_with_groups(&mut Pace::free());
        let mut out = String::new();
        template.expand(text, &found.expect("nothing stops it").expect("a match"), &mut out);
        out
    };
    assert_eq!(expand("<$0|$1|${key}|$2>"), "<aa|aa|aa|>");
    assert_eq!(expand("$$1 $ $x 5$"), "$1 $ $x 5$");
    assert_eq!(expand("${1}0"), "aa0");
    for template in ["$3", "${nobody}", "${}", "$99999999999999999999999"] {
        let error = Template::parse(template, &pattern).expect_err(template);
        assert_eq!(error.code(), Some("bad_replacement"));
    }
}
