//! What a terminal sends for keys that are no characters: the sequences of xterm ("XTerm Control Sequences", "PC-Style
//! Function Keys"), which the line editor and the full-screen programs read.

use core::ops::Deref;

use pc_keyboard::KeyCode;

/// The bytes of one key.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Bytes {
    buffer: [u8; Self::CAPACITY],
    length: u8,
}

impl Bytes {
    /// The longest: `ESC [ 2 4 ; 8 ~`.
    const CAPACITY: usize = 8;

    /// Shift-Tab.
    pub(super) const BACK_TAB: Self = Self {
        buffer: [ESCAPE, b'[', b'Z', 0, 0, 0, 0, 0],
        length: 3,
    };

    fn push(&mut self, byte: u8) {
        if let Some(cell) = self.buffer.get_mut(usize::from(self.length)) {
            *cell = byte;
            self.length += 1;
        }
    }

    fn extend(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.push(*byte));
    }

    /// `prefix` and `character`, in UTF-8.
    pub(super) fn of_character(character: char, prefix: Prefix) -> Self {
        let mut bytes = Self::default();
        if prefix == Prefix::Escape {
            bytes.push(ESCAPE);
        }
        bytes.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
        bytes
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.buffer.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl core::fmt::Debug for Bytes {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "\"{}\"", self.escape_ascii())
    }
}

/// What goes before a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    /// Nothing.
    None,
    /// An escape: Alt is held.
    Escape,
}

/// Modifiers as xterm counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) shift: bool,
    pub(super) alt: bool,
    pub(super) control: bool,
}

impl Held {
    fn number(self) -> u8 {
        1 + u8::from(self.shift) + 2 * u8::from(self.alt) + 4 * u8::from(self.control)
    }
}

const ESCAPE: u8 = 0x1B;

/// How the sequence of a key ends.
enum Form {
    /// `ESC [ x`, and `ESC [ 1 ; modifiers x`.
    Letter(u8),
    /// `ESC O x`, and with modifiers as above.
    Function(u8),
    /// `ESC [ number ~`, and `ESC [ number ; modifiers ~`.
    Number(&'static [u8]),
}

/// The sequence of `key`, if it has one.
pub(super) fn sequence(key: KeyCode, held: Held) -> Option<Bytes> {
    let form = match key {
        KeyCode::ArrowUp => Form::Letter(b'A'),
        KeyCode::ArrowDown => Form::Letter(b'B'),
        KeyCode::ArrowRight => Form::Letter(b'C'),
        KeyCode::ArrowLeft => Form::Letter(b'D'),
        KeyCode::Numpad5 => Form::Letter(b'E'),
        KeyCode::End => Form::Letter(b'F'),
        KeyCode::Home => Form::Letter(b'H'),
        KeyCode::F1 => Form::Function(b'P'),
        KeyCode::F2 => Form::Function(b'Q'),
        KeyCode::F3 => Form::Function(b'R'),
        KeyCode::F4 => Form::Function(b'S'),
        KeyCode::Insert => Form::Number(b"2"),
        KeyCode::Delete => Form::Number(b"3"),
        KeyCode::PageUp => Form::Number(b"5"),
        KeyCode::PageDown => Form::Number(b"6"),
        KeyCode::F5 => Form::Number(b"15"),
        KeyCode::F6 => Form::Number(b"17"),
        KeyCode::F7 => Form::Number(b"18"),
        KeyCode::F8 => Form::Number(b"19"),
        KeyCode::F9 => Form::Number(b"20"),
        KeyCode::F10 => Form::Number(b"21"),
        KeyCode::F11 => Form::Number(b"23"),
        KeyCode::F12 => Form::Number(b"24"),
        _ => return None,
    };
    let is_plain = held == Held::default();
    let mut bytes = Bytes::default();
    bytes.push(ESCAPE);
    match form {
        Form::Function(last) if is_plain => bytes.extend(&[b'O', last]),
        Form::Letter(last) if is_plain => bytes.extend(&[b'[', last]),
        Form::Function(last) | Form::Letter(last) => bytes.extend(&[b'[', b'1', b';', b'0' + held.number(), last]),
        Form::Number(number) => {
            bytes.push(b'[');
            bytes.extend(number);
            if !is_plain {
                bytes.extend(&[b';', b'0' + held.number()]);
            }
            bytes.push(b'~');
        }
    }
    Some(bytes)
}
