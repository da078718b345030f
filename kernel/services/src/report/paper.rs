//! Text on a surface without heap or memory of what is there: glyphs straight from the font's file, or VGA cells.

use hw::display::{Surface, TextSurface};

use crate::screen::{BareFont, code_page_437};

/// Glyphs that are put together before they are drawn.
const RUN_LIMIT: usize = 16;
const GLYPH_WIDTH_LIMIT: usize = 12;
const GLYPH_HEIGHT_LIMIT: usize = 24;
/// Pixels that are filled at once.
const FILL_PIXELS: usize = 64;

/// Colours of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colour of the glyphs, `0x00RRGGBB`.
    pub ink: u32,
    /// Colour behind them.
    pub back: u32,
    /// Both in a text mode: the colour of the character in bits 0 to 3, that behind it in bits 4 to 6.
    pub attribute: u8,
}

/// What text is written on.
pub enum Paper<'a> {
    /// Pixels, with the font to use.
    Pixels(&'a mut dyn Surface, &'a BareFont),
    /// Characters of a text mode.
    Cells(&'a mut dyn TextSurface),
}

impl Paper<'_> {
    /// Columns and rows.
    pub fn size_cells(&self) -> (usize, usize) {
        match self {
            Self::Pixels(surface, font) => {
                let (width, height) = font.cell_pixels();
                (surface.width_pixels() / width, surface.height_pixels() / height)
            }
            Self::Cells(surface) => (surface.columns(), surface.rows()),
        }
    }

    /// Writes `text`, which holds no control characters, from a cell on, and returns the column after it. What lies
    /// outside is left out.
    pub fn write(&mut self, column: usize, row: usize, text: &str, style: Style) -> usize {
        let (columns, rows) = self.size_cells();
        if row >= rows {
            return column;
        }
        let mut characters = text.chars().take(columns.saturating_sub(column));
        let mut end = column;
        match self {
            Self::Pixels(surface, font) => {
                let (width, height) = font.cell_pixels();
                loop {
                    let place = (end * width, row * height);
                    let count = draw_run(*surface, font, place, &mut characters, style);
                    end += count;
                    if count < RUN_LIMIT {
                        return end;
                    }
                }
            }
            Self::Cells(surface) => {
                for character in characters {
                    surface.write_cell(end, row, code_page_437(character), style.attribute);
                    end += 1;
                }
                end
            }
        }
    }

    /// Makes a row blank from a column on.
    pub fn clear_cells(&mut self, column: usize, row: usize, style: Style) {
        match self {
            Self::Pixels(surface, font) => {
                let (width, height) = font.cell_pixels();
                let (x, y) = (column * width, row * height);
                let size = (surface.width_pixels().saturating_sub(x), height);
                fill(*surface, (x, y), size, style.back);
            }
            Self::Cells(surface) => {
                for column in column..surface.columns() {
                    surface.write_cell(column, row, b' ', style.attribute);
                }
            }
        }
    }

    /// Writes ASCII text in twice the size on pixels; as [`Paper::write`] in a text mode. The text is two rows high.
    pub fn write_large(&mut self, column: usize, row: usize, text: &str, style: Style) {
        let Self::Pixels(surface, font) = self else {
            self.write(column, row, text, style);
            return;
        };
        let (width, height) = font.cell_pixels();
        for (at, character) in text.chars().enumerate() {
            let (x, y) = ((column + 2 * at) * width, row * height);
            for (line, bits) in font.rows(character).enumerate() {
                let mut colors = [style.back; 2 * GLYPH_WIDTH_LIMIT];
                for (pixel, color) in colors.iter_mut().enumerate() {
                    if bits & 0x8000 >> (pixel / 2) != 0 {
                        *color = style.ink;
                    }
                }
                for double in 0..2 {
                    surface.write_row(x, y + 2 * line + double, &colors[..2 * width]);
                }
            }
        }
    }

    /// Makes the cells of whole rows blank, and with the last row what is left below it.
    pub fn clear_rows(&mut self, first: usize, count: usize, style: Style) {
        let (_, rows) = self.size_cells();
        let end = (first + count).min(rows);
        (first..end).for_each(|row| self.clear_cells(0, row, style));
        if let Self::Pixels(surface, font) = self
            && end == rows
        {
            let bottom = rows * font.cell_pixels().1;
            let size = (surface.width_pixels(), surface.height_pixels() - bottom);
            fill(*surface, (0, bottom), size, style.back);
        }
    }
}

/// Fills a rectangle; places and sizes are x and y in pixels.
pub fn fill(surface: &mut dyn Surface, place: (usize, usize), size: (usize, usize), color: u32) {
    let colors = [color; FILL_PIXELS];
    for y in place.1..place.1 + size.1 {
        for x in (0..size.0).step_by(FILL_PIXELS) {
            surface.write_row(place.0 + x, y, &colors[..FILL_PIXELS.min(size.0 - x)]);
        }
    }
}

/// Draws up to [`RUN_LIMIT`] characters at a place in pixels; returns how many there were.
fn draw_run(
    surface: &mut dyn Surface,
    font: &BareFont,
    (x, y): (usize, usize),
    characters: &mut impl Iterator<Item = char>,
    style: Style,
) -> usize {
    let (width, height) = font.cell_pixels();
    let mut glyphs = [[0; GLYPH_HEIGHT_LIMIT]; RUN_LIMIT];
    let mut count = 0;
    for (glyph, character) in glyphs.iter_mut().zip(characters) {
        for (place, bits) in glyph.iter_mut().zip(font.rows(character)) {
            *place = bits;
        }
        count += 1;
    }
    let mut colors = [0; RUN_LIMIT * GLYPH_WIDTH_LIMIT];
    for line in 0..height.min(GLYPH_HEIGHT_LIMIT) {
        for (pixels, glyph) in colors.chunks_exact_mut(width).zip(&glyphs[..count]) {
            let mut bits = glyph[line];
            for pixel in pixels {
                *pixel = if bits & 0x8000 != 0 { style.ink } else { style.back };
                bits <<= 1;
            }
        }
        surface.write_row(x, y + line, &colors[..count * width]);
    }
    count
}
