//! Rhai's functions of arrays, blobs and maps.

use super::{Builtin, row};
use crate::types::Types;

const ARRAY: Types = Types::ARRAY;
const BLOB: Types = Types::BLOB;
const MAP: Types = Types::MAP;
const TEXT: Types = Types::TEXT;
const RANGE: Types = Types::RANGE;
const LIST: Types = ARRAY.or(BLOB);
const SIZED: Types = LIST.or(MAP).or(TEXT);

/// The table.
pub(super) const ROWS: &[Builtin] = &[
    row(
        ARRAY,
        "all",
        "(test) -> bool",
        "True if the test holds for every element.",
    ),
    row(
        LIST,
        "append",
        "(other)",
        "Adds all elements of another one, or text to a blob, at the end.",
    ),
    row(
        LIST,
        "chop",
        "(len)",
        "Cuts off the front; the last `len` elements stay.",
    ),
    row(SIZED, "clear", "()", "Removes everything."),
    row(
        LIST,
        "contains",
        "(value) -> bool",
        "True if an element equals the value; `value in list` does the same.",
    ),
    row(
        ARRAY,
        "dedup",
        "([same])",
        "Removes elements that equal the one before them.",
    ),
    row(
        ARRAY,
        "drain",
        "(test) -> array",
        "Removes the elements that pass, or a range of them, and returns them.",
    ),
    row(
        BLOB,
        "drain",
        "(range) -> blob",
        "Removes a range of bytes and returns it.",
    ),
    row(
        MAP,
        "drain",
        "(test) -> map",
        "Removes the entries that pass |key, value| and returns them.",
    ),
    row(
        ARRAY,
        "extract",
        "(range) -> array",
        "Copies a range, or (start, [len]).",
    ),
    row(BLOB, "extract", "(range) -> blob", "Copies a range, or (start, [len])."),
    row(
        MAP,
        "fill_with",
        "(other)",
        "Adds the entries of another map whose keys are not there.",
    ),
    row(
        ARRAY,
        "filter",
        "(test) -> array",
        "Returns the elements that pass |element|.",
    ),
    row(
        MAP,
        "filter",
        "(test) -> map",
        "Returns the entries that pass |key, value|.",
    ),
    row(
        ARRAY,
        "find",
        "(test, [start]) -> any",
        "Returns the first element that passes, or ().",
    ),
    row(
        ARRAY,
        "find_map",
        "(f, [start]) -> any",
        "Returns the first result that is not ().",
    ),
    row(
        ARRAY,
        "for_each",
        "(f)",
        "Calls f for each element; `this` is the element.",
    ),
    row(
        ARRAY.or(MAP).or(TEXT),
        "get",
        "(at) -> any",
        "Returns the element there, or () where there is none.",
    ),
    row(
        BLOB,
        "get",
        "(at) -> int",
        "Returns the byte there, or 0 where there is none.",
    ),
    row(
        ARRAY,
        "index_of",
        "(value, [start]) -> int",
        "Where the value, or what passes a test, is first; -1 for nowhere.",
    ),
    row(LIST, "insert", "(at, item)", "Puts an element in before position `at`."),
    row(
        SIZED.or(RANGE),
        "is_empty",
        "() -> bool",
        "True if there is nothing in it.",
    ),
    row(MAP, "keys", "() -> array", "Returns all keys, sorted."),
    row(
        LIST.or(MAP),
        "len",
        "() -> int",
        "Counts the elements, bytes or entries.",
    ),
    row(ARRAY, "map", "(f) -> array", "Returns f(element) for each element."),
    row(
        MAP,
        "map",
        "(f) -> map",
        "Returns the map with f(key, value) in place of each value.",
    ),
    row(
        MAP,
        "mixin",
        "(other)",
        "Adds all entries of another map, replacing those that are there.",
    ),
    row(ARRAY, "order", "([compare]) -> array", "Returns a sorted copy."),
    row(
        ARRAY,
        "order_by",
        "(compare) -> array",
        "Returns a copy sorted by |a, b| as an int or a bool.",
    ),
    row(
        ARRAY,
        "order_desc",
        "() -> array",
        "Returns a sorted copy, the largest first.",
    ),
    row(
        LIST,
        "pad",
        "(len, item)",
        "Adds copies of an item until there are `len`.",
    ),
    row(ARRAY, "pop", "() -> any", "Removes the last element and returns it."),
    row(BLOB, "pop", "() -> int", "Removes the last byte and returns it."),
    row(LIST, "push", "(item)", "Adds an element at the end."),
    row(
        ARRAY,
        "reduce",
        "(f, [initial]) -> any",
        "Combines all elements: |sum, element|.",
    ),
    row(
        ARRAY,
        "reduce_rev",
        "(f, [initial]) -> any",
        "Combines all elements, the last first.",
    ),
    row(
        ARRAY.or(MAP),
        "remove",
        "(at) -> any",
        "Removes the element or entry there and returns it.",
    ),
    row(BLOB, "remove", "(at) -> int", "Removes the byte there and returns it."),
    row(
        ARRAY,
        "retain",
        "(test) -> array",
        "Removes the elements that do not pass and returns them.",
    ),
    row(
        BLOB,
        "retain",
        "(range) -> blob",
        "Removes the bytes outside of a range and returns them.",
    ),
    row(
        MAP,
        "retain",
        "(test) -> map",
        "Removes the entries that do not pass |key, value| and returns them.",
    ),
    row(LIST, "reverse", "()", "Turns the order round."),
    row(
        LIST.or(MAP).or(TEXT),
        "set",
        "(at, value)",
        "Replaces the element there; nothing happens where there is none.",
    ),
    row(ARRAY, "shift", "() -> any", "Removes the first element and returns it."),
    row(BLOB, "shift", "() -> int", "Removes the first byte and returns it."),
    row(
        ARRAY,
        "some",
        "(test) -> bool",
        "True if the test holds for an element.",
    ),
    row(ARRAY, "sort", "([compare])", "Sorts in place."),
    row(
        ARRAY,
        "sort_by",
        "(compare)",
        "Sorts in place by |a, b| as an int or a bool.",
    ),
    row(ARRAY, "sort_desc", "()", "Sorts in place, the largest first."),
    row(
        LIST,
        "splice",
        "(start, len, other)",
        "Replaces a part by another list.",
    ),
    row(
        ARRAY,
        "split",
        "(at) -> array",
        "Cuts off what begins at a position and returns it.",
    ),
    row(
        BLOB,
        "split",
        "(at) -> blob",
        "Cuts off what begins at a position and returns it.",
    ),
    row(LIST.or(TEXT), "truncate", "(len)", "Cuts off what is beyond a length."),
    row(
        MAP,
        "values",
        "() -> array",
        "Returns all values, in the order of their keys.",
    ),
    row(
        ARRAY,
        "zip",
        "(other, f) -> array",
        "Returns f(a, b) for the elements of both.",
    ),
    row(
        MAP,
        "contains",
        "(key) -> bool",
        "True if the key is there; `key in map` does the same.",
    ),
    row(MAP, "to_json", "() -> string", "Returns the map as JSON."),
    row(BLOB, "as_string", "() -> string", "The bytes as UTF-8 text."),
    row(BLOB, "to_array", "() -> array", "The bytes as an array of numbers."),
    row(
        BLOB,
        "parse_be_int",
        "(start, len) -> int",
        "Reads a whole number, the highest byte first.",
    ),
    row(
        BLOB,
        "parse_le_int",
        "(start, len) -> int",
        "Reads a whole number, the lowest byte first.",
    ),
    row(
        BLOB,
        "parse_be_float",
        "(start, len) -> float",
        "Reads a float, the highest byte first.",
    ),
    row(
        BLOB,
        "parse_le_float",
        "(start, len) -> float",
        "Reads a float, the lowest byte first.",
    ),
    row(
        BLOB,
        "write_be",
        "(start, len, number)",
        "Writes a number, the highest byte first.",
    ),
    row(
        BLOB,
        "write_le",
        "(start, len, number)",
        "Writes a number, the lowest byte first.",
    ),
    row(
        BLOB,
        "write_ascii",
        "(start, len, text)",
        "Writes text, one byte for each character.",
    ),
    row(BLOB, "write_utf8", "(start, len, text)", "Writes text as UTF-8."),
];
