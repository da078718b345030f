//! The machine answers each transcript of `tests/transcripts` to the letter, as the prompt on a developer's terminal does.

use sim::transcript;
use xtask::{command, rom};

use crate::ensure;
use crate::error::Error;
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[Test {
    name: "transcripts_are_answered_as_on_the_host",
    company: Company::Shared,
    run: transcripts,
}];

fn transcripts(context: &Context) -> Result<(), Error> {
    let files = rom::collect(&command::root().join("tests/transcripts"))?;
    for (name, bytes) in files {
        let exchanges = transcript::parse(&String::from_utf8_lossy(&bytes));
        ensure!(exchanges.len() >= 20, "{name} has {} exchanges", exchanges.len());
        context.at_prompt("", |machine| {
            for exchange in exchanges {
                let answered = machine.eval(&exchange.typed.replace('\n', "\r"))?;
                // The lines that continue the input are shown as they are typed.
                let rows = exchange.typed.matches('\n').count();
                let answered = answered.split('\n').skip(rows).collect::<Vec<_>>().join("\n");
                let (typed, expected) = (&exchange.typed, &exchange.answered);
                ensure!(
                    answered == *expected,
                    "{name}: `{typed}` gave {answered:?}, not {expected:?}"
                );
            }
            Ok(())
        })?;
    }
    Ok(())
}
