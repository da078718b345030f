//! Values and errors as the prompt shows them: readable, and bounded in size and depth whatever the value is.
//!
//! | module | what it shows |
//! |---|---|
//! | [`plain`] | any value on one line, as a script would write it; blobs as dumps |
//! | [`table`] | arrays of maps, aligned |
//! | `header` | the keys above a table, on as many lines as they need |
//! | `precedence` | which key comes first, which last |
//! | `tree` | maps that need more than one line |
//! | [`units`] | numbers in tables, by their key's suffix |
//! | [`cell`] | text in a given number of columns |
//! | `failure` | errors |

pub mod cell;
mod failure;
mod header;
pub mod plain;
mod precedence;
pub mod table;
#[cfg(test)]
mod tests;
mod tree;
pub mod units;

use alloc::string::String;

use rhai::{Array, Dynamic, Map};

use crate::context::TaskContext;

pub use failure::failure;
pub(crate) use failure::write_source_line;

/// Bytes of text that a result shows where no pager is.
pub(crate) const TEXT_LIMIT_BYTES: usize = 16 * 1024;

/// How much is shown of a value.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// Whom to ask whether to go on: nothing more is written where the task must stop.
    pub context: Option<&'a TaskContext>,
    /// Columns of the terminal.
    pub columns: usize,
    /// Elements of one array or map.
    pub elements: usize,
    /// Bytes of one blob.
    pub blob_bytes: usize,
    /// Text in all, about.
    pub text_bytes: usize,
}

impl<'a> Limits<'a> {
    /// For what is printed at once.
    pub fn ordinary(columns: usize) -> Self {
        Self {
            context: None,
            columns: columns.max(1),
            elements: 100,
            blob_bytes: 256,
            text_bytes: TEXT_LIMIT_BYTES,
        }
    }

    /// For what a person turns the pages of.
    pub fn paged(columns: usize, context: &'a TaskContext) -> Self {
        Self {
            context: Some(context),
            columns: columns.max(1),
            elements: usize::MAX,
            blob_bytes: 256 * 1024,
            text_bytes: 1024 * 1024,
        }
    }

    /// A safepoint: lets others run, and tells whether the task must stop.
    fn must_stop(&self) -> bool {
        let stop = |context: &TaskContext| context.safepoint(context.control.operations());
        self.context.and_then(stop).is_some()
    }
}

/// A result as the prompt shows it, without a line end; `None` for `()`.
pub fn value(value: &Dynamic, limits: Limits<'_>) -> Option<String> {
    if value.is_unit() {
        return None;
    }
    let mut out = String::new();
    write(value, limits, &mut out);
    Some(out)
}

fn write(value: &Dynamic, limits: Limits<'_>, out: &mut String) {
    if let Some(rows) = value.read_lock::<Array>()
        && is_rows(&rows, limits)
    {
        table::write(&rows, limits, out);
    } else if let Some(map) = value.read_lock::<Map>()
        && !fits(value, limits.columns)
    {
        tree::write(&map, 0, limits, out);
    } else if let Some(array) = value.read_lock::<Array>() {
        plain::write_lines(&array, limits, out);
    } else {
        plain::write(value, limits, out);
    }
}

/// An array of maps; only what would be shown is looked at.
pub fn is_rows(array: &Array, limits: Limits<'_>) -> bool {
    !array.is_empty() && array.iter().take(limits.elements.min(1000)).all(Dynamic::is_map)
}

/// Whether the value's plain form is one line of at most `columns` columns.
fn fits(value: &Dynamic, columns: usize) -> bool {
    let limits = Limits {
        columns,
        elements: columns,
        // A dump has more than one line.
        blob_bytes: columns,
        context: None,
        // A character has four bytes at most.
        text_bytes: columns.saturating_mul(4),
    };
    let mut out = String::new();
    plain::write(value, limits, &mut out);
    !out.contains('\n') && cell::width(&out) <= columns
}
