//! What waits between the console, the line editor and the printers, and who is to be woken.
//!
//! Wakers are taken out under the lock and woken after it, because waking may run code that wants the lock.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::task::{Context, Poll, Waker};

use super::machine::Phase;
use crate::task::{Control, Requests};

/// Input kept while nobody reads; beyond it the sender is held back.
pub(super) const INPUT_LIMIT_BYTES: usize = 64 * 1024;
/// Input kept while an evaluation runs. Reading goes on above the other limit, because Ctrl-C may come behind; beyond
/// this one, input is dropped with a bell, but Ctrl-C still counts.
pub(super) const TYPE_AHEAD_LIMIT_BYTES: usize = 1024 * 1024;
/// Output that may wait before printers are held back.
pub(super) const OUTPUT_LIMIT_BYTES: usize = 4 * 1024;
const CONTROL_C: u8 = 0x03;
const CONTROL_Z: u8 = 0x1a;
const BELL: u8 = 0x07;

/// The queues and their waiters.
#[derive(Default)]
pub(super) struct Queues {
    input: VecDeque<u8>,
    output: VecDeque<u8>,
    evaluation: Option<&'static Control>,
    /// A full-screen program reads the keys: Ctrl-C is one of them.
    is_raw: bool,
    /// A program is at the other end: nothing but the protocol's bytes may be sent.
    pub(super) machine: Phase,
    pump: Option<Waker>,
    reader: Option<Waker>,
    printers: Vec<Waker>,
}

/// Wakers to be woken once the lock is open.
#[must_use]
pub(super) struct Wakers {
    reader: Option<Waker>,
    printers: Vec<Waker>,
    cancelled: Option<&'static Control>,
    /// Ctrl-Z was typed: the running line is to go to the background.
    pub(super) detaches: bool,
}

impl Wakers {
    pub(super) fn wake(self) {
        self.reader.into_iter().chain(self.printers).for_each(Waker::wake);
        if let Some(control) = self.cancelled {
            control.interrupt(Requests::CANCEL);
        }
    }
}

impl Queues {
    /// Returns whether a Ctrl-C that was typed before has cancelled the evaluation already.
    pub(super) fn begin_evaluation(&mut self, control: &'static Control) -> bool {
        self.evaluation = Some(control);
        let at = self.input.iter().rposition(|&byte| byte == CONTROL_C);
        if let Some(at) = at {
            self.input.drain(..=at);
            control.ask(Requests::CANCEL);
        }
        at.is_some()
    }

    /// Takes the Ctrl-Z that was typed since the line was entered, and before another one was.
    pub(super) fn take_control_z(&mut self) -> bool {
        let mut typed = self.input.iter();
        let at = typed.position(|&byte| matches!(byte, CONTROL_Z | b'\r' | b'\n'));
        let is_there = at.is_some_and(|at| self.input[at] == CONTROL_Z);
        if let Some(at) = at.filter(|_| is_there) {
            self.input.remove(at);
        }
        is_there
    }

    pub(super) fn end_evaluation(&mut self) {
        self.evaluation = None;
        self.is_raw = false;
    }

    /// Ctrl-C and the keys belong to `control` from now on.
    pub(super) fn set_evaluation(&mut self, control: &'static Control) {
        self.evaluation = Some(control);
        self.is_raw = false;
    }

    /// Whether `control` is the one whose evaluation runs.
    pub(super) fn is_evaluating(&self, control: &'static Control) -> bool {
        self.evaluation.is_some_and(|running| core::ptr::eq(running, control))
    }

    /// Whether Ctrl-C is a key as any other.
    pub(super) fn is_raw(&self) -> bool {
        self.is_raw
    }

    pub(super) fn set_raw(&mut self, is_raw: bool) {
        self.is_raw = is_raw;
    }

    /// Forgets what was typed and not read.
    pub(super) fn drop_input(&mut self) {
        self.input.clear();
        self.wake_pump();
    }

    /// How many bytes the console may hand over now; where none, the pump is woken when there is room.
    pub(super) fn receive_limit(&mut self, context: &Context<'_>) -> usize {
        keep(&mut self.pump, context);
        if self.evaluation.is_some() && !self.is_raw {
            usize::MAX
        } else {
            INPUT_LIMIT_BYTES.saturating_sub(self.input.len())
        }
    }

