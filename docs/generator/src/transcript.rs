//! What a block types, and what must come of it.
//!
//! A `rhai` block is typed as it stands, input by input as the prompt takes it; a comment `// => 42` at an input's end is
//! what the prompt must show. A `console` block shows a session:
//!
//! ```text
//! rhai> fn twice(x) {
//!   ...     2 * x
//!   ... }
//! rhai> twice(21)
//! 42
//! keys> Up Home "1 + " Enter
//! rhai> 1 + twice(21)
//! 43
//! ```
//!
//! Behind `keys>` come keys and texts in quotes; what the screen shows then is compared from the edited line on. A line
//! `...` in what is shown stands for any lines, and `...` within a line for anything.

use std::fmt;

use script_api::complete::Scanner;

use crate::blocks::Block;
use crate::keys;

const PROMPT: &str = "rhai> ";
const CONTINUATION: &str = "  ... ";
const KEYS: &str = "keys> ";
const VALUE: &str = "// => ";

/// One input, and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Where it is, from 1.
    pub line: usize,
    /// Lines to type; empty where only keys are pressed.
    pub input: Vec<String>,
    /// Bytes to send then.
    pub keys: String,
    /// What must be shown.
    pub expected: Expected,
}

/// What must be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// No error.
    NoError,
    /// These lines, with `...` as in the module's description.
    Lines(Vec<String>),
}

/// Why a block makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The input that begins at this line is not finished at the block's end.
    Unfinished(usize),
    /// A line before the first prompt.
    NoPrompt(usize),
    /// There is no such key.
    UnknownKey(usize, String),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfinished(line) => write!(out, "line {line}: the input is not finished"),
            Self::NoPrompt(line) => write!(out, "line {line}: a transcript begins with `rhai> ` or `keys> `"),
            Self::UnknownKey(line, key) => write!(out, "line {line}: there is no key {key}"),
        }
    }
}

impl std::error::Error for Error {}

/// The inputs of a `rhai` block.
///
/// # Errors
///
/// [`Error::Unfinished`].
pub fn of_program(block: &Block) -> Result<Vec<Exchange>, Error> {
    let mut exchanges = Vec::new();
    let mut input: Vec<String> = Vec::new();
    let mut scanner = Scanner::default();
    let mut start = block.line;
    for (index, line) in block.lines.iter().enumerate() {
        if input.is_empty() {
            if line.trim().is_empty() {
                continue;
            }
            start = block.line + index + 1;
            scanner = Scanner::default();
        }
        input.push(line.clone());
        if scanner.is_complete(&input.join("\n")) {
            let expected = line.split_once(VALUE).map_or(Expected::NoError, |(_, value)| {
                Expected::Lines(vec![value.trim_end().into()])
            });
            exchanges.push(Exchange {
                line: start,
                input: std::mem::take(&mut input),
                keys: String::new(),
                expected,
            });
        }
    }
    if input.is_empty() {
        Ok(exchanges)
    } else {
        Err(Error::Unfinished(start))
    }
}

/// The inputs of a `console` block.
///
/// # Errors
///
/// [`Error::NoPrompt`] and [`Error::UnknownKey`].
pub fn of_session(block: &Block) -> Result<Vec<Exchange>, Error> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    for (index, line) in block.lines.iter().enumerate() {
        let number = block.line + index + 1;
        let text_of = |prefix: &str| {
            let is_bare = line == prefix.trim_end();
            line.strip_prefix(prefix).or(is_bare.then_some(""))
        };
        let is_fresh = |exchange: &Exchange| exchange.expected == Expected::Lines(Vec::new());
        if let Some(words) = text_of(KEYS) {
            let mut bytes = String::new();
            for word in keys::words(words) {
                let key = keys::bytes(&word).ok_or_else(|| Error::UnknownKey(number, word.clone()))?;
                bytes.push_str(&key);
            }
            match exchanges.last_mut() {
                Some(last) if is_fresh(last) => last.keys.push_str(&bytes),
                _ => exchanges.push(Exchange::new(number, Vec::new(), bytes)),
            }
            continue;
        }
        let last = exchanges.last_mut();
        // Right below keys stands the line as they have edited it.
        let is_picture = last
            .as_ref()
            .is_some_and(|last| last.input.is_empty() && is_fresh(last));
        if let Some(text) = text_of(PROMPT)
            && !is_picture
        {
            exchanges.push(Exchange::new(number, vec![text.into()], String::new()));
            continue;
        }
        let Some(last) = last else {
            return Err(Error::NoPrompt(number));
        };
        match text_of(CONTINUATION) {
            Some(text) if is_fresh(last) && last.keys.is_empty() => last.input.push(text.into()),
            _ => {
                if let Expected::Lines(lines) = &mut last.expected {
                    lines.push(line.clone());
                }
            }
        }
    }
    Ok(exchanges)
}

