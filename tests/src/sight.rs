//! A person's terminal on the machine's serial line: it shows what is sent, and says where its cursor is when asked.

use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use vt100::{Parser, Screen};

use crate::error::Error;
use crate::machine::Machine;

/// Columns and rows of the terminal.
pub const SIZE: (u16, u16) = (80, 24);
/// How a terminal is asked where its cursor is, and its answer from the last row and column.
const QUESTION: &[u8] = b"\x1b[6n";
const ANSWER: &[u8] = b"\x1b[24;80R";
const LIMIT: Duration = Duration::from_secs(20);

/// A terminal on the machine's serial line.
pub struct Sight<'a> {
    /// The machine.
    pub machine: &'a mut Machine,
    parser: Parser,
    /// Bytes of the transcript that the terminal has shown.
    shown: usize,
}

impl<'a> Sight<'a> {
    /// A terminal that has shown nothing of what the machine has said until now.
    pub fn new(machine: &'a mut Machine) -> Self {
        let size = |cells| NonZeroU16::new(cells).unwrap_or(NonZeroU16::MIN);
        Self {
            machine,
            parser: Parser::new(size(SIZE.1), size(SIZE.0), 0),
            shown: 0,
        }
    }

    /// The rows, without blanks at their ends.
    pub fn lines(&self) -> Vec<String> {
        let rows = self.parser.screen().rows(0, SIZE.0);
        rows.map(|row| row.trim_end().to_string()).collect()
    }

    /// Waits until `is_there` holds for the lines on the terminal, and returns them.
    ///
    /// # Errors
    ///
    /// [`Error::Wrong`] with the lines where the limit passes; whatever happens that must not.
    pub fn wait(&mut self, is_there: impl Fn(&[String]) -> bool) -> Result<Vec<String>, Error> {
        self.wait_for(|lines, _| is_there(lines))
    }

    /// Waits until the cursor, which is drawn last, is in this row and column, from 0.
    ///
    /// # Errors
    ///
    /// As [`Sight::wait`].
    pub fn wait_for_cursor(&mut self, row: u16, column: u16) -> Result<(), Error> {
        self.wait_for(|_, screen| screen.cursor_position() == (row, column))
            .map(drop)
    }

    /// Waits for lines, and for what else the terminal shows.
    ///
    /// # Errors
    ///
    /// As [`Sight::wait`].
    pub fn wait_for(&mut self, is_there: impl Fn(&[String], &Screen) -> bool) -> Result<Vec<String>, Error> {
        let started = Instant::now();
        loop {
            let fresh = self.machine.raw_transcript()[self.shown..].to_vec();
            // The question may come in two pieces.
            let known = self.shown.saturating_sub(QUESTION.len() - 1);
            let heard = &self.machine.raw_transcript()[known..];
            let asked = heard.windows(QUESTION.len()).any(|window| window == QUESTION);
            self.shown += fresh.len();
            self.parser.process(&fresh);
            if asked {
                self.machine.send(ANSWER)?;
            }
            let lines = self.lines();
            if is_there(&lines, self.parser.screen()) {
                return Ok(lines);
            }
            if started.elapsed() > LIMIT {
                return Err(Error::Wrong(format!("the terminal shows\n{}", lines.join("\n"))));
            }
            self.machine.listen(Duration::from_millis(20))?;
        }
    }

    /// Types bytes and waits.
    ///
    /// # Errors
    ///
    /// As [`Sight::wait`].
    pub fn type_and_wait(&mut self, bytes: &str, is_there: impl Fn(&[String]) -> bool) -> Result<Vec<String>, Error> {
        self.machine.send(bytes.as_bytes())?;
        self.wait(is_there)
    }

    /// Types as a person does, one character alone at first: the machine asks who is there, and hears of this terminal.
    ///
    /// # Errors
    ///
    /// As [`Sight::wait`].
    pub fn greet(&mut self) -> Result<(), Error> {
        self.wait(is_at_prompt)?;
        let is_typed = |lines: &[String]| {
            let last = lines.iter().rev().find(|line| !line.is_empty());
            last.is_some_and(|line| line == "rhai> 4")
        };
        self.type_and_wait("4", is_typed)?;
        // The answer is on its way; from then on the line is drawn with what people see.
        std::thread::sleep(Duration::from_millis(300));
        self.check("0 + 2", "42")
    }

    /// Evaluates a line at the prompt, below which it must show `expected`.
    ///
    /// # Errors
    ///
    /// As [`Sight::wait`].
    pub fn check(&mut self, line: &str, expected: &str) -> Result<(), Error> {
        self.type_and_wait(&format!("{line}\r"), |lines| {
            let prompt = lines.iter().rposition(|line| line == "rhai>");
            prompt.is_some_and(|prompt| prompt > 0 && lines[prompt - 1] == expected)
        })
        .map(|_| ())
    }
}

/// The last line that is not empty is an empty prompt.
pub fn is_at_prompt(lines: &[String]) -> bool {
    lines
        .iter()
        .rev()
        .find(|line| !line.is_empty())
        .is_some_and(|last| last == "rhai>")
}
