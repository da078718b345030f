//! `_`, the last result, and the `;` that makes a line quiet.
//!
//! Each result but `()` is kept in the session's variable `_` until the next one, also of a line that is quiet. The value
//! is moved there, not copied; a session that has run out of memory loses it.

use rhai::{Dynamic, Scope};
use services::host::Interrupted;

use crate::context::TaskContext;
use crate::pager;

/// The variable's name.
pub const NAME: &str = "_";

/// Keeps the result of `line`, and shows it unless the line is quiet.
///
/// # Errors
///
/// [`Interrupted`] where the task must stop.
pub fn show(context: &TaskContext, scope: &mut Scope<'static>, line: &str, value: Dynamic) -> Result<(), Interrupted> {
    // What a closure has captured goes on changing; the result is what it was.
    let value = value.flatten();
    if value.is_unit() {
        return Ok(());
    }
    match scope.get_mut(NAME) {
        // The variable, not what a closure that has captured it shares with it.
        Some(kept) => *kept = value,
        None => {
            scope.push_dynamic(NAME, value);
        }
    }
    match scope.get(NAME) {
        Some(value) if !is_quiet(line) => pager::show_result(context, value),
        _ => Ok(()),
    }
}

/// Drops the last result.
pub fn forget(scope: &mut Scope<'static>) {
    if let Some(kept) = scope.get_mut(NAME) {
        *kept = Dynamic::UNIT;
    }
}

/// Whether the code of `text` ends with a `;`. A comment behind it does not count; one that has quotes in it may be taken
/// for a string, and then the result is shown.
fn is_quiet(text: &str) -> bool {
    for line in text.lines().rev() {
        let code = match line.find("//") {
            Some(at) if !line[at..].contains(['"', '\'', '`']) => &line[..at],
            _ => line,
        };
        let code = code.trim_end();
        if !code.is_empty() {
            return code.ends_with(';');
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_quiet;

    #[test]
    fn a_semicolon_at_the_end_makes_a_line_quiet() {
        for text in [
            "1;",
            "1 ; ",
            "f(); // why",
            "f();\n// why\n\n",
            "\"http://x\"; ",
            "`a\n//b`;",
        ] {
            assert!(is_quiet(text), "{text}");
        }
        for text in ["1", "", "1; 2", "1 // no;", "print(\"a;//b\")", "{ 1; }", "// ;"] {
            assert!(!is_quiet(text), "{text}");
        }
    }
}
