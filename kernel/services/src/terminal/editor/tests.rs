//! What keys do, with the bytes that a person's terminal sends for them.

use hw::fake::Random;

use super::*;
use crate::terminal::completion::Candidate;
use crate::terminal::view::ASK_SIZE;
use std::string::ToString;
use std::vec;

/// Types bytes one after the other, as a person does; a line is finished where its brackets are.
fn type_all(editor: &mut LineEditor, bytes: &[u8]) -> (Vec<Step>, String) {
    let mut out = Vec::new();
    let mut steps = Vec::new();
    for &byte in bytes {
        let step = editor.feed(byte, &mut is_complete, &mut out);
        if step == Step::More {
            editor.draw(&mut out);
        } else {
            let is_over = !matches!(step, Step::Complete(_));
            steps.push(step);
            if is_over {
                editor.begin(&mut Vec::new());
            }
        }
    }
    (steps, String::from_utf8(out).expect("text"))
}

fn is_complete(text: &str) -> bool {
    text.matches('{').count() == text.matches('}').count()
}

fn started() -> LineEditor {
    started_with(View::default())
}

fn started_with(view: View) -> LineEditor {
    let mut editor = LineEditor::new(view);
    editor.begin(&mut Vec::new());
    editor
}

fn rich() -> View {
    View {
        shows_escapes: true,
        ..View::default()
    }
}

/// The text that the bytes lead to.
fn entered(editor: &mut LineEditor, bytes: &[u8]) -> String {
    match type_all(editor, bytes).0.pop() {
        Some(Step::Submitted(text)) => text,
        other => panic!("{} led to {other:?}", bytes.escape_ascii()),
    }
}

#[test]
fn echoes_plain_typing_as_it_is() {
    let long = "let text = \"".to_string() + &"x".repeat(200) + "\"";
    let (steps, out) = type_all(&mut started(), (long.clone() + "\r").as_bytes());
    assert_eq!(steps, [Step::Submitted(long.clone())]);
    assert_eq!(out, long + "\r\n");
}

#[test]
fn rubs_out_with_blanks() {
    let (steps, out) = type_all(&mut started(), b"abc\x7f\x7fx\r");
    assert_eq!(steps, [Step::Submitted("ax".into())]);
    assert_eq!(out, "abc\x08 \x08\x08 \x08x\r\n");
}

#[test]
fn sends_no_escape_for_small_edits() {
    let (steps, out) = type_all(&mut started(), b"print(1)\x1b[D\x1b[D2\x01!\x05;\r");
    assert_eq!(steps, [Step::Submitted("!print(21);".into())]);
    assert!(!out.contains('\x1b'), "{out:?}");
    let (_, out) = type_all(&mut started(), b"if x {\r  1\r}\r");
    assert_eq!(out, "if x {\r\n  ...   1\r\n  ... }\r\n");
}

#[test]
fn abandons_ends_and_deletes() {
    let (steps, out) = type_all(&mut started(), b"abc\x03");
    assert_eq!((steps, out.as_str()), (vec![Step::Interrupted], "abc^C\r\n"));
    assert_eq!(type_all(&mut started(), b"\x04").0, [Step::EndOfInput]);
    assert_eq!(type_all(&mut started(), b"{\r\x04").0, [Step::Interrupted]);
    assert_eq!(entered(&mut started(), b"ab\x01\x04\r"), "b");
}

#[test]
fn enters_machine_mode_as_micropython_does() {
    assert_eq!(
        type_all(&mut started(), b"\x01"),
        (vec![Step::Machine], String::from("\r\n"))
    );
    assert_eq!(entered(&mut started(), b"x\x7f \x01y\x02\r"), "y ");
    assert_eq!(type_all(&mut started(), b"\x02"), (vec![], String::new()));
}

