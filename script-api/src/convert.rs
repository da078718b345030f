//! Values between a script and the rest of the machine: deep copies, bounded in depth and size.
//!
//! [`to_value`] runs with allocations on the kernel heap and reads the arena; [`to_dynamic`] runs in the arena and reads
//! the kernel heap. Neither leaves a reference across the border.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::{Range, RangeInclusive};

use rhai::{AST, Array, Blob, Dynamic, FnPtr, INT, ImmutableString, Map};
use services::value::{DEPTH_LIMIT, Value};

use crate::handles;

/// Bytes that one copy may take on the kernel heap, which all tasks share.
pub const COPY_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// Why a value cannot be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyError {
    /// A type that has a meaning only inside its task.
    Type(String),
    /// Nested deeper than [`DEPTH_LIMIT`].
    TooDeep,
    /// More than [`COPY_LIMIT_BYTES`].
    TooLarge,
    /// A captured variable that is being changed at this moment.
    InUse,
}

impl CopyError {
    /// The stable error code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Type(_) => "cannot_copy",
            Self::TooDeep => "too_deep",
            Self::TooLarge => "too_large",
            Self::InUse => "data_race",
        }
    }
}

impl core::fmt::Display for CopyError {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Type(name) => write!(out, "a {name} cannot be copied to another task"),
            Self::TooDeep => write!(out, "nested deeper than {DEPTH_LIMIT} levels"),
            Self::TooLarge => write!(out, "larger than {COPY_LIMIT_BYTES} bytes"),
            Self::InUse => out.write_str("the value is in use"),
        }
    }
}

/// Copies a script's value. Call it with allocations on the kernel heap.
///
/// # Errors
///
/// [`CopyError`]; what was copied so far is freed.
pub fn to_value(value: &Dynamic) -> Result<Value, CopyError> {
    to_value_within(value, COPY_LIMIT_BYTES)
}

/// The same with a smaller limit.
///
/// # Errors
///
/// [`CopyError`].
pub fn to_value_within(value: &Dynamic, limit_bytes: usize) -> Result<Value, CopyError> {
    Copier {
        bytes_left: limit_bytes,
    }
    .copy(value, 0)
}

struct Copier {
    bytes_left: usize,
}

impl Copier {
    fn copy(&mut self, value: &Dynamic, depth: usize) -> Result<Value, CopyError> {
        self.pay(size_of::<Value>())?;
        if depth > DEPTH_LIMIT {
            return Err(CopyError::TooDeep);
        }
        if value.is_locked() {
            return Err(CopyError::InUse);
        }
        if value.is_unit() {
            Ok(Value::Unit)
        } else if let Ok(truth) = value.as_bool() {
            Ok(Value::Bool(truth))
        } else if let Ok(number) = value.as_int() {
            Ok(Value::Int(number))
        } else if let Ok(number) = value.as_float() {
            Ok(Value::Float(number))
        } else if let Ok(character) = value.as_char() {
            Ok(Value::Char(character))
        } else if let Some(text) = value.read_lock::<ImmutableString>() {
            self.text(&text).map(Value::Text)
        } else if let Some(bytes) = value.read_lock::<Blob>() {
            self.pay(bytes.len())?;
            Ok(Value::Blob(bytes.to_vec()))
        } else if let Some(array) = value.read_lock::<Array>() {
            self.expect(array.len())?;
            array
                .iter()
                .map(|element| self.copy(element, depth + 1))
                .collect::<Result<_, _>>()
                .map(Value::Array)
        } else if let Some(map) = value.read_lock::<Map>() {
            let entries = map
                .iter()
                .map(|(key, value)| Ok((self.text(key)?, self.copy(value, depth + 1)?)));
            entries.collect::<Result<_, _>>().map(Value::Map)
        } else if let Some(range) = value.read_lock::<Range<INT>>() {
            Ok(Value::Range(range.start, range.end, false))
        } else if let Some(range) = value.read_lock::<RangeInclusive<INT>>() {
            Ok(Value::Range(*range.start(), *range.end(), true))
        } else if let Some(function) = value.read_lock::<FnPtr>() {
            let name = self.text(function.fn_name())?;
            let captured = function
                .iter_curry()
                .map(|value| self.copy(value, depth + 1))
                .collect::<Result<_, _>>()?;
            Ok(Value::Function { name, captured })
        } else if let Some(handle) = handles::handle(value) {
            Ok(Value::Handle(handle))
        } else {
            let name = value.type_name();
            Err(CopyError::Type(String::from(name.rsplit("::").next().unwrap_or(name))))
        }
    }

    fn text(&mut self, text: &str) -> Result<String, CopyError> {
        self.pay(text.len())?;
        Ok(String::from(text))
    }

    /// Refuses so many elements before the first is copied, where they cannot all be.
    fn expect(&self, count: usize) -> Result<(), CopyError> {
        let is_possible = count <= self.bytes_left / size_of::<Value>();
        is_possible.then_some(()).ok_or(CopyError::TooLarge)
    }

    fn pay(&mut self, bytes: usize) -> Result<(), CopyError> {
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or(CopyError::TooLarge)?;
        Ok(())
    }
}

/// Copies a value for a script. `functions` is the code that functions in the value refer to; without it, or where it
/// does not have the function, the script gets the function's name as text.
pub fn to_dynamic(value: &Value, functions: Option<&AST>) -> Dynamic {
    match value {
        Value::Unit => Dynamic::UNIT,
        Value::Bool(truth) => Dynamic::from_bool(*truth),
        Value::Int(number) => Dynamic::from_int(*number),
        Value::Float(number) => Dynamic::from_float(*number),
        Value::Char(character) => Dynamic::from_char(*character),
        Value::Text(text) => text.as_str().into(),
        Value::Blob(bytes) => Dynamic::from_blob(bytes.clone()),
        Value::Array(elements) => {
            Dynamic::from_array(elements.iter().map(|element| to_dynamic(element, functions)).collect())
        }
        Value::Map(entries) => Dynamic::from_map(
            entries
                .iter()
                .map(|(key, value)| (key.as_str().into(), to_dynamic(value, functions)))
                .collect(),
        ),
        Value::Handle(handle) => handles::dynamic(*handle),
        Value::Range(start, end, false) => Dynamic::from(*start..*end),
        Value::Range(start, end, true) => Dynamic::from(*start..=*end),
        Value::Function { name, captured } => {
            let captured: Vec<Dynamic> = captured.iter().map(|value| to_dynamic(value, functions)).collect();
            match function(name, captured, functions) {
                Some(function) => function.into(),
                None => format!("Fn({name})").into(),
            }
        }
    }
}

/// A pointer to the script function `name` in `functions` with leading arguments.
pub fn function(name: &str, captured: Vec<Dynamic>, functions: Option<&AST>) -> Option<FnPtr> {
    // Closures are linked to their definition, because Rhai makes no pointer from the name of one.
    let definition = functions?.iter_fn_def().filter(|definition| definition.name == name);
    let definition = definition.min_by_key(|definition| definition.params.len().abs_diff(captured.len()));
    let mut function = match definition {
        Some(definition) => FnPtr::from(definition.clone()),
        None => FnPtr::new(name).ok()?,
    };
    function.set_curry(captured);
    Some(function)
}
