//! A device's common registers (4.1.4.3) and the order in which it is brought up (3.1.1).

use core::fmt;

use hw::{Clock, NarrowIo};

use super::queue::Places;

/// Offsets of the common registers.
mod register {
    pub(super) const DEVICE_FEATURE_SELECT: usize = 0x00;
    pub(super) const DEVICE_FEATURE: usize = 0x04;
    pub(super) const DRIVER_FEATURE_SELECT: usize = 0x08;
    pub(super) const DRIVER_FEATURE: usize = 0x0C;
    pub(super) const CONFIG_VECTOR: usize = 0x10;
    pub(super) const STATUS: usize = 0x14;
    pub(super) const QUEUE_SELECT: usize = 0x16;
    pub(super) const QUEUE_SIZE: usize = 0x18;
    pub(super) const QUEUE_VECTOR: usize = 0x1A;
    pub(super) const QUEUE_ENABLE: usize = 0x1C;
    pub(super) const QUEUE_NOTIFY_OFFSET: usize = 0x1E;
    pub(super) const QUEUE_DESCRIPTORS: usize = 0x20;
    pub(super) const QUEUE_AVAILABLE: usize = 0x28;
    pub(super) const QUEUE_USED: usize = 0x30;
}

const ACKNOWLEDGE: u8 = 1;
const DRIVER: u8 = 2;
const DRIVER_OK: u8 = 4;
const FEATURES_OK: u8 = 8;
const NEEDS_RESET: u8 = 64;
const FAILED: u8 = 128;
/// What a device that is gone shows.
const GONE: u8 = 0xFF;
/// A device has reset itself by then.
const RESET_LIMIT_MS: u64 = 100;

/// The interrupt of no queue.
pub const NO_VECTOR: u16 = 0xFFFF;
/// Feature: the device follows the standard.
pub const VERSION_1: u64 = 1 << 32;
/// Feature: its accesses to memory go through the platform's translation.
pub const ACCESS_PLATFORM: u64 = 1 << 33;

/// Why a device does not work, or no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It does not answer any more.
    Gone,
    /// It did not end its reset.
    ResetTimedOut,
    /// It does not follow the standard.
    NoVersion1,
    /// It does not accept the features.
    FeaturesRefused,
    /// It asks for a reset: it has failed.
    NeedsReset,
    /// It has no such queue.
    NoQueue(u16),
    /// It cannot give this queue an interrupt.
    NoVector,
    /// The queue's place for announcements is outside of its registers.
    BadNotifyOffset,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => out.write_str("it does not answer any more"),
            Self::ResetTimedOut => out.write_str("it never ends its reset"),
            Self::NoVersion1 => out.write_str("it does not follow the standard"),
            Self::FeaturesRefused => out.write_str("it refuses what it has offered"),
            Self::NeedsReset => out.write_str("it has failed and asks for a reset"),
            Self::NoQueue(index) => write!(out, "it has no queue {index}"),
            Self::NoVector => out.write_str("it has no interrupt to give to a queue"),
            Self::BadNotifyOffset => out.write_str("its queues are announced outside of its registers"),
        }
    }
}

/// A device's common registers, and where its queues are announced.
#[derive(Debug)]
pub struct Transport<R> {
    common: R,
    notify: R,
    notify_bytes: u32,
    notify_multiplier: u32,
}

/// Where a queue is announced: an offset in the registers for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doorbell {
    queue: u16,
    offset: usize,
}

impl<R: NarrowIo> Transport<R> {
    /// Over these registers.
    pub fn new(common: R, notify: R, notify_bytes: u32, notify_multiplier: u32) -> Self {
        Self {
            common,
            notify,
            notify_bytes,
            notify_multiplier,
        }
    }

