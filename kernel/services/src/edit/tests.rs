//! Keys to texts, searching and colours.

use super::highlight::{Class, State, spans};
use super::search::{self, Direction};
use super::*;
use crate::terminal::keys::{Decoder, Motion};

fn editor(text: &str) -> Editor {
    Editor::new("/tmp/a.rhai", text.into(), Memory::default())
}

fn written(editor: &Editor) -> String {
    editor.to_file().expect("memory")
}

/// Types bytes as a terminal sends them; the last request.
fn type_bytes(editor: &mut Editor, bytes: &str) -> Request {
    let mut decoder = Decoder::default();
    let keys = bytes.bytes().filter_map(|byte| decoder.feed(byte));
    let mut last = Request::None;
    for key in keys {
        last = editor.press(key);
    }
    decoder.give_up().map_or(last, |key| editor.press(key))
}

/// What becomes of a text when these bytes are typed.
fn after(text: &str, bytes: &str) -> String {
    let mut editor = editor(text);
    type_bytes(&mut editor, bytes);
    written(&editor)
}

#[test]
fn typing_indents_and_closes() {
    assert_eq!(after("", "fn f() {\rlet x = 1;\r}\r"), "fn f() {\n    let x = 1;\n}\n");
    assert_eq!(after("", "a(\rb\r)"), "a(\n    b\n)");
    assert_eq!(after("{}", "\x1b[C\r"), "{\n}");
    assert_eq!(after("    x", "\x1b[F\ry"), "    x\n    y");
    assert_eq!(after("ab", "\x1b[C\tx"), "a   xb");
    assert_eq!(after("", "\t\tx\x1b[H\x1b[H\x1b[1;5C"), "        x");
}

#[test]
fn backspace_and_delete_take_what_a_person_sees() {
    assert_eq!(after("ae\u{301}x", "\x1b[C\x1b[C\x7f"), "ax");
    assert_eq!(after("ae\u{301}x", "\x1b[C\x1b[3~"), "ax");
    assert_eq!(after("a\nb", "\x1b[B\x7f"), "ab");
    assert_eq!(after("a\nb", "\x1b[C\x1b[3~"), "ab");
    // In the indentation, a step.
    assert_eq!(after("      x", "\x1b[1;5C\x1b[D\x7f"), "    x");
    assert_eq!(after("      x", "\x1b[1;5C\x1b[D\x7f\x7f\x7f"), "x");
    assert_eq!(after("one two", "\x1b[1;5C\x1b[1;5C\x17"), "one ");
    assert_eq!(after("one two", "\x1bd"), " two");
}

#[test]
fn selects_copies_cuts_and_pastes() {
    // Across lines, with Shift and cursor keys.
    assert_eq!(after("one\ntwo\n", "\x1b[1;2B\x03\x16\x16"), "one\none\ntwo\n");
    assert_eq!(after("one\ntwo\n", "\x1b[1;2B\x18"), "two\n");
    // With a mark, for terminals without Shift; Escape ends it.
    assert_eq!(after("one\ntwo\n", "\0\x1b[B\x18\x1b[B\x16"), "two\none\n");
    assert_eq!(after("one", "\0\x1b[C\x1b"), "one");
    // Without a selection, the line.
    assert_eq!(after("one\ntwo\n", "\x18\x1b[B\x16"), "two\none\n");
    // Typing replaces, Backspace removes.
    assert_eq!(after("one\ntwo", "\x01x"), "x");
    assert_eq!(after("one\ntwo", "\x1b[1;6C\x7f"), "\ntwo");
    assert_eq!(after("one", "\x1b[1;2C\x1b[1;2C\x1b[1;2D\x7f"), "ne");
    // Leaving a selection with a cursor key goes to its end on that side.
    assert_eq!(after("one", "\x1b[C\x1b[1;2C\x1b[Dx"), "oxne");
    assert_eq!(after("one", "\x1b[C\x1b[1;2C\x1b[Cx"), "onxe");
    // What the terminal pastes is not indented, and one step.
    assert_eq!(after("", "  {\r\x1b[200~a\r  b\r\x1b[201~"), "  {\n      a\n  b\n");
    assert_eq!(after("", "\x1b[200~a\rb\x1b[201~\x1a"), "");
}

#[test]
fn indents_lines_and_back() {
    let text = "a\n\n    b\nc";
    assert_eq!(after(text, "\x1b[1;2B\x1b[1;2B\x1b[1;2B\t"), "    a\n\n        b\nc");
    assert_eq!(after(text, "\x1b[1;2B\x1b[1;2B\x1b[1;2B\t\x1b[Z"), text);
    assert_eq!(after("      a", "\x1b[Z"), "    a");
    assert_eq!(after("\t\ta", "\x1b[Z"), "\ta");
    assert_eq!(after("a\nb", "\x1b[1;2B\x1b[1;2C\t\x1a"), "a\nb");
}

