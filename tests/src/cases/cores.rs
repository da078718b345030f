//! All cores work: they start on every kind of machine, take tasks, wake each other, and stop together.

use std::time::{Duration, Instant};

use crate::cases::containment::{AVAILABLE, all_but};
use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Firmware, Machine};
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "cores_run_a_thousand_tasks_for_a_minute",
        company: Company::Alone,
        run: thousand,
    },
    Test {
        name: "cores_all_work_under_bios",
        company: Company::Shared,
        run: bios,
    },
    Test {
        name: "cores_all_work_under_uefi",
        company: Company::Shared,
        run: uefi,
    },
    Test {
        name: "cores_work_without_the_emulators_acpi",
        company: Company::Shared,
        run: without_acpi,
    },
    Test {
        name: "cores_wake_each_other",
        company: Company::Shared,
        run: wake,
    },
    Test {
        name: "cores_keep_no_memory_of_tasks",
        company: Company::Shared,
        run: memory,
    },
    Test {
        name: "cores_survive_scripts_that_die",
        company: Company::Shared,
        run: deaths,
    },
    Test {
        name: "cores_all_stop_at_a_panic",
        company: Company::Shared,
        run: panic,
    },
];

const LIMIT: Duration = Duration::from_secs(180);

/// One machine.
#[derive(Clone, Copy, Debug)]
struct Row {
    firmware: Firmware,
    /// With the emulator's options for it.
    board: &'static str,
    cpu: &'static str,
    cores: u32,
    /// How the cores lie in packages, as the emulator's `-smp` has it.
    topology: &'static str,
}

#[rustfmt::skip]
const MATRIX: &[Row] = &[
    row(Firmware::Bios, "pc",          "qemu64", 1,  ""),
    row(Firmware::Bios, "q35",         "max",    2,  "sockets=2"),
    row(Firmware::Bios, "q35,hpet=off", "max",   4,  "cores=4"),
    row(Firmware::Bios, "pc",          "max",    8,  "sockets=2,cores=2,threads=2"),
    row(Firmware::Bios, "q35",         "qemu64", 12, "sockets=2,cores=3,threads=2"),
    row(Firmware::Bios, "pc,hpet=off", "qemu64", 12, "sockets=12"),
    row(Firmware::Uefi, "q35",         "qemu64", 1,  ""),
    row(Firmware::Uefi, "pc",          "max",    4,  "sockets=2,threads=2"),
    row(Firmware::Uefi, "q35,hpet=off", "max",   8,  "cores=8"),
    row(Firmware::Uefi, "q35",         "max",    12, "cores=6,threads=2"),
];

const fn row(firmware: Firmware, board: &'static str, cpu: &'static str, cores: u32, topology: &'static str) -> Row {
    Row {
        firmware,
        board,
        cpu,
        cores,
        topology,
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
        let more = match row.topology {
            "" => Vec::new(),
            topology => vec!["-smp".into(), topology.into()],
        };
        let config = Config {
            board: row.board,
            firmware,
            cpu: row.cpu,
            processors: row.cores,
            more,
            ..Config::default()
        };
        let all_work = |machine: &mut Machine| {
            machine.boot()?;
            wait_for_cores(machine, row.cores)?;
            work(machine, row.cores)
        };
        let iso = context.images.with_command_line("")?;
        context
            .with_machine(&config, &iso, all_work)
            .map_err(|error| Error::Wrong(format!("{row:?}: {error}")))?;
    }
    Ok(())
}

