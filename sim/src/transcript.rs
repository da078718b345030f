//! Transcripts of sessions: what was typed and what was answered, as a person sees them.
//!
//! A line behind the prompt was typed; those behind the continuation prompt belong to the same input. What follows, up to
//! the next prompt, is the answer. Lines that begin with `#` directly before a prompt, and empty lines around them, are
//! remarks.

use services::terminal::{CONTINUATION, PROMPT};

/// An input and its answer, lines joined by LF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Remarks in front, with their line ends.
    pub remarks: String,
    /// What is typed.
    pub typed: String,
    /// What is answered, without a line end.
    pub answered: String,
}

/// The exchanges in a transcript.
pub fn parse(text: &str) -> Vec<Exchange> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut remarks = String::new();
    for line in text.lines() {
        if let Some(typed) = line.strip_prefix(PROMPT) {
            exchanges.push(Exchange {
                remarks: std::mem::take(&mut remarks),
                typed: typed.into(),
                answered: String::new(),
            });
            continue;
        }
        let Some(last) = exchanges.last_mut().filter(|_| remarks.is_empty() && !is_remark(line)) else {
            remarks += line;
            remarks.push('\n');
            continue;
        };
        let (part, line) = match line.strip_prefix(CONTINUATION) {
            Some(typed) if last.answered.is_empty() => (&mut last.typed, typed),
            _ => (&mut last.answered, line),
        };
        if !part.is_empty() {
            part.push('\n');
        }
        part.push_str(line);
    }
    exchanges
}

fn is_remark(line: &str) -> bool {
    line.is_empty() || line.starts_with("# ")
}

/// The transcript of exchanges.
pub fn print(exchanges: &[Exchange]) -> String {
    let mut text = String::new();
    for exchange in exchanges {
        text += &exchange.remarks;
        text += PROMPT;
        text += &exchange.typed.replace('\n', &format!("\n{CONTINUATION}"));
        text.push('\n');
        if !exchange.answered.is_empty() {
            text += &exchange.answered;
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let text =
            "# One.\n\nrhai> 1\n1\n\n# Two.\nrhai> if true {\n  ...   2\n  ... }\n2\nrhai> let x = 1;\nrhai> x\n1\n";
        let exchanges = parse(text);
        assert_eq!(exchanges.len(), 4);
        assert_eq!(exchanges[1].typed, "if true {\n  2\n}");
        assert_eq!(
            (exchanges[1].answered.as_str(), exchanges[1].remarks.as_str()),
            ("2", "\n# Two.\n")
        );
        assert_eq!(print(&exchanges), text);
    }
}
