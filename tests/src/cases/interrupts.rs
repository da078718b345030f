//! Interrupts: who raises them, on which core, and how often.

use std::thread;
use std::time::Duration;

use crate::ensure;
use crate::error::Error;
use crate::machine::Machine;
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[Test {
    name: "irq_list_counts_every_source",
    company: Company::Shared,
    run: sources,
}];

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
        thread::sleep(Duration::from_millis(200));
        let more = count(machine, "timer", 0)?;
        ensure!(more > timer, "the timer stays at {more}");
        let more = count(machine, "com1", 0)?;
        ensure!(more > serial, "com1 stays at {more}");
        // Two keys go down and up.
        let more = count(machine, "keyboard", 0)?;
        ensure!(more >= keyboard + 4, "the keyboard went from {keyboard} to {more}");
        let lines = "irq::list().filter(|i| i.delivery == \"line\" && i.core == 0).map(|i| [i.source, i.line])";
        machine.check(lines, "[[\"com1\", 4], [\"keyboard\", 1]]")?;
        // No vector of a core has two sources.
        let pairs = "let l = irq::list(); let seen = #{}; for i in l { seen[`${i.core} ${i.vector}`] = (); } \
            [seen.len() == l.len(), l.all(|i| i.vector >= 32 && i.vector < 256)]";
        machine.check(pairs, "[true, true]")
    })
}
