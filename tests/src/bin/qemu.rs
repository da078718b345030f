//! Runs the QEMU tests: `[--filter WORD] [--rounds N] [--list]`. Called by `cargo xtask test` after the image is made.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use tests::cases;
use tests::error::Error;
use tests::images::Images;
use tests::runner::{self, Test};
use xtask::arguments::Arguments;
use xtask::command;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("qemu: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, Error> {
    let mut arguments = Arguments::new(std::env::args().skip(1));
    let filter = arguments.value("--filter")?.unwrap_or_default();
    let rounds = arguments.number("--rounds")?;
    let is_listing = arguments.flag("--list");
    arguments.finish()?;
    let tests: Vec<&Test> = cases::all().filter(|test| test.name.contains(&filter)).collect();
    if is_listing {
        tests.iter().for_each(|test| println!("{}", test.name));
        return Ok(true);
    }
    let folder = command::target().join("qemu");
    let images = Images::new(&folder.join("images"))?;
    let counts = runner::run(&tests, &images, &folder, rounds);
    println!("qemu: {} passed; {} failed", counts.passed, counts.failed);
    Ok(counts.failed == 0)
}
