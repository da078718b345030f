//! One structure after the other: a header, its fields, then its texts (DSP0134, 6.1).

use hw::bytes::{u8_at, u16_at, u32_at};

const HEADER_BYTES: usize = 4;
/// The structure behind which none counts.
const END_OF_TABLE: u8 = 127;

/// One structure. A field that its version of the specification did not have yet reads as `None`.
#[derive(Clone, Copy, Debug)]
pub struct Structure<'a> {
    /// Which one it is.
    pub kind: u8,
    fields: &'a [u8],
    texts: &'a [u8],
}

impl<'a> Structure<'a> {
    /// The byte at `offset` from the structure's start.
    pub fn byte(&self, offset: usize) -> Option<u8> {
        u8_at(self.fields, offset)
    }

    /// The 16 bits at `offset`.
    pub fn word(&self, offset: usize) -> Option<u16> {
        u16_at(self.fields, offset)
    }

    /// The 32 bits at `offset`.
    pub fn double(&self, offset: usize) -> Option<u32> {
        u32_at(self.fields, offset)
    }

    /// The bytes from `offset` on.
    pub fn bytes<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        self.fields.get(offset..)?.first_chunk().copied()
    }

    /// The bytes of the text whose number is at `offset`; `None` where it has none, or only blanks.
    pub fn text(&self, offset: usize) -> Option<&'a [u8]> {
        let index = usize::from(self.byte(offset)?).checked_sub(1)?;
        let text = self.texts.split(|byte| *byte == 0).nth(index)?.trim_ascii();
        (!text.is_empty()).then_some(text)
    }
}

/// Walks the structures up to the end of the table, or to the first that is damaged.
pub fn walk(table: &[u8]) -> impl Iterator<Item = Structure<'_>> {
    let mut rest = table;
    core::iter::from_fn(move || {
        let (structure, behind) = split(rest)?;
        rest = behind;
        Some(structure)
    })
    .take_while(|structure| structure.kind != END_OF_TABLE)
}

fn split(rest: &[u8]) -> Option<(Structure<'_>, &[u8])> {
    let kind = u8_at(rest, 0)?;
    let length = usize::from(u8_at(rest, 1)?);
    if length < HEADER_BYTES {
        return None;
    }
    let (fields, rest) = rest.split_at_checked(length)?;
    // Two zeros end the texts, also where there is none.
    let end = rest.windows(2).position(|pair| pair == [0, 0])?;
    let (texts, rest) = rest.split_at_checked(end + 2)?;
    Some((Structure { kind, fields, texts }, rest))
}
