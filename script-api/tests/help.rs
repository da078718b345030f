//! Completion, help, did-you-mean and advice, as the session gives them.

mod host;

use host::{FakeMachineWithConsole, machine, standard_machine};
use hw::fake::Random;
use script_api::catalogue;
use script_api::context::TaskContext;
use script_api::engine;
use script_api::registry::Doc;
use script_api::session::Session;
use script_api::types::Types;
use services::terminal::completion::{Completion, Question};
use services::value::Value;
use std::time::{Duration, Instant};

const FILES: [(&str, &str); 4] = [
    (
        "lib/text.rhai",
        "/// Fills on the left.\nfn left(value, width) {\n  value\n}\nprivate fn secret() { 1 }\n",
    ),
    ("lib/fails.rhai", "fn fail(x) {\n  let y = x.nope;\n  throw \"no\"\n}\n"),
    ("lib/units.rhai", "export const KIB = 1024;\nfn bytes() { 1 }\n"),
    ("notes.txt", "hello"),
];

const SETUP: &str = "let config = #{net: #{addr: \"1.2.3.4\", port: 80, \"two words\": 1}, list: [#{name: \"a\"}, 5]}; \
    let list = [\"text\", #{inner: 1.5}, 3]; let count = 7; const LIMIT = 9; \
    /// Adds up.\nfn add(a, b) { a + b } fn nothing() { 1 } \
    let keep = || config; let adder = |x| x + count; import \"lib/units\" as units; \
    let later = channel::open(1);";

/// Runs `work` in a task with a session that knows `SETUP`.
fn with_session(machine: FakeMachineWithConsole, work: impl FnOnce(&mut Session) + Send + 'static) {
    let outcome = machine.run(move || {
        let mut session = Session::new(TaskContext::current(machine.host, None));
        assert!(session.evaluate(SETUP).is_ok());
        work(&mut session);
        Ok(Value::Unit)
    });
    assert_eq!(outcome, Ok(Value::Unit));
}

fn ask(session: &Session, text: &str, cursor: usize) -> Completion {
    let question = Question {
        text: text.into(),
        cursor,
        is_repeated: false,
    };
    session.answer(&question)
}

/// The texts that are offered at the end of `text`, and what they replace.
fn offered(session: &Session, text: &str) -> Vec<String> {
    let completion = ask(session, text, text.len());
    completion
        .candidates
        .into_iter()
        .map(|candidate| candidate.text)
        .collect()
}

fn docs(machine: FakeMachineWithConsole) -> Vec<&'static Doc> {
    let context = machine.context();
    engine::docs(&context).collect()
}

