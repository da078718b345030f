//! Scripts share the processor and answer to Ctrl-C.
//!
//! | module | what it looks at |
//! |---|---|
//! | `many` | a thousand tasks at once, ten thousand in turn, memory limits |
//! | `timers` | `every` and its like, and events |
//! | `jobs` | lines in the background |
//! | `waits` | Ctrl-C in every function that waits |

mod jobs;
mod many;
mod timers;
mod waits;

use std::time::{Duration, Instant};

use crate::ensure;
use crate::error::Error;
use crate::machine::{Machine, PROMPT};
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "tasks_share_the_processor_with_the_prompt",
        company: Company::Alone,
        run: share,
    },
    Test {
        name: "tasks_end_at_ctrl_c",
        company: Company::Alone,
        run: ctrl_c,
    },
    Test {
        name: "tasks_are_listed_waited_for_and_killed",
        company: Company::Shared,
        run: life,
    },
    Test {
        name: "tasks_are_a_thousand_beside_the_prompt",
        company: Company::Alone,
        run: many::thousand,
    },
    Test {
        name: "tasks_leave_nothing_behind",
        company: Company::Shared,
        run: many::drift,
    },
    Test {
        name: "tasks_have_limits_that_can_be_set",
        company: Company::Shared,
        run: many::limits,
    },
    Test {
        name: "tasks_run_at_times_and_on_events",
        company: Company::Shared,
        run: timers::times_and_events,
    },
    Test {
        name: "tasks_print_above_the_line_being_typed",
        company: Company::Shared,
        run: timers::above_the_line,
    },
    Test {
        name: "tasks_go_to_the_background_and_come_back",
        company: Company::Shared,
        run: jobs::background,
    },
    Test {
        name: "tasks_in_the_background_die_alone",
        company: Company::Shared,
        run: jobs::deaths,
    },
    Test {
        name: "tasks_that_wait_end_at_ctrl_c",
        company: Company::Alone,
        run: waits::walk,
    },
    Test {
        name: "tasks_that_ignore_ctrl_c_are_found",
        company: Company::Shared,
        run: waits::oracle,
    },
];

const SHARE_MS: u64 = 6000;
const ANSWER_GOAL: Duration = Duration::from_millis(50);
const CTRL_C_GOAL: Duration = Duration::from_millis(100);
const LIMIT: Duration = Duration::from_secs(20);

fn share(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        machine.eval(&format!("let end = time::uptime_ms() + {SHARE_MS};"))?;
        machine.eval("let count = || { let n = 0; while time::uptime_ms() < end { n += 1; } n };")?;
        machine.eval("let tasks = [task::start(count), task::start(count), task::start(count)];")?;
        let mut answers = Vec::new();
        for number in 0..20 {
            let started = Instant::now();
            machine.check(&format!("{number} + 1"), &(number + 1).to_string())?;
            answers.push(started.elapsed());
            std::thread::sleep(Duration::from_millis(100));
        }
        let counts = machine.eval_within("tasks.map(|t| task::wait(t))", LIMIT * 2)?;
        let counts: Vec<i64> = counts
            .trim_matches(['[', ']'])
            .split(", ")
            .flat_map(str::parse)
            .collect();
        ensure!(counts.len() == 3, "three tasks gave {counts:?}");
        let (least, most) = (
            counts.iter().min().copied().unwrap_or(0),
            counts.iter().max().copied().unwrap_or(0),
        );
        // Shares of time are even; one of three tasks may meet the picture's service in each of its turns, which costs it
        // what the emulator had cached.
        ensure!(
            least > 0 && (most - least) * 5 <= most,
            "shares differ by over a fifth: {counts:?}"
        );
        within("the prompt's answer", answers, ANSWER_GOAL)
    })
}

fn ctrl_c(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        machine.eval("let kept = [1, 2, 3];")?;
        let slow_sort = "let a = []; for i in 0..500 { a.push(i * 7919 % 500); } \
                         a.sort(|x, y| { for i in 0..2000 {} x - y })";
        for line in [
            "loop {}",
            "time::sleep_ms(1000000000)",
            slow_sort,
            "while true { let x = 1; }",
            // Waits that are over at once: the task never has to give control back for them.
            "loop { time::sleep_ms(0) }",
        ] {
            let mut answers = Vec::new();
            for _ in 0..5 {
                answers.push(interrupt(machine, line)?);
                machine.check("kept", "[1, 2, 3]")?;
            }
            within(line, answers, CTRL_C_GOAL)?;
        }
        // The one that was interrupted has left nothing behind, and Ctrl-C on a line gives a fresh one.
        machine.send(b"let broken = ")?;
        machine.expect("let broken = ", LIMIT)?;
        machine.send(b"\x03")?;
        machine.expect(&format!("\n{PROMPT}"), LIMIT)?;
        machine.check("kept.len()", "3")
    })
}

/// Starts `line`, types Ctrl-C while it runs, and returns how long the prompt took to come back.
fn interrupt(machine: &mut Machine, line: &str) -> Result<Duration, Error> {
    machine.send(line.as_bytes())?;
    machine.send(b"\r")?;
    machine.expect("\n", LIMIT)?;
    std::thread::sleep(Duration::from_millis(200));
    let started = Instant::now();
    machine.send(b"\x03")?;
    let output = machine.expect(&format!("\n{PROMPT}"), LIMIT)?;
    ensure!(output.contains("cancelled"), "`{line}` ended with {output:?}");
    Ok(started.elapsed())
}

/// Half of `times` keep to `goal`; ten times as much, so that a busy host fails no run.
fn within(what: &str, mut times: Vec<Duration>, goal: Duration) -> Result<(), Error> {
    times.sort();
    let median = times[times.len() / 2];
    ensure!(median <= goal * 10, "{what}: median {median:?}, goal {goal:?}");
    Ok(())
}

fn life(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        machine.check("task::wait(task::start(|| 6 * 7))", "42")?;
        let thrown = machine.eval(r#"task::wait(task::start(|| throw #{code: "mine", message: "of my own"}))"#)?;
        ensure!(thrown.contains("error[mine]: of my own"), "{thrown}");
        machine.eval("let sleeper = task::start(|| time::sleep_ms(1000000));")?;
        let list = machine.eval("task::list()")?;
        ensure!(list.contains("waiting") && list.contains("prompt"), "{list}");
        machine.eval("task::kill(sleeper)")?;
        let killed = machine.eval("task::wait(sleeper)")?;
        ensure!(killed.contains("error[killed]"), "{killed}");
        machine.eval("let runner = task::start(|| loop {});")?;
        machine.eval("task::kill(runner)")?;
        let killed = machine.eval("task::wait(runner)")?;
        ensure!(killed.contains("error[killed]"), "{killed}");
        let refused = machine.eval("let f = || 1; let x = time::now; task::start(x)")?;
        ensure!(refused.contains("error["), "{refused}");
        machine.check("40 + 2", "42")
    })
}

#[cfg(test)]
mod tests {
    use super::{CTRL_C_GOAL, within};
    use std::time::Duration;

    #[test]
    fn the_judge_of_times_sees_slow_answers() {
        let times = |milliseconds: [u64; 3]| milliseconds.map(Duration::from_millis).to_vec();
        assert!(within("quick", times([20, 900, 6000]), CTRL_C_GOAL).is_ok());
        assert!(within("slow", times([20, 1200, 1300]), CTRL_C_GOAL).is_err());
    }
}
