//! Four sessions and the log on one screen, and the keyboard as scripts see it.

use std::time::Duration;

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Machine};
use crate::runner::{Company, Context, Test};
use crate::screendump::{self, has};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "sessions_are_four_and_the_log",
        company: Company::Shared,
        run: four_and_the_log,
    },
    Test {
        name: "sessions_scroll_back",
        company: Company::Shared,
        run: scroll_back,
    },
    Test {
        name: "keys_are_seen_by_scripts",
        company: Company::Shared,
        run: keys,
    },
    Test {
        name: "keys_repeat_and_change_with_modifiers",
        company: Company::Shared,
        run: modifiers,
    },
];

const LIMIT: Duration = Duration::from_secs(20);

fn boot(context: &Context, work: impl FnOnce(&mut Machine) -> Result<(), Error>) -> Result<(), Error> {
    let iso = context.images.with_command_line("debug=on")?;
    context.with_machine(&Config::default(), &iso, |machine| {
        screendump::boot(machine)?;
        work(machine)
    })
}

fn four_and_the_log(context: &Context) -> Result<(), Error> {
    boot(context, |machine| {
        // Each session has variables of its own.
        for (number, digit) in ["1", "2", "3", "4"].into_iter().enumerate() {
            screendump::press(machine, &[&format!("alt-f{}", number + 1)])?;
            screendump::expect(machine, LIMIT, has("rhai>"))?;
            screendump::press(machine, &["l", "e", "t", "spc", "x", "equal", digit, "ret"])?;
            screendump::expect(machine, LIMIT, has(&format!("rhai> let x={digit}")))?;
        }
        for (number, digit) in [("3", "3"), ("1", "1"), ("4", "4"), ("2", "2")] {
            screendump::press(machine, &[&format!("alt-f{number}")])?;
            let seen = screendump::expect(machine, LIMIT, has(&format!("rhai> let x={digit}")))?;
            ensure!(!has(digit)(&seen), "an answer before the question: {seen:?}");
            screendump::press(machine, &["x", "ret"])?;
            screendump::expect(machine, LIMIT, has(digit))?;
        }
        // One that is not shown goes on.
        let count = ["p", "r", "i", "n", "t", "shift-9", "7", "7", "shift-0", "ret"];
        let wait = [
            "t",
            "i",
            "m",
            "e",
            "shift-semicolon",
            "shift-semicolon",
            "s",
            "l",
            "e",
            "e",
            "p",
            "shift-minus",
        ];
        let rest = ["m", "s", "shift-9", "5", "0", "0", "shift-0", "semicolon"];
        screendump::press(machine, &[&wait[..], &rest[..], &count[..], &["alt-f1"]].concat())?;
        screendump::expect(machine, LIMIT, has("rhai> let x=1"))?;
        machine.check("time::sleep_ms(600); 5", "5")?;
        screendump::press(machine, &["alt-f2"])?;
        screendump::expect(machine, LIMIT, has("77"))?;
        // The log, which follows what happens, takes no input, and is left as it was come to.
        screendump::press(machine, &["alt-f12"])?;
        let is_log = |lines: &[String]| {
            lines
                .iter()
                .any(|line| line.contains("Rhaios") && line.starts_with("[    0."))
        };
        screendump::expect(machine, LIMIT, is_log)?;
        screendump::press(machine, &["x", "ret"])?;
        machine.eval("debug::panic_service()")?;
        let follows = |lines: &[String]| lines.iter().any(|line| line.contains("service canary restarted"));
        let seen = screendump::expect(machine, LIMIT, follows)?;
        ensure!(
            !seen.iter().any(|line| line.contains("rhai>")),
            "a prompt in the log: {seen:?}"
        );
        screendump::press(machine, &["alt-f2"])?;
        screendump::expect(machine, LIMIT, has("77")).map(drop)
    })
}