#[test]
fn edits_blocks_of_several_lines() {
    assert_eq!(entered(&mut started(), b"if x {\r1\r}\r"), "if x {\n1\n}");
    // Alt-Enter makes a line where Return would end the input; Up and Down keep the column.
    assert_eq!(
        entered(&mut started(), b"abc\x1b\rd\x1b\refg\x1b[A\x1b[A-\x1b[B\x1b[B+\r"),
        "abc-\nd\nefg+"
    );
    // Ctrl-A and Ctrl-E stay in the line, Ctrl-K at its end joins the next one, Backspace at its start the one before.
    assert_eq!(entered(&mut started(), b"ab\x1b\rcd\x01(\x05)\x10\x0b!\r"), "ab!(cd)");
    assert_eq!(entered(&mut started(), b"ab\x1b\rcd\x01\x7f-\r"), "ab-cd");
    // Return in the midst of a finished block runs it.
    assert_eq!(entered(&mut started(), b"{\r1\r2\x1b\r}\x1b[A\x1b[A\r"), "{\n1\n2\n}");
}

#[test]
fn brings_whole_blocks_back() {
    let mut editor = started();
    entered(&mut editor, b"one\r");
    let block = entered(&mut editor, b"if x {\r1\r}\r");
    assert_eq!(entered(&mut editor, b"\x1b[A\r"), block);
    // Up goes through the block before it leaves it.
    assert_eq!(entered(&mut editor, b"\x1b[A\x1b[A\x1b[A\x1b[A\r"), "one");
    assert_eq!(
        entered(
            &mut editor,
            b"draft\x01\x1b[A\x1b[A\x1b[A\x1b[A\x1b[B\x1b[B\x1b[B\x1b[B\r"
        ),
        "draft"
    );
}

#[test]
fn walks_the_history_by_prefix() {
    let mut editor = started();
    for line in [&b"first\r"[..], b"second\r", b"fifth\r"] {
        entered(&mut editor, line);
    }
    assert_eq!(entered(&mut editor, b"fi\x1b[A\x1b[A again\r"), "first again");
    assert_eq!(entered(&mut editor, b"fi\x1b[A\x1b[A\x1b[B\x1b[Bx\r"), "fix");
    // A change ends the walk, and what is there now is the next one's prefix.
    assert_eq!(
        entered(&mut editor, b"\x10\x10\x10\x10\x7f\x7f\x7f\x7f\x10\r"),
        "second"
    );
    assert_eq!(entered(&mut editor, b"x\x1b<\x1b>y\r"), "xy");
    assert_eq!(entered(&mut editor, b"x\x1b<\r"), "first");
    // What begins with a blank is not kept.
    entered(&mut editor, b" secret\r");
    assert_eq!(entered(&mut editor, b"\x10\r"), "first");
}

#[test]
fn searches_the_history() {
    let mut editor = started();
    for line in [&b"print(1)\r"[..], b"let p = 2\r", b"print(3)\r"] {
        entered(&mut editor, line);
    }
    assert_eq!(entered(&mut editor, b"dra\x12pr\r"), "print(3)");
    assert_eq!(entered(&mut editor, b"\x12pr\x12\r"), "print(1)");
    assert_eq!(entered(&mut editor, b"\x12p\x12\x12\x13\r"), "print(3)");
    assert_eq!(entered(&mut editor, b"dra\x12pr\x07ft\r"), "draft");
    assert_eq!(entered(&mut editor, b"dra\x12pr\x03ft\r"), "draft");
    // Another key takes the found text over, at the place where it was found.
    assert_eq!(entered(&mut editor, b"\x12(3\x1b[C!\r"), "print(!3)");
    assert_eq!(entered(&mut editor, b"\x12pr\x7f\x7flet\r"), "let p = 2");
    assert_eq!(entered(&mut editor, b"\x12~\r"), "");
    let mut out = Vec::new();
    for &byte in b"dra\x12pr\x1b" {
        editor.feed(byte, &mut is_complete, &mut out);
    }
    assert!(editor.is_in_doubt());
    editor.give_up();
    assert_eq!(entered(&mut editor, b"ft\r"), "draft");
}

