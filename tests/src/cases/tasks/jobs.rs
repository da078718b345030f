//! Lines in the background.

use std::time::{Duration, Instant};

use crate::ensure;
use crate::error::Error;
use crate::machine::{Machine, PROMPT};
use crate::patience::until;
use crate::runner::Context;

const LIMIT: Duration = Duration::from_secs(20);

/// Starts a line, types Ctrl-Z while it runs, and returns its number and what was said.
fn detach(machine: &mut Machine, line: &str) -> Result<(i64, String), Error> {
    machine.send(line.as_bytes())?;
    machine.send(b"\r")?;
    machine.expect("\n", LIMIT)?;
    std::thread::sleep(Duration::from_millis(200));
    machine.send(b"\x1a")?;
    let said = format!("\n{}", machine.expect(&format!("\n{PROMPT}"), LIMIT)?);
    let number = said.rsplit_once("\n[").and_then(|(_, rest)| rest.split_once(']'));
    let number = number.and_then(|(number, _)| number.parse().ok());
    number
        .map(|number| (number, said.clone()))
        .ok_or_else(|| Error::Wrong(format!("`{line}` was not detached: {said:?}")))
}

pub(super) fn background(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        machine.eval("fn twice(x) { 2 * x } let kept = [1, 2]; let f = |x| x + kept.len();")?;
        machine.eval("let gate = channel::open(1);")?;
        // One that waits, one that computes: the prompt comes back at once, with what it had.
        let (waiting, _) = detach(machine, "kept.push(gate.receive()); kept")?;
        machine.check("[twice(4), kept, f.call(1)]", "[8, [1, 2], 3]")?;
        let started = Instant::now();
        let (computing, _) = detach(machine, "let n = 0; loop { n += 1; if n == 100000000000 { break; } }")?;
        ensure!(started.elapsed() < LIMIT, "the prompt took {:?}", started.elapsed());
        machine.check("twice(21)", "42")?;
        machine.check(
            &format!("task::info({computing}).name.starts_with(\"let n = 0; loop\")"),
            "true",
        )?;
        // Its end is told above the line.
        machine.send(b"gate.send(3)\r")?;
        machine.expect(&format!("[{waiting}] done: [1, 2, 3]"), LIMIT)?;
        machine.settle(LIMIT)?;
        machine.check(&format!("task::wait({waiting})"), "[1, 2, 3]")?;
        // Back, and away again, and Ctrl-C.
        let (again, _) = detach(machine, &format!("fg({computing})"))?;
        ensure!(again == computing, "{again}");
        machine.send(format!("fg({computing})\r").as_bytes())?;
        std::thread::sleep(Duration::from_millis(200));
        machine.send(b"\x03")?;
        let ended = machine.expect(&format!("\n{PROMPT}"), LIMIT)?;
        ensure!(ended.contains("error[cancelled]"), "{ended}");
        // From within.
        machine.send(b"print(\"one\"); bg(); time::sleep_ms(300); print(\"two\"); 7\r")?;
        machine.expect("goes on in the background", LIMIT)?;
        machine.expect("two", LIMIT)?;
        machine.expect("done: 7", LIMIT)?;
        machine.settle(LIMIT)?;
        machine.check("kept.len()", "2")
    })
}

pub(super) fn deaths(context: &Context) -> Result<(), Error> {
    context.at_prompt("debug=on", |machine| {
        machine.eval("let kept = 5; let gate = channel::open(1);")?;
        // What its task dies of is told, and the prompt has nothing to do with it.
        let (id, _) = detach(machine, "gate.receive(); debug::panic()")?;
        machine.send(b"gate.send(1)\r")?;
        machine.expect(&format!("[{id}] error[native_panic]"), LIMIT)?;
        machine.settle(LIMIT)?;
        machine.check("kept", "5")?;
        let (id, _) = detach(machine, "loop {}")?;
        machine.send(format!("task::kill({id})\r").as_bytes())?;
        machine.expect(&format!("[{id}] error[killed]"), LIMIT)?;
        machine.settle(LIMIT)?;
        machine.check("kept", "5")?;
        // One that dies before there is another prompt takes nothing of the last one with it.
        for death in ["task::kill(task::current()); loop {}", "debug::panic()"] {
            machine
                .eval("let own = channel::open(1); let listener = task::start(|| own.send(gate.receive() + kept));")?;
            machine.send(format!("bg(); {death}\r").as_bytes())?;
            machine.expect("] error[", LIMIT)?;
            machine.settle(LIMIT)?;
            machine.check("gate.send(1); own.receive()", "6")?;
        }
        // Lines in the background end with the session.
        let (id, _) = detach(machine, "time::sleep_ms(1000000)")?;
        machine.send(b"\x04")?;
        machine.expect(&format!("[{id}] error[killed]"), LIMIT)?;
        machine.settle(LIMIT)?;
        let lives = format!("task::list().filter(|t| t.id == {id} && t.state != \"ended\").len()");
        until(machine, LIMIT, |machine| machine.check(&lives, "0"))?;
        machine.check("debug::arena_pointers()", "0")
    })
}
