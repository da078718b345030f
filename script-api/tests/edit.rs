//! The editor and the files as a person at a terminal has them: keys in, screens out.

mod host;

use std::thread;
use std::time::{Duration, Instant};

use host::{Sight, standard_machine};
use services::host::Tasks;
use services::task::{TaskInfo, TaskState};

impl Sight {
    /// A terminal of 80 columns and 12 rows, which the editor asks for its size.
    fn of_an_editor() -> Self {
        Self::unknown(80, 12)
    }

    /// Calls `edit`, and answers the question for the size.
    fn edit(&mut self, path: &str) {
        self.type_bytes(&format!("edit(\"{path}\")\r\x1b[12;80R"));
        self.wait(|lines| lines[10].contains(path) && !lines[11].is_empty());
    }
}

#[test]
fn edits_saves_and_quits() {
    let mut sight = Sight::of_an_editor();
    sight.edit("/tmp/a.rhai");
    sight.type_bytes("fn f() {\r1 + 1\r}\rprint(f());");
    let lines = sight.wait(|lines| lines[3].ends_with("print(f());"));
    assert_eq!(lines[..5], ["fn f() {", "    1 + 1", "}", "print(f());", "~"]);
    assert!(lines[10].starts_with(" /tmp/a.rhai  [changed]") && lines[10].ends_with("4:12"));
    // Ctrl-C copies the line; it does not end the evaluation.
    sight.type_bytes("\x03");
    sight.wait(|lines| lines[11] == "copied");
    sight.type_bytes("\x13");
    sight.wait(|lines| lines[11] == "saved");
    sight.type_bytes("\r// more");
    sight.wait(|lines| lines[10].contains("[changed]"));
    sight.type_bytes("\x11");
    sight.wait(|lines| lines[11].starts_with("Save the changes?"));
    sight.type_bytes("n");
    // The screen is as it was before.
    let lines = sight.wait_for_last("rhai>");
    assert_eq!(lines[..3], ["rhai> edit(\"/tmp/a.rhai\")", "rhai>", ""]);
    sight.check(
        "fs::read(\"/tmp/a.rhai\")",
        "\"fn f() {\\n    1 + 1\\n}\\nprint(f());\"",
    );
    sight.check("run(\"/tmp/a\")", "2");
    // The clipboard survives.
    sight.edit("/tmp/b.rhai");
    sight.type_bytes("\x16\x13\x11");
    sight.wait_for_last("rhai>");
    sight.check("fs::read(\"/tmp/b.rhai\")", "\"print(f());\"");
}

#[test]
fn runs_and_goes_to_the_error() {
    let mut sight = Sight::of_an_editor();
    sight.edit("/tmp/a.rhai");
    sight.type_bytes("fn half(x) {\rx / 0\r}\rprint(\"before\");\rhalf(2)\x1b[15~");
    let lines = sight.wait(|lines| lines.iter().any(|line| line.starts_with("Press any key")));
    let at = lines
        .iter()
        .position(|line| line == "run(\"/tmp/a.rhai\")")
        .expect("the call");
    assert_eq!(lines[at + 1], "before");
    assert!(
        lines.iter().any(|line| line.contains("error[arithmetic]")),
        "{}",
        lines.join("\n")
    );
    sight.type_bytes(" ");
    let lines = sight.wait(|lines| lines[11].starts_with("error[arithmetic]"));
    assert!(lines[10].ends_with("2:7"), "{}", lines[10]);
    assert_eq!(sight.parser.screen().cursor_position(), (1, 6));
    // A syntax error: said when saved, gone to when run.
    sight.type_bytes("\x1b[1;5Flet = 1;\x13");
    let lines = sight.wait(|lines| lines[11].starts_with("saved, but"));
    assert!(lines[11].contains("line 5"), "{}", lines[11]);
    sight.type_bytes("\x1b[1;5H\x1b[15~");
    sight.wait(|lines| lines.iter().any(|line| line.starts_with("Press any key")));
    sight.type_bytes("x");
    let lines = sight.wait(|lines| lines[11].starts_with("error[syntax_error]"));
    assert!(lines[10].contains(" 5:"), "{}", lines[10]);
    // Ctrl-C ends a script that does not end, and neither the editor nor the session.
    // Until it runs, Ctrl-C is a key of the editor.
    sight.type_bytes("\x01print(\"begun\"); loop {}\x1b[15~");
    sight.wait(|lines| lines.iter().any(|line| line == "begun"));
    sight.type_bytes("\x03");
    sight.wait(|lines| {
        let at = lines.iter().position(|line| line.starts_with("error[cancelled]"));
        at.is_some_and(|at| lines[at + 1].starts_with("Press any key"))
    });
    sight.type_bytes("x");
    let lines = sight.wait(|lines| lines[11].starts_with("error[cancelled]"));
    assert_eq!(lines[0], "print(\"begun\"); loop {}");
    sight.type_bytes("\x11");
    sight.wait_for_last("rhai>");
    sight.check("40 + 2", "42");
}

