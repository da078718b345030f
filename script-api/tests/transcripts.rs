//! What a person sees at the prompt.

mod host;

use host::{machine, standard_machine};
use script_api::context::TaskContext;
use script_api::error::Failure;
use script_api::session::Session;
use services::task::Requests;
use services::value::Value;
use std::thread;
use std::time::Duration;

#[test]
fn answers_and_remembers() {
    let machine = standard_machine();
    machine.start_session();
    for (line, shown) in [
        ("40 + 2", "42\n"),
        ("debug([1]); debug(\"x\")", "1:1: [1]\n1:13: \"x\"\n"),
        ("let x = 5;", ""),
        ("x", "5\n"),
        ("x += 1", ""),
        ("\"text\"", "\"text\"\n"),
        ("fn double(n) { n * 2 }", ""),
        ("double(x)", "12\n"),
        ("let f = |n| double(n) + 1;", ""),
        ("f.call(10)", "21\n"),
        ("fn double(n) { n * 20 }", ""),
        ("f.call(1)", "21\n"),
        (
            "[1, 2.0, 'c', \"s\", (), true, 0..3]",
            "[1, 2.0, 'c', \"s\", (), true, 0..3]\n",
        ),
        ("#{b: 1, a: [()]}", "#{\"a\": [()], \"b\": 1}\n"),
        ("blob(3, 255)", "[ff ff ff]\n"),
        ("print(\"a\"); print(\"b\")", "a\nb\n"),
        ("const LIMIT = 7;", ""),
        ("fn limit() { global::LIMIT }", ""),
        ("limit()", "7\n"),
        ("let v = []; for i in 0..150 { v.push(i) }", ""),
        ("v.len()", "150\n"),
    ] {
        assert_eq!(machine.enter(line), shown, "{line}");
    }
    assert!(machine.enter("v").ends_with("98, 99,\n ... 50 more (150 in all)]\n"));
}

#[test]
fn keeps_imports() {
    let machine = machine(&[
        (
            "lib/a.rhai",
            "import \"./b\" as b; fn twice(x) { b::two() * x } export const NAME = \"a\";",
        ),
        ("lib/b.rhai", "fn two() { 2 }"),
        ("lib/cycle.rhai", "import \"lib/cycle\" as me;"),
        ("lib/broken.rhai", "fn f() {\n  1 +\n}"),
        (
            "lib/fails.rhai",
            "fn fail() {\n  throw #{code: \"mine\", message: \"no\"}\n}",
        ),
    ]);
    machine.start_session();
    assert_eq!(machine.enter("import \"lib/a\" as a;"), "");
    assert_eq!(machine.enter("a::twice(21)"), "42\n");
    assert_eq!(machine.enter("a::NAME"), "\"a\"\n");
    assert_eq!(machine.enter("fn four() { a::twice(2) }"), "");
    assert_eq!(machine.enter("four()"), "4\n");
    assert!(
        machine
            .enter("import \"lib/cycle\" as c;")
            .contains("error[import_cycle]")
    );
    assert!(machine.enter("import \"lib/none\" as c;").contains("error[not_found]"));
    assert!(
        machine
            .enter("import \"lib/../../x\" as c;")
            .contains("error[not_found]")
    );
    let broken = machine.enter("import \"lib/broken\" as c;");
    assert!(
        broken.contains("error[syntax_error]") && broken.contains("/rom/lib/broken.rhai, line 3"),
        "{broken}"
    );
    machine.enter("import \"lib/fails.rhai\" as f;");
    let failed = machine.enter("f::fail()");
    assert!(
        failed.contains("error[mine]: no") && failed.contains("`fail` of /rom/lib/fails.rhai, line 2"),
        "{failed}"
    );
}