    /// Resets the device and agrees on features: the `wanted` ones that it offers. Those agreed on are returned.
    ///
    /// # Errors
    ///
    /// [`Error`]; the device is left with the status "failed".
    pub fn negotiate(&self, wanted: u64, clock: &impl Clock) -> Result<u64, Error> {
        self.reset(clock)?;
        self.add_status(ACKNOWLEDGE);
        self.add_status(DRIVER);
        let offered = self.features();
        let agreed = offered & (wanted | VERSION_1 | ACCESS_PLATFORM);
        if agreed & VERSION_1 == 0 {
            self.give_up();
            return Err(Error::NoVersion1);
        }
        for (select, half) in [(0, agreed as u32), (1, (agreed >> 32) as u32)] {
            self.common.write32(register::DRIVER_FEATURE_SELECT, select);
            self.common.write32(register::DRIVER_FEATURE, half);
        }
        self.add_status(FEATURES_OK);
        if self.common.read8(register::STATUS) & FEATURES_OK == 0 {
            self.give_up();
            return Err(Error::FeaturesRefused);
        }
        // Changes of its own registers announce nothing.
        self.common.write16(register::CONFIG_VECTOR, NO_VECTOR);
        Ok(agreed)
    }

    /// Stops the device: it uses no memory any more.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`], [`Error::ResetTimedOut`]: it may use its memory still.
    pub fn reset(&self, clock: &impl Clock) -> Result<(), Error> {
        self.common.write8(register::STATUS, 0);
        let status = || self.common.read8(register::STATUS);
        clock
            .wait_until(RESET_LIMIT_MS, || matches!(status(), 0 | GONE))
            .map_err(|_| Error::ResetTimedOut)?;
        if status() == GONE { Err(Error::Gone) } else { Ok(()) }
    }

    fn features(&self) -> u64 {
        let half = |select| {
            self.common.write32(register::DEVICE_FEATURE_SELECT, select);
            u64::from(self.common.read32(register::DEVICE_FEATURE))
        };
        half(0) | half(1) << 32
    }

    /// The most entries that queue `index` may have.
    ///
    /// # Errors
    ///
    /// [`Error::NoQueue`]
    pub fn queue_limit(&self, index: u16) -> Result<u16, Error> {
        self.common.write16(register::QUEUE_SELECT, index);
        match self.common.read16(register::QUEUE_SIZE) {
            0 | 0xFFFF => Err(Error::NoQueue(index)),
            limit => Ok(limit),
        }
    }

    /// Tells the device where queue `index` is, and which of its interrupts announces what has been done.
    ///
    /// # Errors
    ///
    /// [`Error`]
    pub fn start_queue(&self, index: u16, size: u16, places: Places, vector: Option<u16>) -> Result<Doorbell, Error> {
        self.queue_limit(index)?;
        self.common.write16(register::QUEUE_SIZE, size);
        let vector = vector.unwrap_or(NO_VECTOR);
        self.common.write16(register::QUEUE_VECTOR, vector);
        if self.common.read16(register::QUEUE_VECTOR) != vector {
            return Err(Error::NoVector);
        }
        for (register, address) in [
            (register::QUEUE_DESCRIPTORS, places.descriptors),
            (register::QUEUE_AVAILABLE, places.available),
            (register::QUEUE_USED, places.used),
        ] {
            // In halves, as the standard asks (4.1.3.1).
            self.common.write32(register, address as u32);
            self.common.write32(register + 4, (address >> 32) as u32);
        }
        let number = self.common.read16(register::QUEUE_NOTIFY_OFFSET);
        let offset = u64::from(number) * u64::from(self.notify_multiplier);
        if !offset.is_multiple_of(2) || offset + 2 > u64::from(self.notify_bytes) {
            return Err(Error::BadNotifyOffset);
        }
        self.common.write16(register::QUEUE_ENABLE, 1);
        Ok(Doorbell {
            queue: index,
            offset: offset as usize,
        })
    }

    /// Lets the device work.
    pub fn go(&self) {
        self.add_status(DRIVER_OK);
    }

    /// Announces that a queue has something new.
    pub fn notify(&self, doorbell: Doorbell) {
        self.notify.write16(doorbell.offset, doorbell.queue);
    }

    /// Looks whether the device is still there and well.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`], [`Error::NeedsReset`].
    pub fn check(&self) -> Result<(), Error> {
        match self.common.read8(register::STATUS) {
            GONE => Err(Error::Gone),
            status if status & NEEDS_RESET != 0 => Err(Error::NeedsReset),
            _ => Ok(()),
        }
    }

    /// Tells the device that nobody will drive it.
    pub fn give_up(&self) {
        self.add_status(FAILED);
    }

    fn add_status(&self, bits: u8) {
        let status = self.common.read8(register::STATUS);
        self.common.write8(register::STATUS, status | bits);
    }
}
