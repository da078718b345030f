//! A bridge: the buses behind it, and the addresses it hands on (PCI-to-PCI Bridge 1.2, 3.2.5).

use alloc::vec::Vec;

use hw::pci::{Address, ConfigSpace};

use super::{command, registers};

/// A range of addresses, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first address.
    pub first: u64,
    /// The last address.
    pub last: u64,
}

impl Range {
    /// The `size` addresses from `first` on, at least one; `None` where addresses end before.
    pub fn sized(first: u64, size: u64) -> Option<Self> {
        let last = first.checked_add(size.saturating_sub(1))?;
        Some(Self { first, last })
    }

    /// Holds all of `other`.
    pub fn contains(&self, other: &Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// What both hold.
    pub fn common(&self, other: &Self) -> Option<Self> {
        let (first, last) = (self.first.max(other.first), self.last.min(other.last));
        (first <= last).then_some(Self { first, last })
    }
}

/// What a window hands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Ports.
    Io,
    /// Memory that may be read ahead.
    Prefetchable,
    /// Memory.
    Memory,
}

impl Kind {
    /// A window is a multiple of this, and starts at one.
    pub fn unit(self) -> u64 {
        match self {
            Self::Io => 0x1000,
            Self::Prefetchable | Self::Memory => 0x10_0000,
        }
    }

    /// The bit of the command register that lets a bridge hand it on.
    pub(super) fn decoding(self) -> u16 {
        match self {
            Self::Io => command::IO,
            Self::Prefetchable | Self::Memory => command::MEMORY,
        }
    }
}

/// Which windows were opened by [`super::assign`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// That of ports.
    pub io: bool,
    /// That of memory.
    pub memory: bool,
    /// That of memory that may be read ahead.
    pub prefetchable: bool,
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
    /// Those that the firmware had left closed.
    pub opened: Opened,
}

impl Bridge {
    /// The window of `kind`.
    pub fn window(&self, kind: Kind) -> Option<Range> {
        match kind {
            Kind::Io => self.io,
            Kind::Prefetchable => self.prefetchable,
            Kind::Memory => self.memory,
        }
    }

    pub(super) fn note_opened(&mut self, kind: Kind, range: Range) {
        let (window, is_opened) = match kind {
            Kind::Io => (&mut self.io, &mut self.opened.io),
            Kind::Prefetchable => (&mut self.prefetchable, &mut self.opened.prefetchable),
            Kind::Memory => (&mut self.memory, &mut self.opened.memory),
        };
        (*window, *is_opened) = (Some(range), true);
    }
}

/// The window of prefetchable memory can be above 4 GiB.
pub(super) fn has_wide_window(space: &(impl ConfigSpace + ?Sized), address: Address) -> bool {
    space.read32(address, registers::PREFETCHABLE_WINDOW) & 0xf == 1
}

