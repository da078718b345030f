//! A text cut into rows of a terminal: long lines go on in the next row.

use alloc::string::String;
use alloc::vec::Vec;
use core::iter::Peekable;
use core::str::CharIndices;

use unicode_width::UnicodeWidthChar;

use super::{ROW_LIMIT, TEXT_LIMIT_BYTES};

/// Cells between two tab stops.
pub(super) const TAB_CELLS: usize = 8;

/// A text and where its rows begin.
#[derive(Debug)]
pub struct Rows {
    text: String,
    /// Byte at which each row begins. Texts are below 4 GiB by far.
    starts: Vec<u32>,
    columns: usize,
}

impl Rows {
    /// No text, on a terminal of `columns` columns.
    pub fn new(columns: usize) -> Self {
        Self {
            text: String::new(),
            starts: Vec::new(),
            columns: columns.max(1),
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// True where there is no text.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The terminal's columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Adds lines; false where the limit was reached, and the rest was dropped.
    pub(super) fn push(&mut self, text: &str) -> bool {
        let room = TEXT_LIMIT_BYTES.saturating_sub(self.text.len());
        let fitting = &text[..text.floor_char_boundary(room)];
        let mut lines = fitting.split('\n').peekable();
        while let Some(line) = lines.next() {
            if lines.peek().is_none() && line.is_empty() && !fitting.is_empty() {
                break;
            }
            if self.starts.len() >= ROW_LIMIT {
                return false;
            }
            self.push_line(line.strip_suffix('\r').unwrap_or(line));
        }
        fitting.len() == text.len()
    }

    /// Adds one line beyond the limits.
    pub(super) fn push_note(&mut self, note: &str) {
        self.push_line(note);
    }

    fn push_line(&mut self, line: &str) {
        let from = self.text.len();
        self.text.push_str(line);
        self.text.push('\n');
        self.wrap(from);
    }

    /// Finds the rows of the line that begins at byte `from`.
    fn wrap(&mut self, from: usize) {
        let end = self.text[from..]
            .find('\n')
            .map_or(self.text.len(), |length| from + length);
        self.starts.push(from as u32);
        let mut cells = 0;
        for piece in pieces(&self.text[from..end]) {
            let width = piece.width(cells);
            if cells + width > self.columns && cells > 0 {
                if self.starts.len() >= ROW_LIMIT {
                    return;
                }
                self.starts.push((from + piece.start) as u32);
                cells = piece.width(0);
            } else {
                cells += width;
            }
        }
    }

    /// Finds all rows again for another width.
    pub(super) fn rewrap(&mut self, columns: usize) {
        self.columns = columns.max(1);
        self.starts.clear();
        let mut from = 0;
        while from < self.text.len() && self.starts.len() < ROW_LIMIT {
            let length = self.text[from..].find('\n').unwrap_or(self.text.len() - from - 1);
            self.wrap(from);
            from += length + 1;
        }
    }

    /// The byte at which a row begins.
    pub(super) fn start(&self, row: usize) -> usize {
        self.starts.get(row).map_or(self.text.len(), |&start| start as usize)
    }

    /// The row that has the byte at `at`.
    pub(super) fn row_at(&self, at: usize) -> usize {
        self.starts
            .partition_point(|&start| start as usize <= at)
            .saturating_sub(1)
    }

    /// A row's text, without its line's end.
    pub fn row(&self, row: usize) -> &str {
        let text = &self.text[self.start(row)..self.start(row + 1)];
        text.split('\n').next().unwrap_or(text)
    }

    /// Bytes of text before this row.
    pub(super) fn bytes_before(&self, row: usize) -> usize {
        self.start(row)
    }

    /// Bytes of text in all.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }
}

/// What is shown as one: a character, or an escape sequence that only changes colours (ECMA-48: SGR).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// Byte in the text that was taken apart.
    pub(super) start: usize,
    pub(super) text: &'a str,
    pub(super) character: char,
}

impl Piece<'_> {
    /// It changes colours.
    pub(super) fn is_color(&self) -> bool {
        self.text.len() > 1 && self.character == '\x1b'
    }

    /// Cells that it takes behind `cells` others of the row.
    pub(super) fn width(&self, cells: usize) -> usize {
        match self.character {
            '\t' => TAB_CELLS - cells % TAB_CELLS,
            '\x1b' if self.is_color() => 0,
            // Drawn as a question mark.
            character if character.is_control() => 1,
            character => character.width().unwrap_or(0),
        }
    }
}

/// Takes a line apart.
pub(super) fn pieces(line: &str) -> Pieces<'_> {
    Pieces {
        line,
        characters: line.char_indices().peekable(),
    }
}

pub(super) struct Pieces<'a> {
    line: &'a str,
    characters: Peekable<CharIndices<'a>>,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let (start, character) = self.characters.next()?;
        let mut end = start + character.len_utf8();
        if character == '\x1b'
            && let Some(length) = color_length(&self.line[end..])
        {
            end += length;
            while self.characters.next_if(|&(at, _)| at < end).is_some() {}
        }
        Some(Piece {
            start,
            text: &self.line[start..end],
            character,
        })
    }
}

/// Bytes behind an ESC that make a change of colours of it: `[`, digits and semicolons, `m`.
fn color_length(after: &str) -> Option<usize> {
    let parameters = after.strip_prefix('[')?;
    let length = parameters.find(|character: char| !character.is_ascii_digit() && character != ';')?;
    parameters[length..].starts_with('m').then_some(length + 2)
}
