//! Results as a person at the prompt sees them: tables, `_`, chains, charts, and the pager with its keys.

mod host;

use std::thread;
use std::time::Duration;

use host::{FakeMachineWithConsole, Sight, standard_machine};
use services::terminal::view::View;

fn session() -> FakeMachineWithConsole {
    let machine = standard_machine();
    machine.start_session();
    machine
}

fn check(machine: &FakeMachineWithConsole, lines: &[(&str, &str)]) {
    for (line, shown) in lines {
        assert_eq!(machine.enter(line).trim_end_matches('\n'), *shown, "{line}");
    }
}

#[test]
fn keeps_the_last_result() {
    let machine = session();
    assert!(machine.enter("_").contains("error[variable_not_found]"));
    check(
        &machine,
        &[
            ("6 * 7", "42"),
            ("_ + 1", "43"),
            ("let x = 1;", ""),
            ("print(5)", "5"),
            ("_", "43"),
            // Quiet, but kept.
            ("[1, 2, 3];", ""),
            ("_", "[1, 2, 3]"),
            ("_.len(); // why", ""),
            ("_", "3"),
            // It is an ordinary variable: kept by closures as it was, and free to be assigned.
            ("let f = || _ * 2; f.call()", "6"),
            ("\"other\"", "\"other\""),
            ("f.call()", "6"),
            ("_ = 7", ""),
            ("_", "7"),
            // Captured variables go on changing, results do not.
            ("let n = 1; let g = || { n += 1; n }; n", "1"),
            ("g.call();", ""),
            ("n", "2"),
            ("g.call(); _", "2"),
        ],
    );
    assert!(machine.enter("throw 1").contains("error["));
    check(&machine, &[("_", "2")]);
}

#[test]
fn an_underscore_is_a_pattern_where_it_was_one_and_a_name_elsewhere() {
    let machine = session();
    check(
        &machine,
        &[
            ("5", "5"),
            ("switch 1 { 2 => 3, _ => _ + 1 }", "6"),
            ("switch _ { 6 => \"six\", _ => \"other\" }", "\"six\""),
            ("switch 1 { 1 => { 2 } _ => 3 }", "2"),
            (
                "switch 1 { 2 => { 1 } _ => switch 2 { 3 => 1, _ => \"inner\" } }",
                "\"inner\"",
            ),
            ("switch [1, (2)] { _ => `${switch 1 { _ => 4 }}${5}` }", "\"45\""),
            ("[1, 2].map(|_| 3)", "[3, 3]"),
            ("[[1, 2]].map(|_| _[0])", "[1]"),
            ("let s = 0; for _ in 0..3 { s += 1 } s", "3"),
            ("fn second(_, b) { b } second(1, 2)", "2"),
        ],
    );
    // A text that ends in the middle leaves nothing behind.
    for broken in ["switch 1 { 2 => ) }", "switch 1 { 2 => 3, _ => }", "if ] {", "switch ("] {
        machine.console.type_text(broken);
        machine.console.type_text("\r\x03");
        machine.console.take_until("rhai> ");
        machine.enter("1 1");
        check(
            &machine,
            &[("9", "9"), ("_ + 1", "10"), ("switch 1 { 2 => 3, _ => 4 }", "4")],
        );
    }
}

#[test]
fn shows_tables_as_wide_as_the_terminal() {
    let machine = session();
    machine
        .enter("let rows = [#{name: \"a file with a long name\", size_bytes: 1536}, #{name: \"b\", size_bytes: 7}];");
    check(
        &machine,
        &[(
            "rows",
            "name                     size_bytes\na file with a long name     1.5 KiB\nb                               7 B",
        )],
    );
    let view = |columns| View {
        columns,
        rows: 24,
        shows_escapes: false,
    };
    machine.terminal.set_view(view(26));
    check(
        &machine,
        &[
            (
                "rows",
                "                     size_\nname                 bytes\na file with a lo…  1.5 KiB\nb                      7 B",
            ),
            (
                "print(rows.to_table(60)); rows.to_table(60).len()",
                "name                     size_bytes\na file with a long name     1.5 KiB\nb                               7 B\n107",
            ),
            (
                "rows[0]",
                "name:       \"a file with a long name\"\nsize_bytes: 1536 (1.5 KiB)",
            ),
        ],
    );
    machine.terminal.set_view(view(1));
    // What is typed takes a row for each character there.
    let narrow = machine.enter("[#{a: 1}, #{a: \"xyz\"}]");
    assert!(narrow.ends_with("]\na\n1\n…\n"), "{narrow:?}");
    let narrow = machine.enter("40 + 2");
    assert!(narrow.ends_with("42\n"), "{narrow:?}");
}

