//! Finding or making the compiler and the `core` and `alloc` that the kernel is built with.
//!
//! In this order: the library is in the rustup toolchain; it was made here before; rustup downloads it; Debian's
//! Rust packages bring a compiler and the source, and the library is compiled once into a folder under `target/`.
//! The last way serves networks that have a Debian mirror and no rustup. `XTASK_LIBRARY=debian` asks for it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use crate::command;
use crate::error::Error;
use crate::packages;

/// What the kernel is built for.
pub const TARGET: &str = "x86_64-unknown-none";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
/// The oldest compiler that the workspace accepts (`rust-version`): 1.95.
const OLDEST_MINOR: u32 = 95;
const RUSTUP_LIMIT: Duration = Duration::from_secs(120);
const COMPILE_LIMIT: Duration = Duration::from_secs(900);

/// A compiler and library for the kernel.
pub struct Toolchain {
    debian: Option<Debian>,
}

struct Debian {
    sysroot: PathBuf,
    linker: PathBuf,
}

impl Toolchain {
    /// Finds a toolchain, installing or compiling what is missing.
    ///
    /// # Errors
    ///
    /// Where neither rustup nor Debian can provide the library.
    pub fn ensure() -> Result<Self, Error> {
        if env::var("XTASK_LIBRARY").is_ok_and(|way| way == "debian") {
            return Self::from_debian();
        }
        let sysroot = rustup_sysroot()?;
        if has_library(&sysroot) {
            return Ok(Self { debian: None });
        }
        if packages::missing(packages::RUST_SOURCE).is_empty() && debian_sysroot().is_ok_and(|made| has_library(&made))
        {
            return Self::from_debian();
        }
        if rustup_downloads() && has_library(&sysroot) {
            return Ok(Self { debian: None });
        }
        println!("xtask: rustup could not download the library; compiling it from Debian's Rust source instead");
        Self::from_debian()
    }

    fn from_debian() -> Result<Self, Error> {
        packages::ensure(packages::RUST_SOURCE)?;
        let sysroot = debian_sysroot()?;
        if !has_library(&sysroot) {
            compile(&sysroot)?;
        }
        Ok(Self {
            debian: Some(Debian {
                sysroot,
                linker: linker()?,
            }),
        })
    }

    /// A cargo command for the kernel: `verb`, the target, and the compiler to use. The caller adds the rest.
    pub fn cargo(&self, verb: &str) -> Command {
        let mut cargo = command::cargo();
        if let (Some(_), "clippy") = (&self.debian, verb) {
            // A rustup clippy cannot read a library that another compiler made.
            cargo = Command::new("/usr/bin/cargo-clippy");
            cargo.current_dir(command::root()).env("CARGO", DEBIAN_CARGO);
        }
        cargo
            .arg(verb)
            .args(["--target", TARGET, "--target-dir"])
            .arg(command::target().join("kernel"));
        if let Some(debian) = &self.debian {
            // Arrays of `--config` are appended to those of `.cargo/config.toml`; variables would replace them.
            let flags = format!("target.{TARGET}.rustflags=['--sysroot={}']", debian.sysroot.display());
            let linker = format!("target.{TARGET}.linker='{}'", debian.linker.display());
            cargo.args(["--config", &flags, "--config", &linker]);
            cargo
                .env("RUSTC", DEBIAN_RUSTC)
                .env_remove("LD_LIBRARY_PATH")
                .env_remove("RUSTUP_TOOLCHAIN");
        }
        cargo
    }
}

fn rustup_sysroot() -> Result<PathBuf, Error> {
    let text = command::output(
        Command::new("rustc")
            .args(["--print", "sysroot"])
            .current_dir(command::root()),
    )?;
    Ok(PathBuf::from(text.trim()))
}

/// `sysroot` holds a compiled `core` for the target.
fn has_library(sysroot: &Path) -> bool {
    let Ok(files) = fs::read_dir(library_folder(sysroot)) else {
        return false;
    };
    files
        .flatten()
        .any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
}

fn library_folder(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}

fn rustup_downloads() -> bool {
    if command::find("rustup").is_none() {
        return false;
    }
    println!("xtask: the Rust library for {TARGET} is missing; asking rustup for it");
    let _ = fs::create_dir_all(command::target());
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]).current_dir(command::root());
    command::run_quietly(&mut rustup, &command::target().join("rustup.log"), RUSTUP_LIMIT).is_ok()
}

