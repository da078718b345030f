//! A machine of threads: each task is a thread, futures are polled where they are awaited, and the console's other end
//! is in the test's hands.
#![allow(dead_code, reason = "each test binary uses a part of it")]

mod screen;

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use services::console::Console;
use services::files::Files;
use services::files::memory::Memory;
use services::files::read_only::ReadOnly;
use services::host::{
    BootStep, BoxFuture, Clock, CpuInfo, Debug, Host, Interrupted, Machine, MemoryInfo, Power, PowerError, StartError,
    Tasks,
};
use services::log::Ring;
use services::rom::Rom;
use services::shared::Table;
use services::task::{Control, Outcome, Requests, TaskError, TaskId, TaskInfo, TaskSpec, TaskState};
use services::terminal::Terminal;

pub(crate) use screen::FakeDisplay;
use screen::FakeKeyboard;

/// Stack of a task's thread, and the part of it that scripts may use.
const STACK_BYTES: usize = 16 * 1024 * 1024;
const STACK_MARGIN_BYTES: usize = 256 * 1024;

thread_local! {
    static CURRENT: Cell<Option<(&'static Control, TaskId)>> = const { Cell::new(None) };
    static ON_KERNEL_HEAP: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread allocates on the "kernel heap" now.
pub(crate) fn is_on_kernel_heap() -> bool {
    ON_KERNEL_HEAP.get()
}

struct ThreadWaker(Thread);

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls `future` on the calling thread until it is ready.
pub(crate) fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    let waker = Waker::from(Arc::new(ThreadWaker(thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park_timeout(Duration::from_millis(50));
    }
}

struct Record {
    id: TaskId,
    parent: Option<TaskId>,
    name: String,
    control: &'static Control,
    outcome: Option<Outcome>,
    ended: bool,
    waiters: Vec<Waker>,
}

/// Tasks on threads.
#[derive(Default)]
pub(crate) struct FakeTasks {
    records: Arc<Mutex<Vec<Record>>>,
    next: AtomicU64,
}

impl FakeTasks {
    fn begin(&self, name: &str, parent: Option<TaskId>) -> (TaskId, &'static Control) {
        let id = TaskId(self.next.fetch_add(1, Ordering::Relaxed) + 1);
        let control: &'static Control = Box::leak(Box::default());
        let record = Record {
            id,
            parent,
            name: name.into(),
            control,
            outcome: None,
            ended: false,
            waiters: vec![],
        };
        self.records.lock().expect("no panic under the lock").push(record);
        (id, control)
    }

    fn spawn(&self, name: &str, parent: Option<TaskId>, body: Box<dyn FnOnce() -> Outcome + Send>) -> TaskId {
        let (id, control) = self.begin(name, parent);
        let records = Arc::clone(&self.records);
        let run = move || {
            let marker = 0u8;
            control.set_stack_floor(&raw const marker as usize - (STACK_BYTES - STACK_MARGIN_BYTES));
            CURRENT.set(Some((control, id)));
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body))
                .unwrap_or_else(|_| Err(TaskError::new("native_panic", "a native function panicked")));
            let mut records = records.lock().expect("no panic under the lock");
            let record = records.iter_mut().find(|record| record.id == id).expect("its record");
            record.outcome = Some(outcome);
            record.ended = true;
            record.waiters.drain(..).for_each(Waker::wake);
        };
        thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn(run)
            .expect("a thread");
        id
    }
}

impl Tasks for FakeTasks {
    fn control(&self) -> &'static Control {
        CURRENT.get().expect("a task's thread").0
    }

    fn current(&self) -> TaskId {
        CURRENT.get().expect("a task's thread").1
    }

    fn yield_now(&self) {
        thread::yield_now();
    }

    fn block_on(&self, mut future: BoxFuture<()>) -> Result<(), Interrupted> {
        assert!(is_on_kernel_heap(), "a future must be made on the kernel heap");
        let control = self.control();
        let waker = Waker::from(Arc::new(ThreadWaker(thread::current())));
        control.set_waker(&waker);
        let ends = |requests: Requests| requests.contains(Requests::CANCEL) || requests.contains(Requests::KILL);
        loop {
            if ends(control.requests()) {
                return Err(Interrupted);
            }
            if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                return Ok(());
            }
            thread::park_timeout(Duration::from_millis(50));
        }
    }

    fn on_kernel_heap(&self, work: &mut dyn FnMut()) {
        let outer = ON_KERNEL_HEAP.replace(true);
        work();
        ON_KERNEL_HEAP.set(outer);
    }

    fn start(&self, spec: TaskSpec) -> Result<TaskId, StartError> {
        assert!(is_on_kernel_heap(), "a task's body must be made on the kernel heap");
        Ok(self.spawn(&spec.name, Some(self.current()), spec.body))
    }

    fn wait(&self, id: TaskId) -> BoxFuture<Option<Outcome>> {
        assert!(is_on_kernel_heap());
        let records = Arc::clone(&self.records);
        Box::pin(std::future::poll_fn(move |context| {
            let mut records = records.lock().expect("no panic under the lock");
            let Some(at) = records.iter().position(|record| record.id == id) else {
                return Poll::Ready(None);
            };
            if records[at].ended {
                return Poll::Ready(records.remove(at).outcome);
            }
            records[at].waiters.push(context.waker().clone());
            Poll::Pending
        }))
    }

    fn kill(&self, id: TaskId) -> bool {
        let records = self.records.lock().expect("no panic under the lock");
        let record = records.iter().find(|record| record.id == id && !record.ended);
        record
            .inspect(|record| record.control.interrupt(Requests::KILL))
            .is_some()
    }

    fn list(&self) -> Vec<TaskInfo> {
        let records = self.records.lock().expect("no panic under the lock");
        let info = |record: &Record| TaskInfo {
            id: record.id,
            parent: record.parent,
            name: record.name.clone(),
            state: if record.ended {
                TaskState::Ended
            } else {
                TaskState::Ready
            },
            cpu_time_us: 1500,
            operations: record.control.operations(),
            arena_bytes: 4096,
            stack_peak_bytes: 8192,
        };
        records.iter().map(info).collect()
    }
}

