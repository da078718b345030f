//! The QR code on the emulated screen, read by another's decoder as a phone would.

use std::path::Path;

use crate::error::Error;

/// The text of the only code in a picture in the "portable pixmap" format.
///
/// # Errors
///
/// Where the file is no picture, or there is no code in it that can be read.
pub fn scan(file: &Path) -> Result<String, Error> {
    let bytes = std::fs::read(file)?;
    let (width, height, pixels) =
        parse(&bytes).ok_or_else(|| Error::Wrong(format!("{} is no picture", file.display())))?;
    // Green alone will do: the code is black and white.
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[(y * width + x) * 3 + 1]);
    let grids = image.detect_grids();
    let [grid] = grids.as_slice() else {
        return Err(Error::Wrong(format!("{} codes on the screen", grids.len())));
    };
    let (_, text) = grid
        .decode()
        .map_err(|error| Error::Wrong(format!("the code on the screen: {error}")))?;
    Ok(text)
}

/// Width, height, and three bytes a pixel.
fn parse(bytes: &[u8]) -> Option<(usize, usize, &[u8])> {
    let mut parts = bytes.splitn(4, |byte| byte.is_ascii_whitespace());
    let mut number = |_| std::str::from_utf8(parts.next()?).ok()?.parse::<usize>().ok();
    if number(0).is_some() {
        return None;
    }
    let (width, height) = (number(1)?, number(2)?);
    let pixels = parts.next()?.strip_prefix(b"255\n")?;
    (pixels.len() == width * height * 3).then_some((width, height, pixels))
}
