//! One input: keys from the queue to the editor, its drawings back.

use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::{Context, Poll};

use super::completion::Completion;
use super::editor::{IsComplete, Step};
use super::{Editing, Input, Terminal};
use crate::host::{BoxFuture, Clock};

/// Bytes that are taken before others get their turn.
const BATCH_BYTES: usize = 4096;
/// After an Escape byte this long without another, it was the key and not the start of a sequence.
const ESCAPE_LIMIT_NS: u64 = 50_000_000;

impl Terminal {
    /// Reads with prompt, editing and history. Return ends the input where `is_complete` accepts the text, and begins
    /// another line of it otherwise. It sees the text again then: either it begins with the text of the call before,
    /// or a call with the empty text comes between. One reader at a time.
    ///
    /// After [`Input::Complete`], the next call goes on with the same input.
    pub async fn read_line(&'static self, mut is_complete: impl FnMut(&str) -> bool + Send) -> Input {
        let mut reading = Reading {
            terminal: self,
            goes_on: false,
        };
        reading.begin().await;
        reading.finish(&mut is_complete).await
    }

    /// Shows what the session has found for a question ([`Input::Complete`]), or inserts it. Does nothing where no input is open. Call
    /// it, and drop what it was given, with allocations on the kernel heap.
    pub async fn complete(&'static self, completion: Completion) {
        self.room().await;
        let mut bytes = Vec::new();
        let mut editing = self.editing.lock();
        if editing.is_active {
            editing.editor.complete(&completion, &mut bytes);
            self.queues.lock().send(&bytes);
        }
    }

    /// Lends the terminal a clock, without which the Escape key is not told from the start of a sequence.
    pub fn set_clock(&self, clock: &'static dyn Clock) {
        self.editing.lock().clock = Some(clock);
    }
}

/// An input being read. Dropping it, as a cancelled wait does, takes the input off the books.
struct Reading {
    terminal: &'static Terminal,
    /// The input is kept for the next call.
    goes_on: bool,
}

impl Reading {
    async fn begin(&self) {
        self.terminal.room().await;
        let mut bytes = Vec::new();
        let mut editing = self.terminal.editing.lock();
        if !editing.is_active {
            editing.editor.begin(&mut bytes);
            editing.is_active = true;
        }
        self.terminal.queues.lock().send(&bytes);
    }

    async fn finish(&mut self, is_complete: IsComplete<'_>) -> Input {
        let terminal = self.terminal;
        let mut escape_limit: Option<BoxFuture<()>> = None;
        let step = poll_fn(|context| {
            let mut editing = terminal.editing.lock();
            let mut bytes = Vec::new();
            let step = terminal.feed(&mut editing, context, is_complete, &mut bytes);
            let result = if step == Step::More {
                terminal.wait_for_escape(&mut editing, context, &mut escape_limit);
                // Where the terminal is behind, keys are taken, but what they change is drawn later, all at once.
                if terminal.queues.lock().poll_room(context).is_ready() {
                    editing.editor.draw(&mut bytes);
                }
                Poll::Pending
            } else {
                editing.is_active = matches!(step, Step::Complete(_));
                if editing.is_active {
                    editing.editor.draw(&mut bytes);
                }
                Poll::Ready(step)
            };
            terminal.queues.lock().send(&bytes);
            result
        })
        .await;
        self.goes_on = matches!(step, Step::Complete(_));
        match step {
            Step::Submitted(text) => Input::Line(text),
            Step::EndOfInput => Input::EndOfInput,
            Step::Machine => Input::Machine,
            Step::Complete(question) => Input::Complete(question),
            Step::Interrupted | Step::More => Input::Interrupted,
        }
    }
}

impl Terminal {
    /// Gives the editor what was typed, up to a limit.
    fn feed(
        &self,
        editing: &mut Editing,
        context: &Context<'_>,
        is_complete: IsComplete<'_>,
        bytes: &mut Vec<u8>,
    ) -> Step {
        let mut taken = 0;
        while taken < BATCH_BYTES {
            let Some(byte) = self.queues.lock().next_input(context) else {
                break;
            };
            taken += 1;
            let step = editing.editor.feed(byte, is_complete, bytes);
            if step != Step::More {
                return step;
            }
        }
        // A program sends more than one byte at a time, and is not to read a question in the midst of its line.
        if editing.editor.take_begun() && taken == 1 {
            editing.editor.draw(bytes);
            editing.editor.ask_size(bytes);
        }
        if taken == BATCH_BYTES {
            context.waker().wake_by_ref();
        }
        Step::More
    }

    fn wait_for_escape(&self, editing: &mut Editing, context: &mut Context<'_>, limit: &mut Option<BoxFuture<()>>) {
        let Some(clock) = editing.clock.filter(|_| editing.editor.is_in_doubt()) else {
            *limit = None;
            return;
        };
        let sleep = limit.get_or_insert_with(|| clock.sleep_until(clock.uptime_ns() + ESCAPE_LIMIT_NS));
        if sleep.as_mut().poll(context).is_ready() {
            editing.editor.give_up();
            *limit = None;
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if !self.goes_on {
            let mut editing = self.terminal.editing.lock();
            editing.is_active = false;
            editing.editor.forget();
        }
    }
}
