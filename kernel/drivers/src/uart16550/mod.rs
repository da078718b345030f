//! Serial ports: the 16550 and what is compatible with it, at 115200 bits a second, 8N1.
//!
//! Bytes move between the chip and two rings in the interrupt handler; tasks only touch the rings. The handler takes no
//! lock and allocates nothing. Two handshakes between it and the tasks, possibly on different cores, keep anything
//! from getting stuck:
//!
//! - *Transmitter.* The handler that finds nothing to send sets `idle`, then looks at the ring once more. A writer puts
//!   its bytes into the ring, then takes `idle`; whoever takes it restarts the chip. One of the two always sees the other.
//! - *Receiver.* A handler without room leaves the bytes in the chip, sets `held` and masks receiver interrupts, then
//!   looks at the ring once more. A reader makes room, then takes `held` and unmasks. The sender is meanwhile held back
//!   by the emulator (or overruns are counted, on a line without flow control).
//!
//! | module | what it holds |
//! |---|---|
//! | `registers` | the data sheet as types |

mod registers;
#[cfg(test)]
mod tests;

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};

use hw::ring::ByteRing;
use hw::{Clock, PortIo};
use registers::{
    Cause, DIVISOR_115200, FifoControl, InterruptEnable, InterruptIdentity, LineControl, LineStatus, ModemControl,
    ModemStatus, Received, Scratch, Transmit,
};

/// Bytes that wait for a reader.
pub const RECEIVE_RING_BYTES: usize = 8192;
/// Bytes that wait for the line.
pub const TRANSMIT_RING_BYTES: usize = 4096;
/// Bytes that a 16550's FIFO holds.
const FIFO_BYTES: usize = 16;
/// How long bytes of an earlier owner may take to leave: a full FIFO at 9600 bits a second.
const DRAIN_LIMIT_MS: u64 = 20;
/// How long one byte may take through the loopback; at 115200 bits a second it takes 0.09 ms.
const LOOPBACK_LIMIT_MS: u64 = 10;
/// Causes handled in one interrupt, far more than a healthy chip can raise at once.
const CAUSE_LIMIT: u32 = 256;
/// Bytes taken for one cause, more than a FIFO holds: a chip that is broken shows another one for ever.
const TAKE_LIMIT: u32 = 64;
/// Filled up to this, the receive ring takes bytes from the chip again after it was full.
const RESUME_BYTES: usize = RECEIVE_RING_BYTES / 2;

/// Why there is no usable serial port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The scratch register does not keep what is written: nothing is there.
    NoScratch,
    /// The interrupt enable register does not keep what is written.
    NoInterruptEnable,
    /// In loopback the modem inputs do not show the outputs.
    NoLoopback,
    /// A byte sent in loopback did not come back in time.
    LoopbackTimedOut,
    /// A byte sent in loopback came back as another.
    LoopbackMismatch,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoScratch => "no serial port answers",
            Self::NoInterruptEnable => "the serial port does not keep its interrupt settings",
            Self::NoLoopback => "the serial port has no loopback",
            Self::LoopbackTimedOut => "the serial port did not send in time",
            Self::LoopbackMismatch => "the serial port garbles bytes",
        })
    }
}

/// What one interrupt did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Bytes put into the receive ring: wake the reader.
    pub received: usize,
    /// Bytes taken out of the transmit ring: wake writers that wait for room.
    pub sent: usize,
    /// The transmit ring ran empty.
    pub drained: bool,
}

/// How often things went wrong since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Times the chip lost bytes because nobody read them in time.
    pub overruns: u64,
    /// Times the receive ring was full and bytes were left in the chip.
    pub held_back: u64,
    /// Bytes with a wrong stop bit; they were kept.
    pub framing_errors: u64,
    /// Times the line was held at break.
    pub breaks: u64,
}

/// A serial port. One task may write at a time and one may read; the interrupt handler may run beside both.
#[derive(Debug)]
pub struct Uart<P> {
    ports: P,
    has_fifo: bool,
    receive: ByteRing<RECEIVE_RING_BYTES>,
    transmit: ByteRing<TRANSMIT_RING_BYTES>,
    /// Interrupts have been asked for.
    listening: AtomicBool,
    /// The chip has nothing to send and will not interrupt for more.
    idle: AtomicBool,
    /// Receiver interrupts are masked for lack of room.
    held: AtomicBool,
    overruns: AtomicU64,
    held_back: AtomicU64,
    framing_errors: AtomicU64,
    breaks: AtomicU64,
}

