//! The prompt on a real pseudo terminal, with the keys that a person presses.

mod pty;

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pty::{CONTROL_C, CONTROL_D, LEFT, UP, start, start_with};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

#[test]
fn answers_and_edits() {
    let prompt = start(80, 24);
    prompt.press("1 + 1\r");
    prompt.wait_for("\n2\nrhai> ");
    // The 3 goes in front of the 4.
    prompt.press(&format!("print(4){LEFT}{LEFT}3\r"));
    prompt.wait_for("\n34\n");
    prompt.press(&format!("{UP}\x7f\x7f5)\r"));
    prompt.wait_for("\n35\n");
    assert_eq!(prompt.enter("let words = \"äö€漢\"; words.len"), "4\n");
    prompt.press("fn twice(x) {\r  x * 2\r}\rtwice(21)\r");
    prompt.wait_for("\n42\nrhai> ");
}

#[test]
fn control_c_ends_a_loop_and_a_wait_and_abandons_a_line() {
    let prompt = start(80, 24);
    for endless in [
        "loop { }",
        "time::sleep_ms(100000)",
        "channel::receive(channel::open(1), 100000)",
        "while true { print(1); }",
    ] {
        prompt.press(&format!("{endless}\r"));
        std::thread::sleep(Duration::from_millis(300));
        let start = Instant::now();
        prompt.take_bytes();
        prompt.press(CONTROL_C);
        let shown = String::from_utf8_lossy(&prompt.take_until(b"rhai> ")).into_owned();
        assert!(start.elapsed() < Duration::from_secs(20), "{endless}");
        assert!(shown.contains("error["), "{endless}: {shown}");
    }
    prompt.press(&format!("this is no{CONTROL_C}7 * 6\r"));
    prompt.wait_for("\n42\nrhai> ");
}

/// How long the bar for `number` is, which must be another one each time.
fn bar_cells(prompt: &pty::Prompt, number: u64) -> usize {
    let line = format!("bars([{number}])");
    prompt.press(&format!("{line}\r"));
    let count = |screen: &str| {
        let (_, answer) = screen.rsplit_once(&line)?;
        let is_whole = answer.contains('█') && answer.trim_end().ends_with("rhai>");
        is_whole.then(|| answer.matches('█').count())
    };
    prompt.wait_until("a bar", |screen| count(&screen.contents()).is_some());
    count(&prompt.screen()).expect("a bar")
}

#[test]
fn follows_the_size_of_the_terminal() {
    let prompt = start(40, 10);
    prompt.resize(20, 12);
    // The new width counts from the next line on; the signal may take a moment. A bar is as long as a line.
    let limit = Instant::now() + Duration::from_secs(10);
    let mut number = 1;
    while bar_cells(&prompt, number) >= 20 {
        assert!(Instant::now() < limit, "it keeps its size");
        std::thread::sleep(Duration::from_millis(20));
        number += 1;
    }
    prompt.press("\r");
    let line = "let number = 1 + 2 + 3 + 4 + 5 + 60";
    prompt.press(line);
    prompt.wait_for("+ 60");
    let start_cells = "rhai> ".len() + line.len();
    let (_, column) = prompt.cursor();
    assert_eq!(usize::from(column), start_cells % 20);
    prompt.press(&format!("{}0\r", LEFT.repeat(line.len() - "let number = 1".len())));
    prompt.take_until(b"rhai> ");
    assert_eq!(prompt.enter("number"), "84\n");
}

#[test]
fn control_d_ends_it_and_the_terminal_is_as_it_was() {
    let prompt = start(80, 24);
    let local = |prompt: &pty::Prompt| tcgetattr(prompt.terminal()).expect("settings").local_modes;
    assert!(!local(&prompt).contains(LocalModes::ICANON));
    prompt.press(CONTROL_D);
    assert_eq!(prompt.wait_end(), Some(0));

    // And when it is told to end, or ends by itself.
    for (end, code) in [("", Some(143)), ("power::off()\r", Some(0))] {
        let prompt = start(80, 24);
        if end.is_empty() {
            let id = Pid::from_raw(prompt.process_id() as i32).expect("a process");
            kill_process(id, Signal::TERM).expect("it is told");
        } else {
            prompt.press(end);
        }
        let limit = Instant::now() + Duration::from_secs(10);
        while !local(&prompt).contains(LocalModes::ICANON) {
            assert!(Instant::now() < limit, "still raw after {end:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(prompt.wait_end(), code);
    }
}

#[test]
fn sends_no_escape_to_a_dumb_terminal() {
    let prompt = start_with(80, 24, "dumb", &[]);
    prompt.wait_for("rhai> ");
    prompt.press("40 + 2\r");
    prompt.wait_for("\n42\nrhai> ");
    assert!(!prompt.take_bytes().contains(&0x1b));
}

/// Runs the program without a terminal: its exit code and what it printed.
fn run(arguments: &[&str], input: &str) -> (Option<i32>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("its output");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[test]
fn runs_the_lines_of_a_pipe() {
    let (code, shown) = run(
        &[],
        "let x = 6\nfn f(n) {\n n * 7\n}\nf(x)\nprint(\"a\\nb\")\n[#{a: 1}, #{a: 22}]",
    );
    assert_eq!((code, shown.as_str()), (Some(0), "42\na\nb\n a\n 1\n22\n"));
    let (code, shown) = run(&[], "1\nnope\n2\nif true {");
    assert_eq!(code, Some(1));
    assert!(shown.starts_with("1\n") && shown.contains("error[variable_not_found]") && shown.contains("\n2\n"));
    assert!(shown.contains("error[syntax_error]"), "{shown}");
    assert_eq!(run(&[], ""), (Some(0), String::new()));
}

#[test]
fn evaluates_and_runs_files_and_keeps_data() {
    assert_eq!(run(&["--eval", "6 * 7"], ""), (Some(0), "42\n".into()));
    assert_eq!(run(&["--eval", "throw 1"], "").0, Some(1));
    assert_eq!(run(&["--what"], "").0, Some(1));
    assert_eq!(run(&["/no/such/file"], "").0, Some(1));
    let folder = std::env::temp_dir().join(format!("sim-data-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let data = folder.to_str().expect("a plain name");
    let write = "fs::write(\"/data/note\", \"kept\"); fs::write(\"/tmp/note\", \"not\")";
    assert_eq!(run(&["--data", data, "--eval", write], "").0, Some(0));
    let script = folder.join("main.rhai");
    std::fs::write(&script, "print(fs::read(\"/data/note\"));\n1").expect("a file");
    let script = script.to_str().expect("a plain name");
    assert_eq!(run(&["--data", data, script], ""), (Some(0), "kept\n".into()));
    let (code, shown) = run(&["--data", data, "--eval", "fs::read(\"/tmp/note\")"], "");
    assert_eq!(code, Some(1));
    assert!(shown.contains("error[not_found]"), "{shown}");
    let _ = std::fs::remove_dir_all(&folder);
}
