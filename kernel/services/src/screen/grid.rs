//! The character grid: the `vt100` crate, with what it leaves to its user.

use alloc::format;
use alloc::vec::Vec;
use core::num::NonZeroU16;

use vt100::{Callbacks, Parser};

/// Lines that have left the top and are kept.
const SCROLLBACK_LINES: usize = 1000;
/// Memory that they may take, if all of them are full.
const SCROLLBACK_LIMIT_BYTES: usize = 8 * 1024 * 1024;
/// Memory of one cell.
const CELL_BYTES: usize = size_of::<vt100::Cell>();
/// Answers that are kept until the reader takes them; later ones are dropped.
const ANSWERS_LIMIT_BYTES: usize = 256;

/// U+FE0F, which asks for a character's coloured, wide form. It is dropped: the font has no such forms, and a character
/// that becomes wide after it was printed leaves `vt100` 0.18.1 with half a character at the right edge, over which it
/// panics later.
const WIDENER: [u8; 3] = [0xEF, 0xB8, 0x8F];

/// What the program on the screen asks for besides drawing.
#[derive(Debug, Default)]
pub(super) struct Events {
    has_rung: bool,
    answers: Vec<u8>,
}

impl Events {
    fn answer(&mut self, bytes: &[u8]) {
        if self.answers.len() + bytes.len() <= ANSWERS_LIMIT_BYTES {
            self.answers.extend_from_slice(bytes);
        }
    }
}

impl Callbacks for Events {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.has_rung = true;
    }

    fn visual_bell(&mut self, _: &mut vt100::Screen) {
        self.has_rung = true;
    }

    /// Answers questions about the terminal (ECMA-48, DSR and DA; xterm's report of its size).
    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        first: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        command: char,
    ) {
        let parameter = parameters
            .first()
            .and_then(|values| values.first())
            .copied()
            .unwrap_or(0);
        let (rows, columns) = screen.size();
        match (first, command, parameter) {
            (None, 'n', 5) => self.answer(b"\x1b[0n"),
            (None, 'n', 6) => {
                let (row, column) = screen.cursor_position();
                let column = column.min(columns.get() - 1);
                self.answer(format!("\x1b[{};{}R", u32::from(row) + 1, u32::from(column) + 1).as_bytes());
            }
            (None, 'c', 0) => self.answer(b"\x1b[?6c"),
            (None, 't', 18) => self.answer(format!("\x1b[8;{rows};{columns}t").as_bytes()),
            _ => {}
        }
    }
}

/// The grid and its scrollback.
pub(super) struct Grid {
    parser: Parser<Events>,
    /// Bytes of [`WIDENER`] that came last and are held back.
    held_bytes: usize,
}

impl Grid {
    /// A blank grid. Fewer than two columns or rows become two, which the escape sequences' logic needs.
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        let lines = SCROLLBACK_LINES.min(SCROLLBACK_LIMIT_BYTES / (CELL_BYTES * columns.max(2)));
        let parser = Parser::new_with_callbacks(cells(rows), cells(columns), lines, Events::default());
        Self { parser, held_bytes: 0 }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        if self.held_bytes == 0 && !bytes.contains(&WIDENER[0]) {
            self.parser.process(bytes);
            return;
        }
        let mut start = 0;
        for (index, byte) in bytes.iter().enumerate() {
            if self.held_bytes > 0 && *byte != WIDENER[self.held_bytes] {
                self.parser.process(&WIDENER[..self.held_bytes]);
                self.held_bytes = 0;
                start = index;
            }
            if *byte == WIDENER[self.held_bytes] {
                if self.held_bytes == 0 {
                    self.parser.process(&bytes[start..index]);
                }
                self.held_bytes = (self.held_bytes + 1) % WIDENER.len();
                start = index + 1;
            }
        }
        self.parser.process(&bytes[start..]);
    }

    pub(super) fn resize(&mut self, columns: usize, rows: usize) {
        self.parser.set_size(cells(rows), cells(columns));
    }

    /// Columns and rows.
    pub(super) fn size_cells(&self) -> (usize, usize) {
        let (rows, columns) = self.parser.screen().size();
        (columns.get().into(), rows.get().into())
    }

    /// The cell as seen, which is in the scrollback while the view is moved back.
    pub(super) fn cell(&self, column: usize, row: usize) -> Option<&vt100::Cell> {
        self.parser.screen().cell(row as u16, column as u16)
    }

    /// Column and row of the cursor as seen and its style; `None` while it is hidden or out of view.
    pub(super) fn cursor(&self) -> Option<(usize, usize, vt100::CursorStyle)> {
        let screen = self.parser.screen();
        let (columns, rows) = self.size_cells();
        let (row, column) = screen.cursor_position();
        let row = usize::from(row) + screen.scrollback();
        let is_seen = !screen.hide_cursor() && row < rows;
        is_seen.then(|| (usize::from(column).min(columns - 1), row, screen.cursor_style()))
    }

    /// Lines by which the view is moved back.
    pub(super) fn view_lines(&self) -> usize {
        self.parser.screen().scrollback()
    }

    /// Moves the view so that it is `lines` back, or as far as there are any.
    pub(super) fn set_view_lines(&mut self, lines: usize) {
        self.parser.screen_mut().set_scrollback(lines);
    }

    pub(super) fn take_bell(&mut self) -> bool {
        core::mem::take(&mut self.parser.callbacks_mut().has_rung)
    }

    pub(super) fn take_answers(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.parser.callbacks_mut().answers)
    }
}

fn cells(count: usize) -> NonZeroU16 {
    const TWO: NonZeroU16 = NonZeroU16::MIN.saturating_add(1);
    u16::try_from(count)
        .ok()
        .and_then(NonZeroU16::new)
        .unwrap_or(TWO)
        .max(TWO)
}
