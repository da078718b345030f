//! Glyphs: Spleen from the `spleen-font` crate, with lines, blocks and braille drawn by us.
//!
//! The crate ships the 8x16 font as a PSF file of version 1, whose character names it reads as if they were those of
//! version 2; so only the files are used, and [`super::psf`] reads them.

use alloc::vec::Vec;

use spin::Once;

use super::blocks::{self, BLOCK_COUNT, BRAILLE_COUNT, FIRST_BLOCK, FIRST_BRAILLE};
use super::canvas::Canvas;
use super::lines;
use super::psf::{Error, FontFile};

/// Height in pixels from which a screen gets the large font.
const TALL_SCREEN_PIXELS: usize = 1080;

/// Characters that show another one's glyph where a font lacks their own.
const ALIASES: [(char, char); 8] = [
    ('—', '─'),
    ('―', '─'),
    ('„', '"'),
    ('‚', ','),
    ('←', '<'),
    ('↑', '^'),
    ('→', '>'),
    ('↓', 'v'),
];

/// The fonts there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FontSize {
    /// Spleen 8x16.
    Small,
    /// Spleen 12x24.
    Large,
}

impl FontSize {
    /// The font to use on a screen of this height.
    pub fn for_height(height_pixels: usize) -> Self {
        if height_pixels >= TALL_SCREEN_PIXELS {
            Self::Large
        } else {
            Self::Small
        }
    }

    /// Width and height of a cell in pixels.
    pub fn cell_pixels(self) -> (usize, usize) {
        match self {
            Self::Small => (8, 16),
            Self::Large => (12, 24),
        }
    }

    /// The name that scripts know it by: its cell's size.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "8x16",
            Self::Large => "12x24",
        }
    }

    /// The font of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Small, Self::Large].into_iter().find(|size| size.name() == name)
    }

    fn file(self) -> &'static [u8] {
        match self {
            Self::Small => spleen_font::FONT_8X16,
            Self::Large => spleen_font::FONT_12X24,
        }
    }
}

/// Number of a glyph in its font.
pub(super) type Glyph = u16;

/// All glyphs of one size. Those that we draw, and the order of all, are made when a character beyond ASCII is shown
/// first: the first prompt need not wait for them.
pub struct Font {
    width: usize,
    height: usize,
    /// Rows of the file's glyphs, of the box and of the blank, one after the other; bit 15 is the leftmost pixel.
    rows: Vec<u16>,
    /// The file's characters with their glyphs, as they come.
    named: Vec<(char, Glyph)>,
    /// Glyphs of the characters below 128.
    ascii: [Glyph; 128],
    /// The box for a missing glyph.
    missing: Glyph,
    drawn: Once<Drawn>,
}

/// What is drawn by code, and where everything is.
struct Drawn {
    /// Rows of the glyphs behind those of [`Font::rows`].
    rows: Vec<u16>,
    /// Characters with their glyphs, by character, each once.
    characters: Vec<(char, Glyph)>,
    /// The halves of a box two cells wide.
    missing_left: Glyph,
    missing_right: Glyph,
}

/// The fonts of all screens, each made when it is first used.
static SHARED: [Once<Font>; 2] = [const { Once::new() }; 2];

