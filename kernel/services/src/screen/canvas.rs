//! A cell to draw a glyph in.

/// Pixels of the largest cell in one direction.
pub(super) const LIMIT_PIXELS: usize = 64;

/// One glyph being drawn; pixels outside the cell are left out.
pub(super) struct Canvas {
    /// Pixels in a row, up to 16.
    pub(super) width: i32,
    /// Rows, up to 64.
    pub(super) height: i32,
    rows: [u16; LIMIT_PIXELS],
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width: width.min(16) as i32,
            height: height.min(LIMIT_PIXELS) as i32,
            rows: [0; LIMIT_PIXELS],
        }
    }

    /// The rows drawn; bit 15 is the leftmost pixel.
    pub(super) fn rows(&self) -> &[u16] {
        &self.rows[..self.height as usize]
    }

    pub(super) fn set(&mut self, x: i32, y: i32) {
        if (0..self.width).contains(&x) && (0..self.height).contains(&y) {
            self.rows[y as usize] |= 0x8000 >> x;
        }
    }

    pub(super) fn clear(&mut self, x: i32, y: i32) {
        if (0..self.width).contains(&x) && (0..self.height).contains(&y) {
            self.rows[y as usize] &= !(0x8000 >> x);
        }
    }

    /// Sets every pixel for which `is_set` holds.
    pub(super) fn set_where(&mut self, is_set: impl Fn(i32, i32) -> bool) {
        for y in 0..self.height {
            for x in (0..self.width).filter(|x| is_set(*x, y)) {
                self.set(x, y);
            }
        }
    }

    /// Fills from `x` to before `x_end` and from `y` to before `y_end`.
    pub(super) fn fill(&mut self, x: i32, y: i32, x_end: i32, y_end: i32) {
        for y in y.max(0)..y_end.min(self.height) {
            (x.max(0)..x_end.min(self.width)).for_each(|x| self.set(x, y));
        }
    }
}
