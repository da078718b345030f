//! Ctrl-C in every function that waits.

use std::time::{Duration, Instant};

use crate::ensure;
use crate::error::Error;
use crate::machine::{Machine, PROMPT};
use crate::patience::best_of_three;
use crate::runner::Context;
use crate::waiting;

const LIMIT: Duration = Duration::from_secs(20);
/// The promise is a tenth of this; the rest is the emulator's host.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);

/// Types `line`, and Ctrl-C while it runs; the prompt has to come back soon.
fn interrupt(machine: &mut Machine, line: &str) -> Result<(), Error> {
    let output = waiting::interrupt(machine, line)?;
    ensure!(
        output.said.contains("cancelled"),
        "`{line}` ended with {:?}",
        output.said
    );
    ensure!(output.took <= ANSWER_LIMIT, "`{line}` took {:?} to end", output.took);
    Ok(())
}

pub(super) fn walk(context: &Context) -> Result<(), Error> {
    context.at_prompt("debug=on", |machine| {
        let mut count = 0;
        for (path, line) in waiting::lines() {
            best_of_three(machine, |machine| {
                machine.eval("let kept = 42;")?;
                let ended = interrupt(machine, line);
                let is_kept = machine.check("kept", "42");
                // What a line has started ends here; the next one begins afresh.
                machine.send(b"\x04")?;
                machine.expect(&format!("\n{PROMPT}"), LIMIT)?;
                ended.and(is_kept)
            })
            .map_err(|error| Error::Wrong(format!("{path}: {error}")))?;
            count += 1;
        }
        ensure!(count > 15, "only {count} functions wait");
        Ok(())
    })
}

/// A function that does not hear Ctrl-C is found.
pub(super) fn oracle(context: &Context) -> Result<(), Error> {
    context.at_prompt("debug=on", |machine| {
        let started = Instant::now();
        let found = interrupt(machine, "debug::deaf(10000)");
        ensure!(found.is_err(), "nothing was found in {:?}", started.elapsed());
        machine.forget();
        let undeclared = machine.eval("debug::hidden_wait()")?;
        ensure!(undeclared.contains("error[undeclared_wait]"), "{undeclared}");
        machine.check("40 + 2", "42")
    })
}
