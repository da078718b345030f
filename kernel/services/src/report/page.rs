//! The page that a machine shows when it cannot go on: a headline, the report, and its QR code at the lower right.
//!
//! Lines go onto the screen as they come, so that all up to the last whole one can be read if making the next one fails.
//! The code's place is chosen by the screen's size alone, and lines beside it are shorter; it is drawn last.

use hw::display::Surface;

use super::boot_log::split_at_character;
use super::code::{Code, QUIET_MODULES};
use super::paper::{Paper, Style, fill};

const BACK: u32 = 0x0014_181f;
const RED: u32 = 0x00b4_2b2b;
const WHITE: u32 = 0x00ff_ffff;
const BLACK: u32 = 0;
const PLAIN: Style = style(0x00c4_ccd6, 0x17);
const BRIGHT: Style = style(WHITE, 0x1f);
const DIM: Style = style(0x0080_8c9b, 0x17);
const CAUSE: Style = style(0x00ff_d27a, 0x1e);
const HEADLINE: Style = Style {
    ink: WHITE,
    back: RED,
    attribute: 0x4f,
};

const fn style(ink: u32, attribute: u8) -> Style {
    Style {
        ink,
        back: BACK,
        attribute,
    }
}

/// Columns left free at both sides.
const MARGIN: usize = 2;
/// Columns by which a line that goes on in the next row is moved in.
const INDENT: usize = 4;
/// The least pixels of a module that a phone can tell apart.
const MODULE_PIXELS_MIN: usize = 3;
/// The code's place is so much of the screen's width, in per cent.
const CODE_WIDTH_PER_CENT: usize = 40;
/// A register's value and the space before it, which stay in the row of the register's name.
const VALUE_COLUMNS: usize = 17;
/// A line longer than this is cut, in bytes.
const LINE_LIMIT_BYTES: usize = 512;
/// What the report's first line says and the headline has said.
const HEADLINE_PREFIX: &str = "KERNEL PANIC: ";
/// How the parts of a report start that follow its cause.
const SECTIONS: [&str; 3] = ["Rhaios ", "rip ", "backtrace:"];
/// Stands for the start of a name.
const CUT: &str = "..";
const CAPTION: &str = "Scan for a bug report";

/// A square in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Area {
    x: usize,
    y: usize,
    side: usize,
}

/// The page: where the next line goes.
pub struct Page {
    row: usize,
    columns: usize,
    rows: usize,
    /// Height of a row in pixels; 0 in a text mode.
    row_pixels: usize,
    /// Columns of the lines beside the code.
    narrow_columns: usize,
    /// The first row beside the code.
    narrow_row: usize,
    code: Option<Area>,
    /// Lines so far say why the machine stopped.
    is_cause: bool,
    line: [u8; LINE_LIMIT_BYTES],
    line_bytes: usize,
}

impl Page {
    /// Clears the screen and writes the headline, with `product` at its right end.
    pub fn start(paper: &mut Paper<'_>, headline: &str, product: &str) -> Self {
        let (columns, rows) = paper.size_cells();
        let code = code_area(paper);
        let (cell_width, row_pixels) = match paper {
            Paper::Pixels(_, font) => font.cell_pixels(),
            Paper::Cells(_) => (1, 0),
        };
        // A row above the code is its caption's.
        let (narrow_columns, narrow_row) = code.map_or((columns, rows), |area| {
            (area.x / cell_width, (area.y / row_pixels).saturating_sub(1))
        });
        let bar_rows = if row_pixels > 0 { 4 } else { 1 };
        paper.clear_rows(0, bar_rows, HEADLINE);
        paper.clear_rows(bar_rows, rows.saturating_sub(bar_rows), PLAIN);
        paper.write_large(MARGIN, bar_rows / 4, headline, HEADLINE);
        let product_column = columns.saturating_sub(MARGIN + product.chars().count());
        paper.write(product_column, bar_rows / 2, product, HEADLINE);
        Self {
            row: bar_rows + 1,
            columns,
            rows,
            row_pixels,
            narrow_columns,
            narrow_row,
            code,
            is_cause: true,
            line: [0; LINE_LIMIT_BYTES],
            line_bytes: 0,
        }
    }

    /// One past the last row for lines: a free one, the footer's and another free one follow.
    fn end_row(&self) -> usize {
        self.rows.saturating_sub(3)
    }

    /// Adds to the report: its cause, the line that starts with the product's name, the rest. What does not fit is left
    /// out; the last row says so.
    pub fn write(&mut self, paper: &mut Paper<'_>, text: &str) {
        for byte in text.bytes() {
            if byte == b'\n' {
                self.end_line(paper);
            } else if let Some(place) = self.line.get_mut(self.line_bytes) {
                *place = byte;
                self.line_bytes += 1;
            }
        }
    }

    /// Shows the line that has been gathered.
    fn end_line(&mut self, paper: &mut Paper<'_>) {
        let line = self.line;
        let bytes = &line[..core::mem::take(&mut self.line_bytes)];
        // Only a cut in the middle of a character can make it no text.
        let line = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let starts_section = SECTIONS.iter().any(|start| line.starts_with(start));
        self.is_cause &= !starts_section;
        if starts_section && self.row_pixels > 0 {
            self.row += 1;
        }
        if let Some(frame) = line.strip_prefix("  0x") {
            self.show_frame(paper, frame);
        } else {
            let line = line.strip_prefix(HEADLINE_PREFIX).unwrap_or(line);
            self.show_line(paper, line, self.is_cause.then_some(CAUSE));
        }
    }

