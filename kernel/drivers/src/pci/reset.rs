//! Function-level reset: one function starts again, and the others of its device do not notice (PCI Express Base 3.0,
//! 6.6.2; PCI Advanced Capabilities ECN for functions that are not PCI Express).

use core::fmt;

use alloc::vec::Vec;
use hw::Clock;
use hw::pci::{Address, ConfigSpace};

use super::capability::{self, Capability};
use super::{command, express, registers};

/// In the device control of PCI Express: start the reset.
const EXPRESS_RESET: u32 = 1 << 15;
/// In the device status beside it: requests are under way.
const EXPRESS_PENDING: u32 = 1 << 21;
/// In the first word of the advanced features: the function can be reset, and knows what is under way.
const FEATURES_CAN_RESET: u32 = 1 << 25;
const FEATURES_KNOWS_PENDING: u32 = 1 << 24;
/// In the second: start the reset; requests are under way.
const FEATURES_RESET: u32 = 1 << 0;
const FEATURES_PENDING: u32 = 1 << 8;
/// Requests under way may take so long.
const PENDING_LIMIT_US: u64 = 100_000;
/// The function is left alone for so long.
const SETTLE_US: u64 = 100_000;
/// It may say "not yet" for so long after that.
const READY_LIMIT_US: u64 = 1_000_000;

/// Why a function was not reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It cannot be reset by itself.
    Unsupported,
    /// It was reset and did not come back.
    Lost,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Unsupported => "the function cannot be reset by itself",
            Self::Lost => "the function did not come back from its reset",
        })
    }
}

/// Whether the function can be reset by itself.
pub fn is_supported(space: &(impl ConfigSpace + ?Sized), address: Address, capabilities: &[Capability]) -> bool {
    method(space, address, capabilities).is_some()
}

enum Method {
    Express(u16),
    Features { offset: u16, knows_pending: bool },
}

fn method(space: &(impl ConfigSpace + ?Sized), address: Address, capabilities: &[Capability]) -> Option<Method> {
    let express = capability::find(capabilities, capability::EXPRESS);
    let express = express.filter(|found| express::read(space, address, found.offset).can_reset);
    if let Some(found) = express {
        return Some(Method::Express(found.offset));
    }
    let features = capability::find(capabilities, capability::ADVANCED_FEATURES)?;
    let first = space.read32(address, features.offset);
    (first & FEATURES_CAN_RESET != 0).then_some(Method::Features {
        offset: features.offset,
        knows_pending: first & FEATURES_KNOWS_PENDING != 0,
    })
}

/// Resets the function: nothing it did goes on, and its ranges are where they were. It decodes as before, may not
/// master the bus, and sends no messages.
///
/// # Errors
///
/// [`Error`].
pub fn reset(
    space: &(impl ConfigSpace + ?Sized),
    address: Address,
    capabilities: &[Capability],
    clock: &impl Clock,
) -> Result<(), Error> {
    let method = method(space, address, capabilities).ok_or(Error::Unsupported)?;
    let before = command::change(space, address, command::LINE_OFF, command::BUS_MASTER);
    // Cache line size and latency, the ranges, the ROM, the interrupt line.
    let kept = [0x0c, 0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x30, 0x3c];
    let kept: Vec<(u16, u32)> = kept.map(|offset| (offset, space.read32(address, offset))).to_vec();
    let read = |offset: u16| space.read32(address, offset);
    match method {
        Method::Express(offset) => {
            let control = offset + express::DEVICE_CONTROL;
            // What is still under way after that is lost.
            let _ = clock.wait_until_us(PENDING_LIMIT_US, || read(control) & EXPRESS_PENDING == 0);
            let kept_control = read(control) & 0x7fff;
            space.write32(address, control, kept_control | EXPRESS_RESET);
            settle(space, address, clock)?;
            space.write32(address, control, kept_control);
        }
        Method::Features { offset, knows_pending } => {
            let is_idle = || !knows_pending || read(offset + 4) & FEATURES_PENDING == 0;
            let _ = clock.wait_until_us(PENDING_LIMIT_US, is_idle);
            space.write32(address, offset + 4, FEATURES_RESET);
            settle(space, address, clock)?;
        }
    }
    for (offset, value) in kept {
        space.write32(address, offset, value);
    }
    command::write(space, address, before & !command::BUS_MASTER);
    Ok(())
}

fn settle(space: &(impl ConfigSpace + ?Sized), address: Address, clock: &impl Clock) -> Result<(), Error> {
    let _ = clock.wait_until_us(SETTLE_US, || false);
    let is_back = || !matches!(space.read32(address, registers::IDS) as u16, 0xffff | 0x0001);
    clock.wait_until_us(READY_LIMIT_US, is_back).map_err(|_| Error::Lost)
}
