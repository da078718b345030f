//! Text that Markdown takes as it is.

/// `text` with the characters quoted that Markdown would act upon; code between backticks stays.
pub fn text(text: &str) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for letter in text.chars() {
        in_code ^= letter == '`';
        if !in_code && matches!(letter, '<' | '>' | '*' | '[' | ']' | '|' | '\\') {
            out.push('\\');
        }
        // A table's row is cut at each bar, in code too.
        if in_code && letter == '|' {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// `text` as code within a line, or within a table's row.
pub fn code(text: &str) -> String {
    format!("`{text}`")
}

/// A table's row.
pub fn row(cells: &[&str]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// A fenced block.
pub fn block(tag: &str, text: &str) -> String {
    format!("```{tag}\n{}\n```\n", text.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_markdown_acts_upon() {
        assert_eq!(text("a < b, `a < b` or *c*"), "a \\< b, `a < b` or \\*c\\*");
    }
}
