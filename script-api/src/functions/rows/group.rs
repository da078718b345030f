//! Rows by the values of a key: counted, gathered, or one of each.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map};

use super::{KEY, LIST, MISSING_KEY, PLAIN, ROW_STEPS, ROWS, WRONG_TYPE, param, value_at};
use crate::compute::{Call, Error, Result, name_of_type, text_of};
use crate::registry::{Api, Doc, Example, Kind};
use crate::sort::merge_sort;

const GROUP_ERRORS: &[(&str, &str)] = &[MISSING_KEY, WRONG_TYPE];
const BY: super::Param = param("by", Kind::Any, "a key that every row has, or a function of an element");

const COUNT_BY: Doc = Doc {
    name: "count_by",
    params: &[LIST, BY],
    returns: "array",
    errors: GROUP_ERRORS,
    summary: "Counts the rows for each value of a key, the most frequent first.",
    notes: "Returns rows with that key, or `value` where a function was given, and `count`.",
    example: Example::Shows(
        "[#{kind: \"file\"}, #{kind: \"dir\"}, #{kind: \"file\"}].count_by(\"kind\")",
        "count  kind\n    2  file\n    1  dir",
    ),
    ..PLAIN
};
const GROUP_BY: Doc = Doc {
    name: "group_by",
    summary: "Gathers the rows with the same value of a key.",
    notes: "Returns rows with that key, or `value` where a function was given, and `rows`, in the order in which the \
            values come first.",
    example: Example::Shows(
        "[#{kind: \"file\", n: 1}, #{kind: \"dir\", n: 2}].group_by(\"kind\")[1].rows.column(\"n\")",
        "[2]",
    ),
    ..COUNT_BY
};
const UNIQUE_BY: Doc = Doc {
    name: "unique_by",
    params: &[ROWS, KEY],
    returns: "array",
    errors: GROUP_ERRORS,
    summary: "Returns the first row for each value of a key.",
    notes: "",
    example: Example::Shows("[#{n: 1}, #{n: 1}, #{n: 2}].unique_by(\"n\").column(\"n\")", "[1, 2]"),
    ..PLAIN
};

/// Adds the methods.
pub(super) fn register(api: &mut Api) {
    api.reader(&COUNT_BY, |call| {
        let (mut groups, mut pace) = (groups(call)?, call.pace());
        let mut order: Vec<(usize, usize)> = (0..)
            .zip(&groups.list)
            .map(|(at, group)| (group.rows.len(), at))
            .collect();
        // The sort is stable: of equal counts, the one that came first stays first.
        merge_sort(&mut order, |a, b| {
            pace.spend(16)?;
            Ok::<_, Error>(b.0.cmp(&a.0))
        })?;
        groups.list = order
            .iter()
            .map(|&(_, at)| core::mem::take(&mut groups.list[at]))
            .collect();
        groups.into_rows(call, "count", |_, group| Ok(Dynamic::from_int(group.rows.len() as i64)))
    });
    api.reader(&GROUP_BY, |call| {
        groups(call)?.into_rows(call, "rows", |rows, group| {
            let mut pace = call.pace();
            super::copy(group.rows.iter().filter_map(|&index| rows.get(index)), &mut pace)
        })
    });
    api.reader(&UNIQUE_BY, |call| {
        let (groups, rows) = (groups(call)?, call.array(0)?);
        let firsts = groups.list.iter().filter_map(|group| rows.get(*group.rows.first()?));
        super::copy(firsts, &mut call.pace())
    });
}

/// A value that rows are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tag {
    Unit,
    Bool(bool),
    Int(i64),
    /// By its bits: all values are told apart, and NaN is one.
    Float(u64),
    Char(char),
    Text(String),
}

fn tag(value: &Dynamic, index: usize) -> Result<Tag> {
    Ok(if value.is_unit() {
        Tag::Unit
    } else if let Ok(truth) = value.as_bool() {
        Tag::Bool(truth)
    } else if let Ok(number) = value.as_int() {
        Tag::Int(number)
    } else if let Ok(number) = value.as_float() {
        Tag::Float(number.to_bits())
    } else if let Ok(character) = value.as_char() {
        Tag::Char(character)
    } else if let Some(text) = value.read_lock::<ImmutableString>() {
        Tag::Text(text.to_string())
    } else {
        let kind = name_of_type(value);
        let message = format_args!("row {index}: {kind} cannot be counted by");
        return Err(Error::new("wrong_type", message));
    })
}

/// The rows with one value, by their numbers; never none.
#[derive(Default)]
struct Group {
    value: Dynamic,
    rows: Vec<usize>,
}

struct Groups {
    /// In the order in which they came first.
    list: Vec<Group>,
    /// The key that the values had.
    name: ImmutableString,
}

fn groups(call: &Call<'_>) -> Result<Groups> {
    let (rows, mut pace) = (call.array(0)?, call.pace());
    let by = call.value(1);
    let function = by.read_lock::<FnPtr>();
    let name = match &function {
        Some(_) => "value".into(),
        None => text_of(by)?,
    };
    let mut places = BTreeMap::new();
    let mut list: Vec<Group> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        pace.spend(ROW_STEPS)?;
        let value = match &function {
            Some(function) => call.invoke(function, [row.clone()])?,
            None => value_at(&rows, index, &name)?,
        };
        let place = *places.entry(tag(&value, index)?).or_insert(list.len());
        match list.get_mut(place) {
            Some(group) => group.rows.push(index),
            None => list.push(Group {
                value,
                rows: alloc::vec![index],
            }),
        }
    }
    Ok(Groups { list, name })
}

impl Groups {
    /// A row for each group: its value, and below `key` what `content` makes of it.
    fn into_rows(
        self,
        call: &Call<'_>,
        key: &'static str,
        content: impl Fn(&[Dynamic], &Group) -> Result<Dynamic>,
    ) -> Result<Dynamic> {
        let (rows, mut pace) = (call.array(0)?, call.pace());
        // The values of a key that is named as what is told of them.
        let name = if self.name == key { "value" } else { self.name.as_str() };
        let mut result = Array::new();
        for group in &self.list {
            pace.spend(ROW_STEPS)?;
            let entries = [(name.into(), group.value.clone()), (key.into(), content(&rows, group)?)];
            result.push(Dynamic::from_map(entries.into_iter().collect::<Map>()));
        }
        Ok(Dynamic::from_array(result))
    }
}
