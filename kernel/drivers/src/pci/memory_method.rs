//! Access through memory (PCI Express Base 3.0, 7.2.2), as the firmware's MCFG table says: 4 KiB for every function.
//!
//! Each function is mapped when it is first looked at: a table promises 256 buses of a MiB each, and nearly all of it is
//! empty.

use alloc::vec::Vec;

use hw::pci::{Address, ConfigSpace};
use hw::{NarrowIo, RegisterIo};

use crate::acpi::mcfg::Window;

/// Bytes of a function's space.
pub const SIZE_BYTES: u16 = 4096;

/// Maps functions.
pub trait Pages {
    /// One function's registers.
    type Registers: RegisterIo;
    /// The 4 KiB at physical address `start`, mapped at the first call; `None` where that cannot be.
    fn at(&self, start: u64) -> Option<&Self::Registers>;
}

/// All windows of the table.
#[derive(Debug)]
pub struct MemoryMethod<P> {
    windows: Vec<Window>,
    pages: P,
}

impl<P: Pages> MemoryMethod<P> {
    /// The windows of the table; where two hold a bus, the first counts.
    pub const fn new(windows: Vec<Window>, pages: P) -> Self {
        Self { windows, pages }
    }

    /// Each segment with its buses.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    fn function(&self, address: Address) -> Option<&P::Registers> {
        let holds = |window: &&Window| {
            window.segment == address.segment && (window.first_bus..=window.last_bus).contains(&address.bus)
        };
        let window = self.windows.iter().find(holds)?;
        if address.device >= 32 || address.function >= 8 {
            return None;
        }
        let place = u64::from(address.bus) << 20 | u64::from(address.device) << 15 | u64::from(address.function) << 12;
        self.pages.at(window.address.checked_add(place)?)
    }
}

impl<P: Pages> MemoryMethod<P>
where
    P::Registers: NarrowIo,
{
    /// Writes the byte at `offset` alone.
    pub fn write8(&self, address: Address, offset: u16, value: u8) {
        if let Some(function) = self.function(address)
            && offset < SIZE_BYTES
        {
            function.write8(offset.into(), value);
        }
    }

    /// Writes the 16 bits at `offset`, a multiple of 2, alone.
    pub fn write16(&self, address: Address, offset: u16, value: u16) {
        if let Some(function) = self.function(address)
            && offset < SIZE_BYTES
        {
            function.write16(usize::from(offset & !1), value);
        }
    }
}

impl<P: Pages> ConfigSpace for MemoryMethod<P> {
    fn read32(&self, address: Address, offset: u16) -> u32 {
        match self.function(address) {
            Some(function) if offset < SIZE_BYTES => function.read32(usize::from(offset & !3)),
            _ => u32::MAX,
        }
    }

    fn write32(&self, address: Address, offset: u16, value: u32) {
        if let Some(function) = self.function(address)
            && offset < SIZE_BYTES
        {
            function.write32(usize::from(offset & !3), value);
        }
    }

    fn size_bytes(&self, address: Address) -> u16 {
        if self.function(address).is_some() {
            SIZE_BYTES
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hw::fake::{FakeRegisters, RegisterBehaviour};
    use std::cell::RefCell;

    /// Reads as its place.
    #[derive(Default)]
    struct Function(Option<(usize, u32)>);

    impl RegisterBehaviour for Function {
        fn read32(&mut self, offset: usize) -> u32 {
            offset as u32
        }

        fn write32(&mut self, offset: usize, value: u32) {
            self.0 = Some((offset, value));
        }
    }

    /// All show the same function, but those of bus 1 cannot be mapped.
    struct OnePage {
        function: FakeRegisters<Function>,
        asked: RefCell<Vec<u64>>,
    }

    impl Pages for &OnePage {
        type Registers = FakeRegisters<Function>;
        fn at(&self, start: u64) -> Option<&FakeRegisters<Function>> {
            self.asked.borrow_mut().push(start);
            (start >> 20 != 0xb01).then_some(&self.function)
        }
    }

    #[test]
    fn each_bus_is_a_mebibyte_from_the_address_of_bus_0() {
        let pages = OnePage {
            function: FakeRegisters::default(),
            asked: RefCell::default(),
        };
        let window = |address, segment, first_bus, last_bus| Window {
            address,
            segment,
            first_bus,
            last_bus,
        };
        let windows = [window(0xb000_0000, 0, 0, 1), window(u64::MAX - 0xfff, 2, 16, 17)];
        let method = MemoryMethod::new(windows.to_vec(), &pages);
        assert_eq!(method.read32(Address::new(0, 3, 2), 0x104), 0x104);
        method.write32(Address::new(0, 31, 7), 0xffc, 5);
        assert_eq!(pages.function.with(|function| function.0), Some((0xffc, 5)));
        // It cannot be mapped; no such bus; beyond the function; it would lie beyond all addresses; no such segment.
        assert_eq!(method.read32(Address::new(1, 0, 0), 0), u32::MAX);
        assert_eq!(method.size_bytes(Address::new(2, 0, 0)), 0);
        assert_eq!(method.read32(Address::new(0, 0, 0), 0x1000), u32::MAX);
        for segment in [1, 2] {
            let elsewhere = Address {
                segment,
                ..Address::new(16, 0, 0)
            };
            assert_eq!(method.read32(elsewhere, 0), u32::MAX);
        }
        assert_eq!(
            *pages.asked.borrow(),
            [0xb001_a000, 0xb00f_f000, 0xb010_0000, 0xb000_0000]
        );
    }
}
