//! `regex`: regular expressions on text.
//!
//! Matching is by finite automata, so its time is proportional to the text times the pattern, whatever the pattern is:
//! there are none that explode. The crate `regex-automata` builds the automata; the loops over the text are ours, since
//! the crate's have no safepoints.

mod compile;
mod groups;
mod matches;
mod template;
#[cfg(test)]
mod tests;

use alloc::string::String;

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map, Shared};

use super::{PLAIN, param};
use crate::compute::{Call, Error, Pace, Result, name_of_type, text_of, unexpected};
use crate::registry::{Api, Doc, Example, Kind, Param};

use compile::Pattern;
use matches::{Found, Matches};
use template::Template;

/// A compiled pattern, as scripts hold it; copies share it.
#[derive(Clone)]
pub struct Regex(Shared<Pattern>);

const PATTERN: Param = param(
    "pattern",
    Kind::Any,
    "a regular expression as a string, or what regex::compile made of it",
);
const TEXT: Param = param("text", Kind::Text, "where to look");
const BAD_PATTERN: (&str, &str) = ("bad_pattern", "the pattern is not a regular expression");
const TOO_LARGE: (&str, &str) = (
    "too_large",
    "the pattern is longer than 1 KiB, or stands for too many states",
);
const ERRORS: &[(&str, &str)] = &[BAD_PATTERN, TOO_LARGE];
const SYNTAX: &str = "Syntax: . [a-z] [^a-z] * + ? {2,5} *? | (group) (?<name>group) (?:group) ^ $ \\b \\d \\w \\s \\D \\W \
                      \\S \\. and (?i) case, (?m) lines, (?s) dot and line ends, (?x) spaces. \\d \\w \\s \\b know ASCII, \
                      all else Unicode; there is no \\p{..}, no look-around and no backreference. Between backticks, a \
                      string needs no doubled backslashes.";
const MATCH: &str = "A match is a map: `start` and `end` in characters, `text`, `groups` (an array: group 1 and so on, () \
                     where one took no part), `names` (the groups that have one).";

const COMPILE: Doc = Doc {
    namespace: "regex",
    name: "compile",
    params: &[param("pattern", Kind::Text, "a regular expression")],
    returns: "Regex",
    errors: ERRORS,
    summary: "Makes a pattern ready, which pays where it is used more than once.",
    notes: SYNTAX,
    example: Example::Shows(
        "let word = regex::compile(`\\w+`); regex::is_match(word, \"ab\")",
        "true",
    ),
    ..PLAIN
};
const IS_MATCH: Doc = Doc {
    namespace: "regex",
    name: "is_match",
    params: &[PATTERN, TEXT],
    returns: "bool",
    errors: ERRORS,
    summary: "Whether the pattern matches somewhere in the text.",
    notes: SYNTAX,
    example: Example::Shows("regex::is_match(`^\\d{4}-\\d\\d$`, \"2026-11\")", "true"),
    ..PLAIN
};
const FIND: Doc = Doc {
    namespace: "regex",
    name: "find",
    params: &[PATTERN, TEXT],
    errors: ERRORS,
    summary: "Returns the first match as a map, or ().",
    notes: MATCH,
    example: Example::Shows(
        "regex::find(`(\\w+)@(\\w+)`, \"to: bob@home\").groups",
        "[\"bob\", \"home\"]",
    ),
    ..PLAIN
};
const FIND_ALL: Doc = Doc {
    namespace: "regex",
    name: "find_all",
    params: &[PATTERN, TEXT],
    returns: "array",
    errors: ERRORS,
    summary: "Returns all matches that do not overlap, as maps.",
    notes: MATCH,
    example: Example::Shows(
        "regex::find_all(`\\d+`, \"3 to 15\").map(|m| m.text)",
        "[\"3\", \"15\"]",
    ),
    ..PLAIN
};
const REPLACE: Doc = Doc {
    namespace: "regex",
    name: "replace",
    params: &[
        PATTERN,
        TEXT,
        param(
            "replacement",
            Kind::Text,
            "$1 or ${name} stand for groups, $0 for the match, $$ for $",
        ),
    ],
    returns: "string",
    errors: &[
        BAD_PATTERN,
        TOO_LARGE,
        (
            "bad_replacement",
            "the replacement names a group that the pattern does not have",
        ),
    ],
    summary: "Returns the text with every match replaced.",
    notes: SYNTAX,
    example: Example::Shows(
        "regex::replace(`(\\w+)=(\\w+)`, \"a=1, b=2\", \"$2:$1\")",
        "\"1:a, 2:b\"",
    ),
    ..PLAIN
};
const REPLACE_BY: Doc = Doc {
    params: &[
        PATTERN,
        TEXT,
        param(
            "replacement",
            Kind::Function,
            "gets each match as a map and returns a string",
        ),
    ],
    errors: &[
        BAD_PATTERN,
        TOO_LARGE,
        ("wrong_type", "the function returns something else"),
    ],
    summary: "Returns the text with every match replaced by what a function says.",
    notes: MATCH,
    example: Example::Shows(
        "regex::replace(`\\d+`, \"4 and 5\", |m| `${parse_int(m.text) * 10}`)",
        "\"40 and 50\"",
    ),
    ..REPLACE
};
const SPLIT: Doc = Doc {
    namespace: "regex",
    name: "split",
    params: &[PATTERN, TEXT],
    returns: "array",
    errors: ERRORS,
    summary: "Returns the pieces of the text between the matches.",
    notes: SYNTAX,
    example: Example::Shows("regex::split(`\\s*[,;]\\s*`, \"a, b ;c\")", "[\"a\", \"b\", \"c\"]"),
    ..PLAIN
};
const ESCAPE: Doc = Doc {
    namespace: "regex",
    name: "escape",
    params: &[param("text", Kind::Text, "any text")],
    returns: "string",
    summary: "Returns a pattern that matches this text and nothing else.",
    example: Example::Shows("print(regex::escape(\"1+1=2?\"))", "1\\+1=2\\?"),
    ..PLAIN
};

