//! What host and keyboard say to each other (IBM Personal System/2 Hardware Interface Technical Reference, "Keyboard").

use super::Set;

/// Sets the LEDs; one argument.
pub(super) const SET_LEDS: u8 = 0xED;
/// Chooses a scancode set (1 to 3), or asks for it (0); one argument.
pub(super) const SCANCODE_SET: u8 = 0xF0;
/// Argument of [`SCANCODE_SET`]: set 2.
pub(super) const SET_TWO: u8 = 2;
/// Argument of [`SCANCODE_SET`]: which set is in use?
pub(super) const ASK_SET: u8 = 0;
/// The keyboard says what it is, in two bytes.
pub(super) const IDENTIFY: u8 = 0xF2;
/// Sets rate and delay of key repeat; one argument.
pub(super) const SET_REPEAT: u8 = 0xF3;
/// Argument of [`SET_REPEAT`]: the power-on default, 10.9 a second after 500 ms.
pub(super) const DEFAULT_REPEAT: u8 = 0x2B;
/// Keys are reported.
pub(super) const ENABLE_SCANNING: u8 = 0xF4;
/// Keys are not reported.
pub(super) const DISABLE_SCANNING: u8 = 0xF5;
/// Starts over, with a self test.
pub(super) const RESET: u8 = 0xFF;

/// The last byte was understood.
pub(super) const ACKNOWLEDGE: u8 = 0xFA;
/// The last byte was not understood: send it again.
pub(super) const RESEND: u8 = 0xFE;
/// The self test after a reset or power-on (basic assurance test) passed.
pub(super) const TEST_PASSED: u8 = 0xAA;
/// It failed.
pub(super) const TEST_FAILED: u8 = 0xFC;
/// First byte of a keyboard's identity.
pub(super) const IDENTITY: u8 = 0xAB;

/// The set that arrives at the host, from the answer to [`ASK_SET`], which is translated like any other byte.
pub(super) const fn set_of_answer(byte: u8) -> Option<Set> {
    match byte {
        0x02 => Some(Set::Two),
        // Set 1 as it is; set 2 and (hopelessly) set 1 through translation.
        0x01 | 0x41 | 0x43 => Some(Set::One),
        _ => None,
    }
}

/// The set that arrives at the host, from the second byte of the identity: 83h to 92h as it is, or translated.
pub(super) const fn set_of_identity(byte: u8) -> Option<Set> {
    match byte {
        0x41 | 0x54 | 0xC1 => Some(Set::One),
        0x83..=0x92 => Some(Set::Two),
        _ => None,
    }
}
