//! A person's terminal on the machine's console: it draws what is sent.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::num::NonZeroU16;
use std::thread;
use std::time::{Duration, Instant};

use services::terminal::view::View;
use vt100::Parser;

use super::{FakeMachineWithConsole, standard_machine};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(20);

/// A terminal with a session on it, at its prompt.
pub(crate) struct Sight {
    pub(crate) machine: FakeMachineWithConsole,
    pub(crate) parser: Parser,
}

impl Sight {
    /// A terminal of which the machine knows nothing.
    pub(crate) fn unknown(columns: u16, rows: u16) -> Self {
        let machine = standard_machine();
        machine.start_session();
        let size = |cells| NonZeroU16::new(cells).expect("not zero");
        let mut parser = Parser::new(size(rows), size(columns), 0);
        parser.process(b"rhai> ");
        Self { machine, parser }
    }

    /// A terminal of which the machine knows its size, and that it shows escape sequences.
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        let sight = Self::unknown(columns, rows);
        sight.machine.terminal.set_view(View {
            columns: columns.into(),
            rows: rows.into(),
            shows_escapes: true,
        });
        sight
    }

    pub(crate) fn type_bytes(&self, bytes: &str) {
        self.machine.console.type_text(bytes);
    }

    /// The rows, without blanks at their ends.
    pub(crate) fn lines(&self) -> Vec<String> {
        let columns = self.parser.screen().size().1.get();
        let rows = self.parser.screen().rows(0, columns);
        rows.map(|row| row.trim_end().to_string()).collect()
    }

    pub(crate) fn wait(&mut self, is_there: impl Fn(&[String]) -> bool) -> Vec<String> {
        let limit = Instant::now() + LIMIT;
        loop {
            self.parser.process(&self.machine.console.take_shown());
            let lines = self.lines();
            if is_there(&lines) {
                return lines;
            }
            assert!(Instant::now() < limit, "{}", lines.join("\n"));
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn type_and_wait(&mut self, text: &str, is_there: impl Fn(&[String]) -> bool) -> Vec<String> {
        self.type_bytes(text);
        self.wait(is_there)
    }

    /// Waits until the last line that is not blank is `line`.
    pub(crate) fn wait_for_last(&mut self, line: &str) -> Vec<String> {
        self.wait(|lines| {
            let last = lines.iter().rev().find(|line| !line.is_empty());
            last.is_some_and(|last| last == line)
        })
    }

    /// Evaluates a line at the prompt, below which it shows `expected`.
    pub(crate) fn check(&mut self, line: &str, expected: &str) {
        self.type_and_wait(&format!("{line}\r"), |lines| {
            let prompt = lines.iter().rposition(|line| line == "rhai>");
            prompt.is_some_and(|prompt| prompt > 0 && lines[prompt - 1] == expected)
        });
    }
}
