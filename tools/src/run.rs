//! `run`: set up, build, make the image, and boot it with the prompt on this terminal.

use std::path::PathBuf;

use crate::arguments::Arguments;
use crate::error::Error;
use crate::image::{self, Profile};
use crate::iso::{self, Variant};
use crate::toolchain::Toolchain;
use crate::{command, packages, qemu};

/// What the person asked for.
struct Options {
    profile: Profile,
    command_line: String,
    uefi: bool,
    display: bool,
    debug: bool,
    processors: u32,
    memory_mib: u32,
    disk: Option<PathBuf>,
    network: String,
    user: Option<Vec<u8>>,
    mode: Option<String>,
    raw: Vec<String>,
}

impl Options {
    fn parse(mut arguments: Arguments) -> Result<Self, Error> {
        let options = Self {
            profile: if arguments.flag("--release") {
                Profile::Release
            } else {
                Profile::Dev
            },
            command_line: arguments.value("--cmdline")?.unwrap_or_default(),
            uefi: arguments.flag("--uefi"),
            display: arguments.flag("--display"),
            debug: arguments.flag("--debug"),
            processors: arguments.number("--smp")?.unwrap_or(1),
            memory_mib: arguments.number("--mem")?.unwrap_or(256),
            disk: arguments.value("--disk")?.map(PathBuf::from),
            network: arguments.value("--net")?.unwrap_or_else(|| "user".into()),
            user: iso::user(&mut arguments)?,
            mode: iso::mode(&mut arguments)?,
            raw: arguments.raw(),
        };
        arguments.finish()?;
        match &options.disk {
            Some(disk) if !disk.is_file() => Err(Error::Usage(format!("--disk: {} is no file", disk.display()))),
            _ if !["user", "none"].contains(&options.network.as_str()) => {
                Err(Error::Usage(format!("--net {}: user or none", options.network)))
            }
            _ => Ok(options),
        }
    }
}

/// Runs the command.
///
/// # Errors
///
/// Where the set-up, the build or the emulator fails.
pub fn run(arguments: Arguments) -> Result<(), Error> {
    let options = Options::parse(arguments)?;
    packages::ensure(packages::BASE)?;
    let parts = image::build(&Toolchain::ensure()?, options.profile)?;
    let path = command::target().join("run.iso");
    let variant = Variant {
        timeout_seconds: Some(0),
        command_line: options.command_line.clone(),
        user: options.user.clone(),
        mode: options.mode.clone(),
        ..Variant::default()
    };
    iso::write(&parts, &variant, &path)?;

    let accelerator = if options.debug {
        qemu::SOFTWARE.into()
    } else {
        qemu::acceleration()?
    };
    let mut emulator = std::process::Command::new(qemu::PROGRAM);
    let (memory_mib, processors) = (options.memory_mib, options.processors);
    let machine =
        format!("-machine q35 -cpu max -accel {accelerator} -nodefaults -vga std -m {memory_mib} -smp {processors}");
    emulator.args(machine.split(' '));
    // Ctrl-] instead of Ctrl-A as the emulator's own key, because Ctrl-A means something at the prompt.
    emulator
        .args(["-serial", "mon:stdio", "-echr", "29", "-boot", "d", "-cdrom"])
        .arg(&path);
    emulator.args(display(options.display)?);
    if options.uefi {
        emulator.args(qemu::uefi(&command::target().join("run.vars"))?);
    }
    if let Some(disk) = &options.disk {
        emulator.args(["-drive", &format!("if=none,id=disk,format=raw,file={}", disk.display())]);
        emulator.args(["-device", "nvme,serial=rhaios,drive=disk"]);
    }
    if options.network == "user" {
        emulator.args(["-nic", "user,model=e1000"]);
    }
    if options.debug {
        emulator.args(["-s", "-S"]);
        let kernel = parts.debug_kernel.display();
        println!("xtask: waiting for a debugger: gdb {kernel} -ex 'target remote :1234'");
    }
    emulator.args(&options.raw);
    println!("xtask: to leave: power::off() at the prompt, or Ctrl-] and then x\n");
    command::run(&mut emulator)
}

/// Arguments for a window, through whatever this emulator can show one with; or for none.
fn display(wanted: bool) -> Result<Vec<String>, Error> {
    let words = |words: &[&str]| words.iter().map(|word| String::from(*word)).collect();
    if !wanted {
        return Ok(words(&["-display", "none"]));
    }
    let known = command::output(std::process::Command::new(qemu::PROGRAM).args(["-display", "help"]))?;
    match ["gtk", "sdl", "cocoa"]
        .iter()
        .find(|name| known.lines().any(|line| line.trim() == **name))
    {
        Some(name) => Ok(words(&["-display", name])),
        None => {
            println!("xtask: no window without qemu-system-gui (its name on Debian); screen: vnc://localhost:5900");
            Ok(words(&["-display", "vnc=localhost:0"]))
        }
    }
}
