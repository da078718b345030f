//! The boot image: one file that starts on BIOS and UEFI machines, from a disc and from a USB stick.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::arguments::Arguments;
use crate::error::Error;
use crate::image::{self, Parts};
use crate::{command, rom};

/// GRUB's modules by name; what they depend on comes with them. All of them would make the image four times as big. The
/// first stage for UEFI asks for every kind of partition table, and prints an error for each that is missing.
const MODULES: &str = "multiboot2 normal iso9660 part_msdos part_gpt part_acorn part_amiga part_apple part_bsd \
                       part_dfly part_dvh part_plan part_sun part_sunpc all_video serial terminal test configfile \
                       minicmd echo reboot halt lzopio";
/// The first stage for BIOS machines, in the image.
const BIOS_STAGE: &str = "grub/i386-pc/eltorito.img";
const LIMIT: Duration = Duration::from_secs(120);

/// What differs from the image that is shipped.
#[derive(Clone, Debug, Default)]
pub struct Variant {
    /// Seconds that the menu waits; the shipped image says 1.
    pub timeout_seconds: Option<u32>,
    /// More `key=value` words for the kernel, in every menu entry.
    pub command_line: String,
    /// What becomes of `/rom`.
    pub rom: Rom,
    /// The archive behind `/rom/user`.
    pub user: Option<Vec<u8>>,
    /// The screen's mode as GRUB's `gfxpayload` has it, such as `1024x768` or `text`; else what the firmware prefers.
    pub mode: Option<String>,
}

/// The `/rom` of an image.
#[derive(Clone, Debug, Default)]
pub enum Rom {
    /// `stdlib-scripts`.
    #[default]
    Shipped,
    /// No such module.
    Absent,
    /// Only the first bytes of the archive, as many as this.
    Truncated(usize),
    /// This archive instead.
    Archive(Vec<u8>),
}

/// Where `cargo xtask iso` writes.
pub fn default_path() -> PathBuf {
    command::target().join("rhaios.iso")
}

/// Takes `--with DIR` away: the archive of that folder, for [`Variant::user`].
///
/// # Errors
///
/// Where the folder cannot be packed.
pub fn user(arguments: &mut Arguments) -> Result<Option<Vec<u8>>, Error> {
    let Some(folder) = arguments.value("--with")? else {
        return Ok(None);
    };
    let files = rom::collect(Path::new(&folder))?;
    println!("xtask: {} files of {folder} become /rom/user", files.len());
    Ok(Some(rom::archive(&files)))
}

/// Takes `--mode WIDTHxHEIGHT|text` away, for [`Variant::mode`].
///
/// # Errors
///
/// Where it is neither.
pub fn mode(arguments: &mut Arguments) -> Result<Option<String>, Error> {
    let mode = arguments.value("--mode")?;
    let is_number = |text: &str| text.parse::<u16>().is_ok();
    match &mode {
        Some(mode) if mode != "text" && !mode.split_once('x').is_some_and(|(w, h)| is_number(w) && is_number(h)) => {
            Err(Error::Usage(format!(
                "--mode {mode}: WIDTHxHEIGHT, such as 1024x768, or text"
            )))
        }
        _ => Ok(mode),
    }
}

/// How a person gets the image at `path` onto a USB stick.
pub fn instructions(path: &Path) -> String {
    include_str!("stick.txt").replace("IMAGE", &path.display().to_string())
}

