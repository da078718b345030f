//! `csv`: tables as text (RFC 4180) to arrays and back.

mod parse;
mod print;
#[cfg(test)]
mod tests;

use rhai::Dynamic;

use super::{PARSE_ERROR, PLAIN, WRONG_TYPE, param};
use crate::compute::{Call, Error, Result, unexpected};
use crate::registry::{Api, Doc, Example, Kind, Param};

const TEXT: Param = param("text", Kind::Text, "a table, one row a line");
const ROWS: Param = param("rows", Kind::Array, "maps, or arrays of cells");
const OPTIONS: Param = param(
    "options",
    Kind::Map,
    "separator: one ASCII character, \",\" without it; header: true or false; numbers: true or false",
);
const BAD_OPTION: (&str, &str) = ("bad_option", "an option is unknown or has a value that makes no sense");
const PARSE_NOTES: &str = "The first row names the columns; with header: false the rows are arrays. All rows must have \
                           as many cells. Cells are strings; with numbers: true those that look like numbers become \
                           numbers, and empty ones (). Empty lines are skipped.";

const PARSE: Doc = Doc {
    namespace: "csv",
    name: "parse",
    params: &[TEXT],
    returns: "array",
    errors: &[PARSE_ERROR],
    summary: "Returns the rows of a table as maps.",
    notes: PARSE_NOTES,
    example: Example::Shows(
        "csv::parse(\"name,port\\nssh,22\\nhttp,80\\n\")",
        "name  port\nssh   22\nhttp  80",
    ),
    ..PLAIN
};
const PARSE_WITH: Doc = Doc {
    params: &[TEXT, OPTIONS],
    errors: &[PARSE_ERROR, BAD_OPTION],
    summary: "Returns the rows of a table as maps or arrays, read in some other way.",
    example: Example::Shows(
        "csv::parse(\"a;1\\nb;2.5\", #{separator: \";\", header: false, numbers: true})",
        "[[\"a\", 1], [\"b\", 2.5]]",
    ),
    ..PARSE
};
const PRINT: Doc = Doc {
    namespace: "csv",
    name: "print",
    params: &[ROWS],
    returns: "string",
    errors: &[WRONG_TYPE],
    summary: "Returns rows as a table in text.",
    notes: "The first line names the columns of maps, in alphabetical order: all keys that occur. () becomes an empty \
            cell.",
    example: Example::Shows(
        "csv::print([#{name: \"a,b\", size: 3}, #{name: \"c\", size: ()}])",
        "\"name,size\\n\\\"a,b\\\",3\\nc,\\n\"",
    ),
    ..PLAIN
};
const PRINT_WITH: Doc = Doc {
    params: &[ROWS, OPTIONS],
    errors: &[WRONG_TYPE, BAD_OPTION],
    summary: "Returns rows as a table in text, written in some other way.",
    notes: "With header: false the names of the columns are left out.",
    example: Example::Shows("csv::print([[1, \"a b\"]], #{separator: \"\\t\"})", "\"1\\ta b\\n\""),
    ..PRINT
};

/// Adds `csv::*`.
pub fn register(api: &mut Api) {
    api.compute(&PARSE, |call| parse_text(call, &Options::default()));
    api.compute(&PARSE_WITH, |call| parse_text(call, &Options::of(call, 1)?));
    api.compute(&PRINT, |call| print_rows(call, &Options::default()));
    api.compute(&PRINT_WITH, |call| print_rows(call, &Options::of(call, 1)?));
}

fn parse_text(call: &Call<'_>, options: &Options) -> Result<Dynamic> {
    Ok(parse::parse(&call.text(0)?, options, &mut call.pace())?.into())
}

fn print_rows(call: &Call<'_>, options: &Options) -> Result<Dynamic> {
    Ok(print::print(&call.array(0)?, options, &mut call.pace())?.into())
}

/// How a table is written.
#[derive(Debug)]
struct Options {
    separator: u8,
    has_header: bool,
    has_numbers: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            separator: b',',
            has_header: true,
            has_numbers: false,
        }
    }
}

impl Options {
    fn of(call: &Call<'_>, index: usize) -> Result<Self> {
        let mut options = Self::default();
        for (name, value) in call.map(index)?.iter() {
            let truth = || value.as_bool().map_err(|_| unexpected(value, "true or false"));
            match name.as_str() {
                "header" => options.has_header = truth()?,
                "numbers" => options.has_numbers = truth()?,
                "separator" => {
                    let text = value.as_immutable_string_ref().map(|text| text.clone());
                    let byte = text.ok().and_then(|text| <[u8; 1]>::try_from(text.as_bytes()).ok());
                    let byte = byte.filter(|byte| byte.is_ascii() && !matches!(byte[0], b'"' | b'\r' | b'\n'));
                    let message = "separator must be one ASCII character, no quote and no line end";
                    options.separator = byte.ok_or_else(|| Error::new("bad_option", message))?[0];
                }
                _ => {
                    let message = format_args!("there is no option {name}; there are separator, header and numbers");
                    return Err(Error::new("bad_option", message));
                }
            }
        }
        Ok(options)
    }
}
