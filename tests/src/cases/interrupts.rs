//! Interrupts: who raises them, on which core, and how often.

use std::time::Duration;

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Machine};
use crate::patience::until;
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "irq_list_counts_every_source",
        company: Company::Shared,
        run: sources,
    },
    Test {
        name: "irq_messages_and_lines_reach_every_core",
        company: Company::Shared,
        run: every_core,
    },
    Test {
        name: "irq_a_line_that_nobody_answers_is_masked",
        company: Company::Shared,
        run: storm,
    },
];

const LIMIT: Duration = Duration::from_secs(20);
const CORES: u32 = 4;

/// The number of interrupts of one source on one core.
fn count(machine: &mut Machine, source: &str, core: u32) -> Result<i64, Error> {
    machine.number(&format!(
        "irq::list().filter(|i| i.source == \"{source}\" && i.core == {core}).map(|i| i.count).reduce(|a, b| a + b, 0)"
    ))
}

fn sources(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        let timer = count(machine, "timer", 0)?;
        let serial = count(machine, "com1", 0)?;
        let keyboard = count(machine, "keyboard", 0)?;
        ensure!(timer > 0 && serial > 0, "timer {timer}, com1 {serial}");
        machine.eval("time::sleep_ms(50)")?;
        machine.monitor().human("sendkey a")?;
        machine.monitor().human("sendkey b")?;
        // Two keys go down and up.
        until(machine, LIMIT, |machine| {
            let more = count(machine, "keyboard", 0)?;
            ensure!(more >= keyboard + 4, "the keyboard went from {keyboard} to {more}");
            Ok(())
        })?;
        let more = count(machine, "timer", 0)?;
        ensure!(more > timer, "the timer stays at {more}");
        let more = count(machine, "com1", 0)?;
        ensure!(more > serial, "com1 stays at {more}");
        let lines = "irq::list().filter(|i| i.delivery == \"line\" && i.core == 0).sort_by(\"line\").map(|i| i.source)";
        machine.check(lines, "[\"keyboard\", \"com1\", \"power button\"]")?;
        // No vector of a core has two sources.
        let pairs = "let l = irq::list(); let seen = #{}; for i in l { seen[`${i.core} ${i.vector}`] = (); } \
            [seen.len() == l.len(), l.all(|i| i.vector >= 32 && i.vector < 256)]";
        machine.check(pairs, "[true, true]")
    })
}

/// A machine with the emulator's device for teaching, whose driver has it interrupt.
fn with_device(
    context: &Context,
    board: &'static str,
    drive: impl FnOnce(&mut Machine) -> Result<(), Error>,
) -> Result<(), Error> {
    let iso = context.images.with_command_line("debug=on")?;
    let config = Config {
        board,
        processors: CORES,
        more: vec!["-device".into(), "edu".into()],
        ..Config::default()
    };
    context.with_machine(&config, &iso, |machine| {
        machine.boot()?;
        let is_there = "let n = 0; while irq::list().all(|i| !i.source.ends_with(\"edu\")) { time::sleep_ms(20); n += 1; \
            if n > 200 { throw \"no device\"; } } n >= 0";
        machine.check(is_there, "true")?;
        let are_there = format!(
            "n = 0; while cpu::list().filter(|c| c.online).len() < {CORES} {{ time::sleep_ms(20); n += 1; \
             if n > 500 {{ throw \"cores are missing\"; }} }} n >= 0"
        );
        machine.check(&are_there, "true")?;
        drive(machine)
    })
}

fn every_core(context: &Context) -> Result<(), Error> {
    for board in ["q35", "pc"] {
        with_device(context, board, |machine| {
            let device = "irq::list().filter(|i| i.source.ends_with(\"edu\")).map(|i| [i.core, i.delivery, i.count])";
            for core in 0..CORES {
                for (way, times) in [("message", 3), ("line", 2)] {
                    for _ in 0..times {
                        machine.check(&format!("debug::interrupt({core}, \"{way}\")"), "1")?;
                    }
                    machine.check(device, &format!("[[{core}, \"{way}\", 1]]"))?;
                }
                let handled = "pci::list().filter(|d| d.driver == \"edu\")\
                    .map(|d| pci::info(d.address).interrupt.handled.map(|i| i.core))";
                machine.check(handled, &format!("[[{core}]]"))?;
                let busy = format!("task::wait(task::start(|| time::sleep_ms(20), #{{core: {core}}}))");
                machine.eval(&busy)?;
                let timer = count(machine, "timer", core)?;
                ensure!(timer > 0, "core {core} has no timer interrupts");
            }
            // The wait itself ends by an interrupt of this core's timer.
            let rates = "irq::rates(50).filter(|i| i.source == \"timer\" && i.core == 0).map(|i| i.per_second > 1.0)";
            machine.check(rates, "[true]")?;
            let refused = machine.eval(&format!("debug::interrupt({CORES}, \"message\")"))?;
            ensure!(refused.contains("no core 4 is at work"), "{refused}");
            // Many vectors later, none is lost.
            let many =
                "for n in 0..400 { if debug::interrupt(n % 4, \"message\") != 1 { throw `lost ${n}`; } } \"all\"";
            machine.check(many, "\"all\"")
        })?;
    }
    Ok(())
}

fn storm(context: &Context) -> Result<(), Error> {
    with_device(context, "q35", |machine| {
        for core in [0, CORES - 1] {
            let came = machine.number(&format!("debug::interrupt({core}, \"nobody\")"))?;
            ensure!(came >= 1000, "{came} interrupts came");
            let said =
                machine.eval("time::sleep_ms(50); log::tail(50).filter(|l| l.text.contains(\"is masked\")).len()")?;
            ensure!(said != "0", "the log says nothing");
            // The line stays quiet, and is as good as new for a device that answers.
            let unclaimed =
                "irq::list().filter(|i| i.source == \"unclaimed\").map(|i| i.count).reduce(|a, b| a + b, 0)";
            let before = machine.number(unclaimed)?;
            let after = machine.number(&format!("time::sleep_ms(50); {unclaimed}"))?;
            ensure!(before == after && before >= 1000, "unclaimed: {before}, then {after}");
            machine.check(&format!("debug::interrupt({core}, \"line\")"), "1")?;
        }
        Ok(())
    })
}
