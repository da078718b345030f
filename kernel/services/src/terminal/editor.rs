//! The line editor: keys in, drawing out, no I/O of its own.

use alloc::string::String;
use alloc::vec::Vec;

use super::history::History;
use super::keys::{Decoder, Key};
use super::line::Line;
use super::screen::Screen;

/// What a byte led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The line is still being edited.
    More,
    /// Return: the line.
    Submitted(String),
    /// Ctrl-C: the line was abandoned.
    Interrupted,
    /// Ctrl-D on an empty line.
    EndOfInput,
    /// Ctrl-A on an empty line that begins an input.
    Machine,
}

/// Columns between tab stops.
const TAB_CELLS: usize = 4;
/// Bytes that a line may have; more are refused with a bell.
const LINE_LIMIT_BYTES: usize = 64 * 1024;
const BELL: u8 = 0x07;

/// Edits one line after the other. History and the kill ring stay from line to line.
#[derive(Debug)]
pub struct LineEditor {
    decoder: Decoder,
    prompt: &'static str,
    line: Line,
    screen: Screen,
    history: History,
    /// What Ctrl-K, Ctrl-U, Ctrl-W and Alt-D took last; Ctrl-Y puts it back.
    killed: String,
}

impl LineEditor {
    /// An editor for a terminal of `width_cells` columns.
    pub fn new(width_cells: usize) -> Self {
        Self {
            decoder: Decoder::default(),
            prompt: "",
            line: Line::default(),
            screen: Screen::new(width_cells),
            history: History::default(),
            killed: String::new(),
        }
    }

    /// Takes note of the terminal's width; valid from the next line on.
    pub fn set_width(&mut self, width_cells: usize) {
        self.screen.set_width(width_cells);
    }

    /// Starts a new line behind `prompt`.
    pub fn begin(&mut self, prompt: &'static str, out: &mut Vec<u8>) {
        self.prompt = prompt;
        self.line.take();
        self.history.rewind();
        self.show(out);
    }

    /// Removes the line from the screen, so that something else can be printed; [`LineEditor::show`] brings it back.
    pub fn hide(&mut self, out: &mut Vec<u8>) {
        self.screen.erase(out);
    }

    /// Draws prompt and line at the start of an empty row.
    pub fn show(&mut self, out: &mut Vec<u8>) {
        self.screen.draw(self.prompt, self.line.text(), self.line.cursor(), out);
    }

    /// Takes the next byte from the terminal; what is to be sent there goes to `out`.
    pub fn feed(&mut self, byte: u8, out: &mut Vec<u8>) -> Step {
        match self.decoder.feed(byte) {
            Some(key) => self.press(key, out),
            None => Step::More,
        }
    }

    fn press(&mut self, key: Key, out: &mut Vec<u8>) -> Step {
        match key.without_shift() {
            Key::Enter => return self.submit(out),
            Key::Control('c') => {
                self.screen.place_cursor(self.line.text(), self.line.text().len(), out);
                out.extend_from_slice(b"^C");
                self.screen.leave(self.line.text(), out);
                self.line.take();
                return Step::Interrupted;
            }
            Key::Control('d') if self.line.is_empty() => {
                self.screen.leave("", out);
                return Step::EndOfInput;
            }
            Key::Control('a') if self.line.is_empty() && self.prompt == super::PROMPT => {
                self.screen.leave("", out);
                return Step::Machine;
            }
            Key::Character(character) => self.insert(character.encode_utf8(&mut [0; 4]), out),
            Key::Tab => {
                let column = self.line.text()[..self.line.cursor()].chars().count();
                self.insert(&"    "[column % TAB_CELLS..], out);
            }
            Key::Control('l') => {
                out.extend_from_slice(b"\x1b[H\x1b[2J");
                self.show(out);
            }
            Key::Up | Key::Control('p') => {
                let older = self.history.older(self.line.text()).map(String::from);
                self.replace(older, out);
            }
            Key::Down | Key::Control('n') => {
                let newer = self.history.newer().map(String::from);
                self.replace(newer, out);
            }
            Key::Left | Key::Control('b') => self.move_to(self.line.before(), out),
            Key::Right | Key::Control('f') => self.move_to(self.line.after(), out),
            Key::Home | Key::Control('a') => self.move_to(0, out),
            Key::End | Key::Control('e') => self.move_to(self.line.text().len(), out),
            Key::WordLeft => self.move_to(self.line.word_start(), out),
            Key::WordRight => self.move_to(self.line.word_end(), out),
            Key::Backspace => {
                self.remove(self.line.before(), self.line.cursor(), out);
            }
            Key::Delete | Key::Control('d') => {
                self.remove(self.line.cursor(), self.line.after(), out);
            }
            Key::Control('k') => self.kill(self.line.cursor(), self.line.text().len(), out),
            Key::Control('u') => self.kill(0, self.line.cursor(), out),
            Key::Control('w') => self.kill(self.line.blank_word_start(), self.line.cursor(), out),
            Key::BackspaceWord => self.kill(self.line.word_start(), self.line.cursor(), out),
            Key::DeleteWord => self.kill(self.line.cursor(), self.line.word_end(), out),
            Key::Control('y') => {
                let text = self.killed.clone();
                self.insert(&text, out);
            }
            Key::Control('t') => {
                let before = String::from(self.line.text());
                if let Some(changed) = self.line.transpose() {
                    self.screen.place_cursor(&before, changed, out);
                    self.screen.redraw(self.line.text(), changed, self.line.cursor(), out);
                }
            }
            // What only full-screen programs have a use for.
            _ => {}
        }
        Step::More
    }

    fn submit(&mut self, out: &mut Vec<u8>) -> Step {
        self.screen.leave(self.line.text(), out);
        let text = self.line.take();
        self.history.add(&text);
        Step::Submitted(text)
    }

    fn insert(&mut self, text: &str, out: &mut Vec<u8>) {
        if self.line.text().len() + text.len() > LINE_LIMIT_BYTES {
            out.push(BELL);
            return;
        }
        let changed = self.line.cursor();
        self.line.insert(text);
        self.screen.redraw(self.line.text(), changed, self.line.cursor(), out);
    }

    fn move_to(&mut self, index: usize, out: &mut Vec<u8>) {
        self.line.move_to(index);
        self.screen.place_cursor(self.line.text(), index, out);
    }

    fn remove(&mut self, start: usize, end: usize, out: &mut Vec<u8>) -> String {
        if start == end {
            return String::new();
        }
        // The cursor goes to the start first, while the drawn text is still the line's.
        self.screen.place_cursor(self.line.text(), start, out);
        let removed = self.line.remove(start, end);
        self.screen.redraw(self.line.text(), start, start, out);
        removed
    }

    fn kill(&mut self, start: usize, end: usize, out: &mut Vec<u8>) {
        if start != end {
            self.killed = self.remove(start, end, out);
        }
    }

    fn replace(&mut self, text: Option<String>, out: &mut Vec<u8>) {
        let Some(text) = text else { return };
        let same = self
            .line
            .text()
            .bytes()
            .zip(text.bytes())
            .take_while(|(old, new)| old == new)
            .count();
        let mut same = same.min(self.line.text().len());
        while !text.is_char_boundary(same) || !self.line.text().is_char_boundary(same) {
            same -= 1;
        }
        self.screen.place_cursor(self.line.text(), same, out);
        self.line.set(&text);
        self.screen.redraw(self.line.text(), same, self.line.cursor(), out);
    }
}

#[cfg(test)]
#[path = "editor_tests.rs"]
mod tests;
