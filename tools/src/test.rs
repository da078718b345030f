//! `test`: every test there is, on the host and in QEMU, and a closing line that a machine can read.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::arguments::Arguments;
use crate::error::Error;
use crate::image::{self, Profile};
use crate::iso::{self, Variant};
use crate::toolchain::Toolchain;
use crate::{command, packages};

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Counts {
    /// Adds what a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; ...` says.
    fn add(&mut self, line: &str) {
        let Some(line) = line.strip_prefix("test result:").or(line.strip_prefix("qemu:")) else {
            return;
        };
        let words: Vec<_> = line.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u64>() else { continue };
            match pair[1] {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" | "skipped" => self.skipped += count,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(out, ", {} skipped", self.skipped)
        } else {
            Ok(())
        }
    }
}

/// Runs the command.
///
/// # Errors
///
/// Where the set-up or the build fails, or a test does.
pub fn run(mut arguments: Arguments) -> Result<(), Error> {
    let host_only = arguments.flag("--host");
    let filter = arguments.value("--filter")?;
    let rounds: Option<u32> = arguments.number("--rounds")?;
    arguments.finish()?;
    let started = Instant::now();
    let mut counts = Counts::default();
    if !host_only {
        packages::ensure(packages::BASE)?;
        let parts = image::build(&Toolchain::ensure()?, Profile::Release)?;
        iso::write(&parts, &Variant::default(), &iso::default_path())?;
    }
    // The kernel's own library is tested apart: one call for all would switch `std` on in what the kernel is made of.
    for selection in [
        &[][..],
        &["--package", "kernel", "--lib"],
        &["--package", "tests", "--lib"],
    ] {
        let mut cargo = command::cargo();
        cargo.args(["test", "--no-fail-fast"]).args(selection);
        if let Some(filter) = &filter {
            cargo.args(["--", filter]);
        }
        count(&mut cargo, &mut counts)?;
    }
    if !host_only {
        let mut cargo = command::cargo();
        cargo.args(["run", "--quiet", "--package", "tests", "--bin", "qemu", "--"]);
        if let Some(filter) = &filter {
            cargo.args(["--filter", filter]);
        }
        if let Some(rounds) = rounds {
            cargo.args(["--rounds", &rounds.to_string()]);
        }
        count(&mut cargo, &mut counts)?;
    }
    println!("xtask: tests took {} s", started.elapsed().as_secs());
    println!("{counts}");
    if counts.failed > 0 {
        Err(Error::Found("tests have failed".into()))
    } else {
        Ok(())
    }
}

/// Runs `command`, shows what it prints, and adds up what it says of its tests.
fn count(command: &mut Command, counts: &mut Counts) -> Result<(), Error> {
    let child = command.stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(command::cannot_start(command))?;
    let failed_before = counts.failed;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            println!("{line}");
            counts.add(&line);
        }
    }
    let status = child.wait().map_err(command::cannot_start(command))?;
    if !status.success() && counts.failed == failed_before {
        // It did not compile, or died before it could say how its tests ended.
        println!("xtask: `{}` failed ({status})", command::line(command));
        counts.failed += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn adds_up_what_test_programs_say() {
        let mut counts = Counts::default();
        counts.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.00s");
        counts.add("test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        counts.add("qemu: 5 passed; 1 failed");
        counts.add("test passes_9_passed ... ok");
        assert_eq!(
            counts,
            Counts {
                passed: 18,
                failed: 3,
                skipped: 1
            }
        );
        assert_eq!(counts.to_string(), "18 passed, 3 failed, 1 skipped");
    }
}
