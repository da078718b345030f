//! The framebuffer as the screen's surface, and the text buffer of VGA text modes.
//!
//! Both are written only, a row or a cell at a time, and keep no reference to the memory: the console and the screen
//! of the start-up and of panics may have one each.

use core::fmt;

use hw::display::{ColorBits, Layout, PixelFormat, Surface, TextSurface, fill_by_rows};

use super::{Physical, picture_window, window};
use crate::boot::tags::{ColorField, Framebuffer, FramebufferKind};

/// A linear framebuffer.
pub struct Picture {
    layout: Layout,
    address: usize,
}

impl Picture {
    /// Maps the framebuffer at `start`.
    ///
    /// # Errors
    ///
    /// [`window::Error`] where it cannot be mapped.
    pub fn map(start: Physical, layout: Layout) -> Result<Self, window::Error> {
        let address = picture_window::map(start, layout.total_bytes())?;
        Ok(Self { layout, address })
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
        let Some((offset_bytes, count)) = self.layout.place(x, y, colors.len()) else {
            return;
        };
        let start = (self.address + offset_bytes) as *mut u8;
        let format = self.layout.format();
        // SAFETY: the window maps the whole picture for good, and `place` keeps these pixels inside it. Nobody else
        // refers to them now: every other reference is as short as this one, on the same core, or of code that a panic
        // has ended. Every value is a valid byte.
        let bytes = unsafe { core::slice::from_raw_parts_mut(start, count * format.bytes_per_pixel()) };
        format.write_span(bytes, &colors[..count]);
    }

    fn fill(&mut self, color: u32) {
        let Some(byte) = self.layout.format().uniform_byte(color) else {
            return fill_by_rows(self, color);
        };
        let start = self.address as *mut u8;
        // SAFETY: the window maps the whole picture for good, and nobody else refers to it now, as in `write_row`. What
        // lies between the rows is not shown, and every value is a valid byte.
        let bytes = unsafe { core::slice::from_raw_parts_mut(start, self.layout.total_bytes()) };
        bytes.fill(byte);
    }
}

/// The cells of a VGA text mode: a character and an attribute each.
pub struct TextBuffer {
    columns: usize,
    rows: usize,
    address: usize,
}

impl TextBuffer {
    /// Maps the buffer at `start`.
    ///
    /// # Errors
    ///
    /// [`window::Error`] where it cannot be mapped.
    pub fn map(start: Physical, columns: usize, rows: usize) -> Result<Self, window::Error> {
        let address = picture_window::map(start, columns * rows * size_of::<u16>())?;
        Ok(Self { columns, rows, address })
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
            let cell = (self.address as *mut u16).wrapping_add(row * self.columns + column);
            // SAFETY: the window maps the whole buffer for good, and the cell lies inside it, as just checked.
            unsafe { cell.write_unaligned(u16::from_le_bytes([character, attribute])) };
        }
    }
}

/// What the boot loader left to draw on.
pub enum Drawing {
    /// Pixels.
    Pixels(Picture),
    /// Characters.
    Text(TextBuffer),
}

/// Why there is nothing to draw on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The pixels are stored in a way that we do not know.
    UnknownFormat,
    /// The memory cannot be mapped.
    Unreachable,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::UnknownFormat => "its pixels are stored in an unknown way",
            Self::Unreachable => "it cannot be mapped",
        })
    }
}

impl From<window::Error> for Error {
    fn from(_: window::Error) -> Self {
        Self::Unreachable
    }
}

impl Drawing {
    /// Maps what `framebuffer` describes.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn map(framebuffer: &Framebuffer<'_>) -> Result<Self, Error> {
        let start = Physical(framebuffer.address);
        let (width, height) = (framebuffer.width as usize, framebuffer.height as usize);
        match framebuffer.kind {
            FramebufferKind::Rgb { red, green, blue } => {
                let format = PixelFormat::new(framebuffer.bits_per_pixel, bits(red), bits(green), bits(blue));
                let pitch_bytes = framebuffer.pitch_bytes as usize;
                let layout = format.and_then(|format| Layout::new(format, width, height, pitch_bytes));
                Ok(Self::Pixels(Picture::map(start, layout.ok_or(Error::UnknownFormat)?)?))
            }
            FramebufferKind::Text => Ok(Self::Text(TextBuffer::map(start, width, height)?)),
            FramebufferKind::Indexed { .. } | FramebufferKind::Other(_) => Err(Error::UnknownFormat),
        }
    }
}

fn bits(field: ColorField) -> ColorBits {
    ColorBits {
        position: field.position,
        size: field.size,
    }
}
