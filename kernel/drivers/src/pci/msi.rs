//! Interrupts by message, the first kind (PCI Local Bus 3.0, 6.8.1). One message of several is used: the first.

use core::fmt;

use hw::pci::{Address, ConfigSpace, Message};

/// In the first word: the function sends messages.
const IS_ENABLED: u32 = 1 << 16;
/// In the first word: how many messages it may send, as a power of two.
const ENABLED_MESSAGES: u32 = 7 << 20;

/// Why a message cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The function writes to addresses below 4 GiB only.
    AddressTooHigh(u64),
    /// The function sends 16 bits only.
    DataTooWide(u32),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressTooHigh(address) => write!(out, "MSI: no message can go to {address:#x}"),
            Self::DataTooWide(data) => write!(out, "MSI: a message has 16 bits, not {data:#x}"),
        }
    }
}

/// The capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Msi {
    /// Where it is.
    pub offset: u16,
    /// Messages that the function can tell apart, 1 to 32.
    pub messages: u8,
    /// Addresses have 64 bits.
    pub is_wide: bool,
    /// Each message can be masked.
    pub can_mask: bool,
    /// The function sends messages.
    pub is_enabled: bool,
    /// What it sends.
    pub message: Message,
}

impl Msi {
    /// Reads the capability at `offset`.
    pub fn read(space: &(impl ConfigSpace + ?Sized), address: Address, offset: u16) -> Self {
        let first = space.read32(address, offset);
        let is_wide = first & 1 << 23 != 0;
        let upper = if is_wide { space.read32(address, offset + 8) } else { 0 };
        let data_offset = offset + if is_wide { 12 } else { 8 };
        Self {
            offset,
            messages: 1 << (first >> 17 & 7).min(5),
            is_wide,
            can_mask: first & 1 << 24 != 0,
            is_enabled: first & IS_ENABLED != 0,
            message: Message {
                address: u64::from(upper) << 32 | u64::from(space.read32(address, offset + 4)),
                data: space.read32(address, data_offset) & 0xffff,
            },
        }
    }

    /// Lets the function send `message` and nothing else.
    ///
    /// # Errors
    ///
    /// [`Error`] where the function cannot send that; nothing has changed then.
    pub fn enable(&self, space: &(impl ConfigSpace + ?Sized), address: Address, message: Message) -> Result<(), Error> {
        let upper = (message.address >> 32) as u32;
        if upper != 0 && !self.is_wide {
            return Err(Error::AddressTooHigh(message.address));
        }
        if message.data > 0xffff {
            return Err(Error::DataTooWide(message.data));
        }
        self.disable(space, address);
        space.write32(address, self.offset + 4, message.address as u32);
        let data_offset = if self.is_wide {
            space.write32(address, self.offset + 8, upper);
            self.offset + 12
        } else {
            self.offset + 8
        };
        // The upper half belongs to other registers or to nobody.
        let beside = space.read32(address, data_offset) & 0xffff_0000;
        space.write32(address, data_offset, beside | message.data);
        if self.can_mask {
            let mask = space.read32(address, data_offset + 4);
            space.write32(address, data_offset + 4, mask & !1);
        }
        let first = space.read32(address, self.offset) & !ENABLED_MESSAGES;
        space.write32(address, self.offset, first | IS_ENABLED);
        Ok(())
    }

    /// Lets the function send nothing.
    pub fn disable(&self, space: &(impl ConfigSpace + ?Sized), address: Address) {
        let first = space.read32(address, self.offset);
        space.write32(address, self.offset, first & !IS_ENABLED);
    }
}
