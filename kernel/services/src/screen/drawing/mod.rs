//! Drawing on parts of the screen that tasks own.
//!
//! | module | what it does |
//! |---|---|
//! | `color` | colours by name and number |
//! | `region` | one region's pixels, and what draws on them |
//! | `regions` | who owns which part of the screen, and painting them |
//! | `line` | the pixels of a straight line |
//! | `masked` | a surface on which the regions' pixels are left alone |
//! | `image` | PNG and BMP files to pixels |
//!
//! A region keeps its own pixels, so that whatever is painted over them (another session, a scrolled view) costs
//! nothing but painting them again.

mod color;
pub mod image;
mod line;
mod masked;
mod region;
mod regions;
#[cfg(test)]
mod tests;

use core::fmt;

pub use color::{Color, NAMES as COLOR_NAMES};
pub(super) use masked::Masked;
pub(super) use regions::Regions;

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// First column.
    pub x: usize,
    /// First row.
    pub y: usize,
    /// Columns, at least 1.
    pub width: usize,
    /// Rows, at least 1.
    pub height: usize,
}

impl Area {
    /// The column after the last one.
    fn x_end(&self) -> usize {
        self.x + self.width
    }

    /// The row after the last one.
    fn y_end(&self) -> usize {
        self.y + self.height
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.x < other.x_end() && other.x < self.x_end() && self.y < other.y_end() && other.y < self.y_end()
    }

    /// True if it has pixels, and all of them lie on a screen of this size.
    fn fits(&self, width_pixels: usize, height_pixels: usize) -> bool {
        let is_inside = |start: usize, length: usize, limit: usize| {
            length > 0 && start.checked_add(length).is_some_and(|end| end <= limit)
        };
        is_inside(self.x, self.width, width_pixels) && is_inside(self.y, self.height, height_pixels)
    }
}

/// One thing to draw. Coordinates count from the region's upper left corner and may lie anywhere; what is outside the
/// region is left out. Colours are `0x00RRGGBB`.
#[derive(Clone, Copy, Debug)]
pub enum Drawing<'a> {
    /// One pixel.
    Pixel {
        /// Column and row.
        at: (i64, i64),
        /// Its colour.
        color: u32,
    },
    /// A straight line, both ends included; the same pixels in either direction.
    Line {
        /// One end.
        from: (i64, i64),
        /// The other.
        to: (i64, i64),
        /// Its colour.
        color: u32,
    },
    /// The outermost pixels of a rectangle.
    Outline {
        /// Upper left corner.
        at: (i64, i64),
        /// Width and height; nothing is drawn where one is below 1.
        size: (i64, i64),
        /// Its colour.
        color: u32,
    },
    /// A whole rectangle.
    Fill {
        /// Upper left corner.
        at: (i64, i64),
        /// Width and height; nothing is drawn where one is below 1.
        size: (i64, i64),
        /// Its colour.
        color: u32,
    },
    /// Text in the screen's font, without a background.
    Text {
        /// Upper left corner of the first character; each line of the text starts at this column.
        at: (i64, i64),
        /// The text.
        text: &'a str,
        /// Its colour.
        color: u32,
    },
    /// Rows of an image's pixels, `0xAARRGGBB`, blended over what is there.
    Rows {
        /// Upper left corner.
        at: (i64, i64),
        /// Pixels in a row, at least 1.
        width: usize,
        /// The rows, one after the other.
        pixels: &'a [u32],
    },
}

/// Why nothing was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The task owns no region.
    NoRegion,
    /// Another task owns a part of it.
    Busy {
        /// The region in the way.
        taken: Area,
    },
    /// Not wholly on the screen, or empty.
    OutOfRange {
        /// The screen's width.
        width_pixels: usize,
        /// The screen's height.
        height_pixels: usize,
    },
    /// Its pixels would take more memory than can be spared.
    OutOfMemory {
        /// What they need.
        needed_bytes: u64,
    },
    /// The screen shows characters only.
    Unsupported,
}

impl Error {
    /// Stable name for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRegion => "no_region",
            Self::Busy { .. } => "busy",
            Self::OutOfRange { .. } => "out_of_range",
            Self::OutOfMemory { .. } => "out_of_memory",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRegion => out.write_str("this task owns no part of the screen; screen::region() claims one"),
            Self::Busy { taken } => write!(
                out,
                "another task owns {} by {} pixels at ({}, {})",
                taken.width, taken.height, taken.x, taken.y
            ),
            Self::OutOfRange {
                width_pixels,
                height_pixels,
            } => write!(
                out,
                "the region must have pixels and lie on the screen, which is {width_pixels} by {height_pixels}"
            ),
            Self::OutOfMemory { needed_bytes } => {
                write!(out, "the region needs {needed_bytes} bytes, more than can be spared")
            }
            Self::Unsupported => out.write_str("the screen is in text mode and has no pixels to draw on"),
        }
    }
}
