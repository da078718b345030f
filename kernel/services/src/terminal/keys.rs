//! Bytes from a terminal to keys: control characters, UTF-8, and the escape sequences of ECMA-48 and of xterm.
//!
//! Sequences that mean nothing to us are swallowed whole, so that an unknown function key types nothing.

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character to insert.
    Character(char),
    /// A control character other than the ones below: `Control('a')` is Ctrl-A, `Control('_')` Ctrl-/ as well.
    Control(char),
    /// Return.
    Enter,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Cursor keys.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// Start of the line.
    Home,
    /// End of the line.
    End,
    /// Ctrl-Left or Alt-B.
    WordLeft,
    /// Ctrl-Right or Alt-F.
    WordRight,
    /// Alt-D.
    DeleteWord,
    /// Alt-Backspace.
    BackspaceWord,
    /// Alt-Enter.
    NewLine,
    /// Alt with another character of ASCII.
    Alt(char),
    /// A cursor key with Shift, which extends a selection.
    Select(Motion),
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Ctrl-Home.
    TextStart,
    /// Ctrl-End.
    TextEnd,
    /// Shift-Tab.
    BackTab,
    /// Ctrl-Space, which many terminals send for a mark.
    Mark,
    /// Escape alone; only [`Decoder::give_up`] finds it.
    Escape,
    /// A function key, from 1.
    Function(u8),
    /// A function key with Shift.
    ShiftFunction(u8),
    /// The terminal begins to send what was pasted into it.
    PasteStart,
    /// What was pasted has come to its end.
    PasteEnd,
    /// The terminal's answer to the question where its cursor is; from 1.
    CursorAt {
        /// Row.
        row: u16,
        /// Column.
        column: u16,
    },
}

/// Where a cursor key leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// One character to the left.
    Left,
    /// One character to the right.
    Right,
    /// To the line's start.
    Home,
    /// To the line's end.
    End,
    /// To the start of a word.
    WordLeft,
    /// To the end of a word.
    WordRight,
    /// One screen up.
    PageUp,
    /// One screen down.
    PageDown,
    /// To the start of the text.
    TextStart,
    /// To the end of the text.
    TextEnd,
}

impl Key {
    /// Where a cursor key without Shift leads.
    pub fn motion(self) -> Option<Motion> {
        Some(match self {
            Self::Up => Motion::Up,
            Self::Down => Motion::Down,
            Self::Left => Motion::Left,
            Self::Right => Motion::Right,
            Self::Home => Motion::Home,
            Self::End => Motion::End,
            Self::WordLeft => Motion::WordLeft,
            Self::WordRight => Motion::WordRight,
            Self::PageUp => Motion::PageUp,
            Self::PageDown => Motion::PageDown,
            Self::TextStart => Motion::TextStart,
            Self::TextEnd => Motion::TextEnd,
            _ => return None,
        })
    }

    /// The key as a program sees it that has no selection: Shift makes no difference.
    pub fn without_shift(self) -> Self {
        match self {
            Self::Select(motion) => match motion {
                Motion::Up => Self::Up,
                Motion::Down => Self::Down,
                Motion::Left => Self::Left,
                Motion::Right => Self::Right,
                Motion::Home => Self::Home,
                Motion::End => Self::End,
                Motion::WordLeft => Self::WordLeft,
                Motion::WordRight => Self::WordRight,
                Motion::PageUp => Self::PageUp,
                Motion::PageDown => Self::PageDown,
                Motion::TextStart => Self::TextStart,
                Motion::TextEnd => Self::TextEnd,
            },
            other => other,
        }
    }
}

/// Turns bytes into keys, one byte at a time.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    /// The last byte was CR: an LF right after it belongs to the same key.
    after_return: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    /// Inside a UTF-8 character: the bits so far, the bytes missing, and the least value that this length may encode.
    Utf8 { bits: u32, missing: u8, least: u32 },
    /// After ESC.
    Escape,
    /// After ESC `[`: the parameters so far.
    Sequence { parameters: [u16; 2], count: usize },
    /// After ESC `O`.
    SingleShift,
}