#[test]
fn shows_what_it_searches_for() {
    let mut editor = started();
    entered(&mut editor, b"print(1)\r");
    let (_, out) = type_all(&mut editor, b"\x12pr");
    assert!(out.contains("(search ``) ") && out.contains("pr"), "{out:?}");
}

#[test]
fn keeps_what_is_cut_in_a_ring() {
    assert_eq!(
        entered(&mut started(), b"one two three\x17\x01\x19 \x0b\x19\r"),
        "three one two "
    );
    // Cut one after the other, texts are one.
    assert_eq!(
        entered(&mut started(), b"one two three\x17\x1b\x7f!\x19\r"),
        "one !two three"
    );
    assert_eq!(
        entered(&mut started(), b"one two\x01\x1bd\x1bd\x19\x19\r"),
        "one twoone two"
    );
    // Alt-Y goes to what was cut before.
    assert_eq!(entered(&mut started(), b"a\x15b\x15c\x15\x19\x1by\r"), "b");
    assert_eq!(entered(&mut started(), b"a\x15b\x15c\x15\x19\x1by\x1by\x1by\r"), "c");
    assert_eq!(entered(&mut started(), b"a\x15x\x1by\r"), "x");
}

#[test]
fn takes_changes_back() {
    assert_eq!(entered(&mut started(), b"one two\x1f\r"), "one ");
    assert_eq!(entered(&mut started(), b"one two\x15\x18\x15!\r"), "one two!");
    assert_eq!(entered(&mut started(), b"ab\x14\x1f\x1b[D\x7f\x1f\x1f\x1f\r"), "");
    let mut editor = started();
    entered(&mut editor, b"earlier\r");
    assert_eq!(entered(&mut editor, b"now\x01\x10\x1f\r"), "now");
    assert!(type_all(&mut editor, b"\x1f").1.contains('\x07'));
}

#[test]
fn swaps_characters_and_indents() {
    assert_eq!(entered(&mut started(), b"ab\x14\r"), "ba");
    assert_eq!(entered(&mut started(), b"\tx\r"), "    x");
    assert_eq!(entered(&mut started(), b"{\r a\x01\t}\r"), "{\n    } a");
}

#[test]
fn takes_over_what_it_suggests() {
    let mut editor = started_with(rich());
    entered(&mut editor, b"print(alpha.beta)\r");
    assert_eq!(entered(&mut editor, b"pr\x1b[C\r"), "print(alpha.beta)");
    assert_eq!(entered(&mut editor, b"pr\x06!\r"), "print(alpha.beta)!");
    assert_eq!(entered(&mut editor, b"print(\x1bf\r"), "print(alpha");
    assert_eq!(entered(&mut editor, b"print(a\x05\r"), "print(alpha");
    assert_eq!(entered(&mut editor, b"pri\r"), "pri");
    let mut plain = started();
    entered(&mut plain, b"print(1)\r");
    assert_eq!(type_all(&mut plain, b"pr\x1b[C").1, "pr");
}

#[test]
fn takes_a_marked_paste_as_it_is() {
    let mut editor = started_with(rich());
    let (steps, _) = type_all(&mut editor, b"\x1b[200~let x = {\r\n\t1\n}\r2\x04\x12\x1b[201~");
    assert_eq!(steps, []);
    assert_eq!(entered(&mut editor, b";\r"), "let x = {\n    1\n}\n2;");
    // It is taken back at once, and Ctrl-C gets out of one without an end.
    assert_eq!(entered(&mut editor, b"a\x1b[200~one two\rthree\x1b[201~\x1f\r"), "a");
    assert_eq!(type_all(&mut editor, b"\x1b[200~a\x03").0, [Step::Interrupted]);
    assert_eq!(entered(&mut editor, b"1\r"), "1");
}

