//! Where a device's registers are, by its vendor capabilities (4.1.4).

use core::fmt;

use hw::pci::{Address, ConfigSpace};

use crate::pci::capability::{Capability, VENDOR};

const COMMON: u8 = 1;
const NOTIFY: u8 = 2;
const DEVICE: u8 = 4;
/// Offsets in a capability.
const LENGTH: u16 = 2;
const KIND: u16 = 3;
const BAR: u16 = 4;
const OFFSET: u16 = 8;
const REGION_LENGTH: u16 = 12;
const MULTIPLIER: u16 = 16;
/// Bytes of a capability, with and without the multiplier.
const LEAST_BYTES: u8 = 16;
const NOTIFY_BYTES: u8 = 20;
const LAST_BAR: u8 = 5;
/// Bytes of the common registers that this driver uses.
pub const COMMON_BYTES: u32 = 56;

/// A part of one of the function's ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Number of the range.
    pub bar: u8,
    /// Where it begins in the range.
    pub offset: u32,
    /// Its size.
    pub length_bytes: u32,
}

/// Where the registers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Features, status and queues.
    pub common: Region,
    /// Where queues are announced.
    pub notify: Region,
    /// Bytes from one queue's place there to the next one's.
    pub notify_multiplier: u32,
    /// What this kind of device has of its own; not all have something.
    pub device: Option<Region>,
}

/// Why there is no layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The device knows only the form from before the standard.
    Legacy,
    /// The common registers are cut short, or lie where no register can be.
    BadRegion,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Legacy => "it knows only the form of virtio from before the standard",
            Self::BadRegion => "its capabilities name registers that cannot be",
        })
    }
}

/// Reads the layout from the function's capabilities; the first of each kind counts (4.1.4.1).
///
/// # Errors
///
/// [`Error`]
pub fn read(
    space: &(impl ConfigSpace + ?Sized),
    address: Address,
    capabilities: &[Capability],
) -> Result<Layout, Error> {
    let (mut common, mut notify, mut device) = (None, None, None);
    let own = capabilities
        .iter()
        .filter(|one| one.id == VENDOR && !one.is_extended && one.offset <= 256 - u16::from(NOTIFY_BYTES));
    for capability in own {
        let at = capability.offset;
        let length = space.read8(address, at + LENGTH);
        let region = Region {
            bar: space.read8(address, at + BAR),
            offset: space.read32(address, at + OFFSET),
            length_bytes: space.read32(address, at + REGION_LENGTH),
        };
        // A number of a range that no function has is one for later versions of the standard: passed over.
        if length < LEAST_BYTES || region.bar > LAST_BAR {
            continue;
        }
        match space.read8(address, at + KIND) {
            COMMON if common.is_none() => common = Some(region),
            NOTIFY if notify.is_none() && length >= NOTIFY_BYTES => {
                notify = Some((region, space.read32(address, at + MULTIPLIER)));
            }
            DEVICE if device.is_none() => device = Some(region),
            _ => {}
        }
    }
    let (Some(common), Some((notify, notify_multiplier))) = (common, notify) else {
        return Err(Error::Legacy);
    };
    let is_sound = |region: &Region| region.offset.is_multiple_of(4) && region.length_bytes > 0;
    if !is_sound(&common) || !is_sound(&notify) || common.length_bytes < COMMON_BYTES {
        return Err(Error::BadRegion);
    }
    Ok(Layout {
        common,
        notify,
        notify_multiplier,
        device: device.filter(is_sound),
    })
}
