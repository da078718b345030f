//! What a character takes on the terminal, and how it looks.

use alloc::vec::Vec;
use unicode_width::UnicodeWidthChar;

/// Combining marks that are drawn on one character; the text may have more.
const MARKS: usize = 2;

/// How text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Style {
    #[default]
    Plain,
    Keyword,
    Number,
    /// Of strings and characters.
    Text,
    Comment,
    /// Of a namespace and what is in it.
    Name,
    /// What is suggested, and not there yet.
    Suggestion,
    /// One of two brackets that belong together.
    Match,
}

impl Style {
    /// The sequence that sets it, whatever was set before (ECMA-48: SGR).
    pub(super) fn sequence(self) -> &'static [u8] {
        match self {
            Self::Plain => b"\x1b[m",
            Self::Keyword => b"\x1b[0;95m",
            Self::Number => b"\x1b[0;93m",
            Self::Text => b"\x1b[0;92m",
            Self::Comment | Self::Suggestion => b"\x1b[0;90m",
            Self::Name => b"\x1b[0;96m",
            Self::Match => b"\x1b[0;1;97m",
        }
    }
}

/// One cell of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    character: char,
    marks: [char; MARKS],
    pub(super) style: Style,
}

/// The right half of a wide character, and no mark.
const NONE: char = '\0';

impl Cell {
    pub(super) const COVERED: Self = Self::new(NONE, Style::Plain);

    pub(super) const fn new(character: char, style: Style) -> Self {
        Self {
            character,
            marks: [NONE; MARKS],
            style,
        }
    }

    pub(super) fn is_covered(self) -> bool {
        self.character == NONE
    }

    /// It looks as a cell that nothing was written to.
    pub(super) fn is_blank(self) -> bool {
        self.character == ' ' && self.marks == [NONE; MARKS]
    }

    pub(super) fn add_mark(&mut self, mark: char) {
        if let Some(free) = self.marks.iter_mut().find(|slot| **slot == NONE) {
            *free = mark;
        }
    }

    /// Sends the character with its marks.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        for character in [self.character].into_iter().chain(self.marks) {
            if character != NONE {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }

    /// Columns from here to the next character, of a cell that is not covered.
    pub(super) fn width(self) -> usize {
        self.character.width().unwrap_or(1)
    }
}

/// What is drawn for `character` on a terminal of `columns`, and how many cells it takes: 0 for a combining mark.
pub(super) fn shown(character: char, columns: usize) -> (char, usize) {
    match character.width() {
        // Controls would steer the terminal.
        None => ('\u{fffd}', 1),
        Some(width) if width > columns => ('?', 1),
        Some(width) => (character, width),
    }
}
