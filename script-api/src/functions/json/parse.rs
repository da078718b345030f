//! JSON text to a value (RFC 8259), without recursion: containers that are not finished lie on a stack of their own.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use rhai::{Array, Dynamic, Identifier, Map};

use super::DEPTH_LIMIT;
use crate::compute::{Error, Pace, Result};
use crate::functions::place::Place;

/// Bytes of a string looked at between two looks at the pace.
const RUN_BYTES: usize = 512;

/// Returns the value that `text` stands for.
///
/// # Errors
///
/// `parse_error` with line and column, `too_deep`, `out_of_range`.
pub fn parse(text: &str, pace: &mut Pace) -> Result<Dynamic> {
    let mut parser = Parser { text, at: 0, pace };
    let mut open: Vec<Open> = Vec::new();
    loop {
        let mut value = match parser.start_of_value(&mut open)? {
            Some(value) => value,
            None => continue,
        };
        // Into the container around it, and where that ends here, into the one around that.
        loop {
            let next = match open.last_mut() {
                None => return parser.end_of_text().map(|()| value),
                Some(Open::Array(elements)) => {
                    elements.push(value);
                    parser.separator(b']')?
                }
                Some(Open::Map(map, key)) => {
                    map.insert(core::mem::take(key), value);
                    let next = parser.separator(b'}')?;
                    if next == Next::Another {
                        *key = parser.key()?;
                    }
                    next
                }
            };
            match (next, open.pop()) {
                (Next::End, Some(Open::Array(elements))) => value = Dynamic::from_array(elements),
                (Next::End, Some(Open::Map(map, _))) => value = Dynamic::from_map(map),
                (Next::Another, Some(container)) => {
                    open.push(container);
                    break;
                }
                (_, None) => return Err(parser.error("the text ends too early")),
            }
        }
    }
}

/// A container whose end has not been reached.
enum Open {
    Array(Array),
    /// With the key of the value to come.
    Map(Map, Identifier),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Another,
    End,
}

struct Parser<'a, 'p> {
    text: &'a str,
    at: usize,
    pace: &'p mut Pace,
}

impl Parser<'_, '_> {
    /// A whole value, or `None` after the start of a container that has elements: the first one comes next.
    fn start_of_value(&mut self, open: &mut Vec<Open>) -> Result<Option<Dynamic>> {
        self.skip_space()?;
        let Some(byte) = self.peek() else {
            return Err(self.error("the text ends where a value is expected"));
        };
        match byte {
            b'[' | b'{' if open.len() >= DEPTH_LIMIT => Err(Error::new(
                "too_deep",
                format_args!("arrays and objects lie in each other deeper than {DEPTH_LIMIT} levels"),
            )),
            b'[' => {
                self.at += 1;
                self.skip_space()?;
                if self.take(b']') {
                    return Ok(Some(Dynamic::from_array(Array::new())));
                }
                open.push(Open::Array(Array::new()));
                Ok(None)
            }
            b'{' => {
                self.at += 1;
                self.skip_space()?;
                if self.take(b'}') {
                    return Ok(Some(Dynamic::from_map(Map::new())));
                }
                let key = self.key()?;
                open.push(Open::Map(Map::new(), key));
                Ok(None)
            }
            b'"' => Ok(Some(self.string()?.into())),
            b'-' | b'0'..=b'9' => self.number().map(Some),
            b't' => self.word("true", Dynamic::TRUE),
            b'f' => self.word("false", Dynamic::FALSE),
            b'n' => self.word("null", Dynamic::UNIT),
            _ => Err(self.unexpected("a value")),
        }
    }

    /// What follows an element.
    fn separator(&mut self, end: u8) -> Result<Next> {
        self.skip_space()?;
        if self.take(b',') {
            Ok(Next::Another)
        } else if self.take(end) {
            Ok(Next::End)
        } else {
            Err(self.unexpected(if end == b']' { "',' or ']'" } else { "',' or '}'" }))
        }
    }

