//! Regular expressions, JSON, tables and the like as a script meets them: error codes, Ctrl-C, and tasks.

mod host;

use host::{FakeMachineWithConsole, standard_machine};
use std::time::Duration;

/// What Ctrl-C may take on a machine that does other things too.
const CTRL_C_LIMIT: Duration = Duration::from_millis(250);

fn session() -> FakeMachineWithConsole {
    let machine = standard_machine();
    machine.start_session();
    machine
}

/// The code of the error that `line` ends with.
fn code(machine: &FakeMachineWithConsole, line: &str) -> String {
    let shown = machine.enter(&format!("try {{ {line} }} catch (error) {{ print(error.code) }};"));
    shown.trim_end().to_owned()
}

#[test]
fn errors_have_codes_that_a_script_can_catch() {
    let machine = session();
    for (line, expected) in [
        ("json::parse(\"[1,\")", "parse_error"),
        ("json::parse(text::repeat(\"[\", 1000))", "too_deep"),
        ("json::parse(\"1e999\")", "out_of_range"),
        ("json::print(|x| x)", "wrong_type"),
        ("(0.0/0.0).to_json()", "not_finite"),
        ("#{a: 0.0/0.0}.to_json()", "not_finite"),
        ("parse_json(\"\")", "parse_error"),
        ("hash::sha256(5)", "wrong_type"),
        ("hex::decode(\"abc\")", "parse_error"),
        ("base64::decode(\"=\")", "parse_error"),
        ("rand::int(2, 1)", "out_of_range"),
        ("rand::choice([])", "empty"),
        ("rand::bytes(-1)", "out_of_range"),
        ("bytes::pack(\"H\", [])", "wrong_count"),
        ("bytes::unpack(\"H\", blob(1))", "too_short"),
        ("bytes::unpack(\"H\", blob(1), 9223372036854775807)", "too_short"),
        ("csv::parse(\"a,b\\n1\")", "parse_error"),
        ("csv::parse(\"a\", #{nothing: 1})", "bad_option"),
        ("toml::parse(\"a =\")", "parse_error"),
        ("toml::print(#{a: [()]})", "wrong_type"),
        ("time::parse(\"yesterday\")", "parse_error"),
        ("time::format(0, \"%Q\")", "bad_format"),
        ("time::date(9223372036854775807)", "out_of_range"),
        ("text::repeat(\"a\", -1)", "out_of_range"),
        ("text::replace(\"a\", \"\", \"b\")", "empty"),
        ("text::from_codes([55296])", "out_of_range"),
        ("text::join([()], \"\")", "wrong_type"),
        ("text::fixed(1.0, 1000)", "out_of_range"),
        ("text::wrap(\"a\", 0)", "out_of_range"),
        ("regex::compile(\"(\")", "bad_pattern"),
        ("regex::is_match(\"a{99999}\", \"\")", "too_large"),
        ("regex::find(5, \"\")", "wrong_type"),
        ("regex::replace(\"a\", \"a\", \"$1\")", "bad_replacement"),
        ("regex::replace(\"a\", \"a\", |m| 5)", "wrong_type"),
        ("regex::replace(\"a\", \"a\", |m| throw #{code: \"mine\"})", "mine"),
    ] {
        assert_eq!(code(&machine, line), expected, "{line}");
    }
}

#[test]
fn a_long_computation_ends_at_ctrl_c() {
    let machine = session();
    // Each takes longer than the time until Ctrl-C, on most machines far longer.
    machine
        .enter("let long = text::repeat(\"[1, \\\"two\\\", null, {}], \", 3000000); let list = \"[\" + long + \"0]\";");
    machine.enter("let lines = text::repeat(\"aaab,1,\\\"c\\\"\\\"d\\\",e\\n\", 4000000);");
    machine.enter("let big = rand::bytes(64000000);");
    machine.enter("let numbers = []; numbers.pad(4000000, 1.5);");
    // The largest text that is compiled.
    machine.enter("fs::write(\"/tmp/large.rhai\", \"[\" + text::repeat(\"1,\", 131000) + \"]\");");
    for line in [
        "json::parse(list)",
        "json::print(numbers)",
        "json::print(big)",
        "hash::sha256(lines)",
        "hash::sha256(big)",
        "hash::sha1(lines)",
        "hash::md5(big)",
        "hash::crc32(lines + lines + lines + lines)",
        "hex::encode(big)",
        "base64::encode(big)",
        "csv::parse(lines, #{header: false})",
        "csv::print([numbers, numbers])",
        "regex::find_all(\"(a|b)+\", lines)",
        "regex::is_match(\"(.*)(.*)(.*)(.*)(.*)[^x]zzzz\", long)",
        // Quadratic in the text: each match looks at all that is left.
        "regex::find_all(\"[a-z,0-9\\\"\\n]*Z|a\", lines)",
        "regex::split(\",\", lines)",
        "regex::replace(\"b\", lines, \"<$0>\")",
        "text::repeat(\"x\", 9000000000000)",
        "text::pad_start(\"x\", 9000000000000)",
        "text::words(lines)",
        "text::replace(lines, \"a\", \"bb\")",
        "text::wrap(long, 40)",
        "text::codes(lines)",
        "rand::bytes(9000000000000)",
        "rand::shuffle(numbers)",
        "bytes::pack(\"4000000d\", numbers)",
        "loop { let a = numbers; a.sort(); }",
        "numbers.sort(|a, b| 0)",
        "loop { run(\"/tmp/large.rhai\"); }",
    ] {
        // A fast host may be done before Ctrl-C (some processors hash by an instruction), hence ever earlier ones. On a
        // busy host this test may be late with it, or the answer late to arrive; a native that ignores it is late each
        // time.
        let mut tries = [40, 20, 10, 5]
            .into_iter()
            .map(|delay_ms| interrupt(&machine, line, delay_ms));
        let ends = |(shown, taken): (String, Duration)| shown.contains("error[cancelled]") && taken < CTRL_C_LIMIT;
        assert!(tries.any(ends), "{line} did not end at Ctrl-C");
    }
}