    /// Whether there is a row for more. Where there is not, the last one says so.
    fn has_room(&self, paper: &mut Paper<'_>) -> bool {
        let is_there = self.row < self.end_row();
        if !is_there {
            let row = self.end_row().saturating_sub(1);
            let end = paper.write(MARGIN, row, "  ...", DIM);
            for column in end..self.end_column(row) {
                paper.write(column, row, " ", PLAIN);
            }
        }
        is_there
    }

    /// Shows a line of a backtrace in one row: the lower half of the address, and of the name what fits of its end.
    fn show_frame(&mut self, paper: &mut Paper<'_>, frame: &str) {
        if !self.has_room(paper) {
            return;
        }
        let (address, name) = frame.split_once(' ').unwrap_or((frame, ""));
        let lower_half = address.get(address.len().saturating_sub(8)..).unwrap_or(address);
        let column = paper.write(MARGIN + 2, self.row, lower_half, DIM) + 1;
        let room = self.end_column(self.row).saturating_sub(column);
        let length = name.chars().count();
        if length <= room {
            paper.write(column, self.row, name, BRIGHT);
        } else {
            let (_, end) = split_at_character(name, length - room.saturating_sub(CUT.len()));
            let column = paper.write(column, self.row, CUT, DIM);
            paper.write(column, self.row, end, BRIGHT);
        }
        self.row += 1;
    }

    fn show_line(&mut self, paper: &mut Paper<'_>, line: &str, style: Option<Style>) {
        let mut column = MARGIN;
        for word in line.split_inclusive(' ') {
            let mut rest = word;
            let room = |page: &Self, column: usize| page.end_column(page.row).saturating_sub(column);
            let value_columns = if is_register(word.trim_end()) { VALUE_COLUMNS } else { 0 };
            let needed_columns = rest.trim_end().chars().count() + value_columns;
            if needed_columns > room(self, column) && column > MARGIN + INDENT {
                (self.row, column) = (self.row + 1, MARGIN + INDENT);
            }
            loop {
                if !self.has_room(paper) {
                    return;
                }
                let (now, later) = split_at_character(rest, room(self, column).max(1));
                column = paper.write(column, self.row, now, style.unwrap_or(style_of(word)));
                if later.trim_end().is_empty() {
                    break;
                }
                rest = later;
                (self.row, column) = (self.row + 1, MARGIN + INDENT);
            }
        }
        self.row += 1;
    }

    /// One past the last column for lines in a row.
    fn end_column(&self, row: usize) -> usize {
        let columns = if row >= self.narrow_row {
            self.narrow_columns
        } else {
            self.columns
        };
        columns.saturating_sub(MARGIN)
    }

    /// Writes below the report what happens next.
    pub fn write_footer(&self, paper: &mut Paper<'_>, text: &str) {
        let row = self.rows.saturating_sub(2);
        let end = self.end_column(row);
        let (text, _) = split_at_character(text, end.saturating_sub(MARGIN));
        let column = paper.write(MARGIN, row, text, BRIGHT);
        // What is left of a longer footer.
        for column in column..(column + INDENT).min(end) {
            paper.write(column, row, " ", BRIGHT);
        }
    }

    /// The largest code that has a place on the page, in modules of a side with its border.
    pub fn code_modules(&self) -> Option<usize> {
        self.code.map(|area| area.side / MODULE_PIXELS_MIN)
    }

    /// Draws the report's code.
    pub fn write_code(&self, paper: &mut Paper<'_>, code: &Code<'_>) {
        let (Some(area), Paper::Pixels(surface, font)) = (self.code, &mut *paper) else {
            return;
        };
        let modules = code.side_modules() + 2 * QUIET_MODULES;
        let module_pixels = area.side / modules;
        let side = module_pixels * modules;
        let (x, y) = (area.x + area.side - side, area.y + area.side - side);
        draw_code(*surface, code, (x, y), module_pixels);
        let (cell_width, cell_height) = font.cell_pixels();
        let (column, row) = (x.div_ceil(cell_width), (y / cell_height).saturating_sub(1));
        paper.write(column, row, CAPTION, DIM);
    }
}

/// The place for a code: at the lower right, clear of the headline.
fn code_area(paper: &Paper<'_>) -> Option<Area> {
    let Paper::Pixels(surface, font) = paper else {
        return None;
    };
    let (_, row_pixels) = font.cell_pixels();
    let (width, height) = (surface.width_pixels(), surface.height_pixels());
    let side = (width * CODE_WIDTH_PER_CENT / 100).min(height.saturating_sub(8 * row_pixels));
    Some(Area {
        x: width.checked_sub(side + row_pixels)?,
        y: height.checked_sub(side + row_pixels)?,
        side,
    })
}

fn draw_code(surface: &mut dyn Surface, code: &Code<'_>, (x, y): (usize, usize), module_pixels: usize) {
    let side = (code.side_modules() + 2 * QUIET_MODULES) * module_pixels;
    fill(surface, (x, y), (side, side), WHITE);
    let origin = (x + QUIET_MODULES * module_pixels, y + QUIET_MODULES * module_pixels);
    for row in 0..code.side_modules() {
        for column in (0..code.side_modules()).filter(|column| code.is_dark(*column, row)) {
            let place = (origin.0 + column * module_pixels, origin.1 + row * module_pixels);
            fill(surface, place, (module_pixels, module_pixels), BLACK);
        }
    }
}

/// Values and names of functions stand out; addresses of a backtrace step back.
fn style_of(word: &str) -> Style {
    let word = word.trim_end();
    let is_hex = |digits: &str| digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex(word) || word.contains("+0x") {
        BRIGHT
    } else if word.strip_prefix("0x").is_some_and(is_hex) || is_register(word) {
        DIM
    } else {
        PLAIN
    }
}

fn is_register(word: &str) -> bool {
    let is_short = word.len() == 2 || word.len() == 3;
    is_short
        && (word.starts_with('r') || word.starts_with("cr"))
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
