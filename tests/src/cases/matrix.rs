//! The image reaches both prompts whatever the machine has: firmware, board, medium, display adapter, resolution, serial
//! port and keyboard.

use std::time::Duration;

use xtask::iso::Variant;

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Firmware, Machine, Medium};
use crate::runner::{Company, Context, Test};
use crate::screendump::{self, has};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "matrix_bios_reaches_both_prompts",
        company: Company::Shared,
        run: bios,
    },
    Test {
        name: "matrix_uefi_reaches_both_prompts",
        company: Company::Shared,
        run: uefi,
    },
];

const LIMIT: Duration = Duration::from_secs(30);

/// One machine.
#[derive(Clone, Copy, Debug)]
struct Row {
    firmware: Firmware,
    board: &'static str,
    medium: Medium,
    vga: &'static str,
    /// As GRUB's `gfxpayload` has it; `auto` is what the shipped image says.
    mode: &'static str,
    lack: Lack,
}

/// What the machine has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    Nothing,
    Serial,
    Keyboard,
    Both,
}

impl Lack {
    fn has_serial(self) -> bool {
        matches!(self, Self::Nothing | Self::Keyboard)
    }

    fn has_keyboard(self) -> bool {
        matches!(self, Self::Nothing | Self::Serial)
    }
}

/// Every pair of values of two columns that a machine can have comes up (a test below counts them): firmware, board,
/// medium, display adapter, mode, what is missing.
#[rustfmt::skip]
const MATRIX: &[Row] = &[
    row(Firmware::Bios, "pc",  Medium::Disc,  "std",    "auto",      Lack::Keyboard),
    row(Firmware::Bios, "pc",  Medium::Disk,  "virtio", "auto",      Lack::Both),
    row(Firmware::Bios, "pc",  Medium::Disc,  "qxl",    "auto",      Lack::Serial),
    row(Firmware::Bios, "pc",  Medium::Stick, "cirrus", "auto",      Lack::Both),
    row(Firmware::Bios, "pc",  Medium::Disk,  "none",   "auto",      Lack::Keyboard),
    row(Firmware::Bios, "pc",  Medium::Stick, "none",   "auto",      Lack::Nothing),
    row(Firmware::Bios, "pc",  Medium::Disk,  "std",    "800x600",   Lack::Nothing),
    row(Firmware::Bios, "q35", Medium::Stick, "virtio", "800x600",   Lack::Serial),
    row(Firmware::Bios, "q35", Medium::Stick, "qxl",    "800x600",   Lack::Nothing),
    row(Firmware::Bios, "q35", Medium::Disc,  "std",    "1024x768",  Lack::Keyboard),
    row(Firmware::Bios, "pc",  Medium::Disc,  "virtio", "1024x768",  Lack::Keyboard),
    row(Firmware::Bios, "pc",  Medium::Disk,  "qxl",    "1024x768",  Lack::Both),
    row(Firmware::Bios, "q35", Medium::Stick, "cirrus", "1024x768",  Lack::Serial),
    row(Firmware::Bios, "q35", Medium::Stick, "std",    "1280x800",  Lack::Nothing),
    row(Firmware::Bios, "q35", Medium::Disc,  "virtio", "1280x800",  Lack::Serial),
    row(Firmware::Bios, "pc",  Medium::Disk,  "virtio", "1920x1080", Lack::Serial),
    row(Firmware::Bios, "pc",  Medium::Disc,  "qxl",    "1920x1080", Lack::Both),
    row(Firmware::Bios, "q35", Medium::Stick, "std",    "text",      Lack::Both),
    row(Firmware::Bios, "pc",  Medium::Disc,  "qxl",    "text",      Lack::Nothing),
    row(Firmware::Bios, "pc",  Medium::Disk,  "cirrus", "text",      Lack::Nothing),
    row(Firmware::Uefi, "q35", Medium::Disc,  "none",   "auto",      Lack::Nothing),
    row(Firmware::Uefi, "pc",  Medium::Disc,  "cirrus", "800x600",   Lack::Both),
    row(Firmware::Uefi, "pc",  Medium::Disc,  "std",    "1024x768",  Lack::Nothing),
    row(Firmware::Uefi, "pc",  Medium::Disk,  "qxl",    "1280x800",  Lack::Both),
    row(Firmware::Uefi, "q35", Medium::Stick, "std",    "1920x1080", Lack::Nothing),
    row(Firmware::Uefi, "q35", Medium::Disk,  "virtio", "text",      Lack::Nothing),
];

const fn row(
    firmware: Firmware,
    board: &'static str,
    medium: Medium,
    vga: &'static str,
    mode: &'static str,
    lack: Lack,
) -> Row {
    Row {
        firmware,
        board,
        medium,
        vga,
        mode,
        lack,
    }
}

impl Row {
    /// UEFI has no text mode, so where nothing else is allowed, there is no screen.
    fn has_screen(&self) -> bool {
        self.vga != "none" && !(self.firmware == Firmware::Uefi && self.mode == "text")
    }
}

fn bios(context: &Context) -> Result<(), Error> {
    start_each(context, Firmware::Bios)
}