fn scroll_back(context: &Context) -> Result<(), Error> {
    boot(context, |machine| {
        let first = screendump::lines(machine)?;
        let keys = "for i in 0..200 { print(i) }";
        screendump::type_text(machine, keys)?;
        screendump::press(machine, &["ret"])?;
        let is_end = |lines: &[String]| {
            has("199")(lines)
                && lines
                    .iter()
                    .rev()
                    .find(|line| !line.is_empty())
                    .is_some_and(|line| line == "rhai>")
        };
        let end = screendump::expect(machine, LIMIT, is_end)?;
        screendump::press(machine, &["shift-pgup"])?;
        let older = screendump::expect(machine, LIMIT, |lines| !has("199")(lines))?;
        // A page less one line: the lowest line now was the highest.
        ensure!(older.last() == end.first(), "{older:?} does not lead to {end:?}");
        for _ in 0..8 {
            screendump::press(machine, &["shift-pgup"])?;
        }
        let oldest = screendump::expect(machine, LIMIT, has(&first[0]))?;
        ensure!(oldest[..3] == first[..3], "the banner is {oldest:?}, not {first:?}");
        screendump::press(machine, &["shift-pgdn"])?;
        screendump::expect(machine, LIMIT, |lines| !has(&first[0])(lines))?;
        // Typing leads back to the newest lines.
        screendump::press(machine, &["4"])?;
        screendump::expect(machine, LIMIT, has("rhai> 4")).map(drop)
    })
}

fn keys(context: &Context) -> Result<(), Error> {
    boot(context, |machine| {
        machine.check("key::pressed()", "[]")?;
        hold(machine, "shift", true)?;
        hold(machine, "up", true)?;
        machine.check(
            "time::sleep_ms(50); let keys = key::pressed(); keys.sort(); keys",
            "[\"left_shift\", \"up\"]",
        )?;
        hold(machine, "shift", false)?;
        hold(machine, "up", false)?;
        machine.check("time::sleep_ms(50); key::pressed()", "[]")?;
        screendump::type_text(machine, "key::read() + key::read(9000)")?;
        screendump::press(machine, &["ret", "f5", "shift-a"])?;
        screendump::expect(machine, LIMIT, has("\"f5A\""))?;
        machine.check("key::layout()", "\"us104\"")?;
        machine.check("key::layout(\"de\")", "\"de105\"")?;
        let refused = machine.eval("key::layout(\"xx\")")?;
        ensure!(refused.contains("not_found") && refused.contains("de105"), "{refused}");
        screendump::press(machine, &["shift-2", "y", "semicolon", "shift-2", "ret"])?;
        screendump::expect(machine, LIMIT, has("\"zö\"")).map(drop)
    })
}

fn modifiers(context: &Context) -> Result<(), Error> {
    boot(context, |machine| {
        // Repeat is the keyboard's own: one key goes down several times and up once.
        for _ in 0..5 {
            hold(machine, "4", true)?;
        }
        hold(machine, "4", false)?;
        screendump::expect(machine, LIMIT, has("rhai> 44444"))?;
        // Control: to the line's start, and past its end again. Alt: back by a word, and one word away.
        screendump::press(
            machine,
            &[
                "ctrl-a",
                "1",
                "spc",
                "shift-equal",
                "spc",
                "ctrl-e",
                "spc",
                "shift-8",
                "spc",
                "2",
            ],
        )?;
        screendump::expect(machine, LIMIT, has("rhai> 1 + 44444 * 2"))?;
        screendump::press(machine, &["alt-b", "3", "0", "alt-d", "ret"])?;
        screendump::expect(machine, LIMIT, has("1333321"))?;
        // Caps Lock turns letters over and Shift turns them back; digits stay.
        screendump::press(machine, &["shift-2"])?;
        screendump::press(
            machine,
            &[
                "shift-apostrophe",
                "caps_lock",
                "a",
                "shift-b",
                "1",
                "caps_lock",
                "c",
                "shift-d",
            ],
        )?;
        screendump::expect(machine, LIMIT, has("rhai> @\"Ab1cD")).map(drop)
    })
}

/// Presses a key, by the emulator's name for it, and leaves it down, or lets it go.
fn hold(machine: &mut Machine, key: &str, is_down: bool) -> Result<(), Error> {
    let event =
        format!(r#"{{"type": "key", "data": {{"down": {is_down}, "key": {{"type": "qcode", "data": "{key}"}}}}}}"#);
    let arguments = format!(r#"{{"events": [{event}]}}"#);
    let command = format!(r#"{{"execute": "input-send-event", "arguments": {arguments}}}"#);
    machine.monitor().command(&command).map(drop)
}
