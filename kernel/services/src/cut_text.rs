//! Text in a fixed amount of memory, for lines that must be put together without a heap.

use core::fmt;

/// Text of at most `BYTES` bytes; what is more is cut at a character's end, so writing never fails.
#[derive(Clone, Debug)]
pub struct CutText<const BYTES: usize> {
    bytes: [u8; BYTES],
    length: usize,
}

impl<const BYTES: usize> CutText<BYTES> {
    /// No text.
    pub const fn new() -> Self {
        Self {
            bytes: [0; BYTES],
            length: 0,
        }
    }

    /// The text so far.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or("")
    }
}

impl<const BYTES: usize> Default for CutText<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BYTES: usize> fmt::Write for CutText<BYTES> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let text = &text[..text.floor_char_boundary(BYTES - self.length)];
        self.bytes[self.length..][..text.len()].copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}
