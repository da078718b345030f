//! What the machine says that it is, and its registers at the prompt.

use std::time::Duration;

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Firmware, Machine, PROMPT};
use crate::patience::best_of_three;
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "identity_names_the_chosen_processor",
        company: Company::Shared,
        run: processors,
    },
    Test {
        name: "identity_reads_smbios_of_bios_and_uefi",
        company: Company::Shared,
        run: smbios,
    },
    Test {
        name: "identity_maps_memory_without_a_gap_in_ram",
        company: Company::Shared,
        run: memory_map,
    },
    Test {
        name: "hw_registers_are_locked_and_safe",
        company: Company::Shared,
        run: registers,
    },
    Test {
        name: "hw_report_is_what_the_manual_explains",
        company: Company::Shared,
        run: report,
    },
];

/// What the manual says of the report.
const PAGE: &str = include_str!("../../../docs/manual/src/machine/report.md");
const LIMIT: Duration = Duration::from_secs(30);

fn at_prompt(
    context: &Context,
    config: &Config,
    drive: impl FnOnce(&mut Machine) -> Result<(), Error>,
) -> Result<(), Error> {
    let iso = context.images.with_command_line("")?;
    context.with_machine(config, &iso, |machine| {
        machine.boot()?;
        drive(machine)
    })
}

fn check_all(machine: &mut Machine, cases: &[(&str, &str)]) -> Result<(), Error> {
    cases
        .iter()
        .try_for_each(|(line, expected)| machine.check(line, expected))
}

fn processors(context: &Context) -> Result<(), Error> {
    let intel = Config {
        cpu: "Skylake-Client,family=6,model=158,stepping=10,model-id=Intel(R) Core(TM) i7-9750H",
        processors: 4,
        more: ["-smp", "4,sockets=1,cores=2,threads=2"].map(String::from).to_vec(),
        ..Config::default()
    };
    at_prompt(context, &intel, |machine| {
        check_all(
            machine,
            &[
                ("let c = cpu::info();", ""),
                ("c.vendor", "\"GenuineIntel\""),
                ("c.brand", "\"Intel(R) Core(TM) i7-9750H\""),
                ("[c.family, c.model, c.stepping]", "[6, 158, 10]"),
                ("c.microarchitecture", "\"coffee lake\""),
                (
                    "[c.topology.packages, c.topology.cores_per_package, c.topology.threads_per_core]",
                    "[1, 2, 2]",
                ),
                ("c.caches.column(\"level\")", "[1, 1, 2, 3]"),
                ("c.caches[0].size_bytes", "32768"),
                (
                    "c.features.contains(\"smep\") && c.features.contains(\"sse4_2\")",
                    "true",
                ),
                ("c.virtual_bits", "48"),
                ("c.hypervisor", "\"TCGTCGTCGTCG\""),
            ],
        )
    })?;
    let least = Config {
        cpu: "qemu64",
        ..Config::default()
    };
    at_prompt(context, &least, |machine| {
        check_all(
            machine,
            &[
                ("let c = cpu::info();", ""),
                ("c.vendor", "\"AuthenticAMD\""),
                ("c.microarchitecture", "\"unknown\""),
                ("c.features.contains(\"smep\")", "false"),
                ("c.features.contains(\"nx\")", "true"),
                ("c.base_mhz", ""),
                ("sensor::list()", "[]"),
            ],
        )
    })
}

