//! One emulated PC with our image in it, driven through its serial line as a person would.
//!
//! Whoever waits for text is also told of what must not happen: a panic's text, a reset, the machine going off.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use services::terminal::view::ASK_SIZE;
use xtask::qemu;

use crate::error::Error;
use crate::qmp::Monitor;
use crate::text;

/// The prompt.
pub const PROMPT: &str = "rhai> ";
/// Texts that only a panic writes.
const PANIC_TEXTS: [&str; 2] = ["KERNEL PANIC", "panicked at"];
/// All limits allow for a busy host: they are there for what hangs.
const BOOT_LIMIT: Duration = Duration::from_secs(180);
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
const SLICE: Duration = Duration::from_millis(20);

/// What the machine starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// SeaBIOS.
    Bios,
    /// OVMF.
    Uefi,
}

/// How the image is plugged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// As a disc.
    Disc,
    /// As a USB stick.
    Stick,
    /// As the board's own kind of disk: IDE or AHCI.
    Disk,
}

/// How the machine is built.
#[derive(Clone, Debug)]
pub struct Config {
    /// `pc` or `q35`.
    pub board: &'static str,
    /// BIOS or UEFI.
    pub firmware: Firmware,
    /// Model of the processor.
    pub cpu: &'static str,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Logical processors.
    pub processors: u32,
    /// How the image is plugged in.
    pub medium: Medium,
    /// The display adapter by the emulator's name for it, or `none`.
    pub vga: &'static str,
    /// It has a serial port.
    pub has_serial: bool,
    /// It has a PS/2 controller with a keyboard.
    pub has_keyboard: bool,
    /// More arguments.
    pub more: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            board: "q35",
            firmware: Firmware::Bios,
            cpu: "max",
            memory_mib: 256,
            processors: 1,
            medium: Medium::Disc,
            vga: "std",
            has_serial: true,
            has_keyboard: true,
            more: Vec::new(),
        }
    }
}

/// A running machine. It ends when this value is dropped.
pub struct Machine {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<Vec<u8>>,
    said: Receiver<String>,
    monitor: Monitor,
    folder: PathBuf,
    /// Every byte that the serial line has said.
    heard: Vec<u8>,
    /// The same without the question for the terminal's size, which may stand in the midst of an echo.
    transcript: Vec<u8>,
    /// The end of what was heard, which may be the start of that question.
    undecided: Vec<u8>,
    /// How much of the transcript has been looked at.
    seen: usize,
    /// No text of a panic begins before this place of the transcript.
    calm: usize,
    started: Instant,
    is_panic_expected: bool,
    are_resets_expected: bool,
    resets: u32,
    shutdowns: u32,
}

impl Machine {
    /// Starts a machine with the image `iso`; its files go into `folder`, which is made and is its own.
    ///
    /// # Errors
    ///
    /// Where the emulator cannot be started.
    pub fn start(config: &Config, iso: &std::path::Path, folder: PathBuf) -> Result<Self, Error> {
        std::fs::create_dir_all(&folder)?;
        let socket = folder.join("qmp");
        let _ = std::fs::remove_file(&socket);
        let mut emulator = Command::new(qemu::PROGRAM);
        let keyboard = if config.has_keyboard { "" } else { ",i8042=off" };
        let counts = config.more.iter().any(|word| word == "-icount");
        emulator.args([
            "-machine",
            &format!("{}{keyboard}", config.board),
            "-cpu",
            config.cpu,
            "-accel",
            // Instructions can be counted in one thread only.
            if counts { "tcg,thread=single" } else { qemu::SOFTWARE },
            "-nodefaults",
        ]);
        emulator.args([
            "-m",
            &config.memory_mib.to_string(),
            "-smp",
            &config.processors.to_string(),
        ]);
        // Without a serial line there is no such port either, because of `-nodefaults`.
        emulator.args(["-vga", config.vga, "-display", "none"]);
        if config.has_serial {
            emulator.args(["-serial", "stdio"]);
        }
        emulator
            .arg("-qmp")
            .arg(format!("unix:{},server=on,wait=off", socket.display()));
        match config.medium {
            Medium::Disc => emulator.arg("-cdrom").arg(iso),
            // Written to a file that is thrown away: such disks cannot be read-only.
            Medium::Disk => emulator
                .arg("-drive")
                .arg(format!("format=raw,snapshot=on,file={}", iso.display())),
            Medium::Stick => emulator
                .args(["-device", "qemu-xhci", "-device", "usb-storage,drive=stick", "-drive"])
                .arg(format!(
                    "if=none,id=stick,format=raw,readonly=on,file={}",
                    iso.display()
                )),
        };
        if config.firmware == Firmware::Uefi {
            emulator.args(qemu::uefi(&folder.join("variables"))?);
        }
        emulator
            .args(&config.more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = emulator.spawn()?;
        let output = child
            .stdout
            .take()
            .map(forward)
            .ok_or_else(|| Error::System("no output pipe".into()))?;
        let said = child
            .stderr
            .take()
            .map(forward)
            .ok_or_else(|| Error::System("no error pipe".into()))?;
        let (text_sender, text_receiver) = channel();
        thread::spawn(move || {
            said.iter()
                .for_each(|chunk| drop(text_sender.send(String::from_utf8_lossy(&chunk).into_owned())));
        });
        let input = child.stdin.take();
        let monitor = match Monitor::connect(&socket) {
            Ok(monitor) => monitor,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                let said: String = text_receiver.try_iter().collect();
                return Err(Error::Exited(format!("{error}; {said}")));
            }
        };
        Ok(Self {
            child,
            input,
            output,
            said: text_receiver,
            monitor,
            folder,
            heard: Vec::new(),
            transcript: Vec::new(),
            undecided: Vec::new(),
            seen: 0,
            calm: 0,
            started,
            is_panic_expected: false,
            are_resets_expected: false,
            resets: 0,
            shutdowns: 0,
        })
    }

