//! The programs of `tests/hostile` that can run on threads: each ends as its first lines say.

#[path = "../../tests/src/hostile.rs"]
#[expect(unreachable_pub, reason = "the QEMU tests' library shows it to others")]
mod expectation;
mod host;

use expectation::Expectation;
use host::{FakeMachineWithConsole, machine};
use std::fs;
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use script_api::context::TaskContext;
use script_api::session::Session;
use script_api::show;
use services::task::Requests;
use services::value::Value;

/// What a program may take on a busy host.
const LIMIT: Duration = Duration::from_secs(60);

/// Name and text of each program.
fn programs() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/hostile");
    let mut programs: Vec<(String, String)> = fs::read_dir(folder)
        .expect("the programs")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    programs.sort();
    programs
}

/// Runs the program `name` of `/rom` as a task, with Ctrl-C after a while; its code, and its result or message.
fn outcome(machine: FakeMachineWithConsole, name: &str, cancel_after: Option<Duration>) -> (String, String) {
    let line = format!("run(\"/rom/{name}\")");
    let (sender, receiver) = channel();
    let running = thread::spawn(move || {
        machine.run(move || {
            let context = TaskContext::current(machine.host, Some(machine.terminal));
            sender.send(context.control).expect("the test listens");
            let mut session = Session::new(context);
            let ended = match session.evaluate(&line) {
                Ok(value) => ("ok".into(), show::value(&value, show::Limits::ordinary(80)).unwrap_or_default()),
                Err(error) => {
                    let failure = script_api::error::Failure::of(&error);
                    (failure.code, failure.message)
                }
            };
            Ok(Value::Array(vec![Value::Text(ended.0), Value::Text(ended.1)]))
        })
    });
    let control = receiver.recv_timeout(LIMIT).expect("the task starts");
    if let Some(time) = cancel_after {
        thread::sleep(time);
        control.interrupt(Requests::CANCEL);
    }
    let started = Instant::now();
    while !running.is_finished() {
        assert!(started.elapsed() < LIMIT, "{name} does not end");
        thread::sleep(Duration::from_millis(2));
    }
    match running.join().expect("the task's thread") {
        Ok(Value::Array(ended)) => match <[Value; 2]>::try_from(ended) {
            Ok([Value::Text(code), Value::Text(result)]) => (code, result),
            other => panic!("{name}: {other:?}"),
        },
        Ok(other) => panic!("{name}: {other:?}"),
        Err(error) => (error.code, error.message),
    }
}

#[test]
fn hostile_programs_end_as_they_must() {
    let programs = programs();
    assert!(programs.len() >= 60, "{}", programs.len());
    let mut wrong = Vec::new();
    for (name, text) in &programs {
        let expected = Expectation::of(text).unwrap_or_else(|| panic!("{name} does not say how it ends"));
        if expected.is_machine_only {
            continue;
        }
        let started = Instant::now();
        let machine = machine(&[(name, text)]);
        let (code, result) = outcome(machine, name, expected.cancel_after);
        machine.tasks.end_all();
        let taken = started.elapsed();
        if taken > Duration::from_millis(150) {
            println!("{name} took {taken:?}");
        }
        if !expected.is_met_by(&code, &result) {
            wrong.push(format!(
                "{name}: {code} {result:.300}, not {:?} {:?}",
                expected.codes, expected.result
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
