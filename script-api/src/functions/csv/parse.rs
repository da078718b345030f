//! Text to rows.

use alloc::string::String;
use alloc::vec::Vec;

use rhai::{Array, Dynamic, Identifier, Map};

use super::Options;
use crate::compute::{Error, Pace, Result};

/// The rows of `text`: maps where it has a header, else arrays.
///
/// # Errors
///
/// `parse_error`, with the line.
pub(super) fn parse(text: &str, options: &Options, pace: &mut Pace) -> Result<Array> {
    let mut reader = Reader {
        text: text.strip_prefix('\u{feff}').unwrap_or(text),
        at: 0,
        line: 1,
        separator: options.separator,
        pace,
    };
    let mut rows = Array::new();
    let (mut names, mut width) = (Vec::<Identifier>::new(), None);
    loop {
        let line = reader.line;
        let Some(cells) = reader.row()? else { return Ok(rows) };
        let expected = *width.get_or_insert(cells.len());
        if cells.len() != expected {
            let message = format_args!("line {line} has {} cells, the first row {expected}", cells.len());
            return Err(Error::new("parse_error", message));
        }
        if options.has_header && names.is_empty() {
            names = cells.into_iter().map(Identifier::from).collect();
            continue;
        }
        let values = cells.into_iter().map(|cell| value(cell, options));
        rows.push(if options.has_header {
            Dynamic::from_map(names.iter().cloned().zip(values).collect::<Map>())
        } else {
            Dynamic::from_array(values.collect())
        });
    }
}

fn value(cell: String, options: &Options) -> Dynamic {
    if !options.has_numbers {
        return cell.into();
    }
    let trimmed = cell.trim();
    if trimmed.is_empty() {
        return Dynamic::UNIT;
    }
    // `inf`, `nan` and `1_000` stay text.
    let looks_like_number = trimmed
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    if looks_like_number {
        if let Ok(number) = trimmed.parse() {
            return Dynamic::from_int(number);
        }
        if let Some(number) = trimmed.parse::<f64>().ok().filter(|number| number.is_finite()) {
            return Dynamic::from_float(number);
        }
    }
    cell.into()
}

struct Reader<'t, 'p> {
    text: &'t str,
    at: usize,
    line: usize,
    separator: u8,
    pace: &'p mut Pace,
}

impl Reader<'_, '_> {
    /// The cells of the next row that is not empty.
    fn row(&mut self) -> Result<Option<Vec<String>>> {
        while let Some(b'\r' | b'\n') = self.peek() {
            self.line_end();
            self.pace.spend(1)?;
        }
        if self.peek().is_none() {
            return Ok(None);
        }
        let mut cells = Vec::new();
        loop {
            cells.push(if self.peek() == Some(b'"') {
                self.quoted()?
            } else {
                self.plain()?
            });
            self.pace.spend(8)?;
            match self.peek() {
                Some(byte) if byte == self.separator => self.at += 1,
                Some(b'\r' | b'\n') => {
                    self.line_end();
                    return Ok(Some(cells));
                }
                None => return Ok(Some(cells)),
                Some(_) => return Err(self.error("text follows the closing quote of a cell")),
            }
        }
    }

    fn plain(&mut self) -> Result<String> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| byte != self.separator && !matches!(byte, b'\r' | b'\n'))
        {
            self.at += 1;
            self.pace.spend(1)?;
        }
        Ok(self.text[start..self.at].into())
    }

    /// A cell in quotes; two quotes inside of it stand for one.
    fn quoted(&mut self) -> Result<String> {
        let first_line = self.line;
        self.at += 1;
        let (mut out, mut start) = (String::new(), self.at);
        loop {
            self.pace.spend(1)?;
            match self.peek() {
                Some(b'"') => {
                    out.push_str(&self.text[start..self.at]);
                    self.at += 1;
                    if self.peek() != Some(b'"') {
                        return Ok(out);
                    }
                    // The second quote is the first byte of what follows.
                    start = self.at;
                    self.at += 1;
                }
                Some(byte) => {
                    self.line += usize::from(byte == b'\n');
                    self.at += 1;
                }
                None => {
                    self.line = first_line;
                    return Err(self.error("a quote is not closed"));
                }
            }
        }
    }

    fn line_end(&mut self) {
        let is_pair = self.peek() == Some(b'\r') && self.text.as_bytes().get(self.at + 1) == Some(&b'\n');
        self.at += 1 + usize::from(is_pair);
        self.line += 1;
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn error(&self, message: &str) -> Error {
        Error::new("parse_error", format_args!("line {}: {message}", self.line))
    }
}