/// Types Ctrl-C `delay_ms` after `line` was entered; what is shown then, and how long it took.
fn interrupt(machine: &FakeMachineWithConsole, line: &str, delay_ms: u64) -> (String, Duration) {
    let (shown, taken) = machine.interrupt(&format!("{line};"), Duration::from_millis(delay_ms));
    // Where the line had ended before, the prompt answers Ctrl-C once more.
    machine.console.type_text("40 + 2\r");
    machine.console.take_until("\n42\r\nrhai> ");
    (shown, taken)
}

#[test]
fn a_compiled_pattern_serves_while_it_is_in_use() {
    let machine = session();
    machine.enter("let number = regex::compile(`\\d+`);");
    let nested = "regex::replace(number, \"1 22\", |m| regex::replace(number, m.text, |n| `<${n.text}>`))";
    assert_eq!(machine.enter(nested), "\"<1> <22>\"\n");
    assert_eq!(machine.enter("type_of(number)"), "\"Regex\"\n");
    // Another task gets copies of values, and a pattern is none.
    let shown = machine.enter("task::start(|| regex::is_match(number, \"1\"))");
    assert!(shown.contains("error[cannot_copy]"), "{shown}");
    let shown = machine.enter("task::wait(task::start(|| regex::find_all(\"a\", \"banana\").len()))");
    assert_eq!(shown, "3\n");
}

#[test]
fn a_seed_is_the_tasks_own() {
    let machine = session();
    let draw = "[rand::int(0, 1000000), rand::float(), rand::bytes(4), rand::shuffle([1, 2, 3, 4, 5])]";
    machine.enter("rand::seed(42)");
    let first = machine.enter(draw);
    machine.enter("rand::seed(42)");
    assert_eq!(machine.enter(draw), first);
    assert_ne!(machine.enter(draw), first);
    machine.enter("rand::seed(42)");
    let child = machine.enter("task::wait(task::start(|| rand::int(0, 1000000000)))");
    assert_eq!(machine.enter(draw), first, "the child drew from its parent's numbers");
    machine.enter("rand::seed()");
    assert_ne!(machine.enter("rand::int(0, 1000000000)"), child);
    // Bounds at the ends of the range of an int.
    let wide = machine.enter("let a = rand::int(-9223372036854775808, 9223372036854775807); type_of(a)");
    assert_eq!(wide, "\"i64\"\n");
}

#[test]
fn values_make_a_round_trip() {
    let machine = session();
    machine.enter("let value = #{a: [1, -2.5, \"ü\\n\", true, ()], b: #{c: []}, d: 'x'};");
    assert_eq!(machine.enter("json::parse(json::print(value)).b.c"), "[]\n");
    assert_eq!(
        machine.enter("json::parse(json::print_pretty(value)) == json::parse(value.to_json())"),
        "true\n"
    );
    assert_eq!(
        machine.enter("print([1].to_json() + \"x\".to_json() + 5.to_json() + ().to_json())"),
        "[1]\"x\"5null\n"
    );
    assert_eq!(
        machine.enter("let count = 5; let f = || count += 1; f.call(); count.to_json()"),
        "\"6\"\n"
    );
    assert_eq!(
        machine.enter("let t = #{n: 1, s: #{x: [1.5]}}; toml::parse(toml::print(t)) == t"),
        "true\n"
    );
    assert_eq!(
        machine.enter("let rows = [#{a: \"1\", b: \"x\"}]; csv::parse(csv::print(rows)) == rows"),
        "true\n"
    );
    assert_eq!(machine.enter("time::parse(time::now()) - time::unix_ms()"), "0\n");
}
