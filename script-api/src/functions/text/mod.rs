//! `text`: what Rhai's own strings lack. Nothing here changes its argument.

mod layout;

use alloc::string::String;

use rhai::{Array, Dynamic};

use super::{PLAIN, WRONG_TYPE, param};
use crate::compute::{Call, Error, Pace, Result, text_of, unexpected};
use crate::registry::{Api, Doc, Example, Kind, Param};

const TEXT: Param = param("text", Kind::Text, "any text");
const COLUMNS: Param = param("columns", Kind::Int, "columns of a terminal, 0 or more");
const FILL: Param = param("fill", Kind::Text, "what to fill with, such as \".\"; not empty");
const TOO_LARGE: (&str, &str) = ("out_of_range", "the number is negative or senseless");

const OF_TEXT: Doc = Doc {
    namespace: "text",
    params: &[TEXT],
    returns: "string",
    ..PLAIN
};
const TRIM: Doc = Doc {
    name: "trim",
    summary: "Returns the text without white space at both ends.",
    example: Example::Shows("text::trim(\"  a b \\n\")", "\"a b\""),
    ..OF_TEXT
};
const TRIM_START: Doc = Doc {
    name: "trim_start",
    summary: "Returns the text without white space at its start.",
    example: Example::Shows("text::trim_start(\"  a \")", "\"a \""),
    ..OF_TEXT
};
const TRIM_END: Doc = Doc {
    name: "trim_end",
    summary: "Returns the text without white space at its end.",
    example: Example::Shows("text::trim_end(\"  a \\n\")", "\"  a\""),
    ..OF_TEXT
};
const CAPITALIZE: Doc = Doc {
    name: "capitalize",
    summary: "Returns the text with its first character in upper case.",
    example: Example::Shows("text::capitalize(\"grüße\")", "\"Grüße\""),
    ..OF_TEXT
};
const REVERSE: Doc = Doc {
    name: "reverse",
    summary: "Returns the characters in reverse order.",
    example: Example::Shows("text::reverse(\"abc\")", "\"cba\""),
    ..OF_TEXT
};
const STRIP_PREFIX: Doc = Doc {
    name: "strip_prefix",
    params: &[TEXT, param("prefix", Kind::Text, "what it may start with")],
    summary: "Returns the text without a prefix; all of it where it does not start so.",
    example: Example::Shows("text::strip_prefix(\"v1.2\", \"v\")", "\"1.2\""),
    ..OF_TEXT
};
const STRIP_SUFFIX: Doc = Doc {
    name: "strip_suffix",
    params: &[TEXT, param("suffix", Kind::Text, "what it may end with")],
    summary: "Returns the text without a suffix; all of it where it does not end so.",
    example: Example::Shows("text::strip_suffix(\"boot.rhai\", \".rhai\")", "\"boot\""),
    ..OF_TEXT
};
const REPLACE: Doc = Doc {
    name: "replace",
    params: &[
        TEXT,
        param("old", Kind::Text, "what to look for; not empty"),
        param("new", Kind::Text, "what to put there"),
    ],
    errors: &[("empty", "there is nothing to look for")],
    summary: "Returns the text with every occurrence of one piece replaced by another.",
    example: Example::Shows("text::replace(\"a.b.c\", \".\", \"/\")", "\"a/b/c\""),
    ..OF_TEXT
};
const COUNT: Doc = Doc {
    name: "count",
    params: &[TEXT, param("part", Kind::Text, "what to look for; not empty")],
    returns: "int",
    errors: &[("empty", "there is nothing to look for")],
    summary: "Counts how often a piece occurs in the text, without overlaps.",
    example: Example::Shows("text::count(\"banana\", \"an\")", "2"),
    ..OF_TEXT
};
const REPEAT: Doc = Doc {
    name: "repeat",
    params: &[TEXT, param("count", Kind::Int, "how often, 0 or more")],
    errors: &[TOO_LARGE],
    summary: "Returns the text several times over.",
    example: Example::Shows("text::repeat(\"=-\", 4)", "\"=-=-=-=-\""),
    ..OF_TEXT
};
const JOIN: Doc = Doc {
    name: "join",
    params: &[
        param("parts", Kind::Array, "strings, numbers, chars or bools"),
        param("separator", Kind::Text, "what to put between them"),
    ],
    errors: &[WRONG_TYPE],
    summary: "Returns the elements of an array as one text.",
    example: Example::Shows("text::join([192, 168, 0, 1], \".\")", "\"192.168.0.1\""),
    ..OF_TEXT
};
const LINES: Doc = Doc {
    name: "lines",
    returns: "array",
    summary: "Returns the lines of the text, without their ends.",
    notes: "A line ends with a line feed, or with carriage return and line feed.",
    example: Example::Shows("text::lines(\"one\\r\\ntwo\\n\")", "[\"one\", \"two\"]"),
    ..OF_TEXT
};
const WORDS: Doc = Doc {
    name: "words",
    returns: "array",
    summary: "Returns the pieces of the text between white space.",
    example: Example::Shows("text::words(\" a  b\\tc\\n\")", "[\"a\", \"b\", \"c\"]"),
    ..OF_TEXT
};
const CODES: Doc = Doc {
    name: "codes",
    returns: "array",
    summary: "Returns the Unicode code points of the text as numbers.",
    example: Example::Shows("text::codes(\"aß€\")", "[97, 223, 8364]"),
    ..OF_TEXT
};
const FROM_CODES: Doc = Doc {
    name: "from_codes",
    params: &[param(
        "codes",
        Kind::Array,
        "code points: 0 to 0x10ffff without 0xd800 to 0xdfff",
    )],
    errors: &[WRONG_TYPE, ("out_of_range", "a number is no code point")],
    summary: "Returns the text that Unicode code points stand for.",
    example: Example::Shows("text::from_codes([97, 223, 8364])", "\"aß€\""),
    ..OF_TEXT
};
const FIXED: Doc = Doc {
    name: "fixed",
    params: &[
        param("number", Kind::Any, "an int or a float"),
        param("decimals", Kind::Int, "digits after the point, 0 to 300"),
    ],
    errors: &[WRONG_TYPE, TOO_LARGE],
    summary: "Returns a number with so many digits after the point, rounded.",
    example: Example::Shows("text::fixed(2.0 / 3.0, 3)", "\"0.667\""),
    ..OF_TEXT
};
const WIDTH: Doc = Doc {
    name: "width",
    returns: "int",
    summary: "Returns the columns that the text takes on a terminal.",
    notes: "Wide characters take two, combining ones none.",
    example: Example::Shows("text::width(\"日本\")", "4"),
    ..OF_TEXT
};
const PAD_START: Doc = Doc {
    name: "pad_start",
    params: &[TEXT, COLUMNS],
    errors: &[TOO_LARGE],
    summary: "Returns the text with spaces before it, so that it takes so many columns.",
    example: Example::Shows("text::pad_start(\"42\", 5)", "\"   42\""),
    ..OF_TEXT
};
const PAD_START_WITH: Doc = Doc {
    params: &[TEXT, COLUMNS, FILL],
    errors: &[TOO_LARGE, ("empty", "there is nothing to fill with")],
    summary: "Returns the text with something before it, so that it takes so many columns.",
    example: Example::Shows("text::pad_start(\"42\", 5, \"0\")", "\"00042\""),
    ..PAD_START
};
const PAD_END: Doc = Doc {
    name: "pad_end",
    summary: "Returns the text with spaces after it, so that it takes so many columns.",
    example: Example::Shows("text::pad_end(\"ab\", 4)", "\"ab  \""),
    ..PAD_START
};
const PAD_END_WITH: Doc = Doc {
    name: "pad_end",
    summary: "Returns the text with something after it, so that it takes so many columns.",
    example: Example::Shows("text::pad_end(\"ab\", 4, \".\")", "\"ab..\""),
    ..PAD_START_WITH
};
const CENTER: Doc = Doc {
    name: "center",
    summary: "Returns the text with spaces on both sides, so that it takes so many columns.",
    example: Example::Shows("text::center(\"ab\", 5)", "\" ab  \""),
    ..PAD_START
};
const WRAP: Doc = Doc {
    name: "wrap",
    params: &[
        TEXT,
        param("columns", Kind::Int, "the most that a line may take, 1 or more"),
    ],
    returns: "array",
    errors: &[TOO_LARGE],
    summary: "Returns the text as lines that are not wider than so many columns.",
    notes: "Breaks between words; inside of a word only where it is wider than a line. Line ends of the text stay.",
    example: Example::Shows(
        "text::wrap(\"the quick brown fox\", 10)",
        "[\"the quick\", \"brown fox\"]",
    ),
    ..OF_TEXT
};