#[test]
fn undo_goes_by_words_and_commands() {
    assert_eq!(after("", "one two\x1a"), "one ");
    assert_eq!(after("", "one two\x1a\x1a"), "");
    assert_eq!(after("", "one two\x1a\x1a\x19"), "one ");
    assert_eq!(after("", "one two\x1a\x1a\x19\x19\x19"), "one two");
    assert_eq!(after("one", "\x1b[F\x7f\x7f\x1a"), "one");
    let mut editor = editor("x");
    assert!(!editor.is_changed());
    type_bytes(&mut editor, "a");
    assert!(editor.is_changed());
    editor.saved();
    type_bytes(&mut editor, "b");
    assert!(editor.is_changed());
    type_bytes(&mut editor, "\x1a");
    assert!(!editor.is_changed());
    type_bytes(&mut editor, "\x1a");
    assert_eq!((editor.is_changed(), written(&editor).as_str()), (true, "x"));
    type_bytes(&mut editor, "\x19");
    assert!(!editor.is_changed());
}

#[test]
fn finds_and_replaces() {
    let text = "one Two\ntwo TWO\nthree";
    assert_eq!(after(text, "\x06two\rX"), "one X\ntwo TWO\nthree");
    assert_eq!(after(text, "\x06two\r\x07X"), "one Two\nX TWO\nthree");
    assert_eq!(after(text, "\x06two\r\x1bOR\x1bOR\x1bORX"), "one X\ntwo TWO\nthree");
    assert_eq!(after(text, "\x06TWO\rX"), "one Two\ntwo X\nthree");
    assert_eq!(after(text, "\x06two\r\x1b[1;5FX"), "one Two\ntwo TWO\nthreeX");
    assert_eq!(after(text, "\x12two\r2\rnya"), "one 2\n2 2\nthree");
    assert_eq!(after(text, "\x12two\r2\ry\x1b"), "one 2\ntwo TWO\nthree");
    assert_eq!(after(text, "\x12two\r2\ra\x1a"), text);
    assert_eq!(after("aaa", "\x12a\raa\ra"), "aaaaaa");
    let mut editor = editor(text);
    type_bytes(&mut editor, "\x06none\r");
    assert_eq!(editor.message, "\"none\" was not found");
    type_bytes(&mut editor, "\x12two\r2\ra");
    assert_eq!(editor.message, "replaced 3 times");
    // A question that is left changes nothing.
    for left in ["\x06x\x03", "\x12x\x03", "\x0c1\x03"] {
        type_bytes(&mut editor, left);
        assert!(editor.question.is_none());
    }
}

#[test]
fn searches_both_ways_around_the_end() {
    let text = Text::new("äÖ x\nÄö\n".into());
    let find = |needle, line, byte, direction| {
        search::find(&text, needle, Place::new(line, byte), direction)
            .map(|found| (found.start.line, found.start.byte, found.end.byte, found.has_wrapped))
    };
    assert_eq!(find("äö", 0, 0, Direction::Forward), Some((0, 0, 4, false)));
    assert_eq!(find("äö", 0, 2, Direction::Forward), Some((1, 0, 4, false)));
    assert_eq!(find("äö", 1, 2, Direction::Forward), Some((0, 0, 4, true)));
    assert_eq!(find("äö", 1, 0, Direction::Backward), Some((0, 0, 4, false)));
    assert_eq!(find("äö", 0, 0, Direction::Backward), Some((1, 0, 4, true)));
    assert_eq!(find("X", 0, 0, Direction::Forward), None);
    assert_eq!(find("", 0, 0, Direction::Forward), None);
    let one = Text::new("abab".into());
    let find = |byte, direction| {
        search::find(&one, "ab", Place::new(0, byte), direction).map(|found| (found.start.byte, found.has_wrapped))
    };
    assert_eq!(find(2, Direction::Forward), Some((2, false)));
    assert_eq!(find(3, Direction::Forward), Some((0, true)));
    assert_eq!(find(2, Direction::Backward), Some((0, false)));
    assert_eq!(find(0, Direction::Backward), Some((2, true)));
}

#[test]
fn goes_to_lines_and_asks_before_leaving() {
    let mut editor = editor("one\näb\nthree");
    type_bytes(&mut editor, "\x0c2:2\rX");
    assert_eq!(written(&editor), "one\näXb\nthree");
    type_bytes(&mut editor, "\x0c99\rY");
    assert_eq!(written(&editor), "one\näXb\nYthree");
    type_bytes(&mut editor, "\x0cabc\r");
    assert!(editor.message.contains("number"));
    assert_eq!(type_bytes(&mut editor, "\x11"), Request::None);
    assert_eq!(type_bytes(&mut editor, "y"), Request::SaveAndQuit);
    assert_eq!(type_bytes(&mut editor, "\x11\x1b"), Request::None);
    assert_eq!(type_bytes(&mut editor, "\x11n"), Request::Quit);
    editor.saved();
    assert_eq!(type_bytes(&mut editor, "\x11"), Request::Quit);
    assert_eq!(type_bytes(&mut editor, "\x13"), Request::Save);
    assert_eq!(type_bytes(&mut editor, "\x1b[15~"), Request::Run);
    assert_eq!(type_bytes(&mut editor, "\x1b"), Request::Measure);
}

