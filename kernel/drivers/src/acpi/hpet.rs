//! The HPET description table: where the timer's registers are (IA-PC HPET specification 1.0a, section 3.2.4). Its rate is read
//! from the device.

use super::fadt::{FixedRegister, Space};
use hw::bytes::u16_at;

use super::{Error, Table};

/// The table's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hpet {
    /// Physical address of the registers.
    pub address: u64,
    /// Fewest ticks between two interrupts that lose none.
    pub least_ticks: u16,
}

impl Hpet {
    /// Reads the table.
    ///
    /// # Errors
    ///
    /// It is another table, too short, or names no memory.
    pub fn parse(table: &Table) -> Result<Self, Error> {
        table.expect(b"HPET")?;
        let bad_entry = table.bad_entry(40);
        let least_ticks = u16_at(table.bytes(), 53).ok_or_else(|| table.bad_length())?;
        let register = FixedRegister::parse(table.bytes(), 40).ok_or(bad_entry)?;
        if register.space != Space::Memory {
            return Err(bad_entry);
        }
        Ok(Self {
            address: register.address,
            least_ticks,
        })
    }
}
