//! Machine mode over the serial line: MicroPython's raw REPL, to the byte.

use std::io;
use std::thread;
use std::time::Duration;

use sim::board::{Answer, Board, Wire};

use crate::ensure;
use crate::error::Error;
use crate::machine::{Machine, PROMPT};
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[Test {
    name: "machine_mode_serves_programs",
    company: Company::Shared,
    run: serves,
}];

const LIMIT: Duration = Duration::from_secs(60);

struct Serial<'m> {
    machine: &'m mut Machine,
    /// How much of the transcript was handed over.
    position: usize,
}

impl Wire for Serial<'_> {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.machine.send(bytes).map_err(io::Error::other)
    }

    fn receive(&mut self) -> io::Result<Vec<u8>> {
        self.machine
            .listen(Duration::from_millis(1))
            .map_err(io::Error::other)?;
        let fresh = self.machine.raw_transcript()[self.position..].to_vec();
        self.position += fresh.len();
        Ok(fresh)
    }
}

fn code_is(answer: &Answer, code: &str) -> Result<(), Error> {
    ensure!(
        answer.error.starts_with(&format!("{{\"code\":\"{code}\"")),
        "no {code}: {answer:?}"
    );
    Ok(())
}

fn serves(context: &Context) -> Result<(), Error> {
    context.at_prompt("debug=on", |machine| {
        let position = machine.raw_transcript().len();
        let mut board = Board::enter(Serial { machine, position }, LIMIT)?;
        board.reset()?;
        board.send(b"let kept = 42; print(\"a\\nb\")\x04")?;
        board.expect(b"OKa\r\nb\r\n\x04\x04>")?;
        board.send(b"throw \"x\"\x04")?;
        board.expect(
            b"OK\x04{\"code\":\"script_error\",\"column\":1,\"line\":1,\"message\":\"x\",\"script\":\"\",\
              \"stack\":[{\"column\":1,\"function\":\"\",\"line\":1,\"script\":\"\"}]}\x04>",
        )?;
        board.send(b"\x05C\x01")?;
        board.expect(b"R\x00>")?;
        board.send(b"\x05A\x01print(kept)\x04")?;
        board.expect(b"R\x01\x80\x00\x01\x0442\r\n\x04\x04>")?;

        for endless in ["loop { }", "time::sleep_ms(1000000)", "loop { print(1) }"] {
            board.start(endless)?;
            thread::sleep(Duration::from_millis(300));
            board.send(b"\x03")?;
            code_is(&board.follow()?, "cancelled")?;
        }
        let mut script = String::from("let sum = 0;\n");
        while script.len() < 200_000 {
            script += "sum += 1; // and a remark that makes it long\n";
        }
        let count = script.matches("+=").count();
        script += "print(sum)";
        let answer = board.paste(script.as_bytes())?;
        ensure!(answer.output == format!("{count}\r\n"), "{answer:?}");
        code_is(&board.paste(b"'\xff'")?, "not_utf8")?;

        // What ends the task ends the session, and the next one answers for it.
        code_is(&board.run("print(debug::nest(100000))")?, "session_lost")?;
        let answer = board.run("let kept = 43; print(kept)")?;
        ensure!(answer.output == "43\r\n", "{answer:?}");
        let shown = board.leave()?;
        ensure!(
            shown.ends_with(&format!("help() tells what there is.\r\n{PROMPT}")),
            "{shown:?}"
        );
        machine.expect(&format!("help() tells what there is.\r\n{PROMPT}"), LIMIT)?;
        machine.check("kept", "43")
    })
}
