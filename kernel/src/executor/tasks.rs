//! All script tasks: starting, waiting, ending, listing.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::Poll;

use services::host::{BoxFuture, LimitError, StartError, TaskLimits};
use services::shared::Table;
use services::task::{Control, Outcome, Requests, TaskError, TaskId, TaskInfo, TaskSpec, TaskState};
use services::value::Value;
use spin::Once;

use super::fiber::{self, Fiber};
use super::record::{TaskRecord, kept_bytes};
use super::run;
use crate::arch::core_local::{self, CoreLocal};
use crate::arch::lock::KernelLock;
use crate::arch::{clock, cores};
use crate::memory::arena::{self, Arena};
use crate::memory::frames;
use crate::memory::stack::{self, TaskStack};

/// Running tasks at once.
const TASK_LIMIT: usize = 3000;
/// Outcomes that nobody asked for are kept for this many ended tasks: all that can end at once.
const ENDED_KEPT: usize = TASK_LIMIT;
/// Controls of ended tasks that rest before they are used again.
const RESTING_CONTROLS: usize = 64;
/// They may take one part in so many of all memory.
const KEPT_SHARE: u64 = 16;

static TABLE: KernelLock<Tasks> = KernelLock::new(Tasks {
    records: Vec::new(),
    running: 0,
    free_controls: VecDeque::new(),
});
/// What tasks share; made when it is first asked for, on the kernel heap.
static SHARED: Once<Table> = Once::new();
/// It may hold one part in so many of all memory.
const SHARED_SHARE: u64 = 8;
/// The event that tells of a task's end.
const TASK_ENDED: &str = "task_ended";
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// What else is to be done for a task that has ended.
static AT_END: Once<fn(TaskId)> = Once::new();

/// Nothing here is allocated while the table is locked except by `try_reserve`: a panic there would be the machine's end.
/// The lock comes before those of a record and of the executor's queues.
struct Tasks {
    /// In the order of their numbers.
    records: Vec<Arc<TaskRecord>>,
    /// Those of them that have not ended.
    running: usize,
    /// Those that have rested longest first.
    free_controls: VecDeque<&'static Control>,
}

impl Tasks {
    fn find(&self, id: TaskId) -> Option<&Arc<TaskRecord>> {
        let place = self.records.binary_search_by_key(&id, |record| record.id).ok()?;
        self.records.get(place)
    }

    fn remove(&mut self, id: TaskId) -> Option<Arc<TaskRecord>> {
        let place = self.records.binary_search_by_key(&id, |record| record.id).ok()?;
        Some(self.records.remove(place))
    }

    /// Asks all tasks below `id` to end. Allocates nothing: waking takes a place in a queue that has room for it.
    fn end_descendants(&self, id: TaskId) {
        let is_ending = |parent: TaskId| {
            parent == id
                || self
                    .find(parent)
                    .is_some_and(|record| !record.has_ended() && record.control.requests().contains(Requests::KILL))
        };
        // Most tasks are younger than their parents, so that one round finds nearly all; one that was handed over to a
        // younger parent takes another.
        loop {
            let mut has_found = false;
            for record in self.records.iter().filter(|record| !record.has_ended()) {
                let is_asked = record.control.requests().contains(Requests::KILL);
                if !is_asked && record.parent().is_some_and(is_ending) {
                    record.control.interrupt(Requests::KILL);
                    has_found = true;
                }
            }
            if !has_found {
                break;
            }
        }
    }
}

/// Starts a task as a child of the running one, if one runs: on the core that is asked for, else a child on the one with
/// the least to do, and a task without a parent on this one.
///
/// # Errors
///
/// [`StartError`] where memory or task slots have run out, or there is no such core.
pub fn start(spec: TaskSpec) -> Result<TaskId, StartError> {
    core_local::get().on_kernel_heap(|| start_on_kernel_heap(spec))
}