/// Waits until `cores` cores run tasks.
fn wait_for_cores(machine: &mut Machine, cores: u32) -> Result<(), Error> {
    let started = Instant::now();
    loop {
        let online = machine.number("cpu::list().filter(|c| c.online).len()")?;
        if online == i64::from(cores) {
            return machine.check("cpu::info().cores_online", &cores.to_string());
        }
        ensure!(
            online < i64::from(cores) && started.elapsed() < LIMIT,
            "{online} of {cores} cores are online after {:?}",
            started.elapsed()
        );
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// Each core counts operations and timer interrupts: by tasks of its own, and by those that the machine spreads.
fn work(machine: &mut Machine, cores: u32) -> Result<(), Error> {
    let body =
        "|| { let s = 0; for k in 0..20000 { s += k } time::sleep_ms(20); [s, task::info(task::current()).core] }";
    let own = format!(
        "let ids = []; for n in 0..{cores} {{ ids.push(task::start({body}, #{{core: n}})); }} \
         let cores = []; for id in ids {{ let r = task::wait(id); if r[0] == 199990000 {{ cores.push(r[1]); }} }} cores"
    );
    let expected: Vec<String> = (0..cores).map(|core| core.to_string()).collect();
    let seen = machine.eval_within(&own, LIMIT)?;
    ensure!(seen == format!("[{}]", expected.join(", ")), "tasks ran on {seen}");
    let unused = "cpu::list().filter(|c| c.operations < 20000 || c.timer_interrupts == 0)";
    machine.check(&format!("{unused}.len()"), "0")?;
    let spread = format!(
        "let ids = []; for n in 0..3 * {cores} {{ ids.push(task::start({body})); }} \
         let used = #{{}}; for id in ids {{ used[\"core \" + task::wait(id)[1]] = true; }} used.len()"
    );
    // Those that end early leave their core to the next, so that not all need be used.
    let used: i64 = machine
        .eval_within(&spread, LIMIT)?
        .parse()
        .map_err(|_| Error::Wrong("no number".into()))?;
    ensure!(
        used >= i64::from(cores).min(2),
        "tasks without a core of their own used {used} of {cores}"
    );
    let refused = machine.eval(&format!("task::start(|| 1, #{{core: {cores}}})"))?;
    ensure!(refused.contains("error[no_such_core]"), "{refused}");
    Ok(())
}

fn without_acpi(context: &Context) -> Result<(), Error> {
    // On the newer board the BIOS makes tables of its own where the emulator brings none.
    for (board, firmware, cores) in [
        ("q35,acpi=off", Firmware::Bios, 4),
        ("pc,acpi=off", Firmware::Bios, 1),
        ("q35,acpi=off", Firmware::Uefi, 1),
    ] {
        let config = Config {
            board,
            firmware,
            processors: 4,
            ..Config::default()
        };
        let iso = context.images.with_command_line("")?;
        context.with_machine(&config, &iso, |machine| {
            let said = machine.boot()?;
            let is_told = said.contains("only the boot processor is used");
            ensure!(is_told == (cores == 1), "{board}, {firmware:?}: {said}");
            wait_for_cores(machine, cores)?;
            machine.check("cpu::list().len()", &cores.to_string())?;
            work(machine, cores)
        })?;
    }
    Ok(())
}

fn with_cores(
    context: &Context,
    cores: u32,
    words: &str,
    drive: impl FnOnce(&mut Machine) -> Result<(), Error>,
) -> Result<(), Error> {
    let config = Config {
        processors: cores,
        ..Config::default()
    };
    let iso = context.images.with_command_line(words)?;
    context.with_machine(&config, &iso, |machine| {
        machine.boot()?;
        wait_for_cores(machine, cores)?;
        drive(machine)
    })
}

const TASKS: i64 = 1000;
const TICK_MS: i64 = 500;
const TICKS: i64 = 120;

/// Twelve cores, a thousand tasks, a minute. Each task counts its ticks, so a lost wake-up would leave one waiting for
/// ever; and at each tick no core's clock may be behind what another one has seen.
fn thousand(context: &Context) -> Result<(), Error> {
    with_cores(context, 12, "", |machine| {
        machine.eval("let last = cell::open(0); let back = counter::open(0); let ids = [];")?;
        let look = "last.update(|l| { let now = time::uptime_us(); if now < l { back.add(1); l } else { now } })";
        let body =
            format!("|| {{ let own = 0; for k in 0..{TICKS} {{ time::sleep_ms({TICK_MS}); {look}; own += 1; }} own }}");
        machine.eval_within(
            &format!("for i in 0..{TASKS} {{ ids.push(task::start({body})); }}"),
            LIMIT,
        )?;
        let used = machine.number("cpu::list().filter(|c| c.tasks > 20).len()")?;
        // The one that starts them is busy with that.
        ensure!(used >= 11, "{used} cores have tasks");
        let sum = machine.eval_within(
            "let sum = 0; for id in ids { sum += task::wait(id); } [sum, back.get()]",
            4 * LIMIT,
        )?;
        ensure!(sum == format!("[{}, 0]", TASKS * TICKS), "ticks and steps back: {sum}");
        let idle = machine.number("cpu::list().filter(|c| c.operations == 0 || c.timer_interrupts == 0).len()")?;
        ensure!(idle == 0, "{idle} cores did nothing");
        Ok(())
    })
}

/// Messages go back and forth between tasks that are all on different cores and sleep most of the time.
fn wake(context: &Context) -> Result<(), Error> {
    with_cores(context, 4, "", |machine| {
        let pairs = "let ids = []; for p in 0..6 { let there = channel::open(1); let back = channel::open(1); \
            ids.push(task::start(|| { let s = 0; for k in 0..300 { there.send(k); s += back.receive(); } s }, #{core: p % 4})); \
            ids.push(task::start(|| { let s = 0; for k in 0..300 { let v = there.receive(); s += v; back.send(v * 2); } s }, \
                #{core: (p + 1) % 4})); } \
            let sums = []; for id in ids { sums.push(task::wait(id)); } \
            [sums.len(), sums.filter(|sum| sum == 89700).len(), sums.filter(|sum| sum == 44850).len()]";
        let sums = machine.eval_within(pairs, LIMIT)?;
        ensure!(sums == "[12, 6, 6]", "{sums}");
        // Ended from another core while it computes, and while it waits.
        let kills = "let n = 0; for k in 0..100 { let c = 1 + k % 3; \
            let id = task::start(|| { if k % 2 == 0 { loop { } } else { time::sleep_ms(1000000) } }, #{core: c}); \
            time::sleep_ms(1); task::kill(id); try { task::wait(id) } catch (e) { if e.code == \"killed\" { n += 1 } } } n";
        let killed = machine.eval_within(kills, LIMIT)?;
        ensure!(killed == "100", "{killed} of 100 tasks were killed");
        Ok(())
    })
}

/// What may be missing after thousands of tasks.
const DRIFT_LIMIT_BYTES: i64 = 1 << 20;

fn memory(context: &Context) -> Result<(), Error> {
    with_cores(context, 4, "", |machine| {
        let groups = |count: u32| {
            format!(
                "let sum = 0; for g in 0..{count} {{ let ids = []; \
                 for i in 0..100 {{ ids.push(task::start(|| {{ let a = blob(50000, 3); a.len() + i }})); }} \
                 for id in ids {{ sum += task::wait(id); }} }} sum"
            )
        };
        machine.eval_within(&groups(4), LIMIT)?;
        let before = machine.number(AVAILABLE)?;
        let sum = machine.eval_within(&groups(30), LIMIT)?;
        ensure!(sum == "150148500", "{sum}");
        all_but(machine, before, DRIFT_LIMIT_BYTES)?;
        machine.check("task::list().filter(|t| t.name != \"prompt\").len()", "0")
    })
}

/// Tasks die in every way on all cores at once, beside one that computes and must not notice.
fn deaths(context: &Context) -> Result<(), Error> {
    with_cores(context, 4, "debug=on", |machine| {
        machine.eval("fn deep(n) { deep(n + 1) }")?;
        let script = "let ways = [ \
                || deep(0), || { let a = []; loop { a.push(blob(100000)); } }, || debug::panic(), || debug::raise(\"ud\"), \
                || { throw \"x\" }, || { let a = []; for i in 0..200000 { a = [a]; } a = (); 1 }]; \
            let sane = task::start(|| { let s = 0; for r in 0..40 { for k in 0..20000 { s += k } } s }); \
            let ended = 0; for round in 0..2 { let ids = []; \
                for w in ways { for c in 0..4 { ids.push(task::start(w, #{core: c})); } } \
                for id in ids { try { task::wait(id); ended += 1 } catch (e) { ended += 1 } } } \
            [ended, task::wait(sane)]";
        let seen = machine.eval_within(script, 2 * LIMIT)?;
        ensure!(seen == "[48, 7999600000]", "{seen}");
        machine.check("cpu::list().filter(|c| c.online).len()", "4")?;
        work(machine, 4)
    })
}

fn panic(context: &Context) -> Result<(), Error> {
    with_cores(context, 4, "debug=on panic=1", |machine| {
        machine.eval("for c in 1..3 { task::start(|| { loop { } }, #{core: c}); }")?;
        machine.eval("time::sleep_ms(100)")?;
        machine.expect_panic();
        machine.expect_reset();
        machine.send(b"debug::panic_machine()\r")?;
        machine.expect("KERNEL PANIC: ", LIMIT)?;
        let report = machine.expect("rebooting in 1 s", LIMIT)?;
        for expected in ["core 1 was at", "core 2 was at", "core 3 was idle"] {
            ensure!(report.contains(expected), "{expected:?} is not in\n{report}");
        }
        // The next start has all cores again.
        machine.boot()?;
        wait_for_cores(machine, 4)
    })
}