#[test]
fn shows_errors_with_line_and_caret() {
    let machine = machine(&[]);
    machine.start_session();
    assert_eq!(
        machine.enter("let y = nope + 1;"),
        "  let y = nope + 1;\n          ^\nerror[variable_not_found]: Variable not found: nope (line 1, column 9)\n"
    );
    assert_eq!(
        machine.enter("throw \"oops\""),
        "  throw \"oops\"\n  ^\nerror[script_error]: oops (line 1, column 1)\n"
    );
    let thrown = machine.enter("throw #{code: \"mine\", message: \"by hand\"}");
    assert!(
        thrown.ends_with("error[mine]: by hand (line 1, column 1)\n"),
        "{thrown}"
    );
    for (line, code, place) in [
        ("let = 3", "syntax_error", "line 1, column 5"),
        ("[1, 2][7]", "out_of_bounds", "line 1"),
        ("1 / 0", "arithmetic", "line 1, column 3"),
        ("1 + nothing", "variable_not_found", "line 1, column 5"),
    ] {
        let shown = machine.enter(line);
        assert!(
            shown.contains(code) && shown.contains(place) && shown.contains('^'),
            "{line}: {shown}"
        );
    }
    machine.enter("fn divide(a, b) { a / b }");
    let inside = machine.enter("divide(1, 0)");
    assert!(inside.starts_with("  divide(1, 0)\n  ^\nerror[arithmetic]"), "{inside}");
    assert!(
        inside.contains("\n  in `divide`, line 1, column 21\n  fn divide"),
        "{inside}"
    );
    let wrong = machine.enter("time::sleep_ms(\"5\")");
    assert!(
        wrong.contains("error[function_not_found]") && wrong.contains("there is time::sleep_ms(ms: int)"),
        "{wrong}"
    );
    let wrong = machine.enter("sleep_ms(5)");
    assert!(wrong.contains("did you mean \"time::sleep_ms\"?"), "{wrong}");
    assert!(machine.enter("1 +* 2").contains("error[syntax_error]"));
    assert!(machine.enter("eval(\"1\")").contains("error["));
    assert_eq!(
        machine
            .enter("[1].map(|x| x.nope())")
            .lines()
            .last()
            .map(|line| line.starts_with("error[") || line.starts_with("  in")),
        Some(true)
    );
}

#[test]
fn forgets_functions_of_a_failed_line() {
    let machine = machine(&[]);
    machine.start_session();
    machine.enter("fn f() { 1 }");
    assert!(
        machine
            .enter("fn f() { 2 } let g = |x| x + 1; throw 1")
            .contains("error")
    );
    assert_eq!(machine.enter("f()"), "1\n");
    assert_eq!(machine.enter("g.call(1)"), "2\n");
}

#[test]
fn keeps_one_variable_of_a_name() {
    let machine = machine(&[]);
    machine.start_session();
    machine.enter("let a = 1; let b = 2; const C = 3; let f = || a;");
    machine.enter("let a = 10; let d = 4; let a = 100;");
    assert_eq!(machine.enter("[a, b, C, d, f.call()]"), "[100, 2, 3, 4, 1]\n");
    assert!(machine.enter("C = 1").contains("error[constant]"));
    machine.enter("let C = 5; C = 6;");
    assert_eq!(machine.enter("C"), "6\n");
}

#[test]
fn drops_the_variables_that_used_up_the_memory() {
    let machine = machine(&[]);
    let outcome = machine.run(move || {
        let context = TaskContext::current(machine.host, None);
        let mut session = Session::new(context);
        assert!(session.evaluate("let kept = 1;").is_ok());
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            context.control.ask(Requests::MEMORY);
        });
        let error = session
            .evaluate("let big = [1]; big.push(2); loop { }")
            .expect_err("it stops");
        assert_eq!(Failure::of(&error).code, "memory_limit");
        context.control.take(Requests::MEMORY);
        assert!(session.evaluate("big").is_err());
        assert_eq!(session.evaluate("kept").expect("it is there").as_int(), Ok(1));
        Ok(Value::Unit)
    });
    assert_eq!(outcome, Ok(Value::Unit));
}

#[test]
fn continues_unfinished_input() {
    let machine = machine(&[]);
    machine.start_session();
    machine.console.type_text("fn add(a, b) {\r  a +\r  b\r}\r");
    let shown = machine.console.take_until("rhai> ");
    assert_eq!(shown, "fn add(a, b) {\r\n  ...   a +\r\n  ...   b\r\n  ... }\r\nrhai> ");
    assert_eq!(machine.enter("add(1, 2)"), "3\n");
    machine.console.type_text("`a\rb ${add(\r1, 1)}`\r");
    assert!(machine.console.take_until("rhai> ").ends_with("\"a\\nb 2\"\r\nrhai> "));
}

