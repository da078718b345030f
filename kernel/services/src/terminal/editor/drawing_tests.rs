//! The drawing, against a terminal (the crate `vt100`) that does what the bytes say: whatever keys were pressed, it
//! shows what the input written out afresh would show.

use core::num::NonZeroU16;
use hw::fake::Random;
use std::string::{String, ToString};
use std::vec::Vec;

use unicode_width::UnicodeWidthChar;
use vt100::Parser;

use super::*;

/// Rows of a terminal that holds all that a test writes.
fn many_rows(columns: usize) -> usize {
    100 + 2500 / columns
}

fn parser(columns: usize, rows: usize) -> Parser {
    let cells = |count: usize| NonZeroU16::new(count as u16).expect("cells");
    Parser::new(cells(rows), cells(columns), 0)
}

fn rows(parser: &Parser, columns: usize) -> Vec<String> {
    let rows = parser.screen().rows(0, columns as u16);
    rows.map(|row| row.trim_end().to_string()).collect()
}

fn cursor(parser: &Parser) -> (usize, usize) {
    let (row, column) = parser.screen().cursor_position();
    (usize::from(row), usize::from(column))
}

/// `text` as it is drawn, which is a question mark for what is wider than the terminal.
fn written(text: &str, columns: usize) -> String {
    let shown = |character: char| match character.width() {
        Some(width) if width > columns => '?',
        _ => character,
    };
    let text: String = text.chars().map(shown).collect();
    text.replace('\n', &std::format!("\r\n{CONTINUATION}"))
}

/// What the whole input looks like, and where the cursor is in it.
fn expected(editor: &LineEditor, columns: usize) -> (Vec<String>, (usize, usize)) {
    let mut whole = parser(columns, many_rows(columns));
    let text = editor.line.text();
    whole.process(PROMPT.as_bytes());
    whole.process(written(text, columns).as_bytes());
    if editor.view.shows_escapes {
        whole.process(written(editor.suggestion(), columns).as_bytes());
    }
    let mut left = parser(columns, many_rows(columns));
    left.process(PROMPT.as_bytes());
    left.process(written(&text[..editor.line.cursor()], columns).as_bytes());
    let next = text[editor.line.cursor()..]
        .chars()
        .chain(editor.suggestion().chars())
        .next();
    let (row, column) = cursor(&left);
    let next_width = next
        .filter(|&next| next != '\n')
        .map_or(0, |next| next.width().unwrap_or(0).min(columns));
    let place = if column + next_width > columns {
        (row + 1, 0)
    } else {
        (row, column)
    };
    (rows(&whole, columns), place)
}

const KEYS: [&str; 42] = [
    "a",
    "b",
    "xyz",
    " ",
    "(",
    ")",
    "{ ",
    "\"",
    "é",
    "漢",
    "🦀",
    "e\u{301}",
    "\x7f",
    "\x7f",
    "\x1b[D",
    "\x1b[D",
    "\x1b[C",
    "\x1b[3~",
    "\x01",
    "\x05",
    "\x0b",
    "\x15",
    "\x17",
    "\x19",
    "\x14",
    "\x1bb",
    "\x1bf",
    "\x1bd",
    "\x10",
    "\x0e",
    "\t",
    "word word ",
    "\x1b\r",
    "\r",
    "\x1b[A",
    "\x1b[B",
    "\x1f",
    "\x1by",
    "`a ${1",
    "漢漢漢漢漢",
    "\x1b<",
    "\x1b>",
];

const ACCENT: char = '\u{301}';

