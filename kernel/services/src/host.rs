//! The contracts between the script interface and whatever runs it: the kernel, a developer's machine, or a test.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};

use hw::facts::Facts;

use crate::acpi::Acpi;
use crate::clocks::{ClockInfo, SetError};
use crate::cores::CoreInfo;
use crate::files::Files;
use crate::identity::Identity;
use crate::interrupts::InterruptInfo;
use crate::keyboard::Layout;
use crate::lock::Lock;
use crate::pci::Pci;
use crate::raw::Raw;
use crate::screen::FontSize;
use crate::screen::drawing::{self, Area, Drawing};
use crate::task::{Control, Outcome, TaskError, TaskId, TaskInfo, TaskSpec};
use crate::{log, rom, shared};

/// A future on the kernel heap.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Everything a script session stands on. `Copy`, and made of `'static` references only: code on a fiber may hold it
/// and leaves nothing behind when the fiber is abandoned.
#[derive(Clone, Copy)]
pub struct Host {
    /// Running, starting and ending tasks.
    pub tasks: &'static dyn Tasks,
    /// Time.
    pub clock: &'static dyn Clock,
    /// Off and reboot.
    pub power: &'static dyn Power,
    /// The firmware's tables.
    pub acpi: &'static dyn Acpi,
    /// What the machine is made of.
    pub machine: &'static dyn Machine,
    /// What the machine is, in words.
    pub identity: &'static dyn Identity,
    /// Its registers; `None` where they are somebody else's.
    pub raw: Option<&'static dyn Raw>,
    /// The newest log lines.
    pub log: &'static log::Ring,
    /// `/rom`.
    pub rom: &'static rom::Rom,
    /// What tasks share.
    pub shared: &'static shared::Table,
    /// The PCI bus.
    pub pci: &'static dyn Pci,
    /// The machine's own keyboard.
    pub keyboard: &'static dyn Keyboard,
    /// The screen; `None` where the machine has none.
    pub display: Option<&'static dyn Display>,
    /// Random numbers.
    pub random: &'static crate::random::Root,
    /// All files: `/rom`, `/tmp` and what else is mounted.
    pub files: &'static Files,
    /// Hooks that break things on purpose; only where the command line asked for them.
    pub debug: Option<&'static dyn Debug>,
}

/// A wait ended early because the task was cancelled or killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// Why a task could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// Not enough free memory for a stack and an arena.
    OutOfMemory,
    /// Too many tasks at once.
    TooManyTasks,
    /// There is no core with this number that runs tasks.
    NoSuchCore(u32),
}

impl fmt::Display for StartError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfMemory => out.write_str("not enough free memory for another task"),
            Self::TooManyTasks => out.write_str("too many tasks at once"),
            Self::NoSuchCore(core) => write!(out, "no core {core} runs tasks; cpu::list() tells which do"),
        }
    }
}

/// Why a task's memory limit stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitError {
    /// There is no such running task.
    NotFound,
    /// The limit must be from `least` to `most` bytes.
    OutOfRange {
        /// The smallest limit.
        least: u64,
        /// The largest limit.
        most: u64,
    },
    /// Memory is not counted by task here.
    Unsupported,
}

impl fmt::Display for LimitError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => out.write_str("there is no such running task"),
            Self::OutOfRange { least, most } => write!(out, "memory_bytes must be from {least} to {most}"),
            Self::Unsupported => out.write_str("memory is not counted by task on this machine"),
        }
    }
}

/// What holds for every task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskLimits {
    /// Tasks that may run at once; 0 where nothing limits them.
    pub tasks: u64,
    /// Bytes of a task's stack.
    pub stack_bytes: u64,
    /// A task is abandoned when its memory reaches this many times its limit.
    pub hard_factor: u64,
    /// Results that are kept of ended tasks until somebody asks for them.
    pub outcomes: u64,
}

/// Running tasks. The calls marked *task* are for code that runs on a task's fiber.
pub trait Tasks: Send + Sync {
    /// *Task*: the running task's control. On a host without fibers, one for the calling thread.
    fn control(&self) -> &'static Control;

