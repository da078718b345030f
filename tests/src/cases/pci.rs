//! The machine finds every PCI device wherever it is, and says of each what the emulator itself says.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use xtask::iso::Variant;

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Firmware, Machine};
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "pci_finds_devices_behind_nine_root_ports",
        company: Company::Shared,
        run: nine_root_ports,
    },
    Test {
        name: "pci_finds_devices_behind_bridges_behind_bridges",
        company: Company::Shared,
        run: nested_bridges,
    },
    Test {
        name: "pci_reads_message_tables_of_1_to_65_entries",
        company: Company::Shared,
        run: message_tables,
    },
    Test {
        name: "pci_knows_ranges_above_4_gib_and_the_older_board",
        company: Company::Shared,
        run: boards,
    },
    Test {
        name: "pci_works_by_ports_where_no_table_tells_of_memory",
        company: Company::Shared,
        run: by_ports,
    },
    Test {
        name: "pci_devices_that_the_firmware_has_not_seen_get_places_and_work",
        company: Company::Shared,
        run: unassigned,
    },
    Test {
        name: "pci_starts_a_driver_beside_the_prompt_but_not_in_safe_mode",
        company: Company::Shared,
        run: driver,
    },
    Test {
        name: "pci_drivers_that_fail_stop_nobody",
        company: Company::Shared,
        run: failing_drivers,
    },
];

const LIMIT: Duration = Duration::from_secs(30);

/// A range: its kind, its address if it has one, its size, and whether it is prefetchable.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bar {
    kind: String,
    address: Option<u64>,
    size_bytes: u64,
    is_prefetchable: bool,
}

/// A function: vendor and device, and its ranges by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Function {
    ids: String,
    bars: BTreeMap<u32, Bar>,
}

type Functions = BTreeMap<String, Function>;

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(String::from).collect()
}

fn config(board: &'static str, more: &[String]) -> Config {
    Config {
        board,
        more: more.iter().flat_map(|text| words(text)).collect(),
        ..Config::default()
    }
}

/// What the emulator's monitor prints for `info pci`.
fn told_by_emulator(text: &str) -> Result<Functions, Error> {
    let mut all = Functions::new();
    let mut current = String::new();
    let wrong = |line: &str| Error::Wrong(format!("the monitor says {line:?}"));
    for line in text.lines().map(str::trim) {
        if let Some(place) = line.strip_prefix("Bus") {
            let numbers: Vec<u32> = place
                .split(|character: char| !character.is_ascii_digit())
                .filter_map(|word| word.parse().ok())
                .collect();
            let [bus, device, function] = numbers[..] else {
                return Err(wrong(line));
            };
            current = format!("{bus:02x}:{device:02x}.{function}");
            all.insert(current.clone(), Function::default());
        } else if let Some((_, ids)) = line.split_once(": PCI device ") {
            all.entry(current.clone()).or_default().ids = ids.into();
        } else if let Some(rest) = line.strip_prefix("BAR") {
            let (index, rest) = rest.split_once(": ").ok_or_else(|| wrong(line))?;
            let (kind, range) = rest.split_once(" at ").ok_or_else(|| wrong(line))?;
            let hex = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).map_err(|_| wrong(line));
            let (first, last) = range
                .trim_end_matches("].")
                .split_once(" [")
                .ok_or_else(|| wrong(line))?;
            let (first, last) = (hex(first)?, hex(last)?);
            let bar = Bar {
                kind: match kind {
                    "I/O" => "io",
                    kind if kind.starts_with("64") => "memory64",
                    _ => "memory32",
                }
                .into(),
                // Ones: it does not answer now.
                address: (first != u64::MAX).then_some(first),
                size_bytes: last.wrapping_sub(first).wrapping_add(1),
                is_prefetchable: kind.contains("prefetchable"),
            };
            // Number 6 is the ROM.
            let index = index.parse().map_err(|_| wrong(line))?;
            if index < 6 {
                all.entry(current.clone()).or_default().bars.insert(index, bar);
            }
        }
    }
    Ok(all)
}

