//! What scripts have called at a time or on an event: its figures, and for an event what waits to be dealt with.
//!
//! The work is done by a task of its own, which the object belongs to and ends with.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll};

use super::{Budget, Closed};
use crate::lock::Lock;
use crate::task::TaskId;
use crate::value::Value;
use crate::waker_slot::WakerSlot;

/// Events that may wait for one listener; beyond it, they are dropped and counted.
pub const QUEUE_LIMIT: usize = 64;

/// See the module.
#[derive(Debug)]
pub struct Timer {
    /// Such as `every 500 ms`.
    pub name: String,
    /// The event that it listens to; `None` for one that goes by time.
    pub event: Option<String>,
    task: AtomicU64,
    runs: AtomicU64,
    skipped: AtomicU64,
    errors: AtomicU64,
    due_ns: AtomicU64,
    budget: Arc<Budget>,
    queue: Lock<Queue>,
    listener: WakerSlot,
}

#[derive(Debug, Default)]
struct Queue {
    values: VecDeque<(Value, usize)>,
    is_closed: bool,
}

/// What there is to know about a timer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Calls so far.
    pub runs: u64,
    /// Times that were passed over because a call took too long, or events that found the queue full.
    pub skipped: u64,
    /// Calls that ended with an error.
    pub errors: u64,
    /// When the next call is due, in nanoseconds of uptime; 0 where nobody knows.
    pub due_ns: u64,
}

impl Timer {
    pub(super) fn new(name: String, event: Option<String>, budget: Arc<Budget>) -> Self {
        Self {
            name,
            event,
            task: AtomicU64::new(0),
            runs: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            due_ns: AtomicU64::new(0),
            budget,
            queue: Lock::new(Queue::default()),
            listener: WakerSlot::new(),
        }
    }

    /// The task that does the work; `None` before it has started.
    pub fn task(&self) -> Option<TaskId> {
        match self.task.load(Ordering::Relaxed) {
            0 => None,
            number => Some(TaskId(number)),
        }
    }

    /// Notes the task that does the work.
    pub fn set_task(&self, task: TaskId) {
        self.task.store(task.0, Ordering::Relaxed);
    }

    /// Notes a call, and whether it ended with an error.
    pub fn note_run(&self, is_error: bool) {
        self.runs.fetch_add(1, Ordering::Relaxed);
        self.errors.fetch_add(u64::from(is_error), Ordering::Relaxed);
    }

    /// Notes times that were passed over.
    pub fn note_skipped(&self, count: u64) {
        self.skipped.fetch_add(count, Ordering::Relaxed);
    }

    /// Notes when the next call is due.
    pub fn set_due_ns(&self, due_ns: u64) {
        self.due_ns.store(due_ns, Ordering::Relaxed);
    }

    /// The figures so far.
    pub fn figures(&self) -> Figures {
        Figures {
            runs: self.runs.load(Ordering::Relaxed),
            skipped: self.skipped.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            due_ns: self.due_ns.load(Ordering::Relaxed),
        }
    }

    /// Puts an event's value into the queue; where that is full, or memory has run out, it is dropped and counted.
    pub(super) fn deliver(&self, value: Value) -> bool {
        let bytes = value.size_bytes();
        let is_taken = {
            let mut queue = self.queue.lock();
            let has_room = !queue.is_closed && queue.values.len() < QUEUE_LIMIT;
            let is_taken = has_room && queue.values.try_reserve(1).is_ok() && self.budget.take(bytes);
            if is_taken {
                queue.values.push_back((value, bytes));
            }
            is_taken
        };
        if is_taken {
            self.listener.wake();
        } else {
            self.note_skipped(1);
        }
        is_taken
    }

    /// Takes the oldest event's value; pending while there is none.
    pub fn poll_event(&self, context: &Context<'_>) -> Poll<Result<Value, Closed>> {
        self.listener.set(context.waker());
        let taken = {
            let mut queue = self.queue.lock();
            if queue.is_closed {
                return Poll::Ready(Err(Closed));
            }
            queue.values.pop_front()
        };
        match taken {
            Some((value, bytes)) => {
                self.budget.give_back(bytes);
                Poll::Ready(Ok(value))
            }
            None => Poll::Pending,
        }
    }

    pub(super) fn close(&self) {
        self.queue.lock().is_closed = true;
        self.listener.wake();
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let bytes = self.queue.lock().values.iter().map(|(_, bytes)| *bytes).sum();
        self.budget.give_back(bytes);
    }
}
