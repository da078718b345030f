//! A program's end of machine mode: what MicroPython's `pyboard.py` does, for tests on any wire.

use std::io::{Error, ErrorKind, Result};
use std::thread;
use std::time::{Duration, Instant};

use services::terminal::raw_repl::{BANNER, SOFT_REBOOT};

/// A line to a machine.
pub trait Wire {
    /// Sends all of `bytes`.
    ///
    /// # Errors
    ///
    /// Where the machine is gone.
    fn send(&mut self, bytes: &[u8]) -> Result<()>;

    /// What has come since the last call; may be nothing, and may take some milliseconds.
    ///
    /// # Errors
    ///
    /// Where the machine is gone.
    fn receive(&mut self) -> Result<Vec<u8>>;
}

/// What a script left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What it printed.
    pub output: String,
    /// Its error as JSON; empty where there was none.
    pub error: String,
}

/// A machine whose prompt is in our hands.
pub struct Board<W> {
    wire: W,
    came: Vec<u8>,
    limit: Duration,
}

impl<W: Wire> Board<W> {
    /// Interrupts what runs, and enters machine mode; nothing may take longer than `limit`.
    ///
    /// # Errors
    ///
    /// Where the machine does not answer as MicroPython does; so in all calls.
    pub fn enter(wire: W, limit: Duration) -> Result<Self> {
        let mut board = Self {
            wire,
            came: Vec::new(),
            limit,
        };
        board.send(b"\r\x03\x03")?;
        let quiet = Instant::now() + Duration::from_millis(300);
        while Instant::now() < quiet {
            board.wire.receive()?;
        }
        board.send(b"\r\x01")?;
        board.take_until(BANNER)?;
        Ok(board)
    }

    /// Begins a new session.
    ///
    /// # Errors
    ///
    /// See [`Board::enter`].
    pub fn reset(&mut self) -> Result<()> {
        self.send(b"\x04")?;
        self.expect(&[b"OK\r\n", SOFT_REBOOT, BANNER].concat())
    }

    /// Runs a script that is sent as it is.
    ///
    /// # Errors
    ///
    /// See [`Board::enter`].
    pub fn run(&mut self, script: &str) -> Result<Answer> {
        self.start(script)?;
        self.follow()
    }

    /// Starts a script and does not wait for its end.
    ///
    /// # Errors
    ///
    /// See [`Board::enter`].
    pub fn start(&mut self, script: &str) -> Result<()> {
        self.send(script.as_bytes())?;
        self.send(b"\x04")?;
        self.expect(b"OK")
    }

    /// Runs a script that is sent by windows.
    ///
    /// # Errors
    ///
    /// See [`Board::enter`].
    pub fn paste(&mut self, script: &[u8]) -> Result<Answer> {
        self.send(b"\x05A\x01")?;
        self.expect(b"R\x01")?;
        let size = self.take(2)?;
        let window = usize::from(size[0]) | usize::from(size[1]) << 8;
        let (mut open, mut rest) = (window, script);
        while !rest.is_empty() {
            while open == 0 || self.has_come()? {
                match self.take(1)?[0] {
                    1 => open += window,
                    4 => {
                        self.send(b"\x04")?;
                        return self.follow();
                    }
                    other => return Err(wrong(format!("{other:#x} in a paste"))),
                }
            }
            let (piece, after) = rest.split_at(open.min(rest.len()));
            self.send(piece)?;
            open -= piece.len();
            rest = after;
        }
        self.send(b"\x04")?;
        let end = self.take_until(b"\x04")?;
        match end.iter().find(|&&byte| byte != 1 && byte != 4) {
            Some(other) => Err(wrong(format!("{other:#x} at the end of a paste"))),
            None => self.follow(),
        }
    }

    /// Waits for the end of the script that runs.
    ///
    /// # Errors
    ///
    /// See [`Board::enter`].
    pub fn follow(&mut self) -> Result<Answer> {
        let mut part = || {
            let mut bytes = self.take_until(b"\x04")?;
            bytes.pop();
            String::from_utf8(bytes).map_err(|_| wrong("the answer is not UTF-8".into()))
        };
        let (output, error) = (part()?, part()?);
        self.expect(b">")?;
        Ok(Answer { output, error })
    }

    /// Gives the prompt back to people; what was shown up to it.
    ///
    /// # Errors
    ///
    /// See [`Board::enter`].
    pub fn leave(&mut self) -> Result<String> {
        self.send(b"\r\x02")?;
        let shown = self.take_until(services::terminal::PROMPT.as_bytes())?;
        Ok(String::from_utf8_lossy(&shown).into_owned())
    }

    /// Sends any bytes.
    ///
    /// # Errors
    ///
    /// Where the machine is gone.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.wire.send(bytes)
    }

    /// Takes the next bytes, which must be these.
    ///
    /// # Errors
    ///
    /// See [`Board::enter`].
    pub fn expect(&mut self, bytes: &[u8]) -> Result<()> {
        let came = self.take(bytes.len())?;
        if came == bytes {
            return Ok(());
        }
        let (came, bytes) = (came.escape_ascii(), bytes.escape_ascii());
        Err(wrong(format!("`{came}` instead of `{bytes}`")))
    }

    fn has_come(&mut self) -> Result<bool> {
        let fresh = self.wire.receive()?;
        self.came.extend(fresh);
        Ok(!self.came.is_empty())
    }

    fn take(&mut self, count: usize) -> Result<Vec<u8>> {
        self.take_when(|came| (came.len() >= count).then_some(count))
    }

    /// What comes up to `end`, and that too.
    fn take_until(&mut self, end: &[u8]) -> Result<Vec<u8>> {
        let position = |came: &[u8]| came.windows(end.len()).position(|window| window == end);
        self.take_when(|came| position(came).map(|at| at + end.len()))
    }

    fn take_when(&mut self, count: impl Fn(&[u8]) -> Option<usize>) -> Result<Vec<u8>> {
        let deadline = Instant::now() + self.limit;
        loop {
            if let Some(count) = count(&self.came) {
                return Ok(self.came.drain(..count).collect());
            }
            if Instant::now() > deadline {
                let came = self.came.escape_ascii();
                return Err(Error::new(ErrorKind::TimedOut, format!("only `{came}` came")));
            }
            if !self.has_come()? {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::InvalidData, message)
}
