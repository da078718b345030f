//! The tasks that call functions at a time or on an event: `every`, `after`, `at`, `on`.
//!
//! Each is a task of its own, on the rails of `task::start`: it has copies of what the function captured, and ends with
//! the task that made it. Its object among the shared ones is what the script's handle names, and holds its figures.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::poll_fn;

use rhai::Dynamic;
use services::host::{self, Host, Interrupted};
use services::rhythm::Rhythm;
use services::shared::{Closed, Handle, Timer};
use services::task::{Outcome, Requests};
use services::terminal::Terminal;
use services::value::Value;

use crate::context::{Stop, TaskContext};
use crate::convert;
use crate::error::Failure;
use crate::program::{self, Captured, Landed, Launch};

/// After so many errors, one after the other, a timer ends itself.
const ERROR_LIMIT: u32 = 10;

/// When the function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Once.
    Once {
        /// When, in nanoseconds of uptime.
        due_ns: u64,
    },
    /// Again and again.
    Every {
        /// From one call to the next.
        period_ns: u64,
    },
    /// On each event of its object.
    Event,
}

/// The body of a timer's task. Runs on the task's fiber. The function takes `arguments` more than it captured: one is
/// the event's value.
///
/// # Errors
///
/// `killed` for one that was cancelled, `too_many_errors`, or for one that is called once what the function throws.
pub fn run(
    host: Host,
    terminal: Option<&'static Terminal>,
    handle: Handle,
    schedule: Schedule,
    launch: Launch,
    arguments: usize,
) -> Outcome {
    let context = TaskContext::current(host, terminal);
    context.on_kernel_heap(|| host.shared.give(handle, host.tasks.current()));
    let worker = Worker {
        context,
        handle,
        arguments,
    };
    let result = Landed::new(context, launch, Captured::Variables).and_then(|function| match schedule {
        Schedule::Once { due_ns } => worker.once(&function, due_ns),
        Schedule::Every { period_ns } => worker.every(&function, period_ns),
        Schedule::Event => worker.on_events(&function),
    });
    context.on_kernel_heap(|| program::to_outcome(result.as_ref()))
}

struct Worker {
    context: TaskContext,
    handle: Handle,
    arguments: usize,
}

type Called = Result<Dynamic, Failure>;

impl Worker {
    fn once(&self, function: &Landed, due_ns: u64) -> Called {
        self.sleep_until(due_ns)?;
        let result = function.call(&mut []);
        self.with_timer(|timer| timer.note_run(result.is_err()));
        if let Err(failure) = &result {
            self.tell(failure)?;
        }
        result
    }

    fn every(&self, function: &Landed, period_ns: u64) -> Called {
        let mut rhythm = Rhythm::new(self.now_ns(), period_ns);
        let mut errors = 0;
        loop {
            self.sleep_until(rhythm.due_ns())?;
            self.call(function, &mut [], &mut errors)?;
            let skipped = rhythm.advance(self.now_ns());
            self.with_timer(|timer| timer.note_skipped(skipped));
        }
    }

    fn on_events(&self, function: &Landed) -> Called {
        let mut errors = 0;
        loop {
            let value = self.next_event()?;
            let mut arguments = [value];
            self.call(function, &mut arguments[..self.arguments.min(1)], &mut errors)?;
        }
    }

    /// Calls the function; an error is shown, and ends the timer where it is one of many.
    fn call(&self, function: &Landed, arguments: &mut [Dynamic], errors: &mut u32) -> Result<(), Failure> {
        let result = function.call(arguments);
        self.with_timer(|timer| timer.note_run(result.is_err()));
        let Err(failure) = result else {
            *errors = 0;
            return Ok(());
        };
        self.tell(&failure)?;
        *errors += 1;
        if *errors < ERROR_LIMIT {
            return Ok(());
        }
        let message = format!("{} ended: {ERROR_LIMIT} errors, one after the other", self.name());
        self.print(&message)?;
        Err(failure_of("too_many_errors", message))
    }

    /// Shows an error of the function. Fails where the task itself is to end.
    fn tell(&self, failure: &Failure) -> Result<(), Failure> {
        let control = self.context.control;
        if control.requests().contains(Requests::KILL) {
            return Err(killed());
        }
        // What ended the call must not end the message, or the next call.
        control.take(Requests::CANCEL);
        control.take(Requests::MEMORY);
        let place = failure.places.last().filter(|place| place.line != 0);
        let place = place.map(|place| format!(" (line {}, column {})", place.line, place.column));
        self.print(&format!(
            "{}: error[{}]: {}{}",
            self.name(),
            failure.code,
            failure.message,
            place.unwrap_or_default()
        ))
    }

    fn print(&self, text: &str) -> Result<(), Failure> {
        self.context.print_line(text).map_err(|Interrupted| killed())
    }

    /// How messages name the timer: its task's number and what it does.
    fn name(&self) -> String {
        let name = self.with_timer(|timer| timer.name.clone()).unwrap_or_default();
        let text = format!("timer {} ({name})", self.context.host.tasks.current().0);
        self.context.on_kernel_heap(|| drop(name));
        text
    }

    /// Looks at the timer's object, on the kernel heap; nothing of it stays on the fiber.
    fn with_timer<T>(&self, look: impl FnOnce(&Timer) -> T) -> Option<T> {
        let (shared, handle) = (self.context.host.shared, self.handle);
        self.context
            .on_kernel_heap(|| shared.timer(handle).ok().map(|timer| look(&timer)))
    }

    fn now_ns(&self) -> u64 {
        self.context.host.clock.uptime_ns()
    }

    fn sleep_until(&self, due_ns: u64) -> Result<(), Failure> {
        self.with_timer(|timer| timer.set_due_ns(due_ns));
        let host = self.context.host;
        let slept = self
            .context
            .on_kernel_heap(|| host::block_on(host.tasks, host.clock.sleep_until(due_ns)));
        slept.map_err(|Interrupted| killed())
    }

    /// The next event's value, in the task's arena.
    fn next_event(&self) -> Result<Dynamic, Failure> {
        let host = self.context.host;
        let mut received = self.context.on_kernel_heap(|| -> Result<Value, Closed> {
            let timer = host.shared.timer(self.handle)?;
            let event = poll_fn(move |waker| timer.poll_event(waker));
            host::block_on(host.tasks, event).map_err(|Interrupted| Closed)?
        });
        let value = received.as_ref().map(|value| convert::to_dynamic(value, None));
        let value = value.map_err(|Closed| killed());
        self.context
            .on_kernel_heap(|| drop(core::mem::replace(&mut received, Err(Closed))));
        value
    }
}

fn killed() -> Failure {
    failure_of(Stop::Killed.code(), String::from(Stop::Killed.message()))
}

fn failure_of(code: &str, message: String) -> Failure {
    let code = String::from(code);
    let places = Vec::new();
    Failure { code, message, places }
}
