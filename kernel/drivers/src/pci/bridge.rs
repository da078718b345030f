//! A bridge: the buses behind it, and the addresses it hands on (PCI-to-PCI Bridge 1.2, 3.2.5).

use hw::pci::{Address, ConfigSpace};

use super::registers;

/// A range of addresses, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first address.
    pub first: u64,
    /// The last address.
    pub last: u64,
}

/// Buses and windows. A window that is closed is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bridge {
    /// The bus that it is on.
    pub primary: u8,
    /// The bus right behind it; 0 where the firmware has given it none.
    pub secondary: u8,
    /// The highest bus behind it.
    pub subordinate: u8,
    /// Ports.
    pub io: Option<Range>,
    /// Memory.
    pub memory: Option<Range>,
    /// Memory that may be read ahead.
    pub prefetchable: Option<Range>,
}

/// Reads a bridge's registers.
pub fn read(space: &(impl ConfigSpace + ?Sized), address: Address) -> Bridge {
    let buses = space.read32(address, registers::BUSES);
    Bridge {
        primary: buses as u8,
        secondary: (buses >> 8) as u8,
        subordinate: (buses >> 16) as u8,
        ..read_windows(space, address)
    }
}

/// The buses of a bridge to a CardBus; its windows are left alone.
pub fn read_cardbus(space: &(impl ConfigSpace + ?Sized), address: Address) -> Bridge {
    let buses = space.read32(address, registers::BUSES);
    Bridge {
        primary: buses as u8,
        secondary: (buses >> 8) as u8,
        subordinate: (buses >> 16) as u8,
        ..Bridge::default()
    }
}

fn read_windows(space: &(impl ConfigSpace + ?Sized), address: Address) -> Bridge {
    let io = space.read32(address, registers::IO_WINDOW);
    let io_upper = space.read32(address, registers::IO_WINDOW_UPPER);
    let is_wide_io = io & 0xf == 1;
    let port = |byte: u32, upper: u32| {
        let upper = if is_wide_io { u64::from(upper & 0xffff) << 16 } else { 0 };
        upper | u64::from(byte & 0xf0) << 8
    };
    let memory = space.read32(address, registers::MEMORY_WINDOW);
    let low = |half: u32| u64::from(half & 0xfff0) << 16;
    let prefetchable = space.read32(address, registers::PREFETCHABLE_WINDOW);
    let is_wide = prefetchable & 0xf == 1;
    let upper = |offset| match is_wide {
        true => u64::from(space.read32(address, offset)) << 32,
        false => 0,
    };
    Bridge {
        io: range(port(io, io_upper), port(io >> 8, io_upper >> 16), 0xfff),
        memory: range(low(memory), low(memory >> 16), 0xf_ffff),
        prefetchable: range(
            low(prefetchable) | upper(registers::PREFETCHABLE_BASE_UPPER),
            low(prefetchable >> 16) | upper(registers::PREFETCHABLE_LIMIT_UPPER),
            0xf_ffff,
        ),
        ..Bridge::default()
    }
}

/// The window from `base` to the end of the unit that `limit` names; closed where it ends before it starts. A window
/// at 0 that nobody has set up looks open for its first unit, and nothing of a PC's can lie there.
fn range(base: u64, limit: u64, unit_mask: u64) -> Option<Range> {
    (base <= limit && (base, limit) != (0, 0)).then_some(Range {
        first: base,
        last: limit | unit_mask,
    })
}
