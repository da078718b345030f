//! What a person reads on the emulated screen: text recovered from the picture, glyph by glyph.

use std::time::{Duration, Instant};

use services::screen::FontSize;
use services::screen::matcher::Matcher;

use crate::error::Error;
use crate::machine::Machine;
use crate::vga_text;

/// From the serial prompt to the one on the screen.
const PROMPT_LIMIT: Duration = Duration::from_secs(20);
/// Between two looks at the screen.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// The keys for `40 + 2` and Return.
pub const SUM: &[&str] = &["4", "0", "spc", "shift-equal", "spc", "2", "ret"];

/// What the screen shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width_pixels: usize,
    /// Rows.
    pub height_pixels: usize,
    /// The pixels as 0x00RRGGBB, in rows.
    pub pixels: Vec<u32>,
}

impl Picture {
    /// The pixel in column `x` of row `y`.
    ///
    /// # Panics
    ///
    /// Outside of the picture.
    pub fn at(&self, x: usize, y: usize) -> u32 {
        self.pixels[y * self.width_pixels + x]
    }
}

/// Takes a picture of the screen.
///
/// # Errors
///
/// Where the emulator gives none.
pub fn picture(machine: &mut Machine) -> Result<Picture, Error> {
    let file = machine.folder().join("screen.ppm");
    let refusal = machine.monitor().human(&format!("screendump {}", file.display()))?;
    if !refusal.trim().is_empty() {
        return Err(Error::Monitor(refusal));
    }
    parse(&std::fs::read(&file)?).ok_or_else(|| Error::Wrong(format!("{} is no picture", file.display())))
}

/// The lines of text on the screen, without spaces at their ends.
///
/// # Errors
///
/// Where the emulator gives no picture.
pub fn lines(machine: &mut Machine) -> Result<Vec<String>, Error> {
    let picture = picture(machine)?;
    if vga_text::is_text_mode(&picture) {
        return vga_text::lines(machine, &picture);
    }
    let matcher = Matcher::new(FontSize::for_height(picture.height_pixels));
    Ok(matcher.lines(&picture.pixels, picture.width_pixels))
}

/// Waits until `is_there` holds for the lines on the screen, and returns them as the next picture shows them: one that is
/// taken while the machine paints has old lines above new ones.
///
/// # Errors
///
/// [`Error::Wrong`] with the screen's text where the limit passes; whatever happens that must not.
pub fn expect(
    machine: &mut Machine,
    limit: Duration,
    is_there: impl Fn(&[String]) -> bool,
) -> Result<Vec<String>, Error> {
    let started = Instant::now();
    loop {
        machine.listen(Duration::ZERO)?;
        // Some adapters have no picture before the firmware has woken them.
        let seen = lines(machine);
        match seen {
            Ok(seen) if is_there(&seen) => {
                let again = lines(machine)?;
                return Ok(if is_there(&again) { again } else { seen });
            }
            Ok(seen) if started.elapsed() > limit => {
                return Err(Error::Wrong(format!("the screen shows\n{}", seen.join("\n"))));
            }
            Err(error) if started.elapsed() > limit => return Err(error),
            _ => std::thread::sleep(LOOK_PAUSE),
        }
    }
}

/// Waits until the machine has started and the screen shows the prompt, and returns its lines.
///
/// # Errors
///
/// Where one of them does not come in time.
pub fn boot(machine: &mut Machine) -> Result<Vec<String>, Error> {
    machine.boot()?;
    expect(machine, PROMPT_LIMIT, has("rhai>"))
}

/// For [`expect`]: one of the lines is `line`.
pub fn has(line: &str) -> impl Fn(&[String]) -> bool {
    let line = line.to_owned();
    move |lines: &[String]| lines.contains(&line)
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

/// Reads the "portable pixmap" format.
fn parse(bytes: &[u8]) -> Option<Picture> {
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
    let is_whole = width_pixels.checked_mul(height_pixels) == Some(pixels.len());
    is_whole.then_some(Picture {
        width_pixels,
        height_pixels,
        pixels,
    })
}

/// Types a line of text on an American keyboard, without a Return.
///
/// # Errors
///
/// Where a character has no key there.
pub fn type_text(machine: &mut Machine, text: &str) -> Result<(), Error> {
    for character in text.chars() {
        let key = key(character).ok_or_else(|| Error::Wrong(format!("no key for {character:?}")))?;
        press(machine, &[&key])?;
    }
    Ok(())
}

/// The emulator's name of the key for `character`.
fn key(character: char) -> Option<String> {
    const PLAIN: [(char, &str); 12] = [
        (' ', "spc"),
        ('-', "minus"),
        ('=', "equal"),
        ('[', "bracket_left"),
        (']', "bracket_right"),
        ('\\', "backslash"),
        (';', "semicolon"),
        ('\'', "apostrophe"),
        ('`', "grave_accent"),
        (',', "comma"),
        ('.', "dot"),
        ('/', "slash"),
    ];
    const SHIFTED: [(&str, &str); 2] = [("!@#$%^&*()", "1234567890"), ("_+{}|:\"~<>?", "-=[]\\;'`,./")];
    let plain = |character: char| match character {
        'a'..='z' | '0'..='9' => Some(String::from(character)),
        _ => PLAIN
            .iter()
            .find(|(own, _)| *own == character)
            .map(|(_, name)| String::from(*name)),
    };
    let below = SHIFTED.iter().find_map(|(above, below)| {
        let place = above.chars().position(|other| other == character)?;
        below.chars().nth(place)
    });
    match below {
        Some(below) => plain(below).map(|name| format!("shift-{name}")),
        None if character.is_ascii_uppercase() => {
            plain(character.to_ascii_lowercase()).map(|name| format!("shift-{name}"))
        }
        None => plain(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_key_for_each_character_of_ascii() {
        assert!((' '..='~').all(|character| key(character).is_some()));
        assert_eq!(key('"').as_deref(), Some("shift-apostrophe"));
        assert_eq!(key('?').as_deref(), Some("shift-slash"));
        assert_eq!(key('Q').as_deref(), Some("shift-q"));
        assert_eq!(key('ä'), None);
    }

    #[test]
    fn reads_a_picture_and_refuses_what_is_none() {
        let picture = b"P6\n2 1\n255\n\x01\x02\x03\xff\x0a\x20";
        let whole = Picture {
            width_pixels: 2,
            height_pixels: 1,
            pixels: vec![0x01_02_03, 0xff_0a_20],
        };
        assert_eq!(parse(picture), Some(whole));
        for length in 0..picture.len() {
            assert_eq!(parse(&picture[..length]), None);
        }
    }
}