#[test]
fn refuses_what_it_cannot_edit() {
    let machine = standard_machine();
    machine.start_session();
    for (line, code) in [
        ("edit(\"a.rhai\")", "bad_path"),
        ("edit(\"/tmp\")", "is_directory"),
        ("edit(\"/tmp/none/a\")", "not_found"),
        ("fs::write(\"/tmp/x\", blob(1, 255)); edit(\"/tmp/x\")", "not_text"),
        (
            "let s = \"x\"; for i in 0..23 { s += s; } fs::write(\"/tmp/x\", s + s); edit(\"/tmp/x\")",
            "too_large",
        ),
        ("task::wait(task::start(|| edit(\"/tmp/a\")))", "in_use"),
    ] {
        let shown = machine.enter(line);
        assert!(shown.contains(&format!("error[{code}]")), "{line}: {shown}");
        assert!(!shown.contains('\x1b'), "{shown:?}");
    }
    machine.terminal.set_dumb(true);
    assert!(machine.enter("edit(\"/tmp/a\")").contains("error[dumb_terminal]"));
    machine.terminal.set_dumb(false);
    // From a script that the editor runs, the editor cannot be had.
    let mut sight = Sight::of_an_editor();
    sight
        .machine
        .enter("fs::write(\"/tmp/a.rhai\", \"edit(\\\"/tmp/b\\\")\")");
    sight.edit("/tmp/a.rhai");
    sight.type_bytes("\x1b[15~");
    let lines = sight.wait(|lines| lines.iter().any(|line| line.starts_with("Press any key")));
    assert!(
        lines.iter().any(|line| line.contains("error[in_use]")),
        "{}",
        lines.join("\n")
    );
    sight.type_bytes(" \x11");
    sight.wait_for_last("rhai>");
}

#[test]
fn shows_rom_without_changing_it() {
    let mut sight = Sight::of_an_editor();
    sight.edit("/rom/examples/hello.rhai");
    sight.wait(|lines| lines[10].contains("[read-only]"));
    sight.type_bytes("\x1b[15~");
    sight.wait(|lines| lines.iter().any(|line| line.starts_with("Hello from Rhaios")));
    sight.wait(|lines| lines.iter().any(|line| line.starts_with("Press any key")));
    sight.type_bytes(" x\x13");
    sight.wait(|lines| lines[11].starts_with("not saved: /rom/examples/hello.rhai cannot be changed"));
    sight.type_bytes("\x11n");
    sight.wait_for_last("rhai>");
}

/// What others print waits, and the screen comes back when the task is killed.
#[test]
fn gives_the_terminal_back_whatever_happens() {
    let mut sight = Sight::of_an_editor();
    sight.type_bytes("task::start(|| { time::sleep_ms(300); print(\"from beside\"); });\r");
    sight.wait_for_last("rhai>");
    sight.edit("/tmp/a.rhai");
    sight.type_bytes("unsaved");
    sight.wait(|lines| lines[0] == "unsaved");
    // The session's end would take the other task with it.
    let limit = Instant::now() + Duration::from_secs(10);
    let is_running = |task: &TaskInfo| task.name != "prompt" && task.state != TaskState::Ended;
    while Tasks::list(sight.machine.tasks).iter().any(is_running) {
        assert!(Instant::now() < limit, "the task that prints does not end");
        thread::sleep(Duration::from_millis(5));
    }
    let lines = sight.wait(|lines| lines[0] == "unsaved");
    assert!(
        !lines.iter().any(|line| line.contains("beside")),
        "{}",
        lines.join("\n")
    );
    let session = Tasks::list(sight.machine.tasks);
    let session = session
        .iter()
        .find(|task| task.name == "prompt")
        .expect("the session")
        .id;
    assert!(Tasks::kill(sight.machine.tasks, session));
    let lines = sight.wait_for_last("rhai>");
    assert!(lines.iter().any(|line| line == "from beside"), "{}", lines.join("\n"));
    assert!(!sight.parser.screen().alternate_screen());
    sight.check("40 + 2", "42");
    // The next session edits again.
    sight.edit("/tmp/a.rhai");
    sight.type_bytes("\x11");
    sight.wait_for_last("rhai>");
}

#[test]
fn imports_and_runs_what_lies_in_memory() {
    let machine = standard_machine();
    machine.start_session();
    for (line, shown) in [
        ("fs::make_dir(\"/tmp/lib\")", ""),
        (
            "fs::write(\"/tmp/lib/a.rhai\", \"import \\\"./b\\\" as b; fn two() { b::one() * 2 }\")",
            "",
        ),
        ("fs::write(\"/tmp/lib/b.rhai\", \"fn one() { 1 }\")", ""),
        ("import \"/tmp/lib/a\" as a;", ""),
        ("a::two()", "2\n"),
        ("fs::write(\"/tmp/lib/a.rhai\", \"fn two() { 22 }\")", ""),
        ("import \"/tmp/lib/a\" as a;", ""),
        ("a::two()", "22\n"),
        (
            "fs::write(\"/tmp/run.rhai\", \"import \\\"./lib/a\\\" as a; a::two() + 1\")",
            "",
        ),
        ("run(\"/tmp/run\")", "23\n"),
        ("run(\"/tmp/run.rhai\")", "23\n"),
        (
            "fs::remove(\"/tmp/lib/b.rhai\"); fs::remove(\"/tmp/lib/a.rhai\"); fs::remove(\"/tmp/lib\")",
            "",
        ),
        ("fs::list(\"/\").len()", "2\n"),
        (
            "try { fs::write(\"/rom/x\", \"\") } catch (error) { print(error.code) }",
            "read_only\n",
        ),
        (
            "try { fs::read(\"x\") } catch (error) { print(error.code) }",
            "bad_path\n",
        ),
        (
            "fs::write(\"/tmp/x\", blob(2, 255)); try { fs::read(\"/tmp/x\") } catch (error) { print(error.code) }",
            "not_text\n",
        ),
        ("fs::read_blob(\"/tmp/x\").len()", "2\n"),
        ("fs::exists(\"/tmp/x/y\")", "false\n"),
    ] {
        assert_eq!(machine.enter(line), shown, "{line}");
    }
    let shown = machine.enter("import \"/tmp/lib/a\" as a;");
    assert!(shown.contains("error[not_found]"), "{shown}");
}