fn uefi(context: &Context) -> Result<(), Error> {
    start_each(context, Firmware::Uefi)
}

fn start_each(context: &Context, firmware: Firmware) -> Result<(), Error> {
    for row in MATRIX.iter().filter(|row| row.firmware == firmware) {
        let config = Config {
            board: row.board,
            firmware,
            medium: row.medium,
            vga: row.vga,
            has_serial: row.lack.has_serial(),
            has_keyboard: row.lack.has_keyboard(),
            ..Config::default()
        };
        let iso = context.images.variant(Variant {
            timeout_seconds: Some(0),
            mode: (row.mode != "auto").then(|| row.mode.into()),
            ..Variant::default()
        })?;
        let result = context.with_machine(&config, &iso, |machine| {
            if row.lack.has_serial() {
                serial(machine, row)?;
            }
            if row.has_screen() { screen(machine, row) } else { Ok(()) }
        });
        result.map_err(|error| Error::Wrong(format!("{row:?}: {error}")))?;
    }
    Ok(())
}

fn serial(machine: &mut Machine, row: &Row) -> Result<(), Error> {
    let said = machine.boot()?;
    let has_none = said.contains("screen: the boot loader passed none");
    ensure!(has_none != row.has_screen(), "of the screen it is said: {said}");
    machine.check("40 + 2", "42")
}

fn screen(machine: &mut Machine, row: &Row) -> Result<(), Error> {
    let seen = screendump::expect(machine, LIMIT, |lines| {
        lines.iter().any(|line| line.starts_with("rhai>"))
    })?;
    ensure!(seen[0].starts_with("Rhaios "), "the banner is {seen:?}");
    let picture = screendump::picture(machine)?;
    let size = format!("{}x{}", picture.width_pixels, picture.height_pixels);
    let expected = match row.mode {
        "auto" => &size,
        // 80 by 25 cells of 9 by 16.
        "text" => "720x400",
        mode => mode,
    };
    ensure!(size == expected, "the screen has {size} pixels");
    if row.lack.has_keyboard() {
        screendump::press(machine, screendump::SUM)?;
        screendump::expect(machine, LIMIT, has("42"))?;
        return Ok(());
    }
    let other_way = if row.lack.has_serial() {
        "has a prompt"
    } else {
        "no serial port"
    };
    let is_told = |lines: &[String], wanted: &str| lines.iter().any(|line| line.contains(wanted));
    // It may be said only after the prompt, for a controller that does not answer is waited for.
    screendump::expect(machine, LIMIT, |lines| {
        is_told(lines, "No PS/2 keyboard") && is_told(lines, other_way)
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const MEDIA: [Medium; 3] = [Medium::Disc, Medium::Stick, Medium::Disk];
    const ADAPTERS: [&str; 5] = ["std", "virtio", "qxl", "cirrus", "none"];
    const MODES: [&str; 6] = ["auto", "800x600", "1024x768", "1280x800", "1920x1080", "text"];
    const LACKS: [Lack; 4] = [Lack::Nothing, Lack::Serial, Lack::Keyboard, Lack::Both];

    /// What a machine can have: a prompt somewhere, and a mode that its adapter has.
    fn is_possible(row: &Row) -> bool {
        let wants_more_than_it_has = row.vga == "cirrus" && ["1280x800", "1920x1080"].contains(&row.mode);
        let has_pointless_mode = row.vga == "none" && row.mode != "auto";
        (row.lack.has_serial() || row.has_screen()) && !wants_more_than_it_has && !has_pointless_mode
    }

    /// The values of the columns: the serial port and the keyboard are columns of their own.
    fn pairs(row: &Row) -> Vec<String> {
        let columns = [
            format!("{:?}", row.firmware),
            row.board.into(),
            format!("{:?}", row.medium),
            row.vga.into(),
            row.mode.into(),
            format!("serial {}", row.lack.has_serial()),
            format!("keyboard {}", row.lack.has_keyboard()),
        ];
        let mut pairs = Vec::new();
        for (index, one) in columns.iter().enumerate() {
            pairs.extend(columns[index + 1..].iter().map(|other| format!("{one} + {other}")));
        }
        pairs
    }

    #[test]
    fn the_matrix_has_every_pair() {
        let mut wanted = BTreeSet::new();
        for firmware in [Firmware::Bios, Firmware::Uefi] {
            for (board, medium) in ["pc", "q35"]
                .iter()
                .flat_map(|board| MEDIA.map(|medium| (board, medium)))
            {
                for (vga, mode) in ADAPTERS.iter().flat_map(|vga| MODES.map(|mode| (vga, mode))) {
                    let rows = LACKS.map(|lack| row(firmware, board, medium, vga, mode, lack));
                    wanted.extend(rows.iter().filter(|row| is_possible(row)).flat_map(pairs));
                }
            }
        }
        assert!(MATRIX.iter().all(is_possible));
        for pair in MATRIX.iter().flat_map(pairs) {
            wanted.remove(&pair);
        }
        assert!(wanted.is_empty(), "the matrix lacks {wanted:?}");
    }
}
