//! The tables that hold code: where an interpreter of AML begins.
//!
//! [`blocks`] hands out the definition blocks in the order in which the specification loads them (section 5.2.11): the
//! DSDT, then the SSDTs as the root table lists them. Each is a whole table whose sum was right, and [`Block::code`] is a
//! checked slice of it. That is all that an interpreter needs of this crate, beside
//! [`FixedHardware`](crate::power::FixedHardware) for its operation regions. Until there is one, only constants are read
//! from code, by their bytes ([`sleep`](super::sleep)).

use super::fadt::Fadt;
use super::table::Table;
use super::{Error, PhysicalMemory, Tables};

/// Tables of this revision or a later one compute with 64 bits, others with 32 (section 19.6.30).
const WIDE_REVISION: u8 = 2;

/// A definition block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block(Table);

impl Block {
    /// The block that `table` holds; `None` for tables without code.
    pub fn of(table: Table) -> Option<Self> {
        matches!(&table.signature().0, b"DSDT" | b"SSDT" | b"PSDT").then_some(Self(table))
    }

    /// Its terms in AML, from the first byte behind the header to the table's end.
    pub fn code(&self) -> &[u8] {
        self.0.body()
    }

    /// The bits that its whole numbers have.
    pub fn integer_bits(&self) -> u8 {
        if self.0.revision() < WIDE_REVISION { 32 } else { 64 }
    }
}

/// The machine's definition blocks, read one by one as they are taken; each that is damaged is an error of its own.
pub fn blocks<M: PhysicalMemory>(tables: &Tables<'_, M>, fadt: &Fadt) -> impl Iterator<Item = Result<Block, Error>> {
    let first = core::iter::once(tables.dsdt(fadt));
    first.chain(tables.all(*b"SSDT")).map(|table| table.map(Block))
}
