//! A script task's code on a stack of its own, wrapped as a future.
//!
//! Polling the future resumes the fiber; the fiber gives control back when its time slice is over or when it must wait.
//! What it waits for is polled here, on the executor's side. Source for the mechanism: crate `corosensei`.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::alloc::Layout;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::Ordering;
use core::task::{Context, Poll};

use corosensei::stack::{Stack, StackPointer};
use corosensei::{Coroutine, CoroutineResult, Yielder};
use services::host::{BoxFuture, Interrupted};
use services::task::{Outcome, Requests, TaskError};

use super::Ended;
use super::record::TaskRecord;
use crate::arch::core_local::{self, Recovery};
use crate::memory::stack_range::StackRange;

/// How long a task runs before others get their turn.
pub const SLICE_NS: u64 = 5_000_000;

/// What a resumed fiber is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Go on.
    Continue,
    /// The wait was ended by a request to cancel or end.
    Interrupted,
}

/// Why a fiber gives control back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspend {
    /// Its slice is over.
    Yield,
    /// `TaskRecord::waiting` holds what it waits for.
    Wait,
}

/// A script task's body.
pub type Body = Box<dyn FnOnce() -> Outcome + Send>;

/// The lowest usable address of a stack, which the guard lies below.
pub trait Floor: Stack + Unpin {
    /// See the trait.
    fn floor(&self) -> usize;
    /// Bytes of the stack that were ever in use.
    fn peak_bytes(&self) -> u64;
}

/// What the machine does around each run of a fiber; nothing on a host.
pub trait Hooks: Send + Sync {
    /// A fiber is about to run, from `now_ns` of the clock on, for at most `slice_ns` nanoseconds.
    fn enter(&self, now_ns: u64, slice_ns: u64);
    /// A task ends so, and holds nothing any more. Nobody has heard of it yet.
    fn ending(&self, record: &TaskRecord, outcome: &Outcome);
    /// Whoever waited for the task's end has been told.
    fn ended(&self, record: &TaskRecord);
    /// The clock, in nanoseconds.
    fn now_ns(&self) -> u64;
}

/// A script task as a future.
pub struct Fiber<S: Floor + 'static> {
    coroutine: Coroutine<Resume, Suspend, Ended, Tracked<S>>,
    record: Arc<TaskRecord>,
    /// Where the body's captured values lie: an abandoned body never gives this memory back itself.
    body_memory: (*mut u8, Layout),
    hooks: &'static dyn Hooks,
    has_ended: bool,
}

/// A stack that tells how much of it was used after the coroutine has taken it.
struct Tracked<S: Floor> {
    stack: S,
    record: Arc<TaskRecord>,
}

// SAFETY: all duties are the inner stack's.
unsafe impl<S: Floor> Stack for Tracked<S> {
    fn base(&self) -> StackPointer {
        self.stack.base()
    }
    fn limit(&self) -> StackPointer {
        self.stack.limit()
    }
}

impl<S: Floor> Drop for Tracked<S> {
    fn drop(&mut self) {
        self.record
            .stack_peak_bytes
            .store(self.stack.peak_bytes(), Ordering::Relaxed);
    }
}

// SAFETY: a fiber is polled and dropped by the executor of one core only; nothing else touches its stack.
unsafe impl<S: Floor> Send for Fiber<S> {}