/// Adds `regex::*`.
pub fn register(api: &mut Api) {
    api.global().set_custom_type::<Regex>("Regex");
    api.compute(&COMPILE, |call| {
        Ok(Dynamic::from(Regex(Shared::new(Pattern::compile(&call.text(0)?)?))))
    });
    api.compute(&IS_MATCH, |call| {
        let (regex, text, mut pace) = (regex(call)?, call.text(1)?, call.pace());
        Ok(Matches::new(&regex.0, &text).next(&mut pace)?.is_some().into())
    });
    api.compute(&FIND, |call| {
        let (regex, text, mut pace) = (regex(call)?, call.text(1)?, call.pace());
        match Matches::new(&regex.0, &text).next_with_groups(&mut pace)? {
            Some(found) => Ok(describe(&regex.0, &text, &found)),
            None => Ok(Dynamic::UNIT),
        }
    });
    api.compute(&FIND_ALL, |call| {
        let (regex, text, mut pace) = (regex(call)?, call.text(1)?, call.pace());
        let (mut matches, mut array) = (Matches::new(&regex.0, &text), Array::new());
        while let Some(found) = matches.next_with_groups(&mut pace)? {
            array.push(describe(&regex.0, &text, &found));
            pace.spend(64)?;
        }
        Ok(array.into())
    });
    api.compute(&REPLACE, |call| {
        let regex = regex(call)?;
        let template = Template::parse(&call.text(2)?, &regex.0)?;
        replace(call, &regex.0, template.has_groups(), |text, found, out, _| {
            template.expand(text, found, out);
            Ok(())
        })
    });
    api.compute(&REPLACE_BY, |call| {
        let regex = regex(call)?;
        let function = call.value(2).read_lock::<FnPtr>();
        let function = function.ok_or_else(|| unexpected(call.value(2), "a function"))?;
        replace(call, &regex.0, true, |text, found, out, call| {
            let piece = call.invoke(&function, [describe(&regex.0, text, found)])?;
            out.push_str(&text_of(&piece)?);
            Ok(())
        })
    });
    api.compute(&SPLIT, split);
    api.compute(&ESCAPE, |call| {
        let (mut out, mut pace) = (String::new(), call.pace());
        for character in call.text(0)?.chars() {
            if regex_syntax::is_meta_character(character) {
                out.push('\\');
            }
            out.push(character);
            pace.spend(2)?;
        }
        Ok(out.into())
    });
}

/// The first argument.
fn regex(call: &Call<'_>) -> Result<Regex> {
    let value = call.value(0);
    if let Some(regex) = value.read_lock::<Regex>() {
        return Ok(regex.clone());
    }
    match value.read_lock::<ImmutableString>() {
        Some(pattern) => Ok(Regex(Shared::new(Pattern::compile(&pattern)?))),
        None => {
            let message = format_args!("a pattern is a string or a Regex, not {}", name_of_type(value));
            Err(Error::new("wrong_type", message))
        }
    }
}

/// A match as scripts get it.
fn describe(pattern: &Pattern, text: &str, found: &Found) -> Dynamic {
    let piece = |span: Option<(usize, usize)>| -> Dynamic {
        span.and_then(|(start, end)| text.get(start..end))
            .map_or(Dynamic::UNIT, Into::into)
    };
    let mut map = Map::new();
    map.insert("start".into(), Dynamic::from_int(found.start_character as i64));
    map.insert("end".into(), Dynamic::from_int(found.end_character as i64));
    map.insert("text".into(), piece(Some((found.start, found.end))));
    let (mut groups, mut names) = (Array::new(), Map::new());
    for (index, name) in pattern.group_names().iter().enumerate().skip(1) {
        let value = piece(found.group(index));
        if let Some(name) = name {
            names.insert(name.as_str().into(), value.clone());
        }
        groups.push(value);
    }
    map.insert("groups".into(), groups.into());
    map.insert("names".into(), names.into());
    Dynamic::from_map(map)
}

fn replace(
    call: &Call<'_>,
    pattern: &Pattern,
    needs_groups: bool,
    mut append: impl FnMut(&str, &Found, &mut String, &Call<'_>) -> Result<()>,
) -> Result<Dynamic> {
    let (text, mut pace): (_, Pace) = (call.text(1)?, call.pace());
    let (mut matches, mut out, mut rest) = (Matches::new(pattern, &text), String::new(), 0);
    loop {
        let found = if needs_groups {
            matches.next_with_groups(&mut pace)?
        } else {
            matches.next(&mut pace)?
        };
        let Some(found) = found else { break };
        out.push_str(text.get(rest..found.start).unwrap_or_default());
        append(&text, &found, &mut out, call)?;
        rest = found.end;
        pace.spend(16)?;
    }
    out.push_str(text.get(rest..).unwrap_or_default());
    Ok(out.into())
}

fn split(call: &Call<'_>) -> Result<Dynamic> {
    let (regex, text, mut pace) = (regex(call)?, call.text(1)?, call.pace());
    let (mut matches, mut pieces, mut rest) = (Matches::new(&regex.0, &text), Array::new(), 0);
    while let Some(found) = matches.next(&mut pace)? {
        pieces.push(text.get(rest..found.start).unwrap_or_default().into());
        rest = found.end;
        pace.spend(16)?;
    }
    pieces.push(text.get(rest..).unwrap_or_default().into());
    Ok(pieces.into())
}
