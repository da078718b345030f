//! Tasks on threads: futures are polled on the thread that waits for them.
//!
//! A thread cannot be abandoned as a fiber can, and there are no arenas: a panic in a native ends the task where panics
//! unwind, a script that fills the memory fills the developer's. All else is as in the kernel: requests are answered at
//! safepoints and in waits, and a task's end is the end of its children.

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use services::host::{BoxFuture, Interrupted, StartError, Tasks};
use services::shared::Table;
use services::task::{Control, Outcome, Requests, TaskError, TaskId, TaskInfo, TaskSpec, TaskState};
use services::value::Value;

/// Stack of a task's thread. More than in the kernel, because code that is not optimised takes more.
const STACK_BYTES: usize = 16 * 1024 * 1024;
/// The part of it that scripts may not use.
const STACK_MARGIN_BYTES: usize = 256 * 1024;
/// Running tasks at once.
const TASK_LIMIT: usize = 3000;
/// Outcomes that nobody asked for are kept for this many ended tasks.
const ENDED_KEPT: usize = 256;
/// A waker that was lost costs this long.
const PARK_LIMIT: Duration = Duration::from_millis(50);
/// The event that tells of a task's end, as in the kernel.
const TASK_ENDED: &str = "task_ended";

thread_local! {
    static CURRENT: Cell<Option<&'static Current>> = const { Cell::new(None) };
    static ON_KERNEL_HEAP: Cell<bool> = const { Cell::new(false) };
}

/// What a task's thread knows of itself. Lives for ever, as controls do.
struct Current {
    id: TaskId,
    control: Control,
    state: Mutex<TaskState>,
    cpu_time_us: AtomicU64,
    started: Instant,
}

impl Current {
    fn set_state(&self, state: TaskState) {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        let cpu_time_us = time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000;
        // Relaxed: a figure for a list.
        self.cpu_time_us.store(cpu_time_us, Ordering::Relaxed);
        *self.state.lock().expect("no panic under the lock") = state;
    }
}

/// Whether the calling thread allocates where the kernel would use its own heap.
pub fn is_on_kernel_heap() -> bool {
    ON_KERNEL_HEAP.get()
}

struct ThreadWaker(Thread);

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn waker_of_this_thread() -> Waker {
    Waker::from(Arc::new(ThreadWaker(thread::current())))
}

/// Polls `future` on the calling thread until it is ready.
pub fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    let waker = waker_of_this_thread();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park_timeout(PARK_LIMIT);
    }
}

struct Record {
    parent: Option<TaskId>,
    name: String,
    current: &'static Current,
    outcome: Option<Outcome>,
    has_ended: bool,
    waiters: Vec<Waker>,
}

impl Record {
    fn wake_at_end(&mut self, waker: &Waker) {
        self.waiters.retain(|waiter| !waiter.will_wake(waker));
        self.waiters.push(waker.clone());
    }
}

/// The tasks of one machine.
pub struct Threads {
    all: Arc<All>,
}

struct All {
    records: Mutex<Vec<Record>>,
    last_id: AtomicU64,
    shared: &'static Table,
    /// About when the machine's clock began.
    origin: Instant,
}

impl Threads {
    /// No task yet. What they share goes back to `shared` at their end.
    pub fn new(shared: &'static Table) -> Self {
        Self {
            all: Arc::new(All {
                records: Mutex::default(),
                last_id: AtomicU64::new(0),
                shared,
                origin: Instant::now(),
            }),
        }
    }

    /// Runs `body` as a task without a parent.
    ///
    /// # Errors
    ///
    /// [`StartError`] where there are too many, or the host gives no thread.
    pub fn spawn(&self, name: &str, body: impl FnOnce() -> Outcome + Send + 'static) -> Result<TaskId, StartError> {
        self.all.begin(name, None, Box::new(body))
    }

    /// Asks all tasks to end.
    pub fn end_all(&self) {
        for record in self.all.records().iter() {
            record.current.control.interrupt(Requests::KILL);
        }
    }