impl<S: Floor + 'static> Fiber<S> {
    /// A task that runs `body` on `stack`.
    pub fn new(stack: S, record: Arc<TaskRecord>, body: Body, hooks: &'static dyn Hooks) -> Self {
        record.control.set_stack_floor(stack.floor());
        let body_memory = (
            core::ptr::from_ref(&*body).cast_mut().cast::<u8>(),
            Layout::for_value(&*body),
        );
        let tracked = Tracked {
            stack,
            record: Arc::clone(&record),
        };
        // The record's pointer is plain here: an abandoned fiber must not keep a count of it.
        let record_address = Arc::as_ptr(&record) as usize;
        let coroutine = Coroutine::with_stack(tracked, move |yielder: &Yielder<Resume, Suspend>, _| {
            // SAFETY: the fiber's future holds the record while this code runs.
            let record = unsafe { &*(record_address as *const TaskRecord) };
            record
                .yielder
                .store(core::ptr::from_ref(yielder).cast_mut().cast(), Ordering::Relaxed);
            let outcome = body();
            let core = core_local::get();
            core.allocating.set(core::ptr::null_mut());
            record.end.lock().outcome = Some(outcome);
            Ended::Finished
        });
        Self {
            coroutine,
            record,
            body_memory,
            hooks,
            has_ended: false,
        }
    }

    /// Runs the fiber from `start_ns` of the clock on until it gives control back; how, and when.
    fn resume(&mut self, input: Resume, start_ns: u64, slice_ns: u64) -> (CoroutineResult<Suspend, Ended>, u64) {
        let core = core_local::get();
        let record = &self.record;
        let outer_recovery = core.recovery.replace(Some(Recovery {
            handler: self.coroutine.trap_handler(),
        }));
        let outer_allocating = core.allocating.replace(record.allocating.load(Ordering::Relaxed));
        let outer_arena = core.arena.replace(record.arena_pointer());
        let outer_record = core.record.replace(Arc::as_ptr(record));
        core.set_control(Some(record.control));
        let operations = record.control.operations();
        self.hooks.enter(start_ns, slice_ns);

        let result = self.coroutine.resume(input);

        core.set_control(None);
        let end_ns = self.hooks.now_ns();
        record
            .cpu_time_ns
            .fetch_add(end_ns.saturating_sub(start_ns), Ordering::Relaxed);
        // A new evaluation counts from zero.
        let operations = record.control.operations().saturating_sub(operations);
        core.operations.fetch_add(operations, Ordering::Relaxed);
        record.set_allocating(core.allocating.replace(outer_allocating));
        core.arena.set(outer_arena);
        core.record.set(outer_record);
        core.recovery.set(outer_recovery);
        #[cfg(target_os = "none")]
        if let Some(arena) = &*record.arena.lock() {
            record.arena_bytes.store(arena.committed_bytes(), Ordering::Relaxed);
        }
        (result, end_ns)
    }

    /// Polls what the task waits for: pending, or how the fiber is to go on.
    fn poll_wait(&mut self, context: &mut Context<'_>) -> Poll<Resume> {
        let Some(mut waiting) = self.record.waiting.lock().take() else {
            return Poll::Ready(Resume::Continue);
        };
        let requests = self.record.control.requests();
        if requests.contains(Requests::CANCEL) || requests.contains(Requests::KILL) {
            drop(waiting);
            return Poll::Ready(Resume::Interrupted);
        }
        match waiting.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Resume::Continue),
            Poll::Pending => {
                *self.record.waiting.lock() = Some(waiting);
                Poll::Pending
            }
        }
    }
}

impl<S: Floor + 'static> Future for Fiber<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let fiber = self.get_mut();
        fiber.record.control.set_waker(context.waker());
        let carry_ns = fiber.record.slice_carry_ns.swap(0, Ordering::Relaxed);
        let mut now_ns = fiber.hooks.now_ns();
        let end_ns = now_ns + SLICE_NS + carry_ns;
        loop {
            // One slice a poll, however many waits that were ready at once it holds: others must get their turn.
            let left_ns = end_ns.saturating_sub(now_ns);
            if left_ns == 0 {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let Poll::Ready(input) = fiber.poll_wait(context) else {
                fiber.record.is_ready.store(false, Ordering::Relaxed);
                return Poll::Pending;
            };
            fiber.record.is_ready.store(true, Ordering::Relaxed);
            let (result, suspended_ns) = fiber.resume(input, now_ns, left_ns);
            now_ns = suspended_ns;
            match result {
                CoroutineResult::Yield(Suspend::Wait) => {}
                CoroutineResult::Yield(Suspend::Yield) => {
                    // A task that was interrupted for somebody's timer gets the rest of its slice next time, so that
                    // shares stay even.
                    let carry_ns = end_ns.saturating_sub(now_ns).min(SLICE_NS);
                    fiber.record.slice_carry_ns.store(carry_ns, Ordering::Relaxed);
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                CoroutineResult::Return(Ended::Finished) => {
                    let outcome = fiber.record.end.lock().outcome.take();
                    fiber.end(outcome.unwrap_or_else(|| Err(TaskError::new("lost", "the outcome was lost"))));
                    return Poll::Ready(());
                }
                CoroutineResult::Return(Ended::Abandoned) => {
                    let fault = core_local::get().fault.borrow_mut().take();
                    let (line, column) = fiber.record.control.position();
                    let fault = fault.unwrap_or_else(|| TaskError::new("abandoned", "the task was abandoned"));
                    fiber.free_body();
                    fiber.end(Err(TaskError { line, column, ..fault }));
                    return Poll::Ready(());
                }
            }
        }
    }
}