#[test]
fn completes_what_the_session_has() {
    with_session(machine(&FILES), |session| {
        for (text, expected) in [
            ("cou", &["count", "counter::"][..]),
            (
                "co",
                &["config", "count", "const", "continue", "cos(", "cosh(", "counter::"],
            ),
            ("LIM", &["LIMIT"]),
            ("ad", &["adder", "add("]),
            ("noth", &["nothing()"]),
            ("fs", &["fs::"]),
            ("fs::re", &["read(", "read_blob(", "remove("]),
            ("fs::nothing", &[]),
            ("unit", &["units::"]),
            ("units::", &["KIB", "bytes()"]),
            ("whi", &["while"]),
            ("par", &["parse_float(", "parse_int(", "parse_json("]),
            ("config.", &["list", "net"]),
            ("config.net.", &["addr", "port"]),
            ("config.net.po", &["port"]),
            ("config[\"net\"].ad", &["addr"]),
            ("config[\"", &["list", "net"]),
            ("config.net[\"t", &["two words"]),
            ("config.list[0].", &["name"]),
            ("config.list[-1].is_e", &["is_even()"]),
            ("list[0].to_u", &["to_upper()"]),
            ("list[1].inner.ro", &["round()"]),
            ("list[7].", &[]),
            ("list.pus", &["push("]),
            ("count.is_o", &["is_odd()"]),
            ("adder.ca", &["call("]),
            ("later.se", &["send("]),
            ("[1].rev", &["reverse()"]),
            ("\"x\".trim().to", &["to_debug()", "to_json(", "to_string()"]),
            ("`x`.to_chars().pu", &["push("]),
            ("fs::read(\"/a\").to_up", &["to_upper()"]),
            ("let longer = 5; lon", &["longer"]),
            ("let longer = []; longer.pus", &["push("]),
            ("let longer = config.net; longer.po", &["port"]),
            ("fn f(alpha, beta) { al", &["alpha"]),
            ("list.map(|item| it", &["item"]),
            ("import \"lib/text\" as t; t::", &["left("]),
            ("import \"lib/", &["fails", "text", "units"]),
            ("import \"", &["lib/"]),
            ("fs::read(\"/rom/", &["lib/", "notes.txt"]),
            ("fs::read(\"/r", &["rom/"]),
            ("\"/none/", &[]),
            ("\"some text ", &[]),
            ("// cou", &[]),
            ("let cou", &[]),
            ("?fs::re", &["read", "read_blob", "remove"]),
            ("?noth", &["nothing"]),
        ] {
            let offered = offered(session, text);
            let expected: Vec<&str> = expected.to_vec();
            let begins = |(one, other): (&String, &&str)| one.starts_with(other);
            // What is expected comes first, in this order; where nothing is expected, nothing may come.
            let is_right = offered.len() >= expected.len()
                && offered.iter().zip(&expected).all(begins)
                && (!expected.is_empty() || offered.is_empty());
            assert!(is_right, "{text}: {offered:?}, expected {expected:?}");
        }
        assert_eq!(offered(session, "config.net[\"two words\"].is_od"), ["is_odd()"]);
    });
}

#[test]
fn tells_what_is_replaced_and_what_it_is() {
    with_session(machine(&FILES), |session| {
        let completion = ask(session, "let x = fs::rea + 1", 15);
        assert_eq!(completion.start, 12);
        let read = &completion.candidates[0];
        assert_eq!((read.text.as_str(), read.label.as_str()), ("read(", "read"));
        assert!(
            read.detail.starts_with("fs::read(path: string) -> string  "),
            "{}",
            read.detail
        );
        let detail = |text: &str| ask(session, text, text.len()).candidates[0].detail.clone();
        assert_eq!(detail("config"), "map, 2 entries");
        assert_eq!(detail("config.net.po"), "int");
        assert_eq!(detail("add"), "Fn");
        let add = ask(session, "add", 3);
        assert_eq!(add.candidates[1].detail, "add(a, b)  Adds up.");
        // The brackets that are there already are not written twice.
        assert_eq!(ask(session, "fs::rea(x)", 7).candidates[0].text, "read");
        assert_eq!(
            ask(session, "f::x", 1)
                .candidates
                .iter()
                .find(|one| one.label == "fs")
                .expect("fs")
                .text,
            "fs"
        );
    });
}

#[test]
fn bounds_its_answers() {
    with_session(machine(&FILES), |session| {
        let line = "let big = #{}; for i in 0..1000 { big[`key${i}`] = i; } let held = || big;";
        assert!(session.evaluate(line).is_ok());
        let completion = ask(session, "big.", 4);
        assert_eq!(completion.candidates.len(), 200);
        assert!(completion.omitted > 800, "{}", completion.omitted);
        let all = ask(session, "", 0);
        assert!(all.candidates.len() > 100 && all.candidates.len() <= 200);
        assert_eq!(all.candidates[0].label, "LIMIT");
        assert!(all.candidates.iter().all(|one| !one.detail.contains('\n')));
    });
}

