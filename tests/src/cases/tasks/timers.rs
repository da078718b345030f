//! What is called at a time or on an event.

use std::time::Duration;

use crate::error::Error;
use crate::machine::PROMPT;
use crate::patience::{best_of_three, until};
use crate::runner::Context;

const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn times_and_events(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        best_of_three(machine, |machine| {
            machine.eval("let c = channel::open(100); let t = every(100, || c.send(time::uptime_ms()));")?;
            let listen =
                "let at = []; for i in 0..31 { at.push(c.receive()); } let skipped = timer::list()[0].skipped;";
            machine.eval_within(listen, LIMIT)?;
            // Thirty periods, and those that a busy host made it skip: what is late once does not make the next ones late.
            let span = machine.number("at[30] - at[0] - 100 * skipped")?;
            if !(2950..=3200).contains(&span) {
                machine.check("t.cancel()", "true")?;
                return Err(Error::Wrong(format!("30 periods of 100 ms took {span} ms")));
            }
            Ok(())
        })?;
        machine.check("task::info(t.id()).name", "\"every 100 ms\"")?;
        machine.check("t.cancel()", "true")?;
        machine.check("time::sleep_ms(50); timer::list()", "[]")?;
        // The machine's own event.
        machine.eval("let ends = channel::open(10); let o = on(\"task_ended\", |e| ends.send(e));")?;
        machine.eval("let id = task::start(|| throw #{code: \"mine\", message: \"of my own\"});")?;
        machine.check("let e = ends.receive(5000); [e.id == id, e.code]", "[true, \"mine\"]")?;
        machine.check("task::start(|| 5); ends.receive(5000).code == ()", "true")?;
        machine.check("o.cancel()", "true")?;
        // Timers end with the session.
        machine.eval("let lasting = every(50, || 1);")?;
        machine.check("timer::list().len()", "1")?;
        machine.send(b"\x04")?;
        machine.expect(&format!("\n{PROMPT}"), LIMIT)?;
        until(machine, LIMIT, |machine| machine.check("timer::list().len()", "0"))
    })
}

pub(super) fn above_the_line(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        machine.eval("let t = every(200, || print(\"tick\"));")?;
        // Typed slowly between the ticks, the line stays whole.
        for byte in b"let x = \"abcdefghijkl\"; x.len()" {
            machine.send(&[*byte])?;
            std::thread::sleep(Duration::from_millis(40));
        }
        // A tick, and the line is drawn again below it.
        machine.forget();
        machine.expect("tick", LIMIT)?;
        machine.expect("let x", LIMIT)?;
        machine.send(b"\r")?;
        machine.expect("\n12\r\n", LIMIT)?;
        machine.send(b"t.cancel();\r")?;
        machine.expect(&format!("\n{PROMPT}"), LIMIT)?;
        Ok(())
    })
}
