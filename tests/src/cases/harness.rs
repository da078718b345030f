//! The watchers of the other tests see what they are there to see.

use std::time::Duration;

use crate::cases::containment;
use crate::ensure;
use crate::error::Error;
use crate::machine::PROMPT;
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "harness_sees_a_panic",
        company: Company::Shared,
        run: panic,
    },
    Test {
        name: "harness_sees_a_reset_and_an_end",
        company: Company::Shared,
        run: reset_and_end,
    },
    Test {
        name: "harness_sees_a_leak",
        company: Company::Shared,
        run: leak,
    },
];

const LIMIT: Duration = Duration::from_secs(20);

fn panic(context: &Context) -> Result<(), Error> {
    context.at_prompt("debug=on", |machine| {
        machine.send(b"debug::panic_machine()\r")?;
        match machine.expect(&format!("\n{PROMPT}"), LIMIT) {
            Err(Error::Panicked(_)) => Ok(()),
            other => Err(Error::Wrong(format!("a panic gave {other:?}"))),
        }
    })
}

fn reset_and_end(context: &Context) -> Result<(), Error> {
    for line in [b"power::reboot()\r".as_slice(), b"power::off()\r"] {
        context.at_prompt("", |machine| {
            machine.send(line)?;
            match machine.expect(&format!("\n{PROMPT}"), LIMIT) {
                Err(Error::Event(_) | Error::Exited(_)) => Ok(()),
                other => Err(Error::Wrong(format!("{} gave {other:?}", line.escape_ascii()))),
            }
        })?;
    }
    Ok(())
}

fn leak(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        let before = machine.number(containment::AVAILABLE)?;
        machine.eval("let kept = blob(2000000);")?;
        let lost = before - machine.number(containment::AVAILABLE)?;
        ensure!(
            lost > containment::DRIFT_LIMIT_BYTES,
            "two million bytes more are {lost}"
        );
        Ok(())
    })
}