#[test]
fn survives_every_prefix_and_any_cursor() {
    let script = format!(
        "{SETUP}\n{}",
        host::standard_files()
            .into_iter()
            .map(|(_, text)| text)
            .chain([String::from("`ü ${list[0].x} €` + #\"raw \"# + m[\"ä")])
            .collect::<String>()
    );
    let script: String = script.chars().take(6000).collect();
    with_session(machine(&FILES), move |session| {
        for cursor in 0..=script.len() {
            let text: String = script
                .char_indices()
                .filter(|(at, _)| *at < cursor)
                .map(|(_, c)| c)
                .collect();
            let completion = ask(session, &text, cursor);
            if text.is_char_boundary(cursor.min(text.len())) && cursor == text.len() {
                assert!(completion.start <= cursor && text.is_char_boundary(completion.start));
            }
        }
        // Any cursor in a text that goes on, one beyond it, and one inside of a character.
        let mut random = Random(88_172_645_463_325_252);
        for _ in 0..3000 {
            let cursor = random.below(script.len() + 5);
            let completion = ask(session, &script, cursor);
            assert!(completion.start <= cursor.max(script.len() + 5));
            for candidate in &completion.candidates {
                assert!(script.get(completion.start..cursor).is_some(), "{}", candidate.text);
            }
        }
        assert_eq!(
            ask(session, "ü", 1),
            Completion {
                start: 1,
                ..Completion::default()
            }
        );
        assert_eq!(
            ask(session, "a", 9),
            Completion {
                start: 9,
                ..Completion::default()
            }
        );
        for nasty in [
            "(".repeat(100_000),
            "a.".repeat(100_000),
            "x[".repeat(100_000),
            "`${".repeat(80_000),
        ] {
            // A busy host is late now and then; what takes time that grows with the square is so each time.
            let mut times = (0..3).map(|_| {
                let started = Instant::now();
                ask(session, &nasty, nasty.len());
                started.elapsed()
            });
            assert!(times.any(|time| time < Duration::from_secs(2)), "{}", &nasty[..4]);
        }
    });
}

#[test]
fn completes_every_function_from_its_first_letters() {
    let machine = standard_machine();
    let docs = docs(machine);
    with_session(machine, move |session| {
        for doc in docs {
            let receiver = catalogue::receivers(doc);
            let letters = &doc.name[..doc.name.len().min(3)];
            let text = match receiver.name() {
                _ if receiver == Types::NONE && doc.namespace.is_empty() => letters.into(),
                _ if receiver == Types::NONE => format!("{}::{letters}", doc.namespace),
                "string" => format!("\"\".{letters}"),
                "array" => format!("[].{letters}"),
                "map" => format!("#{{}}.{letters}"),
                "blob" => format!("blob().{letters}"),
                "channel" => format!("later.{letters}"),
                "timer" => format!("after(1, || 1).{letters}"),
                "cell" | "counter" => format!("{}::open(1).{letters}", receiver.name()),
                _ => format!("config.list.{letters}"),
            };
            let completion = ask(session, &text, text.len());
            let found = completion.candidates.iter().find(|one| one.label == doc.name);
            let found = found.unwrap_or_else(|| panic!("{text} does not lead to {}", doc.path()));
            assert!(found.detail.contains(doc.name), "{}", found.detail);
        }
    });
}

