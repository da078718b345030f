//! A machine that dies says why on its screen: what it was doing when it just stops, and the whole report when it
//! notices. A phone can carry the report away.

use std::time::Duration;

use crate::error::Error;
use crate::machine::{Config, Firmware, Machine};
use crate::runner::{Company, Context, Test};
use crate::{ensure, qr, report, screendump};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "panic_shows_its_report_and_a_code_on_the_screen",
        company: Company::Shared,
        run: page,
    },
    Test {
        name: "panic_while_the_console_paints_is_on_the_screen",
        company: Company::Shared,
        run: while_painting,
    },
    Test {
        name: "panic_during_the_start_names_its_last_step",
        company: Company::Shared,
        run: early,
    },
    Test {
        name: "panic_is_readable_in_text_mode",
        company: Company::Shared,
        run: text_mode,
    },
    Test {
        name: "dead_start_leaves_its_last_step_on_the_screen",
        company: Company::Shared,
        run: hang,
    },
];

const LIMIT: Duration = Duration::from_secs(30);
/// Machines that an NMI hits until one of them was painting, at most.
const MACHINES_TO_HIT: usize = 20;
/// The frames of a backtrace that a code has room for at least.
const CODE_FRAMES: usize = 8;
/// Where the VGA's text buffer lies, and its size.
const TEXT_BUFFER: usize = 0xb_8000;
const TEXT_COLUMNS: usize = 80;
const TEXT_ROWS: usize = 25;

fn contains(text: &'static str) -> impl Fn(&[String]) -> bool {
    move |lines: &[String]| lines.iter().any(|line| line.contains(text))
}

/// The report that the serial line prints from now on.
fn report_on_serial(machine: &mut Machine) -> Result<String, Error> {
    machine.expect("KERNEL PANIC: ", LIMIT)?;
    let report = machine.expect("rebooting in 30 s", LIMIT)?;
    Ok(format!("KERNEL PANIC: {}", report.trim_end()))
}

/// The lines of a backtrace in `text`.
fn frames(text: &str) -> usize {
    text.lines().filter(|line| line.contains("+0x")).count()
}

/// The screen's code says what `report` says, or as many of its lines as fit. It is drawn last.
fn check_code(machine: &mut Machine, report: &str) -> Result<(), Error> {
    let started = std::time::Instant::now();
    let text = loop {
        match qr::scan(&screendump::picture(machine)?) {
            Err(_) if started.elapsed() < LIMIT => std::thread::sleep(Duration::from_millis(200)),
            result => break result?,
        }
    };
    let decoded = report::decode(&text).map_err(|reason| Error::Wrong(format!("{reason}: {text}")))?;
    ensure!(
        report.starts_with(&decoded),
        "the code says\n{decoded}\nand not\n{report}"
    );
    let rest = &report[decoded.len()..];
    ensure!(
        rest.is_empty() || rest.starts_with('\n'),
        "the code ends within a line:\n{decoded}"
    );
    ensure!(
        frames(&decoded) >= frames(report).min(CODE_FRAMES),
        "the code has few frames: {decoded}"
    );
    Ok(())
}

fn check_lines(lines: &[String], parts: &[&str]) -> Result<(), Error> {
    let all = lines.join("\n");
    let missing = parts.iter().find(|part| !all.contains(*part));
    missing.map_or(Ok(()), |part| {
        Err(Error::Wrong(format!("the screen does not say {part:?} but\n{all}")))
    })
}

fn page(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("debug=on")?;
    for firmware in [Firmware::Bios, Firmware::Uefi] {
        let config = Config {
            firmware,
            ..Config::default()
        };
        context.with_machine(&config, &iso, |machine| {
            machine.boot()?;
            machine.expect_panic();
            machine.send(b"debug::panic_machine()\r")?;
            let report = report_on_serial(machine)?;
            let lines = screendump::expect(machine, LIMIT, contains("rebooting in"))?;
            let parts = [
                "a test asked the machine to panic",
                "Rhaios ",
                "kernel locks held 1",
                "backtrace:",
                "core::panicking::panic_fmt+0x",
                "::panic_machine+0x",
            ];
            check_lines(&lines, &parts)?;
            check_code(machine, &report)
        })?;
    }
    // An exception's report has registers; they are on the screen too.
    context.at_prompt("debug=on", |machine| {
        machine.expect_panic();
        machine.send(b"debug::raise(\"df\")\r")?;
        let report = report_on_serial(machine)?;
        let lines = screendump::expect(machine, LIMIT, contains("rebooting in"))?;
        let registers = report.lines().find(|line| line.starts_with("rax ")).unwrap_or("rax");
        check_lines(&lines, &["#DF double fault", "rip ", "vector 8 ", "::raise+"])?;
        let values = registers.split(' ').skip(1).step_by(2);
        check_lines(&lines, &values.collect::<Vec<_>>())?;
        check_code(machine, &report)
    })
}

/// A panic is on the screen whatever the console was about, also in the middle of painting, which an interrupt that
/// nothing can mask hits once in a few machines.
fn while_painting(context: &Context) -> Result<(), Error> {
    for _ in 0..MACHINES_TO_HIT {
        if panic_beside_noise(context)?.contains("services::screen::") {
            return Ok(());
        }
    }
    Err(Error::Wrong(format!("none of {MACHINES_TO_HIT} machines was painting")))
}