impl<P: PortIo> Uart<P> {
    /// Finds out whether a UART answers at `ports`, and sets it to 115200 8N1 without interrupts.
    ///
    /// # Errors
    ///
    /// The test that failed. A chip without a scratch register (8250) counts as absent.
    pub fn probe(ports: P, clock: &impl Clock) -> Result<Self, Error> {
        for pattern in [0x5A, 0xA5] {
            ports.write(Scratch::pattern(pattern));
            if ports.read::<Scratch>() != Scratch::pattern(pattern) {
                return Err(Error::NoScratch);
            }
        }
        for enable in [InterruptEnable::BOTH, InterruptEnable::NONE] {
            ports.write(enable);
            if ports.read::<InterruptEnable>().events() != enable {
                return Err(Error::NoInterruptEnable);
            }
        }
        // What the firmware or boot loader sent last should reach the line whole. If it does not, the loopback test
        // below will tell.
        let _ = clock.wait_until(DRAIN_LIMIT_MS, || ports.read::<LineStatus>().is_idle());
        ports.write(LineControl::DIVISOR_ACCESS);
        ports.write(DIVISOR_115200.0);
        ports.write(DIVISOR_115200.1);
        ports.write(LineControl::EIGHT_NONE_ONE);
        ports.write(FifoControl::RESET_AND_ENABLE);
        let has_fifo = ports.read::<InterruptIdentity>().has_fifo();
        if !has_fifo {
            ports.write(FifoControl::DISABLE);
        }
        let tested = test_loopback(&ports, clock);
        ports.write(ModemControl::ONLINE);
        tested?;
        // The loopback leaves changed modem inputs and perhaps line errors behind.
        ports.read::<ModemStatus>();
        ports.read::<LineStatus>();
        Ok(Self {
            ports,
            has_fifo,
            receive: ByteRing::new(),
            transmit: ByteRing::new(),
            listening: AtomicBool::new(false),
            idle: AtomicBool::new(true),
            held: AtomicBool::new(false),
            overruns: AtomicU64::new(0),
            held_back: AtomicU64::new(0),
            framing_errors: AtomicU64::new(0),
            breaks: AtomicU64::new(0),
        })
    }

    /// True if the chip has working FIFOs.
    pub fn has_fifo(&self) -> bool {
        self.has_fifo
    }

    /// How often things went wrong.
    pub fn faults(&self) -> Faults {
        Faults {
            overruns: self.overruns.load(Ordering::Relaxed),
            held_back: self.held_back.load(Ordering::Relaxed),
            framing_errors: self.framing_errors.load(Ordering::Relaxed),
            breaks: self.breaks.load(Ordering::Relaxed),
        }
    }

    /// Starts interrupts; to be called once the handler is in place. What was written before is sent then.
    pub fn enable_interrupts(&self) {
        self.listening.store(true, Ordering::SeqCst);
        self.write_enable();
    }

    /// Takes bytes that came, and returns how many; 0 if none wait.
    pub fn read(&self, buffer: &mut [u8]) -> usize {
        let count = self.receive.pop_slice(buffer);
        // Orders the room made above before the look at `held`; pairs with the fence in `take_bytes`.
        fence(Ordering::SeqCst);
        if self.receive.len() <= RESUME_BYTES && self.held.swap(false, Ordering::SeqCst) {
            self.write_enable();
        }
        count
    }

    /// Queues bytes for sending, and returns how many fitted.
    pub fn write(&self, bytes: &[u8]) -> usize {
        let count = self.transmit.push_slice(bytes);
        // Orders the bytes queued above before the look at `idle`; pairs with the fence in `refill`.
        fence(Ordering::SeqCst);
        if self.listening.load(Ordering::SeqCst) && self.idle.swap(false, Ordering::SeqCst) {
            // Enabling it anew makes an empty transmitter interrupt at once.
            self.ports.write(InterruptEnable::RECEIVER);
            self.write_enable();
        }
        count
    }

    /// Answers an interrupt: moves bytes until the chip asks for nothing more. Harmless if the chip asked for nothing.
    pub fn on_interrupt(&self) -> Events {
        let mut events = Events::default();
        for _ in 0..CAUSE_LIMIT {
            let Some(cause) = self.ports.read::<InterruptIdentity>().cause() else {
                return events;
            };
            match cause {
                Cause::LineStatus | Cause::Received | Cause::Unknown => self.take_bytes(&mut events),
                Cause::TransmitterEmpty => self.refill(&mut events),
                Cause::ModemStatus => {
                    self.ports.read::<ModemStatus>();
                }
            }
        }
        // The line may still be raised, and an edge-triggered controller sees no new interrupt until it has dropped.
        self.ports.write(InterruptEnable::NONE);
        self.write_enable();
        events
    }

