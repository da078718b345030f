//! An entropy device that walks its queue as the standard says, or does one thing wrong.

use std::sync::{Arc, Mutex, MutexGuard};

use hw::fake::FakeBus;
use hw::{NarrowIo, RegisterIo};

/// What the device does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Never answers a request.
    Silent,
    /// Answers with no bytes.
    Empty,
    /// Says that it has done this request, whatever it was given.
    Id(u32),
    /// Says that it has written so many bytes.
    Length(u32),
    /// Moves its index on by so many.
    Jump(u16),
    /// Answers each request twice.
    Twice,
    /// Its registers show ones after so many accesses.
    Vanish(u32),
    /// Its reset never ends.
    StuckReset,
    /// Does not offer VERSION_1.
    Old,
    /// Takes FEATURES_OK back.
    RefusesFeatures,
    /// Has failed as soon as it runs.
    NeedsReset,
    /// Has no queue.
    NoQueue,
    /// Announces its queue beyond its registers.
    FarDoorbell,
    /// Has no interrupt to give.
    NoVector,
}

pub(super) struct State {
    pub(super) bus: FakeBus,
    pub(super) fault: Fault,
    pub(super) status: u8,
    pub(super) accesses: u32,
    pub(super) notices: u32,
    pub(super) vector: u16,
    pub(super) driver_features: u64,
    device_feature_select: u32,
    driver_feature_select: u32,
    queue_size: u16,
    is_enabled: bool,
    addresses: [u64; 3],
    seen: u16,
    used: u16,
    next_byte: u8,
}

/// The device's registers for one of its windows; all are one device.
#[derive(Clone)]
pub(super) struct Window {
    state: Arc<Mutex<State>>,
    is_notify: bool,
}

/// A device on `bus`: its common window and the one for announcements.
pub(super) fn device(bus: &FakeBus, fault: Fault) -> (Window, Window) {
    let state = Arc::new(Mutex::new(State {
        bus: bus.clone(),
        fault,
        status: 0x0F,
        accesses: 0,
        notices: 0,
        vector: 0xFFFF,
        driver_features: 0,
        device_feature_select: 0,
        driver_feature_select: 0,
        queue_size: 8,
        is_enabled: false,
        addresses: [0; 3],
        seen: 0,
        used: 0,
        next_byte: 0,
    }));
    let window = |is_notify| Window {
        state: Arc::clone(&state),
        is_notify,
    };
    (window(false), window(true))
}

impl Window {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panicked while holding the device")
    }

    fn read(&self, offset: usize, bytes: u32) -> u32 {
        assert!(!self.is_notify, "nothing is read there");
        let mut state = self.state();
        state.accesses += 1;
        if matches!(state.fault, Fault::Vanish(after) if state.accesses > after) {
            return u32::MAX >> (32 - 8 * bytes);
        }
        let version_1 = u32::from(state.fault != Fault::Old);
        match (offset, bytes) {
            (0x04, 4) if state.device_feature_select == 1 => version_1 | 1 << 6,
            (0x04, 4) => 0x3000_0001,
            (0x14, 1) => state.status.into(),
            (0x18, 2) if state.fault == Fault::NoQueue => 0,
            (0x18, 2) => state.queue_size.into(),
            (0x1A, 2) => state.vector.into(),
            (0x1E, 2) if state.fault == Fault::FarDoorbell => 0x7FFF,
            (0x1E, 2) => 3,
            _ => panic!("a read of {bytes} bytes at {offset:#x}"),
        }
    }

    fn write(&self, offset: usize, bytes: u32, value: u32) {
        let mut state = self.state();
        state.accesses += 1;
        if matches!(state.fault, Fault::Vanish(after) if state.accesses > after) {
            return;
        }
        if self.is_notify {
            assert_eq!((offset, bytes, value), (12, 2, 0), "the wrong doorbell");
            state.notices += 1;
            return state.work();
        }
        match (offset, bytes) {
            (0x00, 4) => state.device_feature_select = value,
            (0x08, 4) => state.driver_feature_select = value,
            (0x0C, 4) => {
                let shift = 32 * state.driver_feature_select;
                state.driver_features |= u64::from(value) << shift;
            }
            (0x10 | 0x16, 2) => {}
            (0x14, 1) => state.set_status(value as u8),
            (0x18, 2) => state.queue_size = value as u16,
            (0x1A, 2) if state.fault != Fault::NoVector => state.vector = value as u16,
            (0x1A, 2) => state.vector = 0xFFFF,
            (0x1C, 2) => state.is_enabled = value == 1,
            (0x20..0x38, 4) => {
                let (index, shift) = ((offset - 0x20) / 8, 8 * (offset % 8));
                state.addresses[index] |= u64::from(value) << shift;
            }
            _ => panic!("a write of {bytes} bytes at {offset:#x}"),
        }
    }
}

