//! A split virtqueue (2.6): descriptors, what is available to the device, and what it has used.
//!
//! The driver keeps its own account of which descriptors are out. It never reads back what it wrote, for the device can
//! write there too, and it believes nothing that the device says before the account has confirmed it.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use hw::dma::DmaMemory;

const DESCRIPTOR_BYTES: usize = 16;
/// Flags of a descriptor.
const NEXT: u16 = 1;
const WRITE: u16 = 2;
/// A flag of the ring of used entries: the device looks by itself.
const NO_NOTIFY: u16 = 1;
/// Offsets in both rings.
const INDEX: usize = 2;
const RING: usize = 4;
const USED_ENTRY_BYTES: usize = 8;
/// The most entries of a queue.
pub const SIZE_LIMIT: u16 = 256;
/// The device's ring begins at a multiple of this.
const USED_ALIGNMENT: usize = 4;

/// Why the queue cannot be used, or not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Not enough descriptors are free.
    Full,
    /// A request without a piece of memory.
    Empty,
    /// The number of entries is no power of two of 1 to 256.
    BadSize(u16),
    /// The memory is too small for so many entries.
    TooSmall,
    /// The device claims to have used more than it was given.
    UsedTooMuch,
    /// The device has used a request that it was not given.
    NotGiven(u32),
    /// The device claims to have written more than it was allowed to.
    WroteTooMuch(u32),
    /// The queue is switched off since an earlier fault.
    SwitchedOff,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => out.write_str("its queue is full"),
            Self::Empty => out.write_str("a request has no memory"),
            Self::BadSize(size) => write!(out, "a queue cannot have {size} entries"),
            Self::TooSmall => out.write_str("the queue's memory is too small"),
            Self::UsedTooMuch => out.write_str("it claims to have done more than it was asked"),
            Self::NotGiven(id) => write!(out, "it claims to have done request {id}, which it was not given"),
            Self::WroteTooMuch(bytes) => write!(out, "it claims to have written {bytes} bytes, more than it was given"),
            Self::SwitchedOff => out.write_str("its queue is switched off"),
        }
    }
}

/// Where a queue's parts are, as the device sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// The descriptors.
    pub descriptors: u64,
    /// The driver's ring.
    pub available: u64,
    /// The device's ring.
    pub used: u64,
}

/// A piece of memory in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where the device finds it.
    pub bus_address: u64,
    /// Its size.
    pub length_bytes: u32,
    /// The device writes to it; else it reads. Those that it reads come first.
    pub is_written: bool,
}

/// A request that the device has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// What [`Queue::add`] returned.
    pub token: u16,
    /// Bytes that the device has written.
    pub written_bytes: u32,
}

/// A request's first descriptor: how many follow, and what the device may write.
#[derive(Clone, Copy, Debug)]
struct Given {
    descriptors: u16,
    writable_bytes: u64,
}

/// A queue.
#[derive(Debug)]
pub struct Queue<M> {
    memory: M,
    size: u16,
    /// Free descriptors, linked by `next_of`.
    free_head: u16,
    free_count: u16,
    next_of: Vec<u16>,
    given: Vec<Option<Given>>,
    available_index: u16,
    used_index: u16,
    is_off: bool,
}

/// Bytes of memory that a queue of `size` entries takes.
pub const fn memory_bytes(size: u16) -> usize {
    used_offset(size) + RING + USED_ENTRY_BYTES * size as usize + 2
}

const fn available_offset(size: u16) -> usize {
    DESCRIPTOR_BYTES * size as usize
}

const fn used_offset(size: u16) -> usize {
    (available_offset(size) + RING + 2 * size as usize + 2).next_multiple_of(USED_ALIGNMENT)
}

impl<M: DmaMemory> Queue<M> {
    /// A queue of `size` entries in `memory`, which holds zeros.
    ///
    /// # Errors
    ///
    /// [`Error::BadSize`], [`Error::TooSmall`].
    pub fn new(memory: M, size: u16) -> Result<Self, Error> {
        if !size.is_power_of_two() || size > SIZE_LIMIT {
            return Err(Error::BadSize(size));
        }
        if memory.length_bytes() < memory_bytes(size) {
            return Err(Error::TooSmall);
        }
        Ok(Self {
            memory,
            size,
            free_head: 0,
            free_count: size,
            next_of: (1..=size).collect(),
            given: vec![None; size.into()],
            available_index: 0,
            used_index: 0,
            is_off: false,
        })
    }

    /// Where the device finds the queue.
    pub fn places(&self) -> Places {
        let start = self.memory.bus_address();
        Places {
            descriptors: start,
            available: start + available_offset(self.size) as u64,
            used: start + used_offset(self.size) as u64,
        }
    }

