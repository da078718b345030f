//! Rhai's tokens, as far as completion and help need them. Any text is fine, and what is open at its end is known.

use alloc::vec::Vec;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword.
    Word,
    /// A number.
    Number,
    /// A string, or the last piece of one that has `${...}` in it.
    Text,
    /// A character.
    Char,
    /// A comment that begins with `///` or `/**`.
    Doc,
    /// `::`.
    Path,
    /// `.` or `?.`.
    Dot,
    /// `[`, `(` or `{`; `${` too.
    Open,
    /// `]`, `)` or `}`; the `}` that ends a `${` too.
    Close,
    /// Any other sign, one byte.
    Sign,
}

/// A token and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Byte index of its start.
    pub start: usize,
    /// Byte index behind its end.
    pub end: usize,
}

impl Token {
    /// Its text.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// What the end of the text lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Code.
    Code,
    /// A comment.
    Comment,
    /// A string that begins with this quote; the byte index is that of its content.
    Text(u8, usize),
    /// A character.
    Char,
}

/// The tokens of a text, one after the other.
pub struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
    /// Open braces, innermost last: true where the brace is the `${` of a string.
    braces: Vec<bool>,
    /// What the end lies in, once it is reached.
    inside: Inside,
}

impl<'a> Tokens<'a> {
    /// Reads `text` from its start.
    pub fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            braces: Vec::new(),
            inside: Inside::Code,
        }
    }

    /// What the end of the text lies in. Call it when there are no more tokens.
    pub fn inside(&self) -> Inside {
        self.inside
    }

    fn starts_with(&self, prefix: &[u8]) -> bool {
        self.text[self.at..].starts_with(prefix)
    }

    fn skip_while(&mut self, test: impl Fn(u8) -> bool) {
        while self.text.get(self.at).is_some_and(|&byte| test(byte)) {
            self.at += 1;
        }
    }

    /// Block comments nest.
    fn block_comment(&mut self) {
        let mut depth = 0usize;
        while self.at < self.text.len() {
            if self.starts_with(b"/*") {
                depth += 1;
                self.at += 2;
            } else if self.starts_with(b"*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.at += 1;
            }
        }
        self.inside = Inside::Comment;
    }

    fn line_comment(&mut self) {
        self.skip_while(|byte| byte != b'\n');
        if self.at == self.text.len() {
            self.inside = Inside::Comment;
        }
    }

    /// From behind the opening quote. An open string ends with its line: that is an error which more text does not mend.
    fn quoted(&mut self, quote: u8) {
        let content = self.at;
        while let Some(&byte) = self.text.get(self.at) {
            self.at += match byte {
                b'\\' => 2,
                b'\n' => return,
                _ => 1,
            };
            if byte == quote {
                return;
            }
        }
        self.at = self.text.len();
        self.inside = if quote == b'"' {
            Inside::Text(quote, content)
        } else {
            Inside::Char
        };
    }

    /// From behind the opening quote, or behind the brace that ends an interpolation; to the string's end or the next
    /// `${`.
    fn back_tick(&mut self) -> Kind {
        let content = self.at;
        while let Some(&byte) = self.text.get(self.at) {
            if self.starts_with(b"${") {
                self.at += 2;
                self.braces.push(true);
                return Kind::Open;
            }
            if self.starts_with(b"``") {
                self.at += 2;
                continue;
            }
            self.at += 1;
            if byte == b'`' {
                return Kind::Text;
            }
        }
        self.inside = Inside::Text(b'`', content);
        Kind::Text
    }

    /// `#"..."#`, with any number of `#`; `None` where no such string begins here.
    fn raw_string(&mut self) -> Option<Kind> {
        let rest = &self.text[self.at..];
        let hashes = rest.iter().take_while(|&&byte| byte == b'#').count();
        if rest.get(hashes) != Some(&b'"') {
            return None;
        }
        self.at += hashes + 1;
        let content = self.at;
        let mut seen = None;
        while let Some(&byte) = self.text.get(self.at) {
            self.at += 1;
            seen = match (byte, seen) {
                (b'"', _) => Some(0),
                (b'#', Some(count)) => Some(count + 1),
                _ => None,
            };
            if seen == Some(hashes) {
                return Some(Kind::Text);
            }
        }
        self.inside = Inside::Text(b'#', content);
        Some(Kind::Text)
    }

    fn number(&mut self) {
        self.skip_while(is_word);
        let is_fraction = self.text.get(self.at) == Some(&b'.')
            && self.text.get(self.at + 1).is_some_and(|byte| byte.is_ascii_digit());
        if is_fraction {
            self.at += 1;
            self.skip_while(is_word);
        }
    }

    fn sign(&mut self, kind: Kind, length: usize) -> Kind {
        self.at += length;
        kind
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            self.skip_while(|byte| byte.is_ascii_whitespace());
            let start = self.at;
            let &byte = self.text.get(start)?;
            let kind = match byte {
                b'/' if self.starts_with(b"//") => {
                    let is_doc = self.starts_with(b"///") && !self.starts_with(b"////");
                    self.line_comment();
                    if !is_doc {
                        continue;
                    }
                    Kind::Doc
                }
                b'/' if self.starts_with(b"/*") => {
                    let is_doc = self.starts_with(b"/**") && !self.starts_with(b"/***") && !self.starts_with(b"/**/");
                    self.block_comment();
                    if !is_doc {
                        continue;
                    }
                    Kind::Doc
                }
                b'"' => {
                    self.at += 1;
                    self.quoted(byte);
                    Kind::Text
                }
                b'\'' => {
                    self.at += 1;
                    self.quoted(byte);
                    Kind::Char
                }
                b'`' => {
                    self.at += 1;
                    self.back_tick()
                }
                b'#' => self.raw_string().unwrap_or_else(|| self.sign(Kind::Sign, 1)),
                b'{' => {
                    self.braces.push(false);
                    self.sign(Kind::Open, 1)
                }
                b'}' => {
                    self.at += 1;
                    if self.braces.pop() == Some(true) {
                        let kind = self.back_tick();
                        // The whole string is behind it; where another `${` follows, the string goes on inside.
                        if kind == Kind::Open { continue } else { Kind::Close }
                    } else {
                        Kind::Close
                    }
                }
                b'(' | b'[' => self.sign(Kind::Open, 1),
                b')' | b']' => self.sign(Kind::Close, 1),
                b':' if self.starts_with(b"::") => self.sign(Kind::Path, 2),
                // A range is no call: `a..b`.
                b'.' if self.starts_with(b"..") => {
                    self.skip_while(|byte| byte == b'.');
                    Kind::Sign
                }
                b'.' => self.sign(Kind::Dot, 1),
                b'?' if self.starts_with(b"?.") => self.sign(Kind::Dot, 2),
                _ if byte.is_ascii_digit() => {
                    self.number();
                    Kind::Number
                }
                _ if is_word(byte) => {
                    self.skip_while(is_word);
                    Kind::Word
                }
                _ => self.sign(Kind::Sign, 1),
            };
            self.at = self.at.min(self.text.len());
            return Some(Token {
                kind,
                start,
                end: self.at,
            });
        }
    }
}

