//! What scripts see of the firmware's tables.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use hw::facts::Facts;

/// Why a table cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The machine has no tables: ACPI is turned off, or the loader passed no pointer to them.
    NoTables,
    /// There is no such table.
    NotFound {
        /// Its name.
        signature: String,
        /// How many of that name were passed over.
        index: usize,
    },
    /// The table, or the list of tables, is damaged; the text says how.
    Malformed(String),
}

impl Error {
    /// The stable name that scripts know the error by.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoTables => "unsupported",
            Self::NotFound { .. } => "not_found",
            Self::Malformed(_) => "malformed",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTables => out.write_str(
                "this machine has no ACPI tables; ACPI may be turned off in the firmware's setup or in the emulator",
            ),
            Self::NotFound { signature, index: 0 } => {
                write!(out, "there is no ACPI table \"{signature}\"; acpi::list() shows all")
            }
            Self::NotFound { signature, index } => {
                write!(out, "there are not more than {index} ACPI tables \"{signature}\"")
            }
            Self::Malformed(problem) => out.write_str(problem),
        }
    }
}

/// The firmware's tables. All calls read them anew.
pub trait Acpi: Send + Sync {
    /// All tables in the firmware's order, bad ones too: `signature`, `address`, `size_bytes`, `revision`, `oem`, `checksum`,
    /// `problem`.
    ///
    /// # Errors
    ///
    /// [`Error::NoTables`], [`Error::Malformed`].
    fn list(&self) -> Result<Vec<Facts>, Error>;

    /// The bytes of a table with the name `signature`, `index` of them passed over; those of a table with a wrong sum too.
    ///
    /// # Errors
    ///
    /// [`Error`].
    fn read(&self, signature: &str, index: usize) -> Result<Vec<u8>, Error>;

    /// What the table says: its header, and its contents where it is of a known kind.
    ///
    /// # Errors
    ///
    /// [`Error`].
    fn info(&self, signature: &str, index: usize) -> Result<Facts, Error>;
}

/// Tables of a machine without any.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAcpi;

impl Acpi for NoAcpi {
    fn list(&self) -> Result<Vec<Facts>, Error> {
        Err(Error::NoTables)
    }

    fn read(&self, _: &str, _: usize) -> Result<Vec<u8>, Error> {
        Err(Error::NoTables)
    }

    fn info(&self, _: &str, _: usize) -> Result<Facts, Error> {
        Err(Error::NoTables)
    }
}
