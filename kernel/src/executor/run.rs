//! The executor's loop on the machine: deliver, fire, poll, and halt where nothing is ready.

use alloc::sync::Arc;
use core::cmp::Reverse;
use core::sync::atomic::Ordering;

use services::task::Outcome;

use super::queue::Task;
use super::record::TaskRecord;
use super::recovery::Poller;
use super::{Ended, Executor, fiber, interrupt, tasks};
use crate::arch::core_local::{self, CoreLocal};
use crate::arch::{apic, clock, cores, interrupts, tlb};
use crate::memory::stack::{self, TaskStack};
use crate::memory::{allocator, limbo};

static BOOT_CORE: Executor = Executor::new();

/// The boot processor's executor, and every core's timer's handler.
pub fn start_boot_core() -> &'static Executor {
    interrupts::set_handler(interrupts::TIMER_VECTOR, on_timer);
    start_on_this_core(&BOOT_CORE);
    &BOOT_CORE
}

/// Makes `executor` the calling core's, which takes tasks from now on.
pub fn start_on_this_core(executor: &'static Executor) {
    let core = core_local::get();
    executor.attach(core);
    core.executor
        .store(core::ptr::from_ref(executor).cast_mut(), Ordering::Release);
    core.load.start(clock::now_ns());
    cores::publish(core);
}

/// The executor of another core, or of this one.
pub fn of(core: &CoreLocal) -> Option<&'static Executor> {
    // SAFETY: only `start_on_this_core` stores here, pointers made from static references.
    unsafe { core.executor.load(Ordering::Acquire).as_ref() }
}

/// The executor with the least to do: the fewest script tasks that want to run, then the fewest script tasks. Of equals
/// the one with the highest number, for services run on the boot processor.
pub fn least_busy() -> &'static Executor {
    cores::online()
        .filter_map(of)
        .min_by_key(|executor| (executor.crowd(), Reverse(executor.core().map_or(0, CoreLocal::number))))
        .unwrap_or_else(current)
}

/// Something was put into `executor`'s queues: where it is another core's, that one is to look.
pub(super) fn tell(executor: &'static Executor, is_script: bool) {
    let Some(core) = executor.core() else { return };
    if core::ptr::eq(core, core_local::get()) {
        return;
    }
    // Services come before scripts, also before the one that runs.
    if !is_script && let Some(control) = core.running_control() {
        control.ask(services::task::Requests::YIELD);
    }
    cores::wake(core);
}

/// Ready when the clock shows `deadline_ns`; sleeps on the core that it is first polled on.
pub async fn sleep_until(deadline_ns: u64) {
    current().timers.sleep_until(deadline_ns, clock::now_ns).await;
}

/// The running core's executor.
///
/// # Panics
///
/// Before the core has one.
pub fn current() -> &'static Executor {
    of(core_local::get()).expect("the executor is started before anything runs on it")
}

/// The timer's interrupt: the running task's slice is over, or somebody's sleep is.
fn on_timer() {
    let core = core_local::get();
    apic::note_timer();
    core.timer_interrupts.fetch_add(1, Ordering::Relaxed);
    if let Some(control) = core.running_control() {
        control.ask(services::task::Requests::YIELD);
    }
    interrupt::raise(interrupt::Source::TIMER);
}

/// Runs tasks for ever; they are polled on `stack`.
pub fn run(executor: &'static Executor, stack: TaskStack) -> ! {
    let poller = Poller::new(stack);
    x86_64::instructions::interrupts::enable();
    let core = core_local::get();
    loop {
        tlb::catch_up();
        limbo::reap();
        interrupt::deliver();
        let now_ns = clock::now_ns();
        core.load.tick(now_ns);
        executor.timers.fire(now_ns);
        allocator::free_deferred();
        stack::refill_reserve();
        match executor.next() {
            Some(task) => poll(&poller, &task),
            None => idle(executor),
        }
    }
}

fn poll(poller: &Poller, task: &Arc<Task>) {
    if poller.poll(task) == Ended::Finished {
        return;
    }
    let core = core_local::get();
    let fault = core.fault.borrow().clone();
    match fault {
        Some(fault) => log::error!("service {} failed: {fault}\n{}", task.name(), fault.report),
        None => log::error!("service {} failed", task.name()),
    }
    if task.recover(clock::now_ns) {
        log::warn!("service {} restarted", task.name());
    }
    core.fault.borrow_mut().take();
}

/// Halts until an interrupt, unless something became ready meanwhile.
fn idle(executor: &Executor) {
    let core = core_local::get();
    apic::arm(executor.timers.next_deadline_ns(), clock::now_ns());
    x86_64::instructions::interrupts::disable();
    // Before the look into the queues: whoever puts something there later sees it, and wakes this core.
    core.is_halted.store(true, Ordering::SeqCst);
    if interrupt::is_pending() || !executor.is_idle() {
        tlb::leave_halt(core);
        x86_64::instructions::interrupts::enable();
        return;
    }
    core.load.halt(clock::now_ns());
    x86_64::instructions::interrupts::enable_and_hlt();
    tlb::leave_halt(core);
    core.load.resume(clock::now_ns());
}

/// What happens around each run of a fiber on the machine.
pub struct Slices;

impl fiber::Hooks for Slices {
    fn enter(&self, now_ns: u64, slice_ns: u64) {
        apic::arm((now_ns + slice_ns).min(current().timers.next_deadline_ns()), now_ns);
    }

    fn ending(&self, record: &TaskRecord, outcome: &Outcome) {
        tasks::before_end(record, outcome);
    }

    fn ended(&self, record: &TaskRecord) {
        tasks::after_end(record);
    }

    fn now_ns(&self) -> u64 {
        clock::now_ns()
    }
}

impl fiber::Floor for TaskStack {
    fn floor(&self) -> usize {
        TaskStack::floor(self)
    }

    fn peak_bytes(&self) -> u64 {
        TaskStack::peak_bytes(self)
    }
}
