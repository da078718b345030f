//! Tasks, their wakers, and the queues of those that are ready.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use core::task::{Context, Waker};

use services::host::BoxFuture;
use spin::Once;

use super::timers::Timers;
use crate::arch::core_local::{self, CoreLocal};
use crate::arch::lock::KernelLock;

/// Makes a service's future: at its start, and again after it panicked.
pub type Factory = Box<dyn Fn() -> BoxFuture<()> + Send + Sync>;

/// There is no memory for another place in the queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

/// Before a failed service runs again; doubled with each failure, so that one that always fails leaves time for others.
const FIRST_PAUSE_NS: u64 = 5_000_000;
const LONGEST_PAUSE_DOUBLINGS: u64 = 8;

/// One core's executor.
pub struct Executor {
    ready: KernelLock<Ready>,
    /// Who sleeps until when.
    pub timers: Timers,
    /// Polls since the start.
    pub polls: AtomicU64,
    /// Its core, once it has one.
    core: Once<&'static CoreLocal>,
    /// Script tasks that have not ended.
    scripts_alive: AtomicUsize,
    /// Script tasks that wait for their turn.
    scripts_ready: AtomicUsize,
}

struct Ready {
    services: VecDeque<Arc<Task>>,
    scripts: VecDeque<Arc<Task>>,
    /// Tasks that exist; the queues have room for all of them, so that a wake never allocates.
    alive: usize,
}

/// Something to be polled.
pub struct Task {
    name: &'static str,
    executor: &'static Executor,
    is_script: bool,
    is_queued: AtomicBool,
    /// It is over: there is no place for it in the queues any more. Changed while they are locked.
    is_finished: AtomicBool,
    future: KernelLock<Option<BoxFuture<()>>>,
    factory: Option<Factory>,
    restarts: AtomicU64,
}

impl Executor {
    /// An executor with nothing to do.
    pub const fn new() -> Self {
        Self {
            ready: KernelLock::new(Ready {
                services: VecDeque::new(),
                scripts: VecDeque::new(),
                alive: 0,
            }),
            timers: Timers::new(),
            polls: AtomicU64::new(0),
            core: Once::new(),
            scripts_alive: AtomicUsize::new(0),
            scripts_ready: AtomicUsize::new(0),
        }
    }

    /// Makes `core` the one that runs this.
    pub fn attach(&self, core: &'static CoreLocal) {
        self.core.call_once(|| core);
    }

    /// The core that runs this.
    pub fn core(&self) -> Option<&'static CoreLocal> {
        self.core.get().copied()
    }

    /// How many script tasks wait for their turn or run, and how many there are.
    pub fn crowd(&self) -> (usize, usize) {
        let is_running = self.core().is_some_and(|core| core.running_control().is_some());
        (
            self.scripts_ready.load(Ordering::Relaxed) + usize::from(is_running),
            self.scripts_alive.load(Ordering::Relaxed),
        )
    }

    /// Runs a service for ever: what `factory` makes is polled, and made anew when it panicked.
    ///
    /// # Panics
    ///
    /// Where memory has run out; services start with the machine.
    pub fn start_service(&'static self, name: &'static str, factory: Factory) -> Arc<Task> {
        let future = factory();
        let started = self.start(name, false, future, Some(factory));
        started.expect("services start before memory can run out")
    }

    /// Runs a script task's future, a fiber. Where one of its polls is abandoned, the fiber is dropped.
    ///
    /// # Errors
    ///
    /// [`NoRoom`]; the fiber was dropped.
    pub fn start_script(&'static self, future: BoxFuture<()>) -> Result<Arc<Task>, NoRoom> {
        self.start("script", true, future, None)
    }

    fn start(
        &'static self,
        name: &'static str,
        is_script: bool,
        future: BoxFuture<()>,
        factory: Option<Factory>,
    ) -> Result<Arc<Task>, NoRoom> {
        let task = Arc::new(Task {
            name,
            executor: self,
            is_script,
            is_queued: AtomicBool::new(false),
            is_finished: AtomicBool::new(false),
            future: KernelLock::new(Some(future)),
            factory,
            restarts: AtomicU64::new(0),
        });
        {
            let mut ready = self.ready.lock();
            let alive = ready.alive + 1;
            let Ready { services, scripts, .. } = &mut *ready;
            let queue = if is_script { scripts } else { services };
            // A failed growth must not panic while the queues are locked.
            let has_room = queue.try_reserve(alive.saturating_sub(queue.len())).is_ok();
            if !has_room {
                drop(ready);
                return Err(NoRoom);
            }
            ready.alive = alive;
            if is_script {
                self.scripts_alive.fetch_add(1, Ordering::Relaxed);
            }
        }
        Arc::clone(&task).wake();
        Ok(task)
    }

    /// The next task to be polled: services first, script tasks in turn.
    pub fn next(&self) -> Option<Arc<Task>> {
        let mut ready = self.ready.lock();
        let task = match ready.services.pop_front() {
            Some(service) => Some(service),
            None => {
                let script = ready.scripts.pop_front();
                self.scripts_ready.store(ready.scripts.len(), Ordering::Relaxed);
                script
            }
        };
        drop(ready);
        if let Some(task) = &task {
            // Cleared before the poll, so that a wake during it queues the task again.
            task.is_queued.swap(false, Ordering::AcqRel);
        }
        task
    }

    /// Whether nothing is ready.
    pub fn is_idle(&self) -> bool {
        let ready = self.ready.lock();
        ready.services.is_empty() && ready.scripts.is_empty()
    }

    /// Polls everything that is ready until nothing is; for tests on a host.
    pub fn run_until_idle(&self) {
        while let Some(task) = self.next() {
            task.poll();
        }
    }
}

