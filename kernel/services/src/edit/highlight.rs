//! What the characters of a Rhai script are, line by line, for their colours.
//!
//! A line depends on those before it only through the [`State`] at its start: inside of a comment, of a string that
//! spans lines, or of neither. The states are kept, so that a change costs the lines that it changes and those whose
//! state it changes.

use alloc::vec::Vec;

use super::text::Text;
use super::undo::Touched;

/// What a part of a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    /// Names, operators, blanks.
    #[default]
    Plain,
    /// A comment.
    Comment,
    /// A string or a character.
    Text,
    /// A number.
    Number,
    /// A word of the language.
    Keyword,
    /// A name that is called.
    Function,
}

/// A part of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it ends, in bytes; it starts where the one before ends.
    pub end: usize,
    /// What it is.
    pub class: Class,
}

/// How deep `${ }` in back-tick strings nest before we lose count, which costs nothing but colours.
const NESTING_LIMIT: usize = 4;

/// Where a line starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    mode: Mode,
    /// How many back-tick strings are open around the code here.
    nesting: usize,
    /// Braces open in each of their `${ }`.
    braces: [u16; NESTING_LIMIT],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Code,
    /// In a block comment; they nest.
    Comment(u16),
    BackTick,
    /// In `#"..."#` with so many `#`.
    Raw(u16),
    /// In `"..."` with a backslash at the line's end.
    Quoted,
}

const KEYWORDS: &[&str] = &[
    "as", "break", "catch", "const", "continue", "do", "else", "export", "false", "fn", "for", "global", "if",
    "import", "in", "let", "loop", "private", "return", "switch", "this", "throw", "true", "try", "until", "while",
];

/// The parts of `line`, and the state at the start of the next one.
pub fn spans(line: &str, state: State) -> (Vec<Span>, State) {
    let mut scan = Scan {
        line,
        at: 0,
        state,
        spans: Vec::new(),
    };
    while scan.at < line.len() {
        scan.step();
    }
    (scan.spans, scan.state)
}

struct Scan<'a> {
    line: &'a str,
    at: usize,
    state: State,
    spans: Vec<Span>,
}

