//! Methods that chain on arrays of maps, as listings return them: choose, sort, count, add up.
//!
//! They read the array where it lies and return a new one. Rows and keys that are missing are named in the errors.

mod group;

use alloc::format;
use alloc::vec::Vec;
use core::cmp::Ordering;

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map};

use super::{PLAIN, WRONG_TYPE, param};
use crate::compute::{Call, Error, Pace, Result, name_of_type, text_of, unexpected};
use crate::registry::{Api, Doc, Example, Kind, Param};
use crate::sort::merge_sort;

/// Steps that the copy of one row costs, about.
const ROW_STEPS: usize = 64;

const ROWS: Param = param("rows", Kind::Rows, "an array of maps");
const LIST: Param = param("list", Kind::Rows, "an array of anything");
const KEY: Param = param("key", Kind::Text, "a key that every row has");
const MISSING_KEY: (&str, &str) = ("missing_key", "a row does not have the key; the message says which");
const KEY_ERRORS: &[(&str, &str)] = &[MISSING_KEY, WRONG_TYPE];

const WHERE: Doc = Doc {
    name: "where",
    params: &[LIST, param("keep", Kind::Function, "takes an element; true keeps it")],
    returns: "array",
    errors: &[WRONG_TYPE],
    summary: "Returns the elements for which a function returns true.",
    notes: "Chains with sort_by, select, head, tail, count_by, group_by, unique_by, column, sum, avg, min_by, max_by.",
    example: Example::Shows("[#{n: 1}, #{n: 5}].where(|row| row.n > 2).column(\"n\")", "[5]"),
    ..PLAIN
};
const SORT_BY: Doc = Doc {
    name: "sort_by",
    params: &[
        ROWS,
        param(
            "key",
            Kind::Text,
            "a key that every row has; with - before it, the largest comes first",
        ),
    ],
    returns: "array",
    errors: KEY_ERRORS,
    summary: "Returns the rows sorted by the values of a key.",
    notes: "Numbers, texts, chars or truth values. Rows with the same value keep their order. Unlike this, sort_by with \
            a function sorts the array in place.",
    example: Example::Shows("[#{n: 1}, #{n: 5}].sort_by(\"-n\").column(\"n\")", "[5, 1]"),
    ..PLAIN
};
const SELECT: Doc = Doc {
    name: "select",
    params: &[ROWS, param("keys", Kind::Array, "keys that every row has")],
    returns: "array",
    errors: KEY_ERRORS,
    summary: "Returns the rows with some of their keys only.",
    notes: "",
    example: Example::Shows("[#{a: 1, b: 2, c: 3}].select([\"a\", \"c\"])", "a  c\n1  3"),
    ..PLAIN
};
const HEAD: Doc = Doc {
    name: "head",
    params: &[LIST, param("count", Kind::Int, "0 or more")],
    returns: "array",
    errors: &[("out_of_range", "count is negative")],
    summary: "Returns the first elements.",
    notes: "",
    example: Example::Shows("[1, 2, 3].head(2)", "[1, 2]"),
    ..PLAIN
};
const TAIL: Doc = Doc {
    name: "tail",
    summary: "Returns the last elements.",
    example: Example::Shows("[1, 2, 3].tail(2)", "[2, 3]"),
    ..HEAD
};
const COLUMN: Doc = Doc {
    name: "column",
    params: &[ROWS, KEY],
    returns: "array",
    errors: KEY_ERRORS,
    summary: "Returns the values of a key.",
    notes: "",
    example: Example::Shows("[#{n: 1}, #{n: 5}].column(\"n\")", "[1, 5]"),
    ..PLAIN
};
const SUM: Doc = Doc {
    name: "sum",
    params: &[
        LIST,
        param(
            "key",
            Kind::Optional(&Kind::Text),
            "a key that every row has; without it, the elements are numbers themselves",
        ),
    ],
    returns: "any",
    errors: &[
        MISSING_KEY,
        WRONG_TYPE,
        ("out_of_range", "the sum is beyond the range of an int"),
    ],
    summary: "Returns the sum of numbers, or of a key's values.",
    notes: "Whole numbers give an int, others a float.",
    example: Example::Shows("[[1, 2].sum(), [#{n: 1.5}, #{n: 2}].sum(\"n\")]", "[3, 3.5]"),
    ..PLAIN
};
const AVG: Doc = Doc {
    name: "avg",
    errors: KEY_ERRORS,
    summary: "Returns the mean of numbers, or of a key's values; () of none.",
    notes: "A float.",
    example: Example::Shows("[#{n: 1}, #{n: 2}].avg(\"n\")", "1.5"),
    ..SUM
};
const MIN_BY: Doc = Doc {
    name: "min_by",
    params: &[ROWS, KEY],
    returns: "any",
    errors: KEY_ERRORS,
    summary: "Returns the first row with the least value of a key; () where there is no row.",
    notes: "",
    example: Example::Shows("[#{n: 3}, #{n: 2}].min_by(\"n\").n", "2"),
    ..PLAIN
};
const MAX_BY: Doc = Doc {
    name: "max_by",
    summary: "Returns the first row with the largest value of a key; () where there is no row.",
    example: Example::Shows("[#{n: 3}, #{n: 2}].max_by(\"n\").n", "3"),
    ..MIN_BY
};

