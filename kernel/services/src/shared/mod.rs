//! What tasks share: channels, cells, counters and timers, each reached by a handle that may be copied to any task.
//!
//! An object belongs to the task that made it and ends with it, as the tasks do that it started; so nothing is left
//! behind by a task that is killed, and nothing needs to count handles. Who waits on an object when it ends gets
//! [`Closed`].
//!
//! | module | what it holds |
//! |---|---|
//! | [`channel`] | values from many senders to many receivers, in order |
//! | `cell` | one value that is read and replaced |
//! | [`timer`] | what is called at a time or on an event |

mod cell;
pub mod channel;
#[cfg(test)]
mod tests;
pub mod timer;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

use crate::lock::Lock;
use crate::task::TaskId;
use crate::value::Value;
pub use cell::Cell;
pub use channel::Channel;
pub use timer::Timer;

/// Objects that one task may have at once.
pub const OBJECTS_PER_TASK: usize = 4096;

/// What a handle stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A [`Channel`].
    Channel,
    /// A [`Cell`].
    Cell,
    /// A counter.
    Counter,
    /// A [`Timer`].
    Timer,
}

/// Names an object to any task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    /// What it is.
    pub kind: Kind,
    /// Which one; never used twice.
    pub number: u64,
}

/// The object has ended: closed, or with the task that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("it was closed, or the task that made it has ended")
    }
}

/// Why there is no new object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The task has [`OBJECTS_PER_TASK`] already.
    TooMany,
    /// Memory has run out.
    OutOfMemory,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(
                out,
                "a task may have {OBJECTS_PER_TASK} channels, cells, counters and timers at once"
            ),
            Self::OutOfMemory => out.write_str("there is not enough free memory for it"),
        }
    }
}

#[derive(Clone, Debug)]
enum Object {
    Channel(Arc<Channel>),
    Cell(Arc<Cell>),
    Counter(Arc<AtomicI64>),
    Timer(Arc<Timer>),
}

#[derive(Debug)]
struct Entry {
    number: u64,
    owner: TaskId,
    object: Object,
}

/// All objects.
#[derive(Debug)]
pub struct Table {
    /// In the order of their numbers.
    entries: Lock<Vec<Entry>>,
    next: AtomicU64,
    bytes: Arc<Budget>,
}

/// Bytes that all objects together hold for others, and the most that they may.
#[derive(Debug)]
pub struct Budget {
    limit: AtomicUsize,
    used: AtomicUsize,
}

