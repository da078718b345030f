//! Whether an input is finished, or goes on in the next line.
//!
//! Decided by tokens alone: open brackets, strings, comments; an operator at the end; a block or a `catch` that must
//! still come. A wrong answer costs little: an unfinished input that is taken as finished is a syntax error, and Ctrl-C
//! leaves one that never finishes.

use alloc::vec::Vec;

/// Whether `text` can be compiled as it is (perhaps with an error that more text would not mend).
pub fn is_complete(text: &str) -> bool {
    Scanner::default().is_complete(text)
}

/// Decides about a text that grows line by line, without reading it all again for each line.
#[derive(Debug, Default)]
pub struct Scanner {
    state: State,
}

impl Scanner {
    /// Whether `text` is finished. It begins with the text of the call before; the empty text starts over.
    pub fn is_complete(&mut self, text: &str) -> bool {
        let mut state = core::mem::take(&mut self.state);
        if text.is_empty() {
            state = State::default();
        }
        let mut scan = Scan {
            text: text.as_bytes(),
            state,
        };
        let is_complete = scan.run();
        self.state = scan.state;
        is_complete
    }
}

/// Where the scan stands, between two tokens.
#[derive(Debug, Default)]
struct State {
    at: usize,
    open: Vec<Open>,
    /// A keyword whose block has not opened yet, and the bracket depth it stands at.
    wants: Option<(Open, usize)>,
    last: Last,
    /// What the text so far ended in the midst of.
    inside: Option<Inside>,
}

/// A token that may go on over lines, and is read further where its reading stopped.
#[derive(Clone, Copy, Debug)]
enum Inside {
    /// Block comments, so many within each other.
    BlockComment(usize),
    BackTick,
    /// A raw string with so many `#`.
    Raw(usize),
}

/// What an opening bracket is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// `(` `[`, and `{` of maps and plain blocks.
    Plain,
    /// The block of `do`: `while` or `until` must follow.
    Do,
    /// The block of `try`: `catch` must follow.
    Try,
    /// `${` in a back-tick string: the string goes on after the `}`.
    Interpolation,
}

/// The last token, as far as it decides whether something must follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Last {
    #[default]
    Nothing,
    Operand,
    Operator,
    /// A block that must be followed by a keyword.
    HalfStatement,
}

struct Scan<'a> {
    text: &'a [u8],
    state: State,
}

