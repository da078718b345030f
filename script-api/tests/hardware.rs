//! `hw`, `sensor`, `mem::map` and what `cpu::info` tells: on a machine whose registers behave, and on one without any.

mod host;

use host::standard_machine;
use script_api::context::TaskContext;
use script_api::engine::{self, Profile};
use services::identity::Unknown;
use services::task::{Control, Hardware};

/// What the prompt shows for each line, on one machine.
fn check(cases: &[(&str, &str)]) {
    let machine = standard_machine();
    machine.start_session();
    for (line, expected) in cases {
        let shown = machine.enter(line);
        let is_right = match expected.strip_prefix("error ") {
            Some(code) => shown.contains(&format!("error[{code}]")),
            None => shown.trim_end() == *expected,
        };
        assert!(is_right, "{line}: {shown}");
    }
}

#[test]
fn registers_are_locked_until_the_session_asks() {
    let calls = [
        "hw::read_port(0x71, 8)",
        "hw::write_port(0x70, 8, 1)",
        "hw::read_mmio(0xfee00030, 32)",
        "hw::write_mmio(0xfee00080, 32, 0)",
        "hw::read_config(\"00:00.0\", 0, 32)",
        "hw::write_config(\"00:00.0\", 12, 8, 1)",
        "hw::read_msr(0x1b)",
        "hw::write_msr(0x10, 0)",
    ];
    let machine = standard_machine();
    machine.start_session();
    let all_are_locked = || {
        for call in calls {
            let shown = machine.enter(call);
            assert!(shown.contains("error[locked]"), "{call}: {shown}");
        }
    };
    all_are_locked();
    machine.enter("hw::unlock()");
    for call in calls {
        let shown = machine.enter(call);
        assert!(!shown.contains("error["), "{call}: {shown}");
    }
    // A task of the session asks for itself.
    let shown =
        machine.enter("let c = (); try { task::wait(task::start(|| hw::read_msr(0x1b))) } catch (e) { c = e.code } c");
    assert_eq!(shown.trim_end(), "\"locked\"");
    machine.enter("hw::lock()");
    all_are_locked();
    // A new session begins locked.
    machine.enter("hw::unlock()");
    machine.console.type_text("\x04");
    machine.console.take_until("rhai> ");
    all_are_locked();
}

#[test]
fn a_profile_can_forbid_registers_for_good() {
    let machine = standard_machine();
    let control: &'static Control = Box::leak(Box::default());
    let context = TaskContext {
        host: machine.host,
        terminal: None,
        control,
    };
    let profile = Profile {
        may_unlock_hardware: false,
        ..Profile::CONSOLE
    };
    let engine = engine::build(context, profile);
    for call in ["hw::unlock()", "hw::read_msr(0x1b)", "hw::lock(); hw::unlock()"] {
        let error = engine.run(call).expect_err("it is forbidden");
        assert!(format!("{error:?}").contains("not_allowed"), "{call}: {error:?}");
    }
    assert_eq!(control.hardware(), Hardware::Forbidden);
}

#[test]
fn wrong_calls_are_refused_by_their_reason() {
    check(&[
        ("hw::unlock()", ""),
        ("hw::read_port(0x10000, 8)", "error out_of_range"),
        ("hw::read_port(-1, 8)", "error out_of_range"),
        ("hw::read_port(0x71, 64)", "error out_of_range"),
        ("hw::read_port(0x71, 16)", "error unaligned"),
        ("hw::read_port(0x71, 7)", "error out_of_range"),
        ("hw::write_port(0x70, 8, 256)", "error out_of_range"),
        ("hw::write_port(0x70, 8, -1)", "error out_of_range"),
        ("hw::read_mmio(0xfee00031, 32)", "error unaligned"),
        ("hw::read_mmio(0x1000, 32)", "error is_ram"),
        ("hw::write_mmio(0x1000, 64, -1)", "error is_ram"),
        ("hw::read_mmio(0x7fffffffffffff00, 32)", "error bad_address"),
        ("hw::read_mmio(-8, 64)", "error out_of_range"),
        ("hw::read_config(\"00:00\", 0, 32)", "error bad_address"),
        ("hw::read_config(\"00:05.0\", 0, 32)", "error not_found"),
        ("hw::read_config(\"00:00.0\", 2, 32)", "error unaligned"),
        ("hw::read_config(\"00:00.0\", 0x1000, 32)", "error out_of_range"),
        ("hw::read_config(\"00:00.0\", 0x100, 32)", "error not_available"),
        ("hw::read_msr(0x7777)", "error not_available"),
        ("hw::read_msr(0x100000000)", "error out_of_range"),
        ("hw::write_msr(0x1b, 0)", "error not_available"),
        ("hw::read_config(\"00:00.0\", 2, 16).to_hex()", "\"29c0\""),
        ("40 + 2", "42"),
    ]);
}

