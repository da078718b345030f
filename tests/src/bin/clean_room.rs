//! `cargo xtask clean-room`: the README's two commands on a bare Debian 12 that has only rustup, git and a C compiler.
//!
//! The machine is a folder, entered with `chroot` in name spaces of its own: what is mounted and started there ends
//! with the command. It gets this machine's Debian mirror, resolver and certificates, a copy of the stable toolchain
//! without the kernel's target, and a clone of what is committed.

#![forbid(unsafe_code)]

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use xtask::arguments::Arguments;
use xtask::command;
use xtask::error::Error;
use xtask::packages;
use xtask::toolchain::TARGET;

/// What the machine has, beside what every Debian has.
const INSTALLED: &str = "--include=gcc,libc6-dev,git,ca-certificates";
const RELEASE: &str = "bookworm";
/// Where the clone lies in there.
const CLONE: &str = "root/rhaios";
const PROMPT: &str = "rhai> ";

fn main() -> ExitCode {
    match run(Arguments::new(env::args().skip(1))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("clean-room: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: Arguments) -> Result<(), Error> {
    let keeps = arguments.flag("--keep");
    arguments.finish()?;
    if !command::is_root() {
        return Err(Error::NotAllowed(
            "sudo -E env PATH=\"$PATH\" cargo xtask clean-room".into(),
        ));
    }
    packages::ensure(&["debootstrap"])?;
    let room = command::target().join("clean-room");
    remove(&room)?;
    make(&room)?;
    println!("clean-room: cargo xtask run");
    boot(&room)?;
    println!("clean-room: cargo xtask test");
    command::run(&mut inside(&room, "cargo xtask test"))?;
    println!("clean-room: both commands did their work");
    if keeps { Ok(()) } else { remove(&room) }
}

fn remove(room: &Path) -> Result<(), Error> {
    if room.exists() {
        fs::remove_dir_all(room).map_err(Error::file(room))
    } else {
        Ok(())
    }
}

fn make(room: &Path) -> Result<(), Error> {
    println!("clean-room: a bare Debian in {}", room.display());
    fs::create_dir_all(room).map_err(Error::file(room))?;
    let mut debootstrap = Command::new("debootstrap");
    debootstrap
        .args(["--variant=minbase", INSTALLED, RELEASE])
        .arg(room)
        .args(mirror());
    command::run_quietly(
        &mut debootstrap,
        &room.with_extension("log"),
        std::time::Duration::from_secs(1200),
    )?;
    copy_system_settings(room)?;

    let home = PathBuf::from(env::var_os("HOME").unwrap_or_else(|| "/root".into()));
    let rustup = env::var_os("RUSTUP_HOME").map_or(home.join(".rustup"), PathBuf::from);
    let cargo = env::var_os("CARGO_HOME").map_or(home.join(".cargo"), PathBuf::from);
    let toolchain = command::output(
        Command::new("rustc")
            .args(["--print", "sysroot"])
            .current_dir(command::root()),
    )?;
    copy(Path::new(toolchain.trim()), &room.join("root/.rustup/toolchains"))?;
    copy(&rustup.join("settings.toml"), &room.join("root/.rustup"))?;
    copy(&cargo.join("bin"), &room.join("root/.cargo"))?;
    for name in ["config.toml", "config"] {
        if cargo.join(name).is_file() {
            copy(&cargo.join(name), &room.join("root/.cargo"))?;
        }
    }
    command::run(
        Command::new("git")
            .args(["clone", "--quiet"])
            .arg(command::root())
            .arg(room.join(CLONE)),
    )?;
    // The set-up has to get it by itself. This fails where the toolchain never had it.
    let _ = inside(room, &format!("rustup --quiet target remove {TARGET}"))
        .stderr(Stdio::null())
        .status();
    Ok(())
}

/// The mirror that this machine installs Debian from, where it says so; else debootstrap has one of its own.
fn mirror() -> Option<String> {
    let sources = fs::read_to_string("/etc/apt/sources.list.d/debian.sources").ok()?;
    let line = sources.lines().find_map(|line| line.strip_prefix("URIs:"))?;
    line.split_whitespace().next().map(String::from)
}

/// Debian's package sources with their proxies, name resolution, certificates. Other vendors' sources stay out.
fn copy_system_settings(room: &Path) -> Result<(), Error> {
    let sources = ["/etc/apt/sources.list.d", "/etc/apt/apt.conf.d"];
    for file in sources
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .flatten()
    {
        let text = fs::read_to_string(file.path()).unwrap_or_default();
        if text.contains("debian-archive-keyring") || text.contains("Acquire::") {
            copy(
                &file.path(),
                &room
                    .join("etc/apt")
                    .join(file.path().parent().and_then(Path::file_name).unwrap_or_default()),
            )?;
        }
    }
    if Path::new("/etc/apt/sources.list.d/debian.sources").is_file() {
        fs::write(room.join("etc/apt/sources.list"), "").map_err(Error::file(room))?;
    } else {
        copy(Path::new("/etc/apt/sources.list"), &room.join("etc/apt"))?;
    }
    for file in ["/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt"] {
        let source = Path::new(file);
        if source.is_file() {
            let target = room.join(file.trim_start_matches('/'));
            let _ = fs::remove_file(&target);
            fs::copy(source, &target).map_err(Error::file(&target))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, into: &Path) -> Result<(), Error> {
    fs::create_dir_all(into).map_err(Error::file(into))?;
    command::run(Command::new("cp").arg("-a").arg(from).arg(into))
}

/// A shell command in the clone, in there.
fn inside(room: &Path, line: &str) -> Command {
    let script = format!(
        "mount -t proc proc '{room}/proc' && mount -t tmpfs shm '{room}/dev/shm' \
         && mount -t devpts devpts '{room}/dev/pts' -o ptmxmode=666 && exec chroot '{room}' \
         /bin/sh -c 'cd /{CLONE} && {line}'",
        room = room.display()
    );
    let mut command = Command::new("unshare");
    command.args([
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--propagation",
        "private",
        "sh",
        "-c",
        &script,
    ]);
    command
        .env_clear()
        .env("HOME", "/root")
        .env("LANG", "C.UTF-8")
        .env("TERM", "dumb");
    command.env(
        "PATH",
        "/root/.cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    );
    let proxies = env::vars().filter(|(name, _)| name.to_lowercase().ends_with("_proxy"));
    command.envs(proxies);
    command
}

/// `cargo xtask run`, an answer at its prompt, and off.
fn boot(room: &Path) -> Result<(), Error> {
    let mut command = inside(room, "cargo xtask run");
    let start_error = |source| Error::Start {
        program: "unshare".into(),
        source,
    };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(start_error)?;
    let (Some(mut input), Some(mut output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Error::Missing("pipes to the emulator".into()));
    };
    let mut lines = ["40 + 2\r", "power::off()\r"].into_iter();
    let (mut seen, mut buffer) = (String::new(), [0; 4096]);
    while let Ok(count @ 1..) = output.read(&mut buffer) {
        let text = String::from_utf8_lossy(&buffer[..count]);
        print!("{text}");
        seen += &text;
        if seen.ends_with(PROMPT)
            && let Some(line) = lines.next()
        {
            input.write_all(line.as_bytes()).map_err(start_error)?;
        }
    }
    let status = child.wait().map_err(start_error)?;
    if status.success() && seen.contains("\n42\r\n") {
        return Ok(());
    }
    Err(Error::Found(format!(
        "`cargo xtask run` did not answer 42 and go off ({status})"
    )))
}