impl Decoder {
    /// Takes the next byte; the key that it completes, if any.
    pub fn feed(&mut self, byte: u8) -> Option<Key> {
        let after_return = core::mem::replace(&mut self.after_return, false);
        match core::mem::take(&mut self.state) {
            State::Ground if byte == b'\n' && after_return => None,
            State::Ground => self.ground(byte),
            State::Utf8 { bits, missing, least } => self.continue_character(byte, bits, missing, least),
            State::Escape => self.after_escape(byte),
            State::Sequence { parameters, count } => self.in_sequence(byte, parameters, count),
            State::SingleShift => final_byte(byte, 0, 0),
        }
    }

    /// The last byte was ESC: a sequence has begun, or somebody has pressed the Escape key.
    pub fn is_in_doubt(&self) -> bool {
        matches!(self.state, State::Escape)
    }

    /// Nothing came after ESC for so long that it was the key.
    pub fn give_up(&mut self) -> Option<Key> {
        if !self.is_in_doubt() {
            return None;
        }
        self.state = State::Ground;
        Some(Key::Escape)
    }

    fn ground(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b'\r' => {
                self.after_return = true;
                Some(Key::Enter)
            }
            b'\n' => Some(Key::Enter),
            b'\t' => Some(Key::Tab),
            0x08 | 0x7f => Some(Key::Backspace),
            0x1b => {
                self.state = State::Escape;
                None
            }
            0x01..=0x1a => Some(Key::Control(char::from(byte - 1 + b'a'))),
            0x00 => Some(Key::Mark),
            0x1f => Some(Key::Control('_')),
            0x1c..=0x1e => None,
            0x20..=0x7e => Some(Key::Character(char::from(byte))),
            0xc2..=0xdf => self.start_character(byte & 0x1f, 1, 0x80),
            0xe0..=0xef => self.start_character(byte & 0x0f, 2, 0x800),
            0xf0..=0xf4 => self.start_character(byte & 0x07, 3, 0x1_0000),
            0x80..=0xc1 | 0xf5..=0xff => Some(Key::Character(char::REPLACEMENT_CHARACTER)),
        }
    }

    fn start_character(&mut self, bits: u8, missing: u8, least: u32) -> Option<Key> {
        self.state = State::Utf8 {
            bits: u32::from(bits),
            missing,
            least,
        };
        None
    }

    fn continue_character(&mut self, byte: u8, bits: u32, missing: u8, least: u32) -> Option<Key> {
        if byte & 0xc0 != 0x80 {
            // A broken character: drop it, the byte starts something new.
            return self.ground(byte);
        }
        let bits = bits << 6 | u32::from(byte & 0x3f);
        if missing > 1 {
            self.state = State::Utf8 {
                bits,
                missing: missing - 1,
                least,
            };
            return None;
        }
        let character = char::from_u32(bits).filter(|_| bits >= least);
        match character {
            // C1 controls would steer the terminal when echoed.
            Some('\u{80}'..='\u{9f}') => None,
            Some(character) => Some(Key::Character(character)),
            None => Some(Key::Character(char::REPLACEMENT_CHARACTER)),
        }
    }

    fn after_escape(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b'[' => {
                self.state = State::Sequence {
                    parameters: [0; 2],
                    count: 0,
                };
                None
            }
            b'O' => {
                self.state = State::SingleShift;
                None
            }
            0x1b => {
                self.state = State::Escape;
                None
            }
            b'b' => Some(Key::WordLeft),
            b'f' => Some(Key::WordRight),
            b'd' => Some(Key::DeleteWord),
            b'<' => Some(Key::TextStart),
            b'>' => Some(Key::TextEnd),
            b' '..=b'~' => Some(Key::Alt(char::from(byte))),
            0x08 | 0x7f => Some(Key::BackspaceWord),
            b'\r' => {
                self.after_return = true;
                Some(Key::NewLine)
            }
            b'\n' => Some(Key::NewLine),
            // A control character is itself even after a stray ESC: Ctrl-C must always work.
            0x00..=0x1f => self.ground(byte),
            _ => None,
        }
    }

    fn in_sequence(&mut self, byte: u8, mut parameters: [u16; 2], mut count: usize) -> Option<Key> {
        match byte {
            b'0'..=b'9' => {
                if let Some(parameter) = parameters.get_mut(count) {
                    *parameter = parameter.saturating_mul(10).saturating_add(u16::from(byte - b'0'));
                }
            }
            b';' => count += 1,
            0x40..=0x7e => return final_byte(byte, parameters[0], parameters[1]),
            0x00..=0x1f => return self.ground(byte),
            // Other parameter and intermediate bytes: the sequence is not one of ours, but must be read to its end.
            _ => {}
        }
        self.state = State::Sequence { parameters, count };
        None
    }
}

