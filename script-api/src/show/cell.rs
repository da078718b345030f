//! Text in a given number of columns: control characters made visible, wide ones counted twice, the rest cut.

use alloc::string::String;
use core::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Stands for what was cut off.
pub const CUT: char = '…';

/// Columns that a text takes, without control characters.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Adds `text` with control characters as escapes, but not much more than `columns` columns of it.
pub fn push_visible(text: &str, columns: usize, out: &mut String) {
    let mut cells = 0;
    for character in text.chars() {
        // One more than fits, so that the cut is seen.
        if cells > columns {
            return;
        }
        match character.width() {
            Some(width) if !changes_direction(character) => {
                out.push(character);
                cells += width;
            }
            _ => {
                let before = out.len();
                let _ = write!(out, "{}", character.escape_default());
                cells += out.len() - before;
            }
        }
    }
}

/// Characters that turn what follows around: they would mix up a table.
fn changes_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Cuts `text` to `columns` columns, the last of them [`CUT`] then.
pub fn cut(text: &mut String, columns: usize) {
    if width(text) <= columns {
        return;
    }
    let mut cells = 0;
    let mut end = 0;
    for (at, character) in text.char_indices() {
        cells += character.width().unwrap_or(0);
        if cells >= columns {
            end = at;
            break;
        }
    }
    text.truncate(end);
    if columns > 0 {
        text.push(CUT);
    }
}

/// Which side of a cell is filled with blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text begins at the left edge.
    Left,
    /// Numbers end at the right edge.
    Right,
}

/// Adds `text`, which fits, and blanks to `columns` columns.
pub fn push_aligned(text: &str, columns: usize, align: Align, out: &mut String) {
    let blanks = columns.saturating_sub(width(text));
    if align == Align::Left {
        out.push_str(text);
    }
    out.extend(core::iter::repeat_n(' ', blanks));
    if align == Align::Right {
        out.push_str(text);
    }
}