#[test]
fn the_cursor_keeps_its_column_and_steps_over_wide_characters() {
    let mut editor = editor("漢字漢字\na\n\txyz\n");
    type_bytes(&mut editor, "\x1b[C\x1b[C\x1b[C");
    assert_eq!(editor.cursor, Place::new(0, 9));
    type_bytes(&mut editor, "\x1b[B");
    assert_eq!(editor.cursor, Place::new(1, 1));
    type_bytes(&mut editor, "\x1b[B");
    assert_eq!(editor.cursor, Place::new(2, 3));
    type_bytes(&mut editor, "\x1b[A\x1b[A");
    assert_eq!(editor.cursor, Place::new(0, 9));
    type_bytes(&mut editor, "\x1b[A");
    assert_eq!(editor.cursor, Place::default());
    editor.go(Motion::TextEnd, false);
    assert_eq!(editor.cursor, Place::new(3, 0));
    editor.go(Motion::Down, false);
    assert_eq!(editor.cursor, Place::new(3, 0));
}

fn classes(line: &str, state: State) -> (Vec<(&str, Class)>, State) {
    let (spans, state) = spans(line, state);
    let mut start = 0;
    let parts = spans.iter().map(|span| {
        let part = (&line[start..span.end], span.class);
        start = span.end;
        part
    });
    (parts.collect(), state)
}

#[test]
fn colours_the_language() {
    use Class::{Comment, Function, Keyword, Number, Plain, Text};
    let (parts, state) = classes("let x1 = foo(0x1f, 1.5e3, 1..2); // end", State::default());
    let expected = [
        ("let", Keyword),
        (" x1 = ", Plain),
        ("foo", Function),
        ("(", Plain),
        ("0x1f", Number),
        (", ", Plain),
        ("1.5e3", Number),
        (", ", Plain),
        ("1", Number),
        ("..", Plain),
        ("2", Number),
        ("); ", Plain),
        ("// end", Comment),
    ];
    assert_eq!((parts, state), (expected.to_vec(), State::default()));
    let (parts, state) = classes(r#""a\"b" + 'c' + "open"#, State::default());
    let expected = [
        (r#""a\"b""#, Text),
        (" + ", Plain),
        ("'c'", Text),
        (" + ", Plain),
        ("\"open", Text),
    ];
    assert_eq!((parts, state), (expected.to_vec(), State::default()));
    // Comments nest and span lines.
    let (_, state) = classes("a /* b /* c */", State::default());
    let (parts, state) = classes("d */ e", state);
    assert_eq!(
        (parts, state),
        (vec![("d */", Comment), (" e", Plain)], State::default())
    );
    // Back-tick strings with code inside.
    let (parts, state) = classes("`a ${ if x { f(1) } } b", State::default());
    let expected = [
        ("`a ${", Text),
        (" ", Plain),
        ("if", Keyword),
        (" x { ", Plain),
        ("f", Function),
        ("(", Plain),
        ("1", Number),
        (") } ", Plain),
        ("} b", Text),
    ];
    assert_eq!(parts, expected);
    let (parts, state) = classes("c `` d` e", state);
    assert_eq!(
        (parts, state),
        (vec![("c `` d`", Text), (" e", Plain)], State::default())
    );
    // Raw strings.
    let (_, state) = classes("##\"a\"# b", State::default());
    let (parts, state) = classes("c\"## d", state);
    assert_eq!((parts, state), (vec![("c\"##", Text), (" d", Plain)], State::default()));
    // A string that goes on behind a backslash.
    let (_, state) = classes("\"a\\", State::default());
    assert_eq!(classes("b\" c", state).0, [("b\"", Text), (" c", Plain)]);
    assert_eq!(classes("ünï(→", State::default()).0[0], ("ünï", Function));
}

#[test]
fn refuses_what_would_be_too_much() {
    let mut editor = editor(&"x".repeat(TEXT_LIMIT_BYTES - 1));
    type_bytes(&mut editor, "ab");
    assert_eq!(editor.text.size_bytes(), TEXT_LIMIT_BYTES);
    assert_eq!(editor.message, "there is no room for more text");
    type_bytes(&mut editor, "\x7f");
    assert_eq!(editor.text.size_bytes(), TEXT_LIMIT_BYTES - 1);
}
