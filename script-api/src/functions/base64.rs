//! `base64`: bytes as text of 64 characters, and back (RFC 4648).

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rhai::Dynamic;

use super::{PLAIN, WRONG_TYPE, param};
use crate::compute::{Error, Pace, Result};
use crate::registry::{Api, Doc, Example, Kind, Param};

/// Padded when written; padded or not when read.
const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// For URLs and file names: `-` and `_` instead of `+` and `/`, not padded when written.
const URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Bytes between two looks at the pace: whole groups of three, so that pieces join without padding.
const PIECE_BYTES: usize = 3 * 256;
/// The same, as text.
const PIECE_CHARACTERS: usize = 4 * 256;

const DATA: &[Param] = &[param("data", Kind::Any, "a string, whose UTF-8 bytes count, or a blob")];
const TEXT: &[Param] = &[param(
    "text",
    Kind::Text,
    "what was encoded, with padding or without; spaces and line ends are skipped",
)];
const ENCODE: Doc = Doc {
    namespace: "base64",
    name: "encode",
    params: DATA,
    returns: "string",
    errors: &[WRONG_TYPE],
    summary: "Returns the bytes as text of letters, digits, + and /, padded with =.",
    example: Example::Shows("base64::encode(\"Rhaios\")", "\"UmhhaW9z\""),
    ..PLAIN
};
const ENCODE_URL: Doc = Doc {
    name: "encode_url",
    summary: "Returns the bytes as text of letters, digits, - and _, without padding.",
    example: Example::Shows("base64::encode_url(\"a?b>\")", "\"YT9iPg\""),
    ..ENCODE
};
const DECODE: Doc = Doc {
    namespace: "base64",
    name: "decode",
    params: TEXT,
    returns: "blob",
    errors: &[("parse_error", "something that encode does not write")],
    summary: "Returns the bytes that base64::encode made text of.",
    notes: "Use as_string() on the blob where the bytes are text.",
    example: Example::Shows("base64::decode(\"UmhhaW9z\").as_string()", "\"Rhaios\""),
    ..PLAIN
};
const DECODE_URL: Doc = Doc {
    name: "decode_url",
    summary: "Returns the bytes that base64::encode_url made text of.",
    example: Example::Shows("base64::decode_url(\"YT9iPg\").as_string()", "\"a?b>\""),
    ..DECODE
};

/// Adds `base64::*`.
pub fn register(api: &mut Api) {
    api.compute(&ENCODE, |call| {
        Ok(encode(&STANDARD, &call.bytes(0)?, &mut call.pace())?.into())
    });
    api.compute(&ENCODE_URL, |call| {
        Ok(encode(&URL, &call.bytes(0)?, &mut call.pace())?.into())
    });
    api.compute(&DECODE, |call| {
        let bytes = decode(&STANDARD, &call.text(0)?, &mut call.pace())?;
        Ok(Dynamic::from_blob(bytes))
    });
    api.compute(&DECODE_URL, |call| {
        let bytes = decode(&URL, &call.text(0)?, &mut call.pace())?;
        Ok(Dynamic::from_blob(bytes))
    });
}

fn encode(engine: &GeneralPurpose, bytes: &[u8], pace: &mut Pace) -> Result<String> {
    let mut out = String::new();
    for piece in bytes.chunks(PIECE_BYTES) {
        engine.encode_string(piece, &mut out);
        pace.spend(piece.len())?;
    }
    Ok(out)
}

fn decode(engine: &GeneralPurpose, text: &str, pace: &mut Pace) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut piece = Vec::with_capacity(PIECE_CHARACTERS);
    for &byte in text.trim_ascii_end().as_bytes() {
        pace.spend(1)?;
        if piece.len() == PIECE_CHARACTERS {
            if piece.ends_with(b"=") {
                return Err(Error::new("parse_error", "there is text after the padding"));
            }
            decode_piece(engine, &piece, &mut out)?;
            piece.clear();
        }
        if !byte.is_ascii_whitespace() {
            piece.push(byte);
        }
    }
    decode_piece(engine, &piece, &mut out)?;
    Ok(out)
}

fn decode_piece(engine: &GeneralPurpose, piece: &[u8], out: &mut Vec<u8>) -> Result<()> {
    engine
        .decode_vec(piece, out)
        .map_err(|_| Error::new("parse_error", "this is not base64 of the kind that is expected"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::tests::mutations;

    #[test]
    fn decodes_what_it_encodes() {
        for length in (0..20).chain([767, 768, 769, 1535, 1536, 1537, 5000]) {
            let bytes: Vec<u8> = (0..length)
                .map(|index: usize| (index * 7 + index / 256) as u8)
                .collect();
            for engine in [&STANDARD, &URL] {
                let text = encode(engine, &bytes, &mut Pace::free()).expect("nothing stops it");
                assert_eq!(text, engine.encode(&bytes));
                assert_eq!(decode(engine, &text, &mut Pace::free()).expect("valid"), bytes);
                let lines: Vec<&str> = text.as_bytes().chunks(76).flat_map(core::str::from_utf8).collect();
                let text = lines.join("\r\n") + "\r\n";
                assert_eq!(decode(engine, &text, &mut Pace::free()).expect("valid"), bytes);
            }
        }
    }

    #[test]
    fn refuses_what_it_does_not_write() {
        let long = "A".repeat(1023) + "=AAAA";
        for text in ["A", "AAAAA", "AB=C", "A===", "-_-_", "ü", "AA==AA==", "AB==", &long] {
            let error = decode(&STANDARD, text, &mut Pace::free()).expect_err(text);
            assert_eq!(error.code(), Some("parse_error"));
        }
        for text in mutations("UmhhaW9zIGlzIHNjcmlwdGVk+/==", 5000) {
            let _ = decode(&STANDARD, &text, &mut Pace::free());
        }
    }
}
