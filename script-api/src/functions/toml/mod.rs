//! `toml`: configuration files to maps and back.

mod parse;
mod print;
#[cfg(test)]
mod tests;

use super::{PARSE_ERROR, PLAIN, WRONG_TYPE, param};
use crate::registry::{Api, Doc, Example, Kind};

const PARSE: Doc = Doc {
    namespace: "toml",
    name: "parse",
    params: &[param("text", Kind::Text, "a TOML document of at most 64 KiB")],
    returns: "map",
    errors: &[
        PARSE_ERROR,
        ("too_large", "the text has more than 64 KiB"),
        ("out_of_range", "a number is beyond what an int or a float can hold"),
    ],
    summary: "Returns the map that a TOML text stands for.",
    notes: "Dates and times become strings. Reading cannot be interrupted, hence the limit.",
    example: Example::Shows(
        "toml::parse(\"[server]\\nports = [80, 443]\").server.ports",
        "[80, 443]",
    ),
    ..PLAIN
};
const PRINT: Doc = Doc {
    namespace: "toml",
    name: "print",
    params: &[param(
        "map",
        Kind::Map,
        "strings, numbers, bools, chars, and arrays and maps of those",
    )],
    returns: "string",
    errors: &[
        WRONG_TYPE,
        ("too_deep", "arrays and maps lie in each other deeper than 64 levels"),
        ("data_race", "a captured variable in the value is being changed"),
    ],
    summary: "Returns a map as TOML text.",
    notes: "TOML has no null: map entries that are () are left out, in arrays they are refused.",
    example: Example::Shows(
        "print(toml::print(#{name: \"rhaios\", net: #{dhcp: true}}))",
        "name = \"rhaios\"\n\n[net]\ndhcp = true",
    ),
    ..PLAIN
};

/// Adds `toml::*`.
pub fn register(api: &mut Api) {
    api.compute(&PARSE, |call| {
        Ok(rhai::Dynamic::from_map(parse::parse(&call.text(0)?, &mut call.pace())?))
    });
    api.compute(&PRINT, |call| {
        let map = call.map(0)?;
        Ok(print::print(&map, &mut call.pace())?.into())
    });
}
