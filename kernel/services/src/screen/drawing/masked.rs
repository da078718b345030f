//! A surface on which some areas belong to others.

use hw::display::{Surface, fill_by_rows};

use super::Area;

/// Writes everywhere on a surface but in some areas.
pub(in crate::screen) struct Masked<'a> {
    surface: &'a mut dyn Surface,
    /// By their first columns; none overlaps another.
    areas: &'a [Area],
}

impl<'a> Masked<'a> {
    /// Leaves `areas` alone, which must not overlap and be sorted by their first columns.
    pub(super) fn new(surface: &'a mut dyn Surface, areas: &'a [Area]) -> Self {
        Self { surface, areas }
    }
}

impl Surface for Masked<'_> {
    fn width_pixels(&self) -> usize {
        self.surface.width_pixels()
    }

    fn height_pixels(&self) -> usize {
        self.surface.height_pixels()
    }

    fn write_row(&mut self, x: usize, y: usize, colors: &[u32]) {
        let mut rest = colors;
        let mut start = x;
        for area in self.areas.iter().filter(|area| (area.y..area.y_end()).contains(&y)) {
            let before = area.x.saturating_sub(start).min(rest.len());
            if before > 0 {
                self.surface.write_row(start, y, &rest[..before]);
            }
            let skipped = area.x_end().saturating_sub(start).min(rest.len());
            rest = &rest[skipped..];
            start += skipped;
            if rest.is_empty() {
                return;
            }
        }
        self.surface.write_row(start, y, rest);
    }

    fn fill(&mut self, color: u32) {
        if self.areas.is_empty() {
            self.surface.fill(color);
        } else {
            fill_by_rows(self, color);
        }
    }
}