/// The key of a sequence: its last byte, the key number and the modifiers (xterm: 1 + shift 1, alt 2, control 4).
fn final_byte(byte: u8, number: u16, modifiers: u16) -> Option<Key> {
    // Some terminals leave the first parameter of `ESC [ 1 ; 5 D` out.
    let held = match modifiers {
        0 if matches!(byte, b'A'..=b'H') && number > 1 => number - 1,
        _ => modifiers.saturating_sub(1),
    };
    let (has_shift, has_control) = (held & 1 != 0, held & 4 != 0);
    let by_word = has_control || held & 2 != 0;
    let key = match (byte, number) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', _) if by_word => Key::WordRight,
        (b'C', _) => Key::Right,
        (b'D', _) if by_word => Key::WordLeft,
        (b'D', _) => Key::Left,
        (b'H', _) | (b'~', 1 | 7) if has_control => Key::TextStart,
        (b'F', _) | (b'~', 4 | 8) if has_control => Key::TextEnd,
        (b'H', _) | (b'~', 1 | 7) => Key::Home,
        (b'F', _) | (b'~', 4 | 8) => Key::End,
        (b'~', 3) => Key::Delete,
        (b'~', 5) => Key::PageUp,
        (b'~', 6) => Key::PageDown,
        (b'~', 200) => Key::PasteStart,
        (b'~', 201) => Key::PasteEnd,
        (b'M', _) => Key::Enter,
        (b'Z', _) => Key::BackTab,
        // An answer always has a row and a column; so has Shift-F3, and whoever has not asked takes it for that.
        (b'R', 1..) if modifiers > 0 => {
            return Some(Key::CursorAt {
                row: number,
                column: modifiers,
            });
        }
        _ => return function_key(byte, number, has_shift),
    };
    match key.motion() {
        Some(motion) if has_shift => Some(Key::Select(motion)),
        _ => Some(key),
    }
}

