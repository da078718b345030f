//! What the machine knows of a script task; lies on the kernel heap and outlives the task's fiber.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};

use services::host::BoxFuture;
use services::task::{Control, Outcome, TaskError, TaskId, outcome_bytes};

use crate::arch::core_local::ArenaPointer;
use crate::arch::lock::KernelLock;
#[cfg(target_os = "none")]
use crate::memory::arena::Arena;

/// A host has no arenas: everything lies on the process's heap.
#[cfg(not(target_os = "none"))]
pub struct Arena;

#[cfg(not(target_os = "none"))]
impl Arena {
    /// No arena.
    pub fn pointer(&self) -> *mut ArenaPointer {
        core::ptr::null_mut()
    }
}

/// Bytes of all outcomes that are kept for somebody who has not asked for them yet.
static KEPT_BYTES: AtomicUsize = AtomicUsize::new(0);

/// See [`TaskRecord::drop_outcome`].
pub fn kept_bytes() -> usize {
    KEPT_BYTES.load(Ordering::Relaxed)
}

/// One script task.
pub struct TaskRecord {
    /// The task.
    pub id: TaskId,
    /// The task that started it, or took it over; 0 for none.
    parent: AtomicU64,
    /// It has started a task, or was given one. Changed, and asked at its end, while the table of tasks is locked.
    pub has_children: AtomicBool,
    /// The core that it stays on.
    pub core: u32,
    /// Its name.
    pub name: KernelLock<String>,
    /// When it was started, in nanoseconds of uptime.
    pub started_ns: u64,
    /// Its control word.
    pub control: &'static Control,
    /// Its memory; dropped with the record's last holder among fibers.
    pub arena: KernelLock<Option<Arc<Arena>>>,
    /// What the task waits for. Here and not on the fiber's stack, so that abandoning the fiber drops it.
    pub waiting: KernelLock<Option<BoxFuture<()>>>,
    /// The running fiber's way back to its executor.
    pub yielder: AtomicPtr<()>,
    /// What served allocations when the fiber was suspended.
    pub allocating: AtomicPtr<ArenaPointer>,
    /// The task is in a queue or runs, and does not wait.
    pub is_ready: AtomicBool,
    /// The task's end.
    pub end: KernelLock<End>,
    /// What was left of the last slice, in nanoseconds.
    pub slice_carry_ns: AtomicU64,
    /// Processor time used, in nanoseconds.
    pub cpu_time_ns: AtomicU64,
    /// Bytes of its arena when it was last suspended.
    pub arena_bytes: AtomicU64,
    /// Bytes of its stack that were ever in use.
    pub stack_peak_bytes: AtomicU64,
}

/// How a task ended, and who wants to know.
#[derive(Default)]
pub struct End {
    /// The task has ended.
    pub has_ended: bool,
    /// Its outcome, until somebody takes it.
    pub outcome: Option<Outcome>,
    /// The outcome was taken out for a moment to be looked at, and comes back.
    pub is_lent: bool,
    /// Bytes that the outcome takes, while it is kept for somebody who has not asked for it yet.
    pub kept_bytes: usize,
    /// Who waits for it.
    pub waiters: Vec<Waker>,
    /// Who wants to hear of the end, and does not take the outcome.
    pub watcher: Option<Waker>,
}

impl TaskRecord {
    /// A task that has not run yet.
    pub fn new(
        id: TaskId,
        parent: Option<TaskId>,
        core: u32,
        name: String,
        control: &'static Control,
        arena: Option<Arc<Arena>>,
        started_ns: u64,
    ) -> Self {
        let allocating = arena.as_ref().map_or(core::ptr::null_mut(), |arena| arena.pointer());
        Self {
            id,
            parent: AtomicU64::new(parent.map_or(0, |parent| parent.0)),
            has_children: AtomicBool::new(false),
            core,
            name: KernelLock::new(name),
            started_ns,
            control,
            arena: KernelLock::new(arena),
            waiting: KernelLock::new(None),
            yielder: AtomicPtr::new(core::ptr::null_mut()),
            allocating: AtomicPtr::new(allocating),
            is_ready: AtomicBool::new(true),
            end: KernelLock::new(End::default()),
            slice_carry_ns: AtomicU64::new(0),
            cpu_time_ns: AtomicU64::new(0),
            arena_bytes: AtomicU64::new(0),
            stack_peak_bytes: AtomicU64::new(0),
        }
    }

    /// The task that it ends with.
    pub fn parent(&self) -> Option<TaskId> {
        match self.parent.load(Ordering::Relaxed) {
            0 => None,
            number => Some(TaskId(number)),
        }
    }

    /// Makes `parent` the task that it ends with.
    pub fn set_parent(&self, parent: TaskId) {
        self.parent.store(parent.0, Ordering::Relaxed);
    }

    /// Notes the task's outcome and wakes who waits for it.
    pub fn finish(&self, outcome: Outcome) {
        let bytes = outcome_bytes(&outcome);
        let (waiters, watcher) = {
            let mut end = self.end.lock();
            if end.has_ended {
                return;
            }
            end.has_ended = true;
            end.outcome = Some(outcome);
            end.kept_bytes = if end.waiters.is_empty() { bytes } else { 0 };
            KEPT_BYTES.fetch_add(end.kept_bytes, Ordering::Relaxed);
            (core::mem::take(&mut end.waiters), end.watcher.take())
        };
        waiters.into_iter().chain(watcher).for_each(Waker::wake);
    }

    /// Puts an error in the place of an outcome that nobody has asked for, and returns it.
    pub fn drop_outcome(&self) -> Option<Outcome> {
        let lost = TaskError::new(
            "result_dropped",
            "results that nobody took grew too large; this one was given up",
        );
        let mut end = self.end.lock();
        if end.kept_bytes == 0 || end.is_lent {
            return None;
        }
        KEPT_BYTES.fetch_sub(core::mem::take(&mut end.kept_bytes), Ordering::Relaxed);
        end.outcome.replace(Err(lost))
    }

    /// Ready when the task has ended, with its error where it has one; the outcome stays.
    pub fn poll_error(&self, context: &Context<'_>) -> Poll<Option<TaskError>> {
        let outcome = {
            let mut end = self.end.lock();
            if !end.has_ended {
                let replaced = end.watcher.replace(context.waker().clone());
                drop(end);
                drop(replaced);
                return Poll::Pending;
            }
            if end.is_lent {
                drop(end);
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            end.is_lent = true;
            end.outcome.take()
        };
        // Copied while nothing is locked, since memory may be short.
        let error = outcome.as_ref().and_then(|outcome| outcome.as_ref().err()).cloned();
        let mut end = self.end.lock();
        end.outcome = outcome;
        end.is_lent = false;
        drop(end);
        Poll::Ready(error)
    }

    /// Whether the task has ended.
    pub fn has_ended(&self) -> bool {
        self.end.lock().has_ended
    }

    /// The running task's arena, for the core-local data.
    pub fn arena_pointer(&self) -> *mut ArenaPointer {
        self.arena
            .lock()
            .as_ref()
            .map_or(core::ptr::null_mut(), |arena| arena.pointer())
    }

    /// Notes what the fiber's allocations went to.
    pub fn set_allocating(&self, arena: *mut ArenaPointer) {
        self.allocating.store(arena, Ordering::Relaxed);
    }
}

impl Drop for TaskRecord {
    fn drop(&mut self) {
        KEPT_BYTES.fetch_sub(self.end.lock().kept_bytes, Ordering::Relaxed);
    }
}
