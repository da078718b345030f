//! Values and errors as the prompt shows them: readable, and bounded in size and depth whatever the value is.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use rhai::{Array, Blob, Dynamic, FnPtr, ImmutableString, Map};
use unicode_width::UnicodeWidthStr;

use crate::error::Failure;

/// Elements shown of one array or map.
const ELEMENT_LIMIT: usize = 100;
/// Bytes shown of one blob.
const BLOB_LIMIT_BYTES: usize = 256;
/// Containers shown inside of each other.
const DEPTH_LIMIT: usize = 24;
/// Text shown in all.
pub(crate) const TEXT_LIMIT_BYTES: usize = 16 * 1024;
/// Columns of source text shown with an error.
const SOURCE_LIMIT_CHARACTERS: usize = 76;

/// A result as the prompt shows it, without a line end; `None` for `()`.
pub fn value(value: &Dynamic) -> Option<String> {
    if value.is_unit() {
        return None;
    }
    let mut text = String::new();
    if let Some(table) = value.read_lock::<Array>().and_then(|array| table(&array)) {
        return Some(table);
    }
    write_value(value, 0, &mut text);
    Some(text)
}

fn write_value(value: &Dynamic, depth: usize, out: &mut String) {
    if out.len() > TEXT_LIMIT_BYTES || depth > DEPTH_LIMIT {
        // The ends of the containers around still come.
        if !out.ends_with("...") {
            out.push_str("...");
        }
    } else if value.is_locked() {
        out.push_str("<in use>");
    } else if let Some(text) = value.read_lock::<ImmutableString>() {
        write_text(&text, out);
    } else if let Ok(character) = value.as_char() {
        let _ = write!(out, "{character:?}");
    } else if let Some(bytes) = value.read_lock::<Blob>() {
        write_blob(&bytes, out);
    } else if let Some(array) = value.read_lock::<Array>() {
        write_list("[", array.iter(), array.len(), "]", out, |element, out| {
            write_value(element, depth + 1, out)
        });
    } else if let Some(map) = value.read_lock::<Map>() {
        write_list("#{", map.iter(), map.len(), "}", out, |(key, value), out| {
            let _ = write!(out, "{key:?}: ");
            write_value(value, depth + 1, out);
        });
    } else if let Some(function) = value.read_lock::<FnPtr>() {
        let _ = if function.is_anonymous() {
            write!(out, "Fn(closure)")
        } else {
            write!(out, "{}", *function)
        };
    } else if value.is_unit() {
        out.push_str("()");
    } else {
        out.push_str(&value.to_string());
    }
}

fn write_text(text: &str, out: &mut String) {
    let mut cut = text.len().min(TEXT_LIMIT_BYTES);
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    let _ = write!(out, "{:?}", &text[..cut]);
    if cut < text.len() {
        let _ = write!(out, "... ({} bytes in all)", text.len());
    }
}

fn write_list<T>(
    start: &str,
    elements: impl Iterator<Item = T>,
    count: usize,
    end: &str,
    out: &mut String,
    mut write_element: impl FnMut(T, &mut String),
) {
    out.push_str(start);
    for (index, element) in elements.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        if index == ELEMENT_LIMIT || out.len() > TEXT_LIMIT_BYTES {
            let _ = write!(out, "... {} more ({count} in all)", count - index);
            break;
        }
        write_element(element, out);
    }
    out.push_str(end);
}

/// Up to 16 bytes on one line; more as a dump with offsets and text.
fn write_blob(bytes: &[u8], out: &mut String) {
    if bytes.len() <= 16 {
        out.push('[');
        for (index, byte) in bytes.iter().enumerate() {
            let _ = write!(out, "{}{byte:02x}", if index > 0 { " " } else { "" });
        }
        out.push(']');
        return;
    }
    let _ = write!(out, "blob of {} bytes", bytes.len());
    let shown = &bytes[..bytes.len().min(BLOB_LIMIT_BYTES)];
    for (row, chunk) in shown.chunks(16).enumerate() {
        let _ = write!(out, "\n{:08x} ", row * 16);
        for column in 0..16 {
            let _ = match chunk.get(column) {
                Some(byte) => write!(out, " {byte:02x}"),
                None => write!(out, "   "),
            };
        }
        out.push_str("  ");
        let printable = |&byte: &u8| {
            if (0x20..0x7f).contains(&byte) {
                char::from(byte)
            } else {
                '.'
            }
        };
        out.extend(chunk.iter().map(printable));
    }
    if shown.len() < bytes.len() {
        let _ = write!(out, "\n... {} more", bytes.len() - shown.len());
    }
}

/// Columns that a table may have in all, and characters that one cell shows.
const TABLE_WIDTH: usize = 132;
const CELL_WIDTH: usize = 100;