#[test]
fn a_machine_without_registers_and_descriptions_says_so() {
    let machine = standard_machine();
    let mut host = machine.host;
    host.raw = None;
    host.identity = &Unknown;
    host.display = None;
    let control: &'static Control = Box::leak(Box::default());
    let context = TaskContext {
        host,
        terminal: None,
        control,
    };
    let engine = engine::build(context, Profile::CONSOLE);
    let code = |text: &str| {
        let caught = format!("let c = (); try {{ c = {{ {text} }} }} catch (e) {{ c = e.code }} c");
        engine.eval::<rhai::Dynamic>(&caught).expect("it is caught").to_string()
    };
    assert_eq!(code("hw::unlock(); hw::read_msr(0x1b)"), "not_available");
    assert_eq!(code("hw::info()"), "not_available");
    assert_eq!(code("sensor::read(\"cpu_package\")"), "not_found");
    assert_eq!(code("sensor::list() + mem::map()"), "[]");
    let report = "let r = hw::report(); [r.machine, r.sensors, r.memory_map, r.screen, r.system.name]";
    assert_eq!(code(report), "[(), (), (), (), \"Rhaios\"]");
}

#[test]
fn a_report_has_every_part_and_nothing_private() {
    check(&[
        ("let r = hw::report();", ""),
        ("r.processor.microarchitecture", "\"coffee lake\""),
        ("r.machine.system.product", "\"81SY\""),
        ("r.machine.system.keys()", "[\"maker\", \"product\"]"),
        ("r.machine.memory_devices[0].keys()", "[\"size_bytes\", \"slot\"]"),
        ("r.memory_map.len() > 4", "true"),
        ("r.sensors[0].name", "\"cpu_package\""),
        ("r.screen.columns > 0 && r.boot.len() > 0", "true"),
        ("r.tasks.most >= 0 && r.tasks.ready + r.tasks.waiting > 0", "true"),
        ("r.log.len() > 0", "true"),
        ("json::parse(json::print(r)).system.name", "\"Rhaios\""),
        ("hw::report(#{serials: true}).machine.system.serial", "\"PF1ABCDE\""),
        (
            "hw::report(#{serials: true}).machine.memory_devices[0].serial",
            "\"12345678\"",
        ),
        ("hw::report(#{serials: false}).machine.system.keys().len()", "2"),
        ("hw::report(#{serials: 1})", "error bad_option"),
        ("hw::report(#{secret: true})", "error bad_option"),
    ]);
}

#[test]
fn the_memory_map_reads_well() {
    check(&[
        (
            "mem::map()",
            "   address       bytes  end_address  kind         used_for\n       \
             0x0   639.0 KiB      0x9fc00  ram          firmware\n   \
             0x9fc00   385.0 KiB     0x100000  reserved\n  \
             0x100000     1.0 MiB     0x200000  ram          tasks and kernel heap\n  \
             0x200000     8.0 MiB     0xa00000  ram          kernel\n  \
             0xa00000  1013.9 MiB   0x3ffe0000  ram          tasks and kernel heap\n\
             0x3ffe0000   128.0 KiB   0x40000000  acpi_tables\n\
             0xfee00000     4.0 KiB   0xfee01000  device       local apic",
        ),
        ("mem::map().all(|m| m.end_address - m.address == m.bytes)", "true"),
    ]);
}
