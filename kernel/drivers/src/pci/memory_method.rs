//! Access through memory (PCI Express Base 3.0, 7.2.2), as the firmware's MCFG table says: 4 KiB for every function.
//!
//! A bus takes a MiB. Buses are mapped when they are first looked at, so that a table that promises 256 costs nothing.

use alloc::vec::Vec;

use hw::RegisterIo;
use hw::pci::{Address, ConfigSpace};

use crate::acpi::mcfg::Window;

/// Bytes of one bus.
pub const BUS_BYTES: usize = 1 << 20;
/// Bytes of a function's space.
pub const SIZE_BYTES: u16 = 4096;

/// Maps buses.
pub trait Buses {
    /// One bus's registers.
    type Registers: RegisterIo;
    /// The MiB at physical address `start`, mapped at the first call; `None` where that cannot be.
    fn at(&self, start: u64) -> Option<&Self::Registers>;
}

/// All windows of the table.
#[derive(Debug)]
pub struct MemoryMethod<B> {
    windows: Vec<Window>,
    buses: B,
}

impl<B: Buses> MemoryMethod<B> {
    /// The windows of the table; where two hold a bus, the first counts.
    pub const fn new(windows: Vec<Window>, buses: B) -> Self {
        Self { windows, buses }
    }

    /// Each segment with its buses.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    fn bus(&self, address: Address) -> Option<&B::Registers> {
        let holds = |window: &&Window| {
            window.segment == address.segment && (window.first_bus..=window.last_bus).contains(&address.bus)
        };
        let window = self.windows.iter().find(holds)?;
        let start = window.address.checked_add(u64::from(address.bus) << 20)?;
        self.buses.at(start)
    }
}

/// The register's place in its bus.
fn place(address: Address, offset: u16) -> Option<usize> {
    let is_inside = address.device < 32 && address.function < 8 && offset < SIZE_BYTES;
    let function = usize::from(address.device) << 15 | usize::from(address.function) << 12;
    is_inside.then_some(function | usize::from(offset & 0xffc))
}

impl<B: Buses> ConfigSpace for MemoryMethod<B> {
    fn read32(&self, address: Address, offset: u16) -> u32 {
        match (self.bus(address), place(address, offset)) {
            (Some(bus), Some(place)) => bus.read32(place),
            _ => u32::MAX,
        }
    }

    fn write32(&self, address: Address, offset: u16, value: u32) {
        if let (Some(bus), Some(place)) = (self.bus(address), place(address, offset)) {
            bus.write32(place, value);
        }
    }

    fn size_bytes(&self, address: Address) -> u16 {
        if self.bus(address).is_some() { SIZE_BYTES } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hw::fake::{FakeRegisters, RegisterBehaviour};
    use std::cell::RefCell;

    /// Reads as its place.
    #[derive(Default)]
    struct Bus(Option<(usize, u32)>);

    impl RegisterBehaviour for Bus {
        fn read32(&mut self, offset: usize) -> u32 {
            offset as u32
        }

        fn write32(&mut self, offset: usize, value: u32) {
            self.0 = Some((offset, value));
        }
    }

    struct OneBus {
        bus: FakeRegisters<Bus>,
        asked: RefCell<Vec<u64>>,
    }

    impl Buses for &OneBus {
        type Registers = FakeRegisters<Bus>;
        fn at(&self, start: u64) -> Option<&FakeRegisters<Bus>> {
            self.asked.borrow_mut().push(start);
            (start != 0xb010_0000).then_some(&self.bus)
        }
    }

    #[test]
    fn each_bus_is_a_mebibyte_from_the_address_of_bus_0() {
        let buses = OneBus {
            bus: FakeRegisters::default(),
            asked: RefCell::default(),
        };
        let window = |address, segment, first_bus, last_bus| Window {
            address,
            segment,
            first_bus,
            last_bus,
        };
        let windows = [window(0xb000_0000, 0, 0, 1), window(u64::MAX - 0xfff, 2, 16, 17)];
        let method = MemoryMethod::new(windows.to_vec(), &buses);
        assert_eq!(method.read32(Address::new(0, 3, 2), 0x104), 0x1_a104);
        method.write32(Address::new(0, 31, 7), 0xffc, 5);
        assert_eq!(buses.bus.with(|bus| bus.0), Some((0xf_fffc, 5)));
        // It cannot be mapped; no such bus; it would lie beyond all addresses; no such segment.
        assert_eq!(method.read32(Address::new(1, 0, 0), 0), u32::MAX);
        assert_eq!(method.size_bytes(Address::new(2, 0, 0)), 0);
        for segment in [1, 2] {
            let elsewhere = Address {
                segment,
                ..Address::new(16, 0, 0)
            };
            assert_eq!(method.read32(elsewhere, 0), u32::MAX);
        }
        assert_eq!(*buses.asked.borrow(), [0xb000_0000, 0xb000_0000, 0xb010_0000]);
    }
}