impl<S: Floor + 'static> Fiber<S> {
    /// Gives up a task that nobody knows of and that has not run.
    pub fn discard(mut self: Pin<Box<Self>>) {
        self.has_ended = true;
        let arena = self.record.arena.lock().take();
        drop(arena);
    }

    /// Frees the memory of a body that was abandoned in the middle; what it captured was moved out or is lost.
    fn free_body(&mut self) {
        let (pointer, layout) = self.body_memory;
        if layout.size() > 0 {
            // SAFETY: the body's box was being called when its fiber was abandoned, so nobody frees it any more; the
            // pointer and layout are the box's own.
            unsafe { alloc::alloc::dealloc(pointer, layout) };
        }
    }

    /// Frees what the task held and tells who waits for it; once.
    fn end(&mut self, outcome: Outcome) {
        if self.has_ended {
            return;
        }
        self.has_ended = true;
        let waiting = self.record.waiting.lock().take();
        drop(waiting);
        self.record.control.clear_waker();
        let arena = self.record.arena.lock().take();
        drop(arena);
        // Whoever waits for the task goes on at once, on another core: all that ends with it has been ended by then.
        self.hooks.ending(&self.record, &outcome);
        self.record.finish(outcome);
        self.hooks.ended(&self.record);
    }
}

impl<S: Floor + 'static> Drop for Fiber<S> {
    fn drop(&mut self) {
        if self.coroutine.started() && !self.coroutine.done() {
            // SAFETY: nothing on the fiber's stack is used again. What it would have dropped lies in its arena, which
            // is freed whole, or is lost: a suspended fiber is dropped only where what it waited for has panicked.
            unsafe { self.coroutine.force_reset() };
        }
        let fault = core_local::get().fault.borrow_mut().take();
        self.end(Err(
            fault.unwrap_or_else(|| TaskError::new("abandoned", "the task was abandoned"))
        ));
    }
}

/// *Task*: lets others run.
pub fn yield_now() {
    suspend(Suspend::Yield);
}

/// *Task*: suspends the running task until `future` is ready.
///
/// # Errors
///
/// [`Interrupted`] where the task was asked to cancel or end; the future was dropped.
pub fn block_on(future: BoxFuture<()>) -> Result<(), Interrupted> {
    let record = running_record();
    let replaced = record.waiting.lock().replace(future);
    drop(replaced);
    match suspend(Suspend::Wait) {
        Resume::Continue => Ok(()),
        Resume::Interrupted => Err(Interrupted),
    }
}

/// *Task*: runs `work` with the stack pointer moved down so that about `bytes` of the task's stack are left: for tests.
pub fn with_stack_left(bytes: usize, work: &mut dyn FnMut()) {
    let control = running_record().control;
    let wanted = bytes.clamp(1024, control.stack_left_bytes().saturating_sub(1024));
    let floor = control.stack_floor();
    // SAFETY: the range is the lower part of the running fiber's own stack, below its frames and above its guard.
    let lower_part = unsafe { StackRange::new(floor, floor + wanted) };
    corosensei::on_stack(lower_part, work);
}

/// *Task*: the running task's record.
///
/// # Panics
///
/// Outside a script task.
pub fn running_record() -> &'static TaskRecord {
    let record = core_local::get().record.get();
    assert!(!record.is_null(), "only a script task can ask for its record");
    // SAFETY: the record is held by the fiber's future while the fiber runs, and this code runs on the fiber.
    unsafe { &*record }
}

fn suspend(reason: Suspend) -> Resume {
    let yielder = running_record()
        .yielder
        .load(Ordering::Relaxed)
        .cast::<Yielder<Resume, Suspend>>();
    // SAFETY: the fiber stored its yielder before it ran any other code, and it lives as long as the fiber.
    unsafe { &*yielder }.suspend(reason)
}
