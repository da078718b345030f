//! Rhai's functions of strings and characters.

use super::{Builtin, row};
use crate::types::Types;

const TEXT: Types = Types::TEXT;
const EITHER: Types = Types::TEXT.or(Types::CHAR);
const PLAIN: Types = Types::PLAIN;

/// The table.
pub(super) const ROWS: &[Builtin] = &[
    row(
        TEXT,
        "append",
        "(item)",
        "Adds the text of any value at the end; `+=` does the same.",
    ),
    row(
        TEXT,
        "bytes",
        "() -> int",
        "Counts the bytes that the text takes as UTF-8.",
    ),
    row(
        TEXT,
        "chars",
        "([start], [len]) -> iterator",
        "Goes through the characters: `for c in text.chars()`.",
    ),
    row(
        TEXT,
        "contains",
        "(part) -> bool",
        "True if the part is in it; `part in text` does the same.",
    ),
    row(TEXT, "crop", "(start, [len])", "Removes all but a part."),
    row(TEXT, "ends_with", "(part) -> bool", "True if it ends so."),
    row(
        TEXT,
        "index_of",
        "(part, [start]) -> int",
        "The position of the first such part, -1 for none.",
    ),
    row(TEXT, "len", "() -> int", "Counts the characters."),
    row(EITHER, "make_lower", "()", "Turns it into small letters."),
    row(EITHER, "make_upper", "()", "Turns it into capital letters."),
    row(
        TEXT,
        "pad",
        "(len, filling)",
        "Adds filling at the end until there are `len` characters.",
    ),
    row(
        TEXT.or(PLAIN),
        "parse_float",
        "(text) -> float",
        "The number that the text is.",
    ),
    row(
        TEXT.or(PLAIN),
        "parse_int",
        "(text, [radix]) -> int",
        "The whole number that the text is.",
    ),
    row(
        TEXT.or(PLAIN),
        "parse_json",
        "(text) -> any",
        "The value that the JSON text is.",
    ),
    row(
        TEXT,
        "pop",
        "([len]) -> any",
        "Removes the last character, or some, and returns it.",
    ),
    row(TEXT, "remove", "(part)", "Removes every such part."),
    row(TEXT, "replace", "(old, new)", "Replaces every such part, in place."),
    row(
        TEXT,
        "split",
        "([separator], [parts]) -> array",
        "The pieces between separators, or between blanks.",
    ),
    row(
        TEXT,
        "split_rev",
        "(separator, [parts]) -> array",
        "The same from the end.",
    ),
    row(TEXT, "starts_with", "(part) -> bool", "True if it begins so."),
    row(
        TEXT,
        "sub_string",
        "(start, [len]) -> string",
        "Copies a part; a range does too.",
    ),
    row(TEXT, "to_blob", "() -> blob", "The text's bytes as UTF-8."),
    row(TEXT, "to_chars", "() -> array", "All characters."),
    row(TEXT, "to_lower", "() -> string", "The same in small letters."),
    row(TEXT, "to_upper", "() -> string", "The same in capital letters."),
    row(Types::CHAR, "to_lower", "() -> char", "The same as a small letter."),
    row(Types::CHAR, "to_upper", "() -> char", "The same as a capital letter."),
    row(Types::CHAR, "to_int", "() -> int", "The character's number (Unicode)."),
    row(TEXT, "trim", "()", "Removes blanks at both ends, in place."),
];
