//! Host tests: fibers and the executor without a machine.

extern crate std;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::pin::Pin;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use std::string::String;

use corosensei::stack::{Stack, StackPointer};
use services::lock::Lock;
use services::task::{Control, Outcome, Requests, TaskId};
use services::value::Value;

use super::fiber::{self, Body, Fiber, Floor, Hooks};
use super::queue::Executor;
use super::record::TaskRecord;

struct HostStack {
    bytes: Vec<u128>,
}

impl HostStack {
    fn new() -> Self {
        Self {
            bytes: vec![0; 256 * 1024 / 16],
        }
    }
}

// SAFETY: the memory is 16-byte aligned and lives as long as the value; the tests use far less than all of it.
unsafe impl Stack for HostStack {
    fn base(&self) -> StackPointer {
        StackPointer::new(self.bytes.as_ptr_range().end as usize).expect("not null")
    }
    fn limit(&self) -> StackPointer {
        StackPointer::new(self.bytes.as_ptr() as usize).expect("not null")
    }
}

impl Floor for HostStack {
    fn floor(&self) -> usize {
        self.limit().get()
    }
    fn peak_bytes(&self) -> u64 {
        0
    }
}

struct NoHooks;
static TIME_NS: AtomicU64 = AtomicU64::new(0);

impl Hooks for NoHooks {
    fn enter(&self, _: u64, _: u64) {}
    fn ending(&self, _: &TaskRecord, _: &Outcome) {}
    fn ended(&self, _: &TaskRecord) {}
    fn now_ns(&self) -> u64 {
        TIME_NS.load(Ordering::Relaxed)
    }
}

fn executor() -> &'static Executor {
    Box::leak(Box::new(Executor::new()))
}

fn record() -> Arc<TaskRecord> {
    let control: &'static Control = Box::leak(Box::new(Control::new()));
    Arc::new(TaskRecord::new(
        TaskId(1),
        None,
        0,
        String::from("test"),
        control,
        None,
        0,
    ))
}

fn start(executor: &'static Executor, body: Body) -> Arc<TaskRecord> {
    let record = record();
    let fiber = Fiber::new(HostStack::new(), Arc::clone(&record), body, &NoHooks);
    executor.start_script(Box::pin(fiber)).expect("there is memory");
    record
}

/// A future that never becomes ready and counts how many of it exist.
struct Never(Arc<AtomicUsize>);

impl Never {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Never {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Future for Never {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

/// Notes whether the task's end was known when the hooks were called.
struct EndHooks {
    was_known: Lock<Vec<(&'static str, bool)>>,
}

impl Hooks for EndHooks {
    fn enter(&self, _: u64, _: u64) {}
    fn ending(&self, record: &TaskRecord, outcome: &Outcome) {
        assert_eq!(outcome, &Ok(Value::Int(7)));
        self.was_known.lock().push(("ending", record.has_ended()));
    }
    fn ended(&self, record: &TaskRecord) {
        self.was_known.lock().push(("ended", record.has_ended()));
    }
    fn now_ns(&self) -> u64 {
        0
    }
}

#[test]
fn what_ends_with_a_task_has_ended_before_anybody_hears_of_it() {
    let executor = executor();
    let hooks: &'static EndHooks = Box::leak(Box::new(EndHooks {
        was_known: Lock::new(Vec::new()),
    }));
    let record = record();
    let fiber = Fiber::new(
        HostStack::new(),
        Arc::clone(&record),
        Box::new(|| Ok(Value::Int(7))),
        hooks,
    );
    executor.start_script(Box::pin(fiber)).expect("there is memory");
    executor.run_until_idle();
    assert_eq!(*hooks.was_known.lock(), [("ending", false), ("ended", true)]);
    // An outcome that somebody looks at is waited for, not lost.
    let context = Context::from_waker(Waker::noop());
    record.end.lock().is_lent = true;
    assert!(record.poll_error(&context).is_pending());
    assert_eq!(record.drop_outcome(), None);
    record.end.lock().is_lent = false;
    assert_eq!(record.poll_error(&context), Poll::Ready(None));
    assert_eq!(record.end.lock().outcome, Some(Ok(Value::Int(7))));
}

#[test]
fn a_fiber_runs_to_its_outcome() {
    let executor = executor();
    let record = start(executor, Box::new(|| Ok(Value::Int(42))));
    executor.run_until_idle();
    assert_eq!(record.end.lock().outcome, Some(Ok(Value::Int(42))));
}

#[test]
fn fibers_take_turns_at_each_yield() {
    let executor = executor();
    let trace = Arc::new(spin::Mutex::new(String::new()));
    for letter in ['a', 'b', 'c'] {
        let trace = Arc::clone(&trace);
        start(
            executor,
            Box::new(move || {
                for _ in 0..3 {
                    trace.lock().push(letter);
                    fiber::yield_now();
                }
                Ok(Value::Unit)
            }),
        );
    }
    executor.run_until_idle();
    assert_eq!(*trace.lock(), "abcabcabc");
}

/// Records the slices that a fiber is given, while time passes as each test says.
#[derive(Default)]
struct SliceHooks {
    now_ns: AtomicU64,
    slices: spin::Mutex<Vec<u64>>,
}

impl Hooks for SliceHooks {
    fn enter(&self, _: u64, slice_ns: u64) {
        self.slices.lock().push(slice_ns);
    }
    fn ending(&self, _: &TaskRecord, _: &Outcome) {}
    fn ended(&self, _: &TaskRecord) {}
    fn now_ns(&self) -> u64 {
        self.now_ns.load(Ordering::Relaxed)
    }
}

#[test]
fn a_task_interrupted_early_gets_the_rest_of_its_slice_next_time() {
    let executor = executor();
    let hooks: &'static SliceHooks = Box::leak(Box::default());
    let body: Body = Box::new(|| {
        for used_ns in [1_000_000, fiber::SLICE_NS + 4_000_000, 0] {
            hooks.now_ns.fetch_add(used_ns, Ordering::Relaxed);
            fiber::yield_now();
        }
        Ok(Value::Unit)
    });
    let started = executor.start_script(Box::pin(Fiber::new(HostStack::new(), record(), body, hooks)));
    started.expect("there is memory");
    executor.run_until_idle();
    let slice = fiber::SLICE_NS;
    assert_eq!(*hooks.slices.lock(), [slice, slice + 4_000_000, slice, 2 * slice]);
}

#[test]
fn waits_that_are_ready_at_once_do_not_keep_others_from_running() {
    let executor = executor();
    let hooks: &'static SliceHooks = Box::leak(Box::default());
    let others = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&others);
    let body: Body = Box::new(move || {
        while seen.load(Ordering::Relaxed) < 3 {
            hooks.now_ns.fetch_add(1_000_000, Ordering::Relaxed);
            let _ = fiber::block_on(Box::pin(async {}));
        }
        Ok(Value::Unit)
    });
    let greedy = record();
    let started = executor.start_script(Box::pin(Fiber::new(HostStack::new(), Arc::clone(&greedy), body, hooks)));
    started.expect("there is memory");
    start(
        executor,
        Box::new(move || {
            for _ in 0..3 {
                others.fetch_add(1, Ordering::Relaxed);
                fiber::yield_now();
            }
            Ok(Value::Unit)
        }),
    );
    executor.run_until_idle();
    assert!(greedy.has_ended());
}

