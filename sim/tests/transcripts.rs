//! The prompt answers each transcript of `tests/transcripts` to the letter, on a pseudo terminal; the machine does the
//! same in the emulator. With `WRITE_TRANSCRIPTS` set, the answers are written there instead.

mod pty;

use std::fs;
use std::path::Path;

use pty::start_with;
use services::terminal::{CONTINUATION, PROMPT};
use sim::transcript::{self, Exchange};

/// A terminal of the size that a serial line is taken for.
fn answer(exchanges: &mut [Exchange]) {
    let prompt = start_with(80, 24, "dumb", &[]);
    prompt.take_until(PROMPT.as_bytes());
    for exchange in exchanges {
        let mut lines = exchange.typed.split('\n').peekable();
        let mut shown = String::new();
        while let Some(line) = lines.next() {
            prompt.press(&format!("{line}\r"));
            let end = if lines.peek().is_some() { CONTINUATION } else { PROMPT };
            let bytes = prompt.take_until(format!("\n{end}").as_bytes());
            shown = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
            shown.truncate(shown.len() - end.len());
        }
        // The first line is the echo of what was typed.
        let answered = shown.split_once('\n').map_or("", |(_, rest)| rest);
        exchange.answered = answered.trim_end().into();
    }
}

#[test]
fn the_prompt_answers_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/transcripts");
    let mut count = 0;
    for file in fs::read_dir(folder).expect("the transcripts").flatten() {
        let text = fs::read_to_string(file.path()).expect("a text");
        let expected = transcript::parse(&text);
        let mut answered = expected.clone();
        answer(&mut answered);
        if std::env::var_os("WRITE_TRANSCRIPTS").is_some() {
            fs::write(file.path(), transcript::print(&answered)).expect("written");
            continue;
        }
        for (expected, answered) in expected.iter().zip(&answered) {
            let name = file.file_name();
            assert_eq!(answered.answered, expected.answered, "{name:?}: {}", expected.typed);
        }
        assert_eq!(
            transcript::print(&expected),
            text,
            "the transcript is written as it is read"
        );
        count += expected.len();
    }
    assert!(
        count >= 60 || std::env::var_os("WRITE_TRANSCRIPTS").is_some(),
        "only {count} exchanges"
    );
}
