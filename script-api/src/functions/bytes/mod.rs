//! `bytes`: numbers and text to bytes and back, by a format string, for protocols and file formats.

mod format;
mod pack;
#[cfg(test)]
mod tests;

use rhai::Dynamic;

use super::{PLAIN, WRONG_TYPE, param};
use crate::compute::Call;
use crate::registry::{Api, Doc, Example, Kind, Param};

use format::Format;

const FORMAT: Param = param(
    "format",
    Kind::Text,
    "byte order and fields, such as \"<HHI8s\"; see the notes",
);
const BAD_FORMAT: (&str, &str) = ("bad_format", "the format has a character that it cannot have there");
const TOO_LARGE: (&str, &str) = ("too_large", "the format stands for more than 16 MiB");
const NOTES: &str = "The first character may set the byte order: < little-endian (also without it), > or ! big-endian. \
                     Fields: b B int of 8 bits, h H 16, i I and l L 32, q Q 64, capitals without sign; f d float of 32 \
                     and 64 bits; ? bool; x a zero byte without a value; 8s a blob of 8 bytes. A count before another \
                     field repeats it. Nothing is aligned. Spaces are skipped.";

const PACK: Doc = Doc {
    namespace: "bytes",
    name: "pack",
    params: &[FORMAT, param("values", Kind::Array, "one value for each field")],
    returns: "blob",
    errors: &[
        BAD_FORMAT,
        WRONG_TYPE,
        TOO_LARGE,
        ("wrong_count", "there are more or fewer values than fields"),
        ("out_of_range", "a number or a text does not fit its field"),
    ],
    summary: "Returns values as bytes.",
    notes: NOTES,
    example: Example::Shows("bytes::pack(\">HB3s\", [258, 3, \"ok\"])", "[01 02 03 6f 6b 00]"),
    ..PLAIN
};
const UNPACK_ERRORS: &[(&str, &str)] = &[
    BAD_FORMAT,
    TOO_LARGE,
    ("too_short", "the blob ends before the format does"),
    ("out_of_range", "a number without sign is beyond the range of an int"),
];
const UNPACK: Doc = Doc {
    namespace: "bytes",
    name: "unpack",
    params: &[
        FORMAT,
        param("data", Kind::Blob, "the bytes; more than the format takes are ignored"),
    ],
    returns: "array",
    errors: UNPACK_ERRORS,
    summary: "Returns the values that bytes stand for, one for each field.",
    notes: NOTES,
    example: Example::Shows("bytes::unpack(\"<H\", bytes::pack(\">H\", [1]))", "[256]"),
    ..PLAIN
};
const UNPACK_AT: Doc = Doc {
    params: &[
        FORMAT,
        param("data", Kind::Blob, "the bytes"),
        param("offset_bytes", Kind::Int, "where the first field begins, 0 or more"),
    ],
    summary: "Returns the values that bytes from an offset on stand for.",
    example: Example::Shows("bytes::unpack(\"B\", bytes::pack(\"3B\", [1, 2, 3]), 2)", "[3]"),
    ..UNPACK
};
const SIZE: Doc = Doc {
    namespace: "bytes",
    name: "size",
    params: &[FORMAT],
    returns: "int",
    errors: &[BAD_FORMAT, TOO_LARGE],
    summary: "Returns how many bytes a format stands for.",
    notes: NOTES,
    example: Example::Shows("bytes::size(\"<HHI8s\")", "16"),
    ..PLAIN
};

/// Adds `bytes::*`.
pub fn register(api: &mut Api) {
    api.compute(&PACK, |call| {
        let mut pace = call.pace();
        let format = Format::parse(&call.text(0)?, &mut pace)?;
        Ok(Dynamic::from_blob(pack::pack(&format, &call.array(1)?, &mut pace)?))
    });
    api.compute(&UNPACK, |call| unpack(call, 0));
    api.compute(&UNPACK_AT, |call| unpack(call, call.count(2, "offset_bytes")?));
    api.compute(&SIZE, |call| {
        let format = Format::parse(&call.text(0)?, &mut call.pace())?;
        Ok(Dynamic::from_int(format.size_bytes() as i64))
    });
}

fn unpack(call: &Call<'_>, offset_bytes: usize) -> crate::compute::Result<Dynamic> {
    let mut pace = call.pace();
    let format = Format::parse(&call.text(0)?, &mut pace)?;
    let data = call.bytes(1)?;
    let data = data.get(offset_bytes..).unwrap_or_default();
    Ok(Dynamic::from_array(pack::unpack(&format, data, &mut pace)?))
}
