//! Programs that mean harm, three times over in one boot: each ends as it must, within its limits; the machine lives, and
//! gets its memory back.

use std::fmt::Write;
use std::time::{Duration, Instant};

use xtask::command;
use xtask::iso::Variant;
use xtask::rom;

use super::containment::{AVAILABLE, all_but};
use crate::ensure;
use crate::error::Error;
use crate::hostile::Expectation;
use crate::machine::{Config, Machine, PROMPT};
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[Test {
    name: "hostile_programs_end_as_they_must",
    company: Company::Shared,
    run: corpus,
}];

/// How often all programs run, unless the command line says otherwise.
const ROUNDS: u32 = 3;
const PROGRAMS_AT_LEAST: usize = 60;
/// What a program may take, and then as much again where the machine is slow to say so.
const PROGRAM_LIMIT: Duration = Duration::from_secs(60);
/// Free frames and free kernel heap after the last round, against those after the first.
const DRIFT_LIMIT_BYTES: i64 = 64 * 1024;

/// Runs a program as a task of its own, and says how that ended.
const OUTCOME: &str = "fn outcome(path) { let outcome = []; \
    try { outcome = [\"ok\", task::wait(task::start(|| run(path)))]; } \
    catch (error) { outcome = [error.code, error.message]; } outcome }";
/// Ends the tasks that a program has left, takes their results, and removes its files.
const TIDY: &str = "fn tidy(kept) { loop { let others = task::list().filter(|t| !kept.contains(t.id)); \
    if others.is_empty() { break; } for t in others { task::kill(t.id); } \
    for t in others { try { task::wait(t.id); } catch { } } } \
    for file in fs::list(\"/tmp\") { fs::remove(\"/tmp/\" + file.name); } }";

struct Program {
    name: String,
    expectation: Expectation,
}

fn corpus(context: &Context) -> Result<(), Error> {
    let files = rom::collect(&command::root().join("tests/hostile"))?;
    let mut programs = Vec::new();
    for (name, bytes) in &files {
        let expectation = Expectation::of(&String::from_utf8_lossy(bytes))
            .ok_or_else(|| Error::Wrong(format!("{name} does not say how it ends")))?;
        programs.push(Program {
            name: name.clone(),
            expectation,
        });
    }
    ensure!(programs.len() >= PROGRAMS_AT_LEAST, "only {} programs", programs.len());
    let iso = context.images.variant(Variant {
        timeout_seconds: Some(0),
        user: Some(rom::archive(&files)),
        ..Variant::default()
    })?;
    // Little memory makes what fills it short.
    let config = Config {
        memory_mib: 128,
        ..Config::default()
    };
    context.with_machine(&config, &iso, |machine| {
        machine.boot()?;
        prepare(machine)?;
        let mut wrong = String::new();
        let mut first = 0;
        for round in 1..=context.rounds.unwrap_or(ROUNDS) {
            let started = Instant::now();
            for program in &programs {
                let program_started = Instant::now();
                if let Err(error) = run(machine, program) {
                    println!("qemu: hostile round {round}, {}: {error}", program.name);
                    let _ = write!(wrong, "\n      round {round}, {}: {error}", program.name);
                    // Whatever it has done to the session.
                    restart(machine)?;
                }
                let taken = program_started.elapsed();
                if taken > PROGRAM_LIMIT {
                    let _ = write!(wrong, "\n      round {round}, {}: took {taken:?}", program.name);
                }
            }
            // A session keeps some memory of what it has run; a new one has none.
            restart(machine)?;
            let taken = started.elapsed();
            if round == 1 {
                first = machine.number(AVAILABLE)?;
            }
            if let Err(error) = all_but(machine, first, DRIFT_LIMIT_BYTES) {
                let _ = write!(wrong, "\n      round {round}: {error}");
            }
            println!(
                "qemu: hostile round {round}: {} programs in {:.1} s, {} bytes fewer than after the first",
                programs.len(),
                taken.as_secs_f64(),
                first - machine.number(AVAILABLE)?
            );
        }
        ensure!(wrong.is_empty(), "{wrong}");
        Ok(())
    })
}

fn prepare(machine: &mut Machine) -> Result<(), Error> {
    machine.eval(OUTCOME)?;
    machine.eval(TIDY)?;
    machine.eval("let kept = task::list().map(|t| t.id);")?;
    machine.check("tidy(kept)", "")
}

/// Ends the session; the machine starts another.
fn restart(machine: &mut Machine) -> Result<(), Error> {
    machine.send(b"\x03")?;
    machine.settle(PROGRAM_LIMIT)?;
    machine.send(b"\x04")?;
    machine.expect("The session was restarted.", PROGRAM_LIMIT)?;
    machine.settle(PROGRAM_LIMIT)?;
    prepare(machine)
}

fn run(machine: &mut Machine, program: &Program) -> Result<(), Error> {
    let path = format!("/rom/user/{}", program.name);
    let (code, result) = match program.expectation.cancel_after {
        Some(time) => cancelled(machine, &path, time)?,
        None => outcome(machine, &path)?,
    };
    let expected = &program.expectation;
    machine.check("tidy(kept)", "")?;
    ensure!(
        expected.is_met_by(&code, &result),
        "ended with {code} and {result:?}, not with {:?} {:?}",
        expected.codes,
        expected.result
    );
    Ok(())
}

/// How the program at `path` ends as a task: the code, and its result or message.
fn outcome(machine: &mut Machine, path: &str) -> Result<(String, String), Error> {
    let shown = machine.eval_within(&format!("outcome(\"{path}\")"), PROGRAM_LIMIT * 2)?;
    // What the program printed comes before.
    let last = shown.rsplit_once("\n[\"").map_or(shown.as_str(), |(_, last)| last);
    let inner = last.trim_start_matches("[\"").strip_suffix(']');
    let (code, result) = inner
        .and_then(|inner| inner.split_once("\","))
        // A long array goes on in the next line.
        .map(|(code, result)| (code, result.trim_start()))
        .ok_or_else(|| Error::Wrong(format!("no outcome but {shown:?}")))?;
    Ok((code.into(), result.into()))
}

/// How the program at `path` ends as a line of the session that gets Ctrl-C after a while.
fn cancelled(machine: &mut Machine, path: &str, time: Duration) -> Result<(String, String), Error> {
    machine.send(format!("run(\"{path}\")\r").as_bytes())?;
    machine.expect("\n", PROGRAM_LIMIT)?;
    std::thread::sleep(time);
    machine.send(b"\x03")?;
    let shown = machine.expect(&format!("\n{PROMPT}"), PROGRAM_LIMIT)?;
    machine.settle(PROGRAM_LIMIT)?;
    let code = shown.rsplit_once("error[").and_then(|(_, rest)| rest.split_once(']'));
    let code = code.ok_or_else(|| Error::Wrong(format!("no error but {shown:?}")))?;
    Ok((code.0.into(), String::new()))
}
