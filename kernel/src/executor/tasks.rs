//! All script tasks: starting, waiting, ending, listing.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::Poll;

use services::host::{BoxFuture, StartError};
use services::shared::Table;
use services::task::{Control, Outcome, Requests, TaskId, TaskInfo, TaskSpec, TaskState};
use spin::Once;

use super::fiber::{self, Fiber};
use super::record::TaskRecord;
use super::run;
use crate::arch::core_local;
use crate::arch::lock::KernelLock;
use crate::memory::arena::Arena;
use crate::memory::frames;
use crate::memory::stack::{self, TaskStack};

/// Running tasks at once.
const TASK_LIMIT: usize = 3000;
/// Outcomes that nobody asked for are kept for this many ended tasks.
const ENDED_KEPT: usize = 256;
/// They may take one part in so many of all memory.
const KEPT_SHARE: u64 = 16;

static TABLE: KernelLock<Tasks> = KernelLock::new(Tasks {
    records: BTreeMap::new(),
    free_controls: Vec::new(),
});
/// What tasks share; made when it is first asked for, on the kernel heap.
static SHARED: Once<Table> = Once::new();
/// It may hold one part in so many of all memory.
const SHARED_SHARE: u64 = 8;
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// What else is to be done for a task that has ended.
static AT_END: Once<fn(TaskId)> = Once::new();

struct Tasks {
    records: BTreeMap<TaskId, Arc<TaskRecord>>,
    free_controls: Vec<&'static Control>,
}

/// Starts a task as a child of the running one, if one runs.
///
/// # Errors
///
/// [`StartError`] where memory or task slots have run out.
pub fn start(spec: TaskSpec) -> Result<TaskId, StartError> {
    core_local::get().on_kernel_heap(|| start_on_kernel_heap(spec))
}

fn start_on_kernel_heap(spec: TaskSpec) -> Result<TaskId, StartError> {
    let control = take_control()?;
    let parent = running();
    let id = TaskId(NEXT_ID.fetch_add(1, Ordering::Relaxed));
    let parent_arena = parent.as_ref().and_then(|parent| parent.arena.lock().clone());
    let made = TaskStack::new()
        .ok()
        .and_then(|stack| Some((stack, Arena::new(id, control, parent_arena).ok()?)));
    let Some((stack, arena)) = made else {
        TABLE.lock().free_controls.push(control);
        return Err(StartError::OutOfMemory);
    };
    let parent_id = parent.map(|parent| parent.id);
    let record = Arc::new(TaskRecord::new(
        id,
        parent_id,
        spec.name,
        control,
        Some(Arc::new(arena)),
    ));
    TABLE.lock().records.insert(id, Arc::clone(&record));
    let fiber = Fiber::new(stack, Arc::clone(&record), spec.body, &run::Slices);
    run::current().start_script(Box::pin(fiber));
    Ok(id)
}

fn take_control() -> Result<&'static Control, StartError> {
    let mut table = TABLE.lock();
    let running = table.records.values().filter(|record| !record.has_ended()).count();
    if running >= TASK_LIMIT {
        return Err(StartError::TooManyTasks);
    }
    if let Some(control) = table.free_controls.pop() {
        control.reset();
        return Ok(control);
    }
    Ok(Box::leak(Box::new(Control::new())))
}

/// Calls `hook` for each task that has ended, on its core's executor. Called once.
pub fn at_end(hook: fn(TaskId)) {
    AT_END.call_once(|| hook);
}

