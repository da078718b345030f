//! What sessions take that only show their prompts, and what they give back when a line has ended.

use std::time::Duration;

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Machine};
use crate::runner::{Company, Context, Test};
use crate::screendump::{self, has};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "sessions_that_are_idle_take_little_memory",
        company: Company::Shared,
        run: little_memory,
    },
    Test {
        name: "sessions_give_back_what_a_line_needed",
        company: Company::Shared,
        run: give_back,
    },
];

const LIMIT: Duration = Duration::from_secs(20);
/// Sessions beside the first on the screen.
const SESSIONS: i64 = 3;
/// `bench` watches what it is exactly, some 50 KiB; the kernel heap grows in steps that are not all a session's own.
const IDLE_LIMIT_BYTES: i64 = 160 * 1024;
/// The same after a session has filled its screen and scrolled, with what has left the top.
const USED_LIMIT_BYTES: i64 = 512 * 1024;
/// What a task that waits may keep of a stack or an arena that it does not need.
const KEPT_LIMIT_BYTES: i64 = 160 * 1024;

fn little_memory(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("debug=on")?;
    context.with_machine(&Config::default(), &iso, |machine| {
        screendump::boot(machine)?;
        // What is made once, by the first line, is no session's.
        machine.eval("help(\"mem\")")?;
        let before = machine.number("mem::info().free_bytes")?;
        let session = |number: i64| format!("alt-f{}", number + 1);
        for number in 1..=SESSIONS {
            screendump::press(machine, &[&session(number)])?;
            screendump::expect(machine, LIMIT, has("rhai>"))?;
        }
        let each = (before - machine.number("mem::info().free_bytes")?) / SESSIONS;
        ensure!(each < IDLE_LIMIT_BYTES, "an idle session takes {} KiB", each / 1024);
        for number in 1..=SESSIONS {
            screendump::press(machine, &[&session(number)])?;
            screendump::expect(machine, LIMIT, has("rhai>"))?;
            screendump::type_text(machine, "for i in 0..90 { print(\"line \" + i) }")?;
            screendump::press(machine, &["ret"])?;
            screendump::expect(machine, LIMIT, has("line 89"))?;
        }
        let each = (before - machine.number("mem::info().free_bytes")?) / SESSIONS;
        ensure!(
            each < USED_LIMIT_BYTES,
            "a session that was used takes {} KiB",
            each / 1024
        );
        Ok(())
    })
}

fn give_back(context: &Context) -> Result<(), Error> {
    context.at_prompt("debug=on", |machine| {
        machine.eval("fn deep(n) { if n == 0 { mem::info().stack_bytes } else { deep(n - 1) } }")?;
        let text = "let text = []; for i in 0..20000 { text.push(\"text \" + i); }";
        let big = format!("if true {{ {text} mem::info().task_arena_bytes }}");
        for (now, line) in [("stack_bytes", "deep(150)"), ("task_arena_bytes", big.as_str())] {
            let now = format!("mem::info().{now}");
            let before = machine.number(&now)?;
            let most = number(machine, line)?;
            let after = machine.number(&now)?;
            ensure!(
                most > before + 2 * KEPT_LIMIT_BYTES,
                "{now} was {before} and at most {most}"
            );
            ensure!(
                after < before + KEPT_LIMIT_BYTES,
                "{now} was {before}, then {most}, and is {after}"
            );
        }
        // What was given back is there again.
        machine.check("deep(150) > 0", "true")?;
        machine.check(&format!("{text} text.len()"), "20000")?;
        let peak = machine.number("task::list().filter(|t| t.name == \"prompt\")[0].stack_peak_bytes")?;
        ensure!(peak > KEPT_LIMIT_BYTES, "the most that the stack ever was is {peak}");
        Ok(())
    })
}

fn number(machine: &mut Machine, line: &str) -> Result<i64, Error> {
    let text = machine.eval_within(line, LIMIT)?;
    text.parse()
        .map_err(|_| Error::Wrong(format!("`{line}` gave {text:?}")))
}