    /// *Task*: the running task.
    fn current(&self) -> TaskId;

    /// *Task*: lets others run; returns in the task's next time slice.
    fn yield_now(&self);

    /// *Task*: suspends the task until `future` is ready or the task is asked to cancel or end. The future is kept
    /// in the task's record, never on its stack.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] where the task was asked to cancel or end; the future was dropped.
    fn block_on(&self, future: BoxFuture<()>) -> Result<(), Interrupted>;

    /// *Task*: runs `work` with allocations on the kernel heap instead of the task's arena.
    fn on_kernel_heap(&self, work: &mut dyn FnMut());

    /// *Task*: gives back memory that the task has taken and does not use any more, where it is worth while. For one that
    /// is going to wait for a person.
    fn give_back_memory(&self) {}

    /// Starts a task as a child of the running one, if one runs.
    ///
    /// # Errors
    ///
    /// [`StartError`] where memory or task slots have run out.
    fn start(&self, spec: TaskSpec) -> Result<TaskId, StartError>;

    /// Waits for a task's end and takes its outcome; `None` for a task that does not exist or whose outcome was taken.
    fn wait(&self, id: TaskId) -> BoxFuture<Option<Outcome>>;

    /// Asks a task to end; false where there is no such running task.
    fn kill(&self, id: TaskId) -> bool;

    /// All tasks that have not been forgotten, oldest first.
    fn list(&self) -> Vec<TaskInfo>;

    /// Becomes ready when a task has ended, with its error if it ended with one; its outcome stays. Ready at once where
    /// there is no such task.
    fn ended(&self, id: TaskId) -> BoxFuture<Option<TaskError>>;

    /// The running line of a prompt has been detached: its task goes on as a child of `successor` under another name,
    /// and what it has started and shared so far belongs to `successor`, also where it has ended since
    /// ([`crate::task::Control::leaves`]).
    fn hand_over(&self, _detached: TaskId, _successor: TaskId, _name: &str) {}

    /// Changes how many bytes of arena a running task may have before its evaluation ends.
    ///
    /// # Errors
    ///
    /// [`LimitError`]; the limit stays then.
    fn set_memory_limit(&self, _id: TaskId, _bytes: u64) -> Result<(), LimitError> {
        Err(LimitError::Unsupported)
    }

    /// What holds for every task.
    fn limits(&self) -> TaskLimits {
        TaskLimits::default()
    }
}

/// Time.
pub trait Clock: Send + Sync {
    /// Nanoseconds since the kernel's entry; never goes back.
    fn uptime_ns(&self) -> u64;

    /// Milliseconds since 1970-01-01 00:00 UTC; `None` where the machine has no valid clock.
    fn unix_ms(&self) -> Option<i64>;

    /// Sets the date, at once, and that of the clock on the battery; ready when that keeps it.
    fn set_unix_ms(&self, _unix_ms: i64) -> BoxFuture<Result<(), SetError>> {
        Box::pin(core::future::ready(Err(SetError::Unsupported)))
    }

    /// All clocks of the machine. None where it cannot tell.
    fn clocks(&self) -> Vec<ClockInfo> {
        Vec::new()
    }

    /// Becomes ready when `uptime_ns` has reached `deadline_ns`.
    fn sleep_until(&self, deadline_ns: u64) -> BoxFuture<()>;
}

/// Why the machine is still on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PowerError {
    /// The firmware offers no way that we know.
    Unsupported,
    /// The request was made and nothing happened.
    NoEffect,
}

impl fmt::Display for PowerError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Unsupported => {
                "the firmware describes no way to do this (is ACPI turned off?); use the machine's own switch"
            }
            Self::NoEffect => "the machine did not react",
        })
    }
}

/// Off and reboot. Both return only where they failed.
pub trait Power: Send + Sync {
    /// Turns the machine off.
    fn off(&self) -> PowerError;
    /// Restarts the machine.
    fn reboot(&self) -> PowerError;
    /// How both would be done, what kind of machine it is, and its buttons. Nothing where the machine cannot tell.
    fn info(&self) -> Facts {
        Facts::new()
    }
}

