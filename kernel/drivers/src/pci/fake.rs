//! A configuration space for tests: each function has 4 KiB, and what can be written in them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use hw::pci::{Address, ConfigSpace};

use super::bar::Kind;
use super::bridge;

const WORDS: usize = 1024;

/// One function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FakeFunction {
    pub(super) words: Vec<u32>,
    /// Which bits can be written.
    pub(super) masks: Vec<u32>,
    last_capability: usize,
    next_capability: usize,
    next_extended: usize,
}

impl FakeFunction {
    /// A device with this vendor, device, class (base, sub, interface) and revision, whose decoding is on.
    pub(super) fn new(vendor: u16, device: u16, class: u32, revision: u8) -> Self {
        let mut function = Self {
            words: vec![0; WORDS],
            masks: vec![0; WORDS],
            last_capability: 0,
            next_capability: 0x40,
            next_extended: 0x100,
        };
        function.words[0] = u32::from(device) << 16 | u32::from(vendor);
        function.words[1] = 0x0007;
        function.masks[1] = 0x0547;
        function.words[2] = class << 8 | u32::from(revision);
        function
    }

    pub(super) fn multi_function(mut self) -> Self {
        self.words[3] |= 0x80_0000;
        self
    }

    pub(super) fn subsystem(mut self, vendor: u16, number: u16) -> Self {
        self.words[0x2c / 4] = u32::from(number) << 16 | u32::from(vendor);
        self
    }

    pub(super) fn pin(mut self, pin: u8) -> Self {
        self.words[0x3c / 4] = u32::from(pin) << 8 | 11;
        self
    }

    pub(super) fn bridge(mut self, secondary: u8, subordinate: u8) -> Self {
        self.words[3] |= 0x01_0000;
        self.words[0x18 / 4] = u32::from(subordinate) << 16 | u32::from(secondary) << 8;
        for (offset, closed, mask) in [
            (0x1c, 0x01f1, 0xf0f0),
            (0x20, 0x0000_fff0, 0xfff0_fff0),
            (0x24, 0x0001_fff1, 0xfff0_fff0),
            (0x28, 0, u32::MAX),
            (0x2c, 0, u32::MAX),
            (0x30, 0, u32::MAX),
        ] {
            self.words[offset / 4] = closed;
            self.masks[offset / 4] = mask;
        }
        self
    }

    /// Nobody has set up a bridge's windows since the reset.
    pub(super) fn unset(mut self) -> Self {
        self.words[0x1c / 4] = 0x101;
        self.words[0x20 / 4] = 0;
        self.words[0x24 / 4] = 0x1_0001;
        self
    }

    /// Opens a bridge's window.
    pub(super) fn window(mut self, kind: bridge::Kind, first: u64, last: u64) -> Self {
        let memory = ((last & 0xfff0_0000) | (first >> 16 & 0xfff0)) as u32;
        match kind {
            bridge::Kind::Io => {
                self.words[0x1c / 4] = (last & 0xf000) as u32 | (first >> 8 & 0xf0) as u32 | 0x101;
                self.words[0x30 / 4] = ((last >> 16 << 16) | (first >> 16)) as u32;
            }
            bridge::Kind::Memory => self.words[0x20 / 4] = memory,
            bridge::Kind::Prefetchable => {
                self.words[0x24 / 4] = memory | 0x1_0001;
                self.words[0x28 / 4] = (first >> 32) as u32;
                self.words[0x2c / 4] = (last >> 32) as u32;
            }
        }
        self
    }

    /// The words at these offsets cannot be written.
    pub(super) fn fixed(mut self, offsets: &[usize]) -> Self {
        offsets.iter().for_each(|offset| self.masks[offset / 4] = 0);
        self
    }

    pub(super) fn bar(mut self, index: usize, kind: Kind, address: u64, size: u64, prefetchable: bool) -> Self {
        let at = 4 + index;
        let mask = !(size - 1);
        let flags = if prefetchable { 8 } else { 0 };
        match kind {
            Kind::Io => {
                self.words[at] = address as u32 | 1;
                self.masks[at] = mask as u32 & 0xfffc;
            }
            Kind::Memory32 | Kind::Memory64 => {
                self.words[at] = address as u32 | flags;
                self.masks[at] = mask as u32 & !0xf;
            }
        }
        if kind == Kind::Memory64 {
            self.words[at] |= 4;
            self.words[at + 1] = (address >> 32) as u32;
            self.masks[at + 1] = (mask >> 32) as u32;
        }
        self
    }

    pub(super) fn rom(mut self, address: u32, size: u32) -> Self {
        self.words[0x30 / 4] = address;
        self.masks[0x30 / 4] = !(size - 1) | 1;
        self
    }

