//! Channels, cells and counters between tasks.

use std::time::{Duration, Instant};

use super::containment::{AVAILABLE, DRIFT_LIMIT_BYTES};
use crate::ensure;
use crate::error::Error;
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "shared_values_cross_whole_and_in_order",
        company: Company::Shared,
        run: crossing,
    },
    Test {
        name: "shared_objects_end_with_their_task",
        company: Company::Shared,
        run: ends,
    },
];

const LIMIT: Duration = Duration::from_secs(60);

fn crossing(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        machine.eval("let c = channel::open(7); let done = channel::open(1);")?;
        machine.eval(
            "let sender = task::start(|| { for i in 0..2000 { c.send(#{i: i, b: blob(i % 50, 1)}); } c.close(); });",
        )?;
        let receiver = "let sum = 0; let last = -1; \
            try { loop { let v = c.receive(); if v.i != last + 1 || v.b.len() != v.i % 50 { throw `lost at ${v.i}`; } \
            last = v.i; sum += v.i; } } catch (e) { if e.code != \"closed\" { throw e; } } sum";
        let sum = machine.eval_within(receiver, LIMIT)?;
        ensure!(sum == "1999000", "the sum is {sum}");
        // Several tasks change one cell and one counter; nothing is lost.
        machine.eval("let cell = cell::open(#{n: 0}); let n = counter::open(0);")?;
        let change = "let add = || { for i in 0..200 { cell.update(|v| { v.n += 1; v }); n.add(1); } };";
        machine.eval(change)?;
        machine.eval("let tasks = []; for i in 0..4 { tasks.push(task::start(add)); }")?;
        let both = machine.eval_within("for t in tasks { task::wait(t) } [cell.get().n, n.get()]", LIMIT)?;
        ensure!(both == "[800, 800]", "{both}");
        // Ctrl-C ends a wait, and the channel is whole afterwards.
        let started = Instant::now();
        machine.send(b"done.receive()\r")?;
        std::thread::sleep(Duration::from_millis(300));
        machine.send(b"\x03")?;
        let ended = machine.expect("cancelled", LIMIT)?;
        ensure!(
            started.elapsed() < LIMIT,
            "Ctrl-C took {:?}: {ended}",
            started.elapsed()
        );
        machine.expect("\nrhai> ", LIMIT)?;
        machine.check("done.send(5); done.receive(100)", "5")
    })
}

fn ends(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        machine.eval("let back = channel::open(1);")?;
        let mut first = 0;
        for round in 0..20 {
            // A task dies with what it opened, while another waits for it, and while it changes a cell.
            machine.eval("let common = cell::open(1);")?;
            let owner = "let owner = task::start(|| { let mine = channel::open(100); for i in 0..100 { mine.send(blob(5000)); } \
                back.send(mine); common.update(|v| { loop {} v }); });";
            machine.eval(owner)?;
            machine.eval("let mine = back.receive();")?;
            machine.check("mine.receive().len()", "5000")?;
            machine.check("task::kill(owner)", "true")?;
            machine.eval("try { task::wait(owner) } catch { }")?;
            let refused = machine.eval("mine.send(1)")?;
            ensure!(refused.contains("error[closed]"), "round {round}: {refused}");
            machine.check("common.update(|v| v + 41)", "42")?;
            let available = machine.number(AVAILABLE)?;
            if round == 0 {
                first = available;
            }
            ensure!(
                first - available < DRIFT_LIMIT_BYTES,
                "round {round}: {} bytes fewer than after the first",
                first - available
            );
        }
        Ok(())
    })
}