impl State {
    fn set_status(&mut self, status: u8) {
        self.status = match self.fault {
            Fault::StuckReset if status == 0 => 0x0F,
            Fault::RefusesFeatures => status & !8,
            Fault::NeedsReset if status & 4 != 0 => status | 64,
            _ => status,
        };
        if status == 0 {
            (self.is_enabled, self.addresses) = (false, [0; 3]);
            (self.seen, self.used) = (0, 0);
        }
    }

    /// Does all requests that are there.
    fn work(&mut self) {
        let [descriptors, available, used] = self.addresses;
        if !self.is_enabled || self.status & 4 == 0 || self.fault == Fault::Silent {
            return;
        }
        let size = u64::from(self.queue_size);
        while self.seen != self.bus.read(available + 2, 2) as u16 {
            let slot = u64::from(self.seen) % size;
            let head = self.bus.read(available + 4 + 2 * slot, 2);
            self.seen = self.seen.wrapping_add(1);
            let mut written = 0;
            let mut number = head;
            loop {
                assert!(number < size, "a descriptor outside of the table");
                let at = descriptors + 16 * number;
                let (address, length) = (self.bus.read(at, 8), self.bus.read(at + 8, 4));
                let flags = self.bus.read(at + 12, 2);
                if flags & 2 != 0 && self.fault != Fault::Empty {
                    for offset in 0..length {
                        self.next_byte = self.next_byte.wrapping_add(101);
                        self.bus.write(address + offset, &[self.next_byte]);
                        written += 1;
                    }
                }
                if flags & 1 == 0 {
                    break;
                }
                number = self.bus.read(at + 14, 2);
            }
            let id = match self.fault {
                Fault::Id(id) => id,
                _ => head as u32,
            };
            let length = match self.fault {
                Fault::Length(length) => length,
                _ => written,
            };
            for _ in 0..if self.fault == Fault::Twice { 2 } else { 1 } {
                let entry = used + 4 + 8 * (u64::from(self.used) % size);
                self.bus.write(entry, &id.to_le_bytes());
                self.bus.write(entry + 4, &length.to_le_bytes());
                self.used = self.used.wrapping_add(1);
            }
            if let Fault::Jump(by) = self.fault {
                self.used = self.used.wrapping_add(by);
            }
            self.bus.write(used + 2, &self.used.to_le_bytes());
        }
    }
}

impl RegisterIo for Window {
    fn read32(&self, offset: usize) -> u32 {
        self.read(offset, 4)
    }

    fn write32(&self, offset: usize, value: u32) {
        self.write(offset, 4, value);
    }
}

impl NarrowIo for Window {
    fn read8(&self, offset: usize) -> u8 {
        self.read(offset, 1) as u8
    }

    fn write8(&self, offset: usize, value: u8) {
        self.write(offset, 1, value.into());
    }

    fn read16(&self, offset: usize) -> u16 {
        self.read(offset, 2) as u16
    }

    fn write16(&self, offset: usize, value: u16) {
        self.write(offset, 2, value.into());
    }
}