#[test]
fn asks_for_marks_around_pastes_while_it_reads() {
    let mut editor = LineEditor::new(rich());
    let mut out = Vec::new();
    editor.begin(&mut out);
    editor.feed(b'\r', &mut |_| true, &mut out);
    assert_eq!(out, b"rhai> \x1b[?2004h\x1b[?2004l\r\n");
}

#[test]
fn has_a_paste_mode() {
    let (steps, out) = type_all(&mut started(), b"\x05a\t{\rb\x7fc\r\x10d\x04");
    assert_eq!(steps, [Step::Submitted("a    {\ndc\n".into())]);
    assert!(
        out.starts_with("\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== a    {\r\n=== b"),
        "{out:?}"
    );
    assert_eq!(type_all(&mut started(), b"\x05a\rb\x03").0, [Step::Interrupted]);
    // Nothing is suggested, searched for or taken for a command.
    let mut editor = started_with(rich());
    entered(&mut editor, b"print(1)\r");
    let (steps, out) = type_all(&mut editor, b"\x05pr\x1b[C\x12\x05\x01-\x04");
    assert_eq!(steps, [Step::Submitted("-pr".into())]);
    assert!(!out.contains("int("), "{out:?}");
    assert_eq!(entered(&mut editor, b"2\r"), "2");
}

#[test]
fn refuses_an_input_without_end() {
    let mut editor = started();
    editor.insert(&"x".repeat(INPUT_LIMIT_BYTES - 3));
    let (_, out) = type_all(&mut editor, b"12345");
    assert!(out.ends_with('\x07'));
    assert_eq!(editor.line.text().len(), INPUT_LIMIT_BYTES);
    assert!(editor.line.text().ends_with("x123"));
}

#[test]
fn tells_the_check_when_it_must_start_over() {
    let mut editor = started();
    let mut seen: Vec<String> = Vec::new();
    let mut out = Vec::new();
    for &byte in b"a{\rb\rc\x1b[A\x7fd\x1b[B\r}\r" {
        editor.feed(
            byte,
            &mut |text| {
                seen.push(text.to_string());
                is_complete(text)
            },
            &mut out,
        );
    }
    assert_eq!(seen, ["a{", "a{\nb", "", "a{\nd\nc", "a{\nd\nc\n}"]);
}

#[test]
fn survives_bad_input() {
    let mut editor = started();
    let steps = type_all(
        &mut editor,
        b"\xff\xc3(\0\x1b[99;99;99z\x1b[?1;2c\xf0\x9f\x1bO\x1b]0;x\x07\x1c\x1d\x1e1\r",
    )
    .0;
    assert!(matches!(&steps[..], [Step::Submitted(text)] if text.contains('\u{fffd}') && text.ends_with('1')));
    let mut random = Random(1);
    let noise: Vec<u8> = (0..50_000).map(|_| random.below(256) as u8).collect();
    for view in [
        View::default(),
        rich(),
        View {
            columns: 1,
            rows: 1,
            shows_escapes: true,
        },
    ] {
        type_all(&mut started_with(view), &noise);
    }
}

/// Each key costs the same, however much is there already.
#[test]
fn takes_a_hundred_kilobytes_without_drawing_them_twice() {
    let lines: String = (0..2000)
        .map(|number| std::format!("let variable_{number} = {number} * 3; // {number}\r"))
        .collect();
    let long = "x".repeat(100_000);
    for text in [lines, long] {
        for view in [View::default(), rich()] {
            let mut editor = started_with(view);
            let mut out = Vec::new();
            let mut checked = 0;
            for piece in text.as_bytes().chunks(16) {
                for &byte in piece {
                    editor.feed(
                        byte,
                        &mut |_| {
                            checked += 1;
                            false
                        },
                        &mut out,
                    );
                }
                editor.draw(&mut out);
            }
            assert_eq!(editor.line.text().replace('\n', "\r"), text);
            assert!(
                out.len() < 4 * text.len() + 100_000,
                "{} bytes for {}",
                out.len(),
                text.len()
            );
            if !view.shows_escapes {
                let echo = String::from_utf8(out).expect("text").replace("\r\n  ... ", "\r");
                assert_eq!(echo, text, "a plain echo");
            }
        }
    }
}

