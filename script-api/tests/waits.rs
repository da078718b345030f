//! Ctrl-C ends every function that waits.

mod host;

use host::{FakeMachineWithConsole, standard_machine};
use script_api::engine;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// See the file.
const BLOCKING: &str = include_str!("blocking.txt");
/// The promise is a tenth of this; the rest is the host's.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);
const TRIES: usize = 3;

/// Names, and the line that waits where there is one.
fn blocking() -> Vec<(&'static str, Option<&'static str>)> {
    let lines = BLOCKING.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| match line.split_once(" ! ") {
            Some((path, _)) => (path, None),
            None => {
                let (path, code) = line.split_once(": ").expect("a name and a line");
                (path, Some(code))
            }
        })
        .collect()
}

/// Types `line`, and Ctrl-C while it runs; how long the prompt took to come back.
fn interrupt(machine: &FakeMachineWithConsole, line: &str) -> Result<Duration, String> {
    machine.console.type_text(line);
    machine.console.type_text("\r");
    std::thread::sleep(Duration::from_millis(150));
    let shown = String::from_utf8_lossy(&machine.console.take_shown()).into_owned();
    if shown.ends_with("rhai> ") && shown.contains("error[") {
        return Err(format!("{line} did not wait: {shown}"));
    }
    let started = Instant::now();
    machine.console.type_text("\x03");
    let mut shown = String::new();
    while started.elapsed() < ANSWER_LIMIT {
        shown += &String::from_utf8_lossy(&machine.console.take_shown());
        if shown.ends_with("rhai> ") {
            return match shown.contains("error[cancelled]") {
                true => Ok(started.elapsed()),
                false => Err(format!("{line} ended otherwise: {shown}")),
            };
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Err(format!("{line} goes on after Ctrl-C: {shown}"))
}

/// What the first try finds that `is_right` holds for, or else the last, and its machine: the host may be late, but not
/// each time.
fn interrupt_until(
    line: &str,
    is_right: impl Fn(&Result<Duration, String>) -> bool,
) -> (FakeMachineWithConsole, Result<Duration, String>) {
    let mut tries = 0;
    loop {
        let machine = standard_machine();
        machine.start_session();
        let found = interrupt(&machine, line);
        tries += 1;
        if is_right(&found) || tries == TRIES {
            return (machine, found);
        }
    }
}

#[test]
fn every_function_that_waits_is_in_the_list() {
    let machine = standard_machine();
    let context = machine.context();
    let waiting: BTreeSet<String> = engine::docs(&context)
        .filter(|doc| doc.waits)
        .map(|doc| doc.path())
        .collect();
    let listed: BTreeSet<String> = blocking().into_iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(waiting, listed, "blocking.txt has other functions than those that wait");
}

#[test]
fn ctrl_c_ends_every_function_that_waits() {
    for (path, line) in blocking() {
        let Some(line) = line else { continue };
        let name = path.rsplit("::").next().expect("a name");
        assert!(line.contains(&format!("{name}(")), "{path} is not called by {line}");
        let (machine, found) = interrupt_until(line, Result::is_ok);
        found.expect(path);
        assert_eq!(machine.enter("40 + 2"), "42\n", "{path}");
    }
}

/// The walk would find a function that does not hear.
#[test]
fn the_walk_finds_what_ignores_ctrl_c() {
    for (line, fault) in [
        ("debug::deaf(5000)", "goes on after Ctrl-C"),
        ("1 + 1", "ended otherwise"),
    ] {
        let is_fault = |found: &Result<Duration, String>| found.as_ref().is_err_and(|found| found.contains(fault));
        let (_, found) = interrupt_until(line, is_fault);
        assert!(is_fault(&found), "{line}: {found:?}");
    }
}