/// Opens a window that is closed, and lets the bridge hand on what comes in both directions. False where the registers
/// do not keep it: not every bridge has every window. Then they hold what they held.
pub(super) fn open(space: &(impl ConfigSpace + ?Sized), address: Address, kind: Kind, range: Range) -> bool {
    let both = |first: u64, last: u64| (last as u32) << 16 | first as u32;
    let registers = match kind {
        // The upper half of the first is a status: zeros change nothing there.
        Kind::Io => [
            (registers::IO_WINDOW_UPPER, both(range.first >> 16, range.last >> 16)),
            (
                registers::IO_WINDOW,
                ((range.last & 0xf000) | (range.first >> 8 & 0xf0)) as u32,
            ),
        ]
        .to_vec(),
        Kind::Memory => [(
            registers::MEMORY_WINDOW,
            both(range.first >> 16 & 0xfff0, range.last >> 16 & 0xfff0),
        )]
        .to_vec(),
        // The limit's lower half last: until then it is below the base.
        Kind::Prefetchable => [
            (registers::PREFETCHABLE_BASE_UPPER, (range.first >> 32) as u32),
            (registers::PREFETCHABLE_LIMIT_UPPER, (range.last >> 32) as u32),
            (
                registers::PREFETCHABLE_WINDOW,
                both(range.first >> 16 & 0xfff0, range.last >> 16 & 0xfff0),
            ),
        ]
        .to_vec(),
    };
    let keep = |offset: u16| match offset {
        registers::IO_WINDOW => 0xffff,
        _ => u32::MAX,
    };
    let before: Vec<(u16, u32)> = registers
        .iter()
        .map(|(offset, _)| (*offset, space.read32(address, *offset) & keep(*offset)))
        .collect();
    for (offset, value) in registers {
        space.write32(address, offset, value);
    }
    let windows = read_windows(space, address);
    if windows.window(kind) == Some(range) {
        allow(space, address, kind.decoding() | command::BUS_MASTER);
        return true;
    }
    for (offset, value) in before {
        space.write32(address, offset, value);
    }
    false
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

/// Sets bits of a bridge's command register. A window that nobody has set up since the reset is open at 0 as soon as the
/// bridge decodes (PCI-to-PCI Bridge 1.2, 3.2.5.6), so those that it begins to hand on are closed before.
pub fn allow(space: &(impl ConfigSpace + ?Sized), address: Address, bits: u16) {
    let new = bits & !command::read(space, address);
    for kind in [Kind::Io, Kind::Prefetchable, Kind::Memory] {
        if new & kind.decoding() != 0 && read_ends(space, address, kind) == (0, 0) {
            // The base is the last unit below 64 Ki or 4 GiB, the limit the first.
            match kind {
                Kind::Io => space.write32(address, registers::IO_WINDOW, 0x00f0),
                Kind::Prefetchable => space.write32(address, registers::PREFETCHABLE_WINDOW, 0xfff0),
                Kind::Memory => space.write32(address, registers::MEMORY_WINDOW, 0xfff0),
            }
        }
    }
    command::change(space, address, bits, 0);
}

/// Where the first and the last unit of a window start.
fn read_ends(space: &(impl ConfigSpace + ?Sized), address: Address, kind: Kind) -> (u64, u64) {
    let low = |half: u32| u64::from(half & 0xfff0) << 16;
    match kind {
        Kind::Io => {
            let io = space.read32(address, registers::IO_WINDOW);
            let upper = match io & 0xf {
                1 => space.read32(address, registers::IO_WINDOW_UPPER),
                _ => 0,
            };
            let port = |byte: u32, upper: u32| u64::from(upper & 0xffff) << 16 | u64::from(byte & 0xf0) << 8;
            (port(io, upper), port(io >> 8, upper >> 16))
        }
        Kind::Memory => {
            let memory = space.read32(address, registers::MEMORY_WINDOW);
            (low(memory), low(memory >> 16))
        }
        Kind::Prefetchable => {
            let prefetchable = space.read32(address, registers::PREFETCHABLE_WINDOW);
            let upper = |offset| match prefetchable & 0xf {
                1 => u64::from(space.read32(address, offset)) << 32,
                _ => 0,
            };
            (
                low(prefetchable) | upper(registers::PREFETCHABLE_BASE_UPPER),
                low(prefetchable >> 16) | upper(registers::PREFETCHABLE_LIMIT_UPPER),
            )
        }
    }
}

fn read_windows(space: &(impl ConfigSpace + ?Sized), address: Address) -> Bridge {
    let window = |kind| window_between(read_ends(space, address, kind), kind);
    Bridge {
        io: window(Kind::Io),
        memory: window(Kind::Memory),
        prefetchable: window(Kind::Prefetchable),
        ..Bridge::default()
    }
}

/// The window from `base` to the end of the unit at `limit`; closed where it ends before it starts. One at 0 that nobody
/// has set up looks open for its first unit; nothing of a PC's can lie there, and [`allow`] closes it.
fn window_between((base, limit): (u64, u64), kind: Kind) -> Option<Range> {
    (base <= limit && (base, limit) != (0, 0)).then_some(Range {
        first: base,
        last: limit | (kind.unit() - 1),
    })
}
