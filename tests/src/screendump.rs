//! What a person reads on the emulated screen: text recovered from the picture, glyph by glyph.

use std::path::Path;
use std::time::{Duration, Instant};

use services::screen::FontSize;
use services::screen::matcher::Matcher;

use crate::error::Error;
use crate::machine::Machine;

/// Between two looks at the screen.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// A picture of the screen: pixels in a row, rows, and pixels as `0x00RRGGBB`.
///
/// # Errors
///
/// Where the emulator gives none.
pub fn picture(machine: &mut Machine) -> Result<(usize, usize, Vec<u32>), Error> {
    let file = machine.folder().join("screen.ppm");
    machine.monitor().human(&format!("screendump {}", file.display()))?;
    read(&file)
}

/// The lines of text on the screen, without spaces at their ends.
///
/// # Errors
///
/// Where the emulator gives no picture.
pub fn lines(machine: &mut Machine) -> Result<Vec<String>, Error> {
    let (width_pixels, height_pixels, pixels) = picture(machine)?;
    Ok(Matcher::new(FontSize::for_height(height_pixels)).lines(&pixels, width_pixels))
}

/// Waits until `is_there` holds for the lines on the screen, and returns them.
///
/// # Errors
///
/// [`Error::Wrong`] with the screen's text where the limit passes.
pub fn expect(
    machine: &mut Machine,
    limit: Duration,
    is_there: impl Fn(&[String]) -> bool,
) -> Result<Vec<String>, Error> {
    let started = Instant::now();
    loop {
        let seen = lines(machine)?;
        if is_there(&seen) {
            return Ok(seen);
        }
        if started.elapsed() > limit {
            return Err(Error::Wrong(format!("the screen shows\n{}", seen.join("\n"))));
        }
        std::thread::sleep(LOOK_PAUSE);
    }
}

/// Presses keys one after the other, each by the emulator's name for it, as `shift-a` or `ret`.
///
/// # Errors
///
/// Where the emulator does not know a key.
pub fn press(machine: &mut Machine, keys: &[&str]) -> Result<(), Error> {
    for key in keys {
        let answer = machine.monitor().human(&format!("sendkey {key} 20"))?;
        if !answer.trim().is_empty() {
            return Err(Error::Wrong(answer));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// A picture in the "portable pixmap" format: width, height, and pixels as 0x00RRGGBB.
fn read(file: &Path) -> Result<(usize, usize, Vec<u32>), Error> {
    let bytes = std::fs::read(file)?;
    parse(&bytes).ok_or_else(|| Error::Wrong(format!("{} is no picture", file.display())))
}

fn parse(bytes: &[u8]) -> Option<(usize, usize, Vec<u32>)> {
    let mut fields = bytes.splitn(4, |byte| byte.is_ascii_whitespace());
    if fields.next()? != b"P6" {
        return None;
    }
    let mut number = || std::str::from_utf8(fields.next()?).ok()?.parse::<usize>().ok();
    let (width_pixels, height_pixels) = (number()?, number()?);
    let rest = fields.next()?;
    let pixels = rest.get(rest.iter().position(u8::is_ascii_whitespace)? + 1..)?;
    let pixels: Vec<u32> = pixels
        .as_chunks::<3>()
        .0
        .iter()
        .map(|[red, green, blue]| u32::from_be_bytes([0, *red, *green, *blue]))
        .collect();
    (pixels.len() == width_pixels * height_pixels).then_some((width_pixels, height_pixels, pixels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_picture_and_refuses_what_is_none() {
        let picture = b"P6\n2 1\n255\n\x01\x02\x03\xff\x0a\x20";
        assert_eq!(parse(picture), Some((2, 1, vec![0x01_02_03, 0xff_0a_20])));
        for length in 0..picture.len() {
            assert_eq!(parse(&picture[..length]), None);
        }
    }
}
