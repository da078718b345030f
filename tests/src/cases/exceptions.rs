//! Every processor exception gives a full report: a task's end where a task caused it, else the machine's.

use std::time::Duration;

use crate::ensure;
use crate::error::Error;
use crate::machine::Machine;
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "exceptions_of_a_task_end_it_with_a_report",
        company: Company::Shared,
        run: contained,
    },
    Test {
        name: "exceptions_of_the_machine_report_and_reboot",
        company: Company::Shared,
        run: fatal,
    },
];

/// Names and vectors of the exceptions that a task survives to report: first those with a real cause.
const CONTAINED: &[(&str, u32)] = &[
    ("de", 0),
    ("db", 1),
    ("bp", 3),
    ("ud", 6),
    ("nm", 7),
    ("np", 11),
    ("ss", 12),
    ("gp", 13),
    ("pf", 14),
    ("of", 4),
    ("br", 5),
    ("9", 9),
    ("ts", 10),
    ("15", 15),
    ("mf", 16),
    ("ac", 17),
    ("xm", 19),
    ("ve", 20),
    ("cp", 21),
    ("22", 22),
    ("23", 23),
    ("24", 24),
    ("25", 25),
    ("26", 26),
    ("27", 27),
    ("hv", 28),
    ("vc", 29),
    ("sx", 30),
    ("31", 31),
];
/// A report comes within this time: it is there for what hangs.
const REPORT_LIMIT: Duration = Duration::from_secs(30);
const PANIC_SECONDS: u64 = 2;

fn contained(context: &Context) -> Result<(), Error> {
    context.at_prompt("debug=on panic=2", |machine| {
        for (name, vector) in CONTAINED {
            let report = machine.eval(&format!("debug::raise(\"{name}\")"))?;
            ensure!(report.contains("error[cpu_exception]"), "{name}: {report}");
            ensure!(
                report.contains(&format!("#{}", name.to_uppercase())),
                "{name} has another name: {report}"
            );
            is_full(&report, *vector)?;
            machine.check("40 + 2", "42")?;
        }
        let unknown = machine.eval("debug::raise(\"zz\")")?;
        ensure!(!unknown.contains("rip "), "{unknown}");
        machine.check("40 + 2", "42")
    })
}

/// Registers, the vector, the task, and a backtrace with names.
fn is_full(report: &str, vector: u32) -> Result<(), Error> {
    for part in [
        "rip ",
        "rsp ",
        "rax ",
        "r15 ",
        "cr2 ",
        "cr3 ",
        "core 0",
        "error 0x",
        "backtrace:",
    ] {
        ensure!(report.contains(part), "the report has no `{part}`: {report}");
    }
    ensure!(
        report.contains(&format!("vector {vector} ")),
        "not vector {vector}: {report}"
    );
    let frames: Vec<_> = report
        .lines()
        .skip_while(|line| *line != "backtrace:")
        .skip(1)
        .collect();
    let named = frames.iter().filter(|frame| frame.contains("+0x")).count();
    ensure!(named >= 3, "a backtrace with {named} names: {report}");
    Ok(())
}

fn fatal(context: &Context) -> Result<(), Error> {
    type Cause = fn(&mut Machine) -> Result<(), Error>;
    let causes: [(&str, Option<u32>, Cause); 5] = [
        ("#DF", Some(8), |machine| machine.send(b"debug::raise(\"df\")\r")),
        ("below a kernel stack", Some(14), |machine| {
            machine.send(b"debug::raise(\"boot_stack\")\r")
        }),
        ("#MC", Some(18), |machine| machine.send(b"debug::raise(\"mc\")\r")),
        ("#NMI", Some(2), |machine| {
            machine.monitor().command(r#"{"execute": "inject-nmi"}"#).map(drop)
        }),
        ("asked the machine to panic", None, |machine| {
            machine.send(b"debug::panic_machine()\r")
        }),
    ];
    context.at_prompt("debug=on panic=2", |machine| {
        machine.expect_panic();
        machine.expect_reset();
        let mut resets = 0; // the firmware may add one of its own to each of ours
        for (words, vector, cause) in &causes {
            machine.check("40 + 2", "42")?;
            cause(machine)?;
            machine.expect("KERNEL PANIC: ", REPORT_LIMIT)?;
            let report = machine.expect(&format!("rebooting in {PANIC_SECONDS} s"), REPORT_LIMIT)?;
            ensure!(report.contains(words), "not the report of {words}: {report}");
            match vector {
                Some(vector) => is_full(&report, *vector)?,
                None => ensure!(report.contains("backtrace:\n"), "no backtrace: {report}"),
            }
            let told = std::time::Instant::now();
            machine.boot()?;
            ensure!(machine.resets() > resets, "no reset after {words}");
            resets = machine.resets();
            let waited = told.elapsed();
            ensure!(
                waited > Duration::from_millis(PANIC_SECONDS * 1000 - 300),
                "it rebooted after {waited:?}"
            );
        }
        Ok(())
    })
}
