//! `hash`: digests and check sums of text and blobs.

use md5::Md5;
use rhai::Dynamic;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{PLAIN, WRONG_TYPE, hex, param};
use crate::compute::{Call, Pace, Result};
use crate::registry::{Api, Doc, Example, Kind, Param};

/// Bytes hashed between two looks at the pace.
const PIECE_BYTES: usize = 1024;

const DATA: &[Param] = &[param("data", Kind::Any, "a string, whose UTF-8 bytes count, or a blob")];
const DIGEST: Doc = Doc {
    namespace: "hash",
    params: DATA,
    returns: "string",
    errors: &[WRONG_TYPE],
    notes: "In lower-case hexadecimal; hex::decode makes a blob of it.",
    ..PLAIN
};

const SHA256: Doc = Doc {
    name: "sha256",
    summary: "Returns the SHA-256 digest.",
    example: Example::Shows(
        "hash::sha256(\"abc\")",
        "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"",
    ),
    ..DIGEST
};
const SHA1: Doc = Doc {
    name: "sha1",
    summary: "Returns the SHA-1 digest, for protocols that still need it: it proves nothing any more.",
    example: Example::Shows("hash::sha1(\"abc\")", "\"a9993e364706816aba3e25717850c26c9cd0d89d\""),
    ..DIGEST
};
const MD5: Doc = Doc {
    name: "md5",
    summary: "Returns the MD5 digest, for protocols that still need it: it proves nothing any more.",
    example: Example::Shows("hash::md5(\"abc\")", "\"900150983cd24fb0d6963f7d28e17f72\""),
    ..DIGEST
};
const CRC32: Doc = Doc {
    name: "crc32",
    returns: "int",
    summary: "Returns the CRC-32 check sum, as zip, PNG and Ethernet have it.",
    notes: "Finds accidents, not intent.",
    example: Example::Shows("hash::crc32(\"123456789\").to_hex()", "\"cbf43926\""),
    ..DIGEST
};

/// Adds `hash::*`. A large variable is read where it lies: to copy it for the call could not be interrupted.
pub fn register(api: &mut Api) {
    api.reader(&SHA256, |call| digest(call, Sha256::new()));
    api.reader(&SHA1, |call| digest(call, Sha1::new()));
    api.reader(&MD5, |call| digest(call, Md5::new()));
    api.reader(&CRC32, crc32);
}

fn digest(call: &Call<'_>, mut hash: impl Digest) -> Result<Dynamic> {
    in_pieces(&call.bytes(0)?, &mut call.pace(), |piece| hash.update(piece))?;
    Ok(hex::encode(&hash.finalize(), &mut call.pace())?.into())
}

fn crc32(call: &Call<'_>) -> Result<Dynamic> {
    let mut hash = crc32fast::Hasher::new();
    in_pieces(&call.bytes(0)?, &mut call.pace(), |piece| hash.update(piece))?;
    Ok(Dynamic::from_int(hash.finalize().into()))
}

fn in_pieces(bytes: &[u8], pace: &mut Pace, mut update: impl FnMut(&[u8])) -> Result<()> {
    for piece in bytes.chunks(PIECE_BYTES) {
        update(piece);
        pace.spend(PIECE_BYTES)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    #[test]
    fn pieces_give_the_digest_of_the_whole() {
        // FIPS 180-4, and RFC 1321: a million times `a`.
        let data = alloc::vec![b'a'; 1_000_000];
        let text = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
        let (mut sha256, mut sha1, mut md5) = (Sha256::new(), Sha1::new(), Md5::new());
        let mut crc32 = crc32fast::Hasher::new();
        in_pieces(&data, &mut Pace::free(), |piece| {
            sha256.update(piece);
            sha1.update(piece);
            md5.update(piece);
            crc32.update(piece);
        })
        .expect("nothing stops it");
        assert_eq!(
            text(&sha256.finalize()),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        );
        assert_eq!(text(&sha1.finalize()), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
        assert_eq!(text(&md5.finalize()), "7707d6ae4e027c70eea2a935c2296f21");
        assert_eq!(crc32.finalize(), 0xdc25_bfbc);
    }
}