fn check_random_keys(columns: usize, height: usize, shows_escapes: bool, count: usize, random: &mut Random) {
    let view = View {
        columns,
        rows: height,
        shows_escapes,
    };
    let mut editor = LineEditor::new(view);
    let block = "fn f(x) {\n  `a 漢 ${x + 1}` // remark\n}\n".repeat(5);
    for entry in ["short", "a line that takes more than one row 漢漢漢漢", "x", &block] {
        editor.history.add(entry);
    }
    let mut terminal = parser(columns, height);
    // Something stands above; once the window is full, it has scrolled away.
    let above = random.below(height);
    terminal.process("~\r\n".repeat(above).as_bytes());
    let mut above = above;
    let mut out = Vec::new();
    editor.begin(&mut out);
    for _ in 0..count {
        let mut pressed = Vec::new();
        for _ in 0..=random.below(3) {
            let key = KEYS[random.below(KEYS.len())];
            // What is empty or not in KEYS' sense would leave the input: other modes have tests of their own.
            if matches!(key, "\x01" | "\x05") && editor.line.is_empty() && editor.typed.is_empty() {
                continue;
            }
            // A cell of the test's terminal holds no pile of accents.
            if key.contains(ACCENT) && editor.line.text().contains(ACCENT) {
                continue;
            }
            pressed.push(key);
            for &byte in key.as_bytes() {
                let step = editor.feed(byte, &mut |_| false, &mut out);
                if let Step::Complete(_) = step {
                    assert_eq!(key, "\t");
                }
            }
        }
        editor.draw(&mut out);
        terminal.process(&out);
        out.clear();
        if random.below(10) == 0 {
            editor.hide(&mut out);
            editor.show(&mut out);
            terminal.process(&out);
            out.clear();
        }
        let (whole, (row, column)) = expected(&editor, columns);
        let seen = cursor(&terminal);
        let state = std::format!("{columns}x{height}, after {pressed:?}: {:?}", editor.line);
        // Above the first row is what was there before, or nothing of ours.
        above = above.min(seen.0);
        assert!(row >= seen.0 || seen.0 - row <= above, "{state}");
        let first = |physical: usize| (physical + row).checked_sub(seen.0);
        for (physical, shown) in rows(&terminal, columns).iter().enumerate() {
            let wanted = first(physical).map(|row| whole[row].as_str());
            // A row below the window may be hidden, but nothing else may be in its place.
            assert!(
                wanted.is_none_or(|wanted| wanted == shown),
                "{state}\nrow {physical}: {shown:?}, not {wanted:?}\n{}",
                terminal.screen().contents()
            );
        }
        assert_eq!(seen.1, column, "{state}");
    }
}

#[test]
fn shows_the_input_as_it_is_after_any_keys() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for columns in 1..=200 {
        let shows_escapes = columns % 2 == 0;
        let height = 1 + random.below(30);
        check_random_keys(columns, height, shows_escapes, 30, &mut random);
    }
    for round in 0..400 {
        let (columns, height) = (1 + random.below(30), 1 + random.below(12));
        check_random_keys(columns, height, round % 3 > 0, 60, &mut random);
    }
}

#[test]
fn redraws_at_once_when_the_terminal_changes_its_size() {
    let mut random = Random(0x1234_5678_9abc_def1);
    for _ in 0..200 {
        let (before, after) = (20 + random.below(60), 20 + random.below(60));
        let view = |columns| View {
            columns,
            rows: 24,
            shows_escapes: true,
        };
        let mut editor = LineEditor::new(view(before));
        let mut terminal = parser(before, 24);
        let mut out = Vec::new();
        editor.begin(&mut out);
        for &byte in "let x = 1;\x1b\rlet text = \"漢字\" + x;\x1b[A\x1b[D".as_bytes() {
            editor.feed(byte, &mut |_| false, &mut out);
            editor.draw(&mut out);
        }
        terminal.process(&out);
        out.clear();
        let cells = |count: usize| NonZeroU16::new(count as u16).expect("cells");
        terminal.screen_mut().set_size(cells(24), cells(after));
        editor.set_view(view(after), &mut out);
        terminal.process(&out);
        let (whole, place) = expected(&editor, after);
        assert_eq!(rows(&terminal, after), whole[..24]);
        assert_eq!(cursor(&terminal), place);
    }
}

#[test]
fn shows_colours_matching_brackets_and_the_suggestion() {
    let view = View {
        shows_escapes: true,
        ..View::default()
    };
    let mut editor = LineEditor::new(view);
    editor.history.add("let x = fs::read(\"a\").len();");
    let mut terminal = parser(80, 24);
    let mut out = Vec::new();
    editor.begin(&mut out);
    for &byte in b"let x = fs::read(\"a\")" {
        editor.feed(byte, &mut |_| false, &mut out);
        editor.draw(&mut out);
    }
    terminal.process(&out);
    let color = |terminal: &Parser, column: u16| terminal.screen().cell(0, 6 + column).expect("a cell").fgcolor();
    let bold = |terminal: &Parser, column: u16| terminal.screen().cell(0, 6 + column).expect("a cell").bold();
    assert_eq!(rows(&terminal, 80)[0], "rhai> let x = fs::read(\"a\").len();");
    let plain = color(&terminal, 3);
    for (column, what) in [
        (0, "keyword"),
        (8, "namespace"),
        (12, "function"),
        (17, "string"),
        (21, "suggestion"),
    ] {
        assert_ne!(color(&terminal, column), plain, "{what}");
    }
    assert_eq!(color(&terminal, 4), plain, "a variable");
    assert!(
        bold(&terminal, 16) && bold(&terminal, 20) && !bold(&terminal, 17),
        "brackets"
    );
    out.clear();
    assert_eq!(
        editor.feed(b'\r', &mut |_| true, &mut out),
        Step::Submitted("let x = fs::read(\"a\")".into())
    );
    terminal.process(&out);
    assert_eq!(rows(&terminal, 80)[0], "rhai> let x = fs::read(\"a\")");
    assert!(!bold(&terminal, 16), "what is entered shows no cursor's place any more");
    assert_eq!(cursor(&terminal), (1, 0));
}
