//! What a cell of the screen looks like: as the grid keeps it, as the frame remembers it, as the blitters draw it.
//!
//! Colours are those seen in the end, of three bytes each, so that a cell takes twelve: grids and what left their tops
//! are most of what a session on the screen takes.

use super::palette;

/// The character is underlined.
pub(super) const UNDERLINE: u8 = 1 << 0;
/// The cursor is here, as a block.
pub(super) const CURSOR_BLOCK: u8 = 1 << 1;
/// The cursor is here, as a line below.
pub(super) const CURSOR_UNDERLINE: u8 = 1 << 2;
/// The cursor is here, as a bar on the left.
pub(super) const CURSOR_BAR: u8 = 1 << 3;
/// Left half of a character two cells wide.
pub(super) const WIDE_LEFT: u8 = 1 << 4;
/// Right half of a character two cells wide.
pub(super) const WIDE_RIGHT: u8 = 1 << 5;
/// Of no cell: what has never been painted.
const UNKNOWN: u8 = 1 << 7;

/// Everything that decides about the pixels of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) character: char,
    /// Red, green and blue.
    foreground: [u8; 3],
    background: [u8; 3],
    pub(super) marks: u8,
}

const _: () = assert!(size_of::<Look>() == 12);

impl Look {
    /// Where nothing was printed.
    pub(super) const BLANK: Self = Self::new(' ', palette::FOREGROUND, palette::BACKGROUND, 0);
    /// Differs from every cell.
    pub(super) const UNPAINTED: Self = Self::new(' ', palette::FOREGROUND, palette::BACKGROUND, UNKNOWN);

    /// Colours are `0x00RRGGBB`.
    pub(super) const fn new(character: char, foreground: u32, background: u32, marks: u8) -> Self {
        Self {
            character,
            foreground: bytes(foreground),
            background: bytes(background),
            marks,
        }
    }

    /// The colour of the character, `0x00RRGGBB`.
    pub(super) fn foreground(&self) -> u32 {
        color(self.foreground)
    }

    /// The colour behind it.
    pub(super) fn background(&self) -> u32 {
        color(self.background)
    }

    /// The same without a character. What cannot be seen makes no difference; but a cursor here must be seen.
    pub(super) fn emptied(&self) -> Self {
        let marks = self.marks & UNDERLINE;
        let foreground = match self.background() {
            _ if marks != 0 => self.foreground(),
            palette::FOREGROUND => palette::BACKGROUND,
            _ => palette::FOREGROUND,
        };
        Self::new(' ', foreground, self.background(), marks)
    }

    /// The same with another character.
    pub(super) fn with(self, character: char) -> Self {
        Self { character, ..self }
    }

    /// One of the two halves of a wide character with this look.
    pub(super) fn half(self, mark: u8) -> Self {
        Self {
            marks: self.marks | mark,
            ..self
        }
    }

    /// Exchanges both colours.
    pub(super) fn swap_colors(&mut self) {
        core::mem::swap(&mut self.foreground, &mut self.background);
    }
}

const fn bytes(color: u32) -> [u8; 3] {
    let [_, red, green, blue] = color.to_be_bytes();
    [red, green, blue]
}

fn color([red, green, blue]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, red, green, blue])
}