/// What scripts are told.
fn told_by_us(machine: &mut Machine) -> Result<Functions, Error> {
    let script = r#"for d in pci::list() { print("F " + d.address + " " + d.vendor_id + ":" + d.device_id); for b in pci::info(d.address).bars { print("B " + d.address + " " + b.index + " " + b.kind + " " + b.address + " " + b.size_bytes + " " + b.prefetchable) } }"#;
    let mut all = Functions::new();
    for line in machine.eval_within(script, LIMIT)?.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["F", address, ids] => {
                let function = Function {
                    ids: ids.into(),
                    ..Function::default()
                };
                all.insert(address.into(), function);
            }
            ["B", address, index, kind, place, size, prefetchable] => {
                let wrong = || Error::Wrong(format!("a line reads {line:?}"));
                let bar = Bar {
                    kind: kind.into(),
                    address: if place.is_empty() {
                        None
                    } else {
                        Some(place.parse().map_err(|_| wrong())?)
                    },
                    size_bytes: size.parse().map_err(|_| wrong())?,
                    is_prefetchable: prefetchable == "true",
                };
                let function = all.get_mut(address).ok_or_else(wrong)?;
                function.bars.insert(index.parse().map_err(|_| wrong())?, bar);
            }
            _ => return Err(Error::Wrong(format!("a line reads {line:?}"))),
        }
    }
    Ok(all)
}

/// Compares the two; returns what scripts are told.
fn compare(machine: &mut Machine) -> Result<Functions, Error> {
    let ours = told_by_us(machine)?;
    let theirs = told_by_emulator(&machine.monitor().human("info pci")?)?;
    ensure!(
        ours.keys().eq(theirs.keys()),
        "we find {:?}, the emulator has {:?}",
        ours.keys(),
        theirs.keys()
    );
    for (address, theirs) in &theirs {
        let ours = &ours[address];
        ensure!(ours.ids == theirs.ids, "{address}: {} is {}", ours.ids, theirs.ids);
        let mut seen = ours.bars.clone();
        for (index, bar) in &mut seen {
            // The emulator shows no address of a range that is off, and the firmware may have assigned one.
            if theirs.bars.get(index).is_some_and(|bar| bar.address.is_none()) {
                bar.address = None;
            }
        }
        ensure!(seen == theirs.bars, "{address}: {seen:?} is {:?}", theirs.bars);
    }
    Ok(ours)
}

