//! Starting a driver on a fiber: its waits, written one after the other as the data sheets have them, let everything
//! else run meanwhile.

use alloc::boxed::Box;
use alloc::string::String;

use hw::{Clock, TimedOut};
use services::task::TaskSpec;
use services::value::Value;

use crate::arch::{clock, core_local};
use crate::executor::{fiber, run, tasks};

/// A wait spins for so long before it gives the core away: most devices answer within it.
const SPIN_NS: u64 = 20_000;
/// Between two looks at a device that takes longer.
const LOOK_NS: u64 = 500_000;

/// Runs `work` on a fiber of its own; false where it could not run to its end.
pub async fn run(name: &'static str, work: impl FnOnce() + Send + 'static) -> bool {
    let spec = TaskSpec {
        name: String::from(name),
        core: None,
        body: Box::new(move || {
            core_local::get().on_kernel_heap(work);
            Ok(Value::Unit)
        }),
    };
    match tasks::start(spec) {
        Ok(id) => matches!(tasks::wait(id).await, Some(Ok(_))),
        Err(error) => {
            log::warn!("{name}: {error}");
            false
        }
    }
}

/// *Task*: the clock for drivers that start by [`run`].
#[derive(Clone, Copy, Debug)]
pub struct FiberClock;

impl Clock for FiberClock {
    fn now_ns(&self) -> u64 {
        clock::now_ns()
    }

    fn wait_until_us(&self, limit_us: u64, mut done: impl FnMut() -> bool) -> Result<(), TimedOut> {
        let begin_ns = clock::now_ns();
        let deadline_ns = begin_ns.saturating_add(limit_us.saturating_mul(1_000));
        loop {
            // The time is read first: a task that lost time between the two must not report a false timeout.
            let now_ns = clock::now_ns();
            if done() {
                return Ok(());
            }
            if now_ns >= deadline_ns {
                return Err(TimedOut);
            }
            if now_ns - begin_ns < SPIN_NS {
                core::hint::spin_loop();
                continue;
            }
            let look_ns = deadline_ns.min(now_ns + LOOK_NS);
            let sleep = run::sleep_until(look_ns);
            // Somebody ends the task: so does the wait.
            fiber::block_on(Box::pin(sleep)).map_err(|_| TimedOut)?;
        }
    }
}
