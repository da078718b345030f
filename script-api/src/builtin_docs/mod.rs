//! What people must know of the functions that Rhai itself brings: names, parameters, one line each.
//!
//! Rhai's own descriptions are prose of many paragraphs for each type and number of arguments; help, completion and the
//! manual need one line for each thing that a function does. A test compares the table with Rhai's packages.

mod lists;
mod numbers;
#[cfg(test)]
mod tests;
mod texts;
mod values;

use alloc::string::String;

use crate::types::Types;

/// One function of Rhai's, for all types that it does the same for.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// What it can be called on; with [`Types::PLAIN`] where people write `name(value)`.
    pub on: Types,
    /// Its name.
    pub name: &'static str,
    /// Parameters after the value that it is called on, and its result: `(len, item) -> array`. `[x]` may be left out.
    pub form: &'static str,
    /// One line.
    pub summary: &'static str,
}

const fn row(on: Types, name: &'static str, form: &'static str, summary: &'static str) -> Builtin {
    Builtin {
        on,
        name,
        form,
        summary,
    }
}

/// All of them, unordered.
pub fn all() -> Builtins {
    Builtins {
        tables: [lists::ROWS, texts::ROWS, numbers::ROWS, values::ROWS],
    }
}

/// Goes through the table.
pub struct Builtins {
    /// What is left of each part.
    tables: [&'static [Builtin]; 4],
}

impl Iterator for Builtins {
    type Item = &'static Builtin;

    /// Used in dozens of places, which must not have a copy each.
    #[inline(never)]
    fn next(&mut self) -> Option<&'static Builtin> {
        let table = self.tables.iter_mut().find(|table| !table.is_empty())?;
        let (row, rest) = table.split_first()?;
        *table = rest;
        Some(row)
    }
}

impl Builtin {
    /// Whether it needs nothing but the value that it is called on, or nothing at all.
    pub fn takes_nothing(&self) -> bool {
        self.form.starts_with("()")
    }

    /// Whether it is written as `name(...)`.
    pub fn is_plain(&self) -> bool {
        self.on.meets(Types::PLAIN)
    }

    /// As it is written behind a value: `push(item)`. In the form of a plain function, that value is the first parameter.
    pub fn method_form(&self) -> String {
        let mut text = String::from(self.name);
        let own = self.form.find([',', ')']).filter(|_| self.is_plain());
        match own {
            Some(end) => {
                text.push('(');
                text.push_str(self.form[end..].trim_start_matches([',', ' ']));
            }
            None => text.push_str(self.form),
        }
        text
    }

    /// The type of its result; [`Types::NONE`] where that depends.
    pub fn returns(&self) -> Types {
        let result = self.form.split_once("-> ").map_or("()", |(_, result)| result);
        Types::of_name(result)
    }

    /// As it is written: `array.push(item)`, `abs(x) -> number`.
    pub fn signature(&self) -> String {
        let mut text = String::new();
        if !self.is_plain() {
            self.on.write_names(&mut text);
            text.push('.');
        }
        text.push_str(self.name);
        text.push_str(self.form);
        text
    }
}
