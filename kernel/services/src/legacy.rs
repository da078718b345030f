//! What a prompt leaves to the next one when the line that it runs is detached: plain data, copied as the line begins.
//!
//! The detached line goes on with the task, its variables and its memory; the next prompt is a new task. Nothing of it
//! refers to the old one: functions go as text, values as copies.

use alloc::string::String;
use alloc::vec::Vec;

use crate::value::Value;

/// An input that defined functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The input.
    pub text: String,
    /// It failed: only its closures live on.
    pub closures_only: bool,
}

/// One variable of the prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// It cannot be changed.
    pub is_constant: bool,
    /// A copy of its value.
    pub value: Value,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Legacy {
    /// Inputs that define functions, oldest first.
    pub sources: Vec<Source>,
    /// Variables, oldest first.
    pub variables: Vec<Variable>,
    /// What was imported: names and paths.
    pub imports: Vec<(String, String)>,
    /// Names of variables and functions that stay with the detached line: too large, or of a kind that cannot be copied.
    pub left_behind: Vec<String>,
}
