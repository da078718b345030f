//! What the escape sequences do (ECMA-48, DEC's VT100 and VT510, xterm). `vte` cuts them out of the bytes.

use alloc::format;

use unicode_width::UnicodeWidthChar;
use vte::{Params, Perform};

use super::page::Place;
use super::{Cursor, State};

/// What xterm is asked for by this number: the size of its text area in cells.
const TEXT_AREA_CELLS: u16 = 18;

impl Perform for State {
    fn print(&mut self, character: char) {
        // What is no text in UTF-8 is not shown.
        if character != '\u{FFFD}' && !('\u{80}'..'\u{A0}').contains(&character) {
            self.print_character(character);
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            0x07 => self.has_rung = true,
            0x08 => self.page_mut().cursor.column = self.page().cursor.column.saturating_sub(1),
            0x09 => self.page_mut().tabulate(),
            0x0A..=0x0C => self.page_mut().feed_line(),
            0x0D => self.page_mut().move_to_column(0),
            _ => {}
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _: bool, byte: u8) {
        if !intermediates.is_empty() {
            return;
        }
        match byte {
            b'7' => self.save_cursor(),
            b'8' => self.restore_cursor(),
            b'M' => self.page_mut().feed_back(),
            b'c' => self.reset(),
            b'g' => self.has_rung = true,
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, parameters: &Params, intermediates: &[u8], _: bool, action: char) {
        match (intermediates.first(), action) {
            (None, 'm') => self.pen.set(parameters.iter()),
            (None, _) => self.control(action, Numbers::of(parameters)),
            (Some(b'?'), 'J' | 'K') => self.control(action, Numbers::of(parameters)),
            (Some(b'?'), 'h' | 'l') => parameters.iter().for_each(|mode| self.set_mode(mode, action == 'h')),
            (Some(b' '), 'q') => self.set_cursor_style(Numbers::of(parameters).first),
            _ => {}
        }
    }
}

/// The first two parameters; 0 where there is none.
#[derive(Clone, Copy)]
struct Numbers {
    first: u16,
    second: u16,
}

impl Numbers {
    fn of(parameters: &Params) -> Self {
        let mut numbers = parameters
            .iter()
            .map(|parameter| parameter.first().copied().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        Self {
            first: next(),
            second: next(),
        }
    }

    /// The first one, from 1.
    fn count(self) -> usize {
        usize::from(self.first.max(1))
    }
}

impl State {
    fn print_character(&mut self, character: char) {
        let width = match character.width() {
            None if u32::from(character) < 256 => return,
            width => width.unwrap_or(1).min(2),
        };
        // What is put over the character before has no cell of its own; the font has no such forms.
        if width > 0 {
            let look = self.pen.text(character);
            self.page_mut().print(look, width);
            self.last_character = Some(character);
        }
    }

    fn control(&mut self, action: char, numbers: Numbers) {
        let count = numbers.count();
        let blank = self.pen.blank();
        let (columns, rows) = self.page().size_cells();
        let page = self.page_mut();
        match action {
            '@' => page.insert_cells(count),
            'A' => page.move_up(count),
            'B' => page.move_down(count),
            'C' => page.move_to_column(page.cursor.column + count),
            'D' => page.cursor.column = page.cursor.column.saturating_sub(count),
            'E' | 'F' => {
                page.move_to_column(0);
                if action == 'E' {
                    page.move_down(count)
                } else {
                    page.move_up(count)
                }
            }
            'G' | '`' => page.move_to_column(count - 1),
            'H' | 'f' => page.move_to(Place {
                column: usize::from(numbers.second.max(1)) - 1,
                row: count - 1,
            }),
            'J' if numbers.first == 3 => page.scrollback.clear(),
            'J' => page.erase_page(numbers.first, blank),
            'K' => page.erase_row(numbers.first, blank),
            'L' => page.insert_lines(count),
            'M' => page.delete_lines(count),
            'P' => page.delete_cells(count),
            'S' => page.scroll_up(count),
            'T' => page.scroll_down(count),
            'X' => page.erase_cells(count, blank),
            'd' => page.move_to_row(count - 1),
            'r' => {
                let last = if numbers.second == 0 {
                    rows
                } else {
                    numbers.second.into()
                };
                page.set_region(count - 1, last - 1);
            }
            'b' => {
                // More would only fill the page again.
                if let Some(character) = self.last_character {
                    (0..count.min(columns * rows)).for_each(|_| self.print_character(character));
                }
            }
            _ => self.answer_question(action, numbers.first),
        }
    }

    /// Answers questions about the terminal (ECMA-48, DSR and DA; xterm's report of its size).
    fn answer_question(&mut self, action: char, question: u16) {
        let (columns, rows) = self.page().size_cells();
        match (action, question) {
            ('n', 5) => self.answer(b"\x1b[0n"),
            ('n', 6) => {
                let Place { column, row } = self.page().cursor;
                let column = column.min(columns - 1);
                self.answer(format!("\x1b[{};{}R", row + 1, column + 1).as_bytes());
            }
            ('c', 0) => self.answer(b"\x1b[?6c"),
            ('t', TEXT_AREA_CELLS) => self.answer(format!("\x1b[8;{rows};{columns}t").as_bytes()),
            _ => {}
        }
    }

    fn set_mode(&mut self, mode: &[u16], is_on: bool) {
        match (mode, is_on) {
            ([6], _) => self.page_mut().set_origin(is_on),
            ([25], _) => self.is_cursor_hidden = !is_on,
            ([47], true) if self.alternate.is_none() => self.enter_alternate(),
            ([47], false) => self.alternate = None,
            ([1049], true) => {
                self.save_cursor();
                self.enter_alternate();
            }
            ([1049], false) => {
                self.alternate = None;
                self.restore_cursor();
            }
            _ => {}
        }
    }

    fn set_cursor_style(&mut self, number: u16) {
        if let Some(cursor) = Cursor::numbered(number) {
            self.cursor = cursor;
        }
    }
}
