//! The PC's keyboard controller (Intel 8042 and its many imitations) with a PS/2 keyboard.
//!
//! Start-up ([`Controller::start`]) is polled. Then the interrupt handler moves scancodes into a ring, from which a task
//! takes them; the handler takes no lock and allocates nothing. Commands to the running keyboard (the LEDs) are driven
//! by its acknowledgements, in the same handler: whoever finds the conversation at rest may begin one.
//!
//! | module | what it holds |
//! |---|---|
//! | `registers` | the controller's data sheet as types |
//! | `command` | what host and keyboard say to each other |
//! | `start` | start-up in bounded time |

mod command;
#[cfg(test)]
mod model;
mod registers;
mod start;
#[cfg(test)]
mod tests;

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use hw::PortIo;
use hw::ring::ByteRing;
use registers::{Data, Status};
pub use start::Controller;

/// Scancodes that wait for a reader; a key is at most 8 bytes.
pub const RING_BYTES: usize = 256;
/// Bytes handled in one interrupt; a healthy controller holds one.
const INTERRUPT_LIMIT: u32 = 32;
/// Reads of `Status` for the controller to take a byte, about 1 us each.
const READY_POLL_LIMIT: u32 = 200;
/// Times that a byte is sent again before a command is dropped.
const RESEND_LIMIT: u8 = 3;
/// Scancodes that may come in place of an acknowledgement: a keyboard on its way to obeying sends what it had begun.
const PATIENCE: u8 = 8;

/// Why there is no usable keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Nothing answers at the ports.
    Absent,
    /// The controller never accepts a command.
    TakesNoCommands,
    /// The controller always has one byte more.
    NeverStopsSending,
    /// Neither controller nor keyboard ever answered.
    Silent,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Absent => "there is no keyboard controller",
            Self::TakesNoCommands => "the keyboard controller takes no commands",
            Self::NeverStopsSending => "the keyboard controller sends without end",
            Self::Silent => "neither keyboard controller nor keyboard answers",
        })
    }
}

/// The scancode set that arrives at the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// Set 1: translated by the controller, or the keyboard's own.
    One,
    /// Set 2.
    Two,
}

impl fmt::Display for Set {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::One => "scancode set 1",
            Self::Two => "scancode set 2",
        })
    }
}

/// How a test of the controller came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestResult {
    /// As it should.
    Passed,
    /// With this byte, which names no success.
    Failed(u8),
    /// Without an answer in time.
    Silent,
}

/// What start-up found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The scancode set that arrives.
    pub set: Set,
    /// The keyboard acknowledged a command. If not, there may be none; if there is one, it works nevertheless.
    pub has_answered: bool,
    /// The keyboard was still testing itself when start-up ended.
    pub awaits_test: bool,
    /// The controller's self test.
    pub controller_test: TestResult,
    /// The controller's test of the keyboard's lines.
    pub interface_test: TestResult,
}

/// The keyboard's lights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leds {
    /// Scroll Lock.
    pub scroll_lock: bool,
    /// Num Lock.
    pub num_lock: bool,
    /// Caps Lock.
    pub caps_lock: bool,
}

/// How often things went wrong since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Scancodes lost because nobody read them: releases may be among them, so all keys should count as released.
    pub overflows: u64,
    /// Bytes of the mouse, which were dropped.
    pub auxiliary: u64,
    /// Bytes that came with a line error; they were kept.
    pub line_errors: u64,
    /// LED commands that the keyboard did not carry out.
    pub led_failures: u64,
}

/// Where the conversation with the keyboard about its LEDs stands.
mod phase {
    /// At rest; whoever changes this to another value may write to the keyboard.
    pub(super) const REST: u8 = 0;
    /// Somebody is about to write.
    pub(super) const CLAIMED: u8 = 1;
    /// The command was sent.
    pub(super) const COMMAND: u8 = 2;
    /// The argument was sent.
    pub(super) const ARGUMENT: u8 = 3;
}

/// Set in `Keyboard::wanted_leds` while the keyboard has not been told.
const UNTOLD: u8 = 1 << 7;

/// A running keyboard. The interrupt handler may run beside one reader and any callers of [`Keyboard::set_leds`].
#[derive(Debug)]
pub struct Keyboard<P> {
    ports: P,
    report: Report,
    scancodes: ByteRing<RING_BYTES>,
    /// The result of the keyboard's self test may still come.
    awaits_test: AtomicBool,
    wanted_leds: AtomicU8,
    /// The argument that was last sent, for sending it again.
    sent_leds: AtomicU8,
    phase: AtomicU8,
    /// Times that the current byte was sent again; written by the interrupt handler only.
    resends: AtomicU8,
    /// Scancodes that came while an acknowledgement was due; written by the interrupt handler only.
    waited: AtomicU8,
    overflows: AtomicU64,
    auxiliary: AtomicU64,
    line_errors: AtomicU64,
    led_failures: AtomicU64,
}

impl<P: PortIo> Keyboard<P> {
    fn new(ports: P, report: Report) -> Self {
        Self {
            ports,
            report,
            scancodes: ByteRing::new(),
            awaits_test: AtomicBool::new(report.awaits_test),
            wanted_leds: AtomicU8::new(Leds::default().byte()),
            sent_leds: AtomicU8::new(0),
            phase: AtomicU8::new(phase::REST),
            resends: AtomicU8::new(0),
            waited: AtomicU8::new(0),
            overflows: AtomicU64::new(0),
            auxiliary: AtomicU64::new(0),
            line_errors: AtomicU64::new(0),
            led_failures: AtomicU64::new(0),
        }
    }

    /// What start-up found out.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Scancodes arrive as set 1, not set 2.
    pub fn is_translated(&self) -> bool {
        self.report.set == Set::One
    }

