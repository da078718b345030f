//! PC Screen Font files, versions 1 and 2: fixed-size bitmaps and the characters that each one stands for.
//!
//! Source: the format's description in the kbd package, and its header `psf.h`. Version 1 names characters in UTF-16,
//! version 2 in UTF-8. Sequences of several characters are skipped: the grid shows one base character a cell.

/// First bytes of a file of version 1.
const MAGIC_1: [u8; 2] = [0x36, 0x04];
/// First bytes of a file of version 2.
const MAGIC_2: [u8; 4] = [0x72, 0xB5, 0x4A, 0x86];
/// Version 1, mode: the font has 512 glyphs instead of 256.
const MODE_512_GLYPHS: u8 = 1;

/// Why a font file cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file starts with no known magic number.
    UnknownFormat,
    /// The file ends before its last glyph.
    Truncated,
    /// The header's numbers contradict one another, or the glyphs are wider than 16 pixels.
    BadHeader,
}

/// A font file, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct FontFile<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    glyphs: &'a [u8],
    glyph_bytes: usize,
    names: Names<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Names<'a> {
    Utf16(&'a [u8]),
    Utf8(&'a [u8]),
}

impl<'a> FontFile<'a> {
    /// Checks a font file.
    pub(super) fn parse(file: &'a [u8]) -> Result<Self, Error> {
        if file.starts_with(&MAGIC_1) {
            let [mode, height] = *file
                .get(2..)
                .and_then(|rest| rest.first_chunk())
                .ok_or(Error::Truncated)?;
            let count = if mode & MODE_512_GLYPHS != 0 { 512 } else { 256 };
            let (glyphs, names) = file[4..]
                .split_at_checked(count * usize::from(height))
                .ok_or(Error::Truncated)?;
            return Self::checked(8, height.into(), glyphs, height.into(), Names::Utf16(names));
        }
        if !file.starts_with(&MAGIC_2) {
            return Err(Error::UnknownFormat);
        }
        let field = |index: usize| {
            let bytes = file
                .get(4 * index..)
                .and_then(|rest| rest.first_chunk())
                .ok_or(Error::Truncated)?;
            Ok(u32::from_le_bytes(*bytes) as usize)
        };
        let (header_bytes, count, glyph_bytes, height, width) = (field(2)?, field(4)?, field(5)?, field(6)?, field(7)?);
        let total_bytes = count.checked_mul(glyph_bytes).ok_or(Error::BadHeader)?;
        let body = file.get(header_bytes..).ok_or(Error::Truncated)?;
        let (glyphs, names) = body.split_at_checked(total_bytes).ok_or(Error::Truncated)?;
        Self::checked(width, height, glyphs, glyph_bytes, Names::Utf8(names))
    }

    fn checked(
        width: usize,
        height: usize,
        glyphs: &'a [u8],
        glyph_bytes: usize,
        names: Names<'a>,
    ) -> Result<Self, Error> {
        let fits = (1..=16).contains(&width)
            && (1..=64).contains(&height)
            && glyph_bytes == width.div_ceil(8) * height
            && glyphs.len() / glyph_bytes <= usize::from(u16::MAX);
        fits.then_some(Self {
            width,
            height,
            glyphs,
            glyph_bytes,
            names,
        })
        .ok_or(Error::BadHeader)
    }

    /// The rows of all glyphs, one after the other; bit 15 is the leftmost pixel.
    pub(super) fn rows(&self) -> impl Iterator<Item = u16> + use<'a> {
        let row_bytes = self.width.div_ceil(8);
        let mask = !(u16::MAX.checked_shr(self.width as u32).unwrap_or(0));
        self.glyphs.chunks_exact(row_bytes).map(move |row| {
            let low = row.get(1).copied().unwrap_or(0);
            u16::from_be_bytes([row[0], low]) & mask
        })
    }

    /// The rows of one glyph; none if there is no such glyph.
    pub(super) fn glyph_rows(&self, glyph: usize) -> impl Iterator<Item = u16> + use<'a> {
        let start = glyph.saturating_mul(self.glyph_bytes);
        let bytes = self.glyphs.get(start..).and_then(|rest| rest.get(..self.glyph_bytes));
        Self {
            glyphs: bytes.unwrap_or_default(),
            ..*self
        }
        .rows()
    }

    /// How many glyphs there are.
    pub(super) fn glyph_count(&self) -> usize {
        self.glyphs.len() / self.glyph_bytes
    }

    /// Calls `take` with each character and the number of its glyph.
    pub(super) fn for_each_character(&self, mut take: impl FnMut(char, usize)) {
        match self.names {
            Names::Utf16(bytes) => {
                let (mut glyph, mut in_sequence) = (0, false);
                for unit in bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)) {
                    match unit {
                        0xFFFF => (glyph, in_sequence) = (glyph + 1, false),
                        0xFFFE => in_sequence = true,
                        _ if in_sequence => {}
                        _ => {
                            if let Some(character) = char::from_u32(unit.into()) {
                                take(character, glyph);
                            }
                        }
                    }
                }
            }
            Names::Utf8(bytes) => {
                for (glyph, names) in bytes.split(|byte| *byte == 0xFF).enumerate() {
                    let single = names.split(|byte| *byte == 0xFE).next().unwrap_or_default();
                    for chunk in single.utf8_chunks() {
                        chunk.valid().chars().for_each(|character| take(character, glyph));
                    }
                }
            }
        }
    }
}