    /// From now on a panic's text is wanted.
    pub fn expect_panic(&mut self) {
        self.is_panic_expected = true;
    }

    /// From now on resets and the machine's end are wanted.
    pub fn expect_reset(&mut self) {
        self.are_resets_expected = true;
    }

    /// How often the guest has reset the machine.
    pub fn resets(&self) -> u32 {
        self.resets
    }

    /// The emulator's monitor.
    pub fn monitor(&mut self) -> &mut Monitor {
        &mut self.monitor
    }

    /// A folder for files of this machine.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// The emulator's process.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// When the emulator was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Everything the serial line has said.
    pub fn transcript(&self) -> String {
        text::plain(&self.transcript)
    }

    /// The same, byte for byte.
    pub fn raw_transcript(&self) -> &[u8] {
        &self.heard
    }

    /// Types `bytes`.
    ///
    /// # Errors
    ///
    /// Where the emulator is gone.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let input = self
            .input
            .as_mut()
            .ok_or_else(|| Error::System("no input pipe".into()))?;
        input.write_all(bytes)?;
        Ok(input.flush()?)
    }

    /// Waits until the serial line says `awaited`; returns what came before it since the last call.
    ///
    /// # Errors
    ///
    /// Where it does not come within `limit`, or something happens that must not.
    pub fn expect(&mut self, awaited: &str, limit: Duration) -> Result<String, Error> {
        let deadline = Instant::now() + limit;
        // A long text comes in many pieces: what has been searched is not searched again.
        let mut searched = self.seen;
        loop {
            if let Some(distance) = find(&self.transcript[searched..], awaited.as_bytes()) {
                let start = searched + distance;
                let before = text::plain(&self.transcript[self.seen..start]);
                self.seen = start + awaited.len();
                return Ok(before);
            }
            searched = self.transcript.len().saturating_sub(awaited.len()).max(self.seen);
            // Once more after the end: what came while this process did not run is there.
            let is_over = Instant::now() >= deadline;
            self.listen(if is_over { Duration::ZERO } else { SLICE })?;
            if is_over && find(&self.transcript[searched..], awaited.as_bytes()).is_none() {
                return Err(Error::TimedOut {
                    awaited: awaited.into(),
                    limit,
                });
            }
        }
    }

    /// Waits for the prompt of a machine that has just been started.
    ///
    /// # Errors
    ///
    /// As [`Machine::expect`].
    pub fn boot(&mut self) -> Result<String, Error> {
        self.expect(&format!("\n{PROMPT}"), BOOT_LIMIT)
    }

    /// Types a line and waits for the next prompt; returns what was printed between, without the echo.
    ///
    /// # Errors
    ///
    /// As [`Machine::expect`].
    pub fn eval_within(&mut self, line: &str, limit: Duration) -> Result<String, Error> {
        self.send(line.as_bytes())?;
        self.send(b"\r")?;
        let output = self.expect(&format!("\n{PROMPT}"), limit)?;
        // The first line is the echo of what we have typed.
        Ok(output
            .split_once('\n')
            .map_or("", |(_, rest)| rest)
            .trim_end()
            .to_string())
    }

    /// Waits until the prompt answers a sum, however many prompts come before that; returns what else was printed.
    ///
    /// # Errors
    ///
    /// As [`Machine::expect`].
    pub fn settle(&mut self, limit: Duration) -> Result<String, Error> {
        self.send(b"6543210 + 1\r")?;
        let output = self.expect("\n6543211\r\n", limit)?;
        self.expect(PROMPT, limit)?;
        Ok(output)
    }

    /// [`Machine::eval_within`] a minute.
    ///
    /// # Errors
    ///
    /// As [`Machine::expect`].
    pub fn eval(&mut self, line: &str) -> Result<String, Error> {
        self.eval_within(line, ANSWER_LIMIT)
    }

    /// The whole number that `line` evaluates to.
    ///
    /// # Errors
    ///
    /// As [`Machine::expect`], and where it is no number.
    pub fn number(&mut self, line: &str) -> Result<i64, Error> {
        let text = self.eval(line)?;
        text.trim()
            .parse()
            .map_err(|_| Error::Wrong(format!("`{line}` gave {text:?}, no number")))
    }

    /// Fails unless `line` prints exactly `expected`.
    ///
    /// # Errors
    ///
    /// As [`Machine::expect`].
    pub fn check(&mut self, line: &str, expected: &str) -> Result<(), Error> {
        let text = self.eval(line)?;
        if text == expected {
            Ok(())
        } else {
            Err(Error::Wrong(format!("`{line}` gave {text:?}, not {expected:?}")))
        }
    }

    /// Waits until the emulator has ended because the guest turned the machine off.
    ///
    /// # Errors
    ///
    /// Where it does not end within `limit`.
    pub fn wait_for_end(&mut self, limit: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return if status.success() {
                    Ok(())
                } else {
                    Err(Error::Exited(self.last_words()))
                };
            }
            thread::sleep(SLICE);
        }
        Err(Error::TimedOut {
            awaited: "the machine going off".into(),
            limit,
        })
    }

    /// Takes in what the machine says for at most `limit`, or until it says something.
    ///
    /// # Errors
    ///
    /// Where something happens that must not.
    pub fn listen(&mut self, limit: Duration) -> Result<(), Error> {
        match self.output.recv_timeout(limit) {
            Ok(chunk) => {
                self.take_in(&chunk);
                // All at once: a long text comes in thousands of chunks.
                while let Ok(chunk) = self.output.try_recv() {
                    self.take_in(&chunk);
                }
                self.look_for_panic()?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Error::Exited(self.last_words())),
        }
        self.look_for_events()
    }

    fn take_in(&mut self, chunk: &[u8]) {
        self.heard.extend(chunk);
        self.undecided.extend(chunk);
        while let Some(start) = find(&self.undecided, ASK_SIZE) {
            self.transcript.extend(self.undecided.drain(..start));
            self.undecided.drain(..ASK_SIZE.len());
        }
        let longest = ASK_SIZE.len().min(self.undecided.len() + 1);
        let may_begin = |length: &usize| self.undecided.ends_with(&ASK_SIZE[..*length]);
        let kept = (1..longest).rev().find(may_begin).unwrap_or(0);
        let decided = self.undecided.len() - kept;
        self.transcript.extend(self.undecided.drain(..decided));
    }

    /// Forgets what was said and not waited for.
    pub fn forget(&mut self) {
        self.seen = self.transcript.len();
    }

    fn look_for_panic(&mut self) -> Result<(), Error> {
        if self.is_panic_expected {
            return Ok(());
        }
        let from = self.calm.max(self.seen);
        let unseen = &self.transcript[from..];
        let Some(start) = PANIC_TEXTS.iter().find_map(|panic| find(unseen, panic.as_bytes())) else {
            let longest = PANIC_TEXTS.iter().map(|panic| panic.len()).max().unwrap_or(0);
            self.calm = self.transcript.len().saturating_sub(longest);
            return Ok(());
        };
        self.calm = from + start;
        // Only once its line is complete, so that the line can be shown.
        if unseen[start..].contains(&b'\n') {
            let line = text::plain(&unseen[start..]);
            return Err(Error::Panicked(line.lines().next().unwrap_or_default().into()));
        }
        Ok(())
    }

    fn look_for_events(&mut self) -> Result<(), Error> {
        for event in self.monitor.events() {
            let is_reset = event.contains("\"RESET\"") && event.contains("\"guest\": true");
            let is_end = event.contains("\"SHUTDOWN\"") || event.contains("\"GUEST_PANICKED\"");
            self.resets += u32::from(is_reset);
            self.shutdowns += u32::from(is_end);
            if (is_reset || is_end) && !self.are_resets_expected {
                return Err(Error::Event(event));
            }
        }
        Ok(())
    }

    fn last_words(&mut self) -> String {
        thread::sleep(SLICE);
        self.said.try_iter().collect()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads `pipe` on a thread of its own.
fn forward(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 16384];
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Where `needle`, which is not empty, starts in `bytes`.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}