/// An array of maps: with the same keys and plain values as a table, else one map a line.
fn table(array: &Array) -> Option<String> {
    if array.len() < 2 && array.first()?.read_lock::<Map>()?.len() > 8 || !array.iter().all(Dynamic::is_map) {
        return None;
    }
    let mut out = aligned(array).or_else(|| lines(array))?;
    if array.len() > ELEMENT_LIMIT {
        let _ = write!(
            out,
            "\n... {} more ({} in all)",
            array.len() - ELEMENT_LIMIT,
            array.len()
        );
    }
    Some(out)
}

fn lines(array: &Array) -> Option<String> {
    let mut out = String::new();
    for element in array.iter().take(ELEMENT_LIMIT) {
        let before = if out.is_empty() { "" } else { "\n" };
        out.push_str(before);
        write_value(element, 1, &mut out);
    }
    (array.len() > 1).then_some(out)
}

fn aligned(array: &Array) -> Option<String> {
    let first = array.first()?.read_lock::<Map>()?;
    let keys: Vec<&str> = first.keys().map(|key| key.as_str()).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    rows.push(keys.iter().map(|&key| String::from(key)).collect());
    let mut is_number = alloc::vec![true; keys.len()];
    for element in array.iter().take(ELEMENT_LIMIT) {
        let map = element.read_lock::<Map>()?;
        if !map.keys().map(|key| key.as_str()).eq(keys.iter().copied()) {
            return None;
        }
        rows.push(map.values().map(cell).collect::<Option<_>>()?);
        for (is_number, value) in is_number.iter_mut().zip(map.values()) {
            *is_number &= value.is_int() || value.is_float();
        }
    }
    let width_of = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..keys.len()).map(width_of).collect();
    if keys.is_empty() || widths.iter().map(|width| width + 2).sum::<usize>() > TABLE_WIDTH {
        return None;
    }
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, text) in row.iter().enumerate() {
            let padding = " ".repeat(widths[column] - text.width());
            let (before, after) = if is_number[column] {
                (padding.as_str(), "")
            } else {
                ("", padding.as_str())
            };
            let _ = write!(line, "{before}{text}{after}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.truncate(out.trim_end_matches('\n').len());
    Some(out)
}

/// A table's cell, cut where it is long; `None` for what needs more than one line or a nested form.
fn cell(value: &Dynamic) -> Option<String> {
    if value.is_map() || value.is_array() || value.is_blob() || value.is_locked() {
        return None;
    }
    let text = value.to_string();
    if text.contains(char::is_control) {
        return None;
    }
    if text.chars().count() <= CELL_WIDTH {
        return Some(text);
    }
    Some(text.chars().take(CELL_WIDTH - 3).chain("...".chars()).collect())
}

/// An error as the prompt shows it: the line, a caret, code and message, and where else it passed through.
/// `source` is the input, and `is_elsewhere` tells which functions were defined in an earlier one.
pub fn failure(failure: &Failure, source: &str, is_elsewhere: impl Fn(&str) -> bool) -> String {
    let mut out = String::new();
    let here = |place: &&crate::error::Place| place.source.is_empty() && !is_elsewhere(&place.function);
    let in_input = failure
        .places
        .iter()
        .take_while(here)
        .filter(|place| place.line != 0)
        .last();
    let is_stop = matches!(failure.code.as_str(), "cancelled" | "killed");
    if let Some(place) = in_input
        && !is_stop
        && let Some(line) = source.lines().nth(place.line as usize - 1)
    {
        write_source_line(line, place.column as usize, &mut out);
    }
    let _ = write!(out, "error[{}]: {}", failure.code, failure.message);
    if let Some(place) = in_input {
        let _ = write!(out, " (line {}, column {})", place.line, place.column);
    }
    let rest = failure.places.iter().skip_while(here).filter(|place| place.line != 0);
    for place in rest {
        let function = match place.function.as_str() {
            name if name == place.source => String::new(),
            name if name.starts_with("anon$") => String::from("a closure"),
            name => format!("`{name}`"),
        };
        let separator = if function.is_empty() || place.source.is_empty() {
            ""
        } else {
            " of "
        };
        let _ = write!(
            out,
            "\n  in {function}{separator}{}, line {}, column {}",
            place.source, place.line, place.column
        );
    }
    out
}

/// The line with a caret below; of a long line, the part around the column.
fn write_source_line(line: &str, column: usize, out: &mut String) {
    let column = column.saturating_sub(1);
    let start = column.saturating_sub(SOURCE_LIMIT_CHARACTERS / 2);
    let start = if line.chars().count() <= SOURCE_LIMIT_CHARACTERS {
        0
    } else {
        start
    };
    let shown: String = line.chars().skip(start).take(SOURCE_LIMIT_CHARACTERS).collect();
    let before: String = shown.chars().take(column - start).collect();
    let cells = before.width();
    let _ = write!(out, "  {}\n  {}^\n", shown.replace('\t', " "), " ".repeat(cells));
}
