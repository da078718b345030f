//! The page of the functions that Rhai itself brings, from the table that help and completion use.

use std::fmt::Write;

use script_api::builtin_docs::{self, Builtin};
use script_api::types::Types;

use crate::markup;

/// The page's path in the book.
pub const PATH: &str = "reference/language.md";
/// The page's title.
pub const TITLE: &str = "Of the language";

/// What the functions are of, in the page's order.
const GROUPS: &[(&str, Types)] = &[
    ("Numbers", Types::INT.or(Types::FLOAT)),
    ("Text", Types::TEXT),
    ("Characters", Types::CHAR),
    ("Arrays", Types::ARRAY),
    ("Blobs", Types::BLOB),
    ("Maps", Types::MAP),
    ("Ranges", Types::RANGE),
    ("Functions and closures", Types::FUNCTION),
];
/// Other headings: what is written without a value before it, and what every value has.
const PLAIN: &str = "Without a value before them";
const ANY: &str = "Any value";

/// The page.
pub fn page() -> String {
    let mut out = format!(
        "# {TITLE}\n\nThese functions come with Rhai. [Rhai's own book](https://rhai.rs/book/) describes the language \
         at length. What stands in brackets may be left out. `help(\"push\")` shows the same at the prompt.\n",
    );
    let of_any = |builtin: &Builtin| GROUPS.iter().all(|(_, types)| builtin.on.meets(*types));
    for (title, types) in GROUPS {
        section(title, |builtin| builtin.on.meets(*types) && !of_any(builtin), &mut out);
    }
    section(ANY, of_any, &mut out);
    section(
        PLAIN,
        |builtin| builtin.on.meets(Types::PLAIN) && !of_any(builtin),
        &mut out,
    );
    out
}

fn section(title: &str, is_of_it: impl Fn(&Builtin) -> bool, out: &mut String) {
    let mut rows: Vec<(String, &str)> = builtin_docs::all()
        .filter(|builtin| is_of_it(builtin))
        .map(|builtin| {
            let form = if title == PLAIN {
                format!("{}{}", builtin.name, builtin.form)
            } else {
                builtin.method_form()
            };
            (form, builtin.summary)
        })
        .collect();
    rows.sort();
    let _ = write!(out, "\n## {title}\n\n| function | what it does |\n|---|---|\n");
    for (form, summary) in rows {
        *out += &markup::row(&[&markup::code(&form), &markup::text(summary)]);
    }
}