struct FakeClock(Instant);

impl Clock for FakeClock {
    fn uptime_ns(&self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }

    fn unix_ms(&self) -> Option<i64> {
        Some(1_795_406_706_789)
    }

    fn sleep_until(&self, deadline_ns: u64) -> BoxFuture<()> {
        let start = self.0;
        Box::pin(std::future::poll_fn(move |context: &mut Context<'_>| {
            let now_ns = start.elapsed().as_nanos() as u64;
            if now_ns >= deadline_ns {
                return Poll::Ready(());
            }
            let waker = context.waker().clone();
            let rest = Duration::from_nanos(deadline_ns - now_ns).min(Duration::from_millis(20));
            thread::spawn(move || {
                thread::sleep(rest);
                waker.wake();
            });
            Poll::Pending
        }))
    }
}

/// Notes the request; the machine "goes off" by ending the task.
#[derive(Default)]
pub(crate) struct FakePower {
    pub(crate) is_off: AtomicBool,
}

impl Power for FakePower {
    fn off(&self) -> PowerError {
        self.is_off.store(true, Ordering::Relaxed);
        CURRENT.get().expect("a task's thread").0.ask(Requests::KILL);
        PowerError::NoEffect
    }

    fn reboot(&self) -> PowerError {
        self.off()
    }
}

struct FakeMachine;

impl Machine for FakeMachine {
    fn boot_steps(&self) -> Vec<BootStep> {
        vec![
            BootStep {
                name: "memory",
                end_ns: 1_500_000,
            },
            BootStep {
                name: "heap",
                end_ns: 4_000_000,
            },
        ]
    }

    fn cpu(&self) -> CpuInfo {
        CpuInfo {
            vendor: "Threads".into(),
            cores_online: 1,
            features: vec!["nx", "smep"],
            ..CpuInfo::default()
        }
    }

    fn memory(&self) -> MemoryInfo {
        MemoryInfo {
            total_bytes: 1 << 30,
            free_bytes: 1 << 29,
            ..MemoryInfo::default()
        }
    }

    fn firmware(&self) -> &'static str {
        "uefi"
    }

    fn boot_loader(&self) -> String {
        "GRUB".into()
    }

    fn command_line(&self) -> String {
        "debug=on".into()
    }
}

struct FakeDebug;

impl Debug for FakeDebug {
    fn with_stack_left(&self, _: usize, work: &mut dyn FnMut()) {
        work();
    }

    fn raise(&self, name: &str) -> bool {
        assert_ne!(name, "gp", "raised");
        false
    }

    fn panic_service(&self) -> &'static str {
        "pump"
    }

    fn service_restarts(&self) -> u64 {
        0
    }

    fn arena_pointers(&self) -> u64 {
        0
    }

    fn panic_machine(&self) {
        panic!("the machine");
    }
}

/// The console's two ends.
#[derive(Default)]
struct Wires {
    typed: VecDeque<u8>,
    shown: Vec<u8>,
    reader: Option<Waker>,
}

/// A console that a test types at and reads from.
#[derive(Default)]
pub(crate) struct FakeConsole {
    wires: Mutex<Wires>,
    changed: Condvar,
}

