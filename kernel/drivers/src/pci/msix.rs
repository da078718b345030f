//! Interrupts by message, the second kind: a table of messages in one of the function's ranges of memory (PCI Local
//! Bus 3.0, 6.8.2). Table and pending bits may lie in any range, beside other registers or alone.

use core::fmt;

use hw::RegisterIo;
use hw::pci::{Address, ConfigSpace, Message};

/// In the first word: the function sends messages.
const IS_ENABLED: u32 = 1 << 31;
/// In the first word: all are masked.
const ALL_MASKED: u32 = 1 << 30;
/// In the first word: the number of entries less one.
const LAST_ENTRY: u32 = 0x7ff;
/// In the words for table and pending bits: which range.
const BAR_MASK: u32 = 7;
/// Bytes of an entry of the table.
pub const ENTRY_BYTES: usize = 16;
/// In an entry's last word: it is masked.
const IS_MASKED: u32 = 1;

/// The table has no such entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchEntry {
    /// The entry that was asked for.
    pub entry: u16,
    /// How many there are.
    pub entries: u16,
}

impl fmt::Display for NoSuchEntry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "MSI-X: there are {} entries, and no number {}",
            self.entries, self.entry
        )
    }
}

/// A place in one of the function's ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of the range's register.
    pub bar: u8,
    /// Bytes from the range's start; a multiple of 8.
    pub offset: u32,
}

/// The capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsiX {
    /// Where it is.
    pub offset: u16,
    /// Entries of the table, 1 to 2048.
    pub entries: u16,
    /// Where the table is.
    pub table: Place,
    /// Where the pending bits are.
    pub pending: Place,
    /// The function sends messages.
    pub is_enabled: bool,
    /// All are masked, whatever the table says.
    pub is_masked: bool,
}

impl MsiX {
    /// Reads the capability at `offset`.
    pub fn read(space: &(impl ConfigSpace + ?Sized), address: Address, offset: u16) -> Self {
        let first = space.read32(address, offset);
        let place = |word: u32| Place {
            bar: (word & BAR_MASK) as u8,
            offset: word & !BAR_MASK,
        };
        Self {
            offset,
            entries: (first >> 16 & LAST_ENTRY) as u16 + 1,
            table: place(space.read32(address, offset + 4)),
            pending: place(space.read32(address, offset + 8)),
            is_enabled: first & IS_ENABLED != 0,
            is_masked: first & ALL_MASKED != 0,
        }
    }

    /// Bytes of the table.
    pub fn table_bytes(&self) -> usize {
        usize::from(self.entries) * ENTRY_BYTES
    }

    /// Lets the function send what its table says.
    pub fn enable(&self, space: &(impl ConfigSpace + ?Sized), address: Address) {
        let first = space.read32(address, self.offset) & !ALL_MASKED;
        space.write32(address, self.offset, first | IS_ENABLED);
    }

    /// Turns the capability on while nothing can be sent: the table is written in this state.
    pub fn enable_masked(&self, space: &(impl ConfigSpace + ?Sized), address: Address) {
        let first = space.read32(address, self.offset);
        space.write32(address, self.offset, first | IS_ENABLED | ALL_MASKED);
    }

    /// Lets the function send nothing.
    pub fn disable(&self, space: &(impl ConfigSpace + ?Sized), address: Address) {
        let first = space.read32(address, self.offset);
        space.write32(address, self.offset, first & !(IS_ENABLED | ALL_MASKED));
    }
}

/// The table itself.
#[derive(Debug)]
pub struct Table<R> {
    registers: R,
    entries: u16,
}

impl<R: RegisterIo> Table<R> {
    /// The table in `registers`, which hold `entries` times [`ENTRY_BYTES`] from its start on. All entries are masked.
    pub fn new(registers: R, entries: u16) -> Self {
        let table = Self { registers, entries };
        for entry in 0..entries {
            table.set_masked(entry, true);
        }
        table
    }

    /// Entries.
    pub fn entries(&self) -> u16 {
        self.entries
    }

    /// Lets `entry` send `message`, and unmasks it.
    ///
    /// # Errors
    ///
    /// [`NoSuchEntry`].
    pub fn write(&self, entry: u16, message: Message) -> Result<(), NoSuchEntry> {
        self.mask(entry)?;
        let base = usize::from(entry) * ENTRY_BYTES;
        self.registers.write32(base, message.address as u32);
        self.registers.write32(base + 4, (message.address >> 32) as u32);
        self.registers.write32(base + 8, message.data);
        self.unmask(entry)
    }

    /// What `entry` sends.
    ///
    /// # Errors
    ///
    /// [`NoSuchEntry`].
    pub fn message(&self, entry: u16) -> Result<Message, NoSuchEntry> {
        self.check(entry)?;
        let word = |index: usize| self.registers.read32(usize::from(entry) * ENTRY_BYTES + 4 * index);
        Ok(Message {
            address: u64::from(word(1)) << 32 | u64::from(word(0)),
            data: word(2),
        })
    }

    /// Lets `entry` send nothing; what it would have sent is pending.
    ///
    /// # Errors
    ///
    /// [`NoSuchEntry`].
    pub fn mask(&self, entry: u16) -> Result<(), NoSuchEntry> {
        self.check(entry)?;
        self.set_masked(entry, true);
        Ok(())
    }

    /// Lets `entry` send again, what is pending first.
    ///
    /// # Errors
    ///
    /// [`NoSuchEntry`].
    pub fn unmask(&self, entry: u16) -> Result<(), NoSuchEntry> {
        self.check(entry)?;
        self.set_masked(entry, false);
        Ok(())
    }

    fn check(&self, entry: u16) -> Result<(), NoSuchEntry> {
        let entries = self.entries;
        if entry < entries {
            Ok(())
        } else {
            Err(NoSuchEntry { entry, entries })
        }
    }

    fn set_masked(&self, entry: u16, is_masked: bool) {
        let offset = usize::from(entry) * ENTRY_BYTES + 12;
        // The other bits are reserved and keep what they hold.
        let others = self.registers.read32(offset) & !IS_MASKED;
        self.registers
            .write32(offset, others | if is_masked { IS_MASKED } else { 0 });
    }
}