#[test]
fn answers_questions() {
    let machine = machine(&FILES);
    machine.start_session();
    machine.enter("let config = #{net: [1, 2]};");
    machine.enter("/** Adds up. */ fn add(a, b) { a + b }");
    machine.enter("import \"lib/text\" as t;");
    for (line, parts) in [
        (
            "?fs::read",
            &["fs::read(path: string) -> string", "throws not_found"][..],
        ),
        ("fs::read?", &["fs::read(path: string) -> string"]),
        ("?fs", &["fs: Files and directories.", "fs::write("]),
        ("?fs::", &["fs::write("]),
        ("?push", &["array|blob.push(item)"]),
        ("?string", &["values of the type string", ".parse_int([radix]) -> int"]),
        ("?config", &["config: map, 1 entry", "keys: net", ".keys() -> array"]),
        ("?config.net", &["config.net: array, 2 elements", ".push(item)"]),
        ("?config.net[0]", &["config.net[0]: int", ".is_even()"]),
        ("?config.net.push", &["push(item)"]),
        ("?add", &["add(a, b)", "  Adds up.", "source(\"add\")"]),
        (
            "?t",
            &[
                "t: the module /rom/lib/text.rhai",
                "t::left(value, width)  Fills on the left.",
            ],
        ),
        ("?t::left", &["left(value, width)", "Fills on the left."]),
        ("?", &["Rhaios is scripted in Rhai", "fs        Files and directories."]),
        (
            "?confg",
            &["error[not_found]: there is no help on confg; did you mean \"config\"?"],
        ),
        ("?fs::raed", &["did you mean \"fs::read\"?"]),
        ("help(fs)", &["fs: Files and directories.", "fs::write("]),
        ("help(\"fs\")", &["fs: Files and directories."]),
        ("help(add)", &["add(a, b)", "Adds up."]),
        ("help(5)", &["int", ".is_even() -> bool"]),
        ("help(config)", &["map, 1 entry", "keys: net"]),
        ("help(\"pusj\")", &["error[not_found]", "did you mean \"push\"?"]),
        ("source(\"add\")", &["/** Adds up. */ fn add(a, b) { a + b }"]),
        ("source(add)", &["fn add(a, b) { a + b }"]),
        (
            "source(\"lib/text::left\")",
            &["/// Fills on the left.\nfn left(value, width) {\n  value\n}"],
        ),
        ("source(\"t::left\")", &["fn left(value, width) {"]),
        ("source(\"t::lefd\")", &["error[not_found]", "did you mean \"left\"?"]),
        ("source(\"fs::read\")", &["error[not_found]", "is no script"]),
        ("source(\"push\")", &["error[not_found]", "is no script"]),
        ("examples(\"hex::encode\")", &["> hex::encode("]),
        (
            "examples(\"push\")",
            &["error[not_found]", "help(\"push\") describes it"],
        ),
        ("apropos(\"SLEEP\")", &["time::sleep_ms(ms: int)", "summary"]),
        ("apropos(\"no such word\")", &["[]"]),
        (
            "apropos(\"lspci\")",
            &["pci::list()", "Does what lspci does elsewhere."],
        ),
        ("dir(config)", &["key", "net", "array, 2 elements", "keys() -> array"]),
        ("dir(fs)", &["fs::read(path: string) -> string"]),
        ("dir([]).len() > 30", &["true"]),
        ("fs", &["namespace fs"]),
        ("type_of(fs)", &["namespace"]),
    ] {
        let shown = machine.enter(line);
        for part in parts {
            assert!(shown.contains(part), "{line}: {part} is not in {shown}");
        }
    }
    // A variable hides a namespace's name, and the functions stay.
    machine.enter("let fs = 5;");
    assert_eq!(machine.enter("fs + fs::list(\"/\").len()"), "7\n");
    assert!(machine.enter("?fs").starts_with("fs: int\n"));
    assert_eq!(
        machine.enter("dir()"),
        "name    size  type\nconfig     1  map\nfs            int\n"
    );
    assert_eq!(machine.enter("let x = 1; x ?? 2"), "1\n");
}

#[test]
fn shows_which_arguments_may_be_left_out() {
    let machine = standard_machine();
    machine.start_session();
    for (name, form) in [
        ("rand::wait_ready", "rand::wait_ready([timeout_ms: int])"),
        ("channel::select", "channel::select(channels: array, [timeout_ms: int])"),
        ("screen::color", "screen::color([color: any], [background: any])"),
        (
            "screen::region",
            "screen::region([x: int, y: int, width: int, height: int]) -> map",
        ),
    ] {
        let help = machine.enter(&format!("?{name}"));
        assert!(help.contains(form), "{help}");
    }
    machine.enter("let c = channel::open(1);");
    let handles = machine.enter("?c");
    assert!(handles.contains("receive([timeout_ms])"), "{handles}");
    // Named too where arguments do not fit.
    let wrong = machine.enter("acpi::read(5)");
    assert!(
        wrong.contains("acpi::read(signature: string, [index: int]) -> blob: signature must be string, not int"),
        "{wrong}"
    );
    assert!(machine.enter("acpi::read()").contains("signature is missing"));
    let more = machine.enter("rand::wait_ready(1, 2)");
    assert!(more.contains("it takes at most 1 argument, not 2"), "{more}");
}