#[test]
fn chains_on_arrays_of_maps() {
    let machine = session();
    machine.enter(
        "const FILES = [#{name: \"c\", size: 3, kind: \"f\"}, #{name: \"a\", size: 10, kind: \"f\"}, \
         #{name: \"d\", size: 0, kind: \"d\"}, #{name: \"b\", size: 3.5, kind: \"f\"}];",
    );
    check(
        &machine,
        &[
            (
                "FILES.where(|f| f.kind == \"f\").sort_by(\"size\").select([\"name\", \"size\"]).head(2)",
                "name  size\nc        3\nb      3.5",
            ),
            (
                "FILES.sort_by(\"-name\").column(\"name\")",
                "[\"d\", \"c\", \"b\", \"a\"]",
            ),
            ("FILES.count_by(\"kind\")", "count  kind\n    3  f\n    1  d"),
            (
                "FILES.count_by(|f| f.size > 3)",
                "count  value\n    2  false\n    2  true",
            ),
            (
                "FILES.group_by(\"kind\").map(|g| g.rows.column(\"name\"))",
                "[[\"c\", \"a\", \"b\"], [\"d\"]]",
            ),
            ("FILES.unique_by(\"kind\").column(\"name\")", "[\"c\", \"d\"]"),
            (
                "[FILES.sum(\"size\"), FILES.avg(\"size\"), [1, 2].sum(), [].sum(), [].avg()]",
                "[16.5, 4.125, 3, 0, ()]",
            ),
            (
                "[FILES.min_by(\"size\").name, FILES.max_by(\"size\").name, [].max_by(\"x\")]",
                "[\"d\", \"a\", ()]",
            ),
            ("[1, 2, 3].where(|n| n > 1).tail(1)", "[3]"),
            ("[1].head(5).len() + [1].tail(0).len()", "1"),
            ("FILES.len()", "4"),
            // Rhai's own, with a function, still sorts in place.
            ("let l = [3, 1, 2]; l.sort_by(|a, b| a - b); l", "[1, 2, 3]"),
            (
                "FILES.head(1)[0].to_json()",
                "\"{\\\"kind\\\":\\\"f\\\",\\\"name\\\":\\\"c\\\",\\\"size\\\":3}\"",
            ),
            ("print(#{a: [1]}.to_json(1))", "{\n \"a\": [\n  1\n ]\n}"),
        ],
    );
    for (line, code, message) in [
        ("FILES.sort_by(\"date\")", "missing_key", "row 0 has no `date`"),
        ("[#{a: 1}, #{b: 2}].column(\"a\")", "missing_key", "row 1 has no `a`"),
        (
            "[#{a: 1}, 5].select([\"a\"])",
            "wrong_type",
            "row 1: a map is needed, not an int",
        ),
        (
            "[#{a: 1}, #{a: \"x\"}].sort_by(\"a\")",
            "wrong_type",
            "`a` is an int in row 0 and a string in row 1",
        ),
        (
            "[1].where(|n| n)",
            "wrong_type",
            "row 0: the function must return a bool, not an int",
        ),
        ("[1, 2].where(|n| n.nope)", "", "nope"),
        ("[9223372036854775807, 1].sum()", "out_of_range", "beyond the range"),
        ("[\"x\"].sum()", "wrong_type", "row 0: a number is needed, not a string"),
        (
            "[#{a: []}].count_by(\"a\")",
            "wrong_type",
            "row 0: an array cannot be counted by",
        ),
        ("[1].head(-1)", "out_of_range", "count must not be negative"),
        ("[1].to_json(9)", "out_of_range", "indent"),
        ("[1].to_table()", "wrong_type", "an array of maps"),
        ("[#{}].to_table(0)", "out_of_range", "columns"),
    ] {
        let shown = machine.enter(line);
        assert!(
            shown.contains(&format!("error[{code}")) && shown.contains(message),
            "{line}: {shown}"
        );
    }
}

#[test]
fn chains_end_with_control_c() {
    let machine = session();
    machine.enter("let rows = []; for i in 0..200000 { rows.push(#{n: i * 7919 % 200003}) }");
    for line in [
        "loop { rows.sort_by(\"n\"); }",
        "loop { rows.count_by(\"n\"); }",
        "loop { rows.to_table(); }",
        "rows.where(|row| loop {})",
        "time(|| loop {})",
        "time(|| 1, 1000000000000)",
        "watch(10, || 1)",
        "watch(1000000, || 1)",
    ] {
        let shown = machine.interrupt_within(line, Duration::from_millis(60), Duration::from_secs(1));
        assert!(shown.contains("error[cancelled]"), "{line}: {shown}");
    }
}

