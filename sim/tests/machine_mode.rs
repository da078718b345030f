//! Machine mode on a pseudo terminal: to the byte, and as MicroPython's tools drive it.

mod pty;

use std::io;
use std::thread;
use std::time::Duration;

use hw::fake::Random;
use pty::{CONTROL_A, Prompt, start, start_with};
use services::terminal::raw_repl::BANNER;
use sim::board::{Answer, Board, Wire};

struct Line(Prompt);

impl Wire for Line {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.send(bytes);
        Ok(())
    }

    fn receive(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.0.take_bytes())
    }
}

fn enter() -> Board<Line> {
    let mut board = Board::enter(Line(start(80, 24)), Duration::from_secs(20)).expect("machine mode");
    board.reset().expect("a new session");
    board
}

fn printed(output: &str) -> Answer {
    Answer {
        output: output.into(),
        error: String::new(),
    }
}

#[track_caller]
fn failed(answer: io::Result<Answer>, code: &str) -> Answer {
    let answer = answer.expect("an answer");
    assert!(
        answer.error.starts_with(&format!("{{\"code\":\"{code}\"")),
        "{answer:?}"
    );
    answer
}

#[test]
fn enters_runs_and_leaves_to_the_byte() {
    let prompt = start_with(80, 24, "dumb", &[]);
    prompt.take_until(b"rhai> ");
    let expect = |bytes: &[u8]| {
        let came = prompt.take_count(bytes.len());
        assert_eq!(came.escape_ascii().to_string(), bytes.escape_ascii().to_string());
    };
    prompt.press(CONTROL_A);
    expect(b"\r\nraw REPL; CTRL-B to exit\r\n>");
    prompt.press("let kept = 42; print(\"a\\nb\")\x04");
    expect(b"OKa\r\nb\r\n\x04\x04>");
    prompt.press("kept\x04");
    expect(b"OK\x04\x04>");
    prompt.press("print(1);\n\nthrow \"x\"\x04");
    expect(
        b"OK1\r\n\x04{\"code\":\"script_error\",\"column\":1,\"line\":3,\"message\":\"x\",\"script\":\"\",\
          \"stack\":[{\"column\":1,\"function\":\"\",\"line\":3,\"script\":\"\"}]}\x04>",
    );
    prompt.press("\x05C\x01");
    expect(b"R\x00>");
    prompt.press("\x05A\x01print(kept)\x04");
    expect(b"R\x01\x80\x00\x01\x0442\r\n\x04\x04>");
    prompt.press("forgotten\x03\x01");
    expect(BANNER);
    prompt.press("\x04");
    expect(b"OK\r\nsoft reboot\r\nraw REPL; CTRL-B to exit\r\n>");
    prompt.press("let kept = 43;\x04");
    expect(b"OK\x04\x04>");
    prompt.press("\x02");
    let version = env!("CARGO_PKG_VERSION");
    expect(format!("\r\nRhaios {version}; help() tells what there is.\r\nrhai> ").as_bytes());
    prompt.press("kept\r");
    expect(b"kept\r\n43\r\nrhai> ");
    // Elsewhere Ctrl-A is the key that goes to the line's start.
    assert_eq!(prompt.enter("2\x011"), "12\n");
}

#[test]
fn serves_tools() {
    let mut board = enter();
    assert_eq!(board.run("let a = 1;").expect("an answer"), printed(""));
    assert_eq!(board.paste(b"print(a + 1)").expect("an answer"), printed("2\r\n"));
    let answer = board.paste(b"fn f(x) {\n  print(x);\n  missing(x)\n}\nf(7)");
    let answer = failed(answer, "function_not_found");
    assert_eq!(answer.output, "7\r\n");
    for part in ["\"line\":3", "\"function\":\"f\"", "\"line\":5"] {
        assert!(answer.error.contains(part), "{answer:?}");
    }
    failed(board.run("let x = ;"), "syntax_error");
    for endless in ["loop { print(1) }", "loop { }", "time::sleep_ms(1000000)"] {
        board.start(endless).expect("started");
        thread::sleep(Duration::from_millis(100));
        board.send(b"\x03").expect("sent");
        let answer = failed(board.follow(), "cancelled");
        assert!(!answer.output.contains("^C"), "{endless}: {}", answer.output);
    }
    assert_eq!(board.run("print(a)").expect("an answer"), printed("1\r\n"));
    board.reset().expect("a new session");
    failed(board.run("print(a)"), "variable_not_found");
    assert!(board.leave().expect("the prompt").ends_with("\r\nrhai> "));
}

#[test]
fn takes_long_scripts_and_refuses_longer_ones() {
    let mut board = enter();
    let mut script = String::from("let sum = 0;\r\n");
    while script.len() < 200_000 {
        script += "sum += 1; // and a remark that makes it long\r\n";
    }
    let count = script.matches("+=").count();
    script += "print(sum)";
    let expected = printed(&format!("{count}\r\n"));
    assert_eq!(board.paste(script.as_bytes()).expect("an answer"), expected);
    assert_eq!(board.run(&script).expect("an answer"), expected);
    assert_eq!(failed(board.paste(&[b' '; 300_000]), "source_too_large").output, "");
    assert_eq!(failed(board.run(&" ".repeat(300_000)), "source_too_large").output, "");
    failed(board.paste(b"print('\xff')"), "not_utf8");
    // Ctrl-C in the middle of a paste.
    board.send(b"\x05A\x01print(1)\x03").expect("sent");
    board.expect(b"R\x01\x80\x00\x01\x04").expect("its end");
    assert_eq!(failed(board.follow(), "cancelled").output, "");
    assert_eq!(board.run("print(sum)").expect("an answer"), expected);
}

#[test]
fn survives_garbage() {
    let mut board = enter();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..20 {
        // Anything but what runs it, leaves, or begins anew.
        let garbage: Vec<u8> = (0..500)
            .map(|_| random.below(256) as u8)
            .filter(|byte| !matches!(byte, 2 | 4))
            .collect();
        board.send(&garbage).expect("sent");
        board.send(b"\x03\x03\x01mark\x03").expect("sent");
        let banner = board.run("print(`a${\"b\"}`)");
        // Replies to the garbage come first.
        if banner.is_err() {
            board
                .follow()
                .expect("the answer comes after what the garbage was answered");
        }
        assert_eq!(board.run("print(1)").expect("an answer"), printed("1\r\n"));
    }
}

#[test]
fn the_next_session_answers_for_one_that_died() {
    let mut board = enter();
    let answer = failed(
        board.run("let a = 1; task::kill(task::list()[0].id); loop { }"),
        "session_lost",
    );
    assert!(answer.output.contains("killed"), "{answer:?}");
    failed(board.run("a"), "variable_not_found");
    assert_eq!(board.run("print(1)").expect("an answer"), printed("1\r\n"));
}

#[test]
fn a_reset_ends_the_tasks_of_the_session() {
    let mut board = enter();
    let start = "task::start(|| time::sleep_ms(1000000)); time::sleep_ms(50); print(task::list().len)";
    assert_eq!(board.run(start).expect("an answer"), printed("2\r\n"));
    board.reset().expect("a new session");
    let living = "time::sleep_ms(300); print(task::list().filter(|t| t.state != \"ended\").len)";
    assert_eq!(board.run(living).expect("an answer"), printed("1\r\n"));
}