/// One step of the start-up.
#[derive(Clone, Debug, PartialEq)]
pub struct BootStep {
    /// What was done.
    pub name: &'static str,
    /// Nanoseconds from the kernel's entry to the step's end.
    pub end_ns: u64,
}

/// The processor, in words and numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CpuInfo {
    /// Vendor text, such as `GenuineIntel`.
    pub vendor: String,
    /// Marketing name.
    pub brand: String,
    /// Family, model and stepping as CPUID gives them.
    pub family: u32,
    /// Model.
    pub model: u32,
    /// Stepping.
    pub stepping: u32,
    /// Logical processors that run tasks now.
    pub cores_online: u32,
    /// Logical processors that the firmware lists.
    pub cores_present: u32,
    /// Measured rate of the time-stamp counter.
    pub tsc_khz: u64,
    /// The time-stamp counter keeps its rate in every power state.
    pub tsc_invariant: bool,
    /// Features in use or of interest, lower case: `nx`, `smep`, `smap`, `umip`, `x2apic`, `tsc_deadline`...
    pub features: Vec<&'static str>,
    /// The hypervisor's name where there is one.
    pub hypervisor: Option<String>,
}

/// Memory in use, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryInfo {
    /// RAM that the kernel manages.
    pub total_bytes: u64,
    /// RAM that nobody uses.
    pub free_bytes: u64,
    /// The kernel's code and data, and what the boot loader left that is kept.
    pub kernel_bytes: u64,
    /// Committed to the kernel heap.
    pub heap_bytes: u64,
    /// Allocated from the kernel heap.
    pub heap_used_bytes: u64,
    /// Committed to all task arenas.
    pub arena_bytes: u64,
    /// Committed to the running task's arena.
    pub task_arena_bytes: u64,
    /// Committed to all task stacks.
    pub stack_bytes: u64,
}

/// What the machine is made of.
pub trait Machine: Send + Sync {
    /// The start-up's steps, in order.
    fn boot_steps(&self) -> Vec<BootStep>;
    /// The processor.
    fn cpu(&self) -> CpuInfo;
    /// Memory in use.
    fn memory(&self) -> MemoryInfo;
    /// `bios` or `uefi`.
    fn firmware(&self) -> &'static str;
    /// The boot loader's name.
    fn boot_loader(&self) -> String;
    /// The kernel's command line.
    fn command_line(&self) -> String;
    /// The processor's cores, those that do not run included. None where the machine cannot tell.
    fn cores(&self) -> Vec<CoreInfo> {
        Vec::new()
    }
    /// All interrupts that somebody handles, by core and vector. None where the machine cannot tell.
    fn interrupts(&self) -> Vec<InterruptInfo> {
        Vec::new()
    }
}

/// The machine's own keyboard. All calls return `None` where none answers.
pub trait Keyboard: Send + Sync {
    /// The keys that are down now, each named by what it types alone, or by the word on it.
    fn pressed(&self) -> Option<Vec<String>>;
    /// The layout's name.
    fn layout(&self) -> Option<&'static str>;
    /// Uses `layout` from the next key on.
    fn set_layout(&self, layout: Layout) -> Option<()>;
}

/// What a session sees of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayInfo {
    /// Width and height in pixels; `None` in text mode.
    pub size_pixels: Option<(usize, usize)>,
    /// Columns of characters.
    pub columns: usize,
    /// Rows of characters.
    pub rows: usize,
    /// The font; `None` in text mode.
    pub font: Option<FontSize>,
    /// How a pixel is stored, such as `rgb 32 bits`; or `text`.
    pub format: String,
    /// Number of the session that is described, from 0.
    pub session: usize,
}

/// The screen. `session` is the number of one of the screen's sessions, from 0; `None`, for tasks that belong to none,
/// means the one that is shown.
pub trait Display: Send + Sync {
    /// What there is.
    fn info(&self, session: Option<usize>) -> DisplayInfo;

