//! Keys that a script reads at the prompt.

mod host;

use host::standard_machine;

#[test]
fn a_script_reads_keys_by_name() {
    let machine = standard_machine();
    machine.start_session();
    for (typed, name) in [
        ("a", "a"),
        ("ä", "ä"),
        (" ", "space"),
        ("\r", "enter"),
        ("\x1b[A", "up"),
        ("\x1b[15~", "f5"),
        ("\x01", "ctrl-a"),
        ("\x1b", "escape"),
        ("\x7f", "backspace"),
    ] {
        machine
            .console
            .type_text(&format!("print(`<${{key::read(9000)}}>`)\r{typed}"));
        let shown = machine.console.take_until(">\r\nrhai> ");
        assert!(shown.contains(&format!("<{name}>")), "{typed:?}: {shown:?}");
    }
}

#[test]
fn a_wait_for_a_key_ends() {
    let machine = standard_machine();
    machine.start_session();
    assert_eq!(machine.enter("key::read(20) == ()").trim_end(), "true");
    // Another task than the prompt's has no right to the keys.
    let refused = machine.enter("task::wait(task::start(|| key::read(20)))");
    assert!(refused.contains("error[in_use]"), "{refused}");
    machine.console.type_text("key::read()\r");
    std::thread::sleep(std::time::Duration::from_millis(50));
    machine.console.type_text("\x03");
    let shown = machine.console.take_until("\nrhai> ");
    assert!(shown.contains("error[cancelled]"), "{shown}");
}
