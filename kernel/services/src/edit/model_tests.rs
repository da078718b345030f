//! The text, undo and the colours' states against simple models, by random operations.

use hw::fake::Random;

use super::highlight::{self, Highlighter, State};
use super::text::{Ending, Place, Text};
use super::*;
use crate::terminal::keys::{Key, Motion};
use std::vec;

fn pick<'a, T: ?Sized>(random: &mut Random, choices: &[&'a T]) -> &'a T {
    choices[random.below(choices.len())]
}

fn written(text: &Text) -> String {
    text.to_file().expect("memory")
}

/// The byte of a place in the whole text.
fn offset(whole: &str, place: Place) -> usize {
    let before: usize = whole.split('\n').take(place.line).map(|line| line.len() + 1).sum();
    before + place.byte
}

fn random_place(random: &mut Random, text: &Text) -> Place {
    let line = random.below(text.line_count());
    let byte = random.below(text.line(line).len() + 1);
    text.clamp(Place::new(line, byte))
}

const PIECES: [&str; 9] = ["", "a", "\n", "ä漢", "one\ntwo", "\n\n", "/*", "`", "x = \"y\";\n"];

#[test]
fn the_text_is_what_a_plain_string_would_be() {
    let mut random = Random(0x1234_5678_9abc_def1);
    for round in 0..60 {
        let mut model = String::from("fn a() {\n    1\n}\n").repeat(round % 5);
        let mut text = Text::new(model.clone());
        for _ in 0..200 {
            let (one, other) = (random_place(&mut random, &text), random_place(&mut random, &text));
            let (start, end) = (one.min(other), one.max(other));
            let end = if random.below(3) > 0 && model.len() > 200 {
                end
            } else {
                start
            };
            let inserted = pick(&mut random, &PIECES);
            let range = offset(&model, start)..offset(&model, end);
            assert_eq!(text.slice(start, end), model[range.clone()]);
            let (removed, after) = text.replace(start, end, inserted);
            assert_eq!(removed, model[range.clone()]);
            model.replace_range(range.clone(), inserted);
            assert_eq!(offset(&model, after), range.start + inserted.len());
            assert_eq!((written(&text), text.size_bytes()), (model.clone(), model.len()));
            assert_eq!(text.line_count(), model.split('\n').count());
            assert_eq!(offset(&model, text.end()), model.len());
        }
    }
}

#[test]
fn files_come_out_as_they_came_in() {
    for (file, ending, lines) in [
        ("", Ending::Lf, 1),
        ("a", Ending::Lf, 1),
        ("a\n", Ending::Lf, 2),
        ("\n\n", Ending::Lf, 3),
        ("a\r\nb", Ending::CrLf, 2),
        ("a\r\nb\r\n", Ending::CrLf, 3),
        ("\r\n", Ending::CrLf, 2),
        ("a\r\r\nb\r\n", Ending::CrLf, 3),
        ("a\r\nb\n", Ending::Lf, 3),
        ("a\rb", Ending::Lf, 1),
        ("\n\r\n", Ending::Lf, 3),
    ] {
        let mut text = Text::new(file.into());
        assert_eq!((text.ending(), text.line_count()), (ending, lines), "{file:?}");
        assert_eq!(written(&text), file);
        // A change and its reverse leave no trace.
        let (_, after) = text.replace(Place::default(), Place::default(), "x\ny");
        text.replace(Place::default(), after, "");
        assert_eq!(written(&text), file);
    }
    let mut text = Text::new("a\r\nb".into());
    text.replace(Place::new(0, 1), Place::new(0, 1), "\n");
    assert_eq!(written(&text), "a\r\n\r\nb");
}

fn random_key(random: &mut Random) -> Key {
    match random.below(30) {
        0..8 => Key::Character(
            pick(random, &["a", "b", " ", "{", "}", "ä", "漢", "\u{301}", "\"", "/", "*"])
                .chars()
                .next()
                .unwrap_or('x'),
        ),
        8 => Key::Enter,
        9 | 10 => Key::Backspace,
        11 => Key::Delete,
        12 => Key::Tab,
        13 => Key::BackTab,
        14 => Key::Control('x'),
        15 => Key::Control('c'),
        16 => Key::Control('v'),
        17 => Key::Control('z'),
        18 => Key::Control('y'),
        19 => Key::Mark,
        20 => Key::BackspaceWord,
        21 => Key::DeleteWord,
        number => {
            let motions = [
                Motion::Up,
                Motion::Down,
                Motion::Left,
                Motion::Right,
                Motion::Home,
                Motion::End,
                Motion::WordLeft,
                Motion::WordRight,
                Motion::PageUp,
                Motion::PageDown,
                Motion::TextStart,
                Motion::TextEnd,
            ];
            let motion = motions[random.below(motions.len())];
            if number % 2 == 0 {
                Key::Select(motion)
            } else {
                unshifted(motion)
            }
        }
    }
}

