//! The text being edited, of one line or several, and a cursor between its characters.
//!
//! Characters of width zero (combining marks) belong to the one before them: the cursor never stops between.

use alloc::string::String;
use unicode_width::UnicodeWidthChar;

/// Text with a cursor.
#[derive(Debug, Default)]
pub struct Line {
    text: String,
    /// Byte index, at a character's start.
    cursor: usize,
}

impl Line {
    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The cursor as a byte index into the text.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The cursor is behind the last character.
    pub fn is_at_end(&self) -> bool {
        self.cursor == self.text.len()
    }

    /// Where the cursor's line begins.
    pub fn line_start(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |index| index + 1)
    }

    /// Where the cursor's line ends.
    pub fn line_end(&self) -> usize {
        let rest = &self.text[self.cursor..];
        rest.find('\n').map_or(self.text.len(), |index| self.cursor + index)
    }

    /// Columns from the start of the line to the cursor.
    pub fn column(&self) -> usize {
        let left = &self.text[self.line_start()..self.cursor];
        left.chars().map(|character| character.width().unwrap_or(1)).sum()
    }

    /// The place in the line above that is nearest to `column`; `None` in the first line.
    pub fn above(&self, column: usize) -> Option<usize> {
        let end = self.line_start().checked_sub(1)?;
        let start = self.text[..end].rfind('\n').map_or(0, |index| index + 1);
        Some(self.nearest(start, end, column))
    }

    /// The place in the line below that is nearest to `column`; `None` in the last line.
    pub fn below(&self, column: usize) -> Option<usize> {
        let start = self.line_end() + 1;
        let rest = self.text.get(start..)?;
        let end = rest.find('\n').map_or(self.text.len(), |index| start + index);
        Some(self.nearest(start, end, column))
    }

    fn nearest(&self, start: usize, end: usize, column: usize) -> usize {
        let mut left = 0;
        for (index, character) in self.text[start..end].char_indices() {
            left += character.width().unwrap_or(1);
            if left > column {
                return start + index;
            }
        }
        end
    }

    /// Replaces the text; the cursor goes to its end.
    pub fn set(&mut self, text: &str) {
        self.text.clear();
        self.text.push_str(text);
        self.cursor = text.len();
    }

    /// Empties the line and returns what was in it.
    pub fn take(&mut self) -> String {
        self.cursor = 0;
        core::mem::take(&mut self.text)
    }

    /// Inserts at the cursor.
    pub fn insert(&mut self, text: &str) {
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
    }

    /// Moves the cursor to a byte index that one of the position methods gave.
    pub fn move_to(&mut self, index: usize) {
        self.cursor = index;
    }

    /// Removes and returns what lies between two byte indices; the cursor goes there.
    pub fn remove(&mut self, start: usize, end: usize) -> String {
        self.cursor = start;
        self.text.drain(start..end).collect()
    }

    /// Puts `text` in the place of what lies between two byte indices, and returns that; the cursor goes behind it.
    pub fn replace(&mut self, start: usize, end: usize, text: &str) -> String {
        let removed = String::from(&self.text[start..end]);
        self.text.replace_range(start..end, text);
        self.cursor = start + text.len();
        removed
    }

    /// The position before the character left of the cursor.
    pub fn before(&self) -> usize {
        self.before_index(self.cursor)
    }

    /// The position after the character right of the cursor.
    pub fn after(&self) -> usize {
        self.after_index(self.cursor)
    }

    fn before_index(&self, index: usize) -> usize {
        let visible = |&(_, character): &(usize, char)| character.width() != Some(0);
        let mut left = self.text[..index].char_indices().rev();
        left.find(visible).map_or(0, |(index, _)| index)
    }

    fn after_index(&self, index: usize) -> usize {
        let mut rest = self.text[index..].char_indices().skip(1);
        let next = rest.find(|&(_, character)| character.width() != Some(0));
        next.map_or(self.text.len(), |(offset, _)| index + offset)
    }

    /// The start of the word left of the cursor.
    pub fn word_start(&self) -> usize {
        let left = self.text[..self.cursor].trim_end_matches(|character| !is_word(character));
        left.trim_end_matches(is_word).len()
    }

    /// The end of the word right of the cursor.
    pub fn word_end(&self) -> usize {
        let right = self.text[self.cursor..].trim_start_matches(|character| !is_word(character));
        self.text.len() - right.trim_start_matches(is_word).len()
    }

    /// The start of the blank-separated word left of the cursor, as Ctrl-W takes it.
    pub fn blank_word_start(&self) -> usize {
        self.text[..self.cursor]
            .trim_end()
            .trim_end_matches(|character: char| !character.is_whitespace())
            .len()
    }

    /// The characters on both sides of the cursor (at a line's end: the last two of it) in the other order, and where
    /// they begin and end; `None` where there are no two.
    pub fn transposed(&self) -> Option<(usize, usize, String)> {
        let is_behind = self.cursor == self.line_end();
        let middle = if is_behind { self.before() } else { self.cursor };
        let (start, end) = (self.before_index(middle), self.after_index(middle));
        let is_inside = start < middle && middle < end && start >= self.line_start();
        is_inside.then(|| {
            let (left, right) = (&self.text[start..middle], &self.text[middle..end]);
            (start, end, [right, left].concat())
        })
    }
}

