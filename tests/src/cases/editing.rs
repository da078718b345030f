//! The line editor, as a person has it: at a terminal on the serial line that says what it is, and on the screen.

use std::time::Duration;

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Machine, PROMPT};
use crate::runner::{Company, Context, Test};
use crate::screendump::{self, has};
use crate::sight::{Sight, is_at_prompt};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "editing_recalls_searches_and_suggests_on_the_serial_line",
        company: Company::Shared,
        run: serial,
    },
    Test {
        name: "editing_recalls_searches_and_suggests_on_the_screen",
        company: Company::Shared,
        run: screen,
    },
    Test {
        name: "editing_takes_pastes_as_they_are",
        company: Company::Shared,
        run: pastes,
    },
    Test {
        name: "editing_loses_nothing_of_a_hundred_kilobytes",
        company: Company::Shared,
        run: hundred_kilobytes,
    },
];

const LIMIT: Duration = Duration::from_secs(20);
/// For a hundred kilobytes in the emulator, beside another machine.
const PASTE_LIMIT: Duration = Duration::from_secs(240);
const PASTED_LINES: usize = 2400;

/// The last lines are these, with a prompt behind them.
fn ends_with(lines: &[String], end: &[&str]) -> bool {
    let count = lines
        .iter()
        .rposition(|line| !line.is_empty())
        .map_or(0, |last| last + 1);
    lines[..count].ends_with(&end.iter().map(|line| (*line).to_string()).collect::<Vec<_>>())
}

fn serial(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        let mut sight = Sight::new(machine);
        sight.wait(is_at_prompt)?;
        // The first character, alone, makes the machine ask; from the answer on, there are colours.
        sight.type_and_wait("l", |lines| ends_with(lines, &["rhai> l"]))?;
        sight.machine.send(b"et x = [1, 2]")?;
        sight.wait_for(|lines, screen| {
            let row = lines.iter().rposition(|line| !line.is_empty()).unwrap_or(0) as u16;
            let color = |column| screen.cell(row, column).map(|cell| cell.fgcolor());
            let is_bold = |column| screen.cell(row, column).is_some_and(|cell| cell.bold());
            let plain = color(0);
            let [keyword, variable, number] = [6, 10, 15].map(|column| color(column) != plain);
            ends_with(lines, &["rhai> let x = [1, 2]"])
                && (keyword, variable, number) == (true, false, true)
                && (is_bold(14), is_bold(15), is_bold(19)) == (true, false, true)
        })?;
        sight.type_and_wait(".len();\r", |lines| {
            ends_with(lines, &["rhai> let x = [1, 2].len();", "rhai>"])
        })?;

        // A block, and all of it again; Up goes through it, and then to what was before.
        let block = ["rhai> fn twice(n) {", "  ...     n * 2", "  ... }"];
        sight.type_and_wait("fn twice(n) {\r\tn * 2\r}\r", |lines| {
            ends_with(lines, &[&block[..], &["rhai>"]].concat())
        })?;
        sight.type_and_wait("\x1b[A", |lines| ends_with(lines, &[&block[..], &block[..]].concat()))?;
        sight.type_and_wait("\x1b[A\x1b[A\x1b[A", |lines| {
            ends_with(lines, &[&block[..], &["rhai> let x = [1, 2].len();"]].concat())
        })?;
        sight.type_and_wait("\x03", |lines| {
            ends_with(lines, &["rhai> let x = [1, 2].len();^C", "rhai>"])
        })?;
        sight.check("twice(x) + 38", "42")?;

        // What was entered before is suggested, and taken over.
        sight.type_and_wait("twi", |lines| ends_with(lines, &["rhai> twice(x) + 38"]))?;
        sight.type_and_wait("\x1b[C\x7f\x7f40\r", |lines| {
            ends_with(lines, &["rhai> twice(x) + 40", "44", "rhai>"])
        })?;
        // Ctrl-R looks for what contains a text, Ctrl-G gives the draft back.
        sight.type_and_wait("draft\x12x)", |lines| {
            ends_with(lines, &["(search `x)`) twice(x) + 40"])
        })?;
        sight.type_and_wait("\x12", |lines| ends_with(lines, &["(search `x)`) twice(x) + 38"]))?;
        sight.type_and_wait("\x07", |lines| ends_with(lines, &["rhai> draft"]))?;
        sight.type_and_wait("\x1538\x01\x12+ 3", |lines| {
            ends_with(lines, &["(search `+ 3`) twice(x) + 38"])
        })?;
        sight.type_and_wait("\r", |lines| ends_with(lines, &["rhai> twice(x) + 38", "42", "rhai>"]))?;
        // Escape alone leaves the search as well.
        sight.type_and_wait("7 * 6\x12twice", |lines| {
            ends_with(lines, &["(search `twice`) twice(x) + 38"])
        })?;
        sight.type_and_wait("\x1b", |lines| ends_with(lines, &["rhai> 7 * 6"]))?;
        sight.type_and_wait("\r", |lines| ends_with(lines, &["rhai> 7 * 6", "42", "rhai>"]))?;
        // Undo, and a task's words above the line that is typed.
        sight.type_and_wait(
            "task::start(|| { time::sleep_ms(500); print(\"above\") });\r",
            is_at_prompt,
        )?;
        sight.type_and_wait("1 + [2,\r3", |lines| {
            ends_with(lines, &["above", "rhai> 1 + [2,", "  ... 3"])
        })?;
        sight.type_and_wait("\x1f\x1f\x1f", |lines| !lines.iter().any(|line| line.contains("[2,")))?;
        sight.type_and_wait("\x03", is_at_prompt)?;
        sight.check("40 + 2", "42")
    })
}

