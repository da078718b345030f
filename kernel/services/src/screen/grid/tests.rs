//! The grid beside another terminal, the crate `vt100`, which gets the same bytes.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU16;

use hw::fake::Random;
use vt100::Parser;

use super::super::look::{Look, UNDERLINE, WIDE_LEFT, WIDE_RIGHT};
use super::super::palette::{self, Color};
use super::Grid;

fn other(columns: usize, rows: usize) -> Parser {
    let cells = |count: usize| NonZeroU16::new(count as u16).expect("a size above zero");
    Parser::new(cells(rows), cells(columns), 1000)
}

fn color(color: vt100::Color) -> Color {
    match color {
        vt100::Color::Default => Color::Default,
        vt100::Color::Idx(index) => Color::Indexed(index),
        vt100::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}

/// How a cell of the other terminal looks; wide characters are left to the caller.
fn look(cell: &vt100::Cell) -> Look {
    let marks = if cell.underline() { UNDERLINE } else { 0 };
    let foreground = palette::foreground(color(cell.fgcolor()), cell.bold(), cell.dim());
    let character = cell.contents().chars().next().unwrap_or(' ');
    let mut look = Look::new(character, foreground, palette::background(color(cell.bgcolor())), marks);
    if cell.inverse() {
        look.swap_colors();
    }
    if character == ' ' { look.emptied() } else { look }
}

fn row(grid: &Grid, row: usize) -> Vec<Look> {
    let mut cells = grid.seen(row).to_vec();
    cells.resize(grid.size_cells().0, Look::BLANK);
    cells
}

fn text(grid: &Grid) -> Vec<String> {
    let line = |index| -> String {
        let cells = row(grid, index);
        let characters = cells.iter().filter(|cell| cell.marks & WIDE_RIGHT == 0);
        let line: String = characters.map(|cell| cell.character).collect();
        line.trim_end().into()
    };
    (0..grid.size_cells().1).map(line).collect()
}

/// Something that both terminals should do the same with.
fn piece(random: &mut Random, (columns, rows): (usize, usize)) -> String {
    const ACTIONS: &[u8] = b"@ABCDEFGHJKLMPSTX`bdfmr";
    match random.below(10) {
        0..3 => {
            let action = ACTIONS[random.below(ACTIONS.len())] as char;
            let (first, second) = (random.below(rows + 3), random.below(columns + 3));
            match random.below(4) {
                0 => format!("\x1b[{action}"),
                1 => format!("\x1b[{second}{action}"),
                _ => format!("\x1b[{first};{second}{action}"),
            }
        }
        3 => format!("\x1b[{}m", random.below(110)),
        4 => match random.below(4) {
            0 => format!("\x1b[{};5;{}m", 38 + 10 * random.below(2), random.below(260)),
            1 => format!("\x1b[1;38;2;{};2;{}m", random.below(260), random.below(256)),
            _ => String::from("\x1b[m"),
        },
        5 => {
            const OTHERS: [&str; 13] = [
                "\r\n",
                "\n",
                "\t",
                "\x08",
                "\r",
                "\x1bM",
                "\x1b7",
                "\x1b8",
                "\x1b[?6h",
                "\x1b[?6l",
                "\x1b[?25l",
                "\x1b[?25h",
                "\x1b[r",
            ];
            OTHERS[random.below(OTHERS.len())].into()
        }
        6 => match random.below(12) {
            0 => String::from("\x1bc"),
            1 => String::from("\x1b[?1049h"),
            2..5 => String::from("\x1b[?1049l"),
            5 => format!("\x1b[{} q", random.below(8)),
            6 => String::from("e\u{301}"),
            _ => String::from("│äß\u{7f}"),
        },
        _ => (0..random.below(2 * columns))
            .map(|_| (0x20 + random.below(0x5F)) as u8 as char)
            .collect(),
    }
}

#[test]
fn does_what_another_terminal_does() {
    let mut random = Random(4711);
    for size in [(2, 2), (5, 3), (20, 7), (80, 25)] {
        let (mut grid, mut parser) = (Grid::new(size.0, size.1), other(size.0, size.1));
        let mut recent: Vec<String> = Vec::new();
        for round in 0..8_000 {
            let piece = piece(&mut random, size);
            grid.feed(piece.as_bytes());
            parser.process(piece.as_bytes());
            recent.push(piece);
            let back = if round % 3 == 0 { random.below(12) } else { 0 };
            grid.set_view_lines(back);
            parser.screen_mut().set_scrollback(back);
            let screen = parser.screen();
            for index in 0..size.1 {
                let expected: Vec<Look> = (0..size.0)
                    .map(|column| look(screen.cell(index as u16, column as u16).expect("a cell of the screen")))
                    .collect();
                let last = recent.len().saturating_sub(12);
                assert_eq!(
                    row(&grid, index),
                    expected,
                    "row {index} of {size:?} after {:?}",
                    &recent[last..]
                );
            }
            let (row, column) = screen.cursor_position();
            let place = (
                usize::from(column).min(size.0 - 1),
                usize::from(row) + screen.scrollback(),
            );
            let expected = (!screen.hide_cursor() && place.1 < size.1).then_some(place);
            let cursor = grid.cursor().map(|(column, row, _)| (column, row));
            assert_eq!(cursor, expected, "the cursor of {size:?} after {:?}", recent.last());
            grid.set_view_lines(0);
            parser.screen_mut().set_scrollback(0);
        }
    }
}

#[test]
fn halves_of_wide_characters_stay_together() {
    let mut random = Random(99);
    for size in [(2, 2), (7, 4), (40, 10)] {
        let mut grid = Grid::new(size.0, size.1);
        for round in 0..20_000 {
            let wide = ["漢字", "漢", "\u{1F600}x"][random.below(3)];
            grid.feed(wide.as_bytes());
            grid.feed(piece(&mut random, size).as_bytes());
            if round % 50 == 0 {
                grid.resize(2 + random.below(50), 2 + random.below(20));
                grid.resize(size.0, size.1);
            }
            for index in 0..size.1 {
                let cells = row(&grid, index);
                let mut is_half = false;
                for cell in &cells {
                    assert_eq!(
                        cell.marks & WIDE_RIGHT != 0,
                        is_half,
                        "row {index} of {size:?}: {cells:?}"
                    );
                    is_half = cell.marks & WIDE_LEFT != 0;
                }
                assert!(!is_half, "row {index} of {size:?}: {cells:?}");
            }
        }
    }
}

#[test]
fn another_size_keeps_the_lines_before_the_cursor() {
    let mut grid = Grid::new(10, 4);
    grid.feed(b"1\r\n2\r\n3\r\n4\r\n5");
    assert_eq!(text(&grid), ["2", "3", "4", "5"]);
    grid.resize(10, 2);
    assert_eq!(text(&grid), ["4", "5"]);
    grid.resize(10, 6);
    assert_eq!(text(&grid), ["1", "2", "3", "4", "5", ""]);
    assert_eq!(grid.cursor().map(|(column, row, _)| (column, row)), Some((1, 4)));
    // Rows below the cursor go first.
    grid.feed(b"\x1b[2;1H");
    grid.resize(3, 3);
    assert_eq!(text(&grid), ["1", "2", "3"]);
    assert_eq!(grid.cursor().map(|(column, row, _)| (column, row)), Some((0, 1)));
    grid.resize(0, 0);
    assert_eq!(grid.size_cells(), (2, 2));
}

#[test]
fn a_program_on_the_whole_screen_leaves_no_trace() {
    let mut grid = Grid::new(20, 3);
    grid.feed(b"prompt> \x1b[31m\x1b[?1049h\x1b[2;5Hprogram\x1b[32m");
    assert_eq!(text(&grid), ["", "    program", ""]);
    grid.feed(b"\x1b[?1049lred");
    assert_eq!(text(&grid), ["prompt> red", "", ""]);
    assert_eq!(row(&grid, 0)[8].foreground(), palette::SIXTEEN[1]);
}

/// A number is two bytes; repeating a character so often for each few bytes would take a minute for a page of them.
#[test]
fn a_character_is_repeated_as_often_as_can_be_seen() {
    let mut grid = Grid::new(80, 25);
    for _ in 0..1000 {
        grid.feed(b"x\x1b[65535b");
    }
    assert_eq!(text(&grid)[3], "x".repeat(80));
}
