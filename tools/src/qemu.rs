//! What every start of the emulator has in common: acceleration, firmware, where things are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::command;
use crate::error::Error;

/// The emulator's name.
pub const PROGRAM: &str = "qemu-system-x86_64";
/// The emulator without hardware help.
pub const SOFTWARE: &str = "tcg,thread=multi";
const OVMF: &str = "/usr/share/OVMF";
/// A machine that runs guests in hardware is through with the probe in a fraction of this.
const PROBE_LIMIT: Duration = Duration::from_millis(1500);
/// What the emulator returns when the probe has reached its end: 42 written to the exit device, twice it plus one.
const PROBE_EXIT_CODE: i32 = 85;

/// `probe.S`, assembled: enters 64-bit mode, counts to a million and writes 42 to the emulator's exit device.
const PROBE: &[u8; 174] = include_bytes!("probe.bin");

/// The best accelerator that really runs code here: a KVM that opens may still be unable to run a guest, or be slower
/// than none. The answer is kept for as long as this machine is up.
///
/// # Errors
///
/// Where the probe's files cannot be written.
pub fn acceleration() -> Result<String, Error> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let memory = command::target().join("acceleration");
    if let Some((_, known)) = fs::read_to_string(&memory)
        .ok()
        .as_deref()
        .and_then(|text| text.split_once(boot.trim()))
    {
        return Ok(known.trim().into());
    }
    let file = command::target().join("probe.bin");
    crate::image::write(&file, PROBE)?;
    let works = fs::File::options().read(true).write(true).open("/dev/kvm").is_ok() && runs_code("kvm", &file);
    let best = if works { "kvm" } else { SOFTWARE };
    crate::image::write(&memory, format!("{} {best}\n", boot.trim()).as_bytes())?;
    Ok(best.into())
}

fn runs_code(accelerator: &str, probe: &Path) -> bool {
    let mut qemu = Command::new(PROGRAM);
    let machine = format!("-accel {accelerator} -machine q35 -cpu max -m 64 -nodefaults -no-reboot -display none");
    qemu.args(machine.split(' '));
    qemu.args(["-device", "isa-debug-exit,iobase=0xf4,iosize=1", "-kernel"])
        .arg(probe);
    qemu.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = qemu.spawn() else { return false };
    command::wait(&mut child, PROBE_LIMIT).and_then(|status| status.code()) == Some(PROBE_EXIT_CODE)
}

/// Arguments that make the machine start UEFI firmware, whose variables live in a fresh copy at `variables`.
///
/// # Errors
///
/// Where the firmware is not installed or cannot be copied.
pub fn uefi(variables: &Path) -> Result<Vec<String>, Error> {
    let pair = [("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"), ("OVMF_CODE.fd", "OVMF_VARS.fd")]
        .map(|(code, variables)| (PathBuf::from(OVMF).join(code), PathBuf::from(OVMF).join(variables)))
        .into_iter()
        .find(|(code, variables)| code.is_file() && variables.is_file());
    let Some((code, original)) = pair else {
        return Err(Error::Missing(format!("UEFI firmware in {OVMF}")));
    };
    fs::copy(&original, variables).map_err(Error::file(variables))?;
    let drive = |unit, file: &Path, more| format!("if=pflash,format=raw,unit={unit},file={}{more}", file.display());
    Ok(vec![
        "-drive".into(),
        drive(0, &code, ",readonly=on"),
        "-drive".into(),
        drive(1, variables, ""),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_is_what_its_source_assembles_to() {
        let folder = std::env::temp_dir().join(format!("xtask-probe-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the temporary folder is writable");
        let (object, binary) = (folder.join("probe.o"), folder.join("probe.bin"));
        let source = command::root().join("tools/src/probe.S");
        command::run(Command::new("cc").args(["-c", "-m64", "-o"]).arg(&object).arg(source)).expect("it assembles");
        let mut objcopy = Command::new("objcopy");
        command::run(objcopy.args(["-O", "binary", "-j", ".text"]).arg(&object).arg(&binary)).expect("it is copied");
        let assembled = fs::read(&binary).expect("the file was written");
        fs::remove_dir_all(&folder).expect("the folder is ours");
        assert_eq!(assembled, PROBE);
    }
}