    /// Moves bytes from the chip to the receive ring while there are some and there is room.
    fn take_bytes(&self, events: &mut Events) {
        for _ in 0..TAKE_LIMIT {
            // The room is looked at first: reading the byte's status clears its errors.
            if self.receive.is_full() {
                self.held.store(true, Ordering::SeqCst);
                self.held_back.fetch_add(1, Ordering::Relaxed);
                self.write_enable();
                // Orders the announcement above before the second look at the ring; pairs with the fence in `read`.
                fence(Ordering::SeqCst);
                if self.receive.len() > RESUME_BYTES || !self.held.swap(false, Ordering::SeqCst) {
                    return;
                }
                self.write_enable();
            }
            let status = self.count_faults(self.ports.read::<LineStatus>());
            if !status.has_byte() {
                return;
            }
            let byte = self.ports.read::<Received>().byte();
            if !status.has_break() {
                self.receive.push(byte);
                events.received += 1;
            }
        }
    }

    /// Gives the empty transmitter what waits in the ring.
    fn refill(&self, events: &mut Events) {
        let mut chunk = [0; FIFO_BYTES];
        let room = if self.has_fifo { FIFO_BYTES } else { 1 };
        loop {
            // What the early log sent may fill the chip; it interrupts again when that has left.
            if !self.count_faults(self.ports.read::<LineStatus>()).can_send() {
                return;
            }
            let count = self.transmit.pop_slice(&mut chunk[..room]);
            for byte in &chunk[..count] {
                self.ports.write(Transmit::byte(*byte));
            }
            events.sent += count;
            if count > 0 {
                events.drained = self.transmit.is_empty();
                return;
            }
            self.idle.store(true, Ordering::SeqCst);
            // Orders the announcement above before the second look at the ring; pairs with the fence in `write`.
            fence(Ordering::SeqCst);
            if self.transmit.is_empty() || !self.idle.swap(false, Ordering::SeqCst) {
                return;
            }
        }
    }

    /// Sets which events interrupt, from the state that the flags describe.
    fn write_enable(&self) {
        loop {
            let wanted = self.wanted_enable();
            self.ports.write(wanted);
            // Another core may have changed a flag and written before this write did. Whoever writes last looks again,
            // so the chip ends up as the flags say; each round needs a change by someone else, so it ends.
            if self.wanted_enable() == wanted {
                return;
            }
        }
    }

    fn wanted_enable(&self) -> InterruptEnable {
        if !self.listening.load(Ordering::SeqCst) {
            InterruptEnable::NONE
        } else if self.held.load(Ordering::SeqCst) {
            InterruptEnable::TRANSMITTER
        } else {
            InterruptEnable::BOTH
        }
    }

    /// Counts the errors of `status`, which reading it has cleared in the chip.
    fn count_faults(&self, status: LineStatus) -> LineStatus {
        for (has_happened, counter) in [
            (status.has_overrun(), &self.overruns),
            (status.has_framing_error() && !status.has_break(), &self.framing_errors),
            (status.has_break(), &self.breaks),
        ] {
            if has_happened {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
        status
    }
}

/// Sends a few bytes to the chip itself and leaves it in loopback.
fn test_loopback(ports: &impl PortIo, clock: &impl Clock) -> Result<(), Error> {
    ports.write(ModemControl::LOOPBACK);
    if !ports.read::<ModemStatus>().shows_loopback() {
        return Err(Error::NoLoopback);
    }
    // A byte that was on its way in when the loop closed is not the answer.
    for _ in 0..2 * FIFO_BYTES {
        if !ports.read::<LineStatus>().has_byte() {
            break;
        }
        ports.read::<Received>();
    }
    for byte in [0xAE, 0x51] {
        ports.write(Transmit::byte(byte));
        clock
            .wait_until(LOOPBACK_LIMIT_MS, || ports.read::<LineStatus>().has_byte())
            .map_err(|_| Error::LoopbackTimedOut)?;
        if ports.read::<Received>().byte() != byte {
            return Err(Error::LoopbackMismatch);
        }
    }
    Ok(())
}
