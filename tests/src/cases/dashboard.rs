//! The live view of the machine, as a person has it at a terminal on the serial line and at the machine's own screen.

use std::time::{Duration, Instant};

use crate::ensure;
use crate::error::Error;
use crate::machine::Config;
use crate::runner::{Company, Context, Test};
use crate::screendump;
use crate::sight::{Sight, is_at_prompt};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "dashboard_works_on_the_serial_line",
        company: Company::Shared,
        run: serial,
    },
    Test {
        name: "dashboard_works_on_the_screen",
        company: Company::Shared,
        run: screen,
    },
    Test {
        name: "dashboard_costs_little",
        company: Company::Alone,
        run: cost,
    },
    Test {
        name: "dashboard_gives_the_terminal_back_when_its_task_ends",
        company: Company::Shared,
        run: killed,
    },
];

const LIMIT: Duration = Duration::from_secs(20);
/// What it may take of a core while nothing else runs, in thousandths: 20 are the goal in the emulator, which is many times
/// slower than a PC, and the rest is the emulator's host.
const COST_LIMIT_PERMILLE: i64 = 200;
const COST_TIME: Duration = Duration::from_secs(6);

fn has(lines: &[String], text: &str) -> bool {
    lines.iter().any(|line| line.contains(text))
}

/// All of the dashboard is there.
fn is_whole(lines: &[String]) -> bool {
    ["Rhaios", "mem ", "tasks: ", "MEMORY", "q leave"]
        .iter()
        .all(|text| has(lines, text))
}

/// The first task of the list.
fn first_task(lines: &[String]) -> Option<&String> {
    let header = lines.iter().position(|line| line.trim_start().starts_with("ID "))?;
    lines.get(header + 1)
}

fn serial(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        let mut sight = Sight::new(machine);
        sight.greet()?;
        sight.type_and_wait("let busy = task::start(|| { loop { } });\r", is_at_prompt)?;
        let lines = sight.type_and_wait("dashboard()\r", is_whole)?;
        // It goes on by itself, and the busy task comes first.
        sight.wait(|now| is_whole(now) && now[0] != lines[0])?;
        sight.wait(|now| first_task(now).is_some_and(|row| row.contains("ready") && row.contains("line 1")))?;
        sight.type_and_wait("?", |lines| has(lines, "end the selected task"))?;
        sight.type_and_wait(" p", |lines| is_whole(lines) && has(lines, "PAUSED"))?;
        sight.type_and_wait("p-", |lines| has(lines, "every 0.5 s"))?;
        sight.type_and_wait("i\x1b[B\x1b[Ac", |lines| {
            first_task(lines).is_some_and(|row| row.contains("line 1"))
        })?;
        // The selection has gone with the first task by number: home again.
        sight.type_and_wait("\x1b[Hk", |lines| has(lines, "End task") && has(lines, "? y/n"))?;
        sight.type_and_wait("y", |lines| has(lines, "was told to end"))?;
        sight.wait(|lines| has(lines, "1 ended") && !has(lines, "line 1"))?;
        let lines = sight.type_and_wait("\x03", is_at_prompt)?;
        ensure!(!has(&lines, "tasks: "), "the dashboard is still to be seen: {lines:?}");
        sight.check("40 + 2", "42")?;
        sight.type_and_wait("dashboard()\r", is_whole)?;
        sight.type_and_wait("q", is_at_prompt).map(|_| ())
    })
}

fn screen(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("")?;
    context.with_machine(&Config::default(), &iso, |machine| {
        machine.boot()?;
        screendump::expect(machine, LIMIT, |lines| {
            lines.iter().any(|line| line.starts_with("rhai>"))
        })?;
        screendump::type_text(machine, "dashboard()")?;
        screendump::press(machine, &["ret"])?;
        let first = screendump::expect(machine, LIMIT, is_whole)?;
        screendump::expect(machine, LIMIT, |lines| is_whole(lines) && lines[0] != first[0])?;
        screendump::press(machine, &["shift-slash"])?;
        screendump::expect(machine, LIMIT, |lines| has(lines, "end the selected task"))?;
        screendump::press(machine, &["spc", "down", "m"])?;
        screendump::expect(machine, LIMIT, |lines| has(lines, "MEMOR") && !has(lines, "MEMORY"))?;
        screendump::press(machine, &["esc"])?;
        screendump::expect(machine, LIMIT, |lines| {
            !has(lines, "q leave") && lines.iter().any(|line| line == "rhai>")
        })?;
        // A program at the serial line gets text.
        let text = machine.eval("dashboard()")?;
        ensure!(
            text.starts_with("Rhaios") && text.contains("memory ") && !text.contains('\x1b'),
            "no plain text: {text:?}"
        );
        Ok(())
    })
}

fn cost(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        let time = "task::list().filter(|task| task.id == task::current())[0].cpu_time_us";
        let mut sight = Sight::new(machine);
        sight.greet()?;
        let before = sight.machine.number(time)?;
        let sent = sight.machine.raw_transcript().len();
        let started = Instant::now();
        sight.type_and_wait("dashboard()\r", is_whole)?;
        while started.elapsed() < COST_TIME {
            sight.wait(|_| true)?;
            sight.machine.listen(Duration::from_millis(50))?;
        }
        sight.type_and_wait("q", is_at_prompt)?;
        let passed_us = started.elapsed().as_micros() as i64;
        let bytes = sight.machine.raw_transcript().len() - sent;
        let used_us = sight.machine.number(time)? - before;
        let permille = used_us * 1000 / passed_us;
        println!(
            "qemu: the dashboard took {used_us} us of {passed_us} us ({permille} thousandths of a core) and sent {bytes} \
             bytes"
        );
        ensure!(permille <= COST_LIMIT_PERMILLE, "the dashboard took {permille} thousandths of a core");
        Ok(())
    })
}

fn killed(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        let mut sight = Sight::new(machine);
        sight.greet()?;
        sight.type_and_wait(
            "let me = task::current(); task::start(|| { time::sleep_ms(8000); task::kill(me) });\r",
            is_at_prompt,
        )?;
        sight.type_and_wait("dashboard()\r", is_whole)?;
        let lines = sight.wait(is_at_prompt)?;
        ensure!(!has(&lines, "q leave"), "the dashboard is still to be seen: {lines:?}");
        sight.check("40 + 2", "42")
    })
}
