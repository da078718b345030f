//! A machine for tests: its console's other end is in the test's hands, its facts stay the same.
//!
//! What a test finds wrong it says by a panic.

mod acpi;
mod console;
mod identity;
mod parts;
mod pci;
mod registers;
mod screen;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use script_api::context::TaskContext;
use script_api::supervisor;
use services::files::Files;
use services::files::memory::Memory;
use services::files::read_only::ReadOnly;
use services::host::{Host, Tasks};
use services::log::Ring;
use services::shared::Table;
use services::task::Outcome;
use services::terminal::Terminal;

pub use crate::tasks::{Threads, is_on_kernel_heap, wait_for};
pub use console::FakeConsole;
use identity::FakeIdentity;
pub use parts::FakePower;
use parts::{FakeDebug, FakeMachine};
use pci::FakePci;
use registers::FakeRegisters;
pub use screen::{FakeDisplay, FakeKeyboard};

use crate::rom;
use crate::time::HostClock;

/// The date of every test, in milliseconds since 1970: 2026-11-23 04:05:06.789 UTC.
const UNIX_MS: i64 = 1_795_406_706_789;
/// Memory that is free.
const FREE_BYTES: u64 = 1 << 29;
/// What tasks may share.
const SHARED_BYTES: usize = 64 << 20;

/// The whole machine.
#[derive(Clone, Copy)]
pub struct FakeMachineWithConsole {
    /// What scripts see.
    pub host: Host,
    /// Its tasks.
    pub tasks: &'static Threads,
    /// Its power.
    pub power: &'static FakePower,
    /// Its screen, which is apart from the console.
    pub display: &'static FakeDisplay,
    /// The far end of its terminal.
    pub console: &'static FakeConsole,
    /// Where its session is.
    pub terminal: &'static Terminal,
}

/// A machine whose `/rom` holds these files.
pub fn machine(files: &[(&str, &str)]) -> FakeMachineWithConsole {
    let shared: &'static Table = Box::leak(Box::new(Table::new(SHARED_BYTES)));
    let tasks: &'static Threads = Box::leak(Box::new(Threads::new(shared)));
    let power: &'static FakePower = Box::leak(Box::new(FakePower {
        is_off: false.into(),
        tasks,
    }));
    let display: &'static FakeDisplay = Box::leak(Box::default());
    let console: &'static FakeConsole = Box::leak(Box::default());
    let terminal: &'static Terminal = Box::leak(Box::new(Terminal::new(console)));
    let log: &'static Ring = Box::leak(Box::new(Ring::new()));
    log.push(1_000_000, format_args!("started"));
    let rom = rom::tree(files.iter().copied());
    let files: &'static Files = Box::leak(Box::default());
    files.mount("/rom", Arc::new(ReadOnly::new(rom))).expect("a path");
    let memory = Memory::new(Box::new(|| FREE_BYTES));
    files.mount("/tmp", Arc::new(memory)).expect("a path");
    let host = Host {
        tasks,
        clock: Box::leak(Box::new(HostClock::with_fixed_date(UNIX_MS))),
        power,
        acpi: &acpi::FakeAcpi,
        machine: &FakeMachine,
        identity: &FakeIdentity,
        raw: Some(Box::leak(Box::<FakeRegisters>::default())),
        log,
        rom,
        files,
        shared,
        random: Box::leak(Box::new(parts::random())),
        pci: &FakePci,
        keyboard: Box::leak(Box::<FakeKeyboard>::default()),
        display: Some(display),
        debug: Some(&FakeDebug),
    };
    thread::spawn(move || wait_for(terminal.pump()));
    FakeMachineWithConsole {
        host,
        tasks,
        power,
        display,
        console,
        terminal,
    }
}

impl FakeMachineWithConsole {
    /// Runs `body` as a task and returns its outcome.
    ///
    /// # Errors
    ///
    /// The task's error.
    pub fn run(&self, body: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
        self.tasks.run("test", body)
    }

    /// Starts a session, as the kernel's supervisor does: one after the other.
    pub fn start_session(&self) {
        let machine = *self;
        thread::spawn(move || {
            machine
                .tasks
                .on_kernel_heap(&mut || wait_for(supervisor::serve(machine.host, machine.terminal)));
        });
        self.console.take_until("rhai> ");
    }

    /// What a task without a terminal stands on.
    pub fn context(&self) -> TaskContext {
        TaskContext {
            host: self.host,
            terminal: None,
            control: Box::leak(Box::default()),
        }
    }

    /// Types a line at the prompt, and after `pause` Ctrl-C: what is shown up to the next prompt from then on and before,
    /// as far as nobody took it, and how long that took from Ctrl-C on.
    pub fn interrupt(&self, line: &str, pause: Duration) -> (String, Duration) {
        self.console.type_text(line);
        self.console.type_text("\r");
        thread::sleep(pause);
        let asked = Instant::now();
        self.console.type_text("\x03");
        let shown = self.console.take_until("rhai> ");
        (shown, asked.elapsed())
    }

    /// As [`Self::interrupt`], where the next prompt has to come within `limit`. On a busy host this test may be late with
    /// its Ctrl-C, or the prompt late to arrive; a line that ignores Ctrl-C is late each time.
    pub fn interrupt_within(&self, line: &str, pause: Duration, limit: Duration) -> String {
        let mut tries = (0..3).map(|_| self.interrupt(line, pause));
        let in_time = tries.find(|(_, taken)| *taken < limit);
        in_time
            .unwrap_or_else(|| panic!("{line} took longer than {limit:?} to end"))
            .0
    }

    /// Types a line at the prompt and returns the number that it shows.
    pub fn number(&self, line: &str) -> f64 {
        let shown = self.enter(line);
        let number = shown.trim().parse();
        number.unwrap_or_else(|_| panic!("{line} shows {shown}"))
    }

    /// Types a line at the prompt and returns what the screen shows up to the next prompt, without echo and prompt.
    pub fn enter(&self, line: &str) -> String {
        self.console.type_text(line);
        self.console.type_text("\r");
        let text = self.console.take_until("rhai> ");
        let text = text.strip_suffix("rhai> ").expect("a prompt");
        text.strip_prefix(&format!("{line}\r\n"))
            .unwrap_or(text)
            .replace("\r\n", "\n")
    }
}

/// All files below `stdlib-scripts`, with their paths there.
pub fn standard_files() -> Vec<(String, String)> {
    rom::files_below(&rom::standard_folder()).expect("the project's scripts")
}

/// A machine with the standard files in `/rom`.
pub fn standard_machine() -> FakeMachineWithConsole {
    let files = standard_files();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    machine(&files)
}
