//! Whatever is typed at the prompt, it answers afterwards.

use std::time::Duration;

use crate::calls;
use crate::ensure;
use crate::error::Error;
use crate::machine::{Machine, PROMPT};
use crate::patience;
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "typed_bad_text_leaves_the_prompt_right",
        company: Company::Shared,
        run: bad_text,
    },
    Test {
        name: "typed_megabyte_of_random_bytes_leaves_the_prompt_right",
        company: Company::Shared,
        run: random_bytes,
    },
];

const LIMIT: Duration = Duration::from_secs(60);
const RANDOM_BYTES: usize = 1 << 20;
/// The line is slow; more than this at once would only wait in the emulator.
const PIECE_BYTES: usize = 16 * 1024;
/// Ctrl-A, Ctrl-B, Ctrl-D and Ctrl-E: what means the session's end or another mode is not typed by chance.
const COMMANDS: [u8; 4] = [0x01, 0x02, 0x04, 0x05];

fn bad_text(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        let long = "x".repeat(20_000);
        let pieces: [&[u8]; 16] = [
            b"\xff\xfe\xc0\x80",
            b"\xe2\x82",
            b"\xf4\x90\x80\x80\xed\xa0\x80",
            b"\xf0\x9f\x98\x80 \xcc\x81\xcc\x81 \xe6\xbc\xa2",
            b"\x00\x00\x00",
            b"1\x00+\x001",
            b"\x1b",
            b"\x1b[",
            b"\x1b[999999999999999999;5~",
            b"\x1b[?1049h\x1b[2J\x1bP1;2|never ended",
            b"\x1b]0;title",
            b"\x1b[200~a paste that never ends",
            b"\x1b[201~\x1b[201~",
            b"\x9b\x90\x9d",
            b"\x7f\x7f\x08\x08\x15\x0b\x19\x19\x17",
            long.as_bytes(),
        ];
        for piece in pieces {
            machine.send(piece)?;
            answers(machine, piece)?;
            machine.send(piece)?;
            machine.send(b"\r")?;
            answers(machine, piece)?;
        }
        Ok(())
    })
}

fn random_bytes(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        let mut random = calls::numbers(u64::from(context.rounds.unwrap_or(1)));
        let mut sent = 0;
        while sent < RANDOM_BYTES {
            let bytes = (0..PIECE_BYTES).map(|_| random.below(256) as u8);
            let piece: Vec<u8> = bytes.filter(|byte| !COMMANDS.contains(byte)).collect();
            machine.send(&piece)?;
            sent += PIECE_BYTES;
            answers(machine, &piece[..32])?;
        }
        Ok(())
    })
}

/// Leaves whatever `typed` has begun, and asks for a sum.
fn answers(machine: &mut Machine, typed: &[u8]) -> Result<(), Error> {
    // The end of a paste, and of a control string; Ctrl-C twice leaves a search and then the line.
    machine.send(b"\x1b[201~\x1b\\\x03\x03")?;
    // The end of a line that a Ctrl-Z has sent to the background may be told of beside the sum.
    patience::until(machine, LIMIT, |machine| {
        machine
            .settle(LIMIT)
            .map_err(|error| Error::Wrong(format!("after {:?}: {error}", String::from_utf8_lossy(typed))))?;
        let sum = machine.eval("1 + 1")?;
        ensure!(sum == "2", "after {typed:?} at {PROMPT:?}: {sum:?}");
        Ok(())
    })
}