#[test]
fn a_wait_goes_on_when_its_future_is_ready() {
    let executor = executor();
    let slot: Arc<spin::Mutex<(bool, Option<Waker>)>> = Arc::default();
    let inner = Arc::clone(&slot);
    let record = start(
        executor,
        Box::new(move || {
            let wait = poll_fn(move |context| {
                let mut slot = inner.lock();
                slot.1 = Some(context.waker().clone());
                if slot.0 { Poll::Ready(()) } else { Poll::Pending }
            });
            fiber::block_on(Box::pin(wait)).expect("nobody interrupts");
            Ok(Value::from("done"))
        }),
    );
    executor.run_until_idle();
    assert!(!record.has_ended());
    let waker = {
        let mut slot = slot.lock();
        slot.0 = true;
        slot.1.take().expect("the wait left its waker")
    };
    waker.wake();
    executor.run_until_idle();
    assert_eq!(record.end.lock().outcome, Some(Ok(Value::from("done"))));
}

#[test]
fn cancelling_a_waiting_fiber_drops_its_future_and_tells_it() {
    let executor = executor();
    let count = Arc::new(AtomicUsize::new(0));
    let future = Never::new(&count);
    let record = start(
        executor,
        Box::new(move || {
            let result = fiber::block_on(Box::pin(future));
            Ok(Value::Bool(result.is_err()))
        }),
    );
    executor.run_until_idle();
    assert_eq!(count.load(Ordering::Relaxed), 1);
    record.control.interrupt(Requests::CANCEL);
    executor.run_until_idle();
    assert_eq!(record.end.lock().outcome, Some(Ok(Value::Bool(true))));
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[test]
fn a_future_pending_on_an_abandoned_fiber_is_dropped() {
    let count = Arc::new(AtomicUsize::new(0));
    let wakes = Arc::new(CountingWaker::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let record = record();
    let future = Never::new(&count);
    let body: Body = Box::new(move || {
        let _ = fiber::block_on(Box::pin(future));
        Ok(Value::Unit)
    });
    let mut fiber = Box::pin(Fiber::new(HostStack::new(), Arc::clone(&record), body, &NoHooks));
    assert!(fiber.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(count.load(Ordering::Relaxed), 1);
    assert!(Arc::strong_count(&wakes) > 2, "the task's control keeps the waker");
    drop(fiber);
    assert_eq!(count.load(Ordering::Relaxed), 0, "the future went with the fiber");
    assert_eq!(Arc::strong_count(&wakes), 2, "no waker stays registered");
    assert!(record.has_ended());
}

#[derive(Default)]
struct CountingWaker {
    wakes: AtomicUsize,
}

impl alloc::task::Wake for CountingWaker {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn sleepers_wake_in_the_order_of_their_moments() {
    static NOW_NS: AtomicU64 = AtomicU64::new(0);
    fn now_ns() -> u64 {
        NOW_NS.load(Ordering::Relaxed)
    }
    let executor = executor();
    let order: Arc<spin::Mutex<Vec<u64>>> = Arc::default();
    for deadline_ns in [30, 10, 20] {
        let order = Arc::clone(&order);
        executor.start_service(
            "sleeper",
            Box::new(move || {
                let order = Arc::clone(&order);
                Box::pin(async move {
                    executor.timers.sleep_until(deadline_ns, now_ns).await;
                    order.lock().push(deadline_ns);
                })
            }),
        );
    }
    executor.run_until_idle();
    assert_eq!(executor.timers.next_deadline_ns(), 10);
    for moment in [10, 20, 30] {
        NOW_NS.store(moment, Ordering::Relaxed);
        executor.timers.fire(moment);
        executor.run_until_idle();
    }
    assert_eq!(*order.lock(), [10, 20, 30]);
    assert_eq!(executor.timers.next_deadline_ns(), u64::MAX);
}