impl Default for Executor {
    fn default() -> Self {
        Self::new()
    }
}

impl Task {
    /// The task's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How often the service was made anew after a panic.
    pub fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// Polls the task once. The future stays in its place, so that [`Task::recover`] finds it where this call is
    /// abandoned.
    pub fn poll(self: &Arc<Self>) {
        self.executor.polls.fetch_add(1, Ordering::Relaxed);
        let Some(future) = self.future.lock().as_mut().map(|future| &raw mut *future) else {
            return;
        };
        let waker = Waker::from(Arc::clone(self));
        // SAFETY: only the executor's own core polls, recovers or drops the future, one at a time; nobody else looks
        // into the slot.
        let future = unsafe { &mut *future };
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            let finished = self.future.lock().take();
            drop(finished);
            self.forget();
        }
    }

    /// Goes on after a poll was abandoned. A service is made anew, after a pause that grows with its failures, and its
    /// broken future is lost; true then. A script task's fiber is dropped, which ends the task.
    pub fn recover(self: &Arc<Self>, now_ns: fn() -> u64) -> bool {
        let broken = self.future.lock().take();
        if self.factory.is_none() {
            // A fiber's own state is whole: what panicked is what it waited for, and that is lost already.
            drop(broken);
            self.forget();
            return false;
        }
        core::mem::forget(broken);
        let restarts = self.restarts.fetch_add(1, Ordering::Relaxed);
        let pause_ns = FIRST_PAUSE_NS << restarts.min(LONGEST_PAUSE_DOUBLINGS);
        let task = Arc::clone(self);
        let again: BoxFuture<()> = Box::pin(async move {
            task.executor.timers.sleep_until(now_ns() + pause_ns, now_ns).await;
            if let Some(factory) = &task.factory {
                factory().await;
            }
        });
        *self.future.lock() = Some(again);
        Arc::clone(self).wake();
        true
    }

    fn forget(&self) {
        {
            let mut ready = self.executor.ready.lock();
            ready.alive -= 1;
            self.is_finished.store(true, Ordering::Relaxed);
        }
        if self.is_script {
            self.executor.scripts_alive.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if self.is_queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let executor = self.executor;
        let is_script = self.is_script;
        core_local::get().on_kernel_heap(|| {
            let mut ready = executor.ready.lock();
            if self.is_finished.load(Ordering::Relaxed) {
                drop(ready);
                return;
            }
            if is_script {
                ready.scripts.push_back(self);
                executor.scripts_ready.store(ready.scripts.len(), Ordering::Relaxed);
            } else {
                ready.services.push_back(self);
            }
        });
        #[cfg(target_os = "none")]
        super::run::tell(executor, is_script);
    }
}