fn start_on_kernel_heap(spec: TaskSpec) -> Result<TaskId, StartError> {
    let parent = running();
    let executor = match spec.core {
        Some(index) => cores::find(index)
            .and_then(run::of)
            .ok_or(StartError::NoSuchCore(index))?,
        None if parent.is_some() => run::least_busy(),
        None => run::current(),
    };
    let control = take_control()?;
    let id = TaskId(NEXT_ID.fetch_add(1, Ordering::Relaxed));
    let parent_arena = parent.as_ref().and_then(|parent| parent.arena.lock().clone());
    let made = TaskStack::new()
        .ok()
        .and_then(|stack| Some((stack, Arena::new(id, control, parent_arena).ok()?)));
    let Some((stack, arena)) = made else {
        give_control_back(control);
        return Err(StartError::OutOfMemory);
    };
    let record = Arc::new(TaskRecord::new(
        id,
        parent.as_ref().map(|parent| parent.id),
        executor.core().map_or(0, CoreLocal::number),
        spec.name,
        control,
        Some(Arc::new(arena)),
        clock::now_ns(),
    ));
    let fiber = Box::pin(Fiber::new(stack, Arc::clone(&record), spec.body, &run::Slices));
    {
        let mut table = TABLE.lock();
        if table.records.try_reserve(1).is_err() {
            drop(table);
            give_control_back(control);
            fiber.discard();
            return Err(StartError::OutOfMemory);
        }
        if let Some(parent) = &parent {
            parent.has_children.store(true, Ordering::Relaxed);
        }
        let place = table.records.partition_point(|known| known.id < id);
        table.records.insert(place, record);
        table.running += 1;
    }
    drop(parent);
    if executor.start_script(fiber).is_err() {
        // The fiber was dropped, and with that the task has ended.
        let forgotten = TABLE.lock().remove(id);
        drop(forgotten);
        return Err(StartError::OutOfMemory);
    }
    Ok(id)
}

/// A control for a new task. It counts as running from when it is in the table.
fn take_control() -> Result<&'static Control, StartError> {
    let pooled = {
        let mut table = TABLE.lock();
        if table.running >= TASK_LIMIT {
            return Err(StartError::TooManyTasks);
        }
        // Whoever still has the control of a task that has just ended must not meet another task by it.
        let has_rested = table.free_controls.len() > RESTING_CONTROLS;
        if has_rested {
            table.free_controls.pop_front()
        } else {
            None
        }
    };
    match pooled {
        Some(control) => {
            control.reset();
            Ok(control)
        }
        None => Ok(Box::leak(Box::new(Control::new()))),
    }
}

fn give_control_back(control: &'static Control) {
    let mut table = TABLE.lock();
    if table.free_controls.try_reserve(1).is_ok() {
        table.free_controls.push_back(control);
    }
}

/// Calls `hook` for each task that has ended, on its core's executor. Called once.
pub fn at_end(hook: fn(TaskId)) {
    AT_END.call_once(|| hook);
}

/// Ends the descendants of a task that ends, all at once: one generation after the other, those that start further tasks
/// would outrun their end. Ends what it shares, and tells who listens. What is to be handed over stays.
pub fn before_end(record: &TaskRecord, outcome: &Outcome) {
    let leaves = {
        let table = TABLE.lock();
        let leaves = record.control.leaves();
        // Most tasks have none, and the table may be long.
        if record.has_children.load(Ordering::Relaxed) && !leaves {
            table.end_descendants(record.id);
        }
        leaves
    };
    if leaves {
        shared().end_changes_of(record.id);
    } else {
        shared().end_of(record.id);
    }
    if let Some(hook) = AT_END.get() {
        hook(record.id);
    }
    if shared().has_listener(TASK_ENDED) {
        shared().emit(TASK_ENDED, &obituary(record, outcome));
    }
}

/// Recycles the control of a task that has ended, and forgets old outcomes.
pub fn after_end(record: &TaskRecord) {
    {
        let mut table = TABLE.lock();
        table.running = table.running.saturating_sub(1);
    }
    give_control_back(record.control);
    forget_outcomes(record.id);
}