fn unshifted(motion: Motion) -> Key {
    Key::Select(motion).without_shift()
}

/// Whatever is pressed: undoing all of it gives the first text back, redoing all of it the last, each step on the way
/// is one that was there, and the colours' states are those of a fresh look.
#[test]
fn undo_and_redo_are_exact() {
    let mut random = Random(0xfeed_beef_1234_5671);
    for round in 0..40 {
        let first = "let a = 1; /* x\n*/ fn f(ä) {\n    `y ${a}`\n}\n".repeat(1 + round % 3);
        let mut editor = Editor::new("/tmp/a.rhai", first.clone(), Memory::default());
        editor.resize(30, 8);
        let mut known = vec![first.clone()];
        for _ in 0..150 {
            let key = random_key(&mut random);
            assert_eq!(editor.press(key), Request::None, "{key:?}");
            let now = written(&editor.text);
            assert_eq!(editor.text.clamp(editor.cursor), editor.cursor, "{key:?}");
            if !known.contains(&now) {
                known.push(now);
            }
            // The colours of the visible part are asked for now and then, as drawing does.
            if random.below(4) == 0 {
                editor.draw(&mut Vec::new());
            }
            check_states(&mut editor);
        }
        let last = written(&editor.text);
        while editor.message != "nothing to undo" {
            editor.press(Key::Control('z'));
            assert!(known.contains(&written(&editor.text)), "{:?}", written(&editor.text));
            check_states(&mut editor);
        }
        assert_eq!((written(&editor.text), editor.is_changed()), (first, false));
        while editor.message != "nothing to redo" {
            editor.press(Key::Control('y'));
            assert!(known.contains(&written(&editor.text)));
        }
        // What was undone before the last change cannot be redone, so `last` is the end of the line.
        assert!(written(&editor.text) == last || known.contains(&written(&editor.text)));
        check_states(&mut editor);
    }
}

fn check_states(editor: &mut Editor) {
    let text = &editor.text;
    let mut state = State::default();
    let highlighter = editor.highlighter.as_mut().expect("a script");
    for line in 0..text.line_count() {
        assert_eq!(
            highlighter.state(text, line),
            state,
            "line {line} of {:?}",
            written(text)
        );
        state = highlight::spans(text.line(line), state).1;
    }
}

#[test]
fn undo_keeps_within_its_limit() {
    let mut text = Text::new(String::new());
    let mut undo = Undo::new(1000);
    let clean = undo.state();
    for number in 0..100 {
        undo.begin_group();
        let start = text.end();
        let (removed, _) = text.replace(start, start, "0123456789");
        undo.add(Kind::Other, start, removed, "0123456789", start);
        assert_ne!(undo.state(), clean, "{number}");
    }
    let mut steps = 0;
    while undo.undo(&mut text, |_, _| {}).is_some() {
        steps += 1;
    }
    assert_eq!((steps, text.size_bytes()), (7, 930));
    // The first state is out of reach: the text does not count as unchanged.
    assert_ne!(undo.state(), clean);
    // One change that is too large empties the list.
    undo.begin_group();
    undo.add(Kind::Other, Place::default(), "x".repeat(2000), "", Place::default());
    assert!(undo.undo(&mut text, |_, _| {}).is_none());
}

#[test]
fn no_sequence_of_bytes_harms_the_editor() {
    let mut random = Random(0x0bad_cafe_0000_0001);
    for _ in 0..20 {
        let mut editor = Editor::new("/tmp/a.rhai", "a\tb\u{301}漢\0\n".repeat(50), Memory::default());
        let mut decoder = crate::terminal::keys::Decoder::default();
        for _ in 0..2000 {
            let byte = match random.below(4) {
                0 => 0x1b,
                1 => pick(&mut random, &["[", "O", ";", "1", "5", "2", "A", "~", "R"]).as_bytes()[0],
                _ => random.below(256) as u8,
            };
            if let Some(key) = decoder.feed(byte) {
                if let Key::CursorAt { row, column } = key {
                    editor.resize(usize::from(column) % 300, usize::from(row) % 100);
                }
                editor.press(key);
            }
            if random.below(16) == 0 {
                editor.draw(&mut Vec::new());
            }
        }
    }
}

#[test]
fn states_follow_a_comment_that_opens_and_closes() {
    let mut text = Text::new("a\n".repeat(1000));
    let mut highlighter = Highlighter::default();
    assert_eq!(highlighter.state(&text, 999), State::default());
    text.replace(Place::new(3, 0), Place::new(3, 1), "/*");
    let one = Touched {
        first: 3,
        old_lines: 1,
        new_lines: 1,
    };
    highlighter.touch(&text, one);
    assert_ne!(highlighter.state(&text, 999), State::default());
    text.replace(Place::new(3, 0), Place::new(3, 2), "a");
    highlighter.touch(&text, one);
    assert_eq!(highlighter.state(&text, 999), State::default());
}