    /// Runs `body` as a task without a parent and returns its outcome.
    ///
    /// # Errors
    ///
    /// The task's error, or why there was none.
    pub fn run(&self, name: &str, body: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
        let id = self
            .spawn(name, body)
            .map_err(|error| TaskError::new("no_task", error))?;
        let mut outcome = None;
        self.on_kernel_heap(&mut || outcome = wait_for(self.wait(id)));
        outcome.unwrap_or_else(|| Err(TaskError::new("no_task", "the task's outcome was taken")))
    }
}

impl All {
    fn records(&self) -> MutexGuard<'_, Vec<Record>> {
        self.records.lock().expect("no panic under the lock")
    }

    fn begin(
        self: &Arc<Self>,
        name: &str,
        parent: Option<TaskId>,
        body: Box<dyn FnOnce() -> Outcome + Send>,
    ) -> Result<TaskId, StartError> {
        let id = TaskId(self.last_id.fetch_add(1, Ordering::Relaxed) + 1);
        let current: &'static Current = Box::leak(Box::new(Current {
            id,
            control: Control::new(),
            state: Mutex::new(TaskState::Ready),
            cpu_time_us: AtomicU64::new(0),
            started: Instant::now(),
        }));
        {
            let mut records = self.records();
            if records.iter().filter(|record| !record.has_ended).count() >= TASK_LIMIT {
                return Err(StartError::TooManyTasks);
            }
            records.push(Record {
                parent,
                name: name.into(),
                current,
                outcome: None,
                has_ended: false,
                waiters: vec![],
            });
        }
        let all = Arc::clone(self);
        let run = move || {
            let marker = 0u8;
            let floor = (&raw const marker as usize).saturating_sub(STACK_BYTES - STACK_MARGIN_BYTES);
            current.control.set_stack_floor(floor);
            CURRENT.set(Some(current));
            let outcome = catch_unwind(AssertUnwindSafe(body))
                .unwrap_or_else(|_| Err(TaskError::new("native_panic", "a native function panicked")));
            current.set_state(TaskState::Ended);
            all.end(current, outcome);
        };
        if thread::Builder::new().stack_size(STACK_BYTES).spawn(run).is_err() {
            self.records().retain(|record| record.current.id != id);
            return Err(StartError::OutOfMemory);
        }
        Ok(id)
    }

    fn end(&self, current: &'static Current, outcome: Outcome) {
        current.control.clear_waker();
        let code = outcome.as_ref().err().map(|error| error.code.clone());
        let mut name = String::new();
        let mut children = Vec::new();
        let mut waiters = Vec::new();
        let leaves;
        {
            let mut records = self.records();
            // Whoever takes over what it has started takes what it shares too.
            leaves = current.control.leaves();
            for record in records.iter_mut() {
                if record.current.id == current.id {
                    waiters = std::mem::take(&mut record.waiters);
                } else if record.parent == Some(current.id) && !record.has_ended && !leaves {
                    children.push(&record.current.control);
                }
            }
            if let Some(record) = records.iter_mut().find(|record| record.current.id == current.id) {
                record.outcome = Some(outcome);
                record.has_ended = true;
                name.clone_from(&record.name);
            }
            let ended = records.iter().filter(|record| record.has_ended).count();
            let mut forgotten = ended.saturating_sub(ENDED_KEPT);
            records.retain(|record| {
                let is_forgotten = record.has_ended && forgotten > 0 && record.current.id != current.id;
                forgotten -= usize::from(is_forgotten);
                !is_forgotten
            });
        }
        for child in children {
            child.interrupt(Requests::KILL);
        }
        if leaves {
            self.shared.end_changes_of(current.id);
        } else {
            self.shared.end_of(current.id);
        }
        if self.shared.has_listener(TASK_ENDED) {
            let obituary = Value::map([
                ("id", Value::Int(current.id.0 as i64)),
                ("name", name.into()),
                ("code", code.map_or(Value::Unit, Value::from)),
            ]);
            self.shared.emit(TASK_ENDED, &obituary);
        }
        waiters.into_iter().for_each(Waker::wake);
    }
}

fn current() -> &'static Current {
    CURRENT.get().expect("a task's thread")
}

