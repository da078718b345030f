//! Rhai's functions of functions, and of any value.

use super::{Builtin, row};
use crate::types::Types;

const ANY: Types = Types::ANY;
const PLAIN: Types = Types::PLAIN;
const FUNCTION: Types = Types::FUNCTION;

/// The table.
pub(super) const ROWS: &[Builtin] = &[
    row(PLAIN, "print", "(value)", "Shows a value's text on a line of its own."),
    row(
        PLAIN,
        "debug",
        "(value)",
        "Shows a value as code would write it, and where the call is.",
    ),
    row(PLAIN, "blob", "([len], [byte]) -> blob", "Makes a blob of equal bytes."),
    row(PLAIN, "exit", "([value])", "Ends the script at once, with a result."),
    row(PLAIN, "Fn", "(name) -> Fn", "A function as a value."),
    row(
        PLAIN,
        "is_def_fn",
        "(name, count) -> bool",
        "True if there is a script function with so many parameters.",
    ),
    row(
        PLAIN,
        "is_def_var",
        "(name) -> bool",
        "True if there is such a variable.",
    ),
    row(
        ANY.or(PLAIN),
        "type_of",
        "(value) -> string",
        "The name of a value's type.",
    ),
    row(
        ANY,
        "is_shared",
        "() -> bool",
        "True if closures hold the same variable.",
    ),
    row(ANY, "to_string", "() -> string", "The value as text."),
    row(ANY, "to_debug", "() -> string", "The value as code would write it."),
    row(ANY, "take", "() -> any", "Takes the value away; () stays."),
    row(FUNCTION, "call", "([arguments]) -> any", "Calls the function."),
    row(
        FUNCTION,
        "curry",
        "(arguments) -> Fn",
        "The function with its first arguments fixed.",
    ),
    row(FUNCTION, "name", "() -> string", "The function's name."),
    row(FUNCTION, "is_anonymous", "() -> bool", "True for closures."),
];
