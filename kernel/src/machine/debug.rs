//! Breaking things on purpose, for tests: offered to scripts only with `debug=on` on the command line.

use core::sync::atomic::{AtomicBool, Ordering};

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use services::host::Debug;
use spin::Once;

use super::edu;
use crate::arch::lock::KernelLock;
use crate::arch::{clock, cores, provoke};
use crate::executor::queue::Task;
use crate::executor::{Executor, Factory, fiber, run};
use crate::memory::image;

/// How often the service that can be made to panic looks whether it should.
const SERVICE_PERIOD_NS: u64 = 20_000_000;

/// Held while the machine is made to panic: a task that dies holding a kernel lock takes the machine down.
static HELD: KernelLock<()> = KernelLock::new(());
static SERVICE: Once<Arc<Task>> = Once::new();
static SERVICE_MUST_PANIC: AtomicBool = AtomicBool::new(false);

/// See the module.
pub struct Hooks;

/// Starts the service that can be made to panic.
pub fn start(executor: &'static Executor) {
    let factory: Factory = Box::new(|| {
        Box::pin(async {
            loop {
                run::sleep_until(clock::now_ns() + SERVICE_PERIOD_NS).await;
                assert!(
                    !SERVICE_MUST_PANIC.swap(false, Ordering::Relaxed),
                    "a test asked this service to panic"
                );
            }
        })
    });
    SERVICE.call_once(|| executor.start_service("canary", factory));
}

/// Whether the command line says `debug=on`.
pub fn is_on() -> bool {
    SERVICE.get().is_some()
}

impl Debug for Hooks {
    fn with_stack_left(&self, bytes: usize, work: &mut dyn FnMut()) {
        fiber::with_stack_left(bytes, work);
    }

    fn raise(&self, name: &str) -> bool {
        provoke::raise(name)
    }

    fn panic_service(&self) -> &'static str {
        SERVICE_MUST_PANIC.store(true, Ordering::Relaxed);
        SERVICE.get().map_or("", |task| task.name())
    }

    fn service_restarts(&self) -> u64 {
        SERVICE.get().map_or(0, |task| task.restarts())
    }

    fn arena_pointers(&self) -> u64 {
        image::arena_pointers()
    }

    fn call_core(&self, core: u32) -> Option<u64> {
        cores::call(cores::find(core)?)
    }

    fn panic_machine(&self) {
        let _held = HELD.lock();
        panic!("a test asked the machine to panic");
    }

    fn interrupt(&self, core: u32, way: &str) -> Result<u64, String> {
        edu::interrupt(core, way)
    }
}
