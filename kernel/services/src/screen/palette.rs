//! Colours: the 16 of the VGA, the 256 of xterm, and any.

/// A colour as escape sequences name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Color {
    /// [`FOREGROUND`] or [`BACKGROUND`].
    #[default]
    Default,
    /// One of xterm's 256.
    Indexed(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

/// Colour of text that says nothing else.
pub const FOREGROUND: u32 = 0xAA_AA_AA;
/// Colour behind it.
pub const BACKGROUND: u32 = 0x00_00_00;

/// The colours of the VGA in the order of ANSI X3.64: black, red, green, brown, blue, magenta, cyan, grey, then the
/// same bright.
pub const SIXTEEN: [u32; 16] = [
    0x00_00_00, 0xAA_00_00, 0x00_AA_00, 0xAA_55_00, 0x00_00_AA, 0xAA_00_AA, 0x00_AA_AA, 0xAA_AA_AA, 0x55_55_55,
    0xFF_55_55, 0x55_FF_55, 0xFF_FF_55, 0x55_55_FF, 0xFF_55_FF, 0x55_FF_FF, 0xFF_FF_FF,
];
/// Levels of each colour in xterm's cube of 6 by 6 by 6.
const LEVELS: [u32; 6] = [0, 95, 135, 175, 215, 255];

/// The colour `0x00RRGGBB` of number `index` of xterm's 256 colours.
pub fn indexed(index: u8) -> u32 {
    let number = usize::from(index);
    match index {
        0..16 => SIXTEEN[number],
        16..232 => {
            let cube = number - 16;
            LEVELS[cube / 36] << 16 | LEVELS[cube / 6 % 6] << 8 | LEVELS[cube % 6]
        }
        232.. => (8 + 10 * (u32::from(index) - 232)) * 0x01_01_01,
    }
}

/// The colour of characters; bold makes the eight basic colours bright.
pub(super) fn foreground(color: Color, is_bold: bool, is_dim: bool) -> u32 {
    let color = match color {
        Color::Default if is_bold => SIXTEEN[15],
        Color::Default => FOREGROUND,
        Color::Indexed(index @ 0..8) if is_bold => SIXTEEN[usize::from(index) + 8],
        Color::Indexed(index) => indexed(index),
        Color::Rgb(red, green, blue) => rgb(red, green, blue),
    };
    if is_dim { color >> 1 & 0x7F_7F_7F } else { color }
}

/// The colour behind characters.
pub(super) fn background(color: Color) -> u32 {
    match color {
        Color::Default => BACKGROUND,
        Color::Indexed(index) => indexed(index),
        Color::Rgb(red, green, blue) => rgb(red, green, blue),
    }
}

/// Number in [`SIXTEEN`] of the colour most like `color`, of the first `count`.
pub(super) fn nearest(color: u32, count: usize) -> u8 {
    let distance = |other: u32| -> u32 {
        [16, 8, 0]
            .iter()
            .map(|shift| (color >> shift & 0xFF).abs_diff(other >> shift & 0xFF).pow(2))
            .sum()
    };
    (0..count.min(16) as u8)
        .min_by_key(|index| distance(SIXTEEN[usize::from(*index)]))
        .unwrap_or(0)
}

fn rgb(red: u8, green: u8, blue: u8) -> u32 {
    u32::from_be_bytes([0, red, green, blue])
}
