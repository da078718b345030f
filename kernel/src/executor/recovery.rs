//! Going on after a panic or a fault in code that has a recovery point: a fiber, or a service's poll.
//!
//! There is no unwinding. The abandoned coroutine returns to its parent through `corosensei`'s trap handler, and nothing
//! on its stack is dropped. That is allowed only where no kernel lock is held: a task that dies inside the kernel takes
//! the machine down.

use alloc::sync::Arc;
use core::cell::Cell;
use core::ptr;
use core::sync::atomic::Ordering;

use corosensei::trap::TrapHandlerRegs;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use services::task::TaskError;

use super::Ended;
use super::queue::Task;
use crate::arch::core_local::{self, Recovery};
use crate::memory::stack::TaskStack;

/// Whether the code that runs with the stack pointer at `stack_pointer` may be abandoned.
pub fn is_possible(stack_pointer: usize) -> bool {
    let core = core_local::get();
    core.locks_held.load(Ordering::Relaxed) == 0
        && core
            .recovery
            .get()
            .is_some_and(|recovery| recovery.handler.stack_ptr_in_bounds(stack_pointer))
}

/// Notes why the running coroutine ends, and returns the registers with which it goes on to its end.
///
/// # Panics
///
/// Where [`is_possible`] does not hold.
pub fn abandon(error: TaskError) -> TrapHandlerRegs {
    let core = core_local::get();
    let recovery = core.recovery.get().expect("checked by the caller");
    core.allocating.set(ptr::null_mut());
    on_kernel_heap(|| {
        if let Ok(mut fault) = core.fault.try_borrow_mut() {
            *fault = Some(error);
        }
    });
    // SAFETY: the stack pointer lies within the coroutine, as `is_possible` checked, and the caller loads the
    // registers. What the coroutine left half done lies in its own arena.
    unsafe { recovery.handler.setup_trap_handler(|| Ended::Abandoned) }
}

/// Leaves the running code for good and goes on with `registers`.
pub fn resume_with(registers: TrapHandlerRegs) -> ! {
    // SAFETY: the registers come from `abandon`, whose stack and code stay valid.
    unsafe {
        core::arch::asm!(
            "mov rsp, {stack}",
            "mov rbp, {base}",
            "jmp {target}",
            stack = in(reg) registers.rsp,
            base = in(reg) registers.rbp,
            target = in(reg) registers.rip,
            in("rdi") registers.rdi,
            in("rsi") registers.rsi,
            options(noreturn),
        )
    }
}

/// Runs `work` with allocations on the kernel heap.
pub fn on_kernel_heap<T>(work: impl FnOnce() -> T) -> T {
    core_local::get().on_kernel_heap(work)
}

/// Polls tasks on a stack of its own, so that a panic in a service's poll ends that poll only.
pub struct Poller {
    coroutine: Cell<Option<Coroutine<*const Task, (), Ended, TaskStack>>>,
}

impl Poller {
    /// A poller that polls on `stack`.
    pub fn new(stack: TaskStack) -> Self {
        Self {
            coroutine: Cell::new(Some(start(stack))),
        }
    }

    /// Polls `task` once; `Abandoned` where it panicked or faulted.
    pub fn poll(&self, task: &Arc<Task>) -> Ended {
        let mut coroutine = self.coroutine.take().expect("a poll never begins within another");
        let core = core_local::get();
        let outer = core.recovery.replace(Some(Recovery {
            handler: coroutine.trap_handler(),
        }));
        let result = coroutine.resume(Arc::as_ptr(task));
        core.recovery.set(outer);
        match result {
            CoroutineResult::Yield(()) => {
                self.coroutine.set(Some(coroutine));
                Ended::Finished
            }
            CoroutineResult::Return(ended) => {
                // The same stack again: services fail most when memory is short.
                self.coroutine.set(Some(start(coroutine.into_stack())));
                ended
            }
        }
    }
}

fn start(stack: TaskStack) -> Coroutine<*const Task, (), Ended, TaskStack> {
    Coroutine::with_stack(stack, |yielder: &Yielder<*const Task, ()>, mut task: *const Task| {
        loop {
            // SAFETY: `Poller::poll` holds the task while this coroutine runs.
            unsafe { Arc::increment_strong_count(task) };
            // SAFETY: the count was just taken.
            let held = unsafe { Arc::from_raw(task) };
            held.poll();
            drop(held);
            task = yielder.suspend(());
        }
    })
}
