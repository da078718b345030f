//! Building the kernel and what goes into the boot image beside it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::toolchain::{TARGET, Toolchain};
use crate::{command, elf, rom, symbols};

/// How the kernel is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build: the daily loop.
    Dev,
    /// Quick to run: what is shipped, tested and measured.
    Release,
}

impl Profile {
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// The parts of a boot image, as files under `target/image/`.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The linked kernel with its symbols, for a debugger.
    pub debug_kernel: PathBuf,
    /// The kernel that GRUB loads.
    pub kernel: PathBuf,
    /// The table of function names.
    pub symbols: PathBuf,
    /// The archive behind `/rom`.
    pub rom: PathBuf,
    /// The names of PCI devices.
    pub names: PathBuf,
}

impl Parts {
    /// Where the parts of `profile` lie.
    pub fn of(profile: Profile) -> Self {
        let folder = command::target().join("image").join(profile.folder());
        let built = format!("kernel/{TARGET}/{}/rhaios", profile.folder());
        Self {
            debug_kernel: command::target().join(built),
            kernel: folder.join("rhaios"),
            symbols: folder.join("symbols.bin"),
            rom: folder.join("rom.tar"),
            names: folder.join("names.bin"),
        }
    }
}

/// Builds the kernel and writes the parts.
///
/// # Errors
///
/// Where the kernel does not compile, or a file cannot be read or written.
pub fn build(toolchain: &Toolchain, profile: Profile) -> Result<Parts, Error> {
    let mut cargo = toolchain.cargo("build");
    cargo.args(["--package", "kernel", "--bin", "rhaios"]);
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    command::run(&mut cargo)?;
    let parts = Parts::of(profile);
    let linked = fs::read(&parts.debug_kernel).map_err(Error::file(&parts.debug_kernel))?;
    write(&parts.kernel, &elf::strip(&linked)?)?;
    write(&parts.symbols, &symbols::table(&elf::functions(&linked)?))?;
    write(&parts.names, &names::pack_all())?;
    let files = rom::collect(&command::root().join("stdlib-scripts"))?;
    write(&parts.rom, &rom::archive(&files))?;
    Ok(parts)
}

/// Writes `bytes` to `path`, making its folder.
///
/// # Errors
///
/// What the system said.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(Error::file(folder))?;
    fs::write(path, bytes).map_err(Error::file(path))
}
