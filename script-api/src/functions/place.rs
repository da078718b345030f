//! Where in a text something is wrong.

use core::fmt;

/// A place in a text, for people.
pub(super) struct Place {
    line: usize,
    column: usize,
}

impl Place {
    /// The place of the byte at `at`.
    pub(super) fn of(text: &str, at: usize) -> Self {
        let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        // Continuation bytes of UTF-8 are no columns.
        let characters = before[line_start..].iter().filter(|&&byte| byte & 0xc0 != 0x80);
        Self {
            line: before.iter().filter(|&&byte| byte == b'\n').count() + 1,
            column: characters.count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}, column {}", self.line, self.column)
    }
}
