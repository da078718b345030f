//! Functions that only compute, on the machine: right, answering to Ctrl-C, and leaving nothing behind.

use std::time::{Duration, Instant};

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Machine, PROMPT};
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "comfort_computations_end_at_ctrl_c",
        company: Company::Alone,
        run: ctrl_c,
    },
    Test {
        name: "comfort_largest_computations_end_at_ctrl_c",
        company: Company::Alone,
        run: largest,
    },
    Test {
        name: "comfort_computations_let_others_run",
        company: Company::Alone,
        run: share,
    },
    Test {
        name: "comfort_functions_answer_right",
        company: Company::Shared,
        run: answers,
    },
];

const LIMIT: Duration = Duration::from_secs(20);
const CTRL_C_GOAL: Duration = Duration::from_millis(250);

/// What the tests compute with: ten megabytes each, and one.
const INPUTS: [&str; 3] = [
    "let list = \"[\" + text::repeat(\"[1, \\\"two\\\", null, 2.5], \", 450000) + \"0]\";",
    "let table = text::repeat(\"aaab,1,\\\"c\\\"\\\"d\\\",e\\n\", 600000);",
    "let line = text::repeat(\"ab,c\", 262144);",
];

fn prepare(machine: &mut Machine) -> Result<(), Error> {
    for line in INPUTS {
        machine.eval_within(line, LIMIT)?;
    }
    Ok(())
}

fn ctrl_c(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        prepare(machine)?;
        for call in [
            "json::parse(list)",
            "hash::sha256(table)",
            "csv::parse(table, #{header: false})",
            "regex::find_all(\"[a-z,]*Z|a\", line)",
            "regex::is_match(\"(.*)(.*)(.*)(.*)(.*)[^x]zzzz\", table)",
            "text::repeat(\"x\", 9000000000000000000).len()",
        ] {
            interrupt(machine, call)?;
        }
        machine.check("line.len()", "1048576")
    })
}

/// What needs much memory, or a text as large as a script may be.
fn largest(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("")?;
    let config = Config {
        memory_mib: 1024,
        ..Config::default()
    };
    context.with_machine(&config, &iso, |machine| {
        machine.boot()?;
        machine.eval("limits(#{memory_bytes: 300000000});")?;
        machine.eval_within("let numbers = []; numbers.pad(1000000, 1);", LIMIT)?;
        machine.eval_within("let mixed = numbers.map(|n| rand::int(0, 1000000));", LIMIT * 3)?;
        machine.eval_within("let text = \"[\" + text::repeat(\"1,\", 131000) + \"]\";", LIMIT)?;
        machine.eval_within("fs::write(\"/tmp/large.rhai\", text)", LIMIT)?;
        for call in [
            "mixed.sort(|a, b| a - b)",
            "loop { let a = mixed; a.sort(); }",
            "loop { run(\"/tmp/large.rhai\"); }",
        ] {
            interrupt(machine, call)?;
        }
        machine.eval("numbers = (); mixed = ();")?;
        machine.eval_within("let data = blob(100000000);", LIMIT)?;
        for call in ["hash::sha256(data)", "hash::md5(data)"] {
            interrupt(machine, call)?;
        }
        machine.check("data.len()", "100000000")
    })
}

/// Enters `call` three times with Ctrl-C soon after; the middle of the answers counts.
fn interrupt(machine: &mut Machine, call: &str) -> Result<(), Error> {
    let mut answers = Vec::new();
    for _ in 0..3 {
        machine.send(format!("{call};\r").as_bytes())?;
        machine.expect("\n", LIMIT)?;
        std::thread::sleep(Duration::from_millis(30));
        let started = Instant::now();
        machine.send(b"\x03")?;
        let output = machine.expect(&format!("\n{PROMPT}"), LIMIT)?;
        // Where this process came too late, the computation has ended.
        let is_cancelled = output.contains("cancelled");
        answers.push((!is_cancelled, started.elapsed()));
    }
    answers.sort();
    // Ten times as much, so that a busy host fails no run.
    let (was_missed, took) = answers[1];
    ensure!(
        !was_missed && took <= CTRL_C_GOAL * 10,
        "{call}: missed and took {answers:?}, goal {CTRL_C_GOAL:?}"
    );
    Ok(())
}

/// Another task gets its turns while one native function computes.
fn share(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        prepare(machine)?;
        machine
            .eval("let count = || { let n = 0; for i in 0..10 { time::sleep_ms(1); n += 1; } time::uptime_ms() };")?;
        machine.eval("let other = task::start(count);")?;
        machine.eval_within("hash::sha256(table); let end = time::uptime_ms();", LIMIT)?;
        machine.check("task::wait(other) < end", "true")
    })
}

fn answers(context: &Context) -> Result<(), Error> {
    context.at_prompt("debug=on", |machine| {
        for (line, expected) in [
            (
                "hash::sha256(\"abc\") == hex::encode(hex::decode(hash::sha256(\"abc\")))",
                "true",
            ),
            (
                "json::parse(json::print(#{a: [1, 2.5, ()]})) == #{a: [1, 2.5, ()]}",
                "true",
            ),
            ("toml::parse(toml::print(#{a: #{b: 1}})) == #{a: #{b: 1}}", "true"),
            (
                "csv::parse(\"a;b\\n1;2\", #{separator: \";\", numbers: true})[0].b",
                "2",
            ),
            (
                "bytes::unpack(\">IdB\", bytes::pack(\">IdB\", [7, 0.1, 255]))",
                "[7, 0.1, 255]",
            ),
            (
                "regex::replace(`(\\w+) (\\w+)`, \"hello world\", \"$2 $1\")",
                "\"world hello\"",
            ),
            ("time::parse(time::now()) - time::unix_ms() in -20000..=0", "true"),
            ("rand::bytes(16) == rand::bytes(16)", "false"),
            (
                "rand::seed(7); let a = rand::bytes(16); rand::seed(7); a == rand::bytes(16)",
                "true",
            ),
            ("text::wrap(\"the quick brown fox\", 10).len()", "2"),
            // None of the crates below has made anything in the task's memory that it will use again.
            ("debug::arena_pointers()", "0"),
        ] {
            machine.check(line, expected)?;
        }
        Ok(())
    })
}
