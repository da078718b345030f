//! Block elements (Unicode U+2580 to U+259F), braille patterns (U+2800 to U+28FF), and the box that stands for a
//! character without a glyph, at any cell size.

use super::canvas::Canvas;

/// First block element.
pub(super) const FIRST_BLOCK: char = '\u{2580}';
/// Block elements.
pub(super) const BLOCK_COUNT: usize = 32;
/// First braille pattern.
pub(super) const FIRST_BRAILLE: char = '\u{2800}';
/// Braille patterns.
pub(super) const BRAILLE_COUNT: usize = 256;

/// Quarters of U+2596 to U+259F: upper left 8, upper right 4, lower left 2, lower right 1.
const QUARTERS: [u8; 10] = [2, 1, 8, 11, 9, 14, 13, 4, 6, 7];
/// Column and row of each of the eight dots of a braille pattern.
const DOTS: [(i32, i32); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];

/// Draws block element number `index`.
pub(super) fn draw_block(canvas: &mut Canvas, index: usize) {
    let (width, height) = (canvas.width, canvas.height);
    let eighths = index as i32;
    match index {
        0x00 => canvas.fill(0, 0, width, height / 2),
        0x01..=0x08 => canvas.fill(0, height - height * eighths / 8, width, height),
        0x09..=0x0F => canvas.fill(0, 0, width * (16 - eighths) / 8, height),
        0x10 => canvas.fill(width / 2, 0, width, height),
        0x11 => canvas.set_where(|x, y| y % 2 == 0 && x % 4 == y % 4),
        0x12 => canvas.set_where(|x, y| (x + y) % 2 == 0),
        0x13 => canvas.set_where(|x, y| y % 2 != 0 || x % 4 != y % 4),
        0x14 => canvas.fill(0, 0, width, height / 8),
        0x15 => canvas.fill(width - width / 8, 0, width, height),
        _ => {
            let quarters = QUARTERS[(index - 0x16).min(QUARTERS.len() - 1)];
            canvas.set_where(|x, y| {
                let shift = 3 - (i32::from(x >= width / 2) + 2 * i32::from(y >= height / 2));
                quarters >> shift & 1 != 0
            });
        }
    }
}

/// Draws braille pattern number `index`, whose bits are the dots.
pub(super) fn draw_braille(canvas: &mut Canvas, index: usize) {
    let dot_pixels = (canvas.width / 4).max(1);
    let (step_x, step_y) = (canvas.width / 2, canvas.height / 4);
    for (column, row) in DOTS
        .iter()
        .enumerate()
        .filter(|(bit, _)| index >> bit & 1 != 0)
        .map(|(_, dot)| *dot)
    {
        let x = column * step_x + (step_x - dot_pixels) / 2;
        let y = row * step_y + (step_y - dot_pixels) / 2;
        canvas.fill(x, y, x + dot_pixels, y + dot_pixels);
    }
}

/// Draws a hollow box over `cells` cells, as seen in the cell number `cell` of them.
pub(super) fn draw_missing(canvas: &mut Canvas, cell: i32, cells: i32) {
    let (left, right) = (1 - cell * canvas.width, (cells - cell) * canvas.width - 2);
    let (top, bottom) = (canvas.height / 8, canvas.height - 1 - canvas.height / 8);
    canvas.set_where(|x, y| {
        let (on_side, on_end) = (x == left || x == right, y == top || y == bottom);
        (on_side && (top..=bottom).contains(&y)) || (on_end && (left..=right).contains(&x))
    });
}
