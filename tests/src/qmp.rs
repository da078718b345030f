//! The emulator's monitor, spoken over a Unix socket: one JSON object per line (QEMU's "QMP" specification).
//!
//! Only what the tests need is understood: whether a line is an event, an answer or a refusal, and text answers.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;

const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// A connection to the monitor.
pub struct Monitor {
    stream: UnixStream,
    answers: Receiver<String>,
    events: Receiver<String>,
}

impl Monitor {
    /// Connects to the socket at `path` as soon as the emulator has made it.
    ///
    /// # Errors
    ///
    /// Where there is no emulator behind it within a minute.
    pub fn connect(path: &Path) -> Result<Self, Error> {
        let deadline = Instant::now() + Duration::from_secs(60);
        let stream = loop {
            match UnixStream::connect(path) {
                Ok(stream) => break stream,
                Err(error) if Instant::now() > deadline => return Err(error.into()),
                Err(_) => thread::sleep(Duration::from_millis(2)),
            }
        };
        let reader = BufReader::new(stream.try_clone()?);
        let (answer_sender, answers) = channel();
        let (event_sender, events) = channel();
        thread::spawn(move || sort_lines(reader, &answer_sender, &event_sender));
        let mut monitor = Self {
            stream,
            answers,
            events,
        };
        monitor.command(r#"{"execute": "qmp_capabilities"}"#)?;
        Ok(monitor)
    }

    /// Sends a command and returns the line of its answer.
    ///
    /// # Errors
    ///
    /// Where the emulator refuses it or is gone.
    pub fn command(&mut self, json: &str) -> Result<String, Error> {
        writeln!(self.stream, "{json}")?;
        let answer = self
            .answers
            .recv_timeout(ANSWER_LIMIT)
            .map_err(|_| Error::Monitor(format!("nothing to {json}")))?;
        if answer.contains("\"error\":") {
            Err(Error::Monitor(answer))
        } else {
            Ok(answer)
        }
    }

    /// Sends a command of the monitor for people and returns what it prints.
    ///
    /// # Errors
    ///
    /// Where the emulator refuses it or is gone.
    pub fn human(&mut self, line: &str) -> Result<String, Error> {
        let answer = self.command(&format!(
            r#"{{"execute": "human-monitor-command", "arguments": {{"command-line": "{line}"}}}}"#
        ))?;
        let text = answer.split_once("\"return\": \"").map_or("", |(_, text)| text);
        let text = text.rsplit_once('"').map_or("", |(text, _)| text);
        Ok(text.replace("\\r", "").replace("\\n", "\n"))
    }

    /// The events since the last call, as JSON lines.
    pub fn events(&mut self) -> Vec<String> {
        self.events.try_iter().collect()
    }
}

fn sort_lines(reader: impl BufRead, answers: &Sender<String>, events: &Sender<String>) {
    for line in reader.lines().map_while(Result::ok) {
        let receiver = match &line {
            line if line.contains("\"QMP\":") => continue, // the greeting
            line if line.contains("\"event\":") => events,
            _ => answers,
        };
        if receiver.send(line).is_err() {
            return;
        }
    }
}
