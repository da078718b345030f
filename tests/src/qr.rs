//! The QR code on the emulated screen, read by another's decoder as a phone would.

use crate::error::Error;
use crate::screendump::Picture;

/// The text of the only code in a picture.
///
/// # Errors
///
/// Where there is no code in it that can be read, or more than one.
pub fn scan(picture: &Picture) -> Result<String, Error> {
    let (width, height) = (picture.width_pixels, picture.height_pixels);
    // Green alone will do: the code is black and white.
    let green = |x: usize, y: usize| (picture.pixels[y * width + x] >> 8) as u8;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, green);
    let grids = image.detect_grids();
    let [grid] = grids.as_slice() else {
        return Err(Error::Wrong(format!("{} codes on the screen", grids.len())));
    };
    let (_, text) = grid
        .decode()
        .map_err(|error| Error::Wrong(format!("the code on the screen: {error}")))?;
    Ok(text)
}
