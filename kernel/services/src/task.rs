//! A running script task as the rest of the machine sees it.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use core::task::Waker;

use crate::lock::Lock;
use crate::random::Generator;
use crate::value::Value;

/// Names a task; never reused while the machine is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u64);

/// The one word that a script loads at each safepoint, and what else others may tell or ask a running task.
///
/// Controls are pooled by the kernel and outlive the task, so code on a fiber may hold a `&'static Control` and leave
/// nothing behind when the fiber is abandoned.
#[derive(Debug, Default)]
pub struct Control {
    requests: AtomicU32,
    operations: AtomicU64,
    position: AtomicU64,
    stack_floor: AtomicUsize,
    native: AtomicU32,
    waker: Lock<Option<Waker>>,
    random: Lock<Option<Box<Generator>>>,
    hardware: AtomicU32,
    leaves: AtomicBool,
}

/// Whether a task may touch the machine's registers past all drivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hardware {
    /// Not until it asks.
    Locked,
    /// It may.
    Unlocked,
    /// It never may, whatever it asks.
    Forbidden,
}

/// What is known of the native function that a task runs; see [`Control::begin_native`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Native {
    /// None, or none that has a description.
    None,
    /// One whose description says that it waits.
    MayWait,
    /// One whose description says that it does not.
    MustNotWait,
    /// The same, and it has waited.
    HasWaited,
}

/// The native function around the one that runs; see [`Control::begin_native`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct OuterNative(u32);

/// What has been asked of a task since it last looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requests(u32);

impl Requests {
    /// The time slice is over: let others run.
    pub const YIELD: Self = Self(1 << 0);
    /// Ctrl-C: end the current evaluation, keep the session.
    pub const CANCEL: Self = Self(1 << 1);
    /// End the task.
    pub const KILL: Self = Self(1 << 2);
    /// The arena has passed its soft limit.
    pub const MEMORY: Self = Self(1 << 3);

    /// Nothing was asked.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// `other` was asked.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl Control {
    /// A control with nothing asked.
    pub const fn new() -> Self {
        Self {
            requests: AtomicU32::new(0),
            operations: AtomicU64::new(0),
            position: AtomicU64::new(0),
            stack_floor: AtomicUsize::new(0),
            native: AtomicU32::new(Native::None as u32),
            waker: Lock::new(None),
            random: Lock::new(None),
            hardware: AtomicU32::new(Hardware::Locked as u32),
            leaves: AtomicBool::new(false),
        }
    }

    /// Makes a pooled control ready for another task.
    pub fn reset(&self) {
        self.requests.store(0, Ordering::Relaxed);
        self.operations.store(0, Ordering::Relaxed);
        self.position.store(0, Ordering::Relaxed);
        self.stack_floor.store(0, Ordering::Relaxed);
        self.native.store(Native::None as u32, Ordering::Relaxed);
        *self.waker.lock() = None;
        *self.random.lock() = None;
        self.hardware.store(Hardware::Locked as u32, Ordering::Relaxed);
        self.leaves.store(false, Ordering::Relaxed);
    }

    /// What is asked of the task now. The one load that each script operation pays for.
    // Relaxed: a request carries no data, and the task sees it at a later safepoint at the latest.
    pub fn requests(&self) -> Requests {
        Requests(self.requests.load(Ordering::Relaxed))
    }

    /// Asks for `request` without waking the task. Safe in an interrupt handler.
    pub fn ask(&self, request: Requests) {
        self.requests.fetch_or(request.0, Ordering::Relaxed);
    }

    /// Takes `request` back; true where it was set.
    pub fn take(&self, request: Requests) -> bool {
        self.requests.fetch_and(!request.0, Ordering::Relaxed) & request.0 != 0
    }

