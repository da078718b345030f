//! Errors as the prompt shows them: source line, caret, code and message, and where they passed through.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use unicode_width::UnicodeWidthStr;

use crate::error::Failure;

/// Columns of source text shown with an error.
const SOURCE_LIMIT_CHARACTERS: usize = 76;

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
pub(crate) fn write_source_line(line: &str, column: usize, out: &mut String) {
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
