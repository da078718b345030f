//! Image files to pixels: PNG of all kinds by code of ours over `miniz_oxide`, and BMP by the crate `zune-bmp`. Sizes are
//! checked before anything is unpacked.
//!
//! The crates have places that panic on what they take for impossible; none was met by this module's tests. So images
//! are decoded in the task that asks for it, in its own memory and outside any lock: should one panic, that task ends
//! and nothing else.

mod png;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;

use zune_bmp::BmpDecoder;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;

/// Pixels of the largest image: enough for a screen of 2560 by 1600.
pub const LIMIT_PIXELS: usize = 4 << 20;
/// Pixels of its longest side.
const LIMIT_SIDE_PIXELS: usize = 16 * 1024;

/// An image file's pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Pixels in a row, at least 1.
    pub width_pixels: usize,
    /// Row by row, `0xAARRGGBB`.
    pub pixels: Vec<u32>,
}

/// Why a file is no image that we can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It starts neither as PNG nor as BMP.
    UnknownFormat,
    /// More than [`LIMIT_PIXELS`], or too long in one direction.
    TooLarge,
    /// The caller wanted it no longer.
    Stopped,
    /// It ends too early, its checksums are wrong, or its parts contradict one another.
    Malformed,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownFormat => out.write_str("the bytes are neither a PNG nor a BMP file"),
            Self::TooLarge => write!(
                out,
                "the image has more than {LIMIT_PIXELS} pixels, or more than {LIMIT_SIDE_PIXELS} in one direction"
            ),
            Self::Stopped => out.write_str("the image was not read to its end"),
            Self::Malformed => out.write_str("the image file is damaged or of an unknown kind"),
        }
    }
}

/// Reads a PNG or BMP file. `keep_going` is asked again and again meanwhile, so that others get their turn.
///
/// # Errors
///
/// [`Error`] where it is none, is damaged, or has too many pixels; and where `keep_going` says no.
pub fn decode(file: &[u8], keep_going: &mut dyn FnMut() -> bool) -> Result<Image, Error> {
    if file.starts_with(&png::SIGNATURE) {
        png::decode(file, keep_going)
    } else if file.starts_with(b"BM") {
        decode_bmp(file)
    } else {
        Err(Error::UnknownFormat)
    }
}

fn options() -> DecoderOptions {
    DecoderOptions::new_safe()
        .set_max_width(LIMIT_SIDE_PIXELS)
        .set_max_height(LIMIT_SIDE_PIXELS)
}

fn check_size(width: usize, height: usize) -> Result<(), Error> {
    let is_small = width <= LIMIT_SIDE_PIXELS && height <= LIMIT_SIDE_PIXELS && width * height <= LIMIT_PIXELS;
    match (width, height) {
        (0, _) | (_, 0) => Err(Error::Malformed),
        _ if !is_small => Err(Error::TooLarge),
        _ => Ok(()),
    }
}

fn decode_bmp(file: &[u8]) -> Result<Image, Error> {
    let mut decoder = BmpDecoder::new_with_options(ZCursor::new(file), options());
    decoder.decode_headers().map_err(|_| Error::Malformed)?;
    let (width, height) = decoder.dimensions().ok_or(Error::Malformed)?;
    check_size(width, height)?;
    let bytes = decoder.decode().map_err(|_| Error::Malformed)?;
    image(width, height, decoder.colorspace(), &bytes)
}

fn image(width: usize, height: usize, space: Option<ColorSpace>, bytes: &[u8]) -> Result<Image, Error> {
    let pixels: Vec<u32> = match space {
        Some(ColorSpace::RGBA) => {
            let pixel = |[red, green, blue, alpha]: &[u8; 4]| u32::from_be_bytes([*alpha, *red, *green, *blue]);
            bytes.as_chunks().0.iter().map(pixel).collect()
        }
        Some(ColorSpace::RGB) => {
            let pixel = |[red, green, blue]: &[u8; 3]| u32::from_be_bytes([0xFF, *red, *green, *blue]);
            bytes.as_chunks().0.iter().map(pixel).collect()
        }
        Some(ColorSpace::LumaA) => {
            let pixel = |[luma, alpha]: &[u8; 2]| u32::from_be_bytes([*alpha, *luma, *luma, *luma]);
            bytes.as_chunks().0.iter().map(pixel).collect()
        }
        Some(ColorSpace::Luma) => {
            let pixel = |luma: &u8| u32::from_be_bytes([0xFF, *luma, *luma, *luma]);
            bytes.iter().map(pixel).collect()
        }
        _ => return Err(Error::Malformed),
    };
    if pixels.len() != width * height {
        return Err(Error::Malformed);
    }
    Ok(Image {
        width_pixels: width,
        pixels,
    })
}