    /// Shows `text`, which may hold escape sequences, ahead of what is on its way through the session's terminal.
    fn write(&self, session: Option<usize>, text: &str);

    /// Changes a session's font, and with it its columns and rows.
    ///
    /// # Errors
    ///
    /// [`drawing::Error::Unsupported`] in text mode.
    fn set_font(&self, session: Option<usize>, size: FontSize) -> Result<(), drawing::Error>;

    /// Gives a part of a session's screen, or all of it, to the task `owner`, in place of what it had.
    ///
    /// # Errors
    ///
    /// [`drawing::Error`]; what the task had stays then.
    fn claim(&self, session: Option<usize>, owner: TaskId, area: Option<Area>) -> Result<Area, drawing::Error>;

    /// Takes back what the task `owner` has; false if it had nothing. Also happens when the task ends.
    fn release(&self, owner: TaskId) -> bool;

    /// Draws on what the task `owner` has.
    ///
    /// # Errors
    ///
    /// [`drawing::Error::NoRegion`] where it has nothing, [`drawing::Error::Unsupported`] in text mode.
    fn draw(&self, owner: TaskId, drawing: &Drawing<'_>) -> Result<(), drawing::Error>;
}

/// Hooks for tests that break things on purpose: `debug=on` on the kernel's command line.
pub trait Debug: Send + Sync {
    /// *Task*: runs `work` with the stack pointer moved so that `bytes` of stack are left.
    fn with_stack_left(&self, bytes: usize, work: &mut dyn FnMut());
    /// Raises the processor exception `name` (`de db bp ud nm np ss gp pf df ...`) in the caller's context. Returns
    /// false where there is no such exception; else it may not return.
    fn raise(&self, name: &str) -> bool;
    /// Makes a supervised service panic in its next poll; its name.
    fn panic_service(&self) -> &'static str;
    /// How often supervised services were restarted.
    fn service_restarts(&self) -> u64;
    /// The kernel's variables that point into a task's arena: always 0, or something lazy was made in one.
    fn arena_pointers(&self) -> u64;
    /// Panics outside any recovery point.
    fn panic_machine(&self);
    /// Nanoseconds from the call of another core until it is known to have come there; `None` where that core runs
    /// nothing, is the caller's, or does not answer.
    fn call_core(&self, core: u32) -> Option<u64>;
    /// *Task*: lets a device interrupt `core` in the way `way` (`message`, `line`, or `nobody` for a line on which nobody
    /// answers), and returns how many of its interrupts have come in this way.
    ///
    /// # Errors
    ///
    /// In words, where there is no such device, core or way, or the interrupt does not come.
    fn interrupt(&self, _core: u32, _way: &str) -> Result<u64, String> {
        Err("this machine has no device for it".into())
    }
}

/// Suspends the running task until `future` is ready, and hands its output over.
///
/// # Errors
///
/// [`Interrupted`] where the task was asked to cancel or end; the future was dropped.
pub fn block_on<T: Send + 'static>(
    tasks: &dyn Tasks,
    future: impl Future<Output = T> + Send + 'static,
) -> Result<T, Interrupted> {
    tasks.control().note_wait();
    let slot = Arc::new(Lock::new(None));
    let filled = Arc::clone(&slot);
    tasks.block_on(Box::pin(async move {
        let output = future.await;
        *filled.lock() = Some(output);
    }))?;
    let output = slot.lock().take();
    output.ok_or(Interrupted)
}

/// Waits until `poll` is ready, and hands its result over; `None` where `limit` is ready first.
pub async fn within<T>(
    mut limit: Option<impl Future<Output = ()> + Unpin>,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Option<T> {
    poll_fn(|context| {
        if let Poll::Ready(result) = poll(context) {
            return Poll::Ready(Some(result));
        }
        match &mut limit {
            Some(limit) => Pin::new(limit).poll(context).map(|()| None),
            None => Poll::Pending,
        }
    })
    .await
}
