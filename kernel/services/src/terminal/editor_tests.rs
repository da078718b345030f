//! The editor against a terminal of our own that does what the bytes say.

use super::*;
use std::string::ToString;
use std::vec;
use unicode_width::UnicodeWidthChar;

const PROMPT: &str = "rhai> ";

/// A terminal without scrolling limit: rows of cells, a cursor, pending wrap, and the sequences that the editor sends.
struct FakeTerminal {
    width: usize,
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

/// The right half of a wide character.
const COVERED: char = '\0';

impl FakeTerminal {
    fn new(width: usize) -> Self {
        Self {
            width,
            rows: vec![vec![' '; width]],
            row: 0,
            column: 0,
        }
    }

    fn down(&mut self) {
        self.row += 1;
        if self.row == self.rows.len() {
            self.rows.push(vec![' '; self.width]);
        }
    }

    fn apply(&mut self, bytes: &[u8]) {
        let text = core::str::from_utf8(bytes).expect("whole characters are sent at once");
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            match character {
                '\r' => self.column = 0,
                '\n' => self.down(),
                '\u{8}' => {
                    self.column = self
                        .column
                        .min(self.width - 1)
                        .checked_sub(1)
                        .expect("no move past the edge")
                }
                '\u{1b}' => {
                    assert_eq!(rest.next(), Some('['));
                    let parameters: String = rest.clone().take_while(char::is_ascii_digit).collect();
                    let last = rest.nth(parameters.len()).expect("a final byte");
                    self.sequence(last, parameters.parse().unwrap_or(0));
                }
                _ => self.put(character),
            }
        }
    }

    fn sequence(&mut self, last: char, number: usize) {
        self.column = self.column.min(self.width - 1);
        match last {
            'A' => self.row -= number,
            'B' => {
                self.row += number;
                assert!(self.row < self.rows.len(), "moved below the last row");
            }
            'C' => self.column += number,
            'D' => self.column -= number,
            'H' => (self.row, self.column) = (0, 0),
            'J' if number == 2 => self.rows = vec![vec![' '; self.width]; self.row + 1],
            'J' => {
                self.rows.truncate(self.row + 1);
                self.rows[self.row][self.column..].fill(' ');
            }
            other => panic!("unexpected sequence {other}"),
        }
        assert!(self.column < self.width);
    }

    fn put(&mut self, character: char) {
        let width = character.width().unwrap_or(0);
        if width == 0 {
            return;
        }
        if self.column + width > self.width {
            if self.column < self.width {
                self.rows[self.row][self.column] = ' ';
            }
            self.column = 0;
            self.down();
        }
        self.rows[self.row][self.column] = character;
        if width == 2 {
            self.rows[self.row][self.column + 1] = COVERED;
        }
        self.column += width;
    }

    /// The rows without trailing blanks, and the cursor with a pending wrap resolved.
    fn picture(&self) -> (Vec<String>, (usize, usize)) {
        let mut rows: Vec<String> = self
            .rows
            .iter()
            .map(|row| row.iter().collect::<String>().trim_end().to_string())
            .collect();
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        let cursor = if self.column == self.width {
            (self.row + 1, 0)
        } else {
            (self.row, self.column)
        };
        (rows, cursor)
    }
}

fn type_all(editor: &mut LineEditor, bytes: &[u8]) -> (Vec<Step>, String) {
    let mut out = Vec::new();
    let steps = bytes
        .iter()
        .map(|&byte| editor.feed(byte, &mut out))
        .filter(|step| *step != Step::More)
        .collect();
    (steps, String::from_utf8(out).expect("text"))
}

fn started(width: usize) -> LineEditor {
    let mut editor = LineEditor::new(width);
    editor.begin(PROMPT, &mut Vec::new());
    editor
}

#[test]
fn echoes_plain_typing_as_it_is() {
    let long = "let text = \"".to_string() + &"x".repeat(200) + "\"";
    let (steps, out) = type_all(&mut started(80), (long.clone() + "\r").as_bytes());
    assert_eq!(steps, [Step::Submitted(long.clone())]);
    assert_eq!(out, long + "\r\n");
}

#[test]
fn rubs_out_with_blanks() {
    let (steps, out) = type_all(&mut started(80), b"abc\x7f\x7fx\r");
    assert_eq!(steps, [Step::Submitted("ax".into())]);
    assert_eq!(out, "abc\x08 \x08\x08 \x08x\r\n");
}