/// Writes the image made of `parts` to `path`.
///
/// # Errors
///
/// Where a file cannot be read or written, or `grub-mkrescue` fails.
pub fn write(parts: &Parts, variant: &Variant, path: &Path) -> Result<(), Error> {
    // Beside the image, so that two images can be made at once.
    let tree = path.with_extension("tree");
    let _ = fs::remove_dir_all(&tree);
    copy_folder(&command::root().join("iso"), &tree)?;
    let boot = tree.join("boot");
    image::write(&boot.join("grub/grub.cfg"), menu(variant)?.as_bytes())?;
    compress(&parts.kernel, &boot.join("rhaios"), path)?;
    compress(&parts.symbols, &boot.join("symbols.bin"), path)?;
    // Packed already.
    image::write(&boot.join("names.bin"), &read(&parts.names)?)?;
    let rom = match &variant.rom {
        Rom::Shipped => Some(read(&parts.rom)?),
        Rom::Absent => None,
        Rom::Truncated(length) => Some(read(&parts.rom)?.into_iter().take(*length).collect()),
        Rom::Archive(bytes) => Some(bytes.clone()),
    };
    if let Some(rom) = rom {
        image::write(&boot.join("rom.tar"), &rom)?;
    }
    if let Some(user) = &variant.user {
        image::write(&boot.join("user.tar"), user)?;
    }
    write_bios_stage(&boot.join(BIOS_STAGE), path)?;
    let mut grub = Command::new("grub-mkrescue");
    grub.arg("-o").arg(path).arg(&tree);
    // Nothing more in the first stage than it has to have: unpacking it costs more time than reading files.
    grub.arg(format!("--install-modules={MODULES}"));
    grub.args(["--modules=", "--locales=", "--themes=", "--fonts="]);
    command::run_quietly(&mut grub, &path.with_extension("log"), LIMIT)?;
    fs::remove_dir_all(&tree).map_err(Error::file(&tree))
}

/// Writes GRUB's first stage for BIOS machines, which takes the place of the one that `grub-mkrescue` makes. That one
/// first asks for a module for every kind of partition table, though the disc or stick as a whole is the file system that
/// it reads from; to load them, or to say by the BIOS, letter by letter, that they are missing, takes a tenth to a quarter
/// of the whole start.
fn write_bios_stage(to: &Path, image: &Path) -> Result<(), Error> {
    fs::create_dir_all(to.with_file_name("")).map_err(Error::file(to))?;
    let mut grub = Command::new("grub-mkimage");
    grub.args(["-O", "i386-pc-eltorito", "-p", "/boot/grub", "-c"]);
    grub.arg(command::root().join("grub/first-stage.cfg")).arg("-o").arg(to);
    grub.args(["biosdisk", "iso9660", "search_fs_file"]);
    command::run_quietly(&mut grub, &image.with_extension("log"), LIMIT)
}

/// Writes `from` to `to`, less than half as big. GRUB unpacks it while it reads (`lzopio`): LZO in the time that reading
/// the rest would take, where gzip would lengthen the start by a third. GRUB would spend time on checksums too.
fn compress(from: &Path, to: &Path, image: &Path) -> Result<(), Error> {
    let mut lzop = Command::new("lzop");
    lzop.args(["-9", "--no-checksum", "--force", "-o"]).arg(to).arg(from);
    command::run_quietly(&mut lzop, &image.with_extension("log"), LIMIT)
}

/// `grub/grub.cfg` with what the variant changes.
fn menu(variant: &Variant) -> Result<String, Error> {
    let path = command::root().join("grub/grub.cfg");
    let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
    let mut menu = String::new();
    for line in text.lines() {
        match (line.trim_start(), variant.timeout_seconds) {
            (word, Some(seconds)) if word.starts_with("set timeout=") => menu += &format!("set timeout={seconds}"),
            (word, _) if word.starts_with("module2 /boot/rom.tar") => {
                if !matches!(variant.rom, Rom::Absent) {
                    menu += &format!("{line}\n");
                }
                if variant.user.is_some() {
                    menu += "  module2 /boot/user.tar user\n";
                }
                if let Some(mode) = &variant.mode {
                    // After `multiboot2`, which sets it from the kernel's header; read when the entry is started.
                    let fallback = if mode == "text" { "" } else { ",auto" };
                    menu += &format!("  set gfxpayload={mode}{fallback}\n");
                }
                continue;
            }
            (word, _) if word.starts_with("multiboot2 ") => {
                menu += format!("{line} {}", variant.command_line).trim_end()
            }
            _ => menu += line,
        }
        menu.push('\n');
    }
    Ok(menu)
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Error> {
    fs::create_dir_all(to).map_err(Error::file(to))?;
    for entry in fs::read_dir(from).map_err(Error::file(from))?.flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).map_err(Error::file(&target))?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(Error::file(path))
}
