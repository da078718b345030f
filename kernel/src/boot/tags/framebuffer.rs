//! The picture in memory that the firmware or boot loader set up (section 3.6.12).

use hw::bytes::{u32_at, u64_at};

/// Where a colour's bits lie in a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColorField {
    /// Number of the lowest bit.
    pub position: u8,
    /// Bits; `position + size` never exceeds 32.
    pub size: u8,
}

/// How the framebuffer's contents are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FramebufferKind<'a> {
    /// Each pixel is a number into a palette of red, green, blue bytes.
    Indexed {
        /// Three bytes a colour.
        palette: &'a [u8],
    },
    /// Each pixel holds its colours.
    Rgb {
        /// Bits of red.
        red: ColorField,
        /// Bits of green.
        green: ColorField,
        /// Bits of blue.
        blue: ColorField,
    },
    /// Characters and attributes as in the VGA's text modes; width and height count characters.
    Text,
    /// A kind that the specification does not name.
    Other(u8),
}

/// The picture in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framebuffer<'a> {
    /// Physical address of the first line.
    pub address: u64,
    /// Bytes from one line to the next.
    pub pitch_bytes: u32,
    /// Pixels (or characters) in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Bits of one pixel (or character cell).
    pub bits_per_pixel: u8,
    /// How to read a pixel.
    pub kind: FramebufferKind<'a>,
}

impl<'a> Framebuffer<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Option<Self> {
        // The reserved field is 16 bits wide: the specification's text says 8, its header file and GRUB say 16.
        let info = body.get(24..)?;
        let field = |index: usize| {
            let (position, size) = (*info.get(index)?, *info.get(index + 1)?);
            (position <= 32 && size <= 32 - position).then_some(ColorField { position, size })
        };
        let kind = match *body.get(21)? {
            0 => {
                let count = info.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))?;
                FramebufferKind::Indexed {
                    palette: info.get(2..2 + 3 * usize::from(count))?,
                }
            }
            1 => FramebufferKind::Rgb {
                red: field(0)?,
                green: field(2)?,
                blue: field(4)?,
            },
            2 => FramebufferKind::Text,
            other => FramebufferKind::Other(other),
        };
        Some(Framebuffer {
            address: u64_at(body, 0)?,
            pitch_bytes: u32_at(body, 8)?,
            width: u32_at(body, 12)?,
            height: u32_at(body, 16)?,
            bits_per_pixel: *body.get(20)?,
            kind,
        })
    }
}