#[test]
fn sends_no_escape_for_small_edits() {
    let (steps, out) = type_all(&mut started(80), b"print(1)\x1b[D\x1b[D2\x01!\x05;\r");
    assert_eq!(steps, [Step::Submitted("!print(21);".into())]);
    assert!(!out.contains('\x1b'), "{out:?}");
}

#[test]
fn kills_and_yanks() {
    let (steps, _) = type_all(&mut started(80), b"one two three\x17\x01\x19 \x0b\x19\r");
    assert_eq!(steps, [Step::Submitted("three one two ".into())]);
}

#[test]
fn abandons_ends_and_deletes() {
    let (steps, out) = type_all(&mut started(80), b"abc\x03");
    assert_eq!((steps, out.as_str()), (vec![Step::Interrupted], "abc^C\r\n"));
    let (steps, _) = type_all(&mut started(80), b"\x04");
    assert_eq!(steps, [Step::EndOfInput]);
    let (steps, _) = type_all(&mut started(80), b"ab\x01\x04\r");
    assert_eq!(steps, [Step::Submitted("b".into())]);
}

#[test]
fn control_a_hands_an_empty_input_to_a_program() {
    let (steps, out) = type_all(&mut started(80), b"\x01");
    assert_eq!((steps, out.as_str()), (vec![Step::Machine], "\r\n"));
    // Elsewhere it is the key that goes to the line's start.
    let (steps, _) = type_all(&mut started(80), b"b\x01a\r");
    assert_eq!(steps, [Step::Submitted("ab".into())]);
    let mut editor = started(80);
    editor.begin(crate::terminal::CONTINUATION, &mut Vec::new());
    let (steps, _) = type_all(&mut editor, b"\x01c\r");
    assert_eq!(steps, [Step::Submitted("c".into())]);
}

#[test]
fn recalls_history() {
    let mut editor = started(80);
    type_all(&mut editor, b"first\r");
    editor.begin(PROMPT, &mut Vec::new());
    type_all(&mut editor, b"second\r");
    editor.begin(PROMPT, &mut Vec::new());
    let (steps, _) = type_all(&mut editor, b"dra\x1b[A\x1b[A\x1b[B\x1b[Bft\x10\x10 again\r");
    assert_eq!(steps, [Step::Submitted("first again".into())]);
}

#[test]
fn refuses_a_line_without_end() {
    let mut editor = started(80);
    for _ in 0..10 {
        editor.line.insert(&"x".repeat(LINE_LIMIT_BYTES / 10));
    }
    let (_, out) = type_all(&mut editor, b"123456789");
    assert!(out.ends_with('\x07'));
}

/// After any sequence of keys the screen shows what drawing the line afresh would show.
#[test]
fn shows_the_line_as_it_is_after_any_keys() {
    let keys: [&str; 30] = [
        "a",
        "b",
        "xyz",
        " ",
        "(",
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
        "\x19",
    ];
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    for round in 0..400 {
        let width = 20 + round % 13;
        let mut editor = LineEditor::new(width);
        for line in [
            "short",
            "a line that takes more than one row of the terminal 漢漢漢漢",
            "x",
        ] {
            editor.history.add(line);
        }
        let mut terminal = FakeTerminal::new(width);
        let mut out = Vec::new();
        editor.begin(PROMPT, &mut out);
        for _ in 0..60 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let key = keys[(random >> 16) as usize % keys.len()];
            if key == "\x01" && editor.line.is_empty() {
                // Hands the terminal over.
                continue;
            }
            for &byte in key.as_bytes() {
                editor.feed(byte, &mut out);
            }
            terminal.apply(&out);
            out.clear();

            let mut fresh = FakeTerminal::new(width);
            fresh.apply(PROMPT.as_bytes());
            fresh.apply(editor.line.text().as_bytes());
            let (rows, _) = fresh.picture();
            assert_eq!(
                terminal.picture().0,
                rows,
                "width {width}, after {key:?}: {:?}",
                editor.line
            );

            let mut cursor = FakeTerminal::new(width);
            cursor.apply(PROMPT.as_bytes());
            cursor.apply(&editor.line.text().as_bytes()[..editor.line.cursor()]);
            let next = editor.line.text()[editor.line.cursor()..].chars().next();
            let wraps = next.is_some_and(|next| cursor.column + next.width().unwrap_or(0) > width);
            let expected = if wraps { (cursor.row + 1, 0) } else { cursor.picture().1 };
            assert_eq!(
                terminal.picture().1,
                expected,
                "width {width}, after {key:?}: {:?}",
                editor.line
            );
        }
    }
}
