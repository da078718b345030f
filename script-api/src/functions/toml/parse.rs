//! TOML text to a map: the `toml` crate reads, and what it read is copied.

use alloc::string::{String, ToString};

use rhai::{Array, Dynamic, Map};
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use crate::compute::{Error, Pace, Result};
use crate::functions::place::Place;

/// Longer texts are refused: the crate has no safepoints. It reads this much in less than 50 ms, in an emulator too.
const LENGTH_LIMIT_BYTES: usize = 64 * 1024;

/// The map that `text` stands for. The crate refuses more than 80 levels.
///
/// # Errors
///
/// `parse_error`, `too_large`, `out_of_range`.
pub(super) fn parse(text: &str, pace: &mut Pace) -> Result<Map> {
    if text.len() > LENGTH_LIMIT_BYTES {
        let message = format_args!(
            "a text may have {LENGTH_LIMIT_BYTES} bytes, this one has {}",
            text.len()
        );
        return Err(Error::new("too_large", message));
    }
    let table = DeTable::parse(text).map_err(|error| match error.span() {
        Some(span) => {
            let place = Place::of(text, span.start);
            Error::new("parse_error", format_args!("{place}: {}", error.message()))
        }
        None => Error::new("parse_error", error.message()),
    })?;
    map(table.get_ref(), pace)
}

fn map(table: &DeTable<'_>, pace: &mut Pace) -> Result<Map> {
    let mut map = Map::new();
    for (key, entry) in table {
        pace.spend(key.get_ref().len() + 16)?;
        map.insert(key.get_ref().as_ref().into(), value(entry.get_ref(), pace)?);
    }
    Ok(map)
}

fn value(value: &DeValue<'_>, pace: &mut Pace) -> Result<Dynamic> {
    Ok(match value {
        DeValue::String(text) => {
            pace.spend(text.len())?;
            Dynamic::from(String::from(text.as_ref()))
        }
        DeValue::Integer(number) => Dynamic::from_int(int(number)?),
        DeValue::Float(number) => Dynamic::from_float(float(number)?),
        DeValue::Boolean(truth) => Dynamic::from_bool(*truth),
        DeValue::Datetime(time) => time.to_string().into(),
        DeValue::Array(elements) => {
            let mut array = Array::new();
            for element in elements.iter() {
                pace.spend(16)?;
                array.push(self::value(element.get_ref(), pace)?);
            }
            Dynamic::from_array(array)
        }
        DeValue::Table(table) => Dynamic::from_map(map(table, pace)?),
    })
}

fn int(number: &DeInteger<'_>) -> Result<i64> {
    i64::from_str_radix(number.as_str(), number.radix())
        .map_err(|_| Error::new("out_of_range", format_args!("{number} is beyond the range of an int")))
}

/// `inf` and `nan` are numbers in TOML.
fn float(number: &DeFloat<'_>) -> Result<f64> {
    let text = number.as_str();
    let float = text.parse::<f64>().ok();
    let is_meant = |float: &f64| float.is_finite() || text.contains("inf") || text.contains("nan");
    float
        .filter(is_meant)
        .ok_or_else(|| Error::new("out_of_range", format_args!("{text} is beyond what a float can hold")))
}
