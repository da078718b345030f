//! Power states of a function (PCI Power Management 1.2, 3.2.4 and 5.4).

use core::fmt;

use hw::Clock;
use hw::pci::{Address, ConfigSpace};

/// In the capability: control and status.
const CONTROL: u16 = 4;
const STATE_MASK: u32 = 3;
/// Writing 1 clears it, so it is written as 0.
const EVENT: u32 = 1 << 15;
/// After a change from or to D3 the function is left alone for so long.
const D3_SETTLE_US: u64 = 10_000;
/// After a change to or from D2.
const D2_SETTLE_US: u64 = 200;

/// How much of the function is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// All.
    D0,
    /// Less.
    D1,
    /// Still less.
    D2,
    /// Its configuration space only.
    D3Hot,
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::D0 => "d0",
            Self::D1 => "d1",
            Self::D2 => "d2",
            Self::D3Hot => "d3hot",
        })
    }
}

/// The function did not take the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub State);

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "it stays in power state {}", self.0)
    }
}

/// The state by the capability at `offset`.
pub fn read(space: &(impl ConfigSpace + ?Sized), address: Address, offset: u16) -> State {
    match space.read32(address, offset + CONTROL) & STATE_MASK {
        0 => State::D0,
        1 => State::D1,
        2 => State::D2,
        _ => State::D3Hot,
    }
}

/// Puts the function into `state` and waits as long as it takes.
///
/// # Errors
///
/// [`Refused`] where it then is in another state.
pub fn set(
    space: &(impl ConfigSpace + ?Sized),
    address: Address,
    offset: u16,
    state: State,
    clock: &impl Clock,
) -> Result<(), Refused> {
    let before = read(space, address, offset);
    if before == state {
        return Ok(());
    }
    let control = space.read32(address, offset + CONTROL);
    let bits = state as u32;
    space.write32(address, offset + CONTROL, control & !(STATE_MASK | EVENT) | bits);
    let settle_us = match before.max(state) {
        State::D3Hot => D3_SETTLE_US,
        State::D2 => D2_SETTLE_US,
        State::D0 | State::D1 => 0,
    };
    // Not a limit but a time: it always passes.
    let _ = clock.wait_until_us(settle_us, || false);
    match read(space, address, offset) {
        after if after == state => Ok(()),
        after => Err(Refused(after)),
    }
}
