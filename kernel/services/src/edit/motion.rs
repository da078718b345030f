//! Where cursor keys lead.

use super::text::Place;
use super::{Editor, cells};
use crate::terminal::keys::Motion;

impl Editor {
    /// Moves the cursor, with the selection or without.
    pub(super) fn go(&mut self, motion: Motion, extends: bool) {
        let anchor = if extends || self.is_marking {
            Some(self.anchor.unwrap_or(self.cursor))
        } else {
            None
        };
        let goal = self.goal_column;
        let target = match (motion, self.selection()) {
            // Leaving a selection to one side goes to its end on that side.
            (Motion::Left, Some((start, _))) if anchor.is_none() => start,
            (Motion::Right, Some((_, end))) if anchor.is_none() => end,
            _ => self.target(motion),
        };
        let kept = match motion {
            Motion::Up | Motion::Down | Motion::PageUp | Motion::PageDown => goal.or_else(|| Some(self.column())),
            _ => None,
        };
        self.select(anchor, target);
        self.goal_column = kept;
    }

    /// The cell of the cursor in its line.
    fn column(&self) -> usize {
        cells::column_of(self.text.line(self.cursor.line), self.cursor.byte)
    }

    fn target(&mut self, motion: Motion) -> Place {
        let Place { line, byte } = self.cursor;
        let text = self.text.line(line);
        let page = self.view.text_rows() - 1;
        match motion {
            Motion::Up => self.by_lines(-1),
            Motion::Down => self.by_lines(1),
            Motion::PageUp => {
                self.view.scroll(-(page as isize), self.text.line_count());
                self.by_lines(-(page as isize))
            }
            Motion::PageDown => {
                let is_last_page = self.view.top() + self.view.text_rows() >= self.text.line_count();
                if !is_last_page {
                    self.view.scroll(page as isize, self.text.line_count());
                }
                self.by_lines(page as isize)
            }
            Motion::Left if byte == 0 && line > 0 => Place::new(line - 1, self.text.line(line - 1).len()),
            Motion::Left => Place::new(line, cells::before(text, byte)),
            Motion::Right if byte == text.len() && line + 1 < self.text.line_count() => Place::new(line + 1, 0),
            Motion::Right => Place::new(line, cells::after(text, byte)),
            Motion::Home => {
                // First to where the text starts, then to the edge.
                let indent = text.len() - text.trim_start().len();
                Place::new(line, if byte == indent { 0 } else { indent })
            }
            Motion::End => Place::new(line, text.len()),
            Motion::WordLeft => self.word_left(),
            Motion::WordRight => self.word_right(),
            Motion::TextStart => Place::default(),
            Motion::TextEnd => self.text.end(),
        }
    }

    /// Up or down, at the column where the movement began. Beyond the text: its start or end.
    fn by_lines(&self, lines: isize) -> Place {
        let line = self.cursor.line.checked_add_signed(lines);
        let Some(line) = line else { return Place::default() };
        if line >= self.text.line_count() {
            return self.text.end();
        }
        let column = self.goal_column.unwrap_or_else(|| self.column());
        Place::new(line, cells::byte_at(self.text.line(line), column))
    }

    /// The start of the word to the left; at the line's start, the end of the line before.
    pub(super) fn word_left(&self) -> Place {
        let Place { line, byte } = self.cursor;
        if byte == 0 {
            return line
                .checked_sub(1)
                .map_or(self.cursor, |before| Place::new(before, self.text.line(before).len()));
        }
        let left = self.text.line(line).get(..byte).unwrap_or_default();
        let left = left.trim_end_matches(|character| !is_word(character));
        Place::new(line, left.trim_end_matches(is_word).len())
    }

    /// The end of the word to the right; at the line's end, the start of the next line.
    pub(super) fn word_right(&self) -> Place {
        let Place { line, byte } = self.cursor;
        let text = self.text.line(line);
        if byte == text.len() {
            return if line + 1 < self.text.line_count() {
                Place::new(line + 1, 0)
            } else {
                self.cursor
            };
        }
        let right = text.get(byte..).unwrap_or_default();
        let right = right.trim_start_matches(|character| !is_word(character));
        Place::new(line, text.len() - right.trim_start_matches(is_word).len())
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
