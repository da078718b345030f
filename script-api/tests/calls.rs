//! Every described function, entered again and again with arguments that mean harm: none panics, none outlasts Ctrl-C,
//! and the session goes on.
//!
//! `CALL_SEEDS` in the environment says how many seeds are used; 1 where it says nothing.

#[path = "../../tests/src/calls.rs"]
#[expect(unreachable_pub, reason = "the QEMU tests' library shows it to others")]
mod calls;
mod host;

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use host::{FakeMachineWithConsole, standard_machine};
use script_api::context::TaskContext;
use script_api::registry::Doc;
use script_api::session::Session;
use script_api::{engine, entries};
use services::task::{Control, Requests};
use services::value::Value;

/// Each function is entered so often.
const ENTRIES: u64 = 50;
/// Tries for that; the rest of the calls were of a wrong type or number.
const CALLS_LIMIT: usize = 400;
/// When Ctrl-C comes: at once where waiting is what the function does.
const PATIENCE: Duration = Duration::from_millis(250);
const PATIENCE_WITH_WAITS: Duration = Duration::from_millis(20);
/// How long a busy host may take to end a call then.
const END_LIMIT: Duration = Duration::from_secs(10);

/// The call that runs now, since when, and whose it is.
struct Running {
    line: String,
    since: Instant,
    control: &'static Control,
}

#[test]
fn hostile_arguments_never_panic_or_hang() {
    let seeds = std::env::var("CALL_SEEDS").map_or(1, |count| count.parse().expect("a number"));
    let machine = standard_machine();
    let context = machine.context();
    let docs: Vec<&'static Doc> = engine::docs(&context)
        .filter(|doc| calls::is_called(&doc.path()))
        .collect();
    assert!(docs.len() > 100, "{}", docs.len());
    for seed in 1..=seeds {
        let mut random = calls::numbers(seed);
        for doc in &docs {
            let goal = entries::of(doc) + ENTRIES;
            for _ in 0..CALLS_LIMIT / 50 {
                if entries::of(doc) < goal {
                    let kinds: Vec<&str> = doc.params.iter().map(|param| param.kind.name()).collect();
                    let lines = (0..60).map(|_| calls::call(&doc.path(), &kinds, &mut random)).collect();
                    run(machine, lines, doc.waits);
                }
            }
            let missing = goal.saturating_sub(entries::of(doc));
            assert_eq!(missing, 0, "{} was entered too seldom with seed {seed}", doc.path());
        }
    }
}

/// Enters `lines` at the prompt of sessions: a new one where a line ends the task.
fn run(machine: FakeMachineWithConsole, lines: Vec<String>, waits: bool) {
    let patience = if waits { PATIENCE_WITH_WAITS } else { PATIENCE };
    let lines = Arc::new(Mutex::new(lines));
    while !lines.lock().expect("no panic under the lock").is_empty() {
        let running: Arc<Mutex<Option<Running>>> = Arc::default();
        let (in_task, rest) = (Arc::clone(&running), Arc::clone(&lines));
        let (sender, ended) = channel();
        let session = thread::spawn(move || {
            let outcome = machine.run(move || {
                enter_all(machine, &rest, &in_task);
                Ok(Value::Unit)
            });
            sender.send(()).expect("the test listens");
            outcome
        });
        while ended.recv_timeout(Duration::from_millis(5)).is_err() && !session.is_finished() {
            let running = running.lock().expect("no panic under the lock");
            let Some(call) = &*running else { continue };
            let taken = call.since.elapsed();
            assert!(taken < patience + END_LIMIT, "{} does not end at Ctrl-C", call.line);
            if taken > patience {
                // The editor ends with its task only: Ctrl-C is a key of its own.
                let is_editor = call.line.starts_with("edit(");
                call.control
                    .interrupt(if is_editor { Requests::KILL } else { Requests::CANCEL });
            }
        }
        let outcome = session.join().expect("the session's thread");
        let running = running.lock().expect("no panic under the lock");
        let line = running.as_ref().map(|call| call.line.as_str()).unwrap_or_default();
        assert_eq!(outcome, Ok(Value::Unit), "{line}");
        machine.tasks.end_all();
        machine.console.take_shown();
    }
}

/// The task's part: what a session does with each line, until one asks for the task's end.
fn enter_all(machine: FakeMachineWithConsole, lines: &Mutex<Vec<String>>, running: &Mutex<Option<Running>>) {
    let context = TaskContext::current(machine.host, Some(machine.terminal));
    let mut session = Session::new(context);
    loop {
        let Some(line) = lines.lock().expect("no panic under the lock").pop() else {
            return;
        };
        *running.lock().expect("no panic under the lock") = Some(Running {
            line: line.clone(),
            since: Instant::now(),
            control: context.control,
        });
        machine.terminal.begin_evaluation(context.control);
        session.evaluate_and_show(&line);
        machine
            .host
            .tasks
            .on_kernel_heap(&mut || machine.terminal.end_evaluation());
        context.control.take(Requests::CANCEL);
        if context.control.requests().contains(Requests::KILL) {
            return;
        }
    }
}