#[test]
fn draws_charts() {
    let machine = session();
    let curve = machine.enter("plot([0, 1, 4, 9, 16, 25])");
    let lines: Vec<&str> = curve.lines().collect();
    assert_eq!(lines.len(), 14);
    assert!(lines[0].starts_with("25 ┤") && lines[11].starts_with(" 0 ┤"), "{curve}");
    assert!(
        lines[13].ends_with('5') && lines[13].trim_start().starts_with('0'),
        "{curve}"
    );
    assert_eq!(
        machine
            .enter("plot([#{t: 0}, #{t: 25}, #{t: ()}], \"t\")")
            .lines()
            .count(),
        14
    );
    check(
        &machine,
        &[(
            "bars([#{kind: \"f\"}, #{kind: \"d\"}, #{kind: \"f\"}].count_by(\"kind\"))",
            &format!("f {} 2\nd {} 1", "█".repeat(60), "█".repeat(30)),
        )],
    );
    check(
        &machine,
        &[(
            "bars(#{used_bytes: 2048, free_bytes: 0})",
            &format!("free_bytes 0 B\nused_bytes {} 2.0 KiB", "█".repeat(60)),
        )],
    );
    for (line, code) in [
        ("plot([])", "no_numbers"),
        ("plot([0.0/0.0])", "no_numbers"),
        ("plot([1, \"x\"])", "wrong_type"),
        ("plot([#{a: 1}, #{}], \"a\")", "missing_key"),
        ("bars([])", "no_numbers"),
        ("bars(5)", "wrong_type"),
        ("bars([#{a: \"x\"}])", "no_numbers"),
    ] {
        let shown = machine.enter(line);
        assert!(shown.contains(&format!("error[{code}]")), "{line}: {shown}");
    }
    assert!(
        machine
            .enter("let l = []; for i in 0..500 { l.push(i) } bars(l)")
            .ends_with("... 400 more (500 in all)\n")
    );
}

#[test]
fn times_functions() {
    let machine = session();
    let shown = machine.enter("time(|| { let s = 0; for i in 0..1000 { s += i } s })");
    let (took, value) = shown.trim_end().split_once('\n').expect("two lines");
    assert!(took.starts_with("took ") && took.ends_with(" operations"), "{took}");
    let operations: u64 = took
        .rsplit(' ')
        .nth(1)
        .and_then(|number| number.parse().ok())
        .expect("a number");
    assert!((1000..20_000).contains(&operations), "{took}");
    assert_eq!(value, "499500");
    assert!(machine.enter("time(|| 1, 5)").contains(" operations each, 5 runs\n1\n"));
    assert!(machine.enter("time(|| 1, 0)").contains(" runs\n1\n"));
    assert!(machine.enter("time(|| throw 3)").contains("error["));
    assert!(machine.enter("fn f() { 5 } time(f)").ends_with("\n5\n"));
}

#[test]
fn reloads_what_was_imported() {
    let machine = session();
    check(
        &machine,
        &[
            ("fs::write(\"/tmp/b.rhai\", \"fn one() { 1 }\")", ""),
            (
                "fs::write(\"/tmp/a.rhai\", \"import \\\"./b\\\" as b; fn two() { b::one() * 2 }\")",
                "",
            ),
            (
                "import \"/tmp/a\" as a; import \"/tmp/a.rhai\" as same; import \"/tmp/b\" as b;",
                "",
            ),
            ("fn four() { a::two() * 2 }", ""),
            ("four()", "4"),
            ("fs::write(\"/tmp/b.rhai\", \"fn one() { 10 }\")", ""),
            ("four()", "4"),
            // The file itself has not changed, but what it imports has.
            ("reload(\"/tmp/a\")", ""),
            ("four()", "40"),
            ("same::two() + b::one()", "21"),
            ("reload(\"/tmp/b.rhai\")", ""),
            ("b::one()", "10"),
            ("fs::write(\"/tmp/b.rhai\", \"fn one( {\")", ""),
        ],
    );
    assert!(machine.enter("reload(\"/tmp/b\")").contains("error[syntax_error]"));
    assert!(machine.enter("reload(\"/tmp/none\")").contains("error[not_found]"));
    check(&machine, &[("b::one()", "10"), ("four()", "40")]);
}

impl Sight {
    /// Waits for this prompt of the pager in the last row.
    fn page(&mut self, text: &str, prompt: &str) -> Vec<String> {
        self.type_and_wait(text, |lines| lines.last().is_some_and(|last| last == prompt))
    }

    /// Waits until the session's prompt is the last thing on the ordinary screen.
    fn leave(&mut self, text: &str) -> Vec<String> {
        self.type_bytes(text);
        let lines = self.wait_for_last("rhai>");
        assert!(!self.parser.screen().alternate_screen());
        lines
    }
}