fn function_key(byte: u8, number: u16, has_shift: bool) -> Option<Key> {
    let index = match (byte, number) {
        (b'P'..=b'S', _) => byte - b'P' + 1,
        (b'~', 11..=15) => number as u8 - 10,
        (b'~', 17..=21) => number as u8 - 11,
        (b'~', 23..=24) => number as u8 - 12,
        _ => return None,
    };
    Some(if has_shift {
        Key::ShiftFunction(index)
    } else {
        Key::Function(index)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut decoder = Decoder::default();
        bytes.iter().filter_map(|&byte| decoder.feed(byte)).collect()
    }

    #[test]
    fn decodes_text_and_control_characters() {
        assert_eq!(keys(b"a\x01\r"), [Key::Character('a'), Key::Control('a'), Key::Enter]);
        assert_eq!(
            keys("é漢🦀".as_bytes()),
            [Key::Character('é'), Key::Character('漢'), Key::Character('🦀')]
        );
    }

    #[test]
    fn takes_return_and_line_feed_as_one_key() {
        assert_eq!(keys(b"\r\n\n\r\r"), [Key::Enter; 4]);
    }

    #[test]
    fn decodes_cursor_keys_in_both_forms() {
        assert_eq!(
            keys(b"\x1b[A\x1bOB\x1b[3~\x1bOH\x1b[4~"),
            [Key::Up, Key::Down, Key::Delete, Key::Home, Key::End]
        );
        assert_eq!(
            keys(b"\x1b[1;5C\x1b[1;3D\x1bb\x1b[5D"),
            [Key::WordRight, Key::WordLeft, Key::WordLeft, Key::WordLeft]
        );
    }

    #[test]
    fn swallows_unknown_sequences_whole() {
        assert_eq!(
            keys(b"\x1b[299~x\x1b[?25;1hy\x1bOzz\x1b\xffw\x1b[99999999~"),
            [
                Key::Character('x'),
                Key::Character('y'),
                Key::Character('z'),
                Key::Character('w'),
            ]
        );
    }

    #[test]
    fn decodes_alt_with_other_keys() {
        assert_eq!(
            keys(b"\x1b\r\n\x1by\x1b<\x1b>\x1b\x7f\x1bd\x1f"),
            [
                Key::NewLine,
                Key::Alt('y'),
                Key::TextStart,
                Key::TextEnd,
                Key::BackspaceWord,
                Key::DeleteWord,
                Key::Control('_'),
            ]
        );
    }

    #[test]
    fn decodes_what_full_screen_programs_need() {
        assert_eq!(
            keys(b"\x1b[1;2A\x1b[1;6D\x1b[5~\x1b[6;2~\x1b[1;5H\x1b[1;6F\x1b[Z\0"),
            [
                Key::Select(Motion::Up),
                Key::Select(Motion::WordLeft),
                Key::PageUp,
                Key::Select(Motion::PageDown),
                Key::TextStart,
                Key::Select(Motion::TextEnd),
                Key::BackTab,
                Key::Mark,
            ]
        );
        assert_eq!(
            keys(b"\x1bOP\x1bOR\x1b[15~\x1b[24~\x1b[15;2~\x1b[24;80R\x1b[200~x\x1b[201~"),
            [
                Key::Function(1),
                Key::Function(3),
                Key::Function(5),
                Key::Function(12),
                Key::ShiftFunction(5),
                Key::CursorAt { row: 24, column: 80 },
                Key::PasteStart,
                Key::Character('x'),
                Key::PasteEnd,
            ]
        );
        assert_eq!(Key::Select(Motion::WordLeft).without_shift(), Key::WordLeft);
    }

    #[test]
    fn finds_the_escape_key_when_nothing_follows() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.feed(0x1b), None);
        assert!(decoder.is_in_doubt());
        assert_eq!(decoder.give_up(), Some(Key::Escape));
        assert_eq!(decoder.feed(b'['), Some(Key::Character('[')));
        decoder.feed(0x1b);
        decoder.feed(b'[');
        assert_eq!((decoder.is_in_doubt(), decoder.give_up()), (false, None));
        assert_eq!(decoder.feed(b'A'), Some(Key::Up));
    }

    #[test]
    fn lets_control_c_through_any_unfinished_sequence() {
        for start in [&b"\x1b"[..], b"\x1b[", b"\x1b[1;", b"\xe6\xbc"] {
            let mut bytes = start.to_vec();
            bytes.push(3);
            assert_eq!(keys(&bytes), [Key::Control('c')], "{start:?}");
        }
    }

    #[test]
    fn replaces_what_is_not_utf8() {
        assert_eq!(
            keys(b"\xff\xc0a"),
            [
                Key::Character('\u{fffd}'),
                Key::Character('\u{fffd}'),
                Key::Character('a')
            ]
        );
        // An overlong slash and half of a surrogate pair.
        assert_eq!(keys(b"\xe0\x80\xaf"), [Key::Character('\u{fffd}')]);
        assert_eq!(keys(b"\xed\xa0\x80"), [Key::Character('\u{fffd}')]);
        assert_eq!(keys(b"\xc2\x9bA"), [Key::Character('A')]);
    }
}
