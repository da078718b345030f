//! Text recovered from pixels, glyph by glyph: what a test reads from a painted surface or a screenshot.

use alloc::string::String;
use alloc::vec::Vec;

use super::font::{Font, FontSize};
use super::palette;

/// Stands for a box that shows a missing glyph.
pub const MISSING: char = '\u{FFFD}';

/// A cell as recovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenCell {
    /// The character, the first by code point of those that look the same; [`MISSING`] for a box, once for each
    /// half of one two cells wide. `None` if the pixels are no glyph.
    pub character: Option<char>,
    /// Colour of the glyph; that of the background if there is none.
    pub foreground: u32,
    /// Colour behind it.
    pub background: u32,
    /// The glyph has a line below.
    pub is_underlined: bool,
}

/// Recovers cells from pixels.
pub struct Matcher {
    font: Font,
    /// Rows of glyphs, with what they show; sorted by rows.
    glyphs: Vec<(Vec<u16>, char)>,
}

impl Matcher {
    /// A matcher for screens painted in this size.
    pub fn new(size: FontSize) -> Self {
        let font = Font::new(size);
        let mut glyphs = Vec::new();
        for (character, glyph) in font.characters() {
            glyphs.push((font.rows(*glyph).to_vec(), *character));
        }
        let (left, right) = font.wide_glyphs();
        // A character that no font has.
        for glyph in [font.glyph('\u{10FFFF}'), left, right] {
            glyphs.push((font.rows(glyph).to_vec(), MISSING));
        }
        glyphs.sort();
        glyphs.dedup_by(|later, kept| later.0 == kept.0);
        Self { font, glyphs }
    }

    /// The cells of a picture of `width_pixels` in each row, in rows. What is left at the right and at the bottom is
    /// ignored.
    pub fn cells(&self, pixels: &[u32], width_pixels: usize) -> Vec<Vec<SeenCell>> {
        let (cell_width, cell_height) = self.font.cell_pixels();
        let columns = width_pixels / cell_width;
        pixels
            .chunks_exact((width_pixels * cell_height).max(1))
            .map(|band| {
                let cell = |column: usize| {
                    let lines = band.chunks_exact(width_pixels);
                    let cell: Vec<u32> = lines
                        .flat_map(|line| line[column * cell_width..][..cell_width].iter().copied())
                        .collect();
                    self.cell(&cell)
                };
                (0..columns).map(cell).collect()
            })
            .collect()
    }

    /// `text` as it comes back from a screen: of characters that look the same, the first one; boxes for those
    /// without a glyph.
    pub fn canonical(&self, text: &str) -> String {
        let seen = |character| match character {
            // A cell of one colour is taken for a space.
            '█' => ' ',
            _ => self
                .glyph(self.font.rows(self.font.glyph(character)))
                .unwrap_or(MISSING),
        };
        text.chars().map(seen).collect()
    }

    /// The lines of text of a picture, without spaces at their ends. Pixels that are no glyph become `?` with U+FFFD.
    pub fn lines(&self, pixels: &[u32], width_pixels: usize) -> Vec<String> {
        let line = |cells: Vec<SeenCell>| {
            let mut text = String::new();
            for cell in cells {
                match cell.character {
                    Some(character) => text.push(character),
                    None => text.push_str("?\u{FFFD}"),
                }
            }
            text.truncate(text.trim_end_matches(' ').len());
            text
        };
        self.cells(pixels, width_pixels).into_iter().map(line).collect()
    }

    /// Recognises the pixels of one cell.
    fn cell(&self, pixels: &[u32]) -> SeenCell {
        let (cell_width, _) = self.font.cell_pixels();
        let first = pixels.first().copied().unwrap_or(palette::BACKGROUND);
        let other = pixels.iter().copied().find(|color| *color != first).unwrap_or(first);
        let unknown = SeenCell {
            character: None,
            foreground: other,
            background: first,
            is_underlined: false,
        };
        if pixels.iter().any(|color| *color != first && *color != other) {
            return unknown;
        }
        if first == other {
            return SeenCell {
                character: Some(' '),
                ..unknown
            };
        }
        // Which of the two is behind? The usual background if it is there, else whatever gives a glyph.
        let first_is_behind = other != palette::BACKGROUND;
        let order = if first_is_behind {
            [(first, other), (other, first)]
        } else {
            [(other, first), (first, other)]
        };
        let rows = |foreground: u32| -> Vec<u16> {
            let row = |line: &[u32]| {
                let bits = line.iter().enumerate().filter(|(_, color)| **color == foreground);
                bits.fold(0, |row, (x, _)| row | 0x8000 >> x)
            };
            pixels.chunks_exact(cell_width).map(row).collect()
        };
        for (background, foreground) in order {
            if let Some(character) = self.glyph(&rows(foreground)) {
                return SeenCell {
                    character: Some(character),
                    foreground,
                    background,
                    is_underlined: false,
                };
            }
        }
        for (background, foreground) in order {
            if let Some(character) = self.underlined_glyph(&rows(foreground)) {
                return SeenCell {
                    character: Some(character),
                    foreground,
                    background,
                    is_underlined: true,
                };
            }
        }
        unknown
    }

    fn glyph(&self, rows: &[u16]) -> Option<char> {
        let index = self
            .glyphs
            .binary_search_by(|(other, _)| other.as_slice().cmp(rows))
            .ok()?;
        Some(self.glyphs[index].1)
    }

    /// The glyph that has these rows apart from those that the underline covers.
    fn underlined_glyph(&self, rows: &[u16]) -> Option<char> {
        let (cell_width, _) = self.font.cell_pixels();
        let covered = self.font.underline_rows();
        let full = !(u16::MAX.checked_shr(cell_width as u32).unwrap_or(0));
        if rows[covered.clone()].iter().any(|row| *row != full) {
            return None;
        }
        let is_same = |other: &[u16]| {
            other[..covered.start] == rows[..covered.start] && other[covered.end..] == rows[covered.end..]
        };
        let matches = self.glyphs.iter().filter(|(other, _)| is_same(other));
        matches.map(|(_, character)| *character).min()
    }
}
