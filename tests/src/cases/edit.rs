//! The full-screen editor, as a person has it at a terminal on the serial line and at the machine's own screen.

use std::time::{Duration, Instant};

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Machine};
use crate::runner::{Company, Context, Test};
use crate::screendump;
use crate::sight::{Sight, is_at_prompt};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "edit_works_on_the_serial_line",
        company: Company::Shared,
        run: serial,
    },
    Test {
        name: "edit_works_on_the_screen",
        company: Company::Shared,
        run: screen,
    },
    Test {
        name: "edit_opens_a_megabyte_at_once",
        company: Company::Alone,
        run: megabyte,
    },
];

const LIMIT: Duration = Duration::from_secs(60);
const HINTS: &str = "^S save  ^Q quit  ^F find  ^R replace  ^L line  ^Z undo  F5 run  F1 help";
/// A megabyte opens within a tenth of this time in the emulator, which is a hundred times slower than a PC.
const OPEN_LIMIT: Duration = Duration::from_secs(20);

/// All rows of a screen: the text, `~` below it, status and last row.
fn whole(text: &[&str], rows: usize, status: String, last: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.iter().map(|line| (*line).to_string()).collect();
    lines.resize(rows - 2, String::from("~"));
    lines.extend([status, String::from(last)]);
    lines
}

fn status(columns: usize, left: &str, right: &str) -> String {
    format!(" {left}{}{right}", " ".repeat(columns - left.len() - right.len() - 2))
}

fn serial(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        let mut sight = Sight::new(machine);
        let expected = whole(&[""], 24, status(80, "/tmp/a.rhai", "1:1"), "a new file");
        sight.type_and_wait("edit(\"/tmp/a.rhai\")\r", |lines| lines == expected)?;
        let text = ["fn twice(x) {", "    x * tow", "}", "print(twice(21));"];
        let expected = whole(&text, 24, status(80, "/tmp/a.rhai  [changed]", "4:18"), HINTS);
        sight.type_and_wait("fn twice(x) {\rx * tow\r}\rprint(twice(21));", |lines| {
            lines == expected
        })?;

        // F5: the error is shown, and gone to.
        sight.type_and_wait("\x1b[15~", |lines| {
            let has = |text: &str| lines.iter().any(|line| line.contains(text));
            has("error[variable_not_found]") && has("Press any key")
        })?;
        let lines = sight.type_and_wait(" ", |lines| lines[23].starts_with("error[variable_not_found]: "))?;
        ensure!(
            lines[22] == status(80, "/tmp/a.rhai", "2:9"),
            "not at the error: {lines:?}"
        );
        sight.wait_for_cursor(1, 8)?;

        // Replace all, take it back, make it again; then it runs.
        sight.type_and_wait("\x12tow\r2\ra", |lines| {
            lines[1] == "    x * 2" && lines[23] == "replaced 1 times"
        })?;
        sight.type_and_wait("\x1a", |lines| lines[1] == "    x * tow")?;
        sight.type_and_wait("\x19", |lines| lines[1] == "    x * 2")?;
        sight.type_and_wait("\x1b[15~", |lines| {
            let at = lines.iter().position(|line| line == "42");
            let below = at.and_then(|at| lines.get(at + 1));
            below.is_some_and(|line| line.starts_with("Press any key"))
        })?;
        // Ctrl-C copies; search finds; the selection is replaced; Ctrl-Q asks.
        sight.type_and_wait(" ", |lines| lines[23] == HINTS)?;
        sight.type_and_wait("\x03", |lines| lines[23] == "copied")?;
        sight.type_and_wait("\x06twice\r\x1bORdouble", |lines| lines[0] == "fn double(x) {")?;
        sight.type_and_wait("\x11", |lines| lines[23].starts_with("Save the changes?"))?;
        let lines = sight.type_and_wait("y", is_at_prompt)?;
        ensure!(
            !lines.iter().any(|line| line == "~"),
            "the editor is still to be seen: {lines:?}"
        );
        sight.check(
            "fs::read(\"/tmp/a.rhai\")",
            "\"fn double(x) {\\n    x * 2\\n}\\nprint(twice(21));\"",
        )?;
        sight.check("40 + 2", "42")
    })
}

