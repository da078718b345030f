//! The pager as a person sees it: keys in, a terminal's screen out.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::num::NonZeroU16;

use hw::fake::Random;
use vt100::Parser;

use super::{Pager, Step, TEXT_LIMIT_BYTES};
use crate::terminal::keys::Key;
use crate::terminal::view::View;

struct Sight {
    pager: Pager,
    parser: Parser,
    columns: usize,
    /// Lines of a text that comes piece by piece.
    source: Vec<String>,
    given: usize,
}

impl Sight {
    fn new(columns: usize, rows: usize, source: Vec<String>) -> Self {
        let size = |cells| NonZeroU16::new(u16::try_from(cells).expect("a size")).expect("not zero");
        let view = View {
            columns,
            rows,
            shows_escapes: true,
        };
        let mut sight = Self {
            pager: Pager::new(view),
            parser: Parser::new(size(rows), size(columns), 0),
            columns,
            source,
            given: 0,
        };
        sight.show();
        sight
    }

    fn show(&mut self) {
        while self.pager.wants_more() {
            let Some(line) = self.source.get(self.given) else {
                self.pager.finish("");
                break;
            };
            self.given += 1;
            self.pager.push(&format!("{line}\n"), (self.given, self.source.len()));
        }
        let mut out = String::new();
        self.pager.draw(&mut out);
        self.parser.process(out.as_bytes());
    }

    fn press(&mut self, key: Key) -> Step {
        let step = self.pager.press(key);
        self.show();
        step
    }

    fn type_text(&mut self, text: &str) {
        for character in text.chars() {
            self.press(Key::Character(character));
        }
    }

    fn lines(&self) -> Vec<String> {
        let rows = self.parser.screen().rows(0, self.columns as u16);
        rows.map(|row| row.trim_end().to_string()).collect()
    }
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("line {number}")).collect()
}

#[test]
fn turns_pages_and_lines_and_says_where_it_is() {
    let mut sight = Sight::new(40, 5, numbered(20));
    assert_eq!(
        sight.lines(),
        ["line 0", "line 1", "line 2", "line 3", "-- more (20 %) --"]
    );
    // Only what is seen was asked for, and one line more.
    assert_eq!(sight.given, 5);
    sight.press(Key::Character(' '));
    assert_eq!(sight.lines()[..4], ["line 4", "line 5", "line 6", "line 7"]);
    sight.press(Key::Enter);
    assert_eq!(sight.lines()[..4], ["line 5", "line 6", "line 7", "line 8"]);
    sight.press(Key::Up);
    sight.press(Key::Character('b'));
    assert_eq!(sight.lines()[..4], ["line 0", "line 1", "line 2", "line 3"]);
    sight.press(Key::PageUp);
    assert_eq!(sight.lines()[0], "line 0");
    assert!(sight.given < 20);
    sight.press(Key::Character('G'));
    assert_eq!(
        sight.lines(),
        [
            "line 16",
            "line 17",
            "line 18",
            "line 19",
            "-- end (q leaves, h: keys) --"
        ]
    );
    sight.press(Key::PageDown);
    assert_eq!(sight.lines()[3], "line 19");
    sight.press(Key::Character('g'));
    assert_eq!(sight.lines()[0], "line 0");
    assert_eq!(sight.press(Key::Character('x')), Step::Stay);
    for key in [Key::Character('q'), Key::Escape, Key::Control('c')] {
        assert_eq!(sight.press(key), Step::Leave);
    }
}

#[test]
fn finds_text_that_has_not_come_yet() {
    let mut sight = Sight::new(40, 5, numbered(200));
    sight.type_text("/LINE 15x");
    sight.press(Key::Backspace);
    assert_eq!(sight.lines()[4], "/LINE 15");
    sight.press(Key::Enter);
    assert_eq!(sight.lines()[4], "-- not found: LINE 15 --");
    sight.type_text("/line 15");
    sight.press(Key::Enter);
    assert_eq!(sight.lines()[0], "line 15");
    sight.press(Key::Character('n'));
    assert_eq!(sight.lines()[0], "line 150");
    sight.press(Key::Character('N'));
    assert_eq!(sight.lines()[0], "line 15");
    sight.press(Key::Character('N'));
    assert_eq!(sight.lines()[4], "-- not found: line 15 --");
    // Nothing typed: the same again. Escape: no search.
    sight.type_text("/");
    sight.press(Key::Escape);
    sight.press(Key::Character('h'));
    assert!(sight.lines()[0].starts_with("Space, f"));
    sight.press(Key::Character('q'));
    assert_eq!(sight.lines()[0], "line 15");
}

