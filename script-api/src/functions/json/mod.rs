//! `json`: text to values and back, and `to_json` of any value, in place of Rhai's own.
//!
//! Rhai's cannot be interrupted, and recurse as deep as the text says.

mod parse;
mod print;
#[cfg(test)]
mod tests;

use rhai::Dynamic;

use super::{PARSE_ERROR, PLAIN, WRONG_TYPE, param};
use crate::compute::{Call, Error, Result};
use crate::registry::{Api, Doc, Example, Kind};

pub use parse::parse;
pub use print::{Layout, print};

/// How deep arrays and objects may lie in each other.
pub const DEPTH_LIMIT: usize = 128;

const TOO_DEEP: (&str, &str) = ("too_deep", "arrays and maps lie in each other deeper than 128 levels");
const PARSE_ERRORS: &[(&str, &str)] = &[
    PARSE_ERROR,
    TOO_DEEP,
    ("out_of_range", "a number is beyond what a float can hold"),
];
const PARSE_NOTES: &str = "null becomes (). Whole numbers beyond the range of an int become floats. \
                           Where an object has a key twice, the last one counts.";
const PRINT_ERRORS: &[(&str, &str)] = &[
    TOO_DEEP,
    WRONG_TYPE,
    ("not_finite", "JSON has no infinite numbers, and no NaN"),
    ("data_race", "a captured variable in the value is being changed"),
];
const PRINT_NOTES: &str = "() becomes null, a char becomes a string, a blob an array of numbers; functions and ranges \
                           are refused. Keys are sorted. Floats read back to the same number.";

const PARSE: Doc = Doc {
    namespace: "json",
    name: "parse",
    params: &[param("text", Kind::Text, "a JSON document")],
    errors: PARSE_ERRORS,
    summary: "Returns the value that a JSON text stands for.",
    notes: PARSE_NOTES,
    example: Example::Shows(
        r#"json::parse("{\"ports\": [80, 443], \"name\": null}").ports[1]"#,
        "443",
    ),
    ..PLAIN
};
const PRINT: Doc = Doc {
    namespace: "json",
    name: "print",
    params: &[param("value", Kind::Any, "any value without functions in it")],
    returns: "string",
    errors: PRINT_ERRORS,
    summary: "Returns a value as JSON text on one line.",
    notes: PRINT_NOTES,
    example: Example::Shows("json::print(#{port: 80, open: true}).len()", "23"),
    ..PLAIN
};
const PRINT_PRETTY: Doc = Doc {
    namespace: "json",
    name: "print_pretty",
    params: PRINT.params,
    returns: "string",
    errors: PRINT_ERRORS,
    summary: "Returns a value as JSON text, a line per element, indented.",
    notes: PRINT_NOTES,
    example: Example::Shows("print(json::print_pretty([1]))", "[\n  1\n]"),
    ..PLAIN
};
const TO_JSON: Doc = Doc {
    name: "to_json",
    params: PRINT.params,
    returns: "string",
    errors: PRINT_ERRORS,
    summary: "Returns the value as JSON text on one line.",
    notes: PRINT_NOTES,
    example: Example::Shows("to_json([1, 2.5, true, ()])", "\"[1,2.5,true,null]\""),
    ..PLAIN
};
/// For maps too, or Rhai's own would be called.
const TO_JSON_OF_MAP: Doc = Doc {
    params: &[param("value", Kind::Map, "a map without functions in it")],
    example: Example::Shows("print(to_json(#{a: 1}))", "{\"a\":1}"),
    ..TO_JSON
};
const TO_JSON_INDENTED: Doc = Doc {
    params: &[
        param("value", Kind::Any, "any value without functions in it"),
        param("indent", Kind::Int, "spaces for each level, 0 to 8; 0 gives one line"),
    ],
    errors: &[
        TOO_DEEP,
        WRONG_TYPE,
        ("not_finite", "JSON has no infinite numbers, and no NaN"),
        ("data_race", "a captured variable in the value is being changed"),
        ("out_of_range", "indent is not from 0 to 8"),
    ],
    summary: "Returns the value as JSON text, a line per element, indented.",
    example: Example::Shows("print([1].to_json(4)); to_json(1, 2)", "[\n    1\n]\n\"1\""),
    ..TO_JSON
};
const PARSE_JSON: Doc = Doc {
    name: "parse_json",
    params: PARSE.params,
    errors: PARSE_ERRORS,
    summary: "Returns the value that a JSON text stands for; the same as json::parse.",
    notes: PARSE_NOTES,
    example: Example::Shows(r#"parse_json("[1, 2]")"#, "[1, 2]"),
    ..PLAIN
};

/// Adds `json::*`, `to_json` and `parse_json`.
pub fn register(api: &mut Api) {
    api.compute(&PARSE, parse_text);
    api.compute(&PRINT, print_compact);
    api.compute(&PRINT_PRETTY, |call| {
        Ok(print(call.value(0), Layout::Indented(2), &mut call.pace())?.into())
    });
    api.compute(&TO_JSON, print_compact);
    api.compute(&TO_JSON_OF_MAP, print_compact);
    api.compute(&TO_JSON_INDENTED, print_indented);
    api.compute(&PARSE_JSON, parse_text);
}

fn parse_text(call: &Call<'_>) -> Result<Dynamic> {
    parse(&call.text(0)?, &mut call.pace())
}

fn print_indented(call: &Call<'_>) -> Result<Dynamic> {
    let layout = match call.int(1)? {
        0 => Layout::Compact,
        spaces @ 1..=8 => Layout::Indented(spaces as usize),
        other => {
            let message = format_args!("indent must be from 0 to 8, but is {other}");
            return Err(Error::new("out_of_range", message));
        }
    };
    Ok(print(call.value(0), layout, &mut call.pace())?.into())
}

fn print_compact(call: &Call<'_>) -> Result<Dynamic> {
    Ok(print(call.value(0), Layout::Compact, &mut call.pace())?.into())
}
