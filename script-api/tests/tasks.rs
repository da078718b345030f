//! Tasks at the prompt: what is told of them, timers and events, and lines in the background.

mod host;

use host::{FakeMachineWithConsole, standard_machine};
use services::host::Tasks;
use services::task::TaskState;
use services::value::Value;
use std::time::{Duration, Instant};

fn session() -> FakeMachineWithConsole {
    let machine = standard_machine();
    machine.start_session();
    machine
}

/// Shows what comes until `end`, which may take a while.
fn until(machine: &FakeMachineWithConsole, end: &str) -> String {
    let limit = Instant::now() + Duration::from_secs(10);
    let mut text = String::new();
    loop {
        text += &String::from_utf8_lossy(&machine.console.take_shown());
        if text.contains(end) {
            return text;
        }
        assert!(Instant::now() < limit, "no {end:?} in {text:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Types a line and returns once it runs.
fn start(machine: &FakeMachineWithConsole, line: &str) {
    machine.console.type_text(&format!("print(\"begun\"); {line}\r"));
    until(machine, "\nbegun");
}

/// Types `fg(id)` and returns once that line has the terminal: from then on the prompt's task waits for it.
fn start_fg(machine: &FakeMachineWithConsole, id: &str) {
    start(machine, &format!("fg({id})"));
    let limit = Instant::now() + Duration::from_secs(10);
    while state_of_prompt(machine) != TaskState::Waiting {
        assert!(Instant::now() < limit, "fg({id}) does not wait");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What the task of the last prompt does; those before it are lines in the background.
fn state_of_prompt(machine: &FakeMachineWithConsole) -> TaskState {
    let tasks = Tasks::list(machine.tasks);
    let prompts = tasks.iter().filter(|task| task.name == "prompt");
    prompts.max_by_key(|task| task.id.0).expect("a prompt").state
}

/// The number in `[1] goes on in the background`.
fn number_of_line(shown: &str) -> String {
    let number = shown.split_once("\n[").and_then(|(_, rest)| rest.split_once(']'));
    number.unwrap_or_else(|| panic!("no number in {shown:?}")).0.to_string()
}

#[test]
fn lists_tasks_with_all_that_is_known() {
    let machine = session();
    machine.enter("let c = channel::open(1); let n = counter::open(0);");
    let names = machine.enter("task::list()[0].keys()");
    for name in [
        "id",
        "parent",
        "name",
        "state",
        "cpu_time_us",
        "operations",
        "arena_bytes",
        "stack_peak_bytes",
        "handles",
    ] {
        assert!(names.contains(&format!("{name:?}")), "{name}: {names}");
    }
    assert_eq!(machine.enter("task::info(task::current()).handles"), "2\n");
    machine.enter("let gate = channel::open(1);");
    let child = "let id = task::start(|| { let own = [task::current(), task::name()]; gate.receive(); own });";
    machine.enter(child);
    assert_eq!(machine.enter("task::info(task::current()).children == [id]"), "true\n");
    assert_eq!(machine.enter("task::info(id).parent == task::current()"), "true\n");
    assert_eq!(
        machine.enter("gate.send(1); task::wait(id) == [id, \"closure in line 1\"]"),
        "true\n"
    );
    assert!(machine.enter("task::info(99999)").contains("error[not_found]"));
}

#[test]
fn refuses_bad_limits_with_codes() {
    let machine = session();
    for (line, code) in [
        ("task::limit(99999, #{memory_bytes: 1000000})", "unsupported"),
        ("task::limit((), #{speed: 1})", "not_settable"),
        ("task::limit((), #{memory_bytes: \"much\"})", "wrong_type"),
        ("task::limit(\"me\", #{memory_bytes: 1})", "wrong_type"),
        ("limits(#{tasks: 5})", "not_settable"),
    ] {
        let shown = machine.enter(line);
        assert!(shown.contains(&format!("error[{code}]")), "{line}: {shown}");
    }
    let names = machine.enter("limits().map(|l| l.name)");
    for name in [
        "memory_bytes",
        "memory_hard_bytes",
        "stack_bytes",
        "source_bytes",
        "tasks",
        "handles",
        "input_bytes",
    ] {
        assert!(names.contains(&format!("{name:?}")), "{names}");
    }
    assert_eq!(
        machine.enter("limits().filter(|l| l.name == \"source_bytes\")[0].value"),
        "262144\n"
    );
}

/// From the first call of a timer of 20 ms to the twentieth, without the times that were passed over.
fn span_of_twenty_calls(machine: &FakeMachineWithConsole) -> f64 {
    machine.enter("let times = channel::open(100); let n = 0;");
    // It has a copy of n that lasts from call to call; the session's own stays.
    machine.enter("let t = every(20, || { n += 1; times.send([n, time::uptime_ms()]); });");
    machine.enter("let got = []; for i in 0..20 { got.push(times.receive(5000)); }");
    machine.enter("let skipped = timer::list()[0].skipped; t.cancel();");
    assert_eq!(machine.enter("got[19][0]"), "20\n");
    assert_eq!(machine.enter("n"), "0\n");
    machine.number("got[19][1] - got[0][1] - 20 * skipped")
}

#[test]
fn a_timer_keeps_its_rhythm_and_its_own_state() {
    let machine = session();
    // A busy host calls late, or passes times over; one that drifts is wrong each time.
    let spans: Vec<f64> = (0..3).map(|_| span_of_twenty_calls(&machine)).collect();
    assert!(
        spans.iter().any(|span| (340.0..=440.0).contains(span)),
        "{spans:?} ms for 19 periods of 20"
    );
    assert_eq!(machine.enter("t.cancel()"), "false\n");
    assert_eq!(machine.enter("timer::list().len()"), "0\n");
}

#[test]
fn a_slow_call_skips_times_and_counts_them() {
    let machine = session();
    machine.enter("let c = channel::open(10); let begun = time::uptime_ms();");
    machine.enter("let t = every(10, || { c.send(1); time::sleep_ms(55); });");
    machine.enter("for i in 0..4 { c.receive(5000); }");
    let skipped = machine.number("timer::list()[0].skipped");
    // Three calls have ended, and a busy host makes them longer.
    let passed = machine.number("time::uptime_ms() - begun") / 10.0;
    assert!(skipped >= 12.0 && skipped <= passed, "{skipped} of {passed}");
    assert_eq!(machine.enter("timer::list()[0].name"), "\"every 10 ms\"\n");
    assert_eq!(machine.enter("t.cancel()"), "true\n");
}

#[test]
fn errors_of_a_timer_are_told_and_ten_end_it() {
    let machine = session();
    // Not `enter`: a busy host may tell of the first ones before the prompt is back.
    let line = "let t = every(2, || { throw \"broken\" }); let id = t.id();\r";
    machine.console.type_text(line);
    let told = until(&machine, "one after the other");
    assert_eq!(told.matches("error[script_error]: broken").count(), 10, "{told}");
    assert!(told.contains("(every 2 ms) ended: 10 errors"), "{told}");
    // The line that is being typed is still there.
    machine.console.type_text("1 + ");
    assert!(machine.enter("41").ends_with("\n42\n"));
    assert!(machine.enter("task::wait(id)").contains("error[too_many_errors]"));
}

#[test]
fn after_and_at_call_once() {
    let machine = session();
    machine.enter("let x = 20;");
    assert_eq!(machine.enter("task::wait(after(5, || x * 2 + 2).id())"), "42\n");
    assert_eq!(machine.enter("task::wait(at(time::unix_ms() + 5, || x).id())"), "20\n");
    assert!(
        machine
            .enter("at(\"1999-01-01\", || 1)")
            .contains("error[out_of_range]")
    );
    assert!(machine.enter("at(\"soon\", || 1)").contains("error[parse_error]"));
    assert!(machine.enter("at(true, || 1)").contains("error[wrong_type]"));
    assert!(machine.enter("every(0, || 1)").contains("error[out_of_range]"));
    assert!(machine.enter("after(-1, || 1)").contains("error[out_of_range]"));
    assert!(machine.enter("after(1, |a, b| 1)").contains("error[wrong_arguments]"));
    let name = machine.enter("let t = at(\"2999-01-01\", || 1); timer::list()[0].name");
    assert_eq!(name, "\"at 2999-01-01T00:00:00.000Z\"\n");
}

#[test]
fn events_reach_listeners_in_order_with_their_values() {
    let machine = session();
    machine.enter("let c = channel::open(100);");
    machine.enter("let a = on(\"link\", |v| c.send(v.up)); let b = on(\"link\", || c.send(7));");
    assert_eq!(machine.enter("emit(\"link\", #{up: true})"), "2\n");
    assert_eq!(
        machine.enter("let two = [c.receive(5000), c.receive(5000)]; two.contains(true) && two.contains(7)"),
        "true\n"
    );
    assert_eq!(machine.enter("b.cancel()"), "true\n");
    machine.enter("for i in 0..10 { emit(\"link\", #{up: i}); }");
    assert_eq!(
        machine.enter("let all = []; for i in 0..10 { all.push(c.receive(5000)); } all"),
        "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n"
    );
    // One that is too slow loses events, and they are counted.
    machine.enter("a.cancel(); let slow = on(\"flood\", |v| time::sleep_ms(100000));");
    assert_eq!(
        machine.enter("let taken = 0; for i in 0..200 { taken += emit(\"flood\", i); } taken <= 65"),
        "true\n"
    );
    assert_eq!(machine.enter("timer::list()[0].skipped + taken"), "200\n");
    assert_eq!(machine.enter("slow.cancel()"), "true\n");
    assert_eq!(machine.enter("emit(\"flood\", 1)"), "0\n");
}

#[test]
fn what_a_timer_prints_goes_above_the_line() {
    let machine = session();
    machine.enter("let t = on(\"now\", || print(\"tick\"));");
    machine.console.type_text("40 + 2");
    until(&machine, "40 + 2");
    machine.host.shared.emit("now", &Value::Unit);
    let shown = until(&machine, "40 + 2");
    assert!(shown.contains("tick"), "{shown:?}");
    assert_eq!(machine.enter(""), "42\n");
}

#[test]
fn ctrl_z_sends_a_line_to_the_background() {
    let machine = session();
    machine.enter("let kept = [1, 2]; const LIMIT = 9; let f = |x| x + 1; let big = blob(400000, 1);");
    machine.enter("fn twice(x) { x * 2 } fn limit() { global::LIMIT }");
    machine.enter("import \"lib/text\" as t;");
    machine.enter("let c = channel::open(5);");
    start(&machine, "kept.push(c.receive()); print(\"later\"); kept");
    machine.console.type_text("\x1a");
    let shown = machine.console.take_until("rhai> ");
    assert!(
        shown.contains("goes on in the background: print(\"begun\"); kept.push"),
        "{shown}"
    );
    assert!(shown.contains("These stay with it: big"), "{shown}");
    // The next prompt has copies, of functions and imports too.
    assert_eq!(machine.enter("kept"), "[1, 2]\n");
    assert_eq!(machine.enter("[twice(21), f.call(1), limit()]"), "[42, 2, 9]\n");
    assert!(machine.enter("LIMIT = 3").contains("error[constant]"));
    assert!(machine.enter("big").contains("error[variable_not_found]"));
    // What the line waits for goes on, and its result is told above the line that is typed.
    machine.console.type_text("c.send(3)\r");
    let told = until(&machine, "done: ");
    assert!(told.contains("later"), "{told}");
    machine.console.type_text("\r");
    machine.console.take_until("rhai> ");
    assert_eq!(machine.enter("kept"), "[1, 2]\n");
}

#[test]
fn ctrl_z_that_comes_before_the_line_runs_counts() {
    let machine = session();
    machine.enter("let c = channel::open(1);");
    machine.console.type_text("c.receive()\r\x1a");
    let shown = machine.console.take_until("rhai> ");
    assert!(shown.contains("goes on in the background"), "{shown}");
    let id = number_of_line(&shown);
    assert!(machine.enter(&format!("c.send(5); task::wait({id})")).contains('5'));
    // It belongs to the line that it was typed after.
    machine.console.type_text("40 + 2\rc.receive()\r\x1a");
    let shown = until(&machine, "goes on in the background");
    assert!(shown.contains("\n42"), "{shown}");
}

#[test]
fn ctrl_z_for_a_line_that_ends_at_once_leaves_one_prompt_and_its_tasks() {
    let machine = session();
    machine.enter("let kept = 7; let c = channel::open(1); let listener = task::start(|| c.receive());");
    for (line, end) in [
        (")", "ended:"),
        ("throw 5", "ended:"),
        ("?print", "done"),
        ("40 + 2", "done"),
    ] {
        for _ in 0..10 {
            machine.console.type_text(&format!("{line}\r\x1a"));
            let shown = until(&machine, &format!("] {end}"));
            let told = shown.split_once("goes on in the background").map(|(before, _)| before);
            assert!(told.is_some_and(|before| !before.contains(end)), "{shown}");
            machine.console.type_text("6543210 + 1\r");
            let shown = until(&machine, "\n6543211\r\nrhai> ");
            assert!(!shown.contains("restarted"), "{shown}");
        }
    }
    assert_eq!(machine.enter("kept"), "7\n");
    assert_eq!(machine.enter("c.send(8); task::wait(listener)"), "8\n");
}

#[test]
fn a_line_that_is_killed_as_it_leaves_takes_nothing_of_the_prompt_with_it() {
    let machine = session();
    machine.enter("let kept = 7; let c = channel::open(1);");
    for _ in 0..10 {
        machine.enter("let own = channel::open(1); let listener = task::start(|| own.send(c.receive()));");
        machine
            .console
            .type_text("bg(); task::kill(task::current()); loop {}\r");
        until(&machine, "error[killed]");
        machine.console.type_text("6543210 + 1\r");
        until(&machine, "\n6543211\r\nrhai> ");
        assert_eq!(machine.enter("c.send(kept); own.receive()"), "7\n");
    }
}

#[test]
fn a_child_cannot_send_away_the_line_that_was_brought_back() {
    let machine = session();
    machine.enter("let c = channel::open(1); let gate = channel::open(1);");
    machine.enter("let child = task::start(|| { gate.receive(); let id = 0; try { id = bg(); } catch (error) { id = error.code; } id });");
    start(&machine, "c.receive()");
    machine.console.type_text("\x1a");
    let id = number_of_line(&machine.console.take_until("rhai> "));
    machine.enter("on(\"now\", || { gate.send(1); c.send(task::wait(child)) });");
    start_fg(&machine, &id);
    machine.host.shared.emit("now", &Value::Unit);
    let shown = machine.console.take_until("rhai> ");
    assert!(shown.ends_with("\"not_at_prompt\"\r\nrhai> "), "{shown:?}");
}

#[test]
fn bg_detaches_from_within_and_fg_returns() {
    let machine = session();
    machine.enter("let c = channel::open(5); let seen = [];");
    machine
        .console
        .type_text("let me = bg(); seen.push(c.receive()); seen.push(c.receive()); seen\r");
    let shown = machine.console.take_until("rhai> ");
    let id = number_of_line(&shown);
    assert_eq!(
        machine.enter(&format!("task::info({id}).parent == task::current()")),
        "true\n"
    );
    assert!(machine.enter("fg(999)").contains("error[not_found]"));
    machine.enter("c.send(1)");
    // Back, away again with Ctrl-Z, back, and to its end.
    start_fg(&machine, &id);
    machine.console.type_text("\x1a");
    let shown = machine.console.take_until("rhai> ");
    assert!(shown.contains(&format!("[{id}] goes on in the background")), "{shown}");
    machine.enter("let ends = on(\"now\", || c.send(2));");
    start_fg(&machine, &id);
    machine.host.shared.emit("now", &Value::Unit);
    let shown = machine.console.take_until("rhai> ");
    assert!(shown.ends_with("[1, 2]\r\nrhai> "), "{shown:?}");
    assert!(machine.enter(&format!("task::wait({id})")).contains("error[not_found]"));
}

#[test]
fn ctrl_c_ends_the_line_that_was_brought_back() {
    let machine = session();
    start(&machine, "let n = 0; loop { n += 1; }");
    machine.console.type_text("\x1a");
    let shown = machine.console.take_until("rhai> ");
    let id = number_of_line(&shown);
    start_fg(&machine, &id);
    machine.console.type_text("\x03");
    let shown = machine.console.take_until("rhai> ");
    assert!(shown.contains("error[cancelled]"), "{shown}");
    // A result in the background waits for whoever asks.
    start(&machine, "time::sleep_ms(3000); 42");
    machine.console.type_text("\x1a");
    let shown = machine.console.take_until("rhai> ");
    let id = number_of_line(&shown);
    assert_eq!(machine.enter(&format!("task::wait({id})")).lines().last(), Some("42"));
}

#[test]
fn only_a_line_of_the_prompt_goes_to_the_background() {
    let machine = session();
    assert!(
        machine
            .enter("task::wait(task::start(|| bg()))")
            .contains("error[not_at_prompt]")
    );
    assert_eq!(machine.enter("40 + 2"), "42\n");
}

#[test]
fn a_wait_that_a_description_denies_is_an_error() {
    let machine = session();
    assert!(machine.enter("debug::hidden_wait()").contains("error[undeclared_wait]"));
    // A callback may wait, and printing may.
    assert_eq!(
        machine.enter("[1].map(|x| { time::sleep_ms(1); print(x); x })"),
        "1\n[1]\n"
    );
}