fn nine_root_ports(context: &Context) -> Result<(), Error> {
    for firmware in [Firmware::Bios, Firmware::Uefi] {
        let ports = (1..=9).flat_map(|port| {
            let entries = [1, 2, 3, 16, 17, 33, 64, 65, 2048][port - 1];
            [
                format!(
                    "-device pcie-root-port,id=r{port},chassis={port},slot={port},addr=0x{:x}.0",
                    port + 3
                ),
                format!("-device nvme,serial=n{port},bus=r{port},msix_qsize={entries}"),
            ]
        });
        let config = Config {
            firmware,
            ..config("q35", &ports.collect::<Vec<_>>())
        };
        context.with_machine(&config, &context.images.shipped(), |machine| {
            let said = machine.boot()?;
            ensure!(said.contains(" by memory in "), "no memory-mapped method: {said}");
            let found = compare(machine)?;
            let drives: Vec<&String> = found
                .iter()
                .filter(|(_, function)| function.ids == "1b36:0010")
                .map(|(address, _)| address)
                .collect();
            ensure!(drives.len() == 9, "drives at {drives:?}");
            machine.check(
                r#"pci::list().filter(|d| d.device_id == "0010").map(|d| pci::info(d.address).interrupt.msix.count).reduce(|sum, n| sum + n, 0)"#,
                "2249",
            )?;
            machine.check(
                &format!(r#"pci::info("{}").class + ", " + pci::info("{}").interface"#, drives[0], drives[0]),
                r#""Non-Volatile memory controller, NVM Express""#,
            )
        })?;
    }
    Ok(())
}

fn nested_bridges(context: &Context) -> Result<(), Error> {
    let switch = [
        "-device pcie-root-port,id=root,chassis=1,slot=1",
        "-device x3130-upstream,id=up,bus=root",
        "-device xio3130-downstream,id=d1,bus=up,chassis=2,slot=2",
        "-device xio3130-downstream,id=d2,bus=up,chassis=3,slot=3",
        "-device virtio-serial-pci,bus=d1",
        "-device nvme,serial=n,bus=d2",
        "-device pcie-pci-bridge,id=old",
        "-device pci-bridge,id=older,bus=old,chassis_nr=4,addr=3",
        "-device pci-bridge,id=oldest,bus=older,chassis_nr=5,addr=2",
        "-device edu,bus=oldest,addr=7",
    ];
    let bridges = [
        "-device pci-bridge,id=one,chassis_nr=1",
        "-device pci-bridge,id=two,chassis_nr=2,bus=one,addr=4",
        "-device virtio-serial-pci,bus=two,addr=5",
        "-device virtio-serial-pci,bus=one,addr=6",
    ];
    for (board, more, count) in [("q35", &switch[..], 10), ("pc", &bridges[..], 4)] {
        let more: Vec<String> = more.iter().map(|text| text.to_string()).collect();
        let result = context.with_machine(&config(board, &more), &context.images.shipped(), |machine| {
            machine.boot()?;
            let found = compare(machine)?;
            let deepest = found.keys().filter(|address| !address.starts_with("00:")).count();
            // All but those that are on the first bus.
            ensure!(deepest + 2 >= count, "only {deepest} behind bridges: {found:?}");
            Ok(())
        });
        result.map_err(|error| Error::Wrong(format!("{board}: {error}")))?;
    }
    Ok(())
}

/// All on one machine, eight functions a device.
fn message_tables(context: &Context) -> Result<(), Error> {
    let functions = (1..=65).map(|entries: u32| {
        let place = entries - 1;
        format!(
            "-device virtio-serial-pci,disable-legacy=on,vectors={entries},addr=0x{:x}.{},multifunction=on",
            place / 8 + 4,
            place % 8
        )
    });
    let config = config("q35", &functions.collect::<Vec<_>>());
    context.with_machine(&config, &context.images.shipped(), |machine| {
        machine.boot()?;
        compare(machine)?;
        let script = r#"let n = 0; for d in pci::list() { if d.vendor_id == "1af4" && d.device_id == "1043" { n += 1; if pci::info(d.address).interrupt.msix.count != n { print("wrong at " + d.address) } } } n"#;
        let said = machine.eval_within(script, LIMIT)?;
        ensure!(said == "65", "the tables are not as asked for: {said}");
        Ok(())
    })
}

fn boards(context: &Context) -> Result<(), Error> {
    for (board, firmware) in [("pc", Firmware::Bios), ("q35", Firmware::Bios), ("q35", Firmware::Uefi)] {
        let more = ["-device pci-testdev,membar=8G".to_string(), "-device e1000".into()];
        let config = Config {
            firmware,
            ..config(board, &more)
        };
        let result = context.with_machine(&config, &context.images.shipped(), |machine| {
            machine.boot()?;
            let found = compare(machine)?;
            let is_high = |bar: &Bar| bar.size_bytes == 8 << 30 && bar.address.is_none_or(|at| at >> 32 != 0);
            let large = found.values().flat_map(|function| function.bars.values());
            ensure!(
                large.filter(|bar| is_high(bar)).count() == 1,
                "no large range: {found:?}"
            );
            machine.check(
                r#"pci::list().filter(|d| d.class == "Ethernet controller").map(|d| d.name)"#,
                r#"["Intel Corporation 82540EM Gigabit Ethernet Controller"]"#,
            )?;
            machine.check(r#"pci::info("00:00.0").class"#, r#""Host bridge""#)?;
            let code =
                |call: &str| format!(r#"let code = ""; try {{ {call} }} catch (error) {{ code = error.code }} code"#);
            machine.check(&code(r#"pci::info("00:1e.7")"#), r#""not_found""#)?;
            machine.check(&code(r#"pci::info("first")"#), r#""invalid_address""#)
        });
        result.map_err(|error| Error::Wrong(format!("{config:?}: {error}")))?;
    }
    Ok(())
}

/// The older board has no such memory, so no table can tell of it. SeaBIOS has tables of its own where the emulator
/// passes none, so on the newer one either method may be used.
fn by_ports(context: &Context) -> Result<(), Error> {
    for board in ["pc", "pc,acpi=off", "q35,acpi=off"] {
        let more = [
            "-device pci-bridge,id=one,chassis_nr=1".to_string(),
            "-device edu,bus=one,addr=3".into(),
        ];
        let result = context.with_machine(&config(board, &more), &context.images.shipped(), |machine| {
            let said = machine.boot()?;
            ensure!(
                said.contains(" by ports in ") || board.starts_with("q35"),
                "not by ports: {said}"
            );
            let found = compare(machine)?;
            let is_there = found.values().any(|function| function.ids == "1234:11e8");
            ensure!(is_there, "nothing behind the bridge: {found:?}");
            Ok(())
        });
        result.map_err(|error| Error::Wrong(format!("{board}: {error}")))?;
    }
    Ok(())
}

/// Devices are plugged in while the boot loader waits, so that the firmware has given none of their ranges a place: on
/// the first bus, behind a bridge with open windows, and where a window for ports has to be opened.
fn unassigned(context: &Context) -> Result<(), Error> {
    let port = |number: u32| format!("-device pcie-root-port,id=r{number},chassis={number},slot={number}");
    let newer = (1..=3).map(port).collect::<Vec<_>>();
    let older = ["-device pci-bridge,id=r1,chassis_nr=1".to_string()];
    let cases = [
        (
            "q35",
            Firmware::Bios,
            &newer[..],
            ["edu,bus=r1", "virtio-rng-pci,bus=r2", "e1000,bus=r3"],
        ),
        (
            "q35",
            Firmware::Uefi,
            &newer[..],
            ["edu,bus=r1", "virtio-rng-pci,bus=r2", "e1000,bus=r3"],
        ),
        (
            "pc",
            Firmware::Bios,
            &older[..],
            ["edu,bus=r1,addr=3", "virtio-rng-pci,bus=pci.0", "e1000,bus=pci.0"],
        ),
    ];
    for (board, firmware, more, devices) in cases {
        let config = Config {
            firmware,
            ..config(board, more)
        };
        let all_words = ["", "safe=on"];
        // What safe mode leaves alone is the same on all.
        let count = if (board, firmware) == ("pc", Firmware::Bios) {
            2
        } else {
            1
        };
        for words in &all_words[..count] {
            let iso = context.images.variant(Variant {
                timeout_seconds: Some(60),
                command_line: (*words).into(),
                ..Variant::default()
            })?;
            let result = context.with_machine(&config, &iso, |machine| {
                machine.expect("safe: no scripts", Duration::from_secs(60))?;
                for device in devices {
                    let refused = machine.monitor().human(&format!("device_add {device}"))?;
                    ensure!(refused.is_empty(), "{device}: {refused}");
                }
                machine.send(b"\r")?;
                let said = machine.boot()?;
                if words.is_empty() {
                    ensure!(said.contains(" is put at memory 0x"), "nothing is said of it: {said}");
                    works_where_it_was_put(machine)
                } else {
                    machine.check(&format!("{UNSEEN}.filter(|b| b.address != ()).len()"), "0")
                }
            });
            result.map_err(|error| Error::Wrong(format!("{config:?} with {words:?}: {error}")))?;
        }
    }
    Ok(())
}

/// All ranges of the devices that were plugged in.
const UNSEEN: &str = r#"pci::list().filter(|d| "123411e8 1af41005 1af41044 8086100e".contains(d.vendor_id + d.device_id)).map(|d| pci::info(d.address).bars).reduce(|all, bars| all + bars, [])"#;

fn works_where_it_was_put(machine: &mut Machine) -> Result<(), Error> {
    let deadline = Instant::now() + LIMIT;
    let mut state = String::new();
    while state != r#"["edu", "virtio-rng"]"# {
        ensure!(Instant::now() < deadline, "of the drivers only these run: {state}");
        state =
            machine.eval(r#"let all = pci::list().map(|d| d.driver).filter(|name| name != ()); all.sort(); all"#)?;
        thread::sleep(Duration::from_millis(200));
    }
    machine.check(&format!(r#"{UNSEEN}.filter(|b| b.assigned_by != "rhaios").len()"#), "0")?;
    let count = machine.eval(&format!("{UNSEEN}.len()"))?;
    ensure!(
        count.parse::<u32>().is_ok_and(|count| count >= 5),
        "{count} ranges are new"
    );
    // The emulator sees them there, too, whoever answers at all.
    let ours = compare(machine)?;
    let theirs = told_by_emulator(&machine.monitor().human("info pci")?)?;
    let answers = |ids: &str| {
        let found = theirs.values().find(|function| function.ids == ids);
        found.and_then(|function| function.bars.get(&0)?.address)
    };
    let edu = ours.values().find(|function| function.ids == "1234:11e8");
    let place = edu.and_then(|function| function.bars.get(&0)?.address);
    ensure!(place.is_some() && answers("1234:11e8") == place, "{place:?}");
    Ok(())
}

const STATE: &str =
    r#"pci::list().filter(|d| d.vendor_id + d.device_id == "123411e8").map(|d| pci::info(d.address).driver_state)"#;

fn driver(context: &Context) -> Result<(), Error> {
    let config = config("q35", &["-device edu".into(), "-device edu".into()]);
    context.with_machine(&config, &context.images.shipped(), |machine| {
        machine.boot()?;
        let deadline = Instant::now() + LIMIT;
        loop {
            let said = machine.eval(STATE)?;
            if said == r#"["running: edu", "running: edu"]"# {
                break;
            }
            ensure!(Instant::now() < deadline, "the drivers' states are {said}");
            thread::sleep(Duration::from_millis(200));
        }
        machine.check(
            r#"pci::list().filter(|d| d.driver == "edu").map(|d| d.name)"#,
            r#"["QEMU edu, the device for teaching", "QEMU edu, the device for teaching"]"#,
        )
    })?;
    let safe = context.images.variant(Variant {
        timeout_seconds: Some(0),
        command_line: "safe=on".into(),
        ..Variant::default()
    })?;
    context.with_machine(&config, &safe, |machine| {
        machine.boot()?;
        thread::sleep(Duration::from_secs(1));
        machine.check(STATE, r#"["none", "none"]"#)
    })
}

/// A driver refuses, panics, or never ends; each gives its device back, and the one that works runs.
fn failing_drivers(context: &Context) -> Result<(), Error> {
    let devices = ["0x12", "0x13", "0x14"].map(|place| format!("-device pci-testdev,addr={place}"));
    let config = config("q35", &[&devices[..], &["-device edu,addr=0x15".into()]].concat());
    let iso = context.images.with_command_line("debug=on")?;
    context.with_machine(&config, &iso, |machine| {
        machine.boot()?;
        let started = Instant::now();
        let state = |place: &str| format!("pci::info(\"00:{place}.0\").driver_state");
        let is_running = format!(
            "let n = 0; while {} != \"running: edu\" {{ time::sleep_ms(50); n += 1; if n > 100 {{ break; }} }} n <= 100",
            state("15")
        );
        machine.check(&is_running, "true")?;
        machine.check(&state("14"), "\"starting: testdev\"")?;
        machine.check(&state("12"), "\"refused: testdev: as it was asked to\"")?;
        let panicked = machine.eval(&state("13"))?;
        ensure!(
            panicked.starts_with("\"refused: testdev: its start failed:") && panicked.contains("as it was asked to"),
            "{panicked}"
        );
        let mut slow = String::new();
        while started.elapsed() < LIMIT && !slow.contains("refused") {
            thread::sleep(Duration::from_millis(500));
            slow = machine.eval(&state("14"))?;
        }
        ensure!(slow.contains("did not start within 10 s"), "{slow}");
        for place in ["12", "13", "14"] {
            machine.check(&format!("pci::info(\"00:{place}.0\").command.bus_master"), "false")?;
        }
        machine.check("task::list().filter(|t| t.name.contains(\"testdev\") && t.state != \"ended\").len()", "0")?;
        // The prompt has not noticed.
        machine.check("40 + 2", "42")
    })
}

#[cfg(test)]
mod tests {
    use super::told_by_emulator;

    #[test]
    fn reads_what_the_monitor_prints() {
        let text = "  Bus  0, device  31, function 2:\n    SATA controller: PCI device 8086:2922\n      \
                    PCI subsystem 1af4:1100\n      IRQ 10, pin A\n      BAR4: I/O at 0xc040 [0xc05f].\n      \
                    BAR5: 32 bit memory at 0xfebd1000 [0xfebd1fff].\n      id \"\"\n  \
                    Bus  1, device   0, function 0:\n    Class 0255: PCI device 1b36:0005\n      \
                    BAR2: 64 bit prefetchable memory at 0x800000000 [0x9ffffffff].\n      \
                    BAR6: 32 bit memory at 0xffffffffffffffff [0x0003fffe].\n";
        let all = told_by_emulator(text).expect("it is understood");
        let first = &all["00:1f.2"];
        assert_eq!(first.ids, "8086:2922");
        assert_eq!((first.bars[&4].kind.as_str(), first.bars[&4].size_bytes), ("io", 32));
        assert_eq!(first.bars[&5].address, Some(0xfebd_1000));
        let second = &all["01:00.0"];
        assert_eq!((second.bars.len(), second.bars[&2].size_bytes), (1, 8 << 30));
        assert!(second.bars[&2].is_prefetchable);
        assert!(told_by_emulator("Bus nowhere").is_err());
    }
}