/// What listeners are told of a task's end.
fn obituary(record: &TaskRecord, outcome: &Outcome) -> Value {
    let code = match outcome {
        Err(error) => error.code.as_str().into(),
        Ok(_) => Value::Unit,
    };
    Value::map([
        ("id", Value::Int(record.id.0 as i64)),
        ("name", name_of(record).into()),
        ("code", code),
    ])
}

/// The task's name. Room for the copy is made while nothing is locked.
fn name_of(record: &TaskRecord) -> String {
    let mut copy = String::new();
    loop {
        let name = record.name.lock();
        let length = name.len();
        if copy.capacity() >= length {
            copy.push_str(&name);
            return copy;
        }
        drop(name);
        copy.reserve(length);
    }
}

/// Keeps the outcomes of the newest ended tasks, and of those no more bytes than memory has to spare. `newest` has just
/// ended; its outcome is kept whatever its size.
fn forget_outcomes(newest: TaskId) {
    loop {
        let forgotten = {
            let mut table = TABLE.lock();
            if table.records.len() - table.running.min(table.records.len()) <= ENDED_KEPT {
                break;
            }
            let is_old = |record: &Arc<TaskRecord>| record.has_ended() && record.id != newest;
            let oldest = table.records.iter().position(is_old);
            oldest.map(|oldest| table.records.remove(oldest))
        };
        if forgotten.is_none() {
            break;
        }
    }
    let limit_bytes = (frames::total_bytes() / KEPT_SHARE) as usize;
    let is_too_much = |kept_bytes: &mut usize, record: &TaskRecord| {
        let bytes = record.end.lock().kept_bytes;
        let is_too_much = *kept_bytes + bytes > limit_bytes && bytes > 0 && record.id != newest;
        *kept_bytes += if is_too_much { 0 } else { bytes };
        is_too_much
    };
    while kept_bytes() > limit_bytes {
        let too_much = {
            let table = TABLE.lock();
            let mut kept_bytes = 0;
            let mut newest_first = table.records.iter().rev();
            newest_first
                .find(|record| is_too_much(&mut kept_bytes, record))
                .cloned()
        };
        match too_much {
            Some(record) => drop(record.drop_outcome()),
            None => return,
        }
    }
}

/// What tasks share.
pub fn shared() -> &'static Table {
    SHARED
        .call_once(|| core_local::get().on_kernel_heap(|| Table::new((frames::total_bytes() / SHARED_SHARE) as usize)))
}

/// The running script task's record; `None` outside one.
pub fn running() -> Option<Arc<TaskRecord>> {
    let record = core_local::get().record.get();
    if record.is_null() {
        return None;
    }
    // SAFETY: the running fiber's future holds the record.
    unsafe { Arc::increment_strong_count(record) };
    // SAFETY: the count was just taken.
    Some(unsafe { Arc::from_raw(record) })
}

fn find(id: TaskId) -> Option<Arc<TaskRecord>> {
    TABLE.lock().find(id).cloned()
}

