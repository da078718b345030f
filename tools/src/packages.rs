//! Finding and installing the Debian packages that the commands stand on.

use std::process::{Command, Stdio};

use crate::command;
use crate::error::Error;

/// What building, booting and testing an image needs.
pub const BASE: &[&str] = &[
    "qemu-system-x86",
    "grub-pc-bin",
    "grub-efi-amd64-bin",
    "grub-common",
    "xorriso",
    "lzop",
    "mtools",
    "ovmf",
    "e2fsprogs",
];

/// What compiling the target's library needs where rustup cannot download it.
pub const RUST_SOURCE: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy"];

/// Programs that stand for the packages of [`BASE`] where there is no Debian package manager.
const PROGRAMS: &str = "qemu-system-x86_64 grub-mkrescue xorriso lzop mformat mke2fs";

/// Installs those of `packages` that are missing, and says so first.
///
/// # Errors
///
/// [`Error::NotAllowed`] with the command to run where we may not install; else what apt-get reported.
pub fn ensure(packages: &[&str]) -> Result<(), Error> {
    if command::find("dpkg-query").is_none() {
        return without_debian();
    }
    let missing = missing(packages);
    if missing.is_empty() {
        return Ok(());
    }
    println!(
        "xtask: these Debian packages are missing and will be installed: {}",
        missing.join(" ")
    );
    let mut prefix: Vec<&str> = Vec::new();
    if !command::is_root() {
        if !may_use_sudo() {
            return Err(Error::NotAllowed(format!(
                "sudo apt-get update && sudo apt-get install -y --no-install-recommends {}",
                missing.join(" ")
            )));
        }
        prefix.extend(["sudo", "-n"]);
    }
    apt_get(&prefix, &["update", "-q"])?;
    let mut install = vec!["install", "-q", "-y", "--no-install-recommends"];
    install.extend(&missing);
    apt_get(&prefix, &install)
}

/// Those of `packages` that are not installed.
pub fn missing<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    // dpkg-query fails where one package is unknown, and lists the others all the same.
    let listing = Command::new("dpkg-query")
        .args(["-W", "-f=${Package} ${db:Status-Status}\n"])
        .args(packages)
        .stderr(Stdio::null())
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let is_installed = |package: &str| {
        listing
            .lines()
            .any(|line| line.split_once(' ') == Some((package, "installed")))
    };
    packages
        .iter()
        .copied()
        .filter(|package| !is_installed(package))
        .collect()
}

fn may_use_sudo() -> bool {
    command::find("sudo").is_some()
        && Command::new("sudo")
            .args(["-n", "true"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
}

fn apt_get(prefix: &[&str], arguments: &[&str]) -> Result<(), Error> {
    // `env` carries the variable through sudo, which drops ours.
    let words = prefix
        .iter()
        .chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
        .chain(arguments);
    let words: Vec<&str> = words.copied().collect();
    command::run(Command::new(words[0]).args(&words[1..]))
}

fn without_debian() -> Result<(), Error> {
    let is_missing = |program: &&str| command::find(program).is_none();
    let missing: Vec<_> = PROGRAMS.split(' ').filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::Missing(format!(
        "the programs {}; this is no Debian, so install what brings them (on Debian: {})",
        missing.join(", "),
        BASE.join(" ")
    )))
}