/// Adds `text::*`.
pub fn register(api: &mut Api) {
    api.compute(&TRIM, |call| Ok(call.text(0)?.trim().into()));
    api.compute(&TRIM_START, |call| Ok(call.text(0)?.trim_start().into()));
    api.compute(&TRIM_END, |call| Ok(call.text(0)?.trim_end().into()));
    api.compute(&CAPITALIZE, |call| {
        let text = call.text(0)?;
        let mut characters = text.chars();
        let mut out = String::new();
        out.extend(characters.next().into_iter().flat_map(char::to_uppercase));
        out.push_str(characters.as_str());
        Ok(out.into())
    });
    api.compute(&REVERSE, |call| Ok(collect(call, call.text(0)?.chars().rev())?.into()));
    api.compute(&STRIP_PREFIX, |call| {
        let text = call.text(0)?;
        Ok(text.strip_prefix(call.text(1)?.as_str()).unwrap_or(&text).into())
    });
    api.compute(&STRIP_SUFFIX, |call| {
        let text = call.text(0)?;
        Ok(text.strip_suffix(call.text(1)?.as_str()).unwrap_or(&text).into())
    });
    api.compute(&REPLACE, replace);
    api.compute(&COUNT, |call| {
        let mut count = 0;
        let (text, part) = (call.text(0)?, not_empty(call, 1)?);
        layout::find_all(&text, &part, &mut call.pace(), |_, is_part| count += i64::from(is_part))?;
        Ok(count.into())
    });
    api.compute(&REPEAT, |call| {
        let (text, count) = (call.text(0)?, call.count(1, "count")?);
        let mut out = String::new();
        if !text.is_empty() {
            layout::repeat(&text, count, &mut call.pace(), &mut out)?;
        }
        Ok(out.into())
    });
    api.compute(&JOIN, join);
    api.compute(&LINES, |call| pieces(call, call.text(0)?.lines()));
    api.compute(&WORDS, |call| pieces(call, call.text(0)?.split_whitespace()));
    api.compute(&CODES, |call| {
        let (mut array, mut pace) = (Array::new(), call.pace());
        for character in call.text(0)?.chars() {
            array.push(Dynamic::from_int(u32::from(character).into()));
            pace.spend(4)?;
        }
        Ok(array.into())
    });
    api.compute(&FROM_CODES, from_codes);
    api.compute(&FIXED, fixed);
    api.compute(&WIDTH, |call| {
        Ok((layout::width(&call.text(0)?, &mut call.pace())? as i64).into())
    });
    api.compute(&PAD_START, |call| pad(call, " ", (1, 0)));
    api.compute(&PAD_START_WITH, |call| pad(call, &not_empty(call, 2)?, (1, 0)));
    api.compute(&PAD_END, |call| pad(call, " ", (0, 1)));
    api.compute(&PAD_END_WITH, |call| pad(call, &not_empty(call, 2)?, (0, 1)));
    api.compute(&CENTER, |call| pad(call, " ", (1, 1)));
    api.compute(&WRAP, |call| {
        let columns = call.count(1, "columns")?;
        if columns == 0 {
            return Err(Error::new("out_of_range", "a line must have at least one column"));
        }
        let mut lines = Array::new();
        layout::wrap(&call.text(0)?, columns, &mut call.pace(), |line| {
            lines.push(line.into())
        })?;
        Ok(lines.into())
    });
}

