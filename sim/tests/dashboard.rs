//! The dashboard on a real pseudo terminal, with the keys that a person presses.

mod pty;

use std::time::Duration;

use pty::{CONTROL_C, DOWN, start, start_with};

/// The first row of the list, behind the columns' names.
fn first_task(screen: &vt100::Screen) -> Option<String> {
    let (_, columns) = screen.size();
    let mut rows = screen
        .rows(0, columns.get())
        .skip_while(|row| !row.trim_start().starts_with("ID "));
    rows.nth(1)
}

#[test]
fn shows_the_host_and_leaves_no_trace() {
    let prompt = start(80, 24);
    prompt.enter("40 + 2");
    let before = prompt.screen();
    for leave in ["q", "\x1b", CONTROL_C] {
        prompt.press("dashboard()\r");
        prompt.wait_until("the whole screen", |screen| {
            let text = screen.contents();
            screen.hide_cursor()
                && ["Rhaios", "mem █", "tasks:", "q leave"]
                    .iter()
                    .all(|word| text.contains(word))
        });
        // It goes on by itself: the clock does.
        let first = prompt.screen();
        prompt.wait_until("another second", |screen| {
            screen.contents().lines().next() != first.lines().next()
        });
        prompt.take_bytes();
        prompt.press(leave);
        prompt.take_until(b"rhai> ");
        let screen = prompt.screen();
        assert!(screen.starts_with(&before) && !screen.contains("tasks:"), "{screen}");
        prompt.wait_until("a cursor", |screen| !screen.hide_cursor());
    }
    assert_eq!(prompt.enter("6 * 7"), "42\n");
}

#[test]
fn keys_order_pause_and_end_tasks() {
    let prompt = start(80, 24);
    prompt.enter("let busy = task::start(|| { loop { } })");
    prompt.press("dashboard()\r");
    // The busiest comes first.
    prompt.wait_until("the busy task", |screen| {
        first_task(screen).is_some_and(|row| row.contains("ready") && row.contains("line 1"))
    });
    prompt.press("?");
    prompt.wait_for("end the selected task");
    prompt.press(" i");
    prompt.wait_for("ID▲");
    prompt.press("r");
    prompt.wait_for("ID▼");
    prompt.press("p");
    prompt.wait_for("PAUSED");
    prompt.press("p-");
    prompt.wait_for("every 0.5 s");
    prompt.press("c");
    prompt.wait_until("the busy task", |screen| {
        first_task(screen).is_some_and(|row| row.contains("line 1"))
    });
    prompt.press(&format!("{DOWN}\x1b[A"));
    prompt.press("k");
    prompt.wait_for("? y/n");
    prompt.press("n");
    prompt.wait_for("nothing was ended");
    prompt.press("ky");
    prompt.wait_for("was told to end");
    prompt.wait_until("the task's end", |screen| {
        let text = screen.contents();
        text.contains("1 ended") && !text.contains("line 1")
    });
    prompt.press("q");
    prompt.wait_for_prompt();
    assert!(
        prompt
            .enter("try { task::wait(busy) } catch (error) { print(error.code) }")
            .contains("killed")
    );
}

#[test]
fn follows_the_size_of_the_terminal() {
    let prompt = start(80, 24);
    prompt.press("dashboard()\r");
    prompt.wait_for("q leave");
    for (columns, rows) in [(132, 43), (40, 10), (8, 4), (1, 1), (200, 60), (80, 24)] {
        prompt.resize(columns, rows);
        prompt.wait_until("a title as wide as the screen", |screen| {
            let is_title = |column| screen.cell(0, column).is_some_and(vt100::Cell::inverse);
            is_title(columns - 1)
                && (rows < 24
                    || screen
                        .rows(0, columns)
                        .last()
                        .is_some_and(|row| row.starts_with("q leave")))
        });
    }
    // Keys held down, and a paste, do no harm.
    prompt.press(&"\x1b[B\x1b[6~".repeat(200));
    prompt.press("\x1b[200~xyz\x1b[201~");
    prompt.wait_for("q leave");
    prompt.press("q");
    prompt.wait_for_prompt();
    assert_eq!(prompt.enter("6 * 7"), "42\n");
}

#[test]
fn what_others_print_waits_until_it_is_left() {
    let prompt = start(80, 24);
    prompt.enter("let later = task::start(|| { time::sleep_ms(300); print(\"from afar\"); })");
    prompt.press("dashboard()\r");
    prompt.wait_for("q leave");
    std::thread::sleep(Duration::from_millis(700));
    assert!(!prompt.screen().contains("from afar"));
    prompt.press("q");
    prompt.wait_for("from afar");
}

#[test]
fn is_text_on_a_dumb_terminal() {
    let prompt = start_with(80, 24, "dumb", &[]);
    prompt.wait_for("rhai> ");
    prompt.take_bytes();
    prompt.press("dashboard()\r");
    prompt.wait_for("id state    cpu % memory ops/s name");
    let bytes = prompt.take_until(b"rhai> ");
    assert!(!bytes.contains(&0x1b));
    assert!(String::from_utf8_lossy(&bytes).contains("core 0: "));
}
