//! What the pieces of a Rhai text are, for their colours and for the brackets that match.
//!
//! It reads forward from any place whose state is known and never fails: what is not finished yet is coloured as what
//! it has begun to be.

use super::cells::Style;

/// Bytes after which a long piece is cut, so that no key costs more because of it.
const PIECE_LIMIT_BYTES: usize = 128;
/// Interpolations within interpolations that are told apart; deeper ones are text.
const DEPTH_LIMIT: usize = 6;
/// How far behind a place the state there may depend on the text.
pub(super) const LOOK_AHEAD_BYTES: usize = 16;
const KEYWORDS: [&str; 25] = [
    "as", "break", "catch", "const", "continue", "do", "else", "export", "false", "fn", "for", "if", "import", "in",
    "let", "loop", "private", "return", "switch", "this", "throw", "true", "try", "until", "while",
];

/// Where the reading stands, between two pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lexer {
    mode: Mode,
    /// Interpolations around here, and the braces that are open in each.
    depth: usize,
    braces: [u8; DEPTH_LIMIT],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Code,
    /// The rest of a word that was cut.
    Word(Style),
    LineComment,
    /// Comments nest.
    BlockComment(u8),
    /// A string or character, until this quote or the line's end.
    Quoted(u8),
    /// A raw string with so many `#`.
    Raw(u8),
    BackTick,
}

/// One piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Byte index behind it.
    pub(super) end: usize,
    /// How it looks.
    pub(super) style: Style,
    /// Its last byte is a bracket of the code.
    pub(super) is_bracket: bool,
}

