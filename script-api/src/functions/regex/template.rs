//! Replacements: text with `$1`, `${name}` and `$$` in it.

use alloc::string::String;
use alloc::vec::Vec;

use super::compile::Pattern;
use super::matches::Found;
use crate::compute::{Error, Result};

/// A replacement, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Group(usize),
}

impl Template {
    /// Takes `text` apart. A `$` without digits, braces or another `$` after it stands for itself.
    ///
    /// # Errors
    ///
    /// `bad_replacement` where the pattern has no such group.
    pub(super) fn parse(text: &str, pattern: &Pattern) -> Result<Self> {
        let mut parts = Vec::new();
        let (mut rest, mut plain) = (text, String::new());
        while let Some(at) = rest.find('$') {
            plain.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let braced = rest.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let (name, after) = match braced {
                Some((name, after)) => (name, after),
                None if digits > 0 => rest.split_at(digits),
                None => {
                    plain.push('$');
                    rest = rest.strip_prefix('$').unwrap_or(rest);
                    continue;
                }
            };
            parts.push(Part::Text(core::mem::take(&mut plain)));
            parts.push(Part::Group(group(name, pattern)?));
            rest = after;
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        Ok(Self(parts))
    }

    /// It needs more than the match itself.
    pub(super) fn has_groups(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Group(1..)))
    }

    /// Appends it with the groups of `found`; those that took no part are empty.
    pub(super) fn expand(&self, text: &str, found: &Found, out: &mut String) {
        for part in &self.0 {
            let piece = match part {
                Part::Text(text) => Some(text.as_str()),
                Part::Group(index) => found.group(*index).and_then(|(start, end)| text.get(start..end)),
            };
            out.push_str(piece.unwrap_or_default());
        }
    }
}

fn group(name: &str, pattern: &Pattern) -> Result<usize> {
    let names = pattern.group_names();
    let index = match name.parse::<usize>() {
        Ok(index) => (index < names.len()).then_some(index),
        Err(_) => names.iter().position(|known| known.as_deref() == Some(name)),
    };
    index.ok_or_else(|| {
        let message = format_args!("the pattern has no group {name}; it has {}", names.len() - 1);
        Error::new("bad_replacement", message)
    })
}