    /// Adds a capability: its number, the upper half of its first word, and the words behind, each with what can be
    /// written in it.
    pub(super) fn capability(mut self, id: u8, upper: u16, upper_mask: u16, words: &[(u32, u32)]) -> Self {
        let at = self.next_capability;
        self.words[1] |= 1 << 20;
        if self.last_capability == 0 {
            self.words[0x34 / 4] = at as u32;
        } else {
            self.words[self.last_capability / 4] |= (at as u32) << 8;
        }
        self.words[at / 4] = u32::from(upper) << 16 | u32::from(id);
        self.masks[at / 4] = u32::from(upper_mask) << 16;
        for (index, (word, mask)) in words.iter().enumerate() {
            self.words[at / 4 + 1 + index] = *word;
            self.masks[at / 4 + 1 + index] = *mask;
        }
        self.last_capability = at;
        self.next_capability = at + 4 + 4 * words.len();
        self
    }

    /// Adds an extended capability.
    pub(super) fn extended(mut self, id: u16, version: u8, words: &[u32]) -> Self {
        let at = self.next_extended;
        if at != 0x100 {
            // The one before is right in front; its length is not known, so the list is followed.
            let mut last = 0x100;
            while self.words[last / 4] >> 20 != 0 {
                last = (self.words[last / 4] >> 20) as usize;
            }
            self.words[last / 4] |= (at as u32) << 20;
        }
        self.words[at / 4] = u32::from(version) << 16 | u32::from(id);
        self.words[at / 4 + 1..at / 4 + 1 + words.len()].copy_from_slice(words);
        self.next_extended = at + 4 + 4 * words.len();
        self
    }

    pub(super) fn power(self) -> Self {
        self.capability(0x01, 0xc803, 0, &[(0x8000_0008, 3)])
    }

    pub(super) fn msi(self, messages: u8, wide: bool) -> Self {
        let control = (messages.trailing_zeros() as u16) << 1 | if wide { 0x80 } else { 0 };
        let words = if wide {
            vec![(0, !3), (0, u32::MAX), (0xabcd_0000, 0xffff)]
        } else {
            vec![(0, !3), (0xabcd_0000, 0xffff)]
        };
        self.capability(0x05, control, 0x0071, &words)
    }

    pub(super) fn msix(self, entries: u16, table: (u8, u32), pending: (u8, u32)) -> Self {
        let word = |(bar, offset): (u8, u32)| (offset | u32::from(bar), 0);
        self.capability(0x11, entries - 1, 0xc000, &[word(table), word(pending)])
    }

    /// PCI Express: type of port, speed as the link registers count it, lanes.
    pub(super) fn express(self, port_type: u8, speed: u8, lanes: u8, flr: bool) -> Self {
        let link = u32::from(lanes) << 4 | u32::from(speed);
        let words = [
            (if flr { 1 << 28 } else { 0 }, 0),
            (0, 0xffff),
            (link, 0),
            (link << 16, 0),
        ];
        self.capability(0x10, 2 | u16::from(port_type) << 4, 0, &words)
    }
}

/// The functions of a machine.
pub(super) struct FakeSpace {
    pub(super) functions: RefCell<BTreeMap<Address, FakeFunction>>,
    pub(super) size_bytes: u16,
    pub(super) accesses: Cell<u64>,
    /// A function that answers while its ranges are measured is a fault of the driver; mutations are forgiven.
    pub(super) is_strict: bool,
}

impl FakeSpace {
    pub(super) fn new(functions: impl IntoIterator<Item = (Address, FakeFunction)>) -> Self {
        Self {
            functions: RefCell::new(functions.into_iter().collect()),
            size_bytes: 4096,
            accesses: Cell::new(0),
            is_strict: true,
        }
    }

    pub(super) fn word(&self, address: Address, offset: usize) -> u32 {
        self.functions.borrow()[&address].words[offset / 4]
    }
}

impl ConfigSpace for FakeSpace {
    fn read32(&self, address: Address, offset: u16) -> u32 {
        assert!(offset.is_multiple_of(4) && offset < 4096, "read of {offset:#x}");
        self.accesses.set(self.accesses.get() + 1);
        let functions = self.functions.borrow();
        let found = functions.get(&address).filter(|_| offset < self.size_bytes);
        found.map_or(u32::MAX, |function| function.words[usize::from(offset / 4)])
    }

    fn write32(&self, address: Address, offset: u16, value: u32) {
        assert!(offset.is_multiple_of(4) && offset < 4096, "write of {offset:#x}");
        self.accesses.set(self.accesses.get() + 1);
        let mut functions = self.functions.borrow_mut();
        let Some(function) = functions.get_mut(&address).filter(|_| offset < self.size_bytes) else {
            return;
        };
        let at = usize::from(offset / 4);
        let is_range = (4..10).contains(&at) && function.words[3] >> 16 & 0x7f == 0;
        let is_host_bridge = function.words[2] >> 16 == 0x0600;
        if self.is_strict && is_range && !is_host_bridge {
            assert_eq!(function.words[1] & 3, 0, "{address} answers while its range changes");
        }
        let mask = function.masks[at];
        function.words[at] = function.words[at] & !mask | value & mask;
    }

    fn size_bytes(&self, _: Address) -> u16 {
        self.size_bytes
    }
}
