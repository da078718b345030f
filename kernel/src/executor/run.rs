//! The executor's loop on the machine: deliver, fire, poll, and halt where nothing is ready.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use super::queue::Task;
use super::record::TaskRecord;
use super::recovery::Poller;
use super::{Ended, Executor, fiber, interrupt, tasks};
use crate::arch::{apic, clock, core_local, interrupts};
use crate::memory::{allocator, stack};

static BOOT_CORE: Executor = Executor::new();

/// The boot processor's executor, and its timer's handler.
pub fn start_boot_core() -> &'static Executor {
    interrupts::set_handler(interrupts::TIMER_VECTOR, on_timer);
    core_local::get().executor.set(Some(&BOOT_CORE));
    &BOOT_CORE
}

/// The running core's executor.
///
/// # Panics
///
/// Before the core has one.
pub fn current() -> &'static Executor {
    core_local::get()
        .executor
        .get()
        .expect("the executor is started before anything runs on it")
}

/// The timer's interrupt: the running task's slice is over, or somebody's sleep is.
fn on_timer() {
    let core = core_local::get();
    core.timer_interrupts.fetch_add(1, Ordering::Relaxed);
    if let Some(control) = core.running_control() {
        control.ask(services::task::Requests::YIELD);
    }
    interrupt::raise(interrupt::Source::TIMER);
}

/// Runs tasks for ever.
pub fn run(executor: &'static Executor) -> ! {
    let poller = Poller::new();
    x86_64::instructions::interrupts::enable();
    loop {
        interrupt::deliver();
        executor.timers.fire(clock::now_ns());
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
    apic::arm(executor.timers.next_deadline_ns());
    x86_64::instructions::interrupts::disable();
    if interrupt::is_pending() || !executor.is_idle() {
        x86_64::instructions::interrupts::enable();
    } else {
        x86_64::instructions::interrupts::enable_and_hlt();
    }
}

/// What happens around each run of a fiber on the machine.
pub struct Slices;

impl fiber::Hooks for Slices {
    fn enter(&self, slice_ns: u64) {
        let slice_end_ns = clock::now_ns() + slice_ns;
        apic::arm(slice_end_ns.min(current().timers.next_deadline_ns()));
    }

    fn ended(&self, record: &TaskRecord) {
        tasks::after_end(record);
    }

    fn now_ns(&self) -> u64 {
        clock::now_ns()
    }
}

impl fiber::Floor for stack::TaskStack {
    fn floor(&self) -> usize {
        stack::TaskStack::floor(self)
    }

    fn peak_bytes(&self) -> u64 {
        self.committed_bytes()
    }
}