impl Tasks for Threads {
    fn control(&self) -> &'static Control {
        &current().control
    }

    fn current(&self) -> TaskId {
        current().id
    }

    fn yield_now(&self) {
        current().set_state(TaskState::Ready);
        thread::yield_now();
    }

    fn block_on(&self, mut future: BoxFuture<()>) -> Result<(), Interrupted> {
        assert!(is_on_kernel_heap(), "a future must be made on the kernel heap");
        let current = current();
        let waker = waker_of_this_thread();
        current.control.set_waker(&waker);
        let result = loop {
            let requests = current.control.requests();
            if requests.contains(Requests::CANCEL) || requests.contains(Requests::KILL) {
                break Err(Interrupted);
            }
            if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                break Ok(());
            }
            current.set_state(TaskState::Waiting);
            thread::park_timeout(PARK_LIMIT);
        };
        current.set_state(TaskState::Ready);
        result
    }

    fn on_kernel_heap(&self, work: &mut dyn FnMut()) {
        let outer = ON_KERNEL_HEAP.replace(true);
        work();
        ON_KERNEL_HEAP.set(outer);
    }

    fn start(&self, spec: TaskSpec) -> Result<TaskId, StartError> {
        assert!(is_on_kernel_heap(), "a task's body must be made on the kernel heap");
        let cores = thread::available_parallelism().map_or(1, |count| count.get() as u32);
        if let Some(core) = spec.core.filter(|core| *core >= cores) {
            return Err(StartError::NoSuchCore(core));
        }
        self.all
            .begin(&spec.name, CURRENT.get().map(|current| current.id), spec.body)
    }

    fn wait(&self, id: TaskId) -> BoxFuture<Option<Outcome>> {
        assert!(is_on_kernel_heap());
        let all = Arc::clone(&self.all);
        Box::pin(std::future::poll_fn(move |context| {
            let mut records = all.records();
            let Some(at) = records.iter().position(|record| record.current.id == id) else {
                return Poll::Ready(None);
            };
            if records[at].has_ended {
                return Poll::Ready(records.remove(at).outcome);
            }
            records[at].wake_at_end(context.waker());
            Poll::Pending
        }))
    }

    fn kill(&self, id: TaskId) -> bool {
        let found = self
            .all
            .records()
            .iter()
            .find(|record| record.current.id == id && !record.has_ended)
            .map(|record| &record.current.control);
        found.inspect(|control| control.interrupt(Requests::KILL)).is_some()
    }

    fn ended(&self, id: TaskId) -> BoxFuture<Option<TaskError>> {
        assert!(is_on_kernel_heap());
        let all = Arc::clone(&self.all);
        Box::pin(std::future::poll_fn(move |context| {
            let mut records = all.records();
            match records.iter_mut().find(|record| record.current.id == id) {
                Some(record) if !record.has_ended => {
                    record.wake_at_end(context.waker());
                    Poll::Pending
                }
                Some(record) => Poll::Ready(record.outcome.as_ref().and_then(|outcome| outcome.clone().err())),
                None => Poll::Ready(None),
            }
        }))
    }

    fn hand_over(&self, detached: TaskId, successor: TaskId, name: &str) {
        self.all.shared.give_all(detached, successor);
        for record in self.all.records().iter_mut() {
            if record.parent == Some(detached) {
                record.parent = Some(successor);
            }
            if record.current.id == detached {
                record.current.control.set_leaves(false);
                (record.parent, record.name) = (Some(successor), name.into());
            }
        }
        // What it has shared meanwhile, which stays where it has ended meanwhile.
        self.all.shared.give_all(detached, successor);
    }

    fn list(&self) -> Vec<TaskInfo> {
        let records = self.all.records();
        let info = |record: &Record| {
            let state = *record.current.state.lock().expect("no panic under the lock");
            if state == TaskState::Ready {
                // Its figures are fresh in the next list: it notes them when it yields.
                record.current.control.ask(Requests::YIELD);
            }
            TaskInfo {
                id: record.current.id,
                parent: record.parent,
                name: record.name.clone(),
                // The host moves threads as it likes.
                core: 0,
                state: if record.has_ended { TaskState::Ended } else { state },
                cpu_time_us: record.current.cpu_time_us.load(Ordering::Relaxed),
                operations: record.current.control.operations(),
                arena_bytes: 0,
                stack_peak_bytes: 0,
                memory_limit_bytes: 0,
                started_ns: record.current.started.duration_since(self.all.origin).as_nanos() as u64,
                position: record.current.control.position(),
            }
        };
        records.iter().map(info).collect()
    }
}
