//! Types as a set of bits: what a value is, and which values a function can be called on.
//!
//! What is large and used in many places is kept out of line: the image has no room for copies.

use alloc::string::String;
use core::fmt::Write;
use core::ops::{Range, RangeInclusive};

use rhai::{Array, Blob, Dynamic, FnPtr, INT, ImmutableString, Map};

use crate::handles;
use crate::registry::Kind;

/// Some of the types that scripts know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Types(u32);

impl Types {
    /// No type.
    pub const NONE: Self = Self(0);
    /// `()`.
    pub const UNIT: Self = Self(1);
    /// `true` and `false`.
    pub const BOOL: Self = Self(1 << 1);
    /// One character.
    pub const CHAR: Self = Self(1 << 2);
    /// Whole numbers.
    pub const INT: Self = Self(1 << 3);
    /// Floating-point numbers.
    pub const FLOAT: Self = Self(1 << 4);
    /// Strings.
    pub const TEXT: Self = Self(1 << 5);
    /// Bytes.
    pub const BLOB: Self = Self(1 << 6);
    /// Lists.
    pub const ARRAY: Self = Self(1 << 7);
    /// Named values.
    pub const MAP: Self = Self(1 << 8);
    /// Functions and closures.
    pub const FUNCTION: Self = Self(1 << 9);
    /// `0..5` and `0..=5`.
    pub const RANGE: Self = Self(1 << 10);
    /// What `channel::open` made.
    pub const CHANNEL: Self = Self(1 << 11);
    /// What `cell::open` made.
    pub const CELL: Self = Self(1 << 12);
    /// What `counter::open` made.
    pub const COUNTER: Self = Self(1 << 13);
    /// What `every` and its relatives made.
    pub const TIMER: Self = Self(1 << 14);
    /// Anything that is none of these.
    pub const OTHER: Self = Self(1 << 15);
    /// All of them.
    pub const ANY: Self = Self(0xffff);
    /// No type, but a mark: a function that people write as `name(...)`, without a value in front.
    pub const PLAIN: Self = Self(1 << 16);

    /// The names of the single types, as scripts and Rhai's messages have them.
    const NAMES: [(&'static str, Self); 21] = [
        ("()", Self::UNIT),
        ("bool", Self::BOOL),
        ("char", Self::CHAR),
        ("int", Self::INT),
        ("float", Self::FLOAT),
        ("string", Self::TEXT),
        ("array", Self::ARRAY),
        ("blob", Self::BLOB),
        ("map", Self::MAP),
        ("Fn", Self::FUNCTION),
        ("range", Self::RANGE),
        ("channel", Self::CHANNEL),
        ("cell", Self::CELL),
        ("counter", Self::COUNTER),
        ("timer", Self::TIMER),
        ("i64", Self::INT),
        ("f64", Self::FLOAT),
        ("&str | ImmutableString | String", Self::TEXT),
        ("range=", Self::RANGE),
        ("function", Self::FUNCTION),
        ("number", Self::INT.or(Self::FLOAT)),
    ];

    /// Both sets together.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the sets have something in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The type of `value`; [`NONE`](Self::NONE) where it is being changed.
    #[inline(never)]
    pub fn of(value: &Dynamic) -> Self {
        if value.is_locked() {
            Self::NONE
        } else if value.is_unit() {
            Self::UNIT
        } else if value.is_bool() {
            Self::BOOL
        } else if value.is_char() {
            Self::CHAR
        } else if value.is_int() {
            Self::INT
        } else if value.is_float() {
            Self::FLOAT
        } else if value.read_lock::<ImmutableString>().is_some() {
            Self::TEXT
        } else if value.read_lock::<Blob>().is_some() {
            Self::BLOB
        } else if value.read_lock::<Array>().is_some() {
            Self::ARRAY
        } else if value.read_lock::<Map>().is_some() {
            Self::MAP
        } else if value.read_lock::<FnPtr>().is_some() {
            Self::FUNCTION
        } else if value.read_lock::<Range<INT>>().is_some() || value.read_lock::<RangeInclusive<INT>>().is_some() {
            Self::RANGE
        } else if value.read_lock::<handles::Channel>().is_some() {
            Self::CHANNEL
        } else if value.read_lock::<handles::Cell>().is_some() {
            Self::CELL
        } else if value.read_lock::<handles::Counter>().is_some() {
            Self::COUNTER
        } else if value.read_lock::<handles::Timer>().is_some() {
            Self::TIMER
        } else {
            Self::OTHER
        }
    }

    /// The type that a description or a message of Rhai's means by `name`: `int`, `i64`, `array of maps`. A name that
    /// nothing is known of stands for [`OTHER`](Self::OTHER), and `any` for [`NONE`](Self::NONE): nothing is known then.
    #[inline(never)]
    pub fn of_name(name: &str) -> Self {
        let name = name.trim();
        let find = |name: &str| Self::NAMES.into_iter().find(|(known, _)| *known == name);
        if let Some((_, types)) = find(name) {
            return types;
        }
        let first = name.split([' ', ',']).next().unwrap_or_default();
        match find(first) {
            Some((_, types)) => types,
            None if first == "any" || first.is_empty() => Self::NONE,
            None => Self::OTHER,
        }
    }

    /// The names of all types that people write.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let written = Self::NAMES.into_iter().map(|(name, _)| name);
        written.filter(|name| {
            name.starts_with(char::is_alphabetic) && !matches!(*name, "i64" | "f64" | "function" | "range=")
        })
    }

