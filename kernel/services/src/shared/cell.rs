//! A cell: one value that is read and replaced, and that one task at a time may change.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::{Context, Poll, Waker};

use super::{Budget, Closed};
use crate::lock::Lock;
use crate::task::TaskId;
use crate::value::Value;

/// See the module.
#[derive(Debug)]
pub struct Cell {
    budget: Arc<Budget>,
    state: Lock<State>,
}

#[derive(Debug, Default)]
struct State {
    value: Arc<Value>,
    bytes: usize,
    is_closed: bool,
    /// Who is changing it.
    changer: Option<TaskId>,
    waiting: Vec<Waker>,
}

impl Cell {
    pub(super) fn new(budget: Arc<Budget>) -> Self {
        Self {
            budget,
            state: Lock::new(State::default()),
        }
    }

    /// The value.
    pub fn get(&self) -> Arc<Value> {
        Arc::clone(&self.state.lock().value)
    }

    /// Replaces the value; false where memory has run out, and the value stays then.
    pub fn set(&self, value: Value) -> bool {
        let bytes = value.size_bytes();
        if !self.budget.take(bytes) {
            return false;
        }
        let value = Arc::new(value);
        let (old, old_bytes) = {
            let mut state = self.state.lock();
            let old = core::mem::replace(&mut state.value, value);
            (old, core::mem::replace(&mut state.bytes, bytes))
        };
        self.budget.give_back(old_bytes);
        drop(old);
        true
    }

    /// Makes `task` the one that may change the value; pending while another one does.
    pub fn poll_begin_change(&self, task: TaskId, context: &Context<'_>) -> Poll<Result<(), Closed>> {
        let mut state = self.state.lock();
        if state.is_closed {
            return Poll::Ready(Err(Closed));
        }
        match state.changer {
            None => {
                state.changer = Some(task);
                Poll::Ready(Ok(()))
            }
            Some(_) => {
                if state.waiting.try_reserve(1).is_err() {
                    return Poll::Ready(Err(Closed));
                }
                state.waiting.push(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Whether `task` is the one that changes the value now.
    pub fn is_changed_by(&self, task: TaskId) -> bool {
        self.state.lock().changer == Some(task)
    }

    /// `task` has changed the value, or has ended while it did; nothing where it did not.
    pub fn end_change(&self, task: TaskId) {
        let waiting = {
            let mut state = self.state.lock();
            if state.changer != Some(task) {
                return;
            }
            state.changer = None;
            core::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    pub(super) fn close(&self) {
        let waiting = {
            let mut state = self.state.lock();
            state.is_closed = true;
            core::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        self.budget.give_back(self.state.lock().bytes);
    }
}
