//! A value as JSON text.

use alloc::string::String;
use core::fmt::Write;

use rhai::{Array, Blob, Dynamic, ImmutableString, Map};

use super::DEPTH_LIMIT;
use crate::compute::{Error, Pace, Result, name_of_type};

/// Bytes of a string looked at between two looks at the pace.
const RUN_BYTES: usize = 512;

/// How the text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// On one line, without spaces.
    Compact,
    /// A line per element, indented by so many spaces a level.
    Indented(usize),
}

/// Returns `value` as JSON text.
///
/// # Errors
///
/// `too_deep`, `wrong_type`, `not_finite`, `data_race`.
pub fn print(value: &Dynamic, layout: Layout, pace: &mut Pace) -> Result<String> {
    let mut printer = Printer {
        out: String::new(),
        layout,
        pace,
    };
    printer.value(value, 0)?;
    Ok(printer.out)
}

struct Printer<'p> {
    out: String,
    layout: Layout,
    pace: &'p mut Pace,
}

impl Printer<'_> {
    /// Recursion ends at [`DEPTH_LIMIT`].
    fn value(&mut self, value: &Dynamic, depth: usize) -> Result<()> {
        self.pace.spend(8)?;
        if value.is_locked() {
            return Err(Error::new("data_race", "a captured variable is being changed"));
        }
        if value.is_unit() {
            self.out.push_str("null");
        } else if let Ok(truth) = value.as_bool() {
            self.out.push_str(if truth { "true" } else { "false" });
        } else if let Ok(number) = value.as_int() {
            let _ = write!(self.out, "{number}");
        } else if let Ok(number) = value.as_float() {
            if !number.is_finite() {
                return Err(Error::new("not_finite", format_args!("JSON cannot express {number}")));
            }
            // The shortest text that reads back to the same number; always with a point or an exponent.
            let _ = write!(self.out, "{number:?}");
        } else if let Ok(character) = value.as_char() {
            self.string(character.encode_utf8(&mut [0; 4]))?;
        } else if let Some(text) = value.read_lock::<ImmutableString>() {
            self.string(&text)?;
        } else if let Some(array) = value.read_lock::<Array>() {
            self.list('[', ']', array.iter(), depth, |printer, element| {
                printer.value(element, depth + 1)
            })?;
        } else if let Some(map) = value.read_lock::<Map>() {
            self.list('{', '}', map.iter(), depth, |printer, (key, value)| {
                printer.string(key)?;
                printer.out.push_str(match printer.layout {
                    Layout::Compact => ":",
                    Layout::Indented(_) => ": ",
                });
                printer.value(value, depth + 1)
            })?;
        } else if let Some(bytes) = value.read_lock::<Blob>() {
            self.list('[', ']', bytes.iter(), depth, |printer, byte| {
                let _ = write!(printer.out, "{byte}");
                printer.pace.spend(4)
            })?;
        } else {
            let message = format_args!("JSON cannot express {}", name_of_type(value));
            return Err(Error::new("wrong_type", message));
        }
        Ok(())
    }

    fn list<T>(
        &mut self,
        start: char,
        end: char,
        elements: impl Iterator<Item = T>,
        depth: usize,
        mut element: impl FnMut(&mut Self, T) -> Result<()>,
    ) -> Result<()> {
        if depth >= DEPTH_LIMIT {
            let message = format_args!("arrays and maps lie in each other deeper than {DEPTH_LIMIT} levels");
            return Err(Error::new("too_deep", message));
        }
        self.out.push(start);
        let mut is_empty = true;
        for item in elements {
            if !core::mem::take(&mut is_empty) {
                self.out.push(',');
            }
            self.line(depth + 1)?;
            element(self, item)?;
        }
        if !is_empty {
            self.line(depth)?;
        }
        self.out.push(end);
        Ok(())
    }

    /// A new line, where the layout has lines.
    fn line(&mut self, depth: usize) -> Result<()> {
        let Layout::Indented(spaces) = self.layout else {
            return Ok(());
        };
        self.out.push('\n');
        self.out.extend(core::iter::repeat_n(' ', spaces * depth));
        self.pace.spend(spaces * depth)
    }

    fn string(&mut self, text: &str) -> Result<()> {
        self.out.push('"');
        let mut rest = text;
        while !rest.is_empty() {
            let needs_escape = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
            let limit = rest.len().min(RUN_BYTES);
            let mut run = rest.as_bytes()[..limit].iter().position(needs_escape).unwrap_or(limit);
            while !rest.is_char_boundary(run) {
                run += 1;
            }
            let (plain, after) = rest.split_at(run);
            self.out.push_str(plain);
            rest = after;
            if let Some(byte) = rest.bytes().next().filter(needs_escape) {
                self.escape(byte);
                rest = &rest[1..];
            }
            self.pace.spend(run + 1)?;
        }
        self.out.push('"');
        Ok(())
    }

    fn escape(&mut self, byte: u8) {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            8 => "\\b",
            12 => "\\f",
            _ => {
                let _ = write!(self.out, "\\u{byte:04x}");
                return;
            }
        };
        self.out.push_str(short);
    }
}