    /// Asks for `request` and wakes the task, so that a waiting one answers too. Not for interrupt handlers.
    pub fn interrupt(&self, request: Requests) {
        self.ask(request);
        let waker = self.waker.lock().clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Remembers how to wake the task; called by the executor.
    pub fn set_waker(&self, waker: &Waker) {
        let mut slot = self.waker.lock();
        if slot.as_ref().is_none_or(|known| !known.will_wake(waker)) {
            *slot = Some(waker.clone());
        }
    }

    /// Forgets the waker; called by the executor when the task has ended.
    pub fn clear_waker(&self) {
        let waker = self.waker.lock().take();
        drop(waker);
    }

    /// Script operations so far.
    pub fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    /// Notes the operations so far; called at safepoints that yield.
    pub fn set_operations(&self, operations: u64) {
        self.operations.store(operations, Ordering::Relaxed);
    }

    /// The script position of the last native call: line and column, both from 1; zero where unknown.
    pub fn position(&self) -> (u32, u32) {
        let packed = self.position.load(Ordering::Relaxed);
        ((packed >> 32) as u32, packed as u32)
    }

    /// Notes the script position of a native call.
    pub fn set_position(&self, line: u32, column: u32) {
        self.position
            .store(u64::from(line) << 32 | u64::from(column), Ordering::Relaxed);
    }

    /// The lowest address of the task's stack.
    pub fn stack_floor(&self) -> usize {
        self.stack_floor.load(Ordering::Relaxed)
    }

    /// Notes the lowest address of the task's stack; called by the executor.
    pub fn set_stack_floor(&self, address: usize) {
        self.stack_floor.store(address, Ordering::Relaxed);
    }

    /// A native function begins whose description says whether it waits. Give what comes back to
    /// [`Control::end_native`].
    pub fn begin_native(&self, waits: bool) -> OuterNative {
        let native = if waits { Native::MayWait } else { Native::MustNotWait };
        OuterNative(self.native.swap(native as u32, Ordering::Relaxed))
    }

    /// The native function has ended; true if it has waited although its description denies it.
    pub fn end_native(&self, outer: OuterNative) -> bool {
        self.native.swap(outer.0, Ordering::Relaxed) == Native::HasWaited as u32
    }

    /// The task waits now: noted where the running native function should not.
    pub fn note_wait(&self) {
        let (expected, found) = (Native::MustNotWait as u32, Native::HasWaited as u32);
        let _ = self
            .native
            .compare_exchange(expected, found, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The task's own random numbers, where it asked for some that can be had again; they lie on the kernel heap. Hold the
    /// lock for one number only.
    pub fn random(&self) -> &Lock<Option<Box<Generator>>> {
        &self.random
    }

    /// Whether the task may touch the machine's registers past all drivers.
    pub fn hardware(&self) -> Hardware {
        let hardware = self.hardware.load(Ordering::Relaxed);
        let all = [Hardware::Locked, Hardware::Unlocked, Hardware::Forbidden];
        all.into_iter()
            .find(|one| *one as u32 == hardware)
            .unwrap_or(Hardware::Forbidden)
    }

    /// Changes that, and returns what holds now: what is forbidden once stays so until the task ends.
    pub fn set_hardware(&self, wanted: Hardware) -> Hardware {
        let set = self.hardware.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
            (now != Hardware::Forbidden as u32).then_some(wanted as u32)
        });
        if set.is_ok() { wanted } else { Hardware::Forbidden }
    }

    /// Whether the task's line was detached and [`crate::host::Tasks::hand_over`] is still to come: what the task has
    /// started and shared does not end with it then.
    pub fn leaves(&self) -> bool {
        self.leaves.load(Ordering::Relaxed)
    }

    /// Notes whether that is so.
    pub fn set_leaves(&self, leaves: bool) {
        self.leaves.store(leaves, Ordering::Relaxed);
    }

    /// Whether at least `bytes` are left between this call's frame and the end of the running task's stack.
    #[inline(always)]
    pub fn has_stack(&self, bytes: usize) -> bool {
        let marker = 0u8;
        // Signed, so that one comparison also covers a frame below the end.
        (&raw const marker as usize).wrapping_sub(self.stack_floor()) as isize >= bytes as isize
    }

    /// Bytes left between this call's frame and the end of the running task's stack.
    pub fn stack_left_bytes(&self) -> usize {
        let marker = 0u8;
        (&raw const marker as usize).saturating_sub(self.stack_floor())
    }
}

/// Why a task ended without a result. The `code` is stable for scripts; the rest is for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskError {
    /// Stable name: `script_error`, `cancelled`, `killed`, `memory_limit`, `out_of_memory`, `stack_overflow`,
    /// `recursion_limit`, `native_panic`, `cpu_exception`, or the code that the script threw.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// Line of the script, from 1; 0 where unknown.
    pub line: u32,
    /// Column of the script, from 1; 0 where unknown.
    pub column: u32,
    /// Registers and backtrace where the machine ended the task; else empty.
    pub report: String,
}

