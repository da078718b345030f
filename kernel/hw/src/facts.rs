//! What a device or a table says of itself, for people: named facts in the order that they are best read in.
//!
//! Code that knows a device makes them; the script interface shows them as maps. Neither knows the other.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Named facts, in order.
pub type Facts = Vec<(&'static str, Fact)>;

/// One fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// There is none.
    Nothing,
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(u64),
    /// Text.
    Text(String),
    /// Several.
    List(Vec<Fact>),
    /// Named ones.
    Map(Facts),
}

impl Fact {
    /// A place in memory or among ports, or bits that are best read in hexadecimal: `0xfee00000`.
    pub fn hex(number: impl Into<u64>) -> Self {
        Self::Text(format!("{:#x}", number.into()))
    }

    /// A number.
    pub fn number(number: impl Into<u64>) -> Self {
        Self::Number(number.into())
    }

    /// A list with one entry for each of `items`.
    pub fn list<T>(items: impl IntoIterator<Item = T>, fact: impl FnMut(T) -> Self) -> Self {
        Self::List(items.into_iter().map(fact).collect())
    }
}

impl From<bool> for Fact {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Self::Text(String::from(text))
    }
}

impl From<String> for Fact {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Facts> for Fact {
    fn from(facts: Facts) -> Self {
        Self::Map(facts)
    }
}

impl<T: Into<Fact>> From<Option<T>> for Fact {
    fn from(fact: Option<T>) -> Self {
        fact.map_or(Self::Nothing, Into::into)
    }
}
