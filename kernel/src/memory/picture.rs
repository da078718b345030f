//! The framebuffer as the screen's surface, and the text buffer of VGA text modes.

use hw::display::{Layout, Surface, TextSurface};

use super::{Physical, window};

/// A linear framebuffer.
pub struct Picture {
    layout: Layout,
    bytes: &'static mut [u8],
}

impl Picture {
    /// Maps the framebuffer at `start`; only one `Picture` may exist.
    ///
    /// # Errors
    ///
    /// [`window::Error`] where it cannot be mapped.
    pub fn map(start: Physical, layout: Layout) -> Result<Self, window::Error> {
        let length = layout.total_bytes();
        let address = window::map_picture(start, length)?;
        // SAFETY: the window maps exactly this many bytes for good, and nobody else writes there. Every value is a
        // valid byte, and nothing is read back that would have to be as written.
        let bytes = unsafe { core::slice::from_raw_parts_mut(address as *mut u8, length) };
        Ok(Self { layout, bytes })
    }
}

impl Picture {
    /// Bits from one pixel to the next.
    pub fn bits_per_pixel(&self) -> usize {
        8 * self.layout.format().bytes_per_pixel()
    }
}

impl Surface for Picture {
    fn width_pixels(&self) -> usize {
        self.layout.width_pixels()
    }

    fn height_pixels(&self) -> usize {
        self.layout.height_pixels()
    }

    fn write_row(&mut self, x: usize, y: usize, colors: &[u32]) {
        self.layout.write_row(self.bytes, x, y, colors);
    }
}

/// The cells of a VGA text mode: a character and an attribute each.
pub struct TextBuffer {
    columns: usize,
    rows: usize,
    cells: &'static mut [u16],
}

impl TextBuffer {
    /// Maps the buffer at `start`; only one `TextBuffer` may exist.
    ///
    /// # Errors
    ///
    /// [`window::Error`] where it cannot be mapped.
    pub fn map(start: Physical, columns: usize, rows: usize) -> Result<Self, window::Error> {
        let address = window::map_picture(start, columns * rows * size_of::<u16>())?;
        // SAFETY: as for `Picture`; the buffer starts a page and so is aligned.
        let cells = unsafe { core::slice::from_raw_parts_mut(address as *mut u16, columns * rows) };
        Ok(Self { columns, rows, cells })
    }
}

impl TextSurface for TextBuffer {
    fn columns(&self) -> usize {
        self.columns
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn write_cell(&mut self, column: usize, row: usize, character: u8, attribute: u8) {
        if column < self.columns && row < self.rows {
            self.cells[row * self.columns + column] = u16::from_le_bytes([character, attribute]);
        }
    }
}