impl Console for FakeConsole {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn poll_read(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<usize> {
        let mut wires = self.wires.lock().expect("no panic under the lock");
        let count = wires.typed.len().min(buffer.len());
        if count == 0 {
            wires.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        wires
            .typed
            .drain(..count)
            .zip(buffer)
            .for_each(|(byte, slot)| *slot = byte);
        Poll::Ready(count)
    }

    fn poll_write(&self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<usize> {
        self.wires.lock().expect("no panic under the lock").shown.extend(bytes);
        self.changed.notify_all();
        Poll::Ready(bytes.len())
    }
}

impl FakeConsole {
    /// Types `text`.
    pub(crate) fn type_text(&self, text: &str) {
        let waker = {
            let mut wires = self.wires.lock().expect("no panic under the lock");
            wires.typed.extend(text.bytes());
            wires.reader.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Takes what was shown since the last call.
    pub(crate) fn take_shown(&self) -> Vec<u8> {
        std::mem::take(&mut self.wires.lock().expect("no panic under the lock").shown)
    }

    /// Waits until the screen's text ends with `end`, and takes it.
    pub(crate) fn take_until(&self, end: &str) -> String {
        let limit = Instant::now() + Duration::from_secs(20);
        let mut wires = self.wires.lock().expect("no panic under the lock");
        loop {
            let text = String::from_utf8_lossy(&wires.shown).into_owned();
            if text.ends_with(end) {
                wires.shown.clear();
                return text;
            }
            assert!(Instant::now() < limit, "no {end:?} at the end of {text:?}");
            wires = self
                .changed
                .wait_timeout(wires, Duration::from_millis(100))
                .expect("no panic under the lock")
                .0;
        }
    }
}

/// The whole machine.
#[derive(Clone, Copy)]
pub(crate) struct FakeMachineWithConsole {
    pub(crate) host: Host,
    pub(crate) tasks: &'static FakeTasks,
    pub(crate) power: &'static FakePower,
    pub(crate) display: &'static FakeDisplay,
    pub(crate) console: &'static FakeConsole,
    pub(crate) terminal: &'static Terminal,
}

/// A machine whose `/rom` holds these files.
pub(crate) fn machine(files: &[(&str, &str)]) -> FakeMachineWithConsole {
    let tasks: &'static FakeTasks = Box::leak(Box::default());
    let power: &'static FakePower = Box::leak(Box::default());
    let display: &'static FakeDisplay = Box::leak(Box::default());
    let console: &'static FakeConsole = Box::leak(Box::default());
    let terminal: &'static Terminal = Box::leak(Box::new(Terminal::new(console)));
    let log: &'static Ring = Box::leak(Box::new(Ring::new()));
    log.push(1_000_000, format_args!("started"));
    let (rom, problem) = Rom::parse(Box::leak(archive(files).into_boxed_slice()));
    assert_eq!(problem, None);
    let rom: &'static Rom = Box::leak(Box::new(rom));
    let files: &'static Files = Box::leak(Box::default());
    files.mount("/rom", Arc::new(ReadOnly::new(rom))).expect("a path");
    let memory = Memory::new(Box::new(|| 1 << 29));
    files.mount("/tmp", Arc::new(memory)).expect("a path");
    let host = Host {
        tasks,
        clock: Box::leak(Box::new(FakeClock(Instant::now()))),
        power,
        machine: &FakeMachine,
        log,
        rom,
        files,
        shared: Box::leak(Box::new(Table::new(64 << 20))),
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
    pub(crate) fn run(&self, body: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
        let id = self.tasks.spawn("test", None, Box::new(body));
        let mut outcome = None;
        self.tasks
            .on_kernel_heap(&mut || outcome = wait_for(self.tasks.wait(id)));
        outcome.expect("an outcome")
    }

    /// Asks all tasks to end.
    pub(crate) fn end_tasks(&self) {
        for record in self.tasks.records.lock().expect("no panic under the lock").iter() {
            record.control.interrupt(Requests::KILL);
        }
    }

    /// Starts a session, as the kernel's supervisor does: one after the other.
    pub(crate) fn start_session(&self) {
        let machine = *self;
        thread::spawn(move || {
            loop {
                machine
                    .run(move || script_api::session::run(machine.host, machine.terminal))
                    .ok();
                machine.terminal.forget_evaluation();
            }
        });
        self.console.take_until("rhai> ");
    }

    /// Types a line at the prompt and returns what the screen shows up to the next prompt, without echo and prompt.
    pub(crate) fn enter(&self, line: &str) -> String {
        self.console.type_text(line);
        self.console.type_text("\r");
        let text = self.console.take_until("rhai> ");
        let text = text.strip_suffix("rhai> ").expect("a prompt");
        text.strip_prefix(&format!("{line}\r\n"))
            .unwrap_or(text)
            .replace("\r\n", "\n")
    }
}

/// A tar archive.
pub(crate) fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, text) in files {
        let mut header = [0u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", text.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = b'0';
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend(text.as_bytes());
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// All files below `stdlib-scripts`, with their paths there.
pub(crate) fn standard_files() -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../stdlib-scripts");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(&root)
                    .expect("below the root")
                    .to_string_lossy()
                    .into_owned();
                files.push((name, std::fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    files
}

/// A machine with the standard files in `/rom`, and a session at its prompt.
pub(crate) fn standard_machine() -> FakeMachineWithConsole {
    let files = standard_files();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    machine(&files)
}
