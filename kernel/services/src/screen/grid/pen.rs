//! The attributes that text is printed with: ECMA-48, SGR, with xterm's 256 colours and any.

use super::super::look::{Look, UNDERLINE};
use super::super::palette::{self, Color};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Style {
    foreground: Color,
    background: Color,
    is_bold: bool,
    is_dim: bool,
    is_underlined: bool,
    is_inverse: bool,
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    style: Style,
    text: Look,
    blank: Look,
}

impl Default for Pen {
    fn default() -> Self {
        Self {
            style: Style::default(),
            text: Look::BLANK,
            blank: Look::BLANK,
        }
    }
}

impl Pen {
    /// The look of a character that is printed now.
    pub(super) fn text(&self, character: char) -> Look {
        match character {
            ' ' => self.blank,
            _ => self.text.with(character),
        }
    }

    /// The look of a cell that is erased now.
    pub(super) fn blank(&self) -> Look {
        self.blank
    }

    /// Takes the parameters of SGR; what is unknown changes nothing, and ends the list where its length is unknown too.
    pub(super) fn set<'a>(&mut self, mut parameters: impl Iterator<Item = &'a [u16]>) {
        while let Some(parameter) = parameters.next() {
            let Some(number) = parameter.first().copied() else {
                continue;
            };
            let is_known = match (number, parameter) {
                (38 | 48, _) => match color(parameter, &mut parameters) {
                    Some(color) if number == 38 => {
                        self.style.foreground = color;
                        true
                    }
                    Some(color) => {
                        self.style.background = color;
                        true
                    }
                    None => false,
                },
                (_, [_]) => {
                    self.style.set(number);
                    true
                }
                _ => true,
            };
            if !is_known {
                break;
            }
        }
        let style = self.style;
        let marks = if style.is_underlined { UNDERLINE } else { 0 };
        let foreground = palette::foreground(style.foreground, style.is_bold, style.is_dim);
        self.text = Look::new(' ', foreground, palette::background(style.background), marks);
        if style.is_inverse {
            self.text.swap_colors();
        }
        self.blank = self.text.emptied();
    }
}

impl Style {
    /// Takes a parameter that is a number alone.
    fn set(&mut self, number: u16) {
        match number {
            0 => *self = Self::default(),
            1 | 2 | 22 => (self.is_bold, self.is_dim) = (number == 1, number == 2),
            4 | 24 => self.is_underlined = number == 4,
            7 | 27 => self.is_inverse = number == 7,
            30..=37 => self.foreground = Color::Indexed((number - 30) as u8),
            39 => self.foreground = Color::Default,
            40..=47 => self.background = Color::Indexed((number - 40) as u8),
            49 => self.background = Color::Default,
            90..=97 => self.foreground = Color::Indexed((number - 82) as u8),
            100..=107 => self.background = Color::Indexed((number - 92) as u8),
            _ => {}
        }
    }
}

/// The colour that 38 or 48 begins: in one parameter with parts, or in those that follow.
fn color<'a>(parameter: &[u16], following: &mut impl Iterator<Item = &'a [u16]>) -> Option<Color> {
    match parameter {
        [_, 5, index] => Some(Color::Indexed(byte(*index)?)),
        [_, 2, red, green, blue] => Some(Color::Rgb(byte(*red)?, byte(*green)?, byte(*blue)?)),
        [_] => {
            let mut next = || match following.next() {
                Some([number]) => byte(*number),
                _ => None,
            };
            match next()? {
                5 => Some(Color::Indexed(next()?)),
                2 => Some(Color::Rgb(next()?, next()?, next()?)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn byte(number: u16) -> Option<u8> {
    u8::try_from(number).ok()
}
