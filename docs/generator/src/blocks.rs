//! Finds the fenced blocks and the links of a Markdown page.
//!
//! The manual uses a small part of CommonMark: fences of backticks at the line's start, and links on one line. What a
//! reader would take for a block and this would not see (tildes, indented code) is an error.

use std::fmt;

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The word behind the opening fence.
    pub tag: String,
    /// The opening fence's line, from 1.
    pub line: usize,
    /// What is between the fences.
    pub lines: Vec<String>,
}

/// Why a page could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A fence is opened at this line and never closed.
    NotClosed(usize),
    /// A block of a form that is not looked for begins at this line.
    OtherForm(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotClosed(line) => write!(out, "line {line}: the block has no end"),
            Self::OtherForm(line) => write!(out, "line {line}: write blocks between fences of three backticks"),
        }
    }
}

impl std::error::Error for Error {}

/// All blocks of a page, in order.
///
/// # Errors
///
/// [`Error`] where one would be missed.
pub fn blocks(page: &str) -> Result<Vec<Block>, Error> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    let mut after_blank = true;
    for (index, line) in page.lines().enumerate() {
        let number = index + 1;
        if let Some(mut block) = open.take() {
            if line.trim_end() == "```" {
                found.push(block);
            } else {
                block.lines.push(line.into());
                open = Some(block);
            }
            after_blank = false;
            continue;
        }
        if let Some(tag) = line.strip_prefix("```") {
            open = Some(Block {
                tag: tag.trim().into(),
                line: number,
                lines: Vec::new(),
            });
        } else {
            let text = line.trim_start();
            let is_indented = (after_blank && line.starts_with("    ")) || line.starts_with('\t');
            if text.starts_with("```") || text.starts_with("~~~") || is_indented {
                return Err(Error::OtherForm(number));
            }
        }
        after_blank = line.trim().is_empty();
    }
    match open {
        Some(block) => Err(Error::NotClosed(block.line)),
        None => Ok(found),
    }
}

/// The targets of all links outside blocks, in order.
pub fn links(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in page.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        }
        if in_block {
            continue;
        }
        // Code between single backticks holds no links; a link's text may be code.
        for text in line.split('`').step_by(2) {
            let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
            found.extend(targets.map(|(target, _)| String::from(target)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_blocks_with_tag_and_place() {
        let page = "# Title\n\n```rhai\n40 + 2\n\n    // deep\n```\ntext\n```console\n```\n";
        let found = blocks(page).expect("it is well formed");
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].tag.as_str(), found[0].line), ("rhai", 3));
        assert_eq!(found[0].lines, ["40 + 2", "", "    // deep"]);
        assert_eq!((found[1].tag.as_str(), found[1].lines.len()), ("console", 0));
    }

    #[test]
    fn refuses_what_it_would_miss() {
        for (page, error) in [
            ("text\n\n```rhai\n1\n", Error::NotClosed(3)),
            ("~~~\n1\n~~~\n", Error::OtherForm(1)),
            ("text\n\n    1 + 1\n", Error::OtherForm(3)),
            ("- item\n  ```rhai\n  ```\n", Error::OtherForm(2)),
        ] {
            assert_eq!(blocks(page), Err(error), "{page:?}");
        }
    }

    #[test]
    fn finds_links_outside_of_code() {
        let page = "[a](a.md), `[b](b.md)` and [`c`](c.md#d)\n```text\n[e](e.md)\n```\n![f](f.png)\n";
        assert_eq!(links(page), ["a.md", "c.md#d", "f.png"]);
    }
}
