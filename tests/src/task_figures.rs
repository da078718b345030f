//! Measurements of tasks: switching, starting, talking, waiting, and the prompt beside a thousand of them.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::figures::Figure;
use crate::latency;
use crate::machine::{Config, Machine, PROMPT};
use crate::screen_figures::Setting;
use crate::screendump;
use crate::waiting;

const LIMIT: Duration = Duration::from_secs(120);
const SWITCHES: u32 = 100_000;
const ROUNDS: u32 = 2_000;
const TASKS: u32 = 1_000;
/// Sessions beside the first on the screen.
const SESSIONS: u32 = 3;
const ANSWERS: u32 = 40;

fn boot(setting: &Setting<'_>) -> Result<Machine, Error> {
    let iso = setting.images.with_command_line("debug=on")?;
    let mut machine = Machine::start(&Config::default(), &iso, setting.folder.join("machine"))?;
    machine.boot()?;
    Ok(machine)
}

/// Microseconds that each of `count` takes where `line` does all of them and ends with the milliseconds since `start`.
fn each(machine: &mut Machine, line: &str, count: u32) -> Result<f64, Error> {
    let text = machine.eval_within(
        &format!("let start = time::uptime_ms(); {line}; time::uptime_ms() - start"),
        LIMIT,
    )?;
    let ms: f64 = text
        .parse()
        .map_err(|_| Error::Wrong(format!("`{line}` gave {text:?}")))?;
    Ok(ms * 1000.0 / f64::from(count))
}

/// Switch, start and wait, round trip, start to first operation, memory of a session.
///
/// # Errors
///
/// Where the machine does not do as it should.
pub fn costs(setting: &Setting<'_>) -> Result<Vec<Figure>, Error> {
    let (mut switch, mut whole, mut trip, mut start, mut session) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..setting.runs {
        let mut machine = boot(setting)?;
        machine.eval("task::wait(task::start(|| 1))")?;
        let yields =
            format!("let a = task::start(|| debug::yields({SWITCHES})); debug::yields({SWITCHES}); task::wait(a)");
        switch.push(each(&mut machine, &yields, 2 * SWITCHES)?);
        let wait = format!("for i in 0..{ROUNDS} {{ task::wait(task::start(|| i)); }}");
        whole.push(each(&mut machine, &wait, ROUNDS)?);
        machine.eval("let there = channel::open(1); let back = channel::open(1);")?;
        machine.eval("let echo = task::start(|| { loop { back.send(there.receive()); } });")?;
        let talk = format!("for i in 0..{ROUNDS} {{ there.send(i); back.receive(); }}");
        trip.push(each(&mut machine, &talk, ROUNDS)?);
        machine.eval("task::kill(echo)")?;
        let first = format!("for i in 0..{ROUNDS} {{ task::start(|| back.send(i)); back.receive(); }}");
        start.push(each(&mut machine, &first, ROUNDS)? / 1000.0);
        let before = machine.number("mem::info().free_bytes")?;
        for number in 0..SESSIONS {
            screendump::press(&mut machine, &[&format!("alt-f{}", number + 2)])?;
            std::thread::sleep(Duration::from_millis(1500));
        }
        let taken = before - machine.number("mem::info().free_bytes")?;
        session.push(taken as f64 / f64::from(SESSIONS) / 1024.0);
    }
    Ok(vec![
        Figure::new("task.switch", "us", switch),
        Figure::new("task.start_and_wait", "us", whole),
        Figure::new("task.channel_round_trip", "us", trip),
        Figure::new("task.start_to_first_operation", "ms", start).with_goal(2.0),
        Figure::new("task.idle_session", "KiB", session).with_goal(256.0),
    ])
}

/// The prompt beside a thousand tasks that sleep and count: answers and echoes.
///
/// # Errors
///
/// Where the machine does not do as it should.
pub fn crowd(setting: &Setting<'_>) -> Result<Vec<Figure>, Error> {
    let (mut answers, mut echoes, mut each_bytes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..setting.runs {
        let mut machine = boot(setting)?;
        machine.eval("task::wait(task::start(|| 1))")?;
        let before = machine.number("let n = counter::open(0); mem::info().free_bytes")?;
        let body = "|| { loop { time::sleep_ms(250); n.add(1); } }";
        machine.eval_within(&format!("for i in 0..{TASKS} {{ task::start({body}); }}"), LIMIT)?;
        machine.eval("time::sleep_ms(1000)")?;
        each_bytes.push((before - machine.number("mem::info().free_bytes")?) as f64 / f64::from(TASKS) / 1024.0);
        let mut times = Vec::new();
        for number in 0..ANSWERS {
            let started = Instant::now();
            machine.check(&format!("{number} + 1"), &(number + 1).to_string())?;
            times.push(started.elapsed());
            std::thread::sleep(Duration::from_millis(37));
        }
        answers.push(latency::percentile(&times, 95).as_secs_f64() * 1000.0);
        let times = latency::echoes(&mut machine, 100)?;
        echoes.push(latency::percentile(&times, 99).as_secs_f64() * 1000.0);
    }
    Ok(vec![
        Figure::new("task.prompt_beside_1000_p95", "ms", answers).with_goal(50.0),
        Figure::new("task.echo_beside_1000_p99", "ms", echoes).with_goal(50.0),
        Figure::new("task.one_of_1000", "KiB", each_bytes),
    ])
}

/// Ctrl-C in every function that waits.
///
/// # Errors
///
/// Where the machine does not do as it should.
pub fn ctrl_c(setting: &Setting<'_>) -> Result<Vec<Figure>, Error> {
    let mut times = Vec::new();
    let mut machine = boot(setting)?;
    for (_, line) in waiting::lines() {
        times.push(waiting::interrupt(&mut machine, line)?.took.as_secs_f64() * 1000.0);
        machine.send(b"\x04")?;
        machine.expect(&format!("\n{PROMPT}"), LIMIT)?;
    }
    Ok(vec![Figure::new("task.ctrl_c_in_waits", "ms", times).with_goal(100.0)])
}
