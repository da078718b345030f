//! The image reaches a working prompt on every kind of machine, whatever the boot loader hands over.

use std::time::Duration;

use xtask::iso::{Rom, Variant};
use xtask::rom;

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Firmware, Machine, Medium};
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "boot_matrix_answers_at_the_prompt",
        company: Company::Shared,
        run: matrix,
    },
    Test {
        name: "boot_uefi_matrix_answers_at_the_prompt",
        company: Company::Shared,
        run: uefi_matrix,
    },
    Test {
        name: "boot_goes_on_without_a_whole_rom",
        company: Company::Shared,
        run: damaged_rom,
    },
    Test {
        name: "boot_mounts_a_users_folder_or_goes_on_without",
        company: Company::Shared,
        run: user_folder,
    },
    Test {
        name: "boot_says_which_words_it_did_not_understand",
        company: Company::Shared,
        run: bad_words,
    },
    Test {
        name: "boot_menu_entries_start",
        company: Company::Shared,
        run: menu_entries,
    },
];

/// Every pair of values of two columns comes up: board, processor, MiB, processors, medium.
const MATRIX: &[Row] = &[
    ("pc", "qemu64", 64, 1, Medium::Disc),
    ("pc", "max", 256, 4, Medium::Disc),
    ("pc", "max", 8192, 1, Medium::Stick),
    ("pc", "qemu64", 4096, 4, Medium::Stick),
    ("q35", "max", 64, 4, Medium::Stick),
    ("q35", "qemu64", 256, 1, Medium::Stick),
    ("q35", "qemu64", 8192, 4, Medium::Disc),
    ("q35", "max", 4096, 1, Medium::Disc),
];
/// The same for UEFI, which needs more than 64 MiB; on the older board `matrix` starts it.
const UEFI_MATRIX: &[Row] = &[
    ("q35", "max", 256, 1, Medium::Disc),
    ("q35", "qemu64", 4096, 4, Medium::Stick),
    ("q35", "max", 8192, 4, Medium::Disc),
];

type Row = (&'static str, &'static str, u32, u32, Medium);

fn matrix(context: &Context) -> Result<(), Error> {
    boot_each(context, Firmware::Bios, MATRIX)
}

fn uefi_matrix(context: &Context) -> Result<(), Error> {
    boot_each(context, Firmware::Uefi, UEFI_MATRIX)
}

fn boot_each(context: &Context, firmware: Firmware, rows: &[Row]) -> Result<(), Error> {
    for (board, cpu, memory_mib, processors, medium) in rows.iter().copied() {
        let config = Config {
            board,
            firmware,
            cpu,
            memory_mib,
            processors,
            medium,
            ..Config::default()
        };
        let result = context.with_machine(&config, &context.images.shipped(), |machine| {
            machine.boot()?;
            answers(machine)?;
            let firmware = if firmware == Firmware::Uefi {
                "\"uefi\""
            } else {
                "\"bios\""
            };
            machine.check("sys::info().firmware", firmware)?;
            // What the firmware keeps for itself is a few MiB, and under UEFI some more.
            let total_mib = machine.number("mem::info().total_bytes")? / 1024 / 1024;
            let expected_mib = i64::from(memory_mib);
            ensure!(
                total_mib <= expected_mib && total_mib + 80 > expected_mib,
                "mem::info() says {total_mib} MiB of {expected_mib}"
            );
            ensure!(machine.number("sys::boot().len()")? > 3, "sys::boot() lists no steps");
            Ok(())
        });
        result.map_err(|error| Error::Wrong(format!("{config:?}: {error}")))?;
    }
    Ok(())
}

fn answers(machine: &mut Machine) -> Result<(), Error> {
    machine.check("40 + 2", "42")
}

