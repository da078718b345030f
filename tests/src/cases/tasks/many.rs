//! Many tasks: at once, and one after the other.

use std::time::{Duration, Instant};

use crate::cases::containment::{AVAILABLE, all_but};
use crate::ensure;
use crate::error::Error;
use crate::runner::Context;

const LIMIT: Duration = Duration::from_secs(120);
const TASKS: i64 = 1000;
/// How often each of them sleeps and counts.
const ROUNDS: i64 = 80;
/// The promise is a tenth of this; the rest is the emulator's host.
const ANSWER_LIMIT: Duration = Duration::from_millis(500);
/// What may be missing after ten thousand tasks.
const DRIFT_LIMIT_BYTES: i64 = 64 * 1024;

pub(super) fn thousand(context: &Context) -> Result<(), Error> {
    context.at_prompt("debug=on", |machine| {
        machine.eval("let n = counter::open(0); let ids = [];")?;
        let body =
            format!("|| {{ let own = 0; for k in 0..{ROUNDS} {{ time::sleep_ms(250); n.add(1); own += 1; }} own }}");
        machine.eval_within(
            &format!("for i in 0..{TASKS} {{ ids.push(task::start({body})); }}"),
            LIMIT,
        )?;
        let mut answers = Vec::new();
        for number in 0..20 {
            let started = Instant::now();
            machine.check(&format!("{number} + 1"), &(number + 1).to_string())?;
            answers.push(started.elapsed());
            std::thread::sleep(Duration::from_millis(97));
        }
        let running = machine.number("task::list().filter(|t| t.state != \"ended\").len()")?;
        ensure!(running > TASKS, "only {running} tasks run");
        answers.sort();
        ensure!(
            answers[answers.len() / 2] <= ANSWER_LIMIT,
            "the prompt took {answers:?}"
        );
        let sum = machine.eval_within(
            "let sum = 0; for id in ids { sum += task::wait(id); } [sum, n.get()]",
            LIMIT,
        )?;
        let expected = TASKS * ROUNDS;
        ensure!(
            sum == format!("[{expected}, {expected}]"),
            "{sum}, not {expected} twice"
        );
        Ok(())
    })
}

pub(super) fn drift(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        // Ended tasks whose results nobody takes are kept up to a number; here all are taken.
        let one_by_one = "let sum = 0; for i in 0..5000 { sum += task::wait(task::start(|| i)); } sum";
        let in_groups = "let sum = 0; for g in 0..50 { let ids = []; for i in 0..100 { ids.push(task::start(|| i)); } \
            for id in ids { sum += task::wait(id); } } sum";
        let warm = "for i in 0..300 { task::wait(task::start(|| i)); }";
        machine.eval_within(warm, LIMIT)?;
        machine.eval_within(
            "let ids = []; for i in 0..100 { ids.push(task::start(|| i)); } for id in ids { task::wait(id); }",
            LIMIT,
        )?;
        let before = machine.number(AVAILABLE)?;
        let sum = machine.eval_within(one_by_one, LIMIT)?;
        ensure!(sum == "12497500", "{sum}");
        let sum = machine.eval_within(in_groups, LIMIT)?;
        ensure!(sum == "247500", "{sum}");
        all_but(machine, before, DRIFT_LIMIT_BYTES)?;
        machine.check("task::list().filter(|t| t.name != \"prompt\").len()", "0")
    })
}

pub(super) fn limits(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        for (line, code) in [
            ("task::limit(99999, #{memory_bytes: 1000000})", "not_found"),
            ("task::limit((), #{memory_bytes: 1000})", "out_of_range"),
            ("task::limit((), #{memory_bytes: -5})", "out_of_range"),
            ("task::limit((), #{memory_bytes: 9000000000})", "out_of_range"),
            ("limits(#{tasks: 1})", "not_settable"),
        ] {
            let output = machine.eval(line)?;
            ensure!(
                output.contains(&format!("error[{code}]")),
                "`{line}` printed {output:?}"
            );
        }
        // A task that runs is held to a new limit; another one is not.
        let grow = "|| { let a = []; loop { a.push(blob(1000)); time::sleep_ms(1); } }";
        machine.eval(&format!(
            "let first = task::start({grow}); let second = task::start({grow});"
        ))?;
        machine.check(
            "task::limit(first, #{memory_bytes: 400000}).memory_limit_bytes",
            "400000",
        )?;
        let ended = machine.eval_within("task::wait(first)", LIMIT)?;
        ensure!(ended.contains("error[memory_limit]"), "{ended}");
        machine.check("task::info(second).state != \"ended\"", "true")?;
        machine.check("task::kill(second)", "true")?;
        // The session's own, and it lives on with its variables.
        machine.eval("let kept = 42; limits(#{memory_bytes: 2000000});")?;
        machine.check(
            "limits().filter(|l| l.name == \"memory_hard_bytes\")[0].value",
            "6000000",
        )?;
        let ended = machine.eval("let a = []; loop { a.push(blob(10000)); }")?;
        ensure!(ended.contains("error[memory_limit]"), "{ended}");
        machine.check("kept", "42")
    })
}