/// Whether a word goes on with that character.
pub(super) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, cursor: usize) -> Line {
        Line {
            text: text.into(),
            cursor,
        }
    }

    #[test]
    fn steps_over_characters_with_their_marks() {
        let text = "ae\u{301}漢";
        assert_eq!(line(text, text.len()).before(), 4);
        assert_eq!(line(text, 4).before(), 1);
        assert_eq!(line(text, 1).after(), 4);
        assert_eq!(line(text, 4).after(), text.len());
        assert_eq!((line("", 0).before(), line("", 0).after()), (0, 0));
    }

    #[test]
    fn finds_words() {
        let text = "let x_1 = foo.bar(1)";
        assert_eq!(line(text, text.len()).word_start(), 18);
        assert_eq!(line(text, 18).word_start(), 14);
        assert_eq!(line(text, 0).word_end(), 3);
        assert_eq!(line(text, 3).word_end(), 7);
        assert_eq!(line(text, text.len()).word_end(), text.len());
        assert_eq!(line(text, text.len()).blank_word_start(), 10);
        assert_eq!(line("  ", 2).blank_word_start(), 0);
    }

    #[test]
    fn transposes() {
        assert_eq!(line("abc", 3).transposed(), Some((1, 3, "cb".into())));
        assert_eq!(line("äbc", 2).transposed(), Some((0, 3, "bä".into())));
        assert_eq!(line("ab\nc", 2).transposed(), Some((0, 2, "ba".into())));
        assert_eq!(line("ab\nc", 3).transposed(), None);
        assert_eq!(line("a", 1).transposed(), None);
    }

    #[test]
    fn finds_lines_and_columns() {
        let text = "ab\n漢字x\n\nend";
        let lines = |cursor| (line(text, cursor).line_start(), line(text, cursor).line_end());
        assert_eq!(
            [lines(0), lines(2), lines(6), lines(11)],
            [(0, 2), (0, 2), (3, 10), (11, 11)]
        );
        assert_eq!(line(text, 9).column(), 4);
        assert_eq!(line(text, 9).above(4), Some(2));
        assert_eq!(line(text, 1).above(1), None);
        assert_eq!(line(text, 1).below(1), Some(3));
        assert_eq!(line(text, 2).below(2), Some(6));
        assert_eq!(line(text, 9).below(4), Some(11));
        assert_eq!(line(text, 11).below(4), Some(15));
        assert_eq!(line(text, 13).below(1), None);
    }
}
