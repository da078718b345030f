//! Text in a given number of columns: control characters made visible, wide ones counted twice, the rest cut.

use alloc::string::String;
use alloc::vec::Vec;
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

/// Breaks `text`, one line, between words into lines of at most `columns` columns; words that are longer are broken, too.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut cells = 0;
    for word in text.split_inclusive(' ') {
        let bare = width(word.trim_end_matches(' '));
        if cells > 0 && cells + bare > columns {
            lines.push(core::mem::take(&mut line));
            cells = 0;
        }
        for character in word.chars() {
            let width = character.width().unwrap_or(0);
            if cells > 0 && cells + width > columns && character != ' ' {
                lines.push(core::mem::take(&mut line));
                cells = 0;
            }
            line.push(character);
            cells += width;
        }
    }
    lines.push(line);
    for line in &mut lines {
        line.truncate(line.trim_end_matches(' ').len());
    }
    lines
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
