//! Cells to pixels. A run of cells is expanded one row of pixels at a time, so that the surface gets few long writes.

use alloc::vec::Vec;

use hw::display::Surface;

use super::font::{Font, Glyph};
use super::frame::{Frame, Showing};
use super::grid::Grid;
use super::look::{CURSOR_BAR, CURSOR_BLOCK, CURSOR_UNDERLINE, Look, UNDERLINE, WIDE_LEFT, WIDE_RIGHT};
use super::palette;

/// Paints the grid on a surface.
pub(super) struct Blitter {
    font: &'static Font,
    /// What was painted since the surface was cleared.
    frame: Frame,
    /// Nothing is known of the surface.
    is_fresh: bool,
    pen: Pen,
}

impl Blitter {
    /// A blitter for a surface of which nothing is known, so that the first paint clears it.
    pub(super) fn new(font: &'static Font) -> Self {
        Self {
            font,
            frame: Frame::default(),
            is_fresh: true,
            pen: Pen::default(),
        }
    }

    /// The font that it paints in.
    pub(super) fn font(&self) -> &'static Font {
        self.font
    }

    /// Takes nothing for painted any more, and gives the memory back.
    pub(super) fn forget(&mut self) {
        self.frame.forget();
        self.pen = Pen::default();
        self.is_fresh = true;
    }

    /// Brings the surface up to date. One of which nothing is known is cleared at once and gets only what is not blank:
    /// most cells are, and drawing them takes ten times as long.
    pub(super) fn paint(&mut self, grid: &Grid, showing: Showing, surface: &mut dyn Surface) {
        if core::mem::take(&mut self.is_fresh) {
            surface.fill(palette::BACKGROUND);
            self.frame = Frame::blank(grid.size_cells());
        }
        self.frame.update(grid, showing, |row, column, looks| {
            self.pen.draw(self.font, row, column, looks, surface)
        });
    }
}

/// A cell of a run that is drawn.
struct Cell {
    glyph: Glyph,
    background: u32,
    /// What the foreground's bits are other than the background's in.
    difference: u32,
    marks: u8,
}

/// Draws runs of cells; keeps its memory from one to the next.
#[derive(Default)]
struct Pen {
    cells: Vec<Cell>,
    pixels: Vec<u32>,
}

impl Pen {
    fn draw(&mut self, font: &Font, row: usize, column: usize, looks: &[Look], surface: &mut dyn Surface) {
        let (cell_width, cell_height) = font.cell_pixels();
        self.cells.clear();
        self.cells.extend(looks.iter().map(|look| Cell {
            glyph: glyph_of(font, look),
            background: look.background(),
            difference: look.foreground() ^ look.background(),
            marks: look.marks,
        }));
        self.pixels.resize(looks.len() * cell_width, 0);
        for line in 0..cell_height {
            for (cell, pixels) in self.cells.iter().zip(self.pixels.chunks_exact_mut(cell_width)) {
                let mut bits = font.rows(cell.glyph)[line];
                if cell.marks != 0 {
                    bits = mark(font, cell.marks, line, bits);
                }
                if bits == 0 {
                    pixels.fill(cell.background);
                    continue;
                }
                for pixel in pixels {
                    let mask = u32::from(bits >> 15).wrapping_neg();
                    *pixel = cell.background ^ (cell.difference & mask);
                    bits <<= 1;
                }
            }
            surface.write_row(column * cell_width, row * cell_height + line, &self.pixels);
        }
    }
}

fn glyph_of(font: &Font, look: &Look) -> Glyph {
    match look.marks & (WIDE_LEFT | WIDE_RIGHT) {
        0 => font.glyph(look.character),
        WIDE_LEFT => font.wide_glyphs().0,
        _ => font.wide_glyphs().1,
    }
}

/// Adds underline and cursor to row `line` of a glyph.
fn mark(font: &Font, marks: u8, line: usize, mut bits: u16) -> u16 {
    let (_, height) = font.cell_pixels();
    if marks & UNDERLINE != 0 && font.underline_rows().contains(&line) {
        bits = u16::MAX;
    }
    if marks & CURSOR_UNDERLINE != 0 && line >= height - height / 8 {
        bits = u16::MAX;
    }
    if marks & CURSOR_BAR != 0 {
        bits |= 0b11 << 14;
    }
    if marks & CURSOR_BLOCK != 0 {
        bits = !bits;
    }
    bits
}