impl Font {
    /// The font of all screens. Call it with allocations on the kernel heap.
    pub(super) fn shared(size: FontSize) -> &'static Self {
        let place = match size {
            FontSize::Small => &SHARED[0],
            FontSize::Large => &SHARED[1],
        };
        place.call_once(|| Self::new(size))
    }

    /// Makes the glyphs of a font.
    pub fn new(size: FontSize) -> Self {
        let (width, height) = size.cell_pixels();
        // The files are part of the image and a test parses them; without one, every character is a box.
        Self::parse(size.file()).unwrap_or_else(|_| Self::of(width, height, Vec::new(), Vec::new()))
    }

    /// Makes the glyphs of a PSF file.
    ///
    /// # Errors
    ///
    /// If the file is none.
    pub fn parse(file: &[u8]) -> Result<Self, Error> {
        let file = FontFile::parse(file)?;
        let mut named = Vec::with_capacity(file.glyph_count() + 512);
        file.for_each_character(|character, glyph| {
            let is_drawn = matches!(character, '\u{2500}'..='\u{259F}' | '\u{2800}'..='\u{28FF}');
            if glyph < file.glyph_count() && !is_drawn && !character.is_control() {
                named.push((character, glyph as Glyph));
            }
        });
        Ok(Self::of(file.width, file.height, file.rows().collect(), named))
    }

    /// Adds the box and the blank to what a file gave.
    fn of(width: usize, height: usize, mut rows: Vec<u16>, mut named: Vec<(char, Glyph)>) -> Self {
        let mut add = |draw: &dyn Fn(&mut Canvas)| add_glyph(&mut rows, (width, height), draw);
        let missing = add(&|canvas| blocks::draw_missing(canvas, 0, 1));
        let blank = add(&|_| {});
        named.push((' ', blank));
        named.push(('\u{A0}', blank));
        let mut ascii = [missing; 128];
        for (character, glyph) in &named {
            // The first glyph that claims a character keeps it.
            if let Some(place) = ascii.get_mut(*character as usize).filter(|place| **place == missing) {
                *place = *glyph;
            }
        }
        Self {
            width,
            height,
            rows,
            named,
            ascii,
            missing,
            drawn: Once::new(),
        }
    }

    fn drawn(&self) -> &Drawn {
        self.drawn.call_once(|| self.draw())
    }

    #[cold]
    fn draw(&self) -> Drawn {
        let (mut rows, mut characters) = (Vec::new(), self.named.clone());
        let first = (self.rows.len() / self.height) as Glyph;
        let mut add = |draw: &dyn Fn(&mut Canvas)| first + add_glyph(&mut rows, (self.width, self.height), draw);
        let mut add_range = |first: char, count: usize, draw: fn(&mut Canvas, usize)| {
            for index in 0..count {
                let character = char::from_u32(first as u32 + index as u32).unwrap_or(first);
                characters.push((character, add(&|canvas| draw(canvas, index))));
            }
        };
        add_range(lines::FIRST, lines::COUNT, lines::draw);
        add_range(FIRST_BLOCK, BLOCK_COUNT, blocks::draw_block);
        add_range(FIRST_BRAILLE, BRAILLE_COUNT, blocks::draw_braille);
        let missing_left = add(&|canvas| blocks::draw_missing(canvas, 0, 2));
        let missing_right = add(&|canvas| blocks::draw_missing(canvas, 1, 2));
        for (character, like) in ALIASES {
            if let Some((_, glyph)) = characters.iter().find(|(other, _)| *other == like) {
                characters.push((character, *glyph));
            }
        }
        // Stable, so that the first glyph that claims a character keeps it.
        characters.sort_by_key(|(character, _)| *character);
        characters.dedup_by_key(|(character, _)| *character);
        characters.shrink_to_fit();
        Drawn {
            rows,
            characters,
            missing_left,
            missing_right,
        }
    }

    /// Width and height of a cell in pixels.
    pub fn cell_pixels(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// True if the font shows the character as itself.
    pub fn has(&self, character: char) -> bool {
        self.glyph(character) != self.missing
    }

    /// The glyph of a character one cell wide.
    pub(super) fn glyph(&self, character: char) -> Glyph {
        if let Some(glyph) = self.ascii.get(character as usize) {
            return *glyph;
        }
        let characters = self.characters();
        match characters.binary_search_by_key(&character, |(other, _)| *other) {
            Ok(index) => characters[index].1,
            Err(_) => self.missing,
        }
    }

    /// The glyphs of the left and the right half of a character two cells wide. Spleen has none such.
    pub(super) fn wide_glyphs(&self) -> (Glyph, Glyph) {
        let drawn = self.drawn();
        (drawn.missing_left, drawn.missing_right)
    }

    /// The rows of a glyph; bit 15 is the leftmost pixel.
    pub(super) fn rows(&self, glyph: Glyph) -> &[u16] {
        let start = usize::from(glyph) * self.height;
        match start.checked_sub(self.rows.len()) {
            None => &self.rows[start..][..self.height],
            Some(start) => &self.drawn().rows[start..][..self.height],
        }
    }

    /// Characters with their glyphs, by character.
    pub(super) fn characters(&self) -> &[(char, Glyph)] {
        &self.drawn().characters
    }

    /// Rows, counted from the top, in which an underline is drawn.
    pub(super) fn underline_rows(&self) -> core::ops::Range<usize> {
        let thickness = (self.height / 16).max(1);
        self.height - 1 - thickness..self.height - 1
    }
}

/// Draws a glyph behind those in `rows`, and returns its number among them.
fn add_glyph(rows: &mut Vec<u16>, (width, height): (usize, usize), draw: &dyn Fn(&mut Canvas)) -> Glyph {
    let mut canvas = Canvas::new(width, height);
    draw(&mut canvas);
    rows.extend_from_slice(canvas.rows());
    (rows.len() / height - 1) as Glyph
}

/// Glyphs straight from a font's file, for code that must not allocate: ASCII at once, what else the file has by search.
pub struct BareFont {
    file: FontFile<'static>,
    ascii: [Glyph; 128],
}

impl BareFont {
    /// The glyphs of a font; `None` if its file is damaged.
    pub fn new(size: FontSize) -> Option<Self> {
        let file = FontFile::parse(size.file()).ok()?;
        let mut ascii = [Glyph::MAX; 128];
        file.for_each_character(|character, glyph| {
            if let Some(place) = ascii.get_mut(character as usize).filter(|place| **place == Glyph::MAX) {
                *place = glyph as Glyph;
            }
        });
        Some(Self { file, ascii })
    }

    /// Width and height of a cell in pixels.
    pub fn cell_pixels(&self) -> (usize, usize) {
        (self.file.width, self.file.height)
    }

    /// The rows of a character's glyph, or of a question mark where there is none; bit 15 is the leftmost pixel.
    pub fn rows(&self, character: char) -> impl Iterator<Item = u16> {
        let glyph = match self.ascii.get(character as usize) {
            Some(glyph) => *glyph,
            None => self.search(character),
        };
        let known = if glyph == Glyph::MAX {
            self.ascii[usize::from(b'?')]
        } else {
            glyph
        };
        self.file.glyph_rows(known.into())
    }

    fn search(&self, wanted: char) -> Glyph {
        let mut found = Glyph::MAX;
        self.file.for_each_character(|character, glyph| {
            if character == wanted && found == Glyph::MAX {
                found = glyph as Glyph;
            }
        });
        found
    }
}
