//! One whole table, and the header that all but one kind start with (section 5.2.6).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use hw::bytes::{sum, u8_at, u32_at};

use super::Error;

/// Bytes of the header.
pub const HEADER_BYTES: usize = 36;

/// A table's name of four letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature(pub [u8; 4]);

impl Signature {
    /// The name that `text` is; `None` where it has not four letters.
    pub fn from_text(text: &str) -> Option<Self> {
        text.as_bytes().try_into().ok().map(Self)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// What a table says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The table's name.
    pub signature: Signature,
    /// Bytes of the whole table.
    pub length_bytes: u32,
    /// The table's own revision.
    pub revision: u8,
    /// Who made it.
    pub oem_id: String,
    /// The maker's name for it.
    pub oem_table_id: String,
    /// The maker's revision of it.
    pub oem_revision: u32,
    /// The program that made it.
    pub creator: String,
}

impl Header {
    /// Reads the header; `None` where `bytes` end before it does.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            signature: Signature(*bytes.first_chunk()?),
            length_bytes: u32_at(bytes, 4)?,
            revision: u8_at(bytes, 8)?,
            oem_id: text(bytes.get(10..16)?),
            oem_table_id: text(bytes.get(16..24)?),
            oem_revision: u32_at(bytes, 24)?,
            creator: bytes
                .get(..HEADER_BYTES)
                .and_then(|header| header.get(28..32))
                .map(text)?,
        })
    }

    /// This kind has a sum over all its bytes: all have one but the firmware's control structure, which changes while
    /// the machine runs, and whose header ends with the length.
    pub fn has_checksum(&self) -> bool {
        self.signature.0 != *b"FACS"
    }
}

/// A name that is filled up with blanks or zeros.
fn text(bytes: &[u8]) -> String {
    let letter = |byte: &u8| {
        if matches!(byte, b' '..=b'~') {
            char::from(*byte)
        } else {
            ' '
        }
    };
    let whole: String = bytes.iter().map(letter).collect();
    String::from(whole.trim())
}

/// A whole table, its length and sum checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    signature: Signature,
    bytes: Vec<u8>,
}

impl Table {
    /// Checks a table; `bytes` must be exactly as long as the table says.
    ///
    /// # Errors
    ///
    /// [`Error::BadLength`] or [`Error::BadChecksum`].
    pub fn check(bytes: Vec<u8>) -> Result<Self, Error> {
        let signature = Signature(bytes.first_chunk().copied().unwrap_or_default());
        if bytes.len() < HEADER_BYTES || u32_at(&bytes, 4) != Some(bytes.len() as u32) {
            return Err(Error::BadLength { signature });
        }
        if sum(&bytes) != 0 {
            return Err(Error::BadChecksum { signature });
        }
        Ok(Self { signature, bytes })
    }

    /// The table's name.
    pub fn signature(&self) -> Signature {
        self.signature
    }

    /// The whole table, with its header.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What follows the header.
    pub fn body(&self) -> &[u8] {
        &self.bytes[HEADER_BYTES..]
    }

    /// The table's own revision.
    pub fn revision(&self) -> u8 {
        self.bytes[8]
    }

    pub(super) fn expect(&self, signature: &[u8; 4]) -> Result<(), Error> {
        if self.signature.0 == *signature {
            Ok(())
        } else {
            Err(Error::WrongTable {
                signature: self.signature,
            })
        }
    }

    pub(super) fn bad_length(&self) -> Error {
        Error::BadLength {
            signature: self.signature,
        }
    }

    pub(super) fn bad_entry(&self, offset: usize) -> Error {
        Error::BadEntry {
            signature: self.signature,
            offset,
        }
    }
}