/// Adds the methods.
pub fn register(api: &mut Api) {
    api.reader(&WHERE, choose);
    api.reader(&SORT_BY, sort_by);
    api.reader(&SELECT, select);
    api.reader(&HEAD, |call| {
        let (rows, count) = (call.array(0)?, call.count(1, "count")?);
        copy(rows.iter().take(count), &mut call.pace())
    });
    api.reader(&TAIL, |call| {
        let (rows, count) = (call.array(0)?, call.count(1, "count")?);
        copy(rows.iter().skip(rows.len().saturating_sub(count)), &mut call.pace())
    });
    api.reader(&COLUMN, |call| {
        let (rows, key, mut pace) = (call.array(0)?, call.text(1)?, call.pace());
        let values = (0..rows.len()).map(|index| {
            pace.spend(ROW_STEPS)?;
            value_at(&rows, index, &key)
        });
        Ok(Dynamic::from_array(values.collect::<Result<_>>()?))
    });
    api.reader(&SUM, |call| sum(call).map(Total::into_dynamic));
    api.reader(&AVG, |call| {
        let total = sum(call)?;
        Ok(match total.count {
            0 => Dynamic::UNIT,
            count => Dynamic::from_float(total.float / count as f64),
        })
    });
    api.reader(&MIN_BY, |call| extreme(call, Ordering::Less));
    api.reader(&MAX_BY, |call| extreme(call, Ordering::Greater));
    group::register(api);
}

fn copy<'a>(elements: impl Iterator<Item = &'a Dynamic>, pace: &mut Pace) -> Result<Dynamic> {
    let mut copies = Array::new();
    for element in elements {
        pace.spend(ROW_STEPS)?;
        copies.push(element.clone());
    }
    Ok(Dynamic::from_array(copies))
}

/// The value of `key` in row `index`.
fn value_at(rows: &[Dynamic], index: usize, key: &str) -> Result<Dynamic> {
    let row = rows.get(index).unwrap_or(&Dynamic::UNIT);
    let Some(map) = row.read_lock::<Map>() else {
        return Err(match unexpected(row, "a map") {
            Error::Thrown { code, message } => Error::new(code, format_args!("row {index}: {message}")),
            other => other,
        });
    };
    map.get(key)
        .cloned()
        .ok_or_else(|| Error::new("missing_key", format_args!("row {index} has no `{key}`")))
}

fn choose(call: &Call<'_>) -> Result<Dynamic> {
    let (rows, mut pace) = (call.array(0)?, call.pace());
    let keep = call.value(1);
    let keep = keep
        .read_lock::<FnPtr>()
        .ok_or_else(|| unexpected(keep, "a function"))?;
    let mut kept = Array::new();
    for (index, row) in rows.iter().enumerate() {
        pace.spend(ROW_STEPS)?;
        let answer = call.invoke(&keep, [row.clone()])?;
        match answer.as_bool() {
            Ok(true) => kept.push(row.clone()),
            Ok(false) => {}
            Err(_) => {
                let kind = name_of_type(&answer);
                let message = format_args!("row {index}: the function must return a bool, not {kind}");
                return Err(Error::new("wrong_type", message));
            }
        }
    }
    Ok(Dynamic::from_array(kept))
}

fn select(call: &Call<'_>) -> Result<Dynamic> {
    let (rows, keys, mut pace) = (call.array(0)?, call.array(1)?, call.pace());
    let keys: Vec<ImmutableString> = keys.iter().map(text_of).collect::<Result<_>>()?;
    let mut selected = Array::new();
    for index in 0..rows.len() {
        pace.spend(ROW_STEPS)?;
        let mut row = Map::new();
        for key in &keys {
            row.insert(key.as_str().into(), value_at(&rows, index, key)?);
        }
        selected.push(Dynamic::from_map(row));
    }
    Ok(Dynamic::from_array(selected))
}