/// Long lines of help are broken between words.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn has_help_on_every_function_and_namespace() {
    let machine = standard_machine();
    machine.start_session();
    let overview = machine.enter("help()");
    let context = machine.context();
    for (namespace, docs) in catalogue::by_namespace(&context) {
        if !namespace.is_empty() {
            assert!(overview.contains(catalogue::summary(namespace)), "{namespace}");
            let listed = machine.enter(&format!("?{namespace}"));
            assert!(docs.iter().all(|doc| listed.contains(&doc.signature())), "{listed}");
        }
        for doc in docs {
            let help = machine.enter(&format!("?{}", doc.path()));
            assert!(
                in_one_line(&help).contains(doc.summary) && help.contains(doc.example.code()),
                "{help}"
            );
            let is_listed = namespace.is_empty() && catalogue::receivers(doc) == Types::NONE;
            assert!(!is_listed || overview.contains(doc.name), "{}", doc.name);
        }
    }
    assert!(overview.lines().all(|line| line.chars().count() < 80), "{overview}");
}

#[test]
fn asks_what_was_meant() {
    let machine = machine(&FILES);
    machine.start_session();
    machine.enter(
        "let config = #{network: #{addr: 1}}; let counter_value = 1; fn average(list) { list } let twice = |x| 2 * x;",
    );
    machine.enter("import \"lib/text\" as tools;");
    for (line, part) in [
        (
            "pci.list()",
            "; functions of a namespace are written with two colons: pci::list(...)",
        ),
        (
            "pci.lst()",
            "; functions of a namespace are written with two colons: pci::list(...)",
        ),
        ("pci.frobnicate()", "; help(pci) lists what there is"),
        (
            "pci.list",
            "; functions of a namespace are written with two colons: pci::list(...)",
        ),
        (
            "pci::list",
            "; pci::list is a function: `?pci::list` tells how to call it",
        ),
        ("irq::lsit", "; did you mean \"irq::list\"?"),
        ("irq::info(32)", "info(int); help(irq) lists what there is"),
        ("task::sleep_ms(5)", "; did you mean \"time::sleep_ms\"?"),
        ("lspci", "; here that is pci::list()"),
        ("dmesg()", "; here that is log::tail()"),
        (
            "?lspci",
            "error[not_found]: there is no help on lspci; here that is pci::list()",
        ),
        (
            "pci::list().driver",
            "; an array of maps gives what is under a key in all of them by column(\"driver\")",
        ),
        (
            "task::start(|| 1, #{core: -1})",
            "error[no_such_core]: no core -1 runs tasks",
        ),
        ("counter_valeu", "; did you mean \"counter_value\"?"),
        ("let alpha = 1; alhpa + 1", "; did you mean \"alpha\"?"),
        ("avreage([])", "; did you mean \"average\"?"),
        ("tme::now()", "; did you mean \"time\"?"),
        ("time::slep_ms(5)", "; did you mean \"time::sleep_ms\"?"),
        ("sleep_ms(5)", "; did you mean \"time::sleep_ms\"?"),
        ("tools::lfet(1, 2)", "; did you mean \"tools::left\"?"),
        ("toools::left(1, 2)", "; did you mean \"tools\"?"),
        ("[1].pusj(2)", "; did you mean \"push\"?"),
        ("\"a\".lenn", "; did you mean \"len\"?"),
        ("\"a\".to_uper()", "; did you mean \"to_upper\"?"),
        ("[1].push", "; push is a function: push(...)"),
        (
            "config.netwrok.addr.x",
            "; the map has no \"netwrok\"; did you mean \"network\"?",
        ),
        ("config.netwrok()", "; did you mean \"network\"?"),
        ("len", "; len is a function: `?len` tells how to call it"),
        ("twice(2, 3)", "; the variable twice holds a function: twice.call(...)"),
        (
            "time::sleep_ms(\"5\")",
            "; there is time::sleep_ms(ms: int): ms must be int, not string",
        ),
        ("time::sleep_ms()", "; there is time::sleep_ms(ms: int): ms is missing"),
        (
            "fs::read(\"/a\", 2)",
            "; there is fs::read(path: string) -> string: it takes 1 argument, not 2",
        ),
        ("average(1, 2)", "; there is average(list): it takes 1 argument, not 2"),
        (
            "5.push(1)",
            "push(int, int); there is array|blob.push(item): not for int",
        ),
        (
            "fs::write(\"/tmp/x\", 5)",
            ": argument 2 must be string or blob, not int",
        ),
        ("fs::write(5, \"x\")", ": path must be string, not int"),
        (
            "|| help(fs)",
            "; closures know a namespace by its functions only: fs::...",
        ),
        ("channel::open(1).send()", ": value is missing"),
        ("counter::open(1).get(2)", ": it takes 0 arguments, not 1"),
        ("import \"lib/txt\" as t", "; did you mean \"/rom/lib/text.rhai\"?"),
        ("fs::read(\"/rom/nots.txt\")", "; did you mean \"/rom/notes.txt\"?"),
    ] {
        let shown = machine.enter(line);
        assert!(shown.contains("error["), "{line}: {shown}");
        assert!(shown.contains(part), "{line}: {shown}");
    }
    let shown = machine.enter("zzzzzz + 1");
    assert!(!shown.contains("did you mean"), "{shown}");
}

