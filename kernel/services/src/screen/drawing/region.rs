//! One region's pixels, and what draws on them.

use alloc::vec::Vec;

use hw::display::Surface;
use unicode_width::UnicodeWidthChar;

use super::{Area, Drawing, Error, line};
use crate::screen::font::Font;
use crate::screen::palette;
use crate::task::TaskId;

/// A part of the screen that a task owns.
pub(super) struct Region {
    pub(super) owner: TaskId,
    pub(super) area: Area,
    /// Row by row.
    pixels: Vec<u32>,
    /// What was drawn since the last paint, in the region's own coordinates.
    damage: Option<Area>,
}

impl Region {
    /// A region that is all background.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] where there is no memory for its pixels.
    pub(super) fn new(owner: TaskId, area: Area) -> Result<Self, Error> {
        let count = area.width * area.height;
        let mut pixels = Vec::new();
        pixels.try_reserve_exact(count).map_err(|_| Error::OutOfMemory {
            needed_bytes: super::regions::needed_bytes(&area),
        })?;
        pixels.resize(count, palette::BACKGROUND);
        let mut region = Self {
            owner,
            area,
            pixels,
            damage: None,
        };
        region.touch();
        Ok(region)
    }

    /// Paints all of it with the next paint.
    pub(super) fn touch(&mut self) {
        self.damage = Some(Area {
            x: 0,
            y: 0,
            ..self.area
        });
    }

    /// Paints what was drawn since the last time.
    pub(super) fn paint(&mut self, surface: &mut dyn Surface) {
        let Some(damage) = self.damage.take() else { return };
        for y in damage.y..damage.y_end() {
            let start = y * self.area.width + damage.x;
            let row = &self.pixels[start..start + damage.width];
            surface.write_row(self.area.x + damage.x, self.area.y + y, row);
        }
    }

    pub(super) fn draw(&mut self, drawing: &Drawing<'_>, font: &Font) {
        match *drawing {
            Drawing::Pixel { at, color } => self.fill(at, (1, 1), color),
            Drawing::Line { from, to, color } => {
                let size = (self.area.width as i64, self.area.height as i64);
                line::for_each_pixel(from, to, size, |x, y| self.set(x, y, color));
            }
            Drawing::Outline { at, size, color } => self.outline(at, size, color),
            Drawing::Fill { at, size, color } => self.fill(at, size, color),
            Drawing::Text { at, text, color } => self.text(at, text, color, font),
            Drawing::Rows { at, width, pixels } => self.blend(at, width, pixels),
        }
    }

    /// The part of a rectangle that lies inside, as `(x, y, x_end, y_end)`.
    fn clip(&self, at: (i64, i64), size: (i64, i64)) -> Option<(usize, usize, usize, usize)> {
        let range = |start: i64, length: i64, limit: usize| {
            let limit = limit as i64;
            let end = start.saturating_add(length).clamp(0, limit);
            let start = start.clamp(0, limit);
            (length > 0 && start < end).then_some((start as usize, end as usize))
        };
        let (x, x_end) = range(at.0, size.0, self.area.width)?;
        let (y, y_end) = range(at.1, size.1, self.area.height)?;
        Some((x, y, x_end, y_end))
    }

    fn note_damage(&mut self, x: usize, y: usize, x_end: usize, y_end: usize) {
        let (x, y, x_end, y_end) = match self.damage {
            Some(old) => (
                x.min(old.x),
                y.min(old.y),
                x_end.max(old.x_end()),
                y_end.max(old.y_end()),
            ),
            None => (x, y, x_end, y_end),
        };
        self.damage = Some(Area {
            x,
            y,
            width: x_end - x,
            height: y_end - y,
        });
    }

    fn set(&mut self, x: i64, y: i64, color: u32) {
        self.fill((x, y), (1, 1), color);
    }

    fn fill(&mut self, at: (i64, i64), size: (i64, i64), color: u32) {
        let Some((x, y, x_end, y_end)) = self.clip(at, size) else {
            return;
        };
        for row in y..y_end {
            let start = row * self.area.width;
            self.pixels[start + x..start + x_end].fill(color);
        }
        self.note_damage(x, y, x_end, y_end);
    }

    fn outline(&mut self, (x, y): (i64, i64), (width, height): (i64, i64), color: u32) {
        if width < 1 || height < 1 {
            return;
        }
        let (right, bottom) = (x.saturating_add(width - 1), y.saturating_add(height - 1));
        for row in [y, bottom] {
            self.fill((x, row), (width, 1), color);
        }
        for column in [x, right] {
            self.fill((column, y), (1, height), color);
        }
    }

    fn text(&mut self, at: (i64, i64), text: &str, color: u32, font: &Font) {
        let (cell_width, cell_height) = font.cell_pixels();
        let (cell_width, cell_height) = (cell_width as i64, cell_height as i64);
        let mut y = at.1;
        for line in text.split('\n') {
            let mut x = at.0;
            for character in line.chars() {
                if x >= self.area.width as i64 {
                    break;
                }
                match character.width() {
                    Some(1) => self.glyph((x, y), font.rows(font.glyph(character)), color),
                    Some(2) => {
                        let (left, right) = font.wide_glyphs();
                        self.glyph((x, y), font.rows(left), color);
                        self.glyph((x.saturating_add(cell_width), y), font.rows(right), color);
                    }
                    // Control characters and those that combine with others take no place.
                    _ => {}
                }
                x = x.saturating_add(cell_width * character.width().unwrap_or(0) as i64);
            }
            y = y.saturating_add(cell_height);
        }
    }

    /// Sets the pixels of a glyph that are set, in runs.
    fn glyph(&mut self, at: (i64, i64), rows: &[u16], color: u32) {
        for (line, bits) in rows.iter().enumerate() {
            let mut bits = *bits;
            let mut x = 0;
            while bits != 0 {
                let blanks = bits.leading_zeros();
                let run = (bits << blanks).leading_ones();
                x += i64::from(blanks);
                let start = (at.0.saturating_add(x), at.1.saturating_add(line as i64));
                self.fill(start, (i64::from(run), 1), color);
                x += i64::from(run);
                bits = bits.checked_shl(blanks + run).unwrap_or(0);
            }
        }
    }

    fn blend(&mut self, at: (i64, i64), width: usize, pixels: &[u32]) {
        let width = width.max(1);
        let size = (width as i64, (pixels.len() / width) as i64);
        let Some((x, y, x_end, y_end)) = self.clip(at, size) else {
            return;
        };
        // Inside the region both differences are small and not negative.
        let (skipped_x, skipped_y) = ((x as i64 - at.0) as usize, (y as i64 - at.1) as usize);
        for row in y..y_end {
            let source = (row - y + skipped_y) * width + skipped_x;
            let target = row * self.area.width;
            let under = &mut self.pixels[target + x..target + x_end];
            for (under, over) in under.iter_mut().zip(&pixels[source..]) {
                *under = mix(*under, *over);
            }
        }
        self.note_damage(x, y, x_end, y_end);
    }
}

/// `over`, which is `0xAARRGGBB`, over `under`; each colour rounded to the nearest.
fn mix(under: u32, over: u32) -> u32 {
    let alpha = over >> 24;
    match alpha {
        0 => under,
        255 => over & 0xFF_FF_FF,
        _ => [16, 8, 0].iter().fold(0, |mixed, shift| {
            let (over, under) = (over >> shift & 0xFF, under >> shift & 0xFF);
            mixed | ((over * alpha + under * (255 - alpha) + 127) / 255) << shift
        }),
    }
}