/// Ends the descendants of a task that has ended, all at once: one generation after the other, those that start further
/// tasks would outrun their end. Recycles its control, and forgets old outcomes.
pub fn after_end(record: &TaskRecord) {
    // Room for everything first: nothing is allocated while the table is locked.
    let count = TABLE.lock().records.len();
    let mut children = Vec::with_capacity(count);
    let mut ended = Vec::with_capacity(count);
    {
        let mut table = TABLE.lock();
        for other in table.records.values().take(count) {
            if other.has_ended() {
                ended.push(Arc::clone(other));
            } else if other.parent.is_some_and(|parent| {
                // In the order of their numbers, and no task is older than its parent.
                parent == record.id
                    || children
                        .binary_search_by_key(&parent, |child: &Arc<TaskRecord>| child.id)
                        .is_ok()
            }) {
                children.push(Arc::clone(other));
            }
        }
        if table.free_controls.try_reserve(1).is_ok() {
            table.free_controls.push(record.control);
        }
    }
    for child in children {
        child.control.interrupt(Requests::KILL);
    }
    shared().end_of(record.id);
    if let Some(hook) = AT_END.get() {
        hook(record.id);
    }
    forget_outcomes(record.id, &ended);
}

/// Keeps the outcomes of the newest ended tasks, and of those no more bytes than memory has to spare. `newest` has just
/// ended; its outcome is kept whatever its size.
fn forget_outcomes(newest: TaskId, ended: &[Arc<TaskRecord>]) {
    let forgotten_count = ended.len().saturating_sub(ENDED_KEPT);
    for record in &ended[..forgotten_count] {
        let forgotten = TABLE.lock().records.remove(&record.id);
        drop(forgotten);
    }
    let limit_bytes = (frames::total_bytes() / KEPT_SHARE) as usize;
    let mut kept_bytes = 0;
    for record in ended[forgotten_count..].iter().rev() {
        let bytes = record.end.lock().kept_bytes;
        kept_bytes += bytes;
        if kept_bytes > limit_bytes && bytes > 0 && record.id != newest {
            kept_bytes -= bytes;
            drop(record.drop_outcome());
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
    TABLE.lock().records.get(&id).cloned()
}

/// Waits for a task's end and takes its outcome; the task is forgotten then.
pub fn wait(id: TaskId) -> BoxFuture<Option<Outcome>> {
    Box::pin(async move {
        let record = find(id)?;
        let outcome = poll_fn(|context| {
            let mut end = record.end.lock();
            if !end.has_ended {
                end.waiters.retain(|waker| !waker.will_wake(context.waker()));
                end.waiters.push(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(end.outcome.take())
        })
        .await;
        let forgotten = TABLE.lock().records.remove(&id);
        drop(forgotten);
        outcome
    })
}

/// Asks a task to end; false where it does not exist or has ended.
pub fn kill(id: TaskId) -> bool {
    match find(id) {
        Some(record) if !record.has_ended() => {
            record.control.interrupt(Requests::KILL);
            true
        }
        _ => false,
    }
}

/// All tasks that have not been forgotten, oldest first.
pub fn list() -> Vec<TaskInfo> {
    let records: Vec<Arc<TaskRecord>> = TABLE.lock().records.values().cloned().collect();
    records.iter().map(|record| describe(record)).collect()
}

fn describe(record: &TaskRecord) -> TaskInfo {
    let state = match (record.has_ended(), record.is_ready.load(Ordering::Relaxed)) {
        (true, _) => TaskState::Ended,
        (false, true) => TaskState::Ready,
        (false, false) => TaskState::Waiting,
    };
    TaskInfo {
        id: record.id,
        parent: record.parent,
        name: record.name.clone(),
        state,
        cpu_time_us: record.cpu_time_ns.load(Ordering::Relaxed) / 1000,
        operations: if state == TaskState::Ended {
            0
        } else {
            record.control.operations()
        },
        arena_bytes: record.arena_bytes.load(Ordering::Relaxed),
        stack_peak_bytes: if state == TaskState::Ended {
            record.stack_peak_bytes.load(Ordering::Relaxed)
        } else {
            stack::committed_bytes_at(record.control.stack_floor())
        },
    }
}

/// The running task's control.
pub fn control() -> &'static Control {
    fiber::running_record().control
}
