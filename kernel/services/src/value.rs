//! Plain data that crosses a task boundary: arguments, results, messages.
//!
//! A script value never crosses a task by reference. It is copied into a `Value` on the kernel heap, and copied again
//! into the receiver's arena. A `Value` holds no script code and no pointer into any arena.

use alloc::string::String;
use alloc::vec::Vec;

use hw::facts::Fact;

use crate::shared::Handle;

/// How deep containers may nest in a [`Value`], so that walking and dropping one needs a bounded stack.
pub const DEPTH_LIMIT: usize = 128;

/// One value, on the kernel heap.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing; a script's `()`.
    #[default]
    Unit,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// One character.
    Char(char),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// A list.
    Array(Vec<Value>),
    /// Named values in the order they were added.
    Map(Vec<(String, Value)>),
    /// A range of whole numbers: start, end, and whether the end is part of it.
    Range(i64, i64, bool),
    /// A script function by name, with the values it captured.
    Function {
        /// The function's name in the code that the receiver runs too.
        name: String,
        /// The captured values, in the order of the leading parameters.
        captured: Vec<Value>,
    },
    /// Something that tasks share.
    Handle(Handle),
}

impl Value {
    /// A map from `(name, value)` pairs.
    pub fn map<const N: usize>(entries: [(&str, Value); N]) -> Self {
        // One copy of the loop for all sizes.
        #[inline(never)]
        fn collect(entries: &mut dyn Iterator<Item = (&str, Value)>) -> Value {
            let mut map = Vec::with_capacity(entries.size_hint().0);
            map.extend(entries.map(|(name, value)| (String::from(name), value)));
            Value::Map(map)
        }
        collect(&mut entries.into_iter())
    }
}

impl Value {
    /// Bytes that the value takes, about: its own size and that of what it holds.
    pub fn size_bytes(&self) -> usize {
        let held = match self {
            Self::Text(text) => text.capacity(),
            Self::Blob(bytes) => bytes.capacity(),
            Self::Array(values) => values.iter().map(Self::size_bytes).sum(),
            Self::Map(entries) => entries
                .iter()
                .map(|(name, value)| size_of::<String>() + name.capacity() + value.size_bytes())
                .sum(),
            Self::Function { name, captured } => name.capacity() + captured.iter().map(Self::size_bytes).sum::<usize>(),
            Self::Unit
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Char(_)
            | Self::Range(..)
            | Self::Handle(_) => 0,
        };
        size_of::<Self>() + held
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(String::from(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<Fact> for Value {
    fn from(fact: Fact) -> Self {
        match fact {
            Fact::Nothing => Self::Unit,
            Fact::Flag(flag) => Self::Bool(flag),
            Fact::Number(number) => Self::Int(number.try_into().unwrap_or(i64::MAX)),
            Fact::Text(text) => Self::Text(text),
            Fact::List(facts) => Self::Array(facts.into_iter().map(Self::from).collect()),
            Fact::Map(facts) => {
                let entries = facts.into_iter().map(|(name, fact)| (name.into(), fact.into()));
                Self::Map(entries.collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_value_takes_what_it_holds() {
        let own = size_of::<Value>();
        assert_eq!(Value::Int(1).size_bytes(), own);
        assert_eq!(Value::Blob(vec![0; 1000]).size_bytes(), own + 1000);
        let nested = Value::Array(vec![Value::Blob(vec![0; 1000]), Value::Unit]);
        assert_eq!(nested.size_bytes(), 3 * own + 1000);
        let map = Value::map([("name", nested.clone())]);
        assert!(map.size_bytes() > nested.size_bytes() + own);
    }
}