fn damaged_rom(context: &Context) -> Result<(), Error> {
    let whole = std::fs::metadata(&context.images.parts().rom)?.len() as usize;
    let cases = [
        (Rom::Absent, "missing"),
        (Rom::Truncated(whole / 2), "half"),
        (Rom::Truncated(700), "second block"),
        (Rom::Truncated(100), "first block"),
        (Rom::Archive(vec![0xa5; 4096]), "noise"),
    ];
    for (rom, name) in cases {
        let iso = context.images.variant(Variant {
            timeout_seconds: Some(0),
            rom,
            ..Variant::default()
        })?;
        context.with_machine(&Config::default(), &iso, |machine| {
            let said = machine.boot()?;
            ensure!(said.contains("/rom"), "nothing said of the {name} archive");
            answers(machine)?;
            let error = machine.eval(r#"run("/rom/no_such_file.rhai")"#)?;
            ensure!(error.contains("not_found"), "{name}: {error}");
            answers(machine)
        })?;
    }
    Ok(())
}

fn user_folder(context: &Context) -> Result<(), Error> {
    let files = [
        (
            "go.rhai".into(),
            b"import \"./lib/deep\" as deep; deep::twice(21)".to_vec(),
        ),
        ("lib/deep.rhai".into(), b"fn twice(x) { x + x }".to_vec()),
    ];
    let whole = rom::archive(&files);
    let shipped = r#"run("/rom/examples/hello"); 1"#;
    let own = r#"run("/rom/user/go")"#;
    // What lies behind the module, whether the start says something of it, and what runs.
    let second_file = 1024 + 100;
    type Case<'a> = (&'a str, Vec<u8>, Rom, &'a [&'a str], bool);
    let cases: [Case<'_>; 4] = [
        ("whole", whole.clone(), Rom::Shipped, &[shipped, own], false),
        ("cut off", whole[..second_file].to_vec(), Rom::Shipped, &[shipped], true),
        ("noise", vec![0xa5; 4096], Rom::Shipped, &[shipped], true),
        ("beside no rom", whole, Rom::Absent, &[own], false),
    ];
    for (name, archive, rom, running, is_damaged) in cases {
        let iso = context.images.variant(Variant {
            timeout_seconds: Some(0),
            rom,
            user: Some(archive),
            ..Variant::default()
        })?;
        context.with_machine(&Config::default(), &iso, |machine| {
            let said = machine.boot()?;
            ensure!(said.contains("/rom/user: ") == is_damaged, "{name}: {said}");
            for line in [shipped, own] {
                let result = machine.eval(line)?;
                let ran = !result.contains("error");
                ensure!(ran == running.contains(&line), "{name}: `{line}` gave {result}");
            }
            if running.contains(&own) {
                machine.check(own, "42")?;
                machine.check("import \"user/lib/deep\" as deep; deep::twice(4)", "8")?;
                machine.check("import \"/rom/user/lib/deep\" as deep; deep::twice(5)", "10")?;
            }
            answers(machine)
        })?;
    }
    Ok(())
}

fn bad_words(context: &Context) -> Result<(), Error> {
    for (words, named) in [
        ("colour=blue", "colour"),
        ("panic=soon", "soon"),
        ("debug=perhaps", "perhaps"),
        ("=", "unknown key ``"),
    ] {
        context.with_machine(
            &Config::default(),
            &context.images.with_command_line(words)?,
            |machine| {
                let said = machine.boot()?;
                ensure!(said.contains(named), "nothing said of `{words}`");
                answers(machine)
            },
        )?;
    }
    Ok(())
}

fn menu_entries(context: &Context) -> Result<(), Error> {
    // The menu's entries by their letters' distance from the first: one Down key each.
    for (steps, words) in [(1, "safe=on"), (2, "console=serial")] {
        let iso = context.images.variant(Variant {
            timeout_seconds: Some(20),
            ..Variant::default()
        })?;
        context.with_machine(&Config::default(), &iso, |machine| {
            machine.expect("safe: no scripts", Duration::from_secs(30))?;
            for _ in 0..steps {
                machine.send(b"\x1b[B")?;
            }
            machine.send(b"\r")?;
            machine.boot()?;
            let line = machine.eval("sys::info().command_line")?;
            ensure!(line.contains(words), "entry {steps} started with {line}");
            answers(machine)
        })?;
    }
    Ok(())
}
