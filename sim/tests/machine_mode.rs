//! Machine mode to the byte, as MicroPython's `pyboard.py` drives it, on a pseudo terminal.

mod pty;

use std::time::Duration;

use pty::{CONTROL_A, CONTROL_C, Prompt, start, start_with};

const BANNER: &[u8] = b"raw REPL; CTRL-B to exit\r\n>";

/// What `pyboard.py` does, written anew from its description.
struct Board(Prompt);

impl Board {
    /// `enter_raw_repl`, with the soft reset.
    fn enter() -> Self {
        let board = Self(start(80, 24));
        board.0.press("\r\x03\x03");
        std::thread::sleep(Duration::from_millis(200));
        board.0.take_bytes();
        board.0.press("\r\x01");
        board.0.take_until(BANNER);
        board.reset();
        board
    }

    fn reset(&self) {
        self.0.press("\x04");
        self.expect(b"OK\r\nsoft reboot\r\n");
        self.expect(BANNER);
    }

    fn expect(&self, bytes: &[u8]) {
        let came = self.0.take_count(bytes.len());
        assert_eq!(String::from_utf8_lossy(&came), String::from_utf8_lossy(bytes));
    }

    /// Output and error of the script that runs.
    fn follow(&self) -> (String, String) {
        let bytes = self.0.take_until(b"\x04>");
        let text = String::from_utf8(bytes).expect("text");
        let (output, rest) = text.split_once('\x04').expect("the output's end");
        (
            output.into(),
            rest.strip_suffix("\x04>").expect("the error's end").into(),
        )
    }

    fn exec(&self, script: &str) -> (String, String) {
        self.0.press(script);
        self.0.press("\x04");
        self.expect(b"OK");
        self.follow()
    }

    fn paste(&self, script: &[u8]) -> (String, String) {
        self.0.press("\x05A\x01");
        self.expect(b"R\x01\x80\x00");
        let (mut open, mut rest) = (128, script);
        while !rest.is_empty() {
            while open == 0 || !self.0.is_silent() {
                match self.0.take_count(1)[0] {
                    1 => open += 128,
                    4 => {
                        self.0.press("\x04");
                        return self.follow();
                    }
                    other => panic!("unexpected {other:#x}"),
                }
            }
            let (piece, after) = rest.split_at(open.min(rest.len()));
            self.0.send(piece);
            open -= piece.len();
            rest = after;
        }
        self.0.press("\x04");
        loop {
            match self.0.take_count(1)[0] {
                1 => {}
                4 => return self.follow(),
                other => panic!("unexpected {other:#x}"),
            }
        }
    }
}

fn nothing() -> (String, String) {
    Default::default()
}

#[test]
fn enters_runs_and_leaves_to_the_byte() {
    let prompt = start_with(80, 24, "dumb", &[]);
    prompt.take_until(b"rhai> ");
    let expect = |bytes: &[u8]| {
        let came = prompt.take_count(bytes.len());
        assert_eq!(String::from_utf8_lossy(&came), String::from_utf8_lossy(bytes));
    };
    prompt.press(CONTROL_A);
    expect(b"\r\nraw REPL; CTRL-B to exit\r\n>");
    prompt.press("let kept = 42; print(\"a\\nb\")\x04");
    expect(b"OKa\r\nb\r\n\x04\x04>");
    prompt.press("kept\x04");
    expect(b"OK\x04\x04>");
    prompt.press("print(1);\n\nthrow \"x\"\x04");
    expect(b"OK1\r\n\x04{\"code\":\"script_error\",\"column\":1,\"line\":3,\"message\":\"x\",\"script\":\"\",\"stack\":[{\"column\":1,\"function\":\"\",\"line\":3,\"script\":\"\"}]}\x04>");
    prompt.press("\x05C\x01");
    expect(b"R\x00>");
    prompt.press("\x05A\x01print(kept)\x04");
    expect(b"R\x01\x80\x00\x01\x0442\r\n\x04\x04>");
    prompt.press("forgotten\x03\x01");
    expect(BANNER);
    prompt.press("\x02");
    let greeting = format!(
        "\r\nRhaios {}; help() tells what there is.\r\nrhai> ",
        env!("CARGO_PKG_VERSION")
    );
    expect(greeting.as_bytes());
    prompt.press("kept\r");
    expect(b"kept\r\n42\r\nrhai> ");
    // Elsewhere Ctrl-A is the key that goes to the line's start.
    assert_eq!(prompt.enter("2\x011"), "12\n");
}