fn not_empty(call: &Call<'_>, index: usize) -> Result<rhai::ImmutableString> {
    let text = call.text(index)?;
    if text.is_empty() {
        return Err(Error::new("empty", "the text must not be empty"));
    }
    Ok(text)
}

fn collect(call: &Call<'_>, characters: impl Iterator<Item = char>) -> Result<String> {
    let (mut out, mut pace) = (String::new(), call.pace());
    for character in characters {
        out.push(character);
        pace.spend(1)?;
    }
    Ok(out)
}

fn pieces<'t>(call: &Call<'_>, pieces: impl Iterator<Item = &'t str>) -> Result<Dynamic> {
    let (mut array, mut pace) = (Array::new(), call.pace());
    for piece in pieces {
        array.push(piece.into());
        pace.spend(piece.len() + 8)?;
    }
    Ok(array.into())
}

fn replace(call: &Call<'_>) -> Result<Dynamic> {
    let (text, old, new) = (call.text(0)?, not_empty(call, 1)?, call.text(2)?);
    let (mut out, mut pace) = (String::new(), call.pace());
    let mut written = Ok(());
    layout::find_all(&text, &old, &mut call.pace(), |piece, is_old| {
        let piece = if is_old { &new } else { piece };
        // A few bytes of text may become many megabytes: what is written counts too.
        if written.is_ok() {
            out.push_str(piece);
            written = pace.spend(piece.len());
        }
    })?;
    written?;
    Ok(out.into())
}