impl Scan<'_> {
    fn run(&mut self) -> bool {
        let finished = match self.state.inside.take() {
            Some(Inside::BlockComment(depth)) => self.rest_of_comment(depth),
            Some(Inside::BackTick) => self.rest_of_back_tick(),
            Some(Inside::Raw(hashes)) => self.rest_of_raw_string(hashes),
            None => true,
        };
        if !finished {
            return false;
        }
        while let Some(&byte) = self.text.get(self.state.at) {
            let start = self.state.at;
            let finished = match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.skip(1),
                b'/' if self.starts_with(b"//") => self.line_comment(),
                b'/' if self.starts_with(b"/*") => self.block_comment(),
                b'"' => self.quoted(b'"'),
                b'\'' => self.quoted(b'\''),
                b'`' => self.back_tick(),
                b'#' if self.raw_string_hashes() > 0 => self.raw_string(),
                b'(' | b'[' => self.open(Open::Plain),
                b'{' => self.open_brace(),
                b')' | b']' => self.close(),
                b'}' => match self.close_kind() {
                    Some(Open::Interpolation) => self.back_tick(),
                    _ => true,
                },
                b';' => {
                    self.state.wants = None;
                    self.token(1, Last::Nothing)
                }
                b'=' if self.starts_with(b"=>") => {
                    // The `if` before it was a guard, which has no block.
                    self.state.wants = None;
                    self.token(2, Last::Operator)
                }
                _ if is_word(byte) => self.word(),
                _ => self.token(1, Last::Operator),
            };
            if !finished {
                if self.state.inside.is_none() {
                    // More text may finish the token: read it again from its start then.
                    self.state.at = start;
                }
                return false;
            }
        }
        self.state.open.is_empty()
            && self.state.wants.is_none()
            && !matches!(self.state.last, Last::Operator | Last::HalfStatement)
    }

    fn starts_with(&self, prefix: &[u8]) -> bool {
        self.text[self.state.at..].starts_with(prefix)
    }

    fn skip(&mut self, count: usize) -> bool {
        self.state.at += count;
        true
    }

    fn token(&mut self, length: usize, last: Last) -> bool {
        self.state.at += length;
        self.state.last = last;
        true
    }

    fn line_comment(&mut self) -> bool {
        let rest = &self.text[self.state.at..];
        self.skip(rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()))
    }

    /// Block comments nest.
    fn block_comment(&mut self) -> bool {
        self.rest_of_comment(0)
    }

    fn rest_of_comment(&mut self, mut depth: usize) -> bool {
        while self.state.at < self.text.len() {
            if self.starts_with(b"/*") {
                depth += 1;
                self.state.at += 2;
            } else if self.starts_with(b"*/") {
                depth -= 1;
                self.state.at += 2;
                if depth == 0 {
                    return true;
                }
            } else {
                self.state.at += 1;
            }
        }
        self.state.inside = Some(Inside::BlockComment(depth));
        false
    }

    /// A string or character. It may not span lines, unless a backslash ends the line: an open one is an error that
    /// more text does not mend.
    fn quoted(&mut self, quote: u8) -> bool {
        self.state.at += 1;
        let mut more = true;
        while more {
            match self.text.get(self.state.at) {
                None => {
                    self.state.last = Last::Operand;
                    return !(self.text.ends_with(b"\\") || self.text.ends_with(b"\\\n"));
                }
                Some(b'\\') => self.state.at += 2,
                Some(b'\n') => more = false,
                Some(&byte) => {
                    self.state.at += 1;
                    more = byte != quote;
                }
            }
        }
        self.state.last = Last::Operand;
        true
    }

    /// From the opening back-tick, or from the brace that ends an interpolation, to the string's end or the next `${`.
    fn back_tick(&mut self) -> bool {
        self.state.at += 1;
        self.rest_of_back_tick()
    }

    fn rest_of_back_tick(&mut self) -> bool {
        while let Some(&byte) = self.text.get(self.state.at) {
            if self.starts_with(b"${") {
                self.state.at += 1;
                return self.open(Open::Interpolation);
            }
            if self.starts_with(b"``") {
                self.state.at += 2;
                continue;
            }
            self.state.at += 1;
            if byte == b'`' {
                self.state.last = Last::Operand;
                return true;
            }
        }
        self.state.inside = Some(Inside::BackTick);
        false
    }

    /// How many `#` stand before a quote here: `#"..."#`, `##"..."##`.
    fn raw_string_hashes(&self) -> usize {
        let hashes = self.text[self.state.at..]
            .iter()
            .take_while(|&&byte| byte == b'#')
            .count();
        if self.text.get(self.state.at + hashes) == Some(&b'"') {
            hashes
        } else {
            0
        }
    }

    fn raw_string(&mut self) -> bool {
        let hashes = self.raw_string_hashes();
        self.state.at += hashes + 1;
        self.rest_of_raw_string(hashes)
    }

    fn rest_of_raw_string(&mut self, hashes: usize) -> bool {
        while let Some(&byte) = self.text.get(self.state.at) {
            self.state.at += 1;
            if byte == b'"'
                && self.text[self.state.at..]
                    .iter()
                    .take_while(|&&byte| byte == b'#')
                    .count()
                    >= hashes
            {
                return self.token(hashes, Last::Operand);
            }
        }
        self.state.inside = Some(Inside::Raw(hashes));
        false
    }

    fn open(&mut self, kind: Open) -> bool {
        self.state.open.push(kind);
        self.token(1, Last::Nothing)
    }

    fn open_brace(&mut self) -> bool {
        let is_map = self.state.at > 0 && self.text[self.state.at - 1] == b'#';
        match self.state.wants {
            Some((kind, depth)) if depth == self.state.open.len() && !is_map => {
                self.state.wants = None;
                self.open(kind)
            }
            _ => self.open(Open::Plain),
        }
    }

    fn close(&mut self) -> bool {
        self.close_kind();
        true
    }

    fn close_kind(&mut self) -> Option<Open> {
        let kind = self.state.open.pop();
        if kind == Some(Open::Interpolation) {
            return kind;
        }
        let half = matches!(kind, Some(Open::Do | Open::Try));
        self.token(1, if half { Last::HalfStatement } else { Last::Operand });
        kind
    }

    fn word(&mut self) -> bool {
        let rest = &self.text[self.state.at..];
        let length = rest.iter().take_while(|&&byte| is_word(byte)).count();
        let after_half = self.state.last == Last::HalfStatement;
        let after_dot = self.state.at > 0 && self.text[self.state.at - 1] == b'.';
        let word = &rest[..length];
        self.token(length, Last::Operand);
        if after_dot {
            return true;
        }
        let depth = self.state.open.len();
        match word {
            b"if" | b"else" | b"for" | b"loop" | b"switch" | b"catch" | b"fn" => {
                self.state.wants = Some((Open::Plain, depth))
            }
            b"while" if !after_half => self.state.wants = Some((Open::Plain, depth)),
            b"while" | b"until" => self.state.last = Last::Operator,
            b"do" => self.state.wants = Some((Open::Do, depth)),
            b"try" => self.state.wants = Some((Open::Try, depth)),
            b"let" | b"const" | b"import" | b"export" | b"in" | b"as" | b"private" => self.state.last = Last::Operator,
            _ => {}
        }
        true
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn accepts_finished_input() {
        for text in [
            "",
            "1",
            "40 + 2",
            "let x = 1;",
            "// open {",
            "/* { */",
            "\"{\"",
            "\"a\\\"{\"",
            "'{'",
            "`a ${x + 1} {`",
            "`${`${1}`}`",
            "if x { 1 } else { 2 }",
            "do { x } while y",
            "do {} until x",
            "try { f() } catch { }",
            "try { f() } catch (e) { }",
            "fn f(x) { x }",
            "loop { break; }",
            "switch x { 1 => 2, _ => 3 }",
            "switch x { 1 if y > 2 => 2, _ => 3 }",
            "#{a: 1}",
            "let f = |x| x + 1;",
            "[1, 2].map(|x| #{a: x})",
            ") oops",
            "\"open",
            "#\"raw \" {\"#",
            "x.if_",
            "for i in 0..3 { }",
            "while x { }",
            "return",
            "a.try",
            "let x = if a { 1 } else { 2 };",
            "\"one\\\ntwo\"",
        ] {
            assert!(is_complete(text), "{text:?}");
        }
    }

    #[test]
    fn decides_the_same_line_by_line() {
        let text = "fn f(x) {\n  let a = `one\ntwo ${if x {\n1 } else { 2 }}\n`;\n /* {\n */ do {\n x -= 1\n} while x > 0;\n [1,\n2]\n}";
        let mut scanner = Scanner::default();
        for (end, _) in text.match_indices('\n') {
            assert!(!scanner.is_complete(&text[..end]), "{:?}", &text[..end]);
            assert!(!is_complete(&text[..end]));
        }
        assert!(scanner.is_complete(text));
    }

    #[test]
    fn reads_each_line_of_a_long_token_once_and_starts_over_when_asked() {
        for (start, end) in [("`", "`"), ("/*", "*/ 1"), ("##\"", "\"##"), ("`${`", "`}`")] {
            let mut text = String::from(start);
            let mut scanner = Scanner::default();
            for _ in 0..20_000 {
                text.push_str("a line of text\n");
                assert!(!scanner.is_complete(&text));
            }
            text.push_str(end);
            assert!(scanner.is_complete(&text), "{end}");
            assert!(scanner.is_complete(""));
            assert!(!scanner.is_complete("{"));
        }
    }

    #[test]
    fn waits_for_the_rest() {
        for text in [
            "{",
            "(",
            "[1,",
            "f(",
            "1 +",
            "let x =",
            "let",
            "x.",
            "a::",
            "/* open",
            "/* /* */",
            "`open",
            "`a ${",
            "`a ${x} b",
            "if x",
            "if x {",
            "if x { 1 } else",
            "fn f(x)",
            "do { x }",
            "try { x }",
            "try { x } catch",
            "while x",
            "#{a: 1,",
            "|x|",
            "x &&",
            "#\"raw",
            "##\"raw\"#",
            "switch x",
            "loop",
            "for i in",
            "import",
            "do { x } while",
            "\"one\\\n",
        ] {
            assert!(!is_complete(text), "{text:?}");
        }
    }
}