impl Lexer {
    /// The piece that begins at byte `start`, which lies before the end of the text.
    pub(super) fn next(&mut self, text: &str, start: usize) -> Piece {
        let mut reading = Reading {
            bytes: text.as_bytes(),
            start,
            at: start,
        };
        let (style, is_bracket) = match self.mode {
            Mode::Code => self.code(&mut reading),
            Mode::Word(style) => (self.word(&mut reading, style), false),
            Mode::LineComment => (self.line_comment(&mut reading), false),
            Mode::BlockComment(depth) => (self.block_comment(&mut reading, depth), false),
            Mode::Quoted(quote) => (self.quoted(&mut reading, quote), false),
            Mode::Raw(hashes) => (self.raw(&mut reading, hashes), false),
            Mode::BackTick => self.back_tick(&mut reading),
        };
        let mut end = reading.at.clamp(start + 1, text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Piece { end, style, is_bracket }
    }

    fn code(&mut self, reading: &mut Reading<'_>) -> (Style, bool) {
        let Some(byte) = reading.take() else {
            return (Style::Plain, false);
        };
        let style = match byte {
            b'/' if reading.peek(0) == Some(b'/') => self.line_comment(reading),
            b'/' if reading.peek(0) == Some(b'*') => {
                reading.at += 1;
                self.block_comment(reading, 1)
            }
            b'"' | b'\'' => self.quoted(reading, byte),
            b'`' => {
                self.mode = Mode::BackTick;
                return self.back_tick(reading);
            }
            b'#' if reading.raw_hashes() > 0 => {
                let hashes = reading.raw_hashes();
                reading.at += usize::from(hashes);
                self.raw(reading, hashes)
            }
            b'(' | b'[' | b')' | b']' => return (Style::Plain, true),
            b'{' => {
                if let Some(braces) = self.innermost() {
                    *braces = braces.saturating_add(1);
                }
                return (Style::Plain, true);
            }
            b'}' => {
                match self.innermost() {
                    Some(0) => {
                        self.depth -= 1;
                        self.mode = Mode::BackTick;
                    }
                    Some(braces) => *braces -= 1,
                    None => {}
                }
                return (Style::Plain, true);
            }
            b'0'..=b'9' => {
                reading.number();
                Style::Number
            }
            _ if is_word(byte) => {
                let style = reading.word_style();
                self.word(reading, style)
            }
            _ => Style::Plain,
        };
        (style, false)
    }

    fn innermost(&mut self) -> Option<&mut u8> {
        self.braces.get_mut(self.depth.checked_sub(1)?)
    }

    fn word(&mut self, reading: &mut Reading<'_>, style: Style) -> Style {
        self.mode = Mode::Code;
        while reading.peek(0).is_some_and(is_word) {
            if reading.is_long() {
                self.mode = Mode::Word(style);
                break;
            }
            reading.at += 1;
        }
        style
    }

    fn line_comment(&mut self, reading: &mut Reading<'_>) -> Style {
        self.mode = Mode::LineComment;
        while !reading.is_long()
            && let Some(byte) = reading.peek(0)
        {
            if byte == b'\n' {
                self.mode = Mode::Code;
                break;
            }
            reading.at += 1;
        }
        Style::Comment
    }

    fn block_comment(&mut self, reading: &mut Reading<'_>, mut depth: u8) -> Style {
        while depth > 0
            && !reading.is_long()
            && let Some(byte) = reading.take()
        {
            match (byte, reading.peek(0)) {
                (b'/', Some(b'*')) => depth = depth.saturating_add(1),
                (b'*', Some(b'/')) => depth -= 1,
                _ => continue,
            }
            reading.at += 1;
        }
        self.mode = if depth == 0 {
            Mode::Code
        } else {
            Mode::BlockComment(depth)
        };
        Style::Comment
    }

    /// A string or character may not span lines, unless a backslash ends the line.
    fn quoted(&mut self, reading: &mut Reading<'_>, quote: u8) -> Style {
        self.mode = Mode::Quoted(quote);
        while !reading.is_long()
            && let Some(byte) = reading.take()
        {
            if byte == b'\\' {
                reading.take();
            } else if byte == quote || byte == b'\n' {
                self.mode = Mode::Code;
                break;
            }
        }
        Style::Text
    }

    fn raw(&mut self, reading: &mut Reading<'_>, hashes: u8) -> Style {
        self.mode = Mode::Raw(hashes);
        while !reading.is_long()
            && let Some(byte) = reading.take()
        {
            if byte == b'"' && (0..usize::from(hashes)).all(|offset| reading.peek(offset) == Some(b'#')) {
                reading.at += usize::from(hashes);
                self.mode = Mode::Code;
                break;
            }
        }
        Style::Text
    }

    /// Up to the string's end, or up to an interpolation, whose `${` is a piece of its own.
    fn back_tick(&mut self, reading: &mut Reading<'_>) -> (Style, bool) {
        while !reading.is_long()
            && let Some(byte) = reading.peek(0)
        {
            if byte == b'$' && reading.peek(1) == Some(b'{') && self.depth < DEPTH_LIMIT {
                if reading.at > reading.start {
                    break;
                }
                reading.at += 2;
                self.braces[self.depth] = 0;
                self.depth += 1;
                self.mode = Mode::Code;
                return (Style::Plain, true);
            }
            reading.at += 1;
            if byte == b'`' {
                if reading.peek(0) != Some(b'`') {
                    self.mode = Mode::Code;
                    break;
                }
                reading.at += 1;
            }
        }
        (Style::Text, false)
    }
}

/// A piece of text without colours.
pub(super) fn plain_piece(text: &str, start: usize) -> Piece {
    let mut end = text.len().min(start + PIECE_LIMIT_BYTES);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    Piece {
        end,
        style: Style::Plain,
        is_bracket: false,
    }
}

struct Reading<'a> {
    bytes: &'a [u8],
    start: usize,
    at: usize,
}

