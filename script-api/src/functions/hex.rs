//! `hex`: bytes as pairs of hexadecimal digits, and back.

use alloc::string::String;
use alloc::vec::Vec;

use rhai::Dynamic;

use super::{PLAIN, WRONG_TYPE, param};
use crate::compute::{Error, Pace, Result};
use crate::registry::{Api, Doc, Example, Kind};

const ENCODE: Doc = Doc {
    namespace: "hex",
    name: "encode",
    params: &[param("data", Kind::Any, "a string, whose UTF-8 bytes count, or a blob")],
    returns: "string",
    errors: &[WRONG_TYPE],
    summary: "Returns the bytes as lower-case hexadecimal digits.",
    example: Example::Shows("hex::encode(\"Rhai\")", "\"52686169\""),
    ..PLAIN
};
const DECODE: Doc = Doc {
    namespace: "hex",
    name: "decode",
    params: &[param(
        "text",
        Kind::Text,
        "pairs of digits; spaces and line ends between pairs are skipped",
    )],
    returns: "blob",
    errors: &[("parse_error", "something else than pairs of hexadecimal digits")],
    summary: "Returns the bytes that hexadecimal digits stand for.",
    example: Example::Shows("hex::decode(\"DE AD be ef\")", "[de ad be ef]"),
    ..PLAIN
};

/// Adds `hex::*`.
pub fn register(api: &mut Api) {
    api.compute(&ENCODE, |call| Ok(encode(&call.bytes(0)?, &mut call.pace())?.into()));
    api.compute(&DECODE, |call| {
        Ok(Dynamic::from_blob(decode(&call.text(0)?, &mut call.pace())?))
    });
}

/// `bytes` as lower-case digits.
///
/// # Errors
///
/// Only where the task must stop.
pub fn encode(bytes: &[u8], pace: &mut Pace) -> Result<String> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::new();
    for &byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
        pace.spend(1)?;
    }
    Ok(out)
}

/// The bytes that `text` stands for.
///
/// # Errors
///
/// `parse_error`.
pub fn decode(text: &str, pace: &mut Pace) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut high = None;
    for (index, character) in text.chars().enumerate() {
        pace.spend(1)?;
        if character.is_ascii_whitespace() && high.is_none() {
            continue;
        }
        let digit = character.to_digit(16).ok_or_else(|| {
            let message = format_args!("{character:?} at character {index} is no hexadecimal digit");
            Error::new("parse_error", message)
        })? as u8;
        match high.take() {
            None => high = Some(digit),
            Some(high) => out.push(high << 4 | digit),
        }
    }
    match high {
        None => Ok(out),
        Some(_) => Err(Error::new("parse_error", "the last digit has no partner")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_it_encodes_and_nothing_else() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = encode(&bytes, &mut Pace::free()).expect("nothing stops it");
        assert!(text.starts_with("000102") && text.ends_with("feff"));
        assert_eq!(decode(&text, &mut Pace::free()).expect("valid"), bytes);
        assert_eq!(decode("0A\n0b\t ff", &mut Pace::free()).expect("valid"), [10, 11, 255]);
        for text in ["0", "0 1", "0x10", "zz", "ü", "00 1"] {
            assert_eq!(
                decode(text, &mut Pace::free()).expect_err(text).code(),
                Some("parse_error")
            );
        }
    }
}