fn smbios(context: &Context) -> Result<(), Error> {
    for firmware in [Firmware::Bios, Firmware::Uefi] {
        for kind in ["32", "64"] {
            // OVMF takes what QEMU makes; one of its kinds is enough there.
            if firmware == Firmware::Uefi && kind == "32" {
                continue;
            }
            let config = Config {
                firmware,
                board: if kind == "32" {
                    "q35,smbios-entry-point-type=32"
                } else {
                    "q35,smbios-entry-point-type=64"
                },
                more: [
                    "-smbios",
                    "type=1,manufacturer=Acme,product=Roadrunner,serial=XY-12,uuid=00112233-4455-6677-8899-aabbccddeeff",
                    "-smbios",
                    "type=2,manufacturer=Acme,product=Anvil,serial=B-7",
                    "-smbios",
                    "type=17,loc_pfx=SLOT,manufacturer=Chips,serial=M-1,part=P-9,speed=2667",
                ]
                .map(String::from)
                .to_vec(),
                ..Config::default()
            };
            at_prompt(context, &config, |machine| {
                check_all(
                    machine,
                    &[
                        ("let m = hw::info();", ""),
                        (
                            "[m.system.maker, m.system.product, m.system.serial]",
                            "[\"Acme\", \"Roadrunner\", \"XY-12\"]",
                        ),
                        ("m.system.uuid", "\"00112233-4455-6677-8899-aabbccddeeff\""),
                        ("[m.board.product, m.board.serial]", "[\"Anvil\", \"B-7\"]"),
                        ("m.chassis.kind", "\"other\""),
                        ("m.memory_devices.len()", "1"),
                        ("m.memory_devices[0].size_bytes", "268435456"),
                        (
                            "[m.memory_devices[0].maker, m.memory_devices[0].part]",
                            "[\"Chips\", \"P-9\"]",
                        ),
                        ("m.memory_devices[0].kind + m.memory_devices[0].form", "\"ramdimm\""),
                        ("m.processors.len()", "1"),
                        ("m.bios.vendor.len() > 2", "true"),
                        ("let r = hw::report().machine;", ""),
                        (
                            "[\"serial\" in r.system, \"uuid\" in r.system, \"serial\" in r.board]",
                            "[false, false, false]",
                        ),
                        ("hw::report(#{serials: true}).machine.system.serial", "\"XY-12\""),
                    ],
                )
            })?;
        }
    }
    Ok(())
}

fn memory_map(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        // The table cuts long texts; the columns do not.
        let table = machine.eval("for m in mem::map() { print(m.kind + \" \" + m.used_for) }")?;
        for part in ["ram", "reserved", "kernel", "rom", "map of free memory", "tasks and kernel heap", "local apic", "screen"] {
            ensure!(table.contains(part), "{part} is missing: {table}");
        }
        check_all(
            machine,
            &[
                ("let m = mem::map();", ""),
                ("m.all(|one| one.end_address - one.address == one.bytes && one.bytes > 0)", "true"),
                ("let ordered = true; for i in 1..m.len() { if m[i].address < m[i - 1].end_address { ordered = false } } ordered", "true"),
                ("m.where(|one| one.kind == \"ram\").sum(\"bytes\") >= mem::info().total_bytes", "true"),
                ("m.where(|one| one.used_for == \"kernel\").len()", "1"),
                ("m.where(|one| one.used_for == \"kernel\")[0].bytes == mem::info().kernel_bytes", "true"),
            ],
        )
    })
}

