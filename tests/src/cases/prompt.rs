//! The prompt as a person at a serial terminal uses it.

use std::time::Duration;

use crate::ensure;
use crate::error::Error;
use crate::machine::{Machine, PROMPT};
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "prompt_edits_remembers_and_continues",
        company: Company::Shared,
        run: editing,
    },
    Test {
        name: "prompt_keeps_variables_functions_and_imports",
        company: Company::Shared,
        run: session,
    },
    Test {
        name: "prompt_shows_where_an_error_is",
        company: Company::Shared,
        run: errors,
    },
    Test {
        name: "prompt_helps_and_asks_what_was_meant",
        company: Company::Shared,
        run: help,
    },
    Test {
        name: "prompt_loses_no_byte_of_a_paste",
        company: Company::Shared,
        run: paste,
    },
    Test {
        name: "prompt_describes_the_machine",
        company: Company::Shared,
        run: machine_facts,
    },
];

const LIMIT: Duration = Duration::from_secs(60);

/// Types `keys` and returns what is printed until the next prompt, after the line that was typed.
fn keys(machine: &mut Machine, keys: &[u8]) -> Result<String, Error> {
    machine.send(keys)?;
    let output = machine.expect(&format!("\n{PROMPT}"), LIMIT)?;
    Ok(output
        .split_once('\n')
        .map_or("", |(_, rest)| rest)
        .trim_end()
        .to_string())
}

fn editing(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        let cases: [(&[u8], &str); 8] = [
            (b"40 + 3\x7f2\r", "42"),                    // Backspace
            (b"0 + 2\x1b[H4\r", "42"),                   // Home
            (b"0 + 2\x01\x1b[C\x1b[D4\x05 + 1\r", "43"), // Ctrl-A, right, left, Ctrl-E
            (b"x40 + 2\x1b[H\x1b[3~\r", "42"),           // Delete
            (b"40 + 2 junk\x17\x0b\r", "42"),            // Ctrl-W, Ctrl-K
            (b"nonsense\x1540 + 2\r", "42"),             // Ctrl-U
            (b"\x1b[A\r", "42"),                         // Up: the last line again
            (b"\x1b[A\x1b[A\x1b[B + 8\r", "50"),         // Up, Up, Down
        ];
        for (typed, expected) in cases {
            let got = keys(machine, typed)?;
            ensure!(got == expected, "{} gave {got:?}, not {expected}", typed.escape_ascii());
        }
        machine.send(b"let f = |x| {\r")?;
        machine.expect("\n  ... ", LIMIT)?;
        machine.send(b"x * 2\r")?;
        machine.expect("\n  ... ", LIMIT)?;
        keys(machine, b"};\r")?;
        machine.check("f.call(21)", "42")?;
        // Ctrl-D on an empty line ends the session, and the next one starts.
        keys(machine, b"\x04")?;
        let gone = machine.eval("f")?;
        ensure!(gone.contains("error[variable_not_found]"), "{gone}");
        Ok(())
    })
}

fn session(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        machine.eval("let x = 40;")?;
        machine.eval("fn add(a, b) { a + b }")?;
        machine.check("add(x, 2)", "42")?;
        machine.check("x += 1; x", "41")?;
        machine
            .check("help(\"time::sleep_ms\").len() > 0", "true")
            .or_else(|_| {
                let help = machine.eval("help(\"time::sleep_ms\")")?;
                ensure!(help.contains("sleep_ms"), "help says {help:?}");
                Ok(())
            })?;
        let help = machine.eval("help()")?;
        for namespace in ["sys", "cpu", "mem", "time", "log", "power", "task"] {
            ensure!(help.contains(namespace), "help() does not name {namespace}: {help}");
        }
        machine.check(
            "[1, 2.5, \"three\", 'c', true, ()]",
            "[1, 2.5, \"three\", 'c', true, ()]",
        )
    })
}

fn errors(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        let cases = [
            ("1 + nothing", "variable_not_found", "line 1, column 5"),
            ("let = 3", "syntax_error", "line 1, column 5"),
            ("[1, 2][7]", "out_of_bounds", "line 1"),
            ("1 / 0", "arithmetic", "line 1, column 3"),
        ];
        for (line, code, place) in cases {
            let said = machine.eval(line)?;
            ensure!(
                said.contains(&format!("error[{code}]")) && said.contains('^'),
                "`{line}`: {said}"
            );
            ensure!(said.contains(place), "`{line}` is not at {place}: {said}");
        }
        machine.check("40 + 2", "42")
    })
}

fn help(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        machine.eval("let config = #{net: [1, 2]}; fn add(a, b) { a + b }")?;
        let cases: [(&str, &[&str]); 14] = [
            ("?fs::read", &["fs::read(path: string) -> string", "throws not_found"]),
            ("fs?", &["fs: Files and directories.", "fs::write("]),
            ("?config.net", &["array, 2 elements", ".push(item)"]),
            ("help(fs)", &["fs::write("]),
            ("help(config)", &["map, 1 entry", "keys: net"]),
            ("apropos(\"SLEEP\")", &["time::sleep_ms(ms: int)"]),
            ("dir()", &["config     1  map"]),
            ("source(add)", &["fn add(a, b) { a + b }"]),
            ("source(\"lib/text::repeat\")", &["fn repeat(piece, count) {"]),
            ("examples(\"hex::encode\")", &["> hex::encode("]),
            ("time::slep_ms(1)", &["did you mean \"time::sleep_ms\"?"]),
            ("confg + 1", &["did you mean \"config\"?"]),
            ("[1].pusj(2)", &["did you mean \"push\"?"]),
            (
                "import \"lib/txt\" as t",
                &["did you mean \"/rom/lib/text.rhai\"?", "hint: /rom/lib has "],
            ),
        ];
        for (line, parts) in cases {
            let said = machine.eval(line)?;
            for part in parts {
                ensure!(said.contains(part), "`{line}` does not say {part}: {said}");
            }
        }
        machine.check("let fs = 5; fs + fs::list(\"/\").len() > 5", "true")
    })
}

/// A paste arrives faster than anybody types: 115200 baud and more.
fn paste(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        let lines: String = (0..200)
            .map(|number| format!("let v{number} = {number} + 1000000;\r"))
            .collect();
        machine.eval("let total = 0;")?;
        machine.send(lines.as_bytes())?;
        machine.send(b"v0 + v199 - v57\r")?;
        let sum = 1_000_000 + 199 - 57;
        machine.expect(&format!("\n{sum}"), Duration::from_secs(60))?;
        machine.expect(&format!("\n{PROMPT}"), LIMIT)?;
        machine.check("40 + 2", "42")
    })
}

fn machine_facts(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        let before = machine.number("time::uptime_ms()")?;
        machine.eval("time::sleep_ms(300)")?;
        let after = machine.number("time::uptime_ms()")?;
        ensure!(
            (300..5000).contains(&(after - before)),
            "300 ms took {} ms",
            after - before
        );
        let steps = machine.eval("sys::boot()")?;
        ensure!(steps.lines().count() > 4, "{steps}");
        let log = machine.eval("log::tail(100)")?;
        ensure!(log.contains("memory") && log.contains("clock"), "{log}");
        ensure!(
            machine.number("log::tail(2).len()")? == 2,
            "log::tail(2) gives another count"
        );
        let year = machine.eval("time::now()")?;
        ensure!(year.contains("20"), "{year}");
        ensure!(machine.number("cpu::info().tsc_khz")? > 100_000, "the counter's rate");
        machine.check("mem::info().free_bytes < mem::info().total_bytes", "true")
    })
}