#[test]
fn pages_through_long_tables() {
    let mut sight = Sight::new(40, 8);
    sight.check(
        "let rows = []; for i in 0..10000 { rows.push(#{n: i, what: \"row \" + i}) } 1",
        "1",
    );
    let lines = sight.page("rows\r", "-- more (0 %) --");
    assert_eq!(
        lines[..3],
        ["n  what", "0  row 0", "1  row 1"].map(|line| format!("  {line}"))
    );
    let lines = sight.type_and_wait(" ", |lines| lines[0] == "  6  row 6");
    assert_eq!(lines[6], " 12  row 12");
    sight.type_and_wait("\r", |lines| lines[0] == "  7  row 7");
    sight.type_and_wait("b", |lines| lines[0] == "  0  row 0");
    sight.type_and_wait("\x1b[A", |lines| lines[0] == "  n  what");
    let lines = sight.page("G", "-- end (q leaves, h: keys) --");
    assert_eq!(lines[6], "9999  row 9999");
    sight.type_and_wait("g/row 77\r", |lines| lines[0] == " 77  row 77");
    sight.type_and_wait("n", |lines| lines[0] == "770  row 770");
    sight.type_and_wait("h", |lines| lines[0].starts_with("Space, f"));
    sight.type_and_wait("x", |lines| lines[0] == "770  row 770");
    // The page stays to be seen, and the prompt answers.
    let lines = sight.leave("q");
    assert!(lines.iter().any(|line| line == "776  row 776"), "{lines:?}");
    sight.check("_.len()", "10000");
}

#[test]
fn leaves_the_pager_by_several_keys_and_pages_other_values() {
    let mut sight = Sight::new(30, 6);
    for (line, leave) in [
        (
            "\"x\".to_upper(); let s = \"\"; for i in 0..90 { s += \"0123456789\" } s\r",
            "\x03",
        ),
        ("let l = []; for i in 0..300 { l.push(i) } l\r", "q"),
        ("help()\r", "\x1b"),
        ("blob(500, 65)\r", "q"),
        ("let m = #{}; for i in 0..50 { m[\"key\" + i] = i } m\r", "Q"),
        ("page(\"1\\n2\\n3\\n4\\n5\\n6\\n7\\n\")\r", "q"),
    ] {
        sight.type_and_wait(line, |lines| {
            lines.last().is_some_and(|last| last.starts_with("-- more ("))
        });
        sight.leave(leave);
        sight.check("40 + 2", "42");
    }
    // What fits is printed, and so is what scripts print.
    sight.check("[1, 2, 3]", "[1, 2, 3]");
    sight.check("for i in 0..20 { print(i) }", "19");
    sight.check("let l = []; for i in 0..300 { l.push(i) } l; print(1); l;", "1");
}

#[test]
fn gives_the_terminal_back_when_the_task_is_killed() {
    let mut sight = Sight::new(40, 8);
    sight.page("page(\"a\\nb\\nc\\nd\\ne\\nf\\ng\\nh\\ni\")\r", "-- more (77 %) --");
    let tasks = services::host::Tasks::list(sight.machine.tasks);
    let session = tasks.iter().find(|task| task.name == "prompt").expect("the session").id;
    assert!(services::host::Tasks::kill(sight.machine.tasks, session));
    sight.leave("");
    sight.check("40 + 2", "42");
}

#[test]
fn only_the_prompts_own_task_pages() {
    let mut sight = Sight::new(40, 8);
    sight.check(
        "task::wait(task::start(|| page(\"a\\nb\\nc\\nd\\ne\\nf\\ng\\nh\\nlast\")))",
        "last",
    );
}

#[test]
fn watches_in_place() {
    let mut sight = Sight::new(40, 8);
    sight.leave("let n = 0;\r");
    sight.type_and_wait("watch(10, || { n += 1; [#{n: n}, #{n: 1000}] })\r", |lines| {
        lines[0] == "   n" && lines[1].trim().parse::<u64>().is_ok_and(|n| n > 3) && lines[3] == "q leaves"
    });
    assert!(sight.parser.screen().alternate_screen());
    sight.leave("q");
    // While the watch begins, Ctrl-C is a key.
    sight.type_and_wait(
        "let m = 0; watch(10, || { m += 1; if m > 1 { loop {} } m })\r",
        |lines| lines.iter().any(|line| line == "q leaves"),
    );
    thread::sleep(Duration::from_millis(50));
    for (keys, expected) in [
        ("\x03", "error[cancelled]"),
        ("watch(10, || throw \"enough\")\r", "error[script_error]: enough"),
        ("watch(-1, || 1)\r", "error[out_of_range]"),
    ] {
        sight.type_and_wait(keys, |lines| lines.iter().any(|line| line.starts_with(expected)));
        sight.leave("");
    }
}