#[test]
fn ends_anything_with_control_c_and_keeps_the_variables() {
    let machine = machine(&[]);
    machine.start_session();
    machine.enter("let kept = 7;");
    machine.enter("fn slow(a, b) { for i in 0..1000 { } a - b }");
    machine.enter("let numbers = []; for i in 0..2000 { numbers.push(i * 7919 % 2003) }");
    for line in [
        "loop {}",
        "time::sleep_ms(1000000000)",
        "numbers.sort_by(|a, b| slow(a, b))",
        "loop { try { [1].filter(|x| loop {}) } catch { } }",
        "task::wait(task::start(|| loop {}))",
        "while true { print(\"x\".len()) }",
        "fn forever() { loop {} } try { forever() } catch { }",
    ] {
        let shown = machine.interrupt_within(line, Duration::from_millis(60), Duration::from_secs(1));
        assert!(
            shown.contains("error[cancelled]: interrupted by Ctrl-C"),
            "{line}: {shown}"
        );
        assert_eq!(machine.enter("kept"), "7\n");
    }
    assert_eq!(machine.enter("numbers.len()"), "2000\n");
}

#[test]
fn ends_recursion_with_an_error_of_its_own() {
    let machine = machine(&[]);
    machine.start_session();
    let shown = machine.enter("fn f(n) { f(n + 1) } f(0)");
    assert!(shown.contains("error[recursion_limit]"), "{shown}");
    let shown = machine.enter("let f = |f| f.call(f) + 1; f.call(f)");
    assert!(shown.contains("error[recursion_limit]"), "{shown}");
    let shown = machine.enter(&format!("{}{}", "(".repeat(20_000), ")".repeat(20_000)));
    assert!(shown.contains("error[syntax_error]"), "{}", shown.len());
    let shown = machine.enter("fn g(n) { [n].map(|x| g(x + 1)) } g(0)");
    assert!(shown.contains("error[recursion_limit]"), "{shown}");
    assert_eq!(machine.enter("1"), "1\n");
}

#[test]
fn survives_the_death_of_a_session() {
    let machine = machine(&[]);
    machine.start_session();
    machine.enter("let x = 1;");
    machine.enter("debug::panic()");
    assert!(machine.enter("x").contains("error[variable_not_found]"));
    machine.console.type_text("\x04");
    machine.console.take_until("rhai> ");
    assert_eq!(machine.enter("1"), "1\n");
    machine.console.type_text("\x1b[A\x1b[A\x1b[A\x1b[A\r");
    assert!(machine.console.take_until("rhai> ").contains("let x = 1;"));
}

#[test]
fn runs_tasks_on_copies() {
    let machine = machine(&[("lib/a.rhai", "fn one() { 1 }")]);
    machine.start_session();
    machine.enter("let list = [1, 2]; let sum = 0;");
    machine.enter("fn total(list) { let sum = 0; for x in list { sum += x } sum }");
    machine.enter("const FACTOR = 10; import \"lib/a\" as a; fn scaled(x) { x * global::FACTOR + a::one() }");
    assert_eq!(
        machine.enter("let id = task::start(|| { list.push(3); scaled(total(list)) }); task::wait(id)"),
        "61\n"
    );
    assert_eq!(machine.enter("list"), "[1, 2]\n");
    assert_eq!(
        machine.enter("let nested = |x| x + list.len(); task::wait(task::start(|| nested.call(40)))"),
        "42\n"
    );
    assert!(machine.enter("task::wait(id)").contains("error[not_found]"));
    let failed = machine.enter("task::wait(task::start(|| throw #{code: \"mine\", message: \"m\"}))");
    assert!(failed.contains("error[mine]: m"), "{failed}");
    assert!(machine.enter("task::start(|x| x)").contains("error[wrong_arguments]"));
    assert!(
        machine
            .enter("let odd = 5.to_int(); let r = parse_int(\"1\"); task::start(|| r) > 0")
            .contains("true")
    );
    assert!(
        machine
            .enter("task::wait(task::start(|| print(\"from the task\")))")
            .contains("from the task")
    );
    let killed = machine.enter("let id = task::start(|| loop {}); task::kill(id); task::wait(id)");
    assert!(killed.contains("error[killed]"), "{killed}");
    let list = machine.enter("task::list()");
    assert!(list.lines().any(|line| line.contains("id  name")), "{list}");
    let panicked = machine.enter("task::wait(task::start(|| debug::panic()))");
    assert!(panicked.contains("error[native_panic]"), "{panicked}");
}