/// Whether a byte can be a part of a name. Letters beyond ASCII count, although Rhai refuses them: so they stay whole.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Whether `text` is a name that can stand behind a dot.
pub fn is_identifier(text: &str) -> bool {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    text.chars().all(is_part) && text.contains(|character: char| character.is_ascii_alphabetic()) && {
        let first = text.trim_start_matches('_').chars().next();
        !text.starts_with(|character: char| character.is_ascii_digit())
            && first.is_some_and(|c| c.is_ascii_alphabetic())
    }
}

/// Words of the language that can begin or go on in an expression or a statement.
pub const KEYWORDS: [&str; 26] = [
    "as", "break", "catch", "const", "continue", "do", "else", "export", "false", "fn", "for", "global", "if",
    "import", "in", "let", "loop", "private", "return", "switch", "this", "throw", "true", "try", "until", "while",
];

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn words(text: &str) -> Vec<&str> {
        Tokens::new(text).map(|token| token.of(text)).collect()
    }

    #[test]
    fn finds_the_tokens() {
        assert_eq!(
            words("let x=1.5e3+y?.z;"),
            ["let", "x", "=", "1.5e3", "+", "y", "?.", "z", ";"]
        );
        assert_eq!(
            words("0..5 a::b // c\n d /* /* */ */ e"),
            ["0", "..", "5", "a", "::", "b", "d", "e"]
        );
        assert_eq!(words("1.foo"), ["1", ".", "foo"]);
        assert_eq!(
            words("#{a: \"}\"} #\"x\"y\"# 'a'"),
            ["#", "{", "a", ":", "\"}\"", "}", "#\"x\"y\"#", "'a'"]
        );
        assert_eq!(words("`a ${b + `c`} d` e"), ["`a ${", "b", "+", "`c`", "} d`", "e"]);
        assert_eq!(words("\"open\n next"), ["\"open", "next"]);
    }

    #[test]
    fn knows_what_is_open_at_the_end() {
        let inside = |text: &str| {
            let mut tokens = Tokens::new(text);
            while tokens.next().is_some() {}
            tokens.inside()
        };
        assert_eq!(inside("a + "), Inside::Code);
        assert_eq!(inside("a // b"), Inside::Comment);
        assert_eq!(inside("a /* b"), Inside::Comment);
        assert_eq!(inside("f(\"ab"), Inside::Text(b'"', 3));
        assert_eq!(inside("`a ${x} b"), Inside::Text(b'`', 7));
        assert_eq!(inside("`a ${x"), Inside::Code);
        assert_eq!(inside("##\"a\"#"), Inside::Text(b'#', 3));
        assert_eq!(inside("'a"), Inside::Char);
        assert_eq!(inside("\"a\\"), Inside::Text(b'"', 1));
    }

    #[test]
    fn tells_names_from_other_texts() {
        assert!(["a", "_a1", "net_addr"].into_iter().all(is_identifier));
        assert!(
            ["", "1a", "a b", "_", "_1", "ü", "a-b"]
                .into_iter()
                .all(|text| !is_identifier(text))
        );
    }
}
