//! Rows to text.

use alloc::collections::BTreeSet;
use alloc::string::String;
use core::fmt::Write;

use rhai::{Array, Dynamic, Identifier, Map};

use super::Options;
use crate::compute::{Error, Pace, Result, text_of, unexpected};

/// `rows` as text.
///
/// # Errors
///
/// `wrong_type`, `data_race`.
pub(super) fn print(rows: &[Dynamic], options: &Options, pace: &mut Pace) -> Result<String> {
    let mut printer = Printer {
        out: String::new(),
        is_first: true,
        options,
        pace,
    };
    let names = names(rows, printer.pace)?;
    if options.has_header && !names.is_empty() {
        for name in &names {
            printer.cell(name)?;
        }
        printer.end_row();
    }
    for row in rows {
        if let Some(map) = row.read_lock::<Map>() {
            for name in &names {
                match map.get(name) {
                    Some(value) => printer.value(value)?,
                    None => printer.cell("")?,
                }
            }
        } else if let Some(array) = row.read_lock::<Array>() {
            if !names.is_empty() {
                return Err(Error::new("wrong_type", "rows must be all maps or all arrays"));
            }
            for value in array.iter() {
                printer.value(value)?;
            }
        } else {
            return Err(unexpected(row, "a map or an array"));
        }
        printer.end_row();
    }
    Ok(printer.out)
}

/// All keys of all maps.
fn names(rows: &[Dynamic], pace: &mut Pace) -> Result<BTreeSet<Identifier>> {
    let mut names = BTreeSet::new();
    for row in rows {
        let Some(map) = row.read_lock::<Map>() else { continue };
        for name in map.keys() {
            pace.spend(16)?;
            if !names.contains(name) {
                names.insert(name.clone());
            }
        }
    }
    Ok(names)
}

struct Printer<'a> {
    out: String,
    /// The next cell is the first of its row.
    is_first: bool,
    options: &'a Options,
    pace: &'a mut Pace,
}

impl Printer<'_> {
    fn value(&mut self, value: &Dynamic) -> Result<()> {
        if value.is_unit() {
            self.cell("")
        } else if value.is_string() {
            self.cell(&text_of(value)?)
        } else if value.is_int() || value.is_float() || value.is_bool() || value.is_char() {
            let mut text = String::new();
            let _ = write!(text, "{value}");
            self.cell(&text)
        } else {
            Err(unexpected(value, "a string, a number, a char, a bool or ()"))
        }
    }

    fn cell(&mut self, text: &str) -> Result<()> {
        if !core::mem::take(&mut self.is_first) {
            self.out.push(char::from(self.options.separator));
        }
        let mut needs_quotes = text.starts_with(' ') || text.ends_with(' ');
        for byte in text.bytes() {
            needs_quotes |= byte == self.options.separator || matches!(byte, b'"' | b'\r' | b'\n');
            self.pace.spend(1)?;
        }
        if !needs_quotes {
            self.out.push_str(text);
            return self.pace.spend(4);
        }
        self.out.push('"');
        for character in text.chars() {
            if character == '"' {
                self.out.push('"');
            }
            self.out.push(character);
            self.pace.spend(1)?;
        }
        self.out.push('"');
        Ok(())
    }

    fn end_row(&mut self) {
        // A row of one empty cell must not look like an empty line, which readers skip.
        if self.out.is_empty() || self.out.ends_with('\n') {
            self.out.push_str("\"\"");
        }
        self.out.push('\n');
        self.is_first = true;
    }
}
