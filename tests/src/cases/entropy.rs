//! Random numbers: where they come from, and that there are none where nothing is random.

use std::collections::HashSet;
use std::time::Duration;

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Machine};
use crate::patience::until;
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "entropy_equal_cold_boots_share_no_numbers",
        company: Company::Shared,
        run: cold_boots,
    },
    Test {
        name: "entropy_is_refused_where_time_follows_from_instructions",
        company: Company::Shared,
        run: determinism,
    },
    Test {
        name: "entropy_comes_from_a_virtio_device",
        company: Company::Shared,
        run: virtio,
    },
    Test {
        name: "entropy_devices_that_are_silent_or_stuck_are_switched_off",
        company: Company::Shared,
        run: bad_devices,
    },
    Test {
        name: "entropy_missing_makes_rand_throw_until_there_is_some",
        company: Company::Shared,
        run: not_ready,
    },
];

const LIMIT: Duration = Duration::from_secs(30);
/// The same date at each start, by the machine's own time.
const FIXED_DATE: [&str; 2] = ["-rtc", "base=2026-11-23T04:05:06,clock=vm"];

fn config(cpu: &'static str, more: &[&str]) -> Config {
    Config {
        cpu,
        more: more.iter().map(|word| String::from(*word)).collect(),
        ..Config::default()
    }
}

/// The line of `source` in the list of sources: state, bits and failure.
fn source(machine: &mut Machine, source: &str) -> Result<String, Error> {
    machine.eval(&format!(
        "for s in rand::sources() {{ if s.source == \"{source}\" {{ print(`${{s.state}} ${{s.bits > 0}} ${{s.failure}}`) }} }}"
    ))
}

fn cold_boots(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("")?;
    let mut seen = HashSet::new();
    for cpu in ["qemu64", "max"] {
        let config = config(cpu, &FIXED_DATE);
        for _ in 0..2 {
            let numbers = context.with_machine(&config, &iso, |machine| {
                machine.boot()?;
                machine.check("rand::wait_ready(15000)", "")?;
                // A processor with instructions for it has enough before the jitter is trusted.
                let jitter = source(machine, "jitter")?;
                ensure!(
                    cpu == "max" || jitter.starts_with("good true"),
                    "jitter on {cpu}: {jitter}"
                );
                let rdrand = source(machine, "rdrand")?;
                let expected = if cpu == "max" { "good true" } else { "" };
                ensure!(rdrand.trim() == expected, "rdrand on {cpu}: {rdrand}");
                machine.eval("hex::encode(rand::bytes(64))")
            })?;
            ensure!(numbers.len() >= 128, "no numbers: {numbers}");
            for chunk in numbers.trim_matches('"').as_bytes().chunks_exact(16) {
                ensure!(seen.insert(chunk.to_vec()), "the same 8 bytes twice: {numbers}");
            }
        }
    }
    Ok(())
}

fn determinism(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("")?;
    let [rtc, date] = FIXED_DATE;
    let config = config("qemu64", &["-icount", "shift=5,sleep=off", rtc, date]);
    context.with_machine(&config, &iso, |machine| {
        machine.boot()?;
        let refused = machine.eval_within("rand::wait_ready(2000)", LIMIT)?;
        ensure!(refused.contains("timed_out"), "{refused}");
        let refused = machine.eval("rand::bytes(8)")?;
        ensure!(refused.contains("not_ready"), "{refused}");
        let jitter = source(machine, "jitter")?;
        ensure!(jitter.starts_with("failed"), "jitter: {jitter}");
        Ok(())
    })
}

fn virtio(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("")?;
    for (board, device) in [
        ("q35", "virtio-rng-pci"),
        ("pc", "virtio-rng-pci"),
        ("q35", "virtio-rng-pci-non-transitional"),
        ("q35", "virtio-rng-pci,vectors=0"),
    ] {
        let config = Config {
            board,
            ..config("qemu64", &["-device", device])
        };
        context.with_machine(&config, &iso, |machine| {
            machine.boot()?;
            // It starts beside the prompt.
            until(machine, LIMIT, |machine| {
                let state = source(machine, "virtio-rng")?;
                ensure!(state.starts_with("good true"), "{device} on {board}: {state}");
                Ok(())
            })
        })?;
    }
    Ok(())
}

fn bad_devices(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("")?;
    let silent = ["-chardev", "null,id=nobody", "-object", "rng-egd,id=bad,chardev=nobody"];
    let stuck = ["-object", "rng-random,id=bad,filename=/dev/zero"];
    for (object, reason) in [(silent.as_slice(), "no answer"), (stuck.as_slice(), "repeats")] {
        let words = [object, &["-device", "virtio-rng-pci,rng=bad"]].concat();
        context.with_machine(&config("qemu64", &words), &iso, |machine| {
            machine.boot()?;
            until(machine, LIMIT, |machine| {
                let state = source(machine, "virtio-rng")?;
                ensure!(state.starts_with("failed false") && state.contains(reason), "{state}");
                Ok(())
            })?;
            // The others do without it.
            machine.check("rand::wait_ready(15000); rand::bytes(8).len()", "8")
        })?;
    }
    Ok(())
}

fn not_ready(context: &Context) -> Result<(), Error> {
    context.at_prompt("debug=on", |machine| {
        machine.check("rand::wait_ready(15000); rand::bytes(8).len()", "8")?;
        machine.eval("debug::starve_random(true)")?;
        for call in [
            "rand::bytes(8)",
            "rand::int(1, 6)",
            "task::wait(task::start(|| rand::float()))",
        ] {
            let refused = machine.eval(call)?;
            ensure!(refused.contains("not_ready"), "{call}: {refused}");
        }
        let refused = machine.eval("rand::wait_ready(100)")?;
        ensure!(refused.contains("timed_out"), "{refused}");
        // What waits without a limit ends with Ctrl-C.
        machine.send(b"rand::wait_ready()\r")?;
        std::thread::sleep(Duration::from_millis(200));
        machine.send(b"\x03")?;
        machine.expect("cancelled", LIMIT)?;
        machine.expect("\nrhai> ", LIMIT)?;
        machine.eval("debug::starve_random(false)")?;
        machine.check("rand::wait_ready(3000); rand::bytes(8).len()", "8")
    })
}
