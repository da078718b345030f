//! A person at the machine: what is typed on its keyboard and read on its screen.

use std::time::{Duration, Instant};

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Firmware};
use crate::runner::{Company, Context, Test};
use crate::screendump::{self, SUM, has};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "screen_answers_what_is_typed",
        company: Company::Shared,
        run: answers,
    },
    Test {
        name: "screen_types_on_a_german_keyboard",
        company: Company::Shared,
        run: german,
    },
    Test {
        name: "screen_reads_as_printed",
        company: Company::Shared,
        run: reads,
    },
    Test {
        name: "screen_ctrl_c_leaves_the_serial_session_alone",
        company: Company::Shared,
        run: ctrl_c,
    },
];

const LIMIT: Duration = Duration::from_secs(20);

fn answers(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("")?;
    for firmware in [Firmware::Bios, Firmware::Uefi] {
        let config = Config {
            firmware,
            ..Config::default()
        };
        context.with_machine(&config, &iso, |machine| {
            let banner = screendump::boot(machine)?;
            ensure!(banner[0].starts_with("Rhaios "), "the banner is {banner:?}");
            screendump::press(machine, SUM)?;
            let seen = screendump::expect(machine, LIMIT, has("42"))?;
            ensure!(has("rhai> 40 + 2")(&seen), "the echo is missing: {seen:?}");
            // The serial session goes its own way.
            machine.check("1 + 1", "2")
        })?;
    }
    Ok(())
}

fn german(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("keymap=de105")?;
    context.with_machine(&Config::default(), &iso, |machine| {
        screendump::boot(machine)?;
        // On a German keyboard: "zyö", then AltGr-7 and AltGr-0 for braces, with Caps Lock for one letter.
        let keys = [
            "shift-2",
            "y",
            "z",
            "semicolon",
            "caps_lock",
            "a",
            "caps_lock",
            "alt_r-7",
            "alt_r-0",
            "shift-2",
            "ret",
        ];
        screendump::press(machine, &keys)?;
        screendump::expect(machine, LIMIT, has("\"zyöA{}\"")).map(|_| ())
    })
}

/// The whole screen is what was printed: umlauts, lines of boxes, and a line that goes on behind the right edge.
fn reads(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("")?;
    context.with_machine(&Config::default(), &iso, |machine| {
        screendump::boot(machine)?;
        let columns = screendump::picture(machine)?.width_pixels / 8;
        let script = r#"screen::clear(); print("\u00e4\u00f6\u00fc\u00df \u00c4 \u20ac"); print("\u250c\u252c\u2510\u2502\u2554\u2550\u2557"); let s = ""; for i in 0..205 { s += i % 10; } print(s)"#;
        screendump::type_text(machine, script)?;
        screendump::press(machine, &["ret"])?;
        let long: String = (0..205).map(|number| char::from(b'0' + number % 10)).collect();
        let (first, second) = long.split_at(columns);
        let expected = ["äöüß Ä €", "┌┬┐│╔═╗", first, second, "rhai>"];
        let is_right = |lines: &[String]| {
            let (shown, rest) = lines.split_at(expected.len().min(lines.len()));
            shown == expected && rest.iter().all(String::is_empty)
        };
        screendump::expect(machine, LIMIT, is_right).map(drop)
    })
}

fn ctrl_c(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("")?;
    context.with_machine(&Config::default(), &iso, |machine| {
        screendump::boot(machine)?;
        let endless = [
            "l",
            "o",
            "o",
            "p",
            "spc",
            "shift-bracket_left",
            "shift-bracket_right",
            "ret",
        ];
        screendump::press(machine, &endless)?;
        // The serial session answers beside the loop, and is not what Ctrl-C ends.
        machine.check("40 + 2", "42")?;
        machine.send(b"time::sleep_ms(1500); 7\r")?;
        let started = Instant::now();
        screendump::press(machine, &["ctrl-c"])?;
        screendump::expect(machine, LIMIT, |lines| {
            lines.iter().any(|line| line.contains("cancelled"))
        })?;
        ensure!(started.elapsed() < LIMIT, "Ctrl-C took {:?}", started.elapsed());
        machine.expect("\n7", LIMIT)?;
        Ok(())
    })
}