fn screen(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("")?;
    context.with_machine(&Config::default(), &iso, |machine| {
        screendump::boot(machine)?;
        screendump::type_text(machine, "if true {")?;
        screendump::press(machine, &["ret"])?;
        screendump::type_text(machine, "\"four\".len()")?;
        let lines = screendump::expect(machine, LIMIT, has("  ... \"four\".len()"))?;
        let row = lines
            .iter()
            .position(|line| line == "  ... \"four\".len()")
            .unwrap_or(0);
        colors(machine, lines.len(), row)?;
        screendump::press(machine, &["ret"])?;
        screendump::type_text(machine, "}")?;
        screendump::press(machine, &["ret"])?;
        let block = ["rhai> if true {", "  ... \"four\".len()", "  ... }", "4"];
        let is_shown = |times: usize| {
            let block = block.map(str::to_string);
            move |lines: &[String]| lines.windows(4).filter(|window| **window == block).count() == times
        };
        screendump::expect(machine, LIMIT, is_shown(1))?;
        // The whole block comes back, and runs.
        screendump::press(machine, &["up", "ret"])?;
        screendump::expect(machine, LIMIT, is_shown(2))?;
        screendump::press(machine, &["4", "0", "shift-equal", "2", "ret"])?;
        screendump::expect(machine, LIMIT, has("42"))?;
        // The suggestion stands there after one character; Right takes it.
        screendump::press(machine, &["4"])?;
        screendump::expect(machine, LIMIT, |lines| {
            lines.iter().filter(|line| *line == "rhai> 40+2").count() == 2
        })?;
        screendump::press(machine, &["right", "0", "ret"])?;
        screendump::expect(machine, LIMIT, has("60"))?;
        screendump::press(machine, &["ctrl-r", "t", "r", "u"])?;
        screendump::expect(machine, LIMIT, has("(search `tru`) if true {"))?;
        screendump::press(machine, &["ret"])?;
        screendump::expect(machine, LIMIT, is_shown(3)).map(drop)
    })
}

/// A string has another colour on the screen than the prompt before it.
fn colors(machine: &mut Machine, rows: usize, row: usize) -> Result<(), Error> {
    let picture = screendump::picture(machine)?;
    let height = if picture.height_pixels / rows >= 24 { 24 } else { 16 };
    let width = if height == 24 { 12 } else { 8 };
    let brightest = |column: usize| {
        let cell = (row * height..(row + 1) * height)
            .flat_map(|y| (column * width..(column + 1) * width).map(move |x| (x, y)));
        let brightness = |pixel: &u32| pixel.to_be_bytes().iter().map(|byte| u32::from(*byte)).sum::<u32>();
        cell.map(|(x, y)| picture.at(x, y)).max_by_key(brightness).unwrap_or(0)
    };
    // `  ... "four".len()`: a dot of the prompt, a letter of the string, one of the method.
    let (dot, letter, method) = (brightest(3), brightest(8), brightest(13));
    ensure!(
        dot == method && letter != dot,
        "colours: {dot:06x} {letter:06x} {method:06x}"
    );
    Ok(())
}