#[test]
fn wraps_wide_characters_tabs_colors_and_control_characters() {
    let source = [
        "日本語日本語",
        "a\tb",
        "\x1b[31mred\x1b[0m\x07\x1b[2J",
        "",
        "xxxxxxxxxxxxxxxxxxxx",
        "z",
    ];
    let mut sight = Sight::new(9, 8, source.map(String::from).to_vec());
    assert_eq!(
        sight.lines()[..7],
        [
            "日本語日",
            "本語",
            "a       b",
            "red??[2J",
            "",
            "xxxxxxxxx",
            "xxxxxxxxx"
        ]
    );
    sight.press(Key::Down);
    assert_eq!(
        sight.lines()[..7],
        ["本語", "a       b", "red??[2J", "", "xxxxxxxxx", "xxxxxxxxx", "xx"]
    );
    assert!(!sight.pager.page_text().contains('\x07'));
    // A terminal of one column and two rows.
    let mut tiny = Sight::new(1, 2, source.map(String::from).to_vec());
    for key in [
        Key::PageDown,
        Key::Down,
        Key::Character('G'),
        Key::Character('h'),
        Key::Up,
    ] {
        tiny.press(key);
    }
    let mut pager = Pager::new(View {
        columns: 0,
        rows: 0,
        shows_escapes: true,
    });
    pager.push("日a\n", (1, 1));
    pager.finish("");
    pager.draw(&mut String::new());
}

#[test]
fn keeps_its_place_when_the_terminal_changes_its_size() {
    let mut sight = Sight::new(40, 5, (0..50).map(|number| format!("{number:030}")).collect());
    sight.press(Key::Character(' '));
    assert!(sight.lines()[0].ends_with("04"));
    sight.pager.resize(View {
        columns: 10,
        rows: 7,
        shows_escapes: true,
    });
    sight.parser = Parser::new(NonZeroU16::new(7).expect("7"), NonZeroU16::new(10).expect("10"), 0);
    sight.columns = 10;
    sight.show();
    assert_eq!(sight.lines()[..3], ["0000000000", "0000000000", "0000000004"]);
}

#[test]
fn its_memory_is_bounded() {
    for line in ["x".repeat(999).as_str(), "", "y"] {
        let mut sight = Sight::new(80, 24, Vec::new());
        sight.pager = Pager::new(View {
            columns: 80,
            rows: 24,
            shows_escapes: true,
        });
        for _ in 0..200_000 {
            sight.pager.push(&format!("{line}\n"), (1, 2));
        }
        sight.press(Key::Character('G'));
        assert_eq!(sight.lines()[22], "... cut here: a page holds 1 MiB or 65536 lines");
        assert!(sight.pager.rows.bytes() < TEXT_LIMIT_BYTES + 2000 && sight.pager.rows.len() <= super::ROW_LIMIT + 1);
    }
}

#[test]
fn shows_scrolled_pages_as_it_shows_drawn_ones() {
    let mut sight = Sight::new(12, 6, (0..90).map(|number| "ab ".repeat(number % 9)).collect());
    let mut random = Random(7);
    for _ in 0..400 {
        let keys = [
            Key::Down,
            Key::PageDown,
            Key::Up,
            Key::PageUp,
            Key::Character('d'),
            Key::Character('u'),
        ];
        sight.press(keys[random.below(keys.len())]);
        let scrolled = sight.lines();
        sight.press(Key::Control('l'));
        assert_eq!(sight.lines(), scrolled);
    }
}