impl Reading<'_> {
    fn peek(&self, offset: usize) -> Option<u8> {
        self.bytes.get(self.at + offset).copied()
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.peek(0)?;
        self.at += 1;
        Some(byte)
    }

    fn is_long(&self) -> bool {
        self.at - self.start >= PIECE_LIMIT_BYTES
    }

    /// How many `#` open a raw string here, behind the first of them; 0 where it is none.
    fn raw_hashes(&self) -> u8 {
        let more = (0..LOOK_AHEAD_BYTES / 2)
            .take_while(|&offset| self.peek(offset) == Some(b'#'))
            .count();
        if self.peek(more) == Some(b'"') {
            more as u8 + 1
        } else {
            0
        }
    }

    /// The rest of a number behind its first digit: a dot belongs to it where a digit follows, a sign after `e`.
    fn number(&mut self) {
        let is_based = self
            .peek(0)
            .is_some_and(|byte| matches!(byte, b'x' | b'X' | b'b' | b'B' | b'o' | b'O'));
        while !self.is_long()
            && let Some(byte) = self.peek(0)
        {
            let next_is_digit = self.peek(1).is_some_and(|next| next.is_ascii_digit());
            let is_sign = matches!(byte, b'+' | b'-') && matches!(self.bytes[self.at - 1], b'e' | b'E') && !is_based;
            if !(is_word(byte) || (byte == b'.' || is_sign) && next_is_digit) {
                break;
            }
            self.at += 1;
        }
    }

    /// What the word is whose first byte was taken.
    fn word_style(&self) -> Style {
        let rest = &self.bytes[self.start..];
        let length = rest
            .iter()
            .take(PIECE_LIMIT_BYTES)
            .take_while(|&&byte| is_word(byte))
            .count();
        let before = &self.bytes[..self.start];
        if before.ends_with(b"::") || rest[length..].starts_with(b"::") {
            return Style::Name;
        }
        let is_member = before.ends_with(b".") && !before.ends_with(b"..");
        let is_keyword = || KEYWORDS.iter().any(|keyword| keyword.as_bytes() == &rest[..length]);
        if !is_member && is_keyword() {
            Style::Keyword
        } else {
            Style::Plain
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    /// One letter for the look of each byte: `k`eyword, `n`umber, `t`ext, `c`omment, `N`ame, `(` for a bracket.
    fn looks(text: &str) -> String {
        let mut lexer = Lexer::default();
        let (mut at, mut looks) = (0, String::new());
        while at < text.len() {
            let piece = lexer.next(text, at);
            assert!(piece.end > at && text.is_char_boundary(piece.end));
            let letter = match piece.style {
                Style::Keyword => 'k',
                Style::Number => 'n',
                Style::Text => 't',
                Style::Comment => 'c',
                Style::Name => 'N',
                _ if piece.is_bracket => '(',
                _ => '.',
            };
            looks.extend((at..piece.end).map(|_| letter));
            at = piece.end;
        }
        looks
    }

    #[test]
    fn tells_tokens_apart() {
        let cases = [
            ("let x = 1_0.5e-3;", "kkk.....nnnnnnnn."),
            ("0..3 + 0xe-1", "n..n...nnn.n"),
            ("fs::read(\"a\\\"b\") // no", "NN..NNNN(tttttt(.ccccc"),
            ("/* a /* b */ c */ if", "ccccccccccccccccc.kk"),
            ("'a' x.if #{a: `t`}", "ttt.......(...ttt("),
            ("#\"raw\"x\"# fn", "ttttttttt.kk"),
            ("\"open\nlet", "ttttttkkk"),
            ("\"a\\\nb\" in", "tttttt.kk"),
        ];
        for (text, expected) in cases {
            assert_eq!(looks(text), expected, "{text}");
        }
    }

    #[test]
    fn finds_the_code_inside_strings() {
        assert_eq!(looks("`a ${if #{b: 1}} c``d` 1"), "ttt((kk..(...n((tttttt.n");
        let deep = "`${".repeat(20);
        assert_eq!(looks(&deep).len(), deep.len());
    }

    #[test]
    fn survives_every_truncation_and_cuts_long_pieces() {
        let text = "fn f(a) { `x ${a::b(1.5)} ä` + #\"r\"# /* c */ + 'q' } // end";
        for (end, _) in text.char_indices() {
            assert_eq!(looks(&text[..end]).len(), end);
        }
        let long = "ä".repeat(5000);
        for text in [
            long.clone(),
            std::format!("\"{long}"),
            std::format!("/*{long}"),
            std::format!("`{long}"),
        ] {
            let mut lexer = Lexer::default();
            let mut ends = Vec::from([0]);
            while ends[ends.len() - 1] < text.len() {
                let piece = lexer.next(&text, ends[ends.len() - 1]);
                ends.push(piece.end);
            }
            assert!(ends.windows(2).all(|pair| pair[1] - pair[0] < 2 * PIECE_LIMIT_BYTES));
        }
    }
}
