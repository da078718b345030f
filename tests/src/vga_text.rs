//! What a person reads on the screen in the VGA's text mode: glyphs of the font in the adapter's own ROM, found in the
//! picture. That the text buffer holds the right bytes would not prove that they are shown.

use crate::error::Error;
use crate::machine::Machine;
use crate::screendump::Picture;

const COLUMNS: usize = 80;
const ROWS: usize = 25;
/// A cell has nine columns of pixels, of which a glyph has eight; the ninth is empty, or repeats the eighth for lines.
const CELL_WIDTH: usize = 9;
const CELL_HEIGHT: usize = 16;
/// Where the adapter's ROM lies in a PC's memory.
const ROM_START: usize = 0xC_0000;
const ROM_BYTES: usize = 0x1_0000;
const FONT_BYTES: usize = 256 * CELL_HEIGHT;
const SPACE: u8 = b' ';

/// The picture is that of 80 by 25 characters.
pub fn is_text_mode(picture: &Picture) -> bool {
    (picture.width_pixels, picture.height_pixels) == (COLUMNS * CELL_WIDTH, ROWS * CELL_HEIGHT)
}

/// The lines of text in `picture`, which `machine` shows, without spaces at their ends. What is no character of ASCII
/// becomes U+FFFD.
///
/// # Errors
///
/// Where the machine's memory cannot be read, or there is no font in it.
pub fn lines(machine: &mut Machine, picture: &Picture) -> Result<Vec<String>, Error> {
    let file = machine.folder().join("rom");
    machine.monitor().command(&format!(
        r#"{{"execute": "pmemsave", "arguments": {{"val": {ROM_START}, "size": {ROM_BYTES}, "filename": "{}"}}}}"#,
        file.display()
    ))?;
    let rom = std::fs::read(&file)?;
    let font = font(&rom).ok_or_else(|| Error::Wrong("the display adapter's ROM has no font of 8x16".into()))?;
    let line = |row: usize| -> String {
        let text: String = (0..COLUMNS).map(|column| cell(picture, font, column, row)).collect();
        text.trim_end_matches(' ').into()
    };
    Ok((0..ROWS).map(line).collect())
}

/// The font in `rom`, 16 bytes a character of code page 437, told by its block characters and its space.
fn font(rom: &[u8]) -> Option<&[u8]> {
    let half = |first, second| [[first; CELL_HEIGHT / 2], [second; CELL_HEIGHT / 2]].concat();
    let known = [
        (0xDB, half(0xFF, 0xFF)),
        (usize::from(SPACE), half(0, 0)),
        (0xDD, half(0xF0, 0xF0)),
        (0xDE, half(0x0F, 0x0F)),
    ];
    rom.windows(FONT_BYTES).find(|font| {
        known
            .iter()
            .all(|(character, rows)| font[character * CELL_HEIGHT..].starts_with(rows))
    })
}

fn cell(picture: &Picture, font: &[u8], column: usize, row: usize) -> char {
    let pixel =
        |x: usize, y: usize| picture.pixels[(row * CELL_HEIGHT + y) * picture.width_pixels + column * CELL_WIDTH + x];
    let first = pixel(0, 0);
    // Which of the two colours is behind is not known: either may be.
    let rows = |is_inverse: bool| -> Vec<u8> {
        let bit = |x, y| u8::from((pixel(x, y) == first) == is_inverse) << (7 - x);
        (0..CELL_HEIGHT).map(|y| (0..8).map(|x| bit(x, y)).sum()).collect()
    };
    let find = |rows: Vec<u8>| {
        let glyphs = font.chunks_exact(CELL_HEIGHT);
        let characters = (SPACE..0x7F).find(|&character| glyphs.clone().nth(character.into()) == Some(&rows));
        characters.map(char::from)
    };
    find(rows(false)).or_else(|| find(rows(true))).unwrap_or('\u{FFFD}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ROM with a font at an odd place: blocks, a space, and an `A`.
    fn rom() -> Vec<u8> {
        let mut rom = vec![0xCC; 77 + FONT_BYTES + 5];
        let mut put = |character: usize, rows: [u8; CELL_HEIGHT]| {
            rom[77 + character * CELL_HEIGHT..][..CELL_HEIGHT].copy_from_slice(&rows);
        };
        put(0xDB, [0xFF; 16]);
        put(0x20, [0; 16]);
        put(0xDD, [0xF0; 16]);
        put(0xDE, [0x0F; 16]);
        put(
            b'A'.into(),
            [0, 0, 0x18, 0x3C, 0x66, 0x66, 0x7E, 0x66, 0x66, 0x66, 0, 0, 0, 0, 0, 0],
        );
        rom
    }

    #[test]
    fn recovers_characters_in_any_colours() {
        let rom = rom();
        let font = font(&rom).expect("it is there");
        let mut picture = Picture {
            width_pixels: COLUMNS * CELL_WIDTH,
            height_pixels: ROWS * CELL_HEIGHT,
            pixels: vec![0; COLUMNS * CELL_WIDTH * ROWS * CELL_HEIGHT],
        };
        assert!(is_text_mode(&picture));
        let mut draw = |column: usize, colors: [u32; 2]| {
            for (y, bits) in font[usize::from(b'A') * CELL_HEIGHT..][..CELL_HEIGHT]
                .iter()
                .enumerate()
            {
                for x in 0..8 {
                    let place = (CELL_HEIGHT + y) * COLUMNS * CELL_WIDTH + column * CELL_WIDTH + x;
                    picture.pixels[place] = colors[usize::from(bits >> (7 - x) & 1)];
                }
            }
        };
        draw(2, [0, 0xAA_AA_AA]);
        draw(3, [0xAA_AA_AA, 0]);
        assert_eq!(cell(&picture, font, 2, 1), 'A');
        assert_eq!(cell(&picture, font, 3, 1), 'A');
        assert_eq!(cell(&picture, font, 0, 0), ' ');
        picture.pixels[(CELL_HEIGHT + 5) * COLUMNS * CELL_WIDTH + 2 * CELL_WIDTH] = 1;
        assert_eq!(cell(&picture, font, 2, 1), '\u{FFFD}');
    }

    #[test]
    fn finds_no_font_in_a_part_of_it() {
        let rom = rom();
        for length in (0..77 + FONT_BYTES).step_by(97) {
            assert_eq!(font(&rom[..length]), None);
        }
    }
}
