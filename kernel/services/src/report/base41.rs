//! Bytes as text that survives being copied: two bytes are three of 41 characters.
//!
//! The characters are those of a QR code's densest text mode less the space and `$ % *`, which chats, shells and web
//! pages like to change. 41 cubed is just enough for two bytes, so nothing is lost against the usual 45.

/// The digits, by value.
pub const DIGITS: &[u8; 41] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+-./:";

/// Characters for `count` bytes.
pub const fn encoded_length(count: usize) -> usize {
    count / 2 * 3 + count % 2 * 2
}

/// Writes `bytes` as text, lowest digit first, and returns its length; `None` where `text` is too small.
pub fn encode(bytes: &[u8], text: &mut [u8]) -> Option<usize> {
    let length = encoded_length(bytes.len());
    let mut places = text.get_mut(..length)?.iter_mut();
    for pair in bytes.chunks(2) {
        let mut value = pair.iter().fold(0, |value, byte| value << 8 | usize::from(*byte));
        for place in places.by_ref().take(pair.len() + 1) {
            *place = DIGITS[value % DIGITS.len()];
            value /= DIGITS.len();
        }
    }
    Some(length)
}