impl TaskError {
    /// An error with a code and a message, and no position.
    pub fn new(code: &str, message: impl fmt::Display) -> Self {
        Self {
            code: code.into(),
            message: alloc::format!("{message}"),
            ..Self::default()
        }
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code, self.message)?;
        if self.line != 0 {
            write!(out, " (line {}, column {})", self.line, self.column)?;
        }
        Ok(())
    }
}

/// What a task left behind.
pub type Outcome = Result<Value, TaskError>;

/// Bytes that an outcome takes while it waits to be taken, about.
pub fn outcome_bytes(outcome: &Outcome) -> usize {
    match outcome {
        Ok(value) => value.size_bytes(),
        Err(error) => error.code.capacity() + error.message.capacity() + error.report.capacity(),
    }
}

/// A task to be started.
pub struct TaskSpec {
    /// Shown in lists.
    pub name: String,
    /// The core that it stays on; `None` leaves the choice to the machine.
    pub core: Option<u32>,
    /// Runs on the new task's fiber, in its arena. What it captures lies on the kernel heap.
    pub body: Box<dyn FnOnce() -> Outcome + Send>,
}

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Runs or waits for its turn.
    Ready,
    /// Waits for a service, a timer or another task.
    Waiting,
    /// Has ended; its outcome is kept until somebody asks.
    Ended,
}

impl TaskState {
    /// The state as scripts see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Ended => "ended",
        }
    }
}

/// One row of the task list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskInfo {
    /// The task.
    pub id: TaskId,
    /// The task that started it.
    pub parent: Option<TaskId>,
    /// Its name.
    pub name: String,
    /// The core that it stays on.
    pub core: u32,
    /// Where it is in its life.
    pub state: TaskState,
    /// Processor time it has used, in microseconds.
    pub cpu_time_us: u64,
    /// Script operations so far.
    pub operations: u64,
    /// Bytes committed to its arena.
    pub arena_bytes: u64,
    /// Bytes of its stack that were ever touched.
    pub stack_peak_bytes: u64,
    /// Bytes of arena beyond which its evaluation ends; 0 where nothing limits it.
    pub memory_limit_bytes: u64,
    /// When it was started, in nanoseconds of uptime.
    pub started_ns: u64,
    /// Line and column of its last native call; zero where unknown.
    pub position: (u32, u32),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_that_is_forbidden_stays_so_for_the_task() {
        let control = Control::new();
        assert_eq!(control.hardware(), Hardware::Locked);
        assert_eq!(control.set_hardware(Hardware::Unlocked), Hardware::Unlocked);
        assert_eq!(control.hardware(), Hardware::Unlocked);
        assert_eq!(control.set_hardware(Hardware::Forbidden), Hardware::Forbidden);
        assert_eq!(control.set_hardware(Hardware::Unlocked), Hardware::Forbidden);
        assert_eq!(control.hardware(), Hardware::Forbidden);
        control.reset();
        assert_eq!(control.hardware(), Hardware::Locked);
    }

    #[test]
    fn a_wait_that_a_description_denies_is_noticed() {
        let control = Control::new();
        control.note_wait();
        let outer = control.begin_native(false);
        // One inside of it, as in a callback, may wait.
        let inner = control.begin_native(true);
        control.note_wait();
        assert!(!control.end_native(inner));
        assert!(!control.end_native(outer));
        let outer = control.begin_native(false);
        control.note_wait();
        assert!(control.end_native(outer));
        // The next one starts anew.
        let outer = control.begin_native(false);
        assert!(!control.end_native(outer));
    }
}
