//! Whole screens, as a terminal shows them: what the editor sends goes through the `vt100` crate.

use core::num::NonZeroU16;
use hw::fake::Random;

use super::*;
use crate::terminal::keys::Decoder;
use vt100::Parser;

/// A terminal with the editor on it.
struct Sight {
    editor: Editor,
    decoder: Decoder,
    parser: Parser,
    columns: u16,
    sent_bytes: usize,
}

impl Sight {
    fn new(text: &str, columns: u16, rows: u16) -> Self {
        let size = |cells| NonZeroU16::new(cells).expect("not zero");
        let mut sight = Self {
            editor: Editor::new("/tmp/a.rhai", text.into(), Memory::default()),
            decoder: Decoder::default(),
            parser: Parser::new(size(rows), size(columns), 0),
            columns,
            sent_bytes: 0,
        };
        // Something was there before.
        sight.parser.process(b"\x1b[31;7mXXXX\r\nXXXX");
        sight.editor.resize(usize::from(columns), usize::from(rows));
        sight.type_bytes("");
        sight
    }

    fn type_bytes(&mut self, bytes: &str) {
        for byte in bytes.bytes() {
            if let Some(key) = self.decoder.feed(byte) {
                self.editor.press(key);
            }
        }
        if let Some(key) = self.decoder.give_up() {
            self.editor.press(key);
        }
        let mut out = Vec::new();
        self.editor.draw(&mut out);
        self.sent_bytes = out.len();
        self.parser.process(&out);
    }

    fn lines(&self) -> Vec<String> {
        let rows = self.parser.screen().rows(0, self.columns);
        rows.map(|row| String::from(row.trim_end())).collect()
    }

    /// What the terminal shows is what a fresh one would show.
    fn check(&mut self) {
        let shown = self.parser.screen().state_formatted();
        let cells = |parser: &Parser| {
            let screen = parser.screen();
            let (rows, columns) = screen.size();
            let mut cells = Vec::new();
            for row in 0..rows.get() {
                for column in 0..columns.get() {
                    let cell = screen.cell(row, column).expect("a cell");
                    let text = if cell.has_contents() { cell.contents() } else { " " };
                    cells.push((String::from(text), cell.fgcolor(), cell.inverse(), cell.is_wide()));
                }
            }
            (cells, screen.cursor_position())
        };
        let before = cells(&self.parser);
        self.editor.redraw();
        self.type_bytes("");
        let after = cells(&self.parser);
        assert!(before == after, "{}", shown.escape_debug());
    }
}

#[test]
fn shows_text_status_and_hints() {
    let mut sight = Sight::new("// hello\nlet x = \"ä漢\";\n", 80, 8);
    assert_eq!(
        sight.lines(),
        [
            "// hello",
            "let x = \"ä漢\";",
            "",
            "~",
            "~",
            "~",
            &format!(" /tmp/a.rhai{}1:1", " ".repeat(64)),
            "^S save  ^Q quit  ^F find  ^R replace  ^L line  ^Z undo  F5 run  F1 help",
        ]
    );
    let color = |sight: &Sight, row, column| sight.parser.screen().cell(row, column).expect("a cell").fgcolor();
    assert_eq!(color(&sight, 0, 0), vt100::Color::Idx(8));
    assert_eq!(color(&sight, 1, 0), vt100::Color::Idx(13));
    assert_eq!(color(&sight, 1, 4), vt100::Color::Default);
    assert_eq!(color(&sight, 1, 9), vt100::Color::Idx(2));
    assert!(sight.parser.screen().cell(6, 79).expect("a cell").inverse());
    sight.type_bytes("\x1b[B\x1b[F!");
    assert_eq!(sight.lines()[1], "let x = \"ä漢\";!");
    assert_eq!(
        sight.lines()[6],
        format!(" /tmp/a.rhai  [changed]{}2:15", " ".repeat(52))
    );
    assert_eq!(sight.parser.screen().cursor_position(), (1, 15));
    sight.check();
}

#[test]
fn a_keystroke_sends_little() {
    let text = "let value = compute(1, 2, 3); // a line of a script\n".repeat(500);
    let mut sight = Sight::new(&text, 100, 40);
    sight.type_bytes("x");
    assert!(sight.sent_bytes < 300, "{} bytes", sight.sent_bytes);
    sight.type_bytes("y");
    assert!(sight.sent_bytes < 200, "{} bytes", sight.sent_bytes);
    sight.type_bytes("\x1b[C");
    assert!(sight.sent_bytes < 60, "{} bytes", sight.sent_bytes);
    // Scrolling by a line: the terminal moves the rest by itself.
    sight.type_bytes("\x1b[6~\x1b[6~");
    sight.check();
    for _ in 0..37 {
        sight.type_bytes("\x1b[B");
    }
    sight.type_bytes("\x1b[B");
    assert!(sight.sent_bytes < 300, "{} bytes", sight.sent_bytes);
    sight.check();
    for _ in 0..60 {
        sight.type_bytes("\x1b[A");
        assert!(sight.sent_bytes < 300, "{} bytes", sight.sent_bytes);
    }
    sight.check();
}

