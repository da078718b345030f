//! The line being edited: text and a cursor between its characters.
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

    /// The position before the character left of the cursor.
    pub fn before(&self) -> usize {
        let visible = |&(_, character): &(usize, char)| character.width() != Some(0);
        self.text[..self.cursor]
            .char_indices()
            .rev()
            .find(visible)
            .map_or(0, |(index, _)| index)
    }

    /// The position after the character right of the cursor.
    pub fn after(&self) -> usize {
        let mut rest = self.text[self.cursor..].char_indices().skip(1);
        let next = rest.find(|&(_, character)| character.width() != Some(0));
        next.map_or(self.text.len(), |(index, _)| self.cursor + index)
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

    /// Swaps the characters on both sides of the cursor (at the end: the last two) and returns where the change
    /// begins; `None` where there are no two.
    pub fn transpose(&mut self) -> Option<usize> {
        let cursor = self.cursor;
        if self.is_at_end() {
            self.cursor = self.before();
        }
        let (start, middle, end) = (self.before(), self.cursor, self.after());
        if start == middle || middle == end {
            self.cursor = cursor;
            return None;
        }
        let left: String = self.text.drain(start..middle).collect();
        let end_of_right = start + (end - middle);
        self.text.insert_str(end_of_right, &left);
        self.cursor = end;
        Some(start)
    }
}

fn is_word(character: char) -> bool {
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
        let mut at_end = line("abc", 3);
        assert_eq!((at_end.transpose(), at_end.text()), (Some(1), "acb"));
        let mut inside = line("äbc", 2);
        assert_eq!(
            (inside.transpose(), inside.text(), inside.cursor()),
            (Some(0), "bäc", 3)
        );
        let mut single = line("a", 1);
        assert_eq!((single.transpose(), single.text(), single.cursor()), (None, "a", 1));
    }
}