    /// The type that people call `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::names().any(|known| known == name).then(|| Self::of_name(name))
    }

    /// The values that a parameter of `kind` takes.
    pub fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Any => Self::ANY,
            Kind::Optional(given) => Self::of_kind(*given),
            other => Self::of_name(other.name()),
        }
    }

    /// The name of the first type in the set.
    pub fn name(self) -> &'static str {
        if self.0 & Self::ANY.0 == Self::ANY.0 {
            return "any value";
        }
        let known = Self::NAMES.into_iter().find(|(_, types)| self.meets(*types));
        known.map_or("value", |(name, _)| name)
    }

    /// How many elements, entries or bytes there are in `value`, and which of these; `None` where it is not made of such.
    pub fn size(value: &Dynamic) -> Option<(usize, &'static str)> {
        let of = |count: usize, one, many| Some((count, if count == 1 { one } else { many }));
        if let Some(array) = value.read_lock::<Array>() {
            of(array.len(), "element", "elements")
        } else if let Some(map) = value.read_lock::<Map>() {
            of(map.len(), "entry", "entries")
        } else if let Some(bytes) = value.read_lock::<Blob>() {
            of(bytes.len(), "byte", "bytes")
        } else {
            let text = value.read_lock::<ImmutableString>()?;
            of(text.len(), "byte", "bytes")
        }
    }

    /// The type of `value` as people know it, with its size: `array, 3 elements`.
    #[inline(never)]
    pub fn describe(value: &Dynamic) -> String {
        let mut text = String::from(match Self::of(value) {
            Self::NONE => "in use",
            Self::OTHER => value.type_name().rsplit("::").next().unwrap_or_default(),
            known => known.name(),
        });
        if let Some((count, unit)) = Self::size(value) {
            let _ = write!(text, ", {count} {unit}");
        }
        text
    }

    /// All names of the types in the set: `array|blob`.
    pub fn write_names(self, out: &mut String) {
        if self.0 & Self::ANY.0 == Self::ANY.0 {
            out.push_str("any value");
            return;
        }
        let mut seen = Self::NONE;
        for (name, types) in Self::NAMES.into_iter().filter(|(_, types)| self.meets(*types)) {
            if !seen.meets(types) {
                let before = if seen == Self::NONE { "" } else { "|" };
                out.push_str(before);
                out.push_str(name);
                seen = seen.or(types);
            }
        }
    }
}