#[test]
fn scrolls_sideways_and_cuts_wide_characters() {
    let mut sight = Sight::new(
        "0123456789abcdefghijklmnopqrstuvwxyz\n漢字漢字漢字漢字漢字漢字漢字\n\tx\n",
        20,
        6,
    );
    assert_eq!(
        sight.lines()[..3],
        ["0123456789abcdefghi>", "漢字漢字漢字漢字漢 >", "    x"]
    );
    sight.type_bytes("\x1b[F");
    assert!(
        sight.lines()[0].starts_with('<') && sight.lines()[0].ends_with("xyz"),
        "{:?}",
        sight.lines()
    );
    let (_, column) = sight.parser.screen().cursor_position();
    assert_eq!(usize::from(column), sight.lines()[0].len());
    sight.check();
    for _ in 0..36 {
        sight.type_bytes("\x1b[D");
        sight.check();
    }
    assert_eq!(sight.lines()[0], "0123456789abcdefghi>");
    sight.type_bytes("\x1b[B");
    for _ in 0..14 {
        sight.type_bytes("\x1b[C");
        sight.check();
    }
    assert_eq!(sight.parser.screen().cursor_position().0, 1);
}

#[test]
fn shows_the_selection_questions_and_help() {
    let mut sight = Sight::new("one\ntwo\nthree\n", 40, 8);
    sight.type_bytes("\x1b[1;2B\x1b[1;2C");
    let inverse = |sight: &Sight, row, column| sight.parser.screen().cell(row, column).expect("a cell").inverse();
    assert!(inverse(&sight, 0, 0) && inverse(&sight, 0, 3) && inverse(&sight, 1, 0));
    assert!(!inverse(&sight, 1, 1) && !inverse(&sight, 0, 4));
    sight.type_bytes("\x1b\x06thr");
    assert_eq!(sight.lines()[7], "Find: thr");
    assert_eq!(sight.parser.screen().cursor_position(), (7, 9));
    sight.type_bytes(&"漢x".repeat(20));
    assert!(sight.lines()[7].starts_with("Find: "));
    assert!(sight.lines()[7].ends_with("漢x"));
    sight.type_bytes("\x15thr\r");
    assert!(inverse(&sight, 2, 0) && inverse(&sight, 2, 2) && !inverse(&sight, 2, 3));
    sight.type_bytes("\x1bOP");
    assert!(sight.lines()[0].contains("save"));
    assert_eq!(sight.lines()[7], "Press any key");
    sight.type_bytes(" ");
    assert_eq!(sight.lines()[0], "one");
    sight.type_bytes("!\x11");
    assert_eq!(sight.lines()[7], "Save the changes? (y)es, (n)o, Esc goes");
    sight.check();
}

#[test]
fn shows_control_characters_and_bare_marks_as_boxes() {
    let sight = Sight::new("a\x1b[31mb\r\u{9b}c\n\u{301}x\n", 30, 6);
    assert_eq!(sight.lines()[..2], ["a?[31mb??c", "?x"]);
}

/// Random keys on a small screen: what was sent bit by bit shows what a fresh drawing shows.
#[test]
fn what_is_sent_in_parts_is_what_a_fresh_screen_shows() {
    let mut random = Random(0x1357_9bdf_2468_ace1);
    let pieces = [
        "a",
        "漢",
        "e\u{301}",
        "\t",
        "\r",
        "\x7f",
        "\x1b[3~",
        "\x1b[A",
        "\x1b[B",
        "\x1b[C",
        "\x1b[D",
        "\x1b[H",
        "\x1b[F",
        "\x1b[5~",
        "\x1b[6~",
        "\x1b[1;2B",
        "\x1b[1;2D",
        "\x18",
        "\x16",
        "\x1a",
        "\x19",
        "/*",
        "*/",
        "\x1b[1;5F",
        "\x1b[1;5H",
        "\x0c7\r",
        "\x1b[Z",
    ];
    for round in 0..6 {
        let text = "x漢字 \"abc\" // 漢字漢字漢字漢字漢字漢字\n\tlet y = 5;\n\n".repeat(8);
        let mut sight = Sight::new(&text, 21 + round, 9);
        for _ in 0..300 {
            sight.type_bytes(pieces[(random.bits() >> 9) as usize % pieces.len()]);
            sight.check();
        }
    }
}
