//! Tasks, their wakers, and the queues of those that are ready.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::task::{Context, Poll, Waker};

use services::host::BoxFuture;

use super::timers::Timers;
use crate::arch::core_local;
use crate::arch::lock::KernelLock;

/// Makes a service's future: at its start, and again after it panicked.
pub type Factory = Box<dyn Fn() -> BoxFuture<()> + Send + Sync>;

/// One core's executor.
pub struct Executor {
    ready: KernelLock<Ready>,
    /// Who sleeps until when.
    pub timers: Timers,
    /// Polls since the start.
    pub polls: AtomicU64,
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
    future: spin::Mutex<Option<BoxFuture<()>>>,
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
        }
    }

    /// Runs a service for ever: what `factory` makes is polled, and made anew when it panicked.
    pub fn start_service(&'static self, name: &'static str, factory: Factory) -> Arc<Task> {
        let future = factory();
        self.start(name, false, future, Some(factory))
    }

    /// Runs a script task's future.
    pub fn start_script(&'static self, future: BoxFuture<()>) -> Arc<Task> {
        self.start("script", true, future, None)
    }

    fn start(
        &'static self,
        name: &'static str,
        is_script: bool,
        future: BoxFuture<()>,
        factory: Option<Factory>,
    ) -> Arc<Task> {
        let task = Arc::new(Task {
            name,
            executor: self,
            is_script,
            is_queued: AtomicBool::new(false),
            future: spin::Mutex::new(Some(future)),
            factory,
            restarts: AtomicU64::new(0),
        });
        {
            let mut ready = self.ready.lock();
            ready.alive += 1;
            let alive = ready.alive;
            let Ready { services, scripts, .. } = &mut *ready;
            let queue = if is_script { scripts } else { services };
            queue.reserve(alive.saturating_sub(queue.len()));
        }
        Arc::clone(&task).wake();
        task
    }

    /// The next task to be polled: services first, script tasks in turn.
    pub fn next(&self) -> Option<Arc<Task>> {
        let mut ready = self.ready.lock();
        let task = match ready.services.pop_front() {
            Some(service) => Some(service),
            None => ready.scripts.pop_front(),
        };
        drop(ready);
        if let Some(task) = &task {
            // Cleared before the poll, so that a wake during it queues the task again.
            task.is_queued.store(false, Ordering::Release);
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

    /// Polls the task once.
    ///
    /// The future is out of its place meanwhile: where a panic abandons this call, the broken future is lost with the
    /// stack, and is never polled nor dropped again.
    pub fn poll(self: &Arc<Self>) {
        self.executor.polls.fetch_add(1, Ordering::Relaxed);
        let Some(mut future) = self.future.lock().take() else {
            return;
        };
        let waker = Waker::from(Arc::clone(self));
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => *self.future.lock() = Some(future),
            Poll::Ready(()) => {
                drop(future);
                self.forget();
            }
        }
    }

    /// Goes on after a poll was abandoned: a service is made anew, `false` for a task that cannot be.
    pub fn restart(self: &Arc<Self>) -> bool {
        let Some(factory) = &self.factory else {
            self.forget();
            return false;
        };
        self.restarts.fetch_add(1, Ordering::Relaxed);
        *self.future.lock() = Some(factory());
        Arc::clone(self).wake();
        true
    }

    fn forget(&self) {
        self.executor.ready.lock().alive -= 1;
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
            if is_script {
                ready.scripts.push_back(self)
            } else {
                ready.services.push_back(self)
            }
        });
    }
}
