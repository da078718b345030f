//! The firmware's tables as scripts see them, read anew each time.

use alloc::string::ToString;
use alloc::vec::Vec;

use drivers::acpi::{self, Signature, Tables, describe};
use services::acpi::{Acpi, Error};
use services::facts::Facts;

use super::firmware::{self, Peephole};

/// The tables of this machine.
pub struct ThisAcpi;

fn tables() -> Result<Tables<'static, Peephole>, Error> {
    let pointer = firmware::root_pointer().ok_or(Error::NoTables)?;
    Tables::open(&Peephole, pointer).map_err(malformed)
}

fn malformed(error: acpi::Error) -> Error {
    Error::Malformed(error.to_string())
}

impl Acpi for ThisAcpi {
    fn list(&self) -> Result<Vec<Facts>, Error> {
        Ok(describe::list(&tables()?))
    }

    fn read(&self, signature: &str, index: usize) -> Result<Vec<u8>, Error> {
        let tables = tables()?;
        let named = Signature::from_text(signature);
        let found = named.map_or(Ok(None), |named| tables.raw(named, index).map_err(malformed))?;
        found.ok_or_else(|| Error::NotFound {
            signature: signature.into(),
            index,
        })
    }

    fn info(&self, signature: &str, index: usize) -> Result<Facts, Error> {
        describe::info(self.read(signature, index)?).map_err(malformed)
    }
}
