//! Fakes for tests on the host. A fake is behaviour: what a read returns and what a write changes is written as code.

mod dma;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Clock;
use crate::known_msr::MsrIo;
use crate::port::PortIo;
use crate::register::RegisterIo;

pub use dma::{FakeBus, FakeDma};

/// Numbers that look random and are the same each time (Marsaglia's xorshift). The seed is not 0.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `limit`, which is above 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.bits() >> 11) as usize % limit
    }
}

/// A clock that moves on by a fixed step each time it is read, so that every bounded wait ends at once.
#[derive(Debug)]
pub struct FakeClock {
    now_ns: AtomicU64,
    step_ns: u64,
}

impl FakeClock {
    /// A clock at zero that moves on by `step_ns` nanoseconds with each reading; 0 makes it stand still.
    pub const fn with_step_ns(step_ns: u64) -> Self {
        Self {
            now_ns: AtomicU64::new(0),
            step_ns,
        }
    }

    /// Lets `time_ns` nanoseconds pass.
    pub fn advance_ns(&self, time_ns: u64) {
        self.now_ns.fetch_add(time_ns, Ordering::Relaxed);
    }
}

impl Clock for FakeClock {
    fn now_ns(&self) -> u64 {
        self.now_ns.fetch_add(self.step_ns, Ordering::Relaxed)
    }
}

/// How a device behind ports behaves. Narrow and wide accesses arrive with the number of bytes they move.
pub trait PortBehaviour {
    /// A read of `bytes` (1, 2 or 4) bytes.
    fn read(&mut self, offset: u16, bytes: u8) -> u32;
    /// A write of `bytes` (1, 2 or 4) bytes.
    fn write(&mut self, offset: u16, bytes: u8, value: u32);
}

/// Plain memory, little-endian: what is written is read back.
impl<const N: usize> PortBehaviour for [u8; N] {
    fn read(&mut self, offset: u16, bytes: u8) -> u32 {
        (0..usize::from(bytes)).rev().fold(0, |value, index| {
            value << 8 | u32::from(self[usize::from(offset) + index])
        })
    }

    fn write(&mut self, offset: u16, bytes: u8, value: u32) {
        for index in 0..usize::from(bytes) {
            self[usize::from(offset) + index] = (value >> (8 * index)) as u8;
        }
    }
}

/// Ports that behave as `B` says.
#[derive(Debug, Default)]
pub struct FakePorts<B>(Mutex<B>);

impl<B: PortBehaviour> FakePorts<B> {
    /// Ports with this behaviour.
    pub const fn new(behaviour: B) -> Self {
        Self(Mutex::new(behaviour))
    }

    /// Looks at the behaviour or changes it.
    pub fn with<T>(&self, work: impl FnOnce(&mut B) -> T) -> T {
        work(&mut self.0.lock().expect("no test panicked while holding the fake"))
    }
}

impl<B: PortBehaviour> PortIo for FakePorts<B> {
    fn read8(&self, offset: u16) -> u8 {
        self.with(|behaviour| behaviour.read(offset, 1)) as u8
    }

    fn write8(&self, offset: u16, value: u8) {
        self.with(|behaviour| behaviour.write(offset, 1, value.into()));
    }

    fn read16(&self, offset: u16) -> u16 {
        self.with(|behaviour| behaviour.read(offset, 2)) as u16
    }

    fn write16(&self, offset: u16, value: u16) {
        self.with(|behaviour| behaviour.write(offset, 2, value.into()));
    }

    fn read32(&self, offset: u16) -> u32 {
        self.with(|behaviour| behaviour.read(offset, 4))
    }

    fn write32(&self, offset: u16, value: u32) {
        self.with(|behaviour| behaviour.write(offset, 4, value));
    }
}

/// How a device behind memory-mapped registers behaves.
pub trait RegisterBehaviour {
    /// A read of 32 bits.
    fn read32(&mut self, offset: usize) -> u32;
    /// A write of 32 bits.
    fn write32(&mut self, offset: usize, value: u32);
}

/// A register window that behaves as `B` says.
#[derive(Debug, Default)]
pub struct FakeRegisters<B>(Mutex<B>);

impl<B: RegisterBehaviour> FakeRegisters<B> {
    /// A window with this behaviour.
    pub const fn new(behaviour: B) -> Self {
        Self(Mutex::new(behaviour))
    }

    /// Looks at the behaviour or changes it.
    pub fn with<T>(&self, work: impl FnOnce(&mut B) -> T) -> T {
        work(&mut self.0.lock().expect("no test panicked while holding the fake"))
    }
}

impl<B: RegisterBehaviour> RegisterIo for FakeRegisters<B> {
    fn read32(&self, offset: usize) -> u32 {
        self.with(|behaviour| behaviour.read32(offset))
    }

    fn write32(&self, offset: usize, value: u32) {
        self.with(|behaviour| behaviour.write32(offset, value));
    }
}

/// How a processor's model-specific registers behave. What would fault panics.
pub trait MsrBehaviour {
    /// A read.
    fn read(&mut self, number: u32) -> u64;
    /// A write.
    fn write(&mut self, number: u32, value: u64);
}

/// Model-specific registers that behave as `B` says.
#[derive(Debug, Default)]
pub struct FakeMsrs<B>(Mutex<B>);

impl<B: MsrBehaviour> FakeMsrs<B> {
    /// Registers with this behaviour.
    pub const fn new(behaviour: B) -> Self {
        Self(Mutex::new(behaviour))
    }

    /// Looks at the behaviour or changes it.
    pub fn with<T>(&self, work: impl FnOnce(&mut B) -> T) -> T {
        work(&mut self.0.lock().expect("no test panicked while holding the fake"))
    }
}

impl<B: MsrBehaviour> MsrIo for FakeMsrs<B> {
    fn read(&self, number: u32) -> u64 {
        self.with(|behaviour| behaviour.read(number))
    }

    fn write(&self, number: u32, value: u64) {
        self.with(|behaviour| behaviour.write(number, value));
    }
}
