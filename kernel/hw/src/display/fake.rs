//! Surfaces in ordinary memory, which count what is written to them.

use std::vec::Vec;

use super::{Layout, Surface, TextSurface};

/// Pixels in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FakeSurface {
    width_pixels: usize,
    /// The colours, row by row.
    pub pixels: Vec<u32>,
    /// Pixels written so far.
    pub written_pixels: usize,
    /// Calls of [`Surface::write_row`] so far.
    pub written_rows: usize,
}

impl FakeSurface {
    /// A surface full of `color`.
    pub fn new(width_pixels: usize, height_pixels: usize, color: u32) -> Self {
        Self {
            width_pixels,
            pixels: vec![color; width_pixels * height_pixels],
            written_pixels: 0,
            written_rows: 0,
        }
    }

    /// Sets both counters to zero.
    pub fn forget_counts(&mut self) {
        self.written_pixels = 0;
        self.written_rows = 0;
    }
}

impl Surface for FakeSurface {
    fn width_pixels(&self) -> usize {
        self.width_pixels
    }

    fn height_pixels(&self) -> usize {
        self.pixels.len() / self.width_pixels.max(1)
    }

    fn write_row(&mut self, x: usize, y: usize, colors: &[u32]) {
        if x >= self.width_pixels || y >= self.height_pixels() {
            return;
        }
        let count = colors.len().min(self.width_pixels - x);
        let start = y * self.width_pixels + x;
        self.pixels[start..start + count].copy_from_slice(&colors[..count]);
        self.written_pixels += count;
        self.written_rows += 1;
    }
}

/// A picture in memory, as a graphics adapter has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FakePicture {
    layout: Layout,
    /// The adapter's bytes, what lies between the rows too.
    pub bytes: Vec<u8>,
}

impl FakePicture {
    /// A picture whose bytes are all `byte`.
    pub fn new(layout: Layout, byte: u8) -> Self {
        Self {
            layout,
            bytes: vec![byte; layout.total_bytes()],
        }
    }
}

impl Surface for FakePicture {
    fn width_pixels(&self) -> usize {
        self.layout.width_pixels()
    }

    fn height_pixels(&self) -> usize {
        self.layout.height_pixels()
    }

    fn write_row(&mut self, x: usize, y: usize, colors: &[u32]) {
        self.layout.write_row(&mut self.bytes, x, y, colors);
    }
}

/// Characters and attributes in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FakeTextSurface {
    columns: usize,
    /// Character and attribute, row by row.
    pub cells: Vec<(u8, u8)>,
    /// Cells written so far.
    pub written_cells: usize,
}

impl FakeTextSurface {
    /// A surface full of zeros.
    pub fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            cells: vec![(0, 0); columns * rows],
            written_cells: 0,
        }
    }
}

impl TextSurface for FakeTextSurface {
    fn columns(&self) -> usize {
        self.columns
    }

    fn rows(&self) -> usize {
        self.cells.len() / self.columns.max(1)
    }

    fn write_cell(&mut self, column: usize, row: usize, character: u8, attribute: u8) {
        if column < self.columns && row < self.rows() {
            self.cells[row * self.columns + column] = (character, attribute);
            self.written_cells += 1;
        }
    }
}
