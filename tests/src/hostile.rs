//! What the programs of `tests/hostile` say of themselves in their first lines.
//!
//! ```text
//! // expect: memory_limit, out_of_memory      one of these codes, or `ok`
//! // result: 42                               what the program returns, as the prompt shows it
//! // cancel after: 200 ms                     Ctrl-C is typed then
//! // machine only: the host has no arena      why it cannot run on threads of the host
//! ```

use std::time::Duration;

/// The first lines of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// How it may end: error codes, or `ok`.
    pub codes: Vec<String>,
    /// What it returns.
    pub result: Option<String>,
    /// When to type Ctrl-C.
    pub cancel_after: Option<Duration>,
    /// It needs what only the machine has.
    pub is_machine_only: bool,
}

impl Expectation {
    /// What the program `text` says of itself; `None` where its first line does not say how it ends, or a line cannot be
    /// understood.
    pub fn of(text: &str) -> Option<Self> {
        let mut expectation = Self::default();
        let comments = text.lines().map_while(|line| line.strip_prefix("// "));
        for (index, line) in comments.enumerate() {
            if let Some(codes) = line.strip_prefix("expect: ") {
                expectation.codes = codes.split(", ").map(String::from).collect();
            } else if let Some(result) = line.strip_prefix("result: ") {
                expectation.result = Some(result.into());
            } else if let Some(time) = line.strip_prefix("cancel after: ") {
                let milliseconds = time.strip_suffix(" ms")?.parse().ok()?;
                expectation.cancel_after = Some(Duration::from_millis(milliseconds));
            } else if line.starts_with("machine only: ") {
                expectation.is_machine_only = true;
            }
            if index == 0 && expectation.codes.is_empty() {
                return None;
            }
        }
        (!expectation.codes.is_empty()).then_some(expectation)
    }

    /// Whether the program may end with `code`, and where that is `ok`, return what the prompt shows as `result`.
    pub fn is_met_by(&self, code: &str, result: &str) -> bool {
        let is_expected = self.codes.iter().any(|expected| expected == code);
        let has_result = |expected: &String| result.trim_matches('"') == expected.trim_matches('"');
        is_expected && (code != "ok" || self.result.as_ref().is_none_or(has_result))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_first_lines_of_a_program() {
        let text =
            "// expect: killed, closed\n// result: 5\n// cancel after: 20 ms\n// machine only: why\n1\n// expect: ok";
        let expectation = Expectation::of(text).expect("an expectation");
        assert_eq!(expectation.codes, ["killed", "closed"]);
        assert_eq!(expectation.cancel_after, Some(Duration::from_millis(20)));
        assert!(expectation.is_machine_only);
        assert!(expectation.is_met_by("closed", ""));
        assert!(!expectation.is_met_by("ok", "5"));
        assert_eq!(Expectation::of("1 // expect: ok"), None);
        assert_eq!(Expectation::of("// Why\n// expect: ok"), None);
        assert_eq!(Expectation::of("// expect: ok\n// cancel after: soon"), None);
    }

    #[test]
    fn compares_results() {
        let expectation = Expectation::of("// expect: ok\n// result: \"a\"").expect("an expectation");
        assert!(expectation.is_met_by("ok", "a"));
        assert!(!expectation.is_met_by("ok", "b"));
        assert!(!expectation.is_met_by("closed", "a"));
    }
}
