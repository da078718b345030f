//! Running other programs, and saying clearly which one failed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use crate::error::Error;

/// The repository's root folder.
pub fn root() -> &'static Path {
    // The manifest lies in `tools/`, so it always has a parent.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The folder for everything that is built: `target/` of the repository.
pub fn target() -> PathBuf {
    root().join("target")
}

/// The cargo that runs us, else the one on the search path; started in the repository's root.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs `command` to its end with our own terminal.
///
/// # Errors
///
/// Where it cannot be started or fails.
pub fn run(command: &mut Command) -> Result<(), Error> {
    let status = command.status().map_err(cannot_start(command))?;
    expect_success(command, status)
}

/// Runs `command` and returns what it printed on standard output.
///
/// # Errors
///
/// Where it cannot be started or fails.
pub fn output(command: &mut Command) -> Result<String, Error> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(cannot_start(command))?;
    expect_success(command, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs `command`, shows what it printed only where it fails, and stops it after `limit`.
///
/// # Errors
///
/// Where it cannot be started, fails or takes too long.
pub fn run_quietly(command: &mut Command, log: &Path, limit: Duration) -> Result<(), Error> {
    let file = std::fs::File::create(log).map_err(Error::file(log))?;
    let copy = file.try_clone().map_err(Error::file(log))?;
    command.stdin(Stdio::null()).stdout(file).stderr(copy);
    let mut child = command.spawn().map_err(cannot_start(command))?;
    let result = match wait(&mut child, limit) {
        Some(status) => expect_success(command, status),
        None => Err(Error::TimedOut {
            command: line(command),
            limit_seconds: limit.as_secs(),
        }),
    };
    if result.is_err() {
        eprint!("{}", std::fs::read_to_string(log).unwrap_or_default());
    }
    result
}

/// Waits for the end of `child`; stops it after `limit` and returns `None`.
pub fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if Instant::now() >= deadline {
            // Both fail only where the child has just ended by itself.
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// A program with this name is on the search path or in a system folder for administrators' programs.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// `command` as a person would type it.
pub fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// We may install packages: the effective user is root.
pub fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|text| text.trim() == "0")
}

/// The error of a program that could not be started.
pub fn cannot_start(command: &Command) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let program = command.get_program().to_string_lossy().into_owned();
    |source| Error::Start { program, source }
}

fn expect_success(command: &Command, status: ExitStatus) -> Result<(), Error> {
    if status.success() {
        Ok(())
    } else {
        Err(Error::Failed {
            command: line(command),
            status,
        })
    }
}