fn registers(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        for call in [
            "hw::read_port(0x71, 8)",
            "hw::read_mmio(0xfee00030, 32)",
            "hw::read_config(\"00:00.0\", 0, 32)",
            "hw::read_msr(0x1b)",
        ] {
            let said = machine.eval(call)?;
            ensure!(said.contains("error[locked]"), "{call}: {said}");
        }
        machine.eval("hw::unlock()")?;
        // The CMOS clock's battery is good. In one line, and again: the kernel looks at that clock too.
        let battery = "hw::write_port(0x70, 8, 0x0d); hw::read_port(0x71, 8)";
        best_of_three(machine, |machine| machine.check(battery, "128"))?;
        check_all(
            machine,
            &[
                // The host bridge of the board.
                ("hw::read_config(\"00:00.0\", 0, 32).to_hex()", "\"29c08086\""),
                ("hw::read_config(\"00:00.0\", 2, 16).to_hex()", "\"29c0\""),
                // The base of the local APIC: enabled, the boot core's.
                ("hw::read_msr(0x1b).to_hex()", "\"fee00900\""),
                ("hw::read_mmio(0xfee00030, 32) & 0xff", "20"),
                // What is written to a register is read back; the SATA controller's scratch-like interrupt line.
                ("let old = hw::read_config(\"00:1f.2\", 0x3c, 8);", ""),
                ("hw::write_config(\"00:1f.2\", 0x3c, 8, 0x5a)", ""),
                ("hw::read_config(\"00:1f.2\", 0x3c, 8)", "90"),
                ("hw::write_config(\"00:1f.2\", 0x3c, 8, old)", ""),
            ],
        )?;
        for (call, code) in [
            // The emulator answers unknown registers; it refuses reserved bits in this one (protection keys).
            ("hw::write_msr(0x6e1, 0x100000000)", "not_available"),
            ("hw::read_mmio(0x200000, 32)", "is_ram"),
            ("hw::write_mmio(0x200000, 32, 0)", "is_ram"),
            ("hw::read_mmio(0x4000000000000000, 64)", "bad_address"),
            ("hw::read_config(\"00:1e.7\", 0, 32)", "not_found"),
            ("hw::read_port(0x71, 12)", "out_of_range"),
        ] {
            let said = machine.eval(call)?;
            ensure!(said.contains(&format!("error[{code}]")), "{call}: {said}");
        }
        // A thousand refusals leave everything as it is.
        machine.check(
            "let n = 0; for i in 0..1000 { try { hw::write_msr(0x6e1, 0x100000000) } catch { n += 1 } } n",
            "1000",
        )?;
        machine.check("task::wait(task::start(|| 40 + 2))", "42")?;
        machine.eval("hw::lock()")?;
        let said = machine.eval("hw::read_msr(0x1b)")?;
        ensure!(said.contains("error[locked]"), "{said}");
        Ok(())
    })
}

/// The page's session on this machine: inputs, and the lines that must follow, in which `...` stands for anything.
fn shown() -> Vec<(&'static str, Vec<&'static str>)> {
    let blocks = PAGE
        .split("```q35\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let mut exchanges: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix(PROMPT), exchanges.last_mut()) {
            (Some(input), _) => exchanges.push((input, Vec::new())),
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    exchanges
}

/// Whether `line` is `pattern` with something for each `...` in it.
fn fits(pattern: &str, line: &str) -> bool {
    let mut pieces = pattern.split("...");
    let Some(mut rest) = pieces.next().and_then(|start| line.strip_prefix(start)) else {
        return false;
    };
    let mut has_gap = false;
    for piece in pieces {
        has_gap = true;
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.is_empty() || (has_gap && pattern.ends_with("..."))
}

/// The keys that the manual's page explains: the first words of its tables' rows.
fn explained() -> Vec<String> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`'))
        .map(|(key, _)| key.to_string())
        .collect()
}

fn report(context: &Context) -> Result<(), Error> {
    let keys = explained();
    ensure!(keys.len() > 50, "the page explains {} keys", keys.len());
    context.at_prompt("", |machine| {
        let exchanges = shown();
        ensure!(exchanges.len() > 8, "the page shows {} lines", exchanges.len());
        for (input, expected) in exchanges {
            let said = machine.eval_within(input, LIMIT)?;
            let lines: Vec<&str> = said.lines().map(str::trim_end).collect();
            let is_right =
                lines.len() == expected.len() && expected.iter().zip(&lines).all(|(pattern, line)| fits(pattern, line));
            ensure!(is_right, "`{input}` shows {said:?}, the page {expected:?}");
        }
        for key in &keys {
            // `part.key`, where a part that is a list has the key in its first row.
            let path: Vec<&str> = key.split('.').collect();
            let look = match path[..] {
                [part] => format!("\"{part}\" in r"),
                [part, key] => {
                    format!("let p = r.{part}; if type_of(p) == \"array\" {{ p = p[0] }} p != () && \"{key}\" in p")
                }
                _ => format!("r.{} != ()", key),
            };
            machine.check(&look, "true")?;
        }
        // And the page explains every part.
        let parts = machine.eval("for k in r.keys() { print(k) }")?;
        for part in parts.lines() {
            ensure!(
                keys.iter().any(|key| key == part),
                "the manual does not explain `{part}`"
            );
        }
        machine.check("json::parse(json::print(r)).system.firmware", "\"bios\"")?;
        machine.check("r.processor.hypervisor", "\"TCGTCGTCGTCG\"")
    })
}