    /// Takes bytes from the console.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> Wakers {
        let mut fresh = bytes;
        let mut cancelled = None;
        if let Some(control) = self.evaluation
            && !self.is_raw
            && let Some(at) = bytes.iter().rposition(|&byte| byte == CONTROL_C)
        {
            // What was typed before Ctrl-C is withdrawn, and what was about to be shown is no longer wanted.
            self.input.clear();
            if self.machine == Phase::Off {
                self.output.clear();
                self.output.extend(b"^C\r\n");
            }
            fresh = &bytes[at + 1..];
            cancelled = Some(control);
        }
        let room = TYPE_AHEAD_LIMIT_BYTES.saturating_sub(self.input.len());
        let is_running = self.evaluation.is_some() && !self.is_raw && self.machine == Phase::Off;
        let detaches = is_running && cancelled.is_none() && fresh.contains(&CONTROL_Z);
        let kept = fresh.iter().filter(|&&byte| !(is_running && byte == CONTROL_Z));
        self.input.extend(kept.take(room));
        if fresh.len() > room {
            self.ring();
        }
        let printers = if cancelled.is_some() {
            core::mem::take(&mut self.printers)
        } else {
            Vec::new()
        };
        Wakers {
            reader: self.reader.take(),
            printers,
            cancelled,
            detaches,
        }
    }

    /// The next byte for the line editor.
    pub(super) fn next_input(&mut self, context: &Context<'_>) -> Option<u8> {
        let was_full = self.input.len() >= INPUT_LIMIT_BYTES;
        let byte = self.input.pop_front();
        match byte {
            None => keep(&mut self.reader, context),
            Some(_) if was_full => self.wake_pump(),
            Some(_) => {}
        }
        byte
    }

    /// Adds bytes for the console. Callers wait for room first; the queue may run over by what they add at once.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.output.extend(bytes);
        self.wake_pump();
    }

    /// Tells the person that what was typed counts for nothing.
    pub(super) fn ring(&mut self) {
        if self.machine == Phase::Off && self.output.len() < OUTPUT_LIMIT_BYTES {
            self.send(&[BELL]);
        }
    }

    /// Ready when there is room for more output.
    pub(super) fn poll_room(&mut self, context: &Context<'_>) -> Poll<()> {
        self.poll_output_below(OUTPUT_LIMIT_BYTES, context)
    }

    /// Ready when all output has been sent.
    pub(super) fn poll_sent(&mut self, context: &Context<'_>) -> Poll<()> {
        self.poll_output_below(1, context)
    }

    /// Copies the next output into `buffer` and returns its length; it stays queued until [`Queues::drop_output`].
    pub(super) fn peek_output(&mut self, context: &Context<'_>, buffer: &mut [u8]) -> usize {
        keep(&mut self.pump, context);
        let (front, _) = self.output.as_slices();
        let count = front.len().min(buffer.len());
        buffer[..count].copy_from_slice(&front[..count]);
        count
    }

    /// Forgets output that was sent.
    pub(super) fn drop_output(&mut self, count: usize) -> Wakers {
        self.output.drain(..count.min(self.output.len()));
        let printers = if self.output.len() < OUTPUT_LIMIT_BYTES {
            core::mem::take(&mut self.printers)
        } else {
            Vec::new()
        };
        Wakers {
            reader: None,
            printers,
            cancelled: None,
            detaches: false,
        }
    }

    fn poll_output_below(&mut self, limit: usize, context: &Context<'_>) -> Poll<()> {
        if self.output.len() < limit {
            return Poll::Ready(());
        }
        if !self.printers.iter().any(|waker| waker.will_wake(context.waker())) {
            self.printers.push(context.waker().clone());
        }
        Poll::Pending
    }

    fn wake_pump(&mut self) {
        // The pump's own waker only queues it: it takes no lock of ours.
        if let Some(pump) = &self.pump {
            pump.wake_by_ref();
        }
    }
}

fn keep(slot: &mut Option<Waker>, context: &Context<'_>) {
    if slot.as_ref().is_none_or(|waker| !waker.will_wake(context.waker())) {
        *slot = Some(context.waker().clone());
    }
}
