//! `cargo xtask <verb>`.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use xtask::arguments::Arguments;
use xtask::error::Error;
use xtask::image::{self, Profile};
use xtask::iso::{self, Rom, Variant};
use xtask::toolchain::Toolchain;
use xtask::{check, command, packages, run, test};

const HELP: &str = include_str!("help.txt");

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let verb = words.next().unwrap_or_default();
    match dispatch(&verb, Arguments::new(words)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(verb: &str, arguments: Arguments) -> Result<(), Error> {
    match verb {
        "run" => run::run(arguments),
        "iso" => write_iso(arguments),
        "test" => test::run(arguments),
        "check" => check::run(arguments),
        "report" | "clean-room" => hand_over("tests", verb, arguments),
        "bench" | "picture" => {
            make_iso(Profile::Release, &Variant::default(), &iso::default_path())?;
            hand_over("tests", verb, arguments)
        }
        "sim" => hand_over(verb, verb, arguments),
        "docs" => hand_over("manual", "manual", arguments),
        "" | "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err(Error::Usage(format!("there is no command `{verb}`"))),
    }
}

fn write_iso(mut arguments: Arguments) -> Result<(), Error> {
    let path = arguments.value("--out")?.map_or_else(iso::default_path, PathBuf::from);
    let profile = if arguments.flag("--dev") {
        Profile::Dev
    } else {
        Profile::Release
    };
    let variant = Variant {
        timeout_seconds: arguments.number("--timeout")?,
        command_line: arguments.value("--cmdline")?.unwrap_or_default(),
        rom: if arguments.flag("--no-rom") {
            Rom::Absent
        } else {
            Rom::Shipped
        },
        user: iso::user(&mut arguments)?,
        mode: iso::mode(&mut arguments)?,
    };
    arguments.finish()?;
    make_iso(profile, &variant, &path)?;
    let length = std::fs::metadata(&path).map_err(Error::file(&path))?.len();
    println!("xtask: wrote {} ({:.1} MB)", path.display(), length as f64 / 1e6);
    print!("{}", iso::instructions(&path));
    Ok(())
}

fn make_iso(profile: Profile, variant: &Variant, path: &Path) -> Result<(), Error> {
    packages::ensure(packages::BASE)?;
    iso::write(&image::build(&Toolchain::ensure()?, profile)?, variant, path)
}

/// Runs a program of another package with the words that we were given.
fn hand_over(package: &str, program: &str, arguments: Arguments) -> Result<(), Error> {
    let mut cargo = command::cargo();
    cargo.args(["run", "--quiet", "--package", package, "--bin", program, "--"]);
    command::run(cargo.args(arguments.all()))
}
