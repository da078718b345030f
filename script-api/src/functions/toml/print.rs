//! A map as TOML text: plain entries first, then a section for each map, then one for each element of arrays of maps.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use rhai::{Array, Dynamic, Map};

use crate::compute::{Error, Pace, Result, text_of, unexpected};

/// How deep arrays and maps may lie in each other; a little less than what is read.
const DEPTH_LIMIT: usize = 64;

/// `map` as text.
///
/// # Errors
///
/// `wrong_type`, `too_deep`, `data_race`.
pub(super) fn print(map: &Map, pace: &mut Pace) -> Result<String> {
    let mut printer = Printer {
        out: String::new(),
        pace,
    };
    printer.section(map, &mut Vec::new())?;
    Ok(printer.out)
}

struct Printer<'p> {
    out: String,
    pace: &'p mut Pace,
}

impl Printer<'_> {
    /// The entries of the map that `path` names; its header is written.
    fn section(&mut self, map: &Map, path: &mut Vec<String>) -> Result<()> {
        if path.len() >= DEPTH_LIMIT {
            return Err(too_deep());
        }
        for (key, value) in map.iter().filter(|(_, value)| !is_section(value)) {
            if value.is_locked() {
                return Err(unexpected(value, "a value"));
            }
            if value.is_unit() {
                continue;
            }
            self.out.push_str(&self::key(key, self.pace)?);
            self.out.push_str(" = ");
            self.value(value, path.len())?;
            self.out.push('\n');
        }
        for (key, value) in map.iter().filter(|(_, value)| is_section(value)) {
            path.push(self::key(key, self.pace)?);
            if let Some(inner) = value.read_lock::<Map>() {
                self.header("[", path, "]")?;
                self.section(&inner, path)?;
            } else if let Some(array) = value.read_lock::<Array>() {
                for element in array.iter() {
                    let inner = element.read_lock::<Map>();
                    let inner = inner.ok_or_else(|| unexpected(element, "a map"))?;
                    self.header("[[", path, "]]")?;
                    self.section(&inner, path)?;
                }
            }
            path.pop();
        }
        Ok(())
    }

    fn header(&mut self, start: &str, path: &[String], end: &str) -> Result<()> {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.push_str(start);
        for (index, key) in path.iter().enumerate() {
            if index > 0 {
                self.out.push('.');
            }
            self.out.push_str(key);
            self.pace.spend(key.len() + 1)?;
        }
        self.out.push_str(end);
        self.out.push('\n');
        Ok(())
    }

    /// A value on the line of its key.
    fn value(&mut self, value: &Dynamic, depth: usize) -> Result<()> {
        self.pace.spend(8)?;
        if depth >= DEPTH_LIMIT {
            return Err(too_deep());
        }
        if let Ok(number) = value.as_int() {
            let _ = write!(self.out, "{number}");
        } else if let Ok(number) = value.as_float() {
            let _ = match number.is_nan() {
                true => write!(self.out, "nan"),
                false => write!(self.out, "{number:?}"),
            };
        } else if let Ok(truth) = value.as_bool() {
            let _ = write!(self.out, "{truth}");
        } else if let Ok(character) = value.as_char() {
            self.out
                .push_str(&quoted(character.encode_utf8(&mut [0; 4]), self.pace)?);
        } else if value.is_string() {
            self.out.push_str(&quoted(&text_of(value)?, self.pace)?);
        } else if let Some(array) = value.read_lock::<Array>() {
            self.out.push('[');
            for (index, element) in array.iter().enumerate() {
                self.out.push_str(if index > 0 { ", " } else { "" });
                self.value(element, depth + 1)?;
            }
            self.out.push(']');
        } else if let Some(map) = value.read_lock::<Map>() {
            self.out.push('{');
            let entries = map.iter().filter(|(_, value)| !value.is_unit());
            for (index, (key, value)) in entries.enumerate() {
                self.out.push_str(if index > 0 { ", " } else { " " });
                self.out.push_str(&self::key(key, self.pace)?);
                self.out.push_str(" = ");
                self.value(value, depth + 1)?;
            }
            self.out.push_str(" }");
        } else {
            return Err(unexpected(value, "what TOML can express"));
        }
        Ok(())
    }
}

/// Maps, and arrays of nothing but maps, get a section of their own.
fn is_section(value: &Dynamic) -> bool {
    let is_array_of_maps = |array: &Array| !array.is_empty() && array.iter().all(Dynamic::is_map);
    value.is_map() || value.read_lock::<Array>().is_some_and(|array| is_array_of_maps(&array))
}

fn too_deep() -> Error {
    let message = format_args!("arrays and maps lie in each other deeper than {DEPTH_LIMIT} levels");
    Error::new("too_deep", message)
}

/// A key, in quotes where it needs them.
fn key(key: &str, pace: &mut Pace) -> Result<String> {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    pace.spend(key.len() + 1)?;
    if !key.is_empty() && key.bytes().all(is_bare) {
        return Ok(key.into());
    }
    quoted(key, pace)
}

/// A basic string.
fn quoted(text: &str, pace: &mut Pace) -> Result<String> {
    let mut out = String::from("\"");
    for character in text.chars() {
        pace.spend(1)?;
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    Ok(out)
}
