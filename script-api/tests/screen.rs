//! What `screen::*` refuses, and who owns which part of the screen.

mod host;

use std::sync::Mutex;

use host::{FakeDisplay, machine};
use services::screen::Screen;

/// One call of each function that needs a region.
const DRAWINGS: [&str; 6] = [
    "screen::pixel(1, 1, \"red\")",
    "screen::line(0, 0, 5, 5, 1)",
    "screen::rect(0, 0, 5, 5, 1)",
    "screen::fill(0, 0, 5, 5, 1)",
    "screen::text(0, 0, \"x\", 1)",
    "screen::image(0, 0, blob(3))",
];
/// One call of each function that does not.
const OTHERS: [&str; 6] = [
    "screen::info()",
    "screen::clear()",
    "screen::write_at(0, 0, \"x\")",
    "screen::color(\"red\")",
    "screen::font(\"8x16\")",
    "screen::region()",
];

fn code(call: &str) -> String {
    format!("try {{ {call}; print(\"fine\") }} catch (error) {{ print(error.code) }}")
}

#[test]
fn everything_needs_a_screen() {
    let mut machine = machine(&[]);
    machine.host.display = None;
    machine.start_session();
    for call in DRAWINGS.iter().chain(&OTHERS).chain(&["screen::release()"]) {
        assert_eq!(machine.enter(&code(call)), "no_screen\n", "{call}");
    }
}

#[test]
fn text_mode_has_text_only() {
    let mut machine = machine(&[]);
    machine.host.display = Some(Box::leak(Box::new(FakeDisplay {
        screen: Mutex::new(Screen::new_text(80, 25)),
    })));
    machine.start_session();
    for call in DRAWINGS.iter().chain(&["screen::font(\"12x24\")", "screen::region()"]) {
        assert_eq!(machine.enter(&code(call)), "unsupported\n", "{call}");
    }
    for call in &OTHERS[..4] {
        assert_eq!(machine.enter(&code(call)), "fine\n", "{call}");
    }
    let info = machine.enter("let info = screen::info(); print([info.width, info.font, info.columns, info.rows])");
    assert_eq!(info, "[(), (), 80, 25]\n");
}

#[test]
fn drawing_needs_a_region_of_the_task() {
    let machine = machine(&[]);
    machine.start_session();
    for call in DRAWINGS {
        assert_eq!(machine.enter(&code(call)), "no_region\n", "{call}");
    }
    assert_eq!(
        machine.enter("screen::region(10, 20, 30, 40) == #{x: 10, y: 20, width: 30, height: 40}"),
        "true\n"
    );
    for call in &DRAWINGS[..5] {
        assert_eq!(machine.enter(&code(call)), "fine\n", "{call}");
    }
    assert_eq!(machine.enter(&code(DRAWINGS[5])), "bad_image\n");
    let child = |call: &str| {
        let body = format!("try {{ {call}; return \"fine\" }} catch (error) {{ return error.code }}");
        machine.enter(&format!("print(task::wait(task::start(|| {{ {body} }})))"))
    };
    assert_eq!(child("screen::pixel(1, 1, 1)"), "no_region\n");
    assert_eq!(child("screen::region()"), "busy\n");
    assert_eq!(child("screen::region(39, 59, 5, 5)"), "busy\n");
    assert_eq!(child("screen::region(40, 60, 5, 5)"), "fine\n");
    assert_eq!(machine.enter(&code("screen::region(600, 0, 41, 1)")), "out_of_range\n");
    assert_eq!(machine.enter(&code("screen::region(-1, 0, 4, 1)")), "out_of_range\n");
    assert_eq!(machine.enter("screen::release()"), "true\n");
    assert_eq!(machine.enter("screen::release()"), "false\n");
}

#[test]
fn colours_places_and_fonts_are_checked() {
    let machine = machine(&[]);
    machine.start_session();
    machine.enter("screen::region();");
    for color in ["\"rde\"", "-1", "0x1000000", "1.5", "()", "[1]", "\"#12345\""] {
        assert_eq!(
            machine.enter(&code(&format!("screen::pixel(1, 1, {color})"))),
            "bad_color\n",
            "{color}"
        );
        assert_eq!(
            machine.enter(&code(&format!("screen::color(1, {color})"))),
            "bad_color\n",
            "{color}"
        );
    }
    for (column, row) in [(80, 0), (0, 25), (-1, 0), (0, -1), (i64::MAX, i64::MAX)] {
        let call = format!("screen::write_at({column}, {row}, \"x\")");
        assert_eq!(machine.enter(&code(&call)), "out_of_range\n", "{call}");
    }
    assert_eq!(machine.enter(&code("screen::font(\"9x9\")")), "not_found\n");
    assert_eq!(machine.enter("screen::font(\"12x24\"); screen::info().rows"), "16\n");
}

#[test]
fn ctrl_c_gives_the_sessions_region_back() {
    let machine = machine(&[]);
    machine.start_session();
    let draw = code("screen::pixel(1, 1, \"red\")");
    for ending in ["\x03", "loop {}\r\x03"] {
        assert_eq!(machine.enter("screen::region(0, 0, 8, 8).width"), "8\n");
        assert_eq!(machine.enter(&draw), "fine\n");
        machine.console.type_text(ending);
        machine.console.take_until("\nrhai> ");
        assert_eq!(machine.enter(&draw), "no_region\n");
    }
}