fn candidates(texts: &[&str]) -> Completion {
    let candidate = |text: &&str| Candidate {
        text: text.to_string(),
        label: text.to_string(),
        detail: std::format!("{text}: a function"),
    };
    Completion {
        start: 4,
        candidates: texts.iter().map(candidate).collect(),
        omitted: 0,
    }
}

fn tab(editor: &mut LineEditor) -> Question {
    match type_all(editor, b"\t").0.pop() {
        Some(Step::Complete(question)) => question,
        other => panic!("Tab led to {other:?}"),
    }
}

fn answer(editor: &mut LineEditor, texts: &[&str]) -> String {
    let mut out = Vec::new();
    editor.complete(&candidates(texts), &mut out);
    String::from_utf8(out).expect("text")
}

#[test]
fn completes_what_the_session_finds() {
    let mut editor = started();
    type_all(&mut editor, b"1 + re");
    let question = tab(&mut editor);
    assert_eq!(
        (question.text.as_str(), question.cursor, question.is_repeated),
        ("1 + re", 6, false)
    );
    assert_eq!(answer(&mut editor, &["read_line", "read_text"]), "ad_");
    assert!(!tab(&mut editor).is_repeated, "the place is another one");
    assert_eq!(
        answer(&mut editor, &["read_line", "read_text"]),
        "\r\nread_line  read_text\r\nrhai> 1 + read_"
    );
    assert!(tab(&mut editor).is_repeated);
    assert_eq!(
        answer(&mut editor, &["read_line", "read_text"]),
        "\r\nread_line: a function\r\nread_text: a function\r\nrhai> 1 + read_"
    );
    type_all(&mut editor, b"l");
    assert!(!tab(&mut editor).is_repeated);
    assert_eq!(answer(&mut editor, &["read_line"]), "ine");
    tab(&mut editor);
    assert_eq!(answer(&mut editor, &["read_line"]), "");
    assert!(tab(&mut editor).is_repeated);
    assert_eq!(
        answer(&mut editor, &["read_line"]),
        "\r\nread_line: a function\r\nrhai> 1 + read_line"
    );
    tab(&mut editor);
    assert_eq!(answer(&mut editor, &[]), "\x07");
    assert_eq!(entered(&mut editor, b"\r"), "1 + read_line");
}

#[test]
fn asks_an_unknown_terminal_three_times() {
    let mut editor = started();
    let ask = |editor: &mut LineEditor| {
        let mut out = Vec::new();
        editor.ask_size(&mut out);
        out == ASK_SIZE
    };
    assert!(ask(&mut editor) && ask(&mut editor) && ask(&mut editor) && !ask(&mut editor));
    assert!(type_all(&mut editor, b"\x0c").1.ends_with("\x1b[6n\x1b8"));
    type_all(&mut editor, b"x\x1b[1;2R");
    assert_eq!(editor.view(), View::default(), "Shift-F3");
    type_all(&mut editor, b"\x1b[30;100R");
    let known = View {
        columns: 100,
        rows: 30,
        shows_escapes: true,
    };
    assert_eq!(editor.view(), known);
    assert!(ask(&mut editor) && ask(&mut editor) && ask(&mut editor) && !ask(&mut editor));
    assert_eq!(editor.view(), View::default(), "whoever it was is gone");
    // What nobody asked for is a key.
    let mut told = started();
    told.set_view(known, &mut Vec::new());
    type_all(&mut told, b"\x1b[1;2R");
    assert!(!ask(&mut told) && told.view() == known);
}