/// The report of a machine whose console has much to paint when an NMI stops it.
fn panic_beside_noise(context: &Context) -> Result<String, Error> {
    context.at_prompt("debug=on", |machine| {
        screendump::expect(machine, LIMIT, screendump::has("rhai>"))?;
        screendump::type_text(machine, "debug::noise(1, 1000000000, \"bytes\")")?;
        screendump::press(machine, &["ret"])?;
        screendump::expect(machine, LIMIT, |lines| {
            lines.iter().filter(|line| !line.is_empty()).count() > 20
        })?;
        machine.expect_panic();
        machine.monitor().command(r#"{"execute": "inject-nmi"}"#)?;
        let report = report_on_serial(machine)?;
        let lines = screendump::expect(machine, LIMIT, contains("rebooting in"))?;
        check_lines(&lines, &["#NMI non-maskable interrupt", "backtrace:"])?;
        check_code(machine, &report)?;
        Ok(report)
    })
}

fn early(context: &Context) -> Result<(), Error> {
    for (words, step) in [
        ("debug=on die=boot", "in the start-up at `boot information`"),
        ("debug=on die=memory", "in the start-up at `memory`"),
        ("debug=on die=services", "in the start-up at `services`"),
        ("debug=on die=memory serial=none", "in the start-up at `memory`"),
        // The log keeps off the screen then, a panic does not.
        (
            "debug=on die=firmware console=serial",
            "in the start-up at `firmware tables`",
        ),
    ] {
        let iso = context.images.with_command_line(words)?;
        context.with_machine(&Config::default(), &iso, |machine| {
            machine.expect_panic();
            let lines = screendump::expect(machine, LIMIT, contains("rebooting in"))?;
            check_lines(&lines, &["the command line asked for a panic", step, "kernel_main+0x"])?;
            if words.contains("serial=none") {
                ensure!(!machine.transcript().contains("PANIC"), "the serial line was used");
                return Ok(());
            }
            let report = report_on_serial(machine)?;
            ensure!(report.contains(step), "{report}");
            Ok(())
        })?;
    }
    Ok(())
}

/// The characters in the VGA's text buffer.
fn text_lines(machine: &mut Machine) -> Result<Vec<String>, Error> {
    let file = machine.folder().join("text");
    let bytes = TEXT_COLUMNS * TEXT_ROWS * 2;
    machine.monitor().command(&format!(
        r#"{{"execute": "pmemsave", "arguments": {{"val": {TEXT_BUFFER}, "size": {bytes}, "filename": "{}"}}}}"#,
        file.display()
    ))?;
    let cells = std::fs::read(&file)?;
    let line = |row: &[u8]| -> String { row.chunks(2).map(|cell| char::from(cell[0])).collect() };
    Ok(cells
        .chunks(TEXT_COLUMNS * 2)
        .map(|row| line(row).trim_end().into())
        .collect())
}

/// Waits until the text buffer has `text`.
fn expect_text(machine: &mut Machine, text: &str) -> Result<Vec<String>, Error> {
    let started = std::time::Instant::now();
    loop {
        machine.listen(Duration::from_millis(100))?;
        let lines = text_lines(machine)?;
        if lines.iter().any(|line| line.contains(text)) {
            return Ok(lines);
        }
        ensure!(started.elapsed() < LIMIT, "the screen shows\n{}", lines.join("\n"));
    }
}

/// GRUB's word for a text mode; it counts for the menu entry that it stands in.
const TEXT_MODE: &str = "\n  set gfxpayload=text";

fn text_mode(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line(&format!("debug=on{TEXT_MODE}"))?;
    context.with_machine(&Config::default(), &iso, |machine| {
        machine.boot()?;
        machine.expect_panic();
        machine.send(b"debug::raise(\"df\")\r")?;
        report_on_serial(machine)?;
        let lines = expect_text(machine, "rebooting in")?;
        ensure!(lines[0].starts_with("  KERNEL PANIC"), "the headline is {:?}", lines[0]);
        check_lines(&lines, &["#DF double fault", "rip ", "vector 8 ", "::raise+"])
    })?;
    let iso = context
        .images
        .with_command_line(&format!("debug=on hang=clock{TEXT_MODE}"))?;
    context.with_machine(&Config::default(), &iso, |machine| {
        let lines = expect_text(machine, "... clock")?;
        check_lines(
            &lines,
            &["Rhaios ", "... processor", "... memory", "... firmware tables"],
        )
    })
}

fn hang(context: &Context) -> Result<(), Error> {
    let iso = |words| context.images.with_command_line(words);
    for (firmware, words, step) in [
        (Firmware::Bios, "debug=on hang=processor", "... processor"),
        (Firmware::Bios, "debug=on hang=memory serial=none", "... memory"),
        (Firmware::Uefi, "debug=on hang=script", "... script engine"),
    ] {
        let config = Config {
            firmware,
            ..Config::default()
        };
        context.with_machine(&config, &iso(words)?, |machine| {
            let lines = screendump::expect(machine, LIMIT, contains(step))?;
            let first = &lines[0];
            ensure!(first.contains("] Rhaios "), "the first line is {first}");
            std::thread::sleep(Duration::from_secs(1));
            let lines = screendump::lines(machine)?;
            let last = lines.iter().rev().find(|line| !line.is_empty());
            let is_after = last.is_some_and(|line| line.contains(step) || words.contains("memory"));
            ensure!(is_after, "the last line is {last:?}");
            Ok(())
        })?;
    }
    // Without `debug=on` it goes on; and the log keeps off the screen where the prompt does.
    context.with_machine(&Config::default(), &iso("die=memory console=serial")?, |machine| {
        let log = machine.boot()?;
        ensure!(log.contains("count with debug=on only"), "{log}");
        let lines = screendump::lines(machine)?;
        ensure!(
            lines.iter().all(String::is_empty),
            "the screen shows\n{}",
            lines.join("\n")
        );
        Ok(())
    })
}