/// Where the library made with the installed Debian compiler and our flags lies, or will lie. The name changes with
/// both, because cargo cannot know that a library of another name would need everything compiled again.
fn debian_sysroot() -> Result<PathBuf, Error> {
    let version = command::output(Command::new(DEBIAN_RUSTC).arg("-vV").env_remove("LD_LIBRARY_PATH"))?;
    let minor = version
        .split_whitespace()
        .nth(1)
        .and_then(|number| number.split('.').nth(1)?.parse::<u32>().ok());
    if minor.is_none_or(|minor| minor < OLDEST_MINOR) {
        return Err(Error::Missing(format!(
            "the Rust library for {TARGET}: `rustup target add {TARGET}` failed, and Debian's rustc is older than \
             1.{OLDEST_MINOR}"
        )));
    }
    let config = command::root().join(".cargo/config.toml");
    let flags = fs::read_to_string(&config).map_err(Error::file(&config))?;
    let digest = version
        .bytes()
        .chain(flags.bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3) // FNV-1a
        });
    Ok(command::target().join(format!("sysroot-{digest:016x}")))
}

/// Compiles `core`, `alloc` and `compiler_builtins` from Debian's source into `sysroot`.
fn compile(sysroot: &Path) -> Result<(), Error> {
    println!("xtask: compiling the Rust library for {TARGET}; this takes one to three minutes, once");
    let seed = command::target().join("seed");
    let source = seed.join("lib.rs");
    let manifest = seed.join("Cargo.toml");
    fs::create_dir_all(&seed).map_err(Error::file(&seed))?;
    fs::write(&source, "#![no_std]\nextern crate alloc;\n").map_err(Error::file(&source))?;
    let text = "[package]\nname = \"seed\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n\
                [profile.release]\npanic = \"abort\"\n[workspace]\n";
    fs::write(&manifest, text).map_err(Error::file(&manifest))?;
    // The one step with unstable options. The bit code is for link-time optimisation of the kernel with the library.
    let mut cargo = Command::new(DEBIAN_CARGO);
    cargo.args([
        "build",
        "--release",
        "--target",
        TARGET,
        "-Zbuild-std=core,alloc,compiler_builtins",
    ]);
    cargo.args(["-Zbuild-std-features=compiler-builtins-mem", "--target-dir", "out"]);
    cargo.args([
        "--config",
        &format!("target.{TARGET}.rustflags=['-Cembed-bitcode=yes']"),
    ]);
    cargo
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC", DEBIAN_RUSTC)
        .env_remove("LD_LIBRARY_PATH")
        .current_dir(&seed);
    let _ = fs::remove_dir_all(seed.join("out"));
    command::run_quietly(&mut cargo, &seed.join("log"), COMPILE_LIMIT)?;
    install(&seed.join("out").join(TARGET).join("release/deps"), sysroot)
}

/// Copies the three libraries in `built` to their place under `sysroot`; complete or not at all.
fn install(built: &Path, sysroot: &Path) -> Result<(), Error> {
    let partial = sysroot.with_extension("partial");
    let _ = fs::remove_dir_all(&partial);
    let folder = library_folder(&partial);
    fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    for file in fs::read_dir(built).map_err(Error::file(built))?.flatten() {
        let name = file.file_name();
        let text = name.to_string_lossy();
        let is_wanted = ["libcore-", "liballoc-", "libcompiler_builtins-"]
            .iter()
            .any(|stem| text.starts_with(stem));
        if is_wanted && text.ends_with(".rlib") {
            fs::copy(file.path(), folder.join(&name)).map_err(Error::file(&file.path()))?;
        }
    }
    fs::rename(&partial, sysroot).map_err(Error::file(sysroot))
}

/// The linker: the one inside the rustup toolchain, because Debian's Rust packages bring none; else Debian's own.
fn linker() -> Result<PathBuf, Error> {
    let inside = rustup_sysroot()?.join("lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld");
    if inside.is_file() {
        return Ok(inside);
    }
    packages::ensure(&["lld"])?;
    command::find("ld.lld").ok_or_else(|| Error::Missing("the linker `ld.lld`".into()))
}
