//! The clocks: which counter tells the time, and the date from boot to boot.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Machine};
use crate::patience::{SLACK_MS, best_of_three, sleeps_right, until};
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "clock_date_survives_a_reboot",
        company: Company::Shared,
        run: survives,
    },
    Test {
        name: "clock_date_is_right_to_a_second_after_the_start",
        company: Company::Shared,
        run: exact,
    },
    Test {
        name: "clock_setting_starts_a_second_anew_where_the_chip_can",
        company: Company::Shared,
        run: anew,
    },
    Test {
        name: "clock_other_counters_tell_the_time",
        company: Company::Shared,
        run: counters,
    },
    Test {
        name: "clock_without_hpet_is_calibrated_all_the_same",
        company: Company::Shared,
        run: without_hpet,
    },
];

const LIMIT: Duration = Duration::from_secs(60);
/// The service looks at the clock on the battery for some seconds, and passes over what a busy host has spoiled.
const AGREES_LIMIT: Duration = Duration::from_secs(30);
const USED: &str = "time::clocks().filter(|one| one.used && one.clock != \"rtc\").map(|one| one.clock)";

fn survives(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        machine.check("time::set(\"2031-02-03T04:05:06Z\")", "")?;
        let now = machine.eval("time::now()")?;
        ensure!(now.starts_with("\"2031-02-03T04:05:"), "it is {now}");
        let refused = machine.eval("time::set(-1)")?;
        ensure!(refused.contains("out_of_range"), "{refused}");
        machine.expect_reset();
        machine.send(b"power::reboot()\r")?;
        machine.boot()?;
        let now = machine.eval("time::now()")?;
        ensure!(now.starts_with("\"2031-02-03T04:0"), "after the reboot it is {now}");
        Ok(())
    })
}

fn exact(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        // After some seconds the service has seen one of the clock's seconds end.
        until(machine, AGREES_LIMIT, agrees_with_its_clock)?;
        // The emulator's clock starts with a whole second of ours: up to one second late.
        best_of_three(machine, |machine| {
            let late_ms = -ahead_of_us(machine)?;
            let is_right = (-SLACK_MS..1000 + SLACK_MS).contains(&late_ms);
            ensure!(is_right, "the date is {late_ms} ms late");
            Ok(())
        })?;
        best_of_three(machine, |machine| {
            let wanted = unix_ms()?;
            machine.eval(&format!("time::set({wanted})"))?;
            let ahead_ms = ahead_of_us(machine)?;
            ensure!(ahead_ms.abs() < SLACK_MS, "set, the date is wrong by {ahead_ms} ms");
            Ok(())
        })?;
        machine.expect_reset();
        machine.send(b"power::reboot()\r")?;
        machine.boot()?;
        until(machine, AGREES_LIMIT, agrees_with_its_clock)?;
        // The emulator's processor says AMD, where the clock's seconds begin when they did before: up to one second early.
        best_of_three(machine, |machine| {
            let ahead_ms = ahead_of_us(machine)?;
            let is_right = (-SLACK_MS..1000 + SLACK_MS).contains(&ahead_ms);
            ensure!(is_right, "after the reboot, it is {ahead_ms} ms ahead");
            Ok(())
        })
    })
}

fn anew(context: &Context) -> Result<(), Error> {
    let config = Config {
        cpu: "qemu64,vendor=GenuineIntel",
        ..Config::default()
    };
    let iso = context.images.shipped();
    context.with_machine(&config, &iso, |machine| {
        machine.boot()?;
        for part_ms in [100, 600] {
            best_of_three(machine, |machine| {
                let wanted = 1_800_000_000_000_i64 + part_ms;
                machine.eval(&format!("time::set({wanted})"))?;
                agrees_with_its_clock(machine)
            })?;
        }
        Ok(())
    })
}

fn unix_ms() -> Result<i64, Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_err(|_| Error::System("the host has no date".into()))?;
    Ok(now.as_millis() as i64)
}

/// Milliseconds that the machine's date is ahead of ours; the time that the question takes counts half.
fn ahead_of_us(machine: &mut Machine) -> Result<i64, Error> {
    let before = unix_ms()?;
    let theirs = machine.number("time::unix_ms()")?;
    Ok(theirs - (before + unix_ms()?) / 2)
}

/// Fails unless the machine's date changes its second together with the clock that the emulator gives it.
fn agrees_with_its_clock(machine: &mut Machine) -> Result<(), Error> {
    let (second, at) = next_second(machine)?;
    let before_ms = at.elapsed().as_millis() as i64;
    let theirs_ms = machine.number("time::unix_ms()")?;
    let elapsed_ms = (before_ms + at.elapsed().as_millis() as i64) / 2;
    let ahead_ms = (theirs_ms - elapsed_ms - second * 1000 + 30_000).rem_euclid(60_000) - 30_000;
    ensure!(
        ahead_ms.abs() < SLACK_MS,
        "the date is {ahead_ms} ms ahead of the clock on the battery"
    );
    Ok(())
}

/// Waits until the emulator's clock shows its next second: which one of the minute, and when that was.
fn next_second(machine: &mut Machine) -> Result<(i64, Instant), Error> {
    let first = shown_second(machine)?;
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(5) {
        let second = shown_second(machine)?;
        if second != first {
            return Ok((second, Instant::now()));
        }
        thread::sleep(Duration::from_millis(2));
    }
    Err(Error::Wrong("the emulator's clock stands still".into()))
}

fn shown_second(machine: &mut Machine) -> Result<i64, Error> {
    let question = r#"{"execute": "qom-get", "arguments": {"path": "/machine", "property": "rtc-time"}}"#;
    let answer = machine.monitor().command(question)?;
    let second = answer.split_once("\"tm_sec\": ").map_or("", |(_, rest)| rest);
    let digits = second.split(|letter: char| !letter.is_ascii_digit()).next();
    let second = digits.and_then(|digits| digits.parse().ok());
    second.ok_or_else(|| Error::Monitor(answer.clone()))
}

fn counters(context: &Context) -> Result<(), Error> {
    for (words, name) in [("", "tsc"), ("clock=hpet", "hpet"), ("clock=pm", "pm")] {
        context.at_prompt(words, |machine| {
            machine.check(USED, &format!("[\"{name}\"]"))?;
            // Longer than the PM timer's 24 bits count.
            sleeps_right(machine, 6000).map_err(|error| Error::Wrong(format!("{name}: {error}")))?;
            let steps = "let last = 0; let back = 0; for i in 0..20000 { let now = time::uptime_ms(); \
                if now < last { back += 1; } last = now; } back";
            let back = machine.eval_within(steps, LIMIT)?;
            ensure!(back == "0", "{name}: went back {back} times");
            Ok(())
        })?;
    }
    Ok(())
}

fn without_hpet(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("clock=hpet")?;
    for board in ["q35,hpet=off", "pc,hpet=off"] {
        let config = Config {
            board,
            cpu: "qemu64",
            ..Config::default()
        };
        context.with_machine(&config, &iso, |machine| {
            machine.boot()?;
            // The one that was asked for is not there: the next one does it.
            machine.check(USED, "[\"pm\"]")?;
            machine.check("time::clocks().filter(|one| one.clock == \"hpet\").len()", "0")?;
            sleeps_right(machine, 1000)
        })?;
    }
    Ok(())
}