impl Budget {
    /// Takes `bytes`; false where that would be too much.
    fn take(&self, bytes: usize) -> bool {
        let limit = self.limit.load(Ordering::Relaxed);
        let add = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= limit);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add)
            .is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Table {
    /// No objects; all that come may hold `limit_bytes` together.
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            entries: Lock::new(Vec::new()),
            next: AtomicU64::new(1),
            bytes: Arc::new(Budget {
                limit: AtomicUsize::new(limit_bytes),
                used: AtomicUsize::new(0),
            }),
        }
    }

    /// A new channel that holds up to `capacity` values.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn make_channel(&self, owner: TaskId, capacity: usize) -> Result<Handle, Error> {
        let channel = Channel::new(capacity, Arc::clone(&self.bytes));
        self.add(owner, Kind::Channel, Object::Channel(Arc::new(channel)))
    }

    /// A new cell with nothing in it.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn make_cell(&self, owner: TaskId) -> Result<Handle, Error> {
        let cell = Cell::new(Arc::clone(&self.bytes));
        self.add(owner, Kind::Cell, Object::Cell(Arc::new(cell)))
    }

    /// A new counter that shows `start`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn make_counter(&self, owner: TaskId, start: i64) -> Result<Handle, Error> {
        self.add(owner, Kind::Counter, Object::Counter(Arc::new(AtomicI64::new(start))))
    }

    /// A new timer, or a listener to an event. It is `owner`'s until the task that does the work takes it over.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn make_timer(&self, owner: TaskId, name: String, event: Option<String>) -> Result<Handle, Error> {
        let timer = Timer::new(name, event, Arc::clone(&self.bytes));
        self.add(owner, Kind::Timer, Object::Timer(Arc::new(timer)))
    }

    fn add(&self, owner: TaskId, kind: Kind, object: Object) -> Result<Handle, Error> {
        let mut entries = self.entries.lock();
        if entries.iter().filter(|entry| entry.owner == owner).count() >= OBJECTS_PER_TASK {
            return Err(Error::TooMany);
        }
        // A failed growth must not panic while the table is locked.
        entries.try_reserve(1).map_err(|_| Error::OutOfMemory)?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        entries.push(Entry { number, owner, object });
        Ok(Handle { kind, number })
    }

    fn find(&self, handle: Handle) -> Result<Object, Closed> {
        let entries = self.entries.lock();
        let place = entries.binary_search_by_key(&handle.number, |entry| entry.number);
        place.map(|index| entries[index].object.clone()).map_err(|_| Closed)
    }

    /// The channel that `handle` names.
    ///
    /// # Errors
    ///
    /// [`Closed`] where it has ended.
    pub fn channel(&self, handle: Handle) -> Result<Arc<Channel>, Closed> {
        match self.find(handle)? {
            Object::Channel(channel) => Ok(channel),
            _ => Err(Closed),
        }
    }

    /// The cell that `handle` names.
    ///
    /// # Errors
    ///
    /// [`Closed`] where it has ended.
    pub fn cell(&self, handle: Handle) -> Result<Arc<Cell>, Closed> {
        match self.find(handle)? {
            Object::Cell(cell) => Ok(cell),
            _ => Err(Closed),
        }
    }

    /// The counter that `handle` names.
    ///
    /// # Errors
    ///
    /// [`Closed`] where it has ended.
    pub fn counter(&self, handle: Handle) -> Result<Arc<AtomicI64>, Closed> {
        match self.find(handle)? {
            Object::Counter(counter) => Ok(counter),
            _ => Err(Closed),
        }
    }

    /// The timer that `handle` names.
    ///
    /// # Errors
    ///
    /// [`Closed`] where it has ended.
    pub fn timer(&self, handle: Handle) -> Result<Arc<Timer>, Closed> {
        match self.find(handle)? {
            Object::Timer(timer) => Ok(timer),
            _ => Err(Closed),
        }
    }

    /// All timers, oldest first, as many as memory has room for.
    pub fn timers(&self) -> Vec<Arc<Timer>> {
        let mut timers = Vec::new();
        for entry in self.entries.lock().iter() {
            if let Object::Timer(timer) = &entry.object
                && timers.try_reserve(1).is_ok()
            {
                timers.push(Arc::clone(timer));
            }
        }
        timers
    }

    /// Whether somebody listens to `event`.
    pub fn has_listener(&self, event: &str) -> bool {
        let is_listener =
            |entry: &Entry| matches!(&entry.object, Object::Timer(timer) if timer.event.as_deref() == Some(event));
        self.entries.lock().iter().any(is_listener)
    }

    /// Tells everybody who listens to `event`; returns how many took the value.
    pub fn emit(&self, event: &str, value: &Value) -> usize {
        let mut listeners = self.timers();
        listeners.retain(|timer| timer.event.as_deref() == Some(event));
        listeners.iter().filter(|timer| timer.deliver(value.clone())).count()
    }

    /// Makes `to` the owner of an object; false where it has ended.
    pub fn give(&self, handle: Handle, to: TaskId) -> bool {
        let mut entries = self.entries.lock();
        let place = entries.binary_search_by_key(&handle.number, |entry| entry.number);
        place.is_ok_and(|index| {
            entries[index].owner = to;
            true
        })
    }

    /// Makes `to` the owner of everything that `from` owns.
    pub fn give_all(&self, from: TaskId, to: TaskId) {
        let mut entries = self.entries.lock();
        let of_old = entries.iter_mut().filter(|entry| entry.owner == from);
        of_old.for_each(|entry| entry.owner = to);
    }

    /// Closes a channel: it takes no more values, and is forgotten when the last one has been taken. False where it was
    /// closed before.
    pub fn close_channel(&self, handle: Handle) -> bool {
        let Ok(channel) = self.channel(handle) else {
            return false;
        };
        let was_open = channel.close();
        if channel.is_empty() {
            self.forget(handle);
        }
        was_open
    }

    /// Ends an object, with what it holds; false where it has ended before.
    pub fn forget(&self, handle: Handle) -> bool {
        let closed = {
            let mut entries = self.entries.lock();
            let place = entries.binary_search_by_key(&handle.number, |entry| entry.number);
            place.ok().map(|index| entries.remove(index))
        };
        closed.map(|entry| entry.object.end()).is_some()
    }

    /// Ends what a task was changing that has ended.
    pub fn end_changes_of(&self, changer: TaskId) {
        let mut next = 0;
        while let Some((number, cell)) = self.cell_from(next) {
            cell.end_change(changer);
            next = number + 1;
        }
    }

    /// Ends all objects of a task that has ended, and what it was changing.
    pub fn end_of(&self, owner: TaskId) {
        self.end_changes_of(owner);
        loop {
            let closed = {
                let mut entries = self.entries.lock();
                let place = entries.iter().rposition(|entry| entry.owner == owner);
                place.map(|index| entries.remove(index))
            };
            match closed {
                Some(entry) => entry.object.end(),
                None => return,
            }
        }
    }

    /// The first cell whose number is at least `number`.
    fn cell_from(&self, number: u64) -> Option<(u64, Arc<Cell>)> {
        let entries = self.entries.lock();
        let start = entries.partition_point(|entry| entry.number < number);
        entries[start..].iter().find_map(|entry| match &entry.object {
            Object::Cell(cell) => Some((entry.number, Arc::clone(cell))),
            _ => None,
        })
    }

    /// Objects that belong to `owner`.
    pub fn count_of(&self, owner: TaskId) -> usize {
        self.entries.lock().iter().filter(|entry| entry.owner == owner).count()
    }
}

impl Object {
    /// Wakes who waits for it.
    fn end(&self) {
        match self {
            Self::Channel(channel) => {
                channel.close();
            }
            Self::Cell(cell) => cell.close(),
            Self::Counter(_) => {}
            Self::Timer(timer) => timer.close(),
        }
    }
}
