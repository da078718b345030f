//! Colours by name and number.

use alloc::format;
use alloc::string::String;

use crate::screen::palette;

/// The names, in the order of [`palette::SIXTEEN`].
pub const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "brown",
    "blue",
    "magenta",
    "cyan",
    "grey",
    "dark_grey",
    "bright_red",
    "bright_green",
    "yellow",
    "bright_blue",
    "bright_magenta",
    "bright_cyan",
    "white",
];

/// Other names of the same colours.
const ALIASES: [(&str, u8); 5] = [
    ("gray", 7),
    ("dark_gray", 8),
    ("bright_black", 8),
    ("bright_yellow", 11),
    ("bright_white", 15),
];

/// One colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// One of [`palette::SIXTEEN`].
    Named(u8),
    /// Any, as `0x00RRGGBB`.
    Rgb(u32),
}

impl Color {
    /// A colour by its name, or as `#rrggbb`; `None` for other text.
    pub fn named(text: &str) -> Option<Self> {
        if let Some(digits) = text.strip_prefix('#') {
            let is_hex = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            return is_hex
                .then(|| u32::from_str_radix(digits, 16).ok())
                .flatten()
                .map(Self::Rgb);
        }
        let index = NAMES.iter().position(|name| *name == text).map(|index| index as u8);
        let alias = || ALIASES.iter().find(|(name, _)| *name == text).map(|(_, index)| *index);
        index.or_else(alias).map(Self::Named)
    }

    /// A colour as the number `0xRRGGBB`; `None` beyond those.
    pub fn from_number(number: i64) -> Option<Self> {
        let number = u32::try_from(number).ok()?;
        (number <= 0xFF_FF_FF).then_some(Self::Rgb(number))
    }

    /// `0x00RRGGBB`.
    pub fn rgb(self) -> u32 {
        match self {
            Self::Named(index) => palette::indexed(index),
            Self::Rgb(color) => color,
        }
    }

    /// The escape sequence that makes it the colour of characters printed from now on (ECMA-48, SGR).
    pub fn foreground_sequence(self) -> String {
        self.sequence(30, 90)
    }

    /// The same for what is behind them.
    pub fn background_sequence(self) -> String {
        self.sequence(40, 100)
    }

    fn sequence(self, dark: u32, bright: u32) -> String {
        match self {
            Self::Named(index @ 0..8) => format!("\x1b[{}m", dark + u32::from(index)),
            Self::Named(index) => format!("\x1b[{}m", bright + u32::from(index) - 8),
            Self::Rgb(color) => {
                let [_, red, green, blue] = color.to_be_bytes();
                format!("\x1b[{};2;{red};{green};{blue}m", dark + 8)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_names_and_numbers_and_nothing_else() {
        assert_eq!(Color::named("red").map(Color::rgb), Some(0xAA_00_00));
        assert_eq!(Color::named("bright_blue").map(Color::rgb), Some(0x55_55_FF));
        assert_eq!(Color::named("gray"), Color::named("grey"));
        assert_eq!(Color::named("#12aBff"), Some(Color::Rgb(0x12_AB_FF)));
        for wrong in ["", "#", "#12345", "#1234567", "#+12345", "#ä1234", "Red", "bright"] {
            assert_eq!(Color::named(wrong), None, "{wrong}");
        }
        assert_eq!(Color::from_number(0xFF_FF_FF), Some(Color::Rgb(0xFF_FF_FF)));
        assert_eq!([-1, 0x01_00_00_00, i64::MAX].map(Color::from_number), [None; 3]);
    }

    #[test]
    fn writes_escape_sequences() {
        assert_eq!(Color::Named(1).foreground_sequence(), "\x1b[31m");
        assert_eq!(Color::Named(15).background_sequence(), "\x1b[107m");
        assert_eq!(Color::Rgb(0x01_02_FF).foreground_sequence(), "\x1b[38;2;1;2;255m");
        assert_eq!(Color::Rgb(0x01_02_FF).background_sequence(), "\x1b[48;2;1;2;255m");
    }
}