#[test]
fn serves_pyboard() {
    let board = Board::enter();
    assert_eq!(board.exec("let a = 1;"), nothing());
    assert_eq!(board.paste(b"print(a + 1)"), ("2\r\n".into(), String::new()));
    let (output, error) = board.paste(b"fn f(x) {\n  print(x);\n  missing(x)\n}\nf(7)");
    assert_eq!(output, "7\r\n");
    for part in [
        "\"code\":\"function_not_found\"",
        "\"line\":3",
        "\"function\":\"f\"",
        "\"line\":5",
    ] {
        assert!(error.contains(part), "{error}");
    }
    let (_, error) = board.exec("let x = ;");
    assert!(error.starts_with("{\"code\":\"syntax_error\""), "{error}");
    // A script that prints as fast as it can, ended by Ctrl-C; then one that waits.
    for endless in ["loop { print(1) }", "loop { }", "time::sleep_ms(1000000)"] {
        board.0.press(&format!("{endless}\x04"));
        board.expect(b"OK");
        std::thread::sleep(Duration::from_millis(100));
        board.0.press(CONTROL_C);
        let (output, error) = board.follow();
        assert!(!output.contains("^C"), "{output}");
        assert!(error.starts_with("{\"code\":\"cancelled\""), "{endless}: {error}");
    }
    assert_eq!(board.exec("print(a)"), ("1\r\n".into(), String::new()));
    board.reset();
    let (_, error) = board.exec("print(a)");
    assert!(error.contains("variable_not_found"), "{error}");
    board.0.press("\r\x02");
    board.0.take_until(b"rhai> ");
}

#[test]
fn takes_long_scripts_and_refuses_longer_ones() {
    let board = Board::enter();
    let mut script = String::from("let sum = 0;\r\n");
    while script.len() < 200_000 {
        script += "sum += 1; // and a remark that makes it long\r\n";
    }
    let count = script.matches("+=").count();
    script += "print(sum)";
    let expected = (format!("{count}\r\n"), String::new());
    assert_eq!(board.paste(script.as_bytes()), expected);
    let (output, error) = board.paste(&[b' '; 300_000]);
    assert!(
        output.is_empty() && error.starts_with("{\"code\":\"source_too_large\""),
        "{error}"
    );
    let (_, error) = board.paste(b"print('\xff')");
    assert!(error.starts_with("{\"code\":\"not_utf8\""), "{error}");
    // Ctrl-C in the middle of a paste.
    board.0.press("\x05A\x01print(1)\x03");
    board.expect(b"R\x01\x80\x00\x01\x04");
    let (output, error) = board.follow();
    assert!(
        output.is_empty() && error.starts_with("{\"code\":\"cancelled\""),
        "{error}"
    );
    assert_eq!(board.exec("print(sum)"), expected);
}

#[test]
fn a_reset_ends_the_tasks_of_the_session() {
    let board = Board::enter();
    let (output, error) = board.exec(
        "let c = channel::open(1); task::start(|| time::sleep_ms(1000000)); time::sleep_ms(50); print(task::list().len)",
    );
    assert_eq!((output.as_str(), error.as_str()), ("2\r\n", ""));
    board.reset();
    let living = "time::sleep_ms(300); print(task::list().filter(|t| t.state != \"ended\").len)";
    assert_eq!(board.exec(living).0, "1\r\n");
}
