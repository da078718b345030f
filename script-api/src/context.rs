//! What a running script's native code stands on: the machine's services, the task's terminal and its control word.

use alloc::boxed::Box;
use alloc::string::String;

use rhai::{Dynamic, EvalAltResult, NativeCallContext};
use services::host::{self, BoxFuture, Host, Interrupted};
use services::task::{Control, Requests};
use services::terminal::Terminal;

use crate::error::thrown;

/// Stack that a native function needs: less, and it throws `stack_overflow` instead of starting.
pub const NATIVE_STACK_BYTES: usize = 64 * 1024;
/// Stack that a script operation needs: less, and the evaluation ends with `recursion_limit`. More than a native needs,
/// so that recursion in a script meets this limit first.
pub const SCRIPT_STACK_BYTES: usize = 96 * 1024;
/// Text is handed to the terminal in pieces of at most this size, so that little of it lies on the kernel heap.
const PRINT_PIECE_BYTES: usize = 16 * 1024;

/// Copied freely; owns nothing, so an abandoned fiber leaves nothing of it behind.
#[derive(Clone, Copy)]
pub struct TaskContext {
    /// The machine.
    pub host: Host,
    /// Where the task prints; tasks inherit it from the one that started them.
    pub terminal: Option<&'static Terminal>,
    /// The running task's control word.
    pub control: &'static Control,
}

/// Why a script has to stop at a safepoint. A script cannot catch it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Ctrl-C.
    Cancelled = 1,
    /// `task::kill`, or the parent's end.
    Killed = 2,
    /// The arena's soft limit.
    MemoryLimit = 3,
    /// The stack is nearly used up.
    RecursionLimit = 4,
}

impl Stop {
    /// The token that Rhai carries from the safepoint to the end of the evaluation.
    pub fn token(self) -> Dynamic {
        Dynamic::from_int(self as i64)
    }

    /// The reason in a token.
    pub fn from_token(token: &Dynamic) -> Option<Self> {
        let all = [Self::Cancelled, Self::Killed, Self::MemoryLimit, Self::RecursionLimit];
        let number = token.as_int().ok()?;
        all.into_iter().find(|&stop| stop as i64 == number)
    }

    /// The stable error code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Killed => "killed",
            Self::MemoryLimit => "memory_limit",
            Self::RecursionLimit => "recursion_limit",
        }
    }

    /// One sentence for people.
    pub fn message(self) -> &'static str {
        match self {
            Self::Cancelled => "interrupted by Ctrl-C",
            Self::Killed => "the task was asked to end",
            Self::MemoryLimit => "the task has used up its memory",
            Self::RecursionLimit => "calls are nested too deeply",
        }
    }
}

impl TaskContext {
    /// The context of the running task.
    pub fn current(host: Host, terminal: Option<&'static Terminal>) -> Self {
        Self {
            host,
            terminal,
            control: host.tasks.control(),
        }
    }

    /// The context of the script that called a native function.
    ///
    /// # Errors
    ///
    /// `no_task` where the engine was not made by [`engine::build`](crate::engine::build).
    pub fn of(call: &NativeCallContext<'_>) -> Result<Self, Box<EvalAltResult>> {
        let context = call.tag().and_then(|tag| tag.read_lock::<Self>().map(|guard| *guard));
        context.ok_or_else(|| thrown("no_task", "this engine belongs to no task", call.call_position()))
    }

    /// The check that every native function makes first: notes where the script is, and that there is stack enough
    /// and no reason to stop.
    ///
    /// # Errors
    ///
    /// `stack_overflow`, or the reason to stop.
    pub fn enter(&self, call: &NativeCallContext<'_>) -> Result<(), Box<EvalAltResult>> {
        let position = call.call_position();
        self.control.set_position(
            position.line().unwrap_or(0) as u32,
            position.position().unwrap_or(0) as u32,
        );
        let operations = call.global_runtime_state().num_operations;
        if operations > self.control.operations() {
            self.control.set_operations(operations);
        }
        if self.control.stack_left_bytes() < NATIVE_STACK_BYTES {
            return Err(thrown(
                "stack_overflow",
                "too little stack is left for a native function",
                position,
            ));
        }
        self.checkpoint(call)
    }

    /// For native functions that compute for long, every few thousand steps: lets others run and answers requests.
    ///
    /// # Errors
    ///
    /// The reason to stop, as an error that a script cannot catch.
    pub fn checkpoint(&self, call: &NativeCallContext<'_>) -> Result<(), Box<EvalAltResult>> {
        match self.safepoint(self.control.operations()) {
            None => Ok(()),
            Some(stop) => Err(EvalAltResult::ErrorTerminated(stop.token(), call.call_position()).into()),
        }
    }

    /// What each script operation runs: two loads and a comparison while nothing is asked.
    #[inline]
    pub fn safepoint(&self, operations: u64) -> Option<Stop> {
        if self.control.requests().is_empty() && self.control.has_stack(SCRIPT_STACK_BYTES) {
            return None;
        }
        self.answer(operations)
    }

    #[cold]
    #[inline(never)]
    fn answer(&self, operations: u64) -> Option<Stop> {
        if self.control.take(Requests::YIELD) {
            self.control.set_operations(operations);
            self.host.tasks.yield_now();
        }
        self.stop()
            .or_else(|| (self.control.stack_left_bytes() < SCRIPT_STACK_BYTES).then_some(Stop::RecursionLimit))
    }

    /// What the task was asked for that ends an evaluation; the weightiest first.
    pub fn stop(&self) -> Option<Stop> {
        let requests = self.control.requests();
        let asked = [
            (Requests::KILL, Stop::Killed),
            (Requests::MEMORY, Stop::MemoryLimit),
            (Requests::CANCEL, Stop::Cancelled),
        ];
        asked
            .into_iter()
            .find(|(request, _)| requests.contains(*request))
            .map(|(_, stop)| stop)
    }

    /// Becomes ready in `ms` milliseconds.
    pub fn after_ms(&self, ms: u64) -> BoxFuture<()> {
        let clock = self.host.clock;
        clock.sleep_until(clock.uptime_ns().saturating_add(ms.saturating_mul(1_000_000)))
    }

    /// Runs `work` with allocations on the kernel heap.
    pub fn on_kernel_heap<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut work = Some(work);
        let mut result = None;
        self.host
            .tasks
            .on_kernel_heap(&mut || result = work.take().map(|work| work()));
        result.expect("the machine runs what it is given")
    }

    /// Prints a line on the task's terminal; without one, or where the task must stop, the text is dropped.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] where the task must stop.
    pub fn print_line(&self, text: &str) -> Result<(), Interrupted> {
        let Some(terminal) = self.terminal else { return Ok(()) };
        let mut rest = text;
        loop {
            let mut cut = rest.len().min(PRINT_PIECE_BYTES);
            while !rest.is_char_boundary(cut) {
                cut -= 1;
            }
            let (piece, after) = rest.split_at(cut);
            let mut result = Ok(());
            self.host.tasks.on_kernel_heap(&mut || {
                let mut copy = String::with_capacity(piece.len() + 1);
                copy.push_str(piece);
                if after.is_empty() {
                    copy.push('\n');
                }
                // Printing waits, whatever function it is that prints.
                let outer = self.control.begin_native(true);
                result = host::block_on(self.host.tasks, terminal.print(copy));
                self.control.end_native(outer);
            });
            result?;
            if after.is_empty() {
                return Ok(());
            }
            rest = after;
        }
    }
}