/// Waits for a task's end and takes its outcome; the task is forgotten then.
pub fn wait(id: TaskId) -> BoxFuture<Option<Outcome>> {
    Box::pin(async move {
        let record = find(id)?;
        let outcome = poll_fn(|context| {
            let mut end = record.end.lock();
            if end.is_lent {
                // Somebody on another core looks at it for a moment.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            if end.has_ended {
                return Poll::Ready(end.outcome.take());
            }
            end.waiters.retain(|waker| !waker.will_wake(context.waker()));
            if end.waiters.try_reserve(1).is_ok() {
                end.waiters.push(context.waker().clone());
            } else {
                // Asks again as long as memory is short.
                context.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await;
        let forgotten = TABLE.lock().remove(id);
        drop(forgotten);
        outcome
    })
}

/// Becomes ready when a task has ended, with its error where it has one; the outcome stays. Ready at once where there
/// is no such task.
pub fn ended(id: TaskId) -> BoxFuture<Option<TaskError>> {
    Box::pin(async move {
        let record = find(id)?;
        poll_fn(|context| record.poll_error(context)).await
    })
}

/// Asks a task to end; false where it does not exist or has ended.
pub fn kill(id: TaskId) -> bool {
    // Its control is given to another task only while the table is locked.
    let table = TABLE.lock();
    match table.find(id) {
        Some(record) if !record.has_ended() => {
            record.control.interrupt(Requests::KILL);
            true
        }
        _ => false,
    }
}

/// Makes a task, under another name, and its children the children of `successor`, which gets what the task shares too.
pub fn hand_over(detached: TaskId, successor: TaskId, name: &str) {
    let mut name = String::from(name);
    shared().give_all(detached, successor);
    {
        let table = TABLE.lock();
        let children = table.records.iter().filter(|record| record.parent() == Some(detached));
        children.for_each(|child| child.set_parent(successor));
        if let Some(successor) = table.find(successor) {
            successor.has_children.store(true, Ordering::Relaxed);
        }
        if let Some(record) = table.find(detached) {
            // The control of one that has ended may be another's.
            if !record.has_ended() {
                record.control.set_leaves(false);
            }
            record.set_parent(successor);
            core::mem::swap(&mut *record.name.lock(), &mut name);
        }
    }
    // What it has shared meanwhile, which stays where it has ended meanwhile.
    shared().give_all(detached, successor);
}

/// Changes how many bytes of arena a running task may have before its evaluation ends.
///
/// # Errors
///
/// [`LimitError`].
pub fn set_memory_limit(id: TaskId, bytes: u64) -> Result<(), LimitError> {
    // Its control, which is told, is given to another task only while the table is locked.
    let table = TABLE.lock();
    let running = table.find(id).filter(|record| !record.has_ended());
    let arena = running.ok_or(LimitError::NotFound)?.arena.lock();
    arena.as_ref().ok_or(LimitError::NotFound)?.set_soft_limit(bytes)
}

/// What holds for every task.
pub fn limits() -> TaskLimits {
    TaskLimits {
        tasks: TASK_LIMIT as u64,
        stack_bytes: stack::STACK_BYTES as u64,
        hard_factor: arena::HARD_FACTOR,
        outcomes: ENDED_KEPT as u64,
    }
}

/// All tasks that have not been forgotten, oldest first.
pub fn list() -> Vec<TaskInfo> {
    let count = TABLE.lock().records.len();
    let mut records = Vec::with_capacity(count);
    records.extend(TABLE.lock().records.iter().take(count).cloned());
    records.iter().map(|record| describe(record)).collect()
}

fn describe(record: &TaskRecord) -> TaskInfo {
    let state = match (record.has_ended(), record.is_ready.load(Ordering::Relaxed)) {
        (true, _) => TaskState::Ended,
        (false, true) => TaskState::Ready,
        (false, false) => TaskState::Waiting,
    };
    let arena = record.arena.lock().clone();
    // The control of a task that has ended may be another one's by now.
    let control = (state != TaskState::Ended).then_some(record.control);
    TaskInfo {
        id: record.id,
        parent: record.parent(),
        name: name_of(record),
        core: record.core,
        state,
        cpu_time_us: record.cpu_time_ns.load(Ordering::Relaxed) / 1000,
        operations: control.map_or(0, Control::operations),
        arena_bytes: record.arena_bytes.load(Ordering::Relaxed),
        stack_peak_bytes: match control {
            Some(control) => stack::peak_bytes_at(control.stack_floor()),
            None => record.stack_peak_bytes.load(Ordering::Relaxed),
        },
        memory_limit_bytes: arena.map_or(0, |arena| arena.soft_limit_bytes()),
        started_ns: record.started_ns,
        position: control.map_or((0, 0), Control::position),
    }
}

/// The running task's control.
pub fn control() -> &'static Control {
    fiber::running_record().control
}