#[test]
fn runs_programs_in_a_scope_of_their_own() {
    let machine = machine(&[
        (
            "p.rhai",
            "let hidden = 1; fn helper() { 2 } print(is_def_var(\"x\")); hidden + helper()",
        ),
        ("bad.rhai", "let a = 1;\nlet b = a.nope();"),
        ("self.rhai", "run(\"self\")"),
    ]);
    machine.start_session();
    machine.enter("let x = 1;");
    assert_eq!(machine.enter("run(\"/rom/p.rhai\")"), "false\n3\n");
    assert_eq!(machine.enter("run(\"p\") + 1"), "false\n4\n");
    assert!(machine.enter("helper()").contains("error[function_not_found]"));
    assert!(machine.enter("hidden").contains("error[variable_not_found]"));
    let bad = machine.enter("run(\"bad\")");
    assert!(
        bad.contains("error[function_not_found]") && bad.contains("in /rom/bad.rhai, line 2, column 11"),
        "{bad}"
    );
    assert!(
        machine
            .enter("run(\"none\")")
            .contains("error[not_found]: no such file")
    );
    assert!(machine.enter("run(\"self\")").contains("error[recursion_limit]"));
}

#[test]
fn sorts_and_passes_errors_of_the_comparison_on() {
    let machine = machine(&[]);
    machine.start_session();
    assert_eq!(machine.enter("let a = [3, 1, 2]; a.sort(); a"), "[1, 2, 3]\n");
    assert_eq!(machine.enter("a.sort_desc(); a"), "[3, 2, 1]\n");
    assert_eq!(machine.enter("a.sort(|x, y| x - y); a"), "[1, 2, 3]\n");
    assert_eq!(machine.enter("a.order_by(|x, y| x > y)"), "[3, 2, 1]\n");
    assert!(machine.enter("a.sort_by(|x, y| x / 0)").contains("error[arithmetic]"));
    assert!(machine.enter("a.sort_by(|x, y| \"no\")").contains("error[wrong_type]"));
    assert!(
        machine
            .enter("let m = [1, \"a\"]; m.sort()")
            .contains("cannot be sorted")
    );
    assert_eq!(
        machine.enter("let n = [0.0/0.0, 1.0, 0.0/0.0, 0.5]; n.sort(); n.len()"),
        "4\n"
    );
    assert_eq!(machine.enter("const C = [2, 1]; C.order()"), "[1, 2]\n");
    assert!(machine.enter("C.sort()").contains("error[constant]"));
    // Several runs of whole numbers, merged: neighbours are in order, and each number is there once.
    machine.enter("let many = []; for i in 0..20011 { many.push(i * 7919 % 20011 - 10000) }");
    machine
        .enter("fn holds(all, step) { for i in 1..20011 { if all[i] != all[i - 1] + step { return false; } } true }");
    assert_eq!(
        machine.enter("many.sort(); [holds(many, 1), many[0]]"),
        "[true, -10000]\n"
    );
    assert_eq!(
        machine.enter("many.sort_desc(); [holds(many, -1), many[0]]"),
        "[true, 10010]\n"
    );
}

#[test]
fn shows_tables_and_dumps() {
    let machine = machine(&[]);
    machine.start_session();
    assert_eq!(
        machine.enter("sys::boot()"),
        "step    end_ms  took_ms\nmemory  1.5 ms   1.5 ms\nheap    4.0 ms   2.5 ms\n"
    );
    assert_eq!(
        machine.enter("let b = blob(20, 65); b"),
        "blob of 20 bytes\n00000000  41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41  AAAAAAAAAAAAAAAA\n\
         00000010  41 41 41 41                                      AAAA\n"
    );
    assert_eq!(machine.enter("[#{a: 1}, #{b: [2]}]"), "a  b\n1\n   [2]\n");
    assert_eq!(machine.enter("[#{a: 1}]"), "a\n1\n");
    assert!(machine.enter("debug::nest(1000)").ends_with("]]]\n"));
    assert_eq!(machine.enter("log::tail(1)"), "time_ms  text\n 1.0 ms  started\n");
}

#[test]
fn functions_see_constants_that_came_before_any_function() {
    let machine = machine(&[]);
    machine.start_session();
    machine.enter("const LIMIT = 5;");
    machine.enter("fn above() { global::LIMIT + 1 }");
    assert_eq!(machine.enter("above()"), "6\n");
}

#[test]
fn bytes_of_a_blob_are_ints_in_a_loop() {
    let machine = machine(&[]);
    machine.start_session();
    let sum = "let sum = 0; for byte in blob(2, 255) { sum ^= byte << 1; sum += byte } sum";
    assert_eq!(machine.enter(sum), "1026\n");
    assert_eq!(
        machine.enter("fn f(b) { let n = 0; for x in b { n += x % 16; } n } f(blob(3, 255))"),
        "45\n"
    );
}
