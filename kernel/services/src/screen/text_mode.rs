//! The same grid on the VGA's text mode: code page 437 and 16 colours.

use hw::display::TextSurface;

use super::frame::{Frame, Showing};
use super::grid::Grid;
use super::look::{CURSOR_BAR, CURSOR_BLOCK, CURSOR_UNDERLINE, Look};
use super::{lines, palette};

/// Stands for what code page 437 does not have.
const MISSING: u8 = 0xFE;
/// The upper half of code page 437.
const UPPER_HALF: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
    αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}";
/// What the control characters show.
const LOWEST: &str = "☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼";

/// Paints the grid on a text surface, of which nothing is known at first.
#[derive(Default)]
pub(super) struct TextBlitter {
    frame: Frame,
}

impl TextBlitter {
    /// Takes nothing for painted any more.
    pub(super) fn forget(&mut self) {
        self.frame.forget();
    }

    /// Brings the surface up to date.
    pub(super) fn paint(&mut self, grid: &Grid, showing: Showing, surface: &mut dyn TextSurface) {
        self.frame.update(grid, showing, |row, column, looks| {
            for (index, look) in looks.iter().enumerate() {
                surface.write_cell(column + index, row, code_page_437(look.character), attribute(look));
            }
        });
    }
}

/// The character of code page 437 that shows `character`; lines that it lacks become light ones.
pub fn code_page_437(character: char) -> u8 {
    direct(character)
        .or_else(|| lines::simplify(character).and_then(direct))
        .unwrap_or(MISSING)
}

fn direct(character: char) -> Option<u8> {
    let position = |table: &str| table.chars().position(|other| other == character);
    match character {
        ' '..='~' => Some(character as u8),
        '⌂' => Some(0x7F),
        _ => position(UPPER_HALF)
            .map(|index| 0x80 + index as u8)
            .or_else(|| position(LOWEST).map(|index| 1 + index as u8)),
    }
}

/// The attribute byte. Bit 7 stays clear, for it blinks on most adapters; so backgrounds are the dark eight.
fn attribute(look: &Look) -> u8 {
    let (mut foreground, mut background) = (palette::nearest(look.foreground(), 16), look.background());
    if look.marks & (CURSOR_BLOCK | CURSOR_UNDERLINE | CURSOR_BAR) != 0 {
        (foreground, background) = (palette::nearest(look.background(), 16), look.foreground());
    }
    let mut background = palette::nearest(background, 8);
    if foreground == background {
        // A dark background may have eaten a bright colour that differed.
        let is_dark = look.foreground() == look.background();
        background = if is_dark { background } else { background ^ 7 };
    }
    swap_red_and_blue(background) << 4 | swap_red_and_blue(foreground)
}

/// The VGA counts blue as 1 and red as 4, ANSI the other way round.
fn swap_red_and_blue(color: u8) -> u8 {
    color & 0b1010 | (color & 1) << 2 | color >> 2 & 1
}