fn pastes(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        let mut sight = Sight::new(machine);
        sight.wait(is_at_prompt)?;
        sight.type_and_wait("1", |lines| ends_with(lines, &["rhai> 1"]))?;
        sight.type_and_wait("\r", |lines| ends_with(lines, &["1", "rhai>"]))?;
        // Marked as a paste, lines are run only by Return.
        let pasted = ["rhai> let a = 40;", "  ... let b = 2;", "  ...     a + b"];
        sight.type_and_wait("\x1b[200~let a = 40;\rlet b = 2;\n\ta + b\x1b[201~", |lines| {
            ends_with(lines, &pasted)
        })?;
        sight.type_and_wait("\r", |lines| {
            ends_with(lines, &[&pasted[..], &["42", "rhai>"]].concat())
        })?;
        // Paste mode: a block that is complete goes on.
        let header = "paste mode; Ctrl-C to cancel, Ctrl-D to finish";
        let lines = ["rhai>", header, "=== if a > 0 { 6 }", "=== else { 7 }"];
        sight.type_and_wait("\x05if a > 0 { 6 }\relse { 7 }", |seen| ends_with(seen, &lines))?;
        sight.type_and_wait("\x04", |seen| ends_with(seen, &[&lines[..], &["6", "rhai>"]].concat()))?;
        sight.type_and_wait("\x05lost\r\x03", |seen| ends_with(seen, &["=== ^C", "rhai>"]))?;
        sight.check("a + b", "42")
    })
}

/// The lines of a string of a hundred kilobytes, which are numbered (the line end before them is none of it), and what tells whether they are all there.
fn text() -> (String, String, String) {
    let lines: String = (0..PASTED_LINES)
        .map(|number| format!("{number:05} {}\r", "abcdefghijklmnopqrstuvwxyz0123456789"))
        .collect();
    let check = "let n = 0; let bad = 0; for l in pasted.split(\"\\n\") { if l.len() > 0 { if l.sub_string(0, 5).parse_int() \
                 != n { bad += 1; } n += 1; } } [pasted.len(), n, bad]";
    let expected = format!("[{}, {PASTED_LINES}, 0]", lines.len());
    (lines, check.to_string(), expected)
}

fn hundred_kilobytes(context: &Context) -> Result<(), Error> {
    let (lines, check, expected) = text();
    ensure!(lines.len() > 100_000, "only {} bytes", lines.len());
    for (start, end) in [("", "\r"), ("\x1b[200~", "\x1b[201~\r"), ("\x05", "\x04")] {
        context.at_prompt("", |machine| {
            machine.send(format!("{start}let pasted = `\r{lines}`;{end}").as_bytes())?;
            // What is typed behind is kept until then.
            machine.send(b"\"read\" + \"y\"\r")?;
            machine.expect("\n\"ready\"", PASTE_LIMIT)?;
            machine.expect(&format!("\n{PROMPT}"), LIMIT)?;
            let got = machine.eval_within(&check, PASTE_LIMIT)?;
            ensure!(got == expected, "{}: {got}, not {expected}", start.escape_debug());
            machine.check("40 + 2", "42")
        })?;
    }
    // Many lines, each of them run, while more arrive.
    context.at_prompt("", |machine| {
        let remark = "what a person would say about it";
        let sums: String = (0..2000)
            .map(|number| format!("total += {number:04}; // {remark}\r"))
            .collect();
        ensure!(sums.len() > 100_000, "only {} bytes", sums.len());
        machine.eval("let total = 0;")?;
        machine.send(sums.as_bytes())?;
        machine.send(b"\"read\" + \"y\"\r")?;
        machine.expect("\n\"ready\"", PASTE_LIMIT)?;
        machine.expect(&format!("\n{PROMPT}"), LIMIT)?;
        machine.check("total", &(0..2000).sum::<i64>().to_string())
    })
}