    /// A key and its colon.
    fn key(&mut self) -> Result<Identifier> {
        self.skip_space()?;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        let key = self.string()?;
        self.skip_space()?;
        if !self.take(b':') {
            return Err(self.unexpected("':'"));
        }
        Ok(key.into())
    }

    fn end_of_text(&mut self) -> Result<()> {
        self.skip_space()?;
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("the end of the text")),
        }
    }

    fn word(&mut self, word: &str, value: Dynamic) -> Result<Option<Dynamic>> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.unexpected("a value"));
        }
        self.at += word.len();
        self.pace.spend(word.len())?;
        Ok(Some(value))
    }

    fn number(&mut self) -> Result<Dynamic> {
        let start = self.at;
        self.take(b'-');
        let leading = self.peek();
        let digits = self.digits()?;
        if leading == Some(b'0') && digits > 1 {
            return Err(self.error("a number must not begin with 0"));
        }
        let mut is_whole = true;
        if self.take(b'.') {
            is_whole = false;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            is_whole = false;
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let number = &self.text[start..self.at];
        if is_whole && let Ok(number) = number.parse() {
            return Ok(Dynamic::from_int(number));
        }
        match number.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Dynamic::from_float(number)),
            _ => Err(Error::new(
                "out_of_range",
                format_args!("the number at {} is beyond what a float can hold", self.place()),
            )),
        }
    }

    /// At least one digit; how many.
    fn digits(&mut self) -> Result<usize> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
            self.pace.spend(1)?;
        }
        if self.at == start {
            return Err(self.unexpected("a digit"));
        }
        Ok(self.at - start)
    }

    fn string(&mut self) -> Result<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            // Quotes, backslashes and control characters are single bytes, so pieces end at whole characters.
            let limit = self.text.len().min(start + RUN_BYTES);
            let bytes = self.text.as_bytes();
            while self.at < limit && !matches!(bytes[self.at], b'"' | b'\\' | 0..0x20) {
                self.at += 1;
            }
            while !self.text.is_char_boundary(self.at) {
                self.at += 1;
            }
            out.push_str(&self.text[start..self.at]);
            self.pace.spend(self.at - start + 1)?;
            match self.peek() {
                None => return Err(self.error("the text ends inside of a string")),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                Some(0..0x20) => return Err(self.error("a control character in a string must be escaped")),
                Some(_) => {}
            }
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<char> {
        let byte = self.peek();
        self.at += 1;
        Ok(match byte {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.code_point(),
            _ => {
                self.at -= 1;
                return Err(self.unexpected("one of \"\\/bfnrtu after a backslash"));
            }
        })
    }

    /// What follows `\u`: one code unit of UTF-16, or two.
    fn code_point(&mut self) -> Result<char> {
        let first = self.code_unit()?;
        let code = if (0xd800..0xdc00).contains(&first) {
            let second = if self.take(b'\\') && self.take(b'u') {
                self.code_unit()?
            } else {
                0
            };
            if !(0xdc00..0xe000).contains(&second) {
                return Err(self.error("half a surrogate pair"));
            }
            0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| self.error("half a surrogate pair"))
    }

    fn code_unit(&mut self) -> Result<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or_default();
        let is_hex = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit);
        let unit = core::str::from_utf8(digits)
            .ok()
            .filter(|_| is_hex)
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.error("four hexadecimal digits must follow \\u"))?;
        self.at += 4;
        Ok(unit)
    }

    fn skip_space(&mut self) -> Result<()> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
            self.pace.spend(1)?;
        }
        self.pace.spend(1)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn unexpected(&self, wanted: &str) -> Error {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(found) => self.error(format_args!("{wanted} is expected, not {found:?}")),
            None => self.error(format_args!("the text ends where {wanted} is expected")),
        }
    }

    fn error(&self, message: impl fmt::Display) -> Error {
        Error::new("parse_error", format_args!("{}: {message}", self.place()))
    }

    fn place(&self) -> Place {
        Place::of(self.text, self.at)
    }
}
