//! The texts of functions: in files, and in the inputs of a session.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use crate::completion::token::{Kind, Token, Tokens};

/// Text of inputs that a session keeps.
const KEPT_BYTES: usize = 128 * 1024;
/// Inputs that a session keeps.
const KEPT_INPUTS: usize = 200;

/// A function in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function<'a> {
    /// Its name.
    pub name: &'a str,
    /// What stands between its parentheses.
    pub parameters: &'a str,
    /// Modules do not show it.
    pub is_private: bool,
    /// All of it, with the comment that describes it.
    pub text: &'a str,
}

/// The functions that `text` defines, in order.
pub fn functions(text: &str) -> impl Iterator<Item = Function<'_>> {
    let tokens: Vec<Token> = Tokens::new(text).collect();
    let places: Vec<usize> = (0..tokens.len())
        .filter(|&at| is_word(text, &tokens, at, "fn"))
        .collect();
    places.into_iter().filter_map(move |at| function(text, &tokens, at))
}

fn is_word(text: &str, tokens: &[Token], at: usize, word: &str) -> bool {
    tokens
        .get(at)
        .is_some_and(|token| token.kind == Kind::Word && token.of(text) == word)
}

fn function<'a>(text: &'a str, tokens: &[Token], at: usize) -> Option<Function<'a>> {
    let name = tokens.get(at + 1).filter(|token| token.kind == Kind::Word)?;
    // A function can be a method of a type: `fn Type.name()`.
    let (name, open) = match tokens.get(at + 2)?.kind {
        Kind::Dot => (tokens.get(at + 3)?, at + 4),
        _ => (name, at + 2),
    };
    let parameters = tokens.get(open).filter(|token| token.of(text) == "(")?;
    let close = closing(tokens, open)?;
    let body = tokens.get(close + 1).filter(|token| token.of(text) == "{")?;
    debug_assert!(body.start > parameters.start);
    let end = tokens.get(closing(tokens, close + 1)?)?.end;
    let is_private = at > 0 && is_word(text, tokens, at - 1, "private");
    let mut first = at - usize::from(is_private);
    while first > 0 && tokens[first - 1].kind == Kind::Doc {
        first -= 1;
    }
    Some(Function {
        name: name.of(text),
        parameters: text.get(parameters.end..tokens.get(close)?.start)?,
        is_private,
        text: text.get(tokens.get(first)?.start..end)?,
    })
}

fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => {
                depth -= 1;
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

/// The inputs of a session that defined functions, the oldest first, as far as there is room.
#[derive(Debug, Default)]
pub struct Inputs {
    all: VecDeque<String>,
    bytes: usize,
}

impl Inputs {
    /// Keeps an input.
    pub fn keep(&mut self, text: &str) {
        if text.len() > KEPT_BYTES {
            return;
        }
        self.bytes += text.len();
        self.all.push_back(text.into());
        while self.bytes > KEPT_BYTES || self.all.len() > KEPT_INPUTS {
            let oldest = self.all.pop_front().unwrap_or_default();
            self.bytes -= oldest.len();
        }
    }

    /// The newest input that defines the function `name`.
    pub fn that_defines(&self, name: &str) -> Option<&str> {
        let defines = |text: &&String| text.contains(name) && functions(text).any(|function| function.name == name);
        self.all.iter().rev().find(defines).map(String::as_str)
    }

    /// All texts that the newest definitions of `name` have: one for each number of parameters in that input.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        let input = self.that_defines(name).unwrap_or_default();
        let all = functions(input).filter(|function| function.name == name);
        all.map(|function| function.text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const TEXT: &str = "let x = 1;\n/// Adds.\n/// Both.\nfn add(a, b) {\n  if a { `}${b}` } else { b }\n}\n\
                        private fn hidden() { \"}\" } fn Map.size() { 1 } fn broken(";

    #[test]
    fn finds_functions_with_their_texts() {
        let all: Vec<_> = functions(TEXT).collect();
        let names: Vec<&str> = all.iter().map(|function| function.name).collect();
        assert_eq!(names, ["add", "hidden", "size"]);
        assert!(all[0].text.starts_with("/// Adds.\n/// Both.\nfn add") && all[0].text.ends_with("else { b }\n}"));
        assert_eq!((all[0].parameters, all[0].is_private), ("a, b", false));
        assert_eq!(
            (all[1].text, all[1].is_private),
            ("private fn hidden() { \"}\" }", true)
        );
    }

    #[test]
    fn keeps_the_newest_inputs() {
        let mut inputs = Inputs::default();
        inputs.keep("fn f() { 1 }");
        inputs.keep("fn f() { 2 } fn f(a) { 3 }");
        assert_eq!(inputs.texts("f"), ["fn f() { 2 }", "fn f(a) { 3 }"]);
        assert!(inputs.texts("g").is_empty());
        for number in 0..KEPT_INPUTS {
            inputs.keep(&format!("fn g{number}() {{}}"));
        }
        assert!(inputs.texts("f").is_empty() && inputs.that_defines("g0").is_some());
        inputs.keep(&"x".repeat(KEPT_BYTES + 1));
        assert!(inputs.that_defines("g0").is_some());
        inputs.keep(&"x".repeat(KEPT_BYTES));
        assert!(inputs.that_defines("g0").is_none());
    }
}