#[test]
fn says_what_to_do() {
    let machine = machine(&FILES);
    machine.start_session();
    machine.enter("let total = 5; const LIMIT = 1;");
    for (line, last) in [
        (
            "fn f() { total } f()",
            "hint: functions do not see variables: hand total over as an argument",
        ),
        ("fn g() { LIMIT } g()", "hint: functions see constants as global::LIMIT"),
        (
            "LIMIT = 2",
            "hint: `let` makes a variable of the same name that can change",
        ),
        (
            "fs::read(\"/rom/lib/none\")",
            "hint: /rom/lib has fails.rhai, text.rhai, units.rhai",
        ),
        ("fs::read(\"/rom/x/y/z\")", "hint: /rom has lib/, notes.txt"),
        ("fs::list(\"/tmp/none\")", "hint: /tmp is empty"),
        ("[1][5]", "hint: `get(at)` gives () where there is no element"),
    ] {
        let shown = machine.enter(line);
        assert_eq!(shown.lines().last(), Some(last), "{line}: {shown}");
    }
    // What was cancelled was cancelled on purpose.
    machine.console.type_text("loop {}\r");
    std::thread::sleep(Duration::from_millis(50));
    machine.console.type_text("\x03");
    assert!(!machine.console.take_until("rhai> ").contains("hint"));
}

#[test]
fn shows_the_source_line_of_other_texts() {
    let machine = machine(&FILES);
    machine.start_session();
    machine.enter("import \"lib/fails\" as fails;");
    assert_eq!(
        machine.enter("fails::fail(1)"),
        "  fails::fail(1)\n         ^\n\
         error[wrong_type]: Unknown property 'nope' - a getter is not registered for type 'i64' (line 1, column 8)\n  \
         in `fail` of /rom/lib/fails.rhai, line 2, column 13\n    let y = x.nope;\n              ^\n"
    );
    machine.enter("fn divide(a, b) {\n  a / b\n}");
    let shown = machine.enter("divide(1, 0)");
    assert!(
        shown.ends_with("  in `divide`, line 2, column 5\n    a / b\n      ^\n"),
        "{shown}"
    );
    machine.enter("fs::write(\"/tmp/bad.rhai\", \"let x = 1;\\nlet y = x +* 2;\\n\")");
    let shown = machine.enter("run(\"/tmp/bad\")");
    assert!(shown.contains("\n  let y = x +* 2;\n"), "{shown}");
}
