//! The entropy device (5.4): one queue, into whose memory the device writes what it holds to be random.

use core::fmt;

use hw::dma::{DmaAllocator, DmaMemory, OutOfMemory};
use hw::{Clock, NarrowIo};

use super::queue::{self, Piece, Queue, memory_bytes};
use super::transport::{self, Doorbell, Transport};

/// The device's number by the standard, and the one of devices that know the older form too.
pub const DEVICE_IDS: [u16; 2] = [0x1044, 0x1005];
/// Bytes asked for at once.
pub const REQUEST_BYTES: usize = 512;
/// Entries of the queue; one is in use at a time.
const ENTRIES: u16 = 4;
const QUEUE: u16 = 0;

/// Why the device gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The device itself.
    Device(transport::Error),
    /// What it did with its queue.
    Queue(queue::Error),
    /// There is no memory for it.
    OutOfMemory,
    /// It answered a request with nothing.
    Empty,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(error) => write!(out, "{error}"),
            Self::Queue(error) => write!(out, "{error}"),
            Self::OutOfMemory => write!(out, "{OutOfMemory}"),
            Self::Empty => out.write_str("it answers with no bytes"),
        }
    }
}

impl From<transport::Error> for Error {
    fn from(error: transport::Error) -> Self {
        Self::Device(error)
    }
}

impl From<queue::Error> for Error {
    fn from(error: queue::Error) -> Self {
        Self::Queue(error)
    }
}

impl From<OutOfMemory> for Error {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

/// A running device.
#[derive(Debug)]
pub struct Rng<R, M> {
    transport: Transport<R>,
    queue: Queue<M>,
    doorbell: Doorbell,
    buffer: M,
    has_interrupt: bool,
}

impl<R: NarrowIo, M: DmaMemory> Rng<R, M> {
    /// Starts the device. `vector` is the number of its interrupt that announces bytes; without one it must be looked at.
    ///
    /// # Errors
    ///
    /// [`Error`]; the device uses no memory then.
    pub fn start(
        transport: Transport<R>,
        memory: &impl DmaAllocator<Memory = M>,
        vector: Option<u16>,
        clock: &impl Clock,
    ) -> Result<Self, Error> {
        transport.negotiate(0, clock)?;
        let size = transport.queue_limit(QUEUE)?.min(ENTRIES);
        // Sizes are powers of two (2.6); a device may offer any, and may be given less.
        let size = 1 << size.ilog2();
        let queue = Queue::new(memory.allocate(memory_bytes(size))?, size)?;
        let buffer = memory.allocate(REQUEST_BYTES)?;
        let start = |vector| transport.start_queue(QUEUE, size, queue.places(), vector);
        let (started, has_interrupt) = match start(vector) {
            Err(transport::Error::NoVector) => (start(None), false),
            result => (result, vector.is_some()),
        };
        let doorbell = started.inspect_err(|_| transport.give_up())?;
        transport.go();
        Ok(Self {
            transport,
            queue,
            doorbell,
            buffer,
            has_interrupt,
        })
    }

    /// The device interrupts when bytes have come.
    pub fn has_interrupt(&self) -> bool {
        self.has_interrupt
    }

    /// Asks for bytes, unless they are asked for already.
    ///
    /// # Errors
    ///
    /// [`Error`]: the device has failed.
    pub fn ask(&mut self) -> Result<(), Error> {
        self.transport.check()?;
        if !self.queue.is_idle() {
            return Ok(());
        }
        self.queue.add(&[Piece {
            bus_address: self.buffer.bus_address(),
            length_bytes: REQUEST_BYTES as u32,
            is_written: true,
        }])?;
        if self.queue.wants_notice() {
            self.transport.notify(self.doorbell);
        }
        Ok(())
    }

    /// The bytes that have come, copied to the start of `bytes`; `None` while there are none.
    ///
    /// # Errors
    ///
    /// [`Error`]: the device has failed.
    pub fn take(&mut self, bytes: &mut [u8; REQUEST_BYTES]) -> Result<Option<usize>, Error> {
        let Some(done) = self.queue.take()? else {
            self.transport.check()?;
            return Ok(None);
        };
        match done.written_bytes as usize {
            0 => Err(Error::Empty),
            count => {
                self.buffer.read(0, &mut bytes[..count]);
                Ok(Some(count))
            }
        }
    }

    /// Stops the device. Where it cannot be stopped, its memory is never used for anything else.
    pub fn stop(self, clock: &impl Clock) {
        if self.transport.reset(clock).is_err() {
            core::mem::forget(self.queue);
            core::mem::forget(self.buffer);
        }
    }
}
