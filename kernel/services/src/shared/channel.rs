//! A channel: values go in at one end and come out at the other, in order, each to one receiver.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::{Context, Poll, Waker};

use super::{Budget, Closed};
use crate::lock::Lock;
use crate::value::Value;

/// Values that a channel may hold.
pub const CAPACITY_LIMIT: usize = 65_536;

/// See the module.
#[derive(Debug)]
pub struct Channel {
    capacity: usize,
    budget: Arc<Budget>,
    state: Lock<State>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<(Value, usize)>,
    is_closed: bool,
    receivers: Vec<Waker>,
    senders: Vec<Waker>,
}

/// Why a value was not taken; it comes back.
#[derive(Debug, PartialEq)]
pub enum Refused {
    /// The channel has ended.
    Closed(Value),
    /// All channels together hold too much.
    OutOfMemory(Value),
}

impl Channel {
    /// An empty channel for up to `capacity` values, at least one.
    pub(super) fn new(capacity: usize, budget: Arc<Budget>) -> Self {
        Self {
            capacity: capacity.clamp(1, CAPACITY_LIMIT),
            budget,
            state: Lock::new(State::default()),
        }
    }

    /// Puts the value in `slot` into the channel; pending while it is full.
    pub fn poll_send(&self, slot: &mut Option<Value>, context: &Context<'_>) -> Poll<Result<(), Refused>> {
        let Some(value) = slot.take() else {
            return Poll::Ready(Ok(()));
        };
        let bytes = value.size_bytes();
        let woken = {
            let mut state = self.state.lock();
            if state.is_closed {
                return Poll::Ready(Err(Refused::Closed(value)));
            }
            if state.queue.len() >= self.capacity {
                *slot = Some(value);
                return match leave(&mut state.senders, context) {
                    true => Poll::Pending,
                    false => Poll::Ready(slot.take().map_or(Ok(()), |value| Err(Refused::OutOfMemory(value)))),
                };
            }
            if state.queue.try_reserve(1).is_err() || !self.budget.take(bytes) {
                return Poll::Ready(Err(Refused::OutOfMemory(value)));
            }
            state.queue.push_back((value, bytes));
            core::mem::take(&mut state.receivers)
        };
        woken.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(()))
    }

    /// Takes the oldest value; pending while there is none. What was sent before the end still comes out.
    pub fn poll_receive(&self, context: &Context<'_>) -> Poll<Result<Value, Closed>> {
        let (value, bytes, woken) = {
            let mut state = self.state.lock();
            match state.queue.pop_front() {
                Some((value, bytes)) => (value, bytes, core::mem::take(&mut state.senders)),
                None if state.is_closed => return Poll::Ready(Err(Closed)),
                None if leave(&mut state.receivers, context) => return Poll::Pending,
                None => return Poll::Ready(Err(Closed)),
            }
        };
        self.budget.give_back(bytes);
        woken.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(value))
    }

    /// Values that wait.
    pub fn len(&self) -> usize {
        self.state.lock().queue.len()
    }

    /// True if none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Refuses values from now on, and wakes everybody who waits; false where it did so before.
    pub fn close(&self) -> bool {
        let (was_closed, receivers, senders) = {
            let mut state = self.state.lock();
            (
                core::mem::replace(&mut state.is_closed, true),
                core::mem::take(&mut state.receivers),
                core::mem::take(&mut state.senders),
            )
        };
        receivers.into_iter().chain(senders).for_each(Waker::wake);
        !was_closed
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        let bytes = self.state.lock().queue.iter().map(|(_, bytes)| *bytes).sum();
        self.budget.give_back(bytes);
    }
}

/// Leaves the waker once; false where memory has run out.
fn leave(wakers: &mut Vec<Waker>, context: &Context<'_>) -> bool {
    if wakers.iter().any(|waker| waker.will_wake(context.waker())) {
        return true;
    }
    if wakers.try_reserve(1).is_err() {
        return false;
    }
    wakers.push(context.waker().clone());
    true
}
