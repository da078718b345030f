//! Format strings: a byte order, and fields with counts.

use alloc::vec::Vec;

use crate::compute::{Error, Pace, Result};

/// The most bytes that a format may stand for.
const SIZE_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// A format string, taken apart.
#[derive(Debug, PartialEq)]
pub(super) struct Format {
    is_big_endian: bool,
    fields: Vec<(usize, Field)>,
    size_bytes: usize,
}

/// One kind of field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// A zero byte without a value.
    Padding,
    /// A truth value of one byte.
    Bool,
    /// A whole number.
    Int {
        /// 1, 2, 4 or 8.
        size_bytes: usize,
        /// It may be negative.
        is_signed: bool,
    },
    /// A float of 4 bytes.
    Float,
    /// A float of 8 bytes.
    Double,
    /// Bytes; the count is their number.
    Bytes,
}

impl Field {
    fn of(character: char) -> Option<Self> {
        let int = |size_bytes| Self::Int {
            size_bytes,
            is_signed: character.is_ascii_lowercase(),
        };
        Some(match character {
            'x' => Self::Padding,
            '?' => Self::Bool,
            'b' | 'B' => int(1),
            'h' | 'H' => int(2),
            'i' | 'I' | 'l' | 'L' => int(4),
            'q' | 'Q' => int(8),
            'f' => Self::Float,
            'd' => Self::Double,
            's' => Self::Bytes,
            _ => return None,
        })
    }

    /// Bytes of one of these.
    pub(super) fn size_bytes(self) -> usize {
        match self {
            Self::Padding | Self::Bool | Self::Bytes => 1,
            Self::Int { size_bytes, .. } => size_bytes,
            Self::Float => 4,
            Self::Double => 8,
        }
    }
}

impl Format {
    /// Takes `text` apart.
    ///
    /// # Errors
    ///
    /// `bad_format`, `too_large`.
    pub(super) fn parse(text: &str, pace: &mut Pace) -> Result<Self> {
        let mut characters = text.chars().enumerate().peekable();
        let order = characters.next_if(|(_, character)| matches!(character, '<' | '>' | '!' | '='));
        let is_big_endian = matches!(order, Some((_, '>' | '!')));
        let mut fields = Vec::new();
        let (mut size_bytes, mut count) = (0usize, None::<usize>);
        for (index, character) in characters {
            pace.spend(4)?;
            if let Some(digit) = character.to_digit(10) {
                let so_far = count.unwrap_or(0).saturating_mul(10);
                count = Some(so_far.saturating_add(digit as usize));
            } else if character != ' ' || count.is_some() {
                let field = Field::of(character).ok_or_else(|| bad_character(character, index))?;
                let count = count.take().unwrap_or(1);
                size_bytes = size_bytes.saturating_add(count.saturating_mul(field.size_bytes()));
                if size_bytes > SIZE_LIMIT_BYTES {
                    let message = format_args!("a format may stand for {SIZE_LIMIT_BYTES} bytes at most");
                    return Err(Error::new("too_large", message));
                }
                fields.push((count, field));
            }
        }
        match count {
            None => Ok(Self {
                is_big_endian,
                fields,
                size_bytes,
            }),
            Some(_) => Err(Error::new(
                "bad_format",
                "the format ends with a count, without a field",
            )),
        }
    }

    /// Bytes that it stands for.
    pub(super) fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// The most significant byte of a number comes first.
    pub(super) fn is_big_endian(&self) -> bool {
        self.is_big_endian
    }

    /// Each field with its bytes; those with a count come once for each, except [`Field::Bytes`].
    pub(super) fn fields(&self) -> impl Iterator<Item = (Field, usize)> {
        self.fields.iter().flat_map(|&(count, field)| {
            let (repeats, size_bytes) = match field {
                Field::Bytes => (1, count),
                _ => (count, field.size_bytes()),
            };
            core::iter::repeat_n((field, size_bytes), repeats)
        })
    }
}

fn bad_character(character: char, index: usize) -> Error {
    let message = format_args!("{character:?} at character {index} of the format is no field");
    Error::new("bad_format", message)
}