impl<'a> Scan<'a> {
    fn step(&mut self) {
        match self.state.mode {
            Mode::Code => self.code(),
            Mode::Comment(depth) => self.comment(depth),
            Mode::BackTick => self.back_tick(),
            Mode::Raw(hashes) => self.raw(hashes),
            Mode::Quoted => self.quoted(b'"'),
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.line.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Everything up to `end` is `class`.
    fn push(&mut self, end: usize, class: Class) {
        let mut end = end.min(self.line.len());
        while !self.line.is_char_boundary(end) {
            end += 1;
        }
        self.at = end;
        match self.spans.last_mut() {
            Some(last) if last.class == class => last.end = end,
            _ => self.spans.push(Span { end, class }),
        }
    }

    fn code(&mut self) {
        let start = self.at;
        match self.rest() {
            [b'/', b'/', ..] => self.push(self.line.len(), Class::Comment),
            [b'/', b'*', ..] => {
                self.state.mode = Mode::Comment(1);
                self.push(start + 2, Class::Comment);
            }
            [b'"', ..] => {
                self.push(start + 1, Class::Text);
                self.quoted(b'"');
            }
            [b'\'', ..] => {
                self.push(start + 1, Class::Text);
                self.quoted(b'\'');
            }
            [b'`', ..] => {
                self.state.mode = Mode::BackTick;
                self.push(start + 1, Class::Text);
            }
            [b'#', rest @ ..] if rest.iter().find(|&&byte| byte != b'#') == Some(&b'"') => {
                let hashes = 1 + rest.iter().take_while(|&&byte| byte == b'#').count();
                self.state.mode = Mode::Raw(u16::try_from(hashes).unwrap_or(u16::MAX));
                self.push(start + hashes + 1, Class::Text);
            }
            [brace @ (b'{' | b'}'), ..] => {
                self.brace(*brace);
            }
            [b'0'..=b'9', ..] => self.number(),
            [byte, ..] if *byte == b'_' || byte.is_ascii_alphabetic() || !byte.is_ascii() => self.word(),
            _ => self.push(start + 1, Class::Plain),
        }
    }

    fn brace(&mut self, brace: u8) {
        let open = self
            .state
            .nesting
            .checked_sub(1)
            .map(|level| &mut self.state.braces[level]);
        match open {
            Some(0) if brace == b'}' => {
                self.state.nesting -= 1;
                self.state.mode = Mode::BackTick;
                self.push(self.at + 1, Class::Text);
                return;
            }
            Some(count) if brace == b'}' => *count -= 1,
            Some(count) => *count = count.saturating_add(1),
            None => {}
        }
        self.push(self.at + 1, Class::Plain);
    }

    fn comment(&mut self, depth: u16) {
        let rest = self.rest();
        let mark = rest.windows(2).position(|pair| pair == b"/*" || pair == b"*/");
        let Some(mark) = mark else {
            self.push(self.line.len(), Class::Comment);
            return;
        };
        let depth = if rest[mark] == b'/' {
            depth.saturating_add(1)
        } else {
            depth - 1
        };
        self.state.mode = if depth == 0 { Mode::Code } else { Mode::Comment(depth) };
        self.push(self.at + mark + 2, Class::Comment);
    }

    /// Up to the closing quote or the line's end.
    fn quoted(&mut self, quote: u8) {
        let rest = self.rest();
        let mut length = 0;
        self.state.mode = Mode::Code;
        while let Some(&byte) = rest.get(length) {
            length += 1;
            if byte == quote {
                break;
            }
            if byte == b'\\' {
                if length == rest.len() && quote == b'"' {
                    self.state.mode = Mode::Quoted;
                }
                length += 1;
            }
        }
        self.push(self.at + length, Class::Text);
    }

    fn back_tick(&mut self) {
        let rest = self.rest();
        let mut length = 0;
        let mut mode = Mode::BackTick;
        while let Some(&byte) = rest.get(length) {
            let next = rest.get(length + 1);
            if byte == b'`' && next == Some(&b'`') {
                length += 2;
                continue;
            }
            if byte == b'$' && next == Some(&b'{') && self.state.nesting < NESTING_LIMIT {
                self.state.braces[self.state.nesting] = 0;
                self.state.nesting += 1;
                mode = Mode::Code;
                length += 2;
                break;
            }
            length += 1;
            if byte == b'`' {
                mode = Mode::Code;
                break;
            }
        }
        self.state.mode = mode;
        self.push(self.at + length, Class::Text);
    }

    fn raw(&mut self, hashes: u16) {
        let rest = self.rest();
        let hashes = usize::from(hashes);
        let is_end = |window: &[u8]| window[0] == b'"' && window[1..].iter().all(|&byte| byte == b'#');
        match rest.windows(hashes + 1).position(is_end) {
            Some(index) => {
                self.state.mode = Mode::Code;
                self.push(self.at + index + hashes + 1, Class::Text);
            }
            None => self.push(self.line.len(), Class::Text),
        }
    }

    fn number(&mut self) {
        let rest = self.rest();
        let is_digit = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
        let mut length = rest.iter().take_while(|&&byte| is_digit(byte)).count();
        // A fraction, but not a range or a method.
        if rest.get(length) == Some(&b'.') && rest.get(length + 1).is_some_and(u8::is_ascii_digit) {
            length += 1 + rest[length + 1..].iter().take_while(|&&byte| is_digit(byte)).count();
        }
        self.push(self.at + length, Class::Number);
    }

    fn word(&mut self) {
        let rest = &self.line[self.at..];
        let length = rest
            .find(|character: char| character != '_' && !character.is_alphanumeric())
            .unwrap_or(rest.len());
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let length = length.max(first);
        let class = if KEYWORDS.binary_search(&&rest[..length]).is_ok() {
            Class::Keyword
        } else if rest[length..].trim_start().starts_with('(') {
            Class::Function
        } else {
            Class::Plain
        };
        self.push(self.at + length, class);
    }
}

/// The states at the lines' starts, as far as they are known.
#[derive(Debug, Default)]
pub struct Highlighter {
    /// States of the first lines.
    starts: Vec<State>,
}

impl Highlighter {
    /// The state at the start of `line`.
    pub fn state(&mut self, text: &Text, line: usize) -> State {
        if self.starts.is_empty() {
            self.starts.push(State::default());
        }
        while self.starts.len() <= line {
            let last = self.starts.len() - 1;
            let (_, next) = spans(text.line(last), self.starts[last]);
            self.starts.push(next);
        }
        self.starts[line]
    }

    /// Lines have changed in `text`.
    pub fn touch(&mut self, text: &Text, touched: Touched) {
        let Touched {
            first,
            old_lines,
            new_lines,
        } = touched;
        if first >= self.starts.len() {
            return;
        }
        let mut state = self.starts[first];
        let mut fresh = Vec::with_capacity(new_lines);
        for line in first..first + new_lines {
            fresh.push(state);
            state = spans(text.line(line), state).1;
        }
        // What follows is as it was if it starts as it did.
        if self.starts.get(first + old_lines) == Some(&state) {
            self.starts.splice(first..first + old_lines, fresh);
        } else {
            self.starts.truncate(first);
            self.starts.extend(fresh);
        }
    }
}