    /// Entries.
    pub fn size(&self) -> u16 {
        self.size
    }

    /// Requests that the device has not done.
    pub fn is_idle(&self) -> bool {
        self.free_count == self.size
    }

    /// Gives the device a request, and says by which number it comes back. The memory must stay until then.
    ///
    /// # Errors
    ///
    /// [`Error::Full`], [`Error::Empty`], [`Error::SwitchedOff`]; nothing was given then.
    pub fn add(&mut self, pieces: &[Piece]) -> Result<u16, Error> {
        if self.is_off {
            return Err(Error::SwitchedOff);
        }
        let count = u16::try_from(pieces.len()).map_err(|_| Error::Full)?;
        if count == 0 {
            return Err(Error::Empty);
        }
        if count > self.free_count {
            return Err(Error::Full);
        }
        let head = self.free_head;
        let mut place = head;
        for (index, piece) in pieces.iter().enumerate() {
            let next = self.next_of[usize::from(place)];
            let is_last = index + 1 == pieces.len();
            self.write_descriptor(place, piece, (!is_last).then_some(next));
            if is_last {
                self.free_head = next;
            }
            place = next;
        }
        self.free_count -= count;
        let written = pieces.iter().filter(|piece| piece.is_written);
        self.given[usize::from(head)] = Some(Given {
            descriptors: count,
            writable_bytes: written.map(|piece| u64::from(piece.length_bytes)).sum(),
        });
        let ring = available_offset(self.size);
        let slot = usize::from(self.available_index % self.size);
        self.memory.write16(ring + RING + 2 * slot, head);
        self.available_index = self.available_index.wrapping_add(1);
        // The request is complete before the device can see that there is one (2.6.13.3.1).
        self.memory.fence();
        self.memory.write16(ring + INDEX, self.available_index);
        Ok(head)
    }

    fn write_descriptor(&self, number: u16, piece: &Piece, next: Option<u16>) {
        let at = DESCRIPTOR_BYTES * usize::from(number);
        let flags = if piece.is_written { WRITE } else { 0 } | if next.is_some() { NEXT } else { 0 };
        self.memory.write64(at, piece.bus_address);
        self.memory.write32(at + 8, piece.length_bytes);
        self.memory.write16(at + 12, flags);
        self.memory.write16(at + 14, next.unwrap_or(0));
    }

    /// Whether the device wants to be told of what was added.
    pub fn wants_notice(&self) -> bool {
        // The index was written before the flag is read, or both sides could wait for each other (2.6.13.4.1).
        self.memory.fence();
        self.memory.read16(used_offset(self.size)) & NO_NOTIFY == 0
    }

    /// The next request that the device has done; `None` where there is none.
    ///
    /// # Errors
    ///
    /// What the device writes cannot be: the queue is switched off.
    pub fn take(&mut self) -> Result<Option<Done>, Error> {
        if self.is_off {
            return Err(Error::SwitchedOff);
        }
        let result = self.take_checked();
        self.is_off = result.is_err();
        result
    }

    fn take_checked(&mut self) -> Result<Option<Done>, Error> {
        let ring = used_offset(self.size);
        let used = self.memory.read16(ring + INDEX);
        let ahead = used.wrapping_sub(self.used_index);
        if ahead == 0 {
            return Ok(None);
        }
        let requests = self.given.iter().flatten().count();
        if usize::from(ahead) > requests {
            return Err(Error::UsedTooMuch);
        }
        // The entry is read after the index that says that it is there.
        self.memory.fence();
        let entry = ring + RING + USED_ENTRY_BYTES * usize::from(self.used_index % self.size);
        let (id, written_bytes) = (self.memory.read32(entry), self.memory.read32(entry + 4));
        let token = u16::try_from(id).map_err(|_| Error::NotGiven(id))?;
        let slot = self.given.get_mut(usize::from(token)).ok_or(Error::NotGiven(id))?;
        let given = slot.ok_or(Error::NotGiven(id))?;
        if u64::from(written_bytes) > given.writable_bytes {
            return Err(Error::WroteTooMuch(written_bytes));
        }
        *slot = None;
        self.used_index = self.used_index.wrapping_add(1);
        self.free(token, given.descriptors);
        Ok(Some(Done { token, written_bytes }))
    }

    /// The request's descriptors become the first free ones. Their links are still as they were when it was given.
    fn free(&mut self, head: u16, count: u16) {
        let last = (1..count).fold(head, |place, _| self.next_of[usize::from(place)]);
        self.next_of[usize::from(last)] = self.free_head;
        self.free_head = head;
        self.free_count += count;
    }
}
