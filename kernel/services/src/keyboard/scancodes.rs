//! Scancodes to keys. The `pc-keyboard` crate knows the sets; here a stream with holes in it is brought back into step,
//! for a keyboard that is plugged in or a full ring cuts sequences short.

use pc_keyboard::{KeyCode, KeyEvent, KeyState, ScancodeSet, ScancodeSet1, ScancodeSet2};

/// Which scancode set a keyboard sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// Set 1, or set 2 through the controller's translation.
    One,
    /// Set 2.
    Two,
}

/// What a scancode told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing, or nothing yet.
    Nothing,
    /// A key went down, or is held long enough to repeat.
    Down(KeyCode),
    /// A key went up.
    Up(KeyCode),
    /// The keyboard lost track of its keys, or began anew: none counts as held.
    Lost,
}

/// The first byte of most keys that the first PC did not have.
const EXTENDED: u8 = 0xE0;
/// The first byte of Pause.
const EXTENDED_TWICE: u8 = 0xE1;
/// In set 2, before the code of a key that goes up.
const RELEASE: u8 = 0xF0;

enum Decoder {
    One(ScancodeSet1),
    Two(ScancodeSet2),
}

/// Turns scancodes into keys, one byte at a time.
pub(super) struct Scancodes {
    set: Set,
    decoder: Decoder,
    last: u8,
}

impl Scancodes {
    pub(super) fn new(set: Set) -> Self {
        let decoder = match set {
            Set::One => Decoder::One(ScancodeSet1::new()),
            Set::Two => Decoder::Two(ScancodeSet2::new()),
        };
        Self { set, decoder, last: 0 }
    }

    pub(super) fn feed(&mut self, byte: u8) -> Told {
        let last = core::mem::replace(&mut self.last, byte);
        match byte {
            // Only ever the first byte of a sequence: what was before it is cut off.
            EXTENDED | EXTENDED_TWICE => {
                *self = Self {
                    last: byte,
                    ..Self::new(self.set)
                }
            }
            RELEASE if last == RELEASE => return Told::Nothing,
            // Too many keys at once (00h in set 2 and FFh in set 1, but translation and firmware mix them up).
            0x00 | 0xFF => {
                *self = Self::new(self.set);
                return Told::Lost;
            }
            _ => {}
        }
        let event = match &mut self.decoder {
            Decoder::One(decoder) => decoder.advance_state(byte),
            Decoder::Two(decoder) => decoder.advance_state(byte),
        };
        match event {
            Ok(Some(KeyEvent { code, state })) => match (code, state) {
                (KeyCode::PowerOnTestOk | KeyCode::TooManyKeys, _) => Told::Lost,
                // Keyboards wrap shifted or unshifted cursor keys and Print Screen in these, for programs of 1981.
                (KeyCode::RAlt2, _) => Told::Nothing,
                (_, KeyState::Down) => Told::Down(code),
                (_, KeyState::Up) => Told::Up(code),
                (_, KeyState::SingleShot) => Told::Nothing,
            },
            // Keys that the crate does not know type nothing.
            Ok(None) | Err(_) => Told::Nothing,
        }
    }
}