fn join(call: &Call<'_>) -> Result<Dynamic> {
    let (separator, mut pace) = (call.text(1)?, call.pace());
    let mut out = String::new();
    for (index, part) in call.array(0)?.iter().enumerate() {
        if index > 0 {
            out.push_str(&separator);
        }
        let before = out.len();
        if part.is_string() {
            out.push_str(&text_of(part)?);
        } else if part.is_int() || part.is_float() || part.is_char() || part.is_bool() {
            let _ = core::fmt::Write::write_fmt(&mut out, format_args!("{part}"));
        } else {
            return Err(unexpected(part, "a string or a number"));
        }
        pace.spend(out.len() - before + separator.len() + 4)?;
    }
    Ok(out.into())
}

fn from_codes(call: &Call<'_>) -> Result<Dynamic> {
    let mut pace = call.pace();
    let mut out = String::new();
    for code in call.array(0)?.iter() {
        let number = code.as_int().map_err(|_| unexpected(code, "an int"))?;
        let character = u32::try_from(number).ok().and_then(char::from_u32);
        out.push(character.ok_or_else(|| Error::new("out_of_range", format_args!("{number} is no code point")))?);
        pace.spend(2)?;
    }
    Ok(out.into())
}

fn fixed(call: &Call<'_>) -> Result<Dynamic> {
    let (number, decimals) = (call.value(0), call.count(1, "decimals")?);
    if decimals > 300 {
        return Err(Error::new("out_of_range", "no more than 300 decimals"));
    }
    if let Ok(number) = number.as_float() {
        return Ok(alloc::format!("{number:.decimals$}").into());
    }
    let number = number.as_int().map_err(|_| unexpected(number, "a number"))?;
    let point = if decimals > 0 { "." } else { "" };
    Ok(alloc::format!("{number}{point}{}", "0".repeat(decimals)).into())
}

/// Fills up with `fill` before and after the text, in shares of that proportion.
fn pad(call: &Call<'_>, fill: &str, shares: (usize, usize)) -> Result<Dynamic> {
    let (text, columns) = (call.text(0)?, call.count(1, "columns")?);
    let mut pace: Pace = call.pace();
    let missing = columns.saturating_sub(layout::width(&text, &mut pace)?);
    let before = missing / (shares.0 + shares.1) * shares.0;
    let mut out = String::new();
    layout::fill(fill, before, &mut pace, &mut out)?;
    out.push_str(&text);
    if shares.1 > 0 {
        layout::fill(fill, missing - before, &mut pace, &mut out)?;
    }
    Ok(out.into())
}
