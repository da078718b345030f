//! Memory for fake devices: a bus on which a device finds what a driver has allocated, and nothing else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::dma::{DmaAllocator, DmaMemory, OutOfMemory};

const PAGE_BYTES: u64 = 4096;

type Pieces = BTreeMap<u64, Vec<u8>>;

/// All memory that drivers have allocated on it. Copies are the same bus.
#[derive(Clone, Debug, Default)]
pub struct FakeBus {
    pieces: Arc<Mutex<Pieces>>,
    /// Bytes that may be allocated; all there are where it is `None`.
    limit_bytes: Option<usize>,
}

/// A piece of memory on a [`FakeBus`]; the bus forgets it when it is dropped.
#[derive(Debug)]
pub struct FakeDma {
    bus: FakeBus,
    address: u64,
    length_bytes: usize,
}

impl FakeBus {
    /// A bus with no more memory than this.
    pub fn with_limit(limit_bytes: usize) -> Self {
        Self {
            limit_bytes: Some(limit_bytes),
            ..Self::default()
        }
    }

    fn pieces(&self) -> MutexGuard<'_, Pieces> {
        self.pieces.lock().expect("no test panicked while holding the fake")
    }

    /// Bytes allocated now.
    pub fn allocated_bytes(&self) -> usize {
        self.pieces().values().map(Vec::len).sum()
    }

    /// What a device does with memory at `address`; `None` where no driver has allocated all of it.
    pub fn access<T>(&self, address: u64, length: usize, work: impl FnOnce(&mut [u8]) -> T) -> Option<T> {
        let mut pieces = self.pieces();
        let (start, piece) = pieces.range_mut(..=address).next_back()?;
        let offset = (address - start) as usize;
        piece.get_mut(offset..offset.checked_add(length)?).map(work)
    }

    /// A device reads a number of up to 8 bytes.
    ///
    /// # Panics
    ///
    /// Where no driver has allocated it: an access that a real machine might not survive.
    pub fn read(&self, address: u64, bytes: usize) -> u64 {
        let mut number = [0; 8];
        self.access(address, bytes, |memory| number[..bytes].copy_from_slice(memory))
            .unwrap_or_else(|| panic!("the device reads {address:#x}, which nobody gave it"));
        u64::from_le_bytes(number)
    }

    /// A device writes.
    ///
    /// # Panics
    ///
    /// As [`FakeBus::read`].
    pub fn write(&self, address: u64, bytes: &[u8]) {
        self.access(address, bytes.len(), |memory| memory.copy_from_slice(bytes))
            .unwrap_or_else(|| panic!("the device writes to {address:#x}, which nobody gave it"));
    }
}

impl DmaAllocator for FakeBus {
    type Memory = FakeDma;

    fn allocate(&self, length_bytes: usize) -> Result<FakeDma, OutOfMemory> {
        let length = length_bytes.next_multiple_of(PAGE_BYTES as usize);
        if self
            .limit_bytes
            .is_some_and(|limit| self.allocated_bytes() + length > limit)
        {
            return Err(OutOfMemory);
        }
        let mut pieces = self.pieces();
        // A page between two pieces stays free, so that running over an end is noticed.
        let end = pieces
            .last_key_value()
            .map_or(0x10_0000, |(start, piece)| start + piece.len() as u64);
        let address = end + PAGE_BYTES;
        pieces.insert(address, vec![0; length]);
        drop(pieces);
        Ok(FakeDma {
            bus: self.clone(),
            address,
            length_bytes: length,
        })
    }
}

impl FakeDma {
    fn number(&self, offset: usize, bytes: usize) -> u64 {
        assert!(offset.is_multiple_of(bytes), "unaligned access at {offset}");
        self.bus.read(self.address + offset as u64, bytes)
    }

    fn set_number(&self, offset: usize, bytes: &[u8]) {
        assert!(offset.is_multiple_of(bytes.len()), "unaligned access at {offset}");
        self.bus.write(self.address + offset as u64, bytes);
    }
}

impl DmaMemory for FakeDma {
    fn bus_address(&self) -> u64 {
        self.address
    }

    fn length_bytes(&self) -> usize {
        self.length_bytes
    }

    fn read16(&self, offset: usize) -> u16 {
        self.number(offset, 2) as u16
    }

    fn write16(&self, offset: usize, value: u16) {
        self.set_number(offset, &value.to_le_bytes());
    }

    fn read32(&self, offset: usize) -> u32 {
        self.number(offset, 4) as u32
    }

    fn write32(&self, offset: usize, value: u32) {
        self.set_number(offset, &value.to_le_bytes());
    }

    fn write64(&self, offset: usize, value: u64) {
        self.set_number(offset, &value.to_le_bytes());
    }

    fn read(&self, offset: usize, bytes: &mut [u8]) {
        let length = bytes.len();
        self.bus
            .access(self.address + offset as u64, length, |memory| {
                bytes.copy_from_slice(memory)
            })
            .expect("within the memory");
    }

    fn write(&self, offset: usize, bytes: &[u8]) {
        self.bus.write(self.address + offset as u64, bytes);
    }
}

impl Drop for FakeDma {
    fn drop(&mut self) {
        self.bus.pieces().remove(&self.address);
    }
}