/// The emulator's names for the keys that type `text` on a US keyboard.
fn keys_of(text: &str) -> Vec<String> {
    let key = |character: char| match character {
        ' ' => String::from("spc"),
        '\n' => String::from("ret"),
        '(' => String::from("shift-9"),
        ')' => String::from("shift-0"),
        '"' => String::from("shift-apostrophe"),
        '/' => String::from("slash"),
        '.' => String::from("dot"),
        ';' => String::from("semicolon"),
        '=' => String::from("equal"),
        other => String::from(other),
    };
    text.chars().map(key).collect()
}

fn type_keys(machine: &mut Machine, text: &str) -> Result<(), Error> {
    let keys = keys_of(text);
    screendump::press(machine, &keys.iter().map(String::as_str).collect::<Vec<_>>())
}

fn screen(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("")?;
    context.with_machine(&Config::default(), &iso, |machine| {
        machine.boot()?;
        let banner = screendump::expect(machine, LIMIT, |lines| {
            lines.iter().any(|line| line.starts_with("rhai>"))
        })?;
        let rows = banner.len();
        type_keys(machine, "edit(\"/tmp/b.rhai\")\n")?;
        let shows =
            |last: &'static str| move |lines: &[String]| lines.last().is_some_and(|line| line.starts_with(last));
        let seen = screendump::expect(machine, LIMIT, shows("a new file"))?;
        let columns = seen[rows - 2].chars().count() + 1;
        type_keys(machine, "let n = 5;\nprint(m);")?;
        let expected = whole(
            &["let n = 5;", "print(m);"],
            rows,
            status(columns, "/tmp/b.rhai  [changed]", "2:10"),
            HINTS,
        );
        // The cursor blinks: sooner or later all cells are characters.
        screendump::expect(machine, LIMIT, |lines| lines == expected)?;
        screendump::press(machine, &["f5"])?;
        screendump::expect(machine, LIMIT, |lines| {
            let has = |text: &str| lines.iter().any(|line| line.starts_with(text));
            has("error[variable_not_found]") && has("Press any key")
        })?;
        screendump::press(machine, &["spc"])?;
        screendump::expect(machine, LIMIT, shows("error[variable_not_found]"))?;
        // At the error: select a character with Shift, replace it, undo and redo.
        screendump::press(machine, &["shift-right", "n", "ctrl-z", "ctrl-y", "f5"])?;
        screendump::expect(machine, LIMIT, |lines| lines.iter().any(|line| line == "5"))?;
        screendump::press(machine, &["spc"])?;
        screendump::expect(machine, LIMIT, shows("^S save"))?;
        screendump::press(machine, &["ctrl-q"])?;
        screendump::expect(machine, LIMIT, |lines| {
            !lines.iter().any(|line| line == "~") && lines.iter().any(|line| line == "rhai>")
        })?;
        // The serial session sees the same file.
        machine.check("fs::read(\"/tmp/b.rhai\")", "\"let n = 5;\\nprint(n);\"")
    })
}

fn megabyte(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        machine.eval("let s = \"let value = compute(1, 2, 3) + [4, 5]; // one line of a script!\\n\";")?;
        machine.eval("for i in 0..14 { s += s }")?;
        let bytes = machine.number("s.bytes()").or_else(|_| machine.number("s.len()"))?;
        ensure!(
            (1_000_000..1_200_000).contains(&bytes),
            "the file would have {bytes} bytes"
        );
        machine.eval("fs::write(\"/tmp/big.rhai\", s)")?;
        let mut sight = Sight::new(machine);
        sight.wait(is_at_prompt)?;
        let started = Instant::now();
        sight.type_and_wait("edit(\"/tmp/big.rhai\")\r", |lines| lines[22].ends_with("1:1"))?;
        let opened = started.elapsed();
        let started = Instant::now();
        sight.type_and_wait("x", |lines| lines[22].ends_with("1:2"))?;
        let key = started.elapsed();
        let started = Instant::now();
        sight.type_and_wait("\x1b[1;5F", |lines| lines[22].ends_with("16385:1"))?;
        let end = started.elapsed();
        println!("qemu: a script of {bytes} bytes opens in {opened:?}, shows a key in {key:?}, its end in {end:?}");
        ensure!(opened < OPEN_LIMIT, "opening {bytes} bytes took {opened:?}");
        sight.type_and_wait("\x11n", is_at_prompt).map(|_| ())
    })
}