fn sort_by(call: &Call<'_>) -> Result<Dynamic> {
    let (rows, key, mut pace) = (call.array(0)?, call.text(1)?, call.pace());
    let (key, direction): (&str, fn(Ordering) -> Ordering) = match key.strip_prefix('-') {
        Some(key) => (key, Ordering::reverse),
        None => (&key, |order| order),
    };
    let mut order: Vec<(usize, Dynamic)> = Vec::new();
    for index in 0..rows.len() {
        pace.spend(ROW_STEPS)?;
        order.push((index, value_at(&rows, index, key)?));
    }
    merge_sort(&mut order, |(left, a), (right, b)| {
        pace.spend(16)?;
        compare(a, b)
            .map(direction)
            .ok_or_else(|| incomparable(key, (*left, a), (*right, b)))
    })?;
    copy(order.iter().filter_map(|(index, _)| rows.get(*index)), &mut pace)
}

/// How two values compare; `None` where they have no order.
fn compare(a: &Dynamic, b: &Dynamic) -> Option<Ordering> {
    if let (Ok(a), Ok(b)) = (a.as_int(), b.as_int()) {
        return Some(a.cmp(&b));
    }
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        // NaN is equal to anything, and stays where it is.
        return Some(a.partial_cmp(&b).unwrap_or(Ordering::Equal));
    }
    if let (Ok(a), Ok(b)) = (a.as_char(), b.as_char()) {
        return Some(a.cmp(&b));
    }
    if let (Ok(a), Ok(b)) = (a.as_bool(), b.as_bool()) {
        return Some(a.cmp(&b));
    }
    let (a, b) = (a.read_lock::<ImmutableString>()?, b.read_lock::<ImmutableString>()?);
    Some(a.as_str().cmp(b.as_str()))
}

fn incomparable(key: &str, (left, a): (usize, &Dynamic), (right, b): (usize, &Dynamic)) -> Error {
    let (a, b) = (name_of_type(a), name_of_type(b));
    let message = format!("`{key}` is {a} in row {left} and {b} in row {right}, which have no order");
    Error::new("wrong_type", message)
}

fn number(value: &Dynamic) -> Option<f64> {
    let whole = value.as_int().map(|number| number as f64);
    whole.or_else(|_| value.as_float()).ok()
}

/// Numbers added up.
struct Total {
    /// While all are whole; `None` where the sum is beyond an int.
    int: Option<i64>,
    float: f64,
    is_whole: bool,
    count: usize,
}

impl Total {
    fn into_dynamic(self) -> Dynamic {
        match self.int {
            Some(sum) if self.is_whole => Dynamic::from_int(sum),
            _ => Dynamic::from_float(self.float),
        }
    }
}

fn sum(call: &Call<'_>) -> Result<Total> {
    let (rows, mut pace) = (call.array(0)?, call.pace());
    let key = (call.arguments.len() > 1).then(|| call.text(1)).transpose()?;
    let mut total = Total {
        int: Some(0),
        float: 0.0,
        is_whole: true,
        count: rows.len(),
    };
    for (index, row) in rows.iter().enumerate() {
        pace.spend(8)?;
        let value = match &key {
            Some(key) => value_at(&rows, index, key)?,
            None => row.clone(),
        };
        let Some(number) = number(&value) else {
            let message = format_args!("row {index}: a number is needed, not {}", name_of_type(&value));
            return Err(Error::new("wrong_type", message));
        };
        total.float += number;
        total.is_whole &= value.is_int();
        total.int = total
            .int
            .zip(value.as_int().ok())
            .and_then(|(sum, number)| sum.checked_add(number));
    }
    if total.is_whole && total.int.is_none() {
        return Err(Error::new("out_of_range", "the sum is beyond the range of an int"));
    }
    Ok(total)
}

fn extreme(call: &Call<'_>, wanted: Ordering) -> Result<Dynamic> {
    let (rows, key, mut pace) = (call.array(0)?, call.text(1)?, call.pace());
    let mut best: Option<(usize, Dynamic)> = None;
    for index in 0..rows.len() {
        pace.spend(16)?;
        let value = value_at(&rows, index, &key)?;
        let is_better = match &best {
            None => true,
            Some((row, best)) => {
                compare(&value, best).ok_or_else(|| incomparable(&key, (*row, best), (index, &value)))? == wanted
            }
        };
        if is_better {
            best = Some((index, value));
        }
    }
    Ok(best
        .and_then(|(index, _)| rows.get(index).cloned())
        .unwrap_or(Dynamic::UNIT))
}
