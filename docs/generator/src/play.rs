//! A session of the test machine, and what it shows for each input of a block.
//!
//! What the terminal sends is drawn by an emulator, so that colours and redrawing make no difference to what is compared.

use std::fmt;
use std::num::NonZeroU16;
use std::thread;
use std::time::{Duration, Instant};

use sim::fake::{self, FakeMachineWithConsole};
use vt100::Parser;

use crate::transcript::{Exchange, Expected};

const PROMPT: &str = "rhai> ";
/// The terminal: as wide as the machine takes it to be, and high enough that nothing scrolls away.
const SIZE_CELLS: (NonZeroU16, NonZeroU16) = (NonZeroU16::new(400).unwrap(), NonZeroU16::new(80).unwrap());
/// How long an input may take.
const LIMIT: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// A session that blocks are typed at.
pub struct Player {
    machine: FakeMachineWithConsole,
}

/// What is wrong with an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Something else was shown.
    Shown {
        /// The exchange's place.
        line: usize,
        /// What it should show.
        expected: Expected,
        /// What it showed.
        shown: String,
    },
    /// The prompt did not come back; this is on the screen.
    NoPrompt(usize, String),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shown { line, expected, shown } => {
                let expected = match expected {
                    Expected::NoError => "no error".into(),
                    Expected::Lines(lines) => lines.join("\n"),
                };
                write!(out, "line {line}: expected\n{expected}\nbut the prompt showed\n{shown}")
            }
            Self::NoPrompt(line, shown) => write!(out, "line {line}: no prompt came back after\n{shown}"),
        }
    }
}

impl std::error::Error for Mismatch {}

impl Player {
    /// A session on a machine of its own.
    pub fn new() -> Self {
        let machine = fake::standard_machine();
        machine.start_session();
        Self { machine }
    }

    /// Types an exchange's input and compares.
    ///
    /// # Errors
    ///
    /// [`Mismatch`].
    pub fn play(&self, exchange: &Exchange) -> Result<(), Mismatch> {
        let mut bytes = exchange.input.join("\r");
        if !exchange.input.is_empty() {
            bytes.push('\r');
        }
        bytes += &exchange.keys;
        let screen = self.answer(&bytes, exchange.line)?;
        let echo: Vec<String> = exchange
            .input
            .iter()
            .enumerate()
            .map(|(index, line)| format!("{}{line}", if index == 0 { PROMPT } else { "  ... " }))
            .collect();
        let mut rows: Vec<&str> = screen.lines().map(str::trim_end).collect();
        for line in &echo {
            if rows.first() == Some(&line.trim_end()) {
                rows.remove(0);
            }
        }
        if exchange.expected.accepts(&rows) {
            return Ok(());
        }
        Err(Mismatch::Shown {
            line: exchange.line,
            expected: exchange.expected.clone(),
            shown: rows.join("\n"),
        })
    }

    /// Sends `bytes`, and returns the screen's text between the prompt that was there and the next one.
    fn answer(&self, bytes: &str, line: usize) -> Result<String, Mismatch> {
        let (rows, columns) = SIZE_CELLS;
        let mut parser = Parser::new(rows, columns, 0);
        parser.process(PROMPT.as_bytes());
        self.machine.console.type_text(bytes);
        let deadline = Instant::now() + LIMIT;
        loop {
            parser.process(&self.machine.console.take_shown());
            let screen = parser.screen();
            let (row, column) = screen.cursor_position();
            let text = screen.contents();
            let is_at_prompt = row > 0 && usize::from(column) == PROMPT.len() && !screen.alternate_screen();
            if is_at_prompt && let Some(text) = text.trim_end().strip_suffix(PROMPT.trim_end()) {
                return Ok(text.trim_end_matches('\n').into());
            }
            if Instant::now() > deadline {
                return Err(Mismatch::NoPrompt(line, text));
            }
            thread::sleep(LOOK_EVERY);
        }
    }
}

impl Default for Player {
    fn default() -> Self {
        Self::new()
    }
}
