//! `plot` and `bars`: numbers as charts of text.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rhai::{Array, Dynamic, ImmutableString, Map};

use super::{PLAIN, WRONG_TYPE, param};
use crate::chart::{self, Size};
use crate::compute::{Call, Error, Result, name_of_type, unexpected};
use crate::pager;
use crate::registry::{Api, Doc, Example, Kind, ScriptError};
use crate::show::{cell, units};

/// Rows of a curve, where the terminal has enough.
const CURVE_ROWS: usize = 12;
/// Bars that are drawn.
const BAR_LIMIT: usize = 100;
/// Columns that are kept of a label.
const LABEL_COLUMNS: usize = 60;

const NO_NUMBERS: (&str, &str) = ("no_numbers", "there is no finite number to draw");
const ERRORS: &[(&str, &str)] = &[
    NO_NUMBERS,
    WRONG_TYPE,
    ("missing_key", "a row does not have the key; the message says which"),
];

const PLOT: Doc = Doc {
    name: "plot",
    params: &[
        param("numbers", Kind::Array, "numbers, or with a key, maps"),
        param("key", Kind::Optional(&Kind::Text), "a key that every row has"),
    ],
    returns: "()",
    errors: ERRORS,
    waits: true,
    summary: "Draws a curve through numbers, or through the values of a key.",
    notes: "As wide as the terminal. What is not finite is left out.",
    example: Example::Shows("plot([0, 1, 4, 9, 16, 25])", "25 ┤..."),
    ..PLAIN
};
const BARS: Doc = Doc {
    name: "bars",
    params: &[param(
        "values",
        Kind::Any,
        "a map of numbers, an array of numbers, or rows such as count_by returns",
    )],
    returns: "()",
    errors: &[NO_NUMBERS, WRONG_TYPE],
    waits: true,
    summary: "Draws a bar for each number.",
    notes: "Of rows, the first key with a number is drawn, and the first other one is the label. 100 bars at most.",
    example: Example::Shows("bars(#{dirs: 1, files: 2})", "dirs  ..."),
    ..PLAIN
};

/// Adds `plot` and `bars`.
pub fn register(api: &mut Api) {
    api.reader(&PLOT, plot);
    api.reader(&BARS, bars);
}

fn number(value: &Dynamic) -> Option<f64> {
    let whole = value.as_int().map(|number| number as f64);
    whole.or_else(|_| value.as_float()).ok()
}

fn plot(call: &Call<'_>) -> Result<Dynamic> {
    let (values, mut pace) = (call.array(0)?, call.pace());
    let key = (call.arguments.len() > 1).then(|| call.text(1)).transpose()?;
    let mut numbers = Vec::new();
    for (index, value) in values.iter().enumerate() {
        pace.spend(16)?;
        let field = match &key {
            None => None,
            Some(key) => {
                let map = value.read_lock::<Map>().ok_or_else(|| unexpected(value, "a map"))?;
                let field = map.get(key.as_str()).cloned();
                Some(field.ok_or_else(|| Error::new("missing_key", format_args!("row {index} has no `{key}`")))?)
            }
        };
        let value = field.as_ref().unwrap_or(value);
        // Nothing is a gap.
        let number = if value.is_unit() { Some(f64::NAN) } else { number(value) };
        numbers.push(number.ok_or_else(|| {
            Error::new(
                "wrong_type",
                format_args!("row {index}: a number is needed, not {}", name_of_type(value)),
            )
        })?);
    }
    let view = pager::view(call.context);
    let size = Size {
        columns: view.columns,
        rows: CURVE_ROWS.min(view.rows / 2),
    };
    let chart = chart::curve(&numbers, size).ok_or_else(no_numbers)?;
    print(call, &chart)
}

fn bars(call: &Call<'_>) -> Result<Dynamic> {
    let values = call.value(0);
    let mut entries = Vec::new();
    let all;
    if let Some(map) = values.read_lock::<Map>() {
        all = map.len();
        for (key, value) in map.iter().take(BAR_LIMIT) {
            entries.push(entry(key, key, value)?);
        }
    } else {
        let array = values
            .read_lock::<Array>()
            .ok_or_else(|| unexpected(values, "a map or an array"))?;
        all = array.len();
        for (index, value) in array.iter().take(BAR_LIMIT).enumerate() {
            entries.push(match value.read_lock::<Map>() {
                Some(map) => entry_of_row(&map, index)?,
                None => entry(&index.to_string(), "", value)?,
            });
        }
    }
    if entries.is_empty() {
        return Err(no_numbers());
    }
    let mut text = chart::bars(&entries, pager::view(call.context).columns);
    if all > entries.len() {
        text.push_str(&alloc::format!("\n... {} more ({all} in all)", all - entries.len()));
    }
    print(call, &text)
}

fn entry_of_row(row: &Map, index: usize) -> Result<(String, f64, String)> {
    let Some((key, value)) = row.iter().find(|(_, value)| number(value).is_some()) else {
        return Err(Error::new("no_numbers", format_args!("row {index} has no number")));
    };
    let label =
        row.iter()
            .find(|(other, _)| *other != key)
            .map(|(_, label)| match label.read_lock::<ImmutableString>() {
                Some(text) => text.to_string(),
                None => label.to_string(),
            });
    entry(&label.unwrap_or_default(), key, value)
}

fn entry(label: &str, key: &str, value: &Dynamic) -> Result<(String, f64, String)> {
    let Some(number) = number(value) else {
        let kind = name_of_type(value);
        return Err(Error::new(
            "wrong_type",
            format_args!("`{label}`: a number is needed, not {kind}"),
        ));
    };
    let mut visible = String::new();
    cell::push_visible(label, LABEL_COLUMNS, &mut visible);
    Ok((
        visible,
        number,
        units::readable(key, value).unwrap_or_else(|| value.to_string()),
    ))
}

fn no_numbers() -> Error {
    Error::new(NO_NUMBERS.0, NO_NUMBERS.1)
}

fn print(call: &Call<'_>, text: &str) -> Result<Dynamic> {
    let position = call.native.call_position();
    let stopped = |_| Error::Script(ScriptError::Interrupted.to_script(call.context, position));
    call.context.print_line(text).map_err(stopped)?;
    Ok(Dynamic::UNIT)
}