    /// How often things went wrong.
    pub fn faults(&self) -> Faults {
        Faults {
            overflows: self.overflows.load(Ordering::Relaxed),
            auxiliary: self.auxiliary.load(Ordering::Relaxed),
            line_errors: self.line_errors.load(Ordering::Relaxed),
            led_failures: self.led_failures.load(Ordering::Relaxed),
        }
    }

    /// Takes waiting scancodes, as many as fit, and returns how many.
    pub fn read_scancodes(&self, buffer: &mut [u8]) -> usize {
        self.scancodes.pop_slice(buffer)
    }

    /// Asks for the LEDs to show `leds`, without waiting; if asked again before they do, the last wish counts.
    pub fn set_leds(&self, leds: Leds) {
        self.wanted_leds.store(leds.byte() | UNTOLD, Ordering::SeqCst);
        self.begin_leds();
    }

    /// Takes what the controller has, at an interrupt or when polled; returns the scancodes put into the ring: if
    /// there are any, wake the reader.
    pub fn on_interrupt(&self) -> usize {
        let mut taken = 0;
        for _ in 0..INTERRUPT_LIMIT {
            let status = self.ports.read::<Status>();
            if status.is_absent() || !status.has_byte() {
                break;
            }
            let byte = self.ports.read::<Data>().byte();
            if status.is_auxiliary() {
                self.auxiliary.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            if status.has_line_error() {
                self.line_errors.fetch_add(1, Ordering::Relaxed);
            }
            if !self.take_answer(byte) {
                let has_room = self.scancodes.push(byte);
                taken += usize::from(has_room);
                self.overflows.fetch_add(u64::from(!has_room), Ordering::Relaxed);
            }
        }
        // A wish that could not be carried out before because the controller was busy.
        self.begin_leds();
        taken
    }

    /// Handles a byte that is no scancode; false if it is one.
    fn take_answer(&self, byte: u8) -> bool {
        match byte {
            command::ACKNOWLEDGE => {
                self.go_on();
                true
            }
            command::RESEND => {
                self.send_again();
                true
            }
            command::TEST_PASSED | command::TEST_FAILED if self.awaits_test.swap(false, Ordering::Relaxed) => {
                self.tell_leds_anew();
                true
            }
            // A keyboard was plugged in; the reader releases all keys. In set 1 this is the left Shift key going up.
            command::TEST_PASSED if !self.is_translated() => {
                self.tell_leds_anew();
                false
            }
            _ => {
                // A keyboard that types is not testing itself.
                self.awaits_test.store(false, Ordering::Relaxed);
                self.grow_impatient();
                false
            }
        }
    }

    /// A keyboard that began anew has its LEDs off and has forgotten what it was told.
    fn tell_leds_anew(&self) {
        self.phase.store(phase::REST, Ordering::SeqCst);
        self.wanted_leds.fetch_or(UNTOLD, Ordering::SeqCst);
    }

    /// Begins to tell the LEDs, if there is something to tell and nobody is at it.
    fn begin_leds(&self) {
        if self.wanted_leds.load(Ordering::SeqCst) & UNTOLD == 0 || !self.claim(phase::REST) {
            return;
        }
        self.resends.store(0, Ordering::Relaxed);
        self.waited.store(0, Ordering::Relaxed);
        // The phase changes before the write: the answer may come to another core at once.
        self.phase.store(phase::COMMAND, Ordering::SeqCst);
        if !self.send(command::SET_LEDS) {
            self.phase.store(phase::REST, Ordering::SeqCst);
        }
    }

    /// The last byte was acknowledged.
    fn go_on(&self) {
        if self.claim(phase::COMMAND) {
            let leds = self.wanted_leds.fetch_and(!UNTOLD, Ordering::SeqCst) & !UNTOLD;
            self.sent_leds.store(leds, Ordering::Relaxed);
            self.resends.store(0, Ordering::Relaxed);
            self.phase.store(phase::ARGUMENT, Ordering::SeqCst);
            if !self.send(leds) {
                self.give_up();
            }
        } else if self.claim(phase::ARGUMENT) {
            self.phase.store(phase::REST, Ordering::SeqCst);
        }
    }

    /// The last byte was not understood.
    fn send_again(&self) {
        let byte = match self.phase.load(Ordering::SeqCst) {
            phase::COMMAND => command::SET_LEDS,
            phase::ARGUMENT => self.sent_leds.load(Ordering::Relaxed),
            _ => return,
        };
        if self.resends.fetch_add(1, Ordering::Relaxed) >= RESEND_LIMIT || !self.send(byte) {
            self.give_up();
        }
    }

    /// A scancode came; too many of them mean that the acknowledgement will not.
    fn grow_impatient(&self) {
        let is_waiting = matches!(self.phase.load(Ordering::SeqCst), phase::COMMAND | phase::ARGUMENT);
        if is_waiting && self.waited.fetch_add(1, Ordering::Relaxed) >= PATIENCE {
            self.give_up();
        }
    }

    /// Drops the command; the next wish is tried again.
    fn give_up(&self) {
        self.led_failures.fetch_add(1, Ordering::Relaxed);
        self.wanted_leds.fetch_and(!UNTOLD, Ordering::SeqCst);
        self.phase.store(phase::REST, Ordering::SeqCst);
    }

    /// Takes the conversation over if it stands at `from`.
    fn claim(&self, from: u8) -> bool {
        self.phase
            .compare_exchange(from, phase::CLAIMED, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }

    /// Writes a byte to the keyboard; false if the controller does not take it.
    fn send(&self, byte: u8) -> bool {
        let is_ready = (0..READY_POLL_LIMIT).any(|_| !self.ports.read::<Status>().is_busy());
        if is_ready {
            self.ports.write(Data::new(byte));
        }
        is_ready
    }
}