impl Exchange {
    fn new(line: usize, input: Vec<String>, keys: String) -> Self {
        Self {
            line,
            input,
            keys,
            expected: Expected::Lines(Vec::new()),
        }
    }
}

impl Expected {
    /// Whether `shown` is it.
    pub fn accepts(&self, shown: &[&str]) -> bool {
        match self {
            Self::NoError => !shown.iter().any(|line| line.starts_with("error[")),
            Self::Lines(lines) => {
                let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
                lines_match(&lines, shown)
            }
        }
    }
}

fn lines_match(expected: &[&str], shown: &[&str]) -> bool {
    match expected.split_first() {
        None => shown.is_empty(),
        Some((&"...", rest)) => (0..=shown.len()).any(|skipped| lines_match(rest, &shown[skipped..])),
        Some((first, rest)) => shown
            .split_first()
            .is_some_and(|(line, others)| line_matches(first, line) && lines_match(rest, others)),
    }
}

fn line_matches(expected: &str, shown: &str) -> bool {
    let Some((start, rest)) = expected.split_once("...") else {
        return expected == shown;
    };
    let Some(shown) = shown.strip_prefix(start) else {
        return false;
    };
    let indices = shown.char_indices().map(|(index, _)| index).chain([shown.len()]);
    indices.into_iter().any(|skipped| line_matches(rest, &shown[skipped..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Block {
        Block {
            tag: String::new(),
            line: 10,
            lines: text.lines().map(String::from).collect(),
        }
    }

    fn shows(lines: &[&str]) -> Expected {
        Expected::Lines(lines.iter().map(|&line| line.into()).collect())
    }

    #[test]
    fn reads_a_program_as_the_prompt_takes_it() {
        let found = of_program(&block("fn f(x) {\n    x\n}\n\nf(1) // => 1\nf(2)")).expect("it is finished");
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].line, found[0].input.len()), (11, 3));
        assert_eq!((found[1].line, &found[1].expected), (15, &shows(&["1"])));
        assert_eq!(found[2].expected, Expected::NoError);
        assert_eq!(of_program(&block("1\n(2 +")), Err(Error::Unfinished(12)));
    }

    #[test]
    fn reads_a_session_with_keys() {
        let text = "rhai> f(\n  ...   1)\n1\nrhai>\nkeys> Up Ctrl-A\nrhai> f(\n1\nrhai> edit()\nkeys> Ctrl-Q\n...";
        let found = of_session(&block(text)).expect("it is well formed");
        assert_eq!(found.len(), 4);
        assert_eq!((found[0].input.len(), &found[0].expected), (2, &shows(&["1"])));
        assert_eq!(found[1].input, [""]);
        assert_eq!(found[1].keys, "\x1b[A\x01");
        assert_eq!((found[3].keys.as_str(), &found[3].expected), ("\x11", &shows(&["..."])));
        assert_eq!(of_session(&block("text")), Err(Error::NoPrompt(11)));
        assert_eq!(
            of_session(&block("keys> Blue")),
            Err(Error::UnknownKey(11, "Blue".into()))
        );
    }

    #[test]
    fn reads_what_keys_have_made_of_a_line() {
        let found = of_session(&block("keys> Up Enter\nrhai> 1\n1\nrhai> 2\n2")).expect("it is well formed");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].expected, shows(&["rhai> 1", "1"]));
        assert_eq!(found[1].input, ["2"]);
    }

    #[test]
    fn compares_with_gaps() {
        for (expected, shown, is_right) in [
            (&["1"][..], &["1"][..], true),
            (&["1"], &["2"], false),
            (&["1"], &["1", "2"], false),
            (&["1"], &[], false),
            (&[], &["1"], false),
            (&["..."], &[], true),
            (&["a", "...", "c"], &["a", "b", "b", "c"], true),
            (&["a", "...", "c"], &["a", "b"], false),
            (&["a...c"], &["abbc"], true),
            (&["a...c"], &["abbcd"], false),
            (&["a...c"], &["a", "c"], false),
        ] {
            assert_eq!(shows(expected).accepts(shown), is_right, "{expected:?} {shown:?}");
        }
        assert!(!Expected::NoError.accepts(&["  x", "  ^", "error[variable_not_found]: x"]));
        assert!(Expected::NoError.accepts(&["42"]));
    }
}
