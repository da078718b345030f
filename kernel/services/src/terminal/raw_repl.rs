//! MicroPython's raw REPL, to the byte: how programs talk to the prompt.
//!
//! Source: MicroPython's reference manual, "The MicroPython Interactive Interpreter Mode", sections "Raw mode" and
//! "Raw-paste mode"; what they leave open is as `pyexec.c` does it and `pyboard.py` expects it.
//!
//! This is the part without I/O: bytes in, bytes out, now and then a [`Request`]. The device's answer to a request is
//! what the script prints, then [`answer`].
//!
//! | the host sends | the device answers |
//! |---|---|
//! | Ctrl-A | the banner and `>` |
//! | text, Ctrl-D | `OK`, output, 0x04, error, 0x04, `>` |
//! | Ctrl-D alone | `OK`, CR LF, then `soft reboot`, CR LF, the banner and `>`: the session begins anew |
//! | Ctrl-C | nothing; the text so far is forgotten |
//! | Ctrl-E `A` Ctrl-A | `R` 0x01, a window's size, 0x01; then 0x01 for each window of text read, 0x04 for its end, and the answer as above without `OK` |
//! | Ctrl-E, another byte, Ctrl-A | `R` 0x00, `>` |
//! | Ctrl-B | CR LF; the prompt for people is back |

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

/// What the device says when the mode is entered, and to each Ctrl-A.
pub const BANNER: &[u8] = b"raw REPL; CTRL-B to exit\r\n>";
/// What it says where the session was begun anew.
pub const SOFT_REBOOT: &[u8] = b"soft reboot\r\n";
/// Bytes of text that a request may have: as many as an input at the prompt.
const TEXT_LIMIT_BYTES: usize = super::INPUT_LIMIT_BYTES;
/// Bytes that the host may send before it waits for leave to send as many again; two windows are open at once.
const WINDOW_BYTES: u16 = 128;

const CONTROL_A: u8 = 0x01;
const CONTROL_B: u8 = 0x02;
const CONTROL_C: u8 = 0x03;
const CONTROL_D: u8 = 0x04;
const CONTROL_E: u8 = 0x05;

/// What the host wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Run this text; lines end with LF.
    Run(String),
    /// The text cannot be run; the host waits for an answer all the same.
    Refused(Refusal),
    /// Begin anew, with no variables.
    Reset,
    /// Go back to the prompt for people.
    Leave,
}

/// Why a text cannot be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is longer than a script may be.
    TooLarge,
    /// It is not UTF-8.
    NotText,
    /// Ctrl-C came before its end.
    Interrupted,
}

impl Refusal {
    /// The stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "source_too_large",
            Self::NotText => "not_utf8",
            Self::Interrupted => "cancelled",
        }
    }

    /// One sentence for people.
    pub fn message(self) -> &'static str {
        match self {
            Self::TooLarge => "a script may have 262144 bytes, this one has more",
            Self::NotText => "the script is not UTF-8 text",
            Self::Interrupted => "interrupted by Ctrl-C",
        }
    }
}

/// The bytes behind a script's output: its error, or nothing, between two ends of file, and the mark of readiness.
pub fn answer(error: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(error.len() + 3);
    bytes.push(CONTROL_D);
    bytes.extend_from_slice(error.as_bytes());
    bytes.extend_from_slice(&[CONTROL_D, b'>']);
    bytes
}

/// Collects the text of one request after the other.
#[derive(Debug, Default)]
pub struct RawRepl {
    text: Vec<u8>,
    state: State,
    /// The text was too long, or no memory was left for it: what came is forgotten.
    is_too_large: bool,
    /// A CR became LF: the LF of the same line end is to be left out.
    is_after_return: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Raw,
    /// Raw paste; bytes left of the window.
    Paste { window_left: u16 },
    /// Raw paste that was ended from here: all is ignored until the host has agreed.
    Ended,
}

impl RawRepl {
    /// Takes the next byte from the host; what is to be sent there goes to `out`.
    pub fn feed(&mut self, byte: u8, out: &mut Vec<u8>) -> Option<Request> {
        match self.state {
            State::Raw => self.feed_raw(byte, out),
            State::Paste { window_left } => self.feed_paste(byte, window_left, out),
            State::Ended if matches!(byte, CONTROL_C | CONTROL_D) => Some(self.finish()),
            State::Ended => None,
        }
    }

    fn feed_raw(&mut self, byte: u8, out: &mut Vec<u8>) -> Option<Request> {
        match byte {
            CONTROL_A => {
                match self.text.as_slice() {
                    [CONTROL_E, b'A'] => {
                        self.forget();
                        let [low, high] = WINDOW_BYTES.to_le_bytes();
                        out.extend_from_slice(&[b'R', 1, low, high, 1]);
                        self.state = State::Paste {
                            window_left: WINDOW_BYTES,
                        };
                        return None;
                    }
                    [CONTROL_E, _] => out.extend_from_slice(b"R\x00>"),
                    _ => out.extend_from_slice(BANNER),
                }
                self.forget();
                None
            }
            CONTROL_B => {
                self.forget();
                out.extend_from_slice(b"\r\n");
                Some(Request::Leave)
            }
            CONTROL_C => {
                self.forget();
                None
            }
            CONTROL_D => {
                out.extend_from_slice(b"OK");
                if self.text.is_empty() && !self.is_too_large {
                    out.extend_from_slice(b"\r\n");
                    return Some(Request::Reset);
                }
                Some(self.finish())
            }
            _ => {
                self.push(byte);
                None
            }
        }
    }

    fn feed_paste(&mut self, byte: u8, window_left: u16, out: &mut Vec<u8>) -> Option<Request> {
        match byte {
            CONTROL_C => {
                out.push(CONTROL_D);
                self.forget();
                Some(Request::Refused(Refusal::Interrupted))
            }
            CONTROL_D => {
                out.push(CONTROL_D);
                Some(self.finish())
            }
            _ => {
                self.push(byte);
                if self.is_too_large {
                    out.push(CONTROL_D);
                    self.state = State::Ended;
                    return None;
                }
                let window_left = match window_left {
                    1 => {
                        out.push(CONTROL_A);
                        WINDOW_BYTES
                    }
                    more => more - 1,
                };
                self.state = State::Paste { window_left };
                None
            }
        }
    }

    fn push(&mut self, byte: u8) {
        let is_second_half = mem::replace(&mut self.is_after_return, byte == b'\r') && byte == b'\n';
        if is_second_half || self.is_too_large {
            return;
        }
        if self.text.len() >= TEXT_LIMIT_BYTES || self.text.try_reserve(1).is_err() {
            self.is_too_large = true;
            self.text = Vec::new();
            return;
        }
        self.text.push(if byte == b'\r' { b'\n' } else { byte });
    }

    fn finish(&mut self) -> Request {
        let is_too_large = self.is_too_large;
        let text = mem::take(&mut self.text);
        self.forget();
        if is_too_large {
            return Request::Refused(Refusal::TooLarge);
        }
        String::from_utf8(text).map_or(Request::Refused(Refusal::NotText), Request::Run)
    }

    fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
#[path = "raw_repl_tests.rs"]
mod tests;
