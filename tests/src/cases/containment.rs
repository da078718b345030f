//! What a script does to itself ends that script only, with an error code of its own, and costs nothing afterwards.

use std::time::Duration;

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Machine};
use crate::patience::until;
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "contain_nest_drop_at_every_stack_depth",
        company: Company::Shared,
        run: nest_drop_sweep,
    },
    Test {
        name: "contain_map_without_end",
        company: Company::Shared,
        run: endless_map,
    },
    Test {
        name: "contain_text_without_end",
        company: Company::Shared,
        run: endless_text,
    },
    Test {
        name: "contain_recursion_without_end",
        company: Company::Shared,
        run: endless_recursion,
    },
    Test {
        name: "contain_nest_too_deep_to_drop",
        company: Company::Shared,
        run: nest_dropped,
    },
    Test {
        name: "contain_nest_too_deep_to_compare",
        company: Company::Shared,
        run: nest_compared,
    },
    Test {
        name: "contain_nest_too_deep_to_print",
        company: Company::Shared,
        run: nest_printed,
    },
    Test {
        name: "contain_panic_in_a_native",
        company: Company::Shared,
        run: native_panic,
    },
    Test {
        name: "contain_tasks_hammer_one_closure",
        company: Company::Shared,
        run: hammered_closure,
    },
    Test {
        name: "contain_no_variable_points_into_a_task",
        company: Company::Shared,
        run: stray_pointers,
    },
    Test {
        name: "contain_results_that_nobody_takes",
        company: Company::Shared,
        run: untaken_results,
    },
    Test {
        name: "contain_errors_leave_nothing_behind",
        company: Company::Shared,
        run: errors,
    },
    Test {
        name: "contain_page_tables_go_back_with_their_pages",
        company: Company::Shared,
        run: page_tables,
    },
    Test {
        name: "contain_service_is_restarted",
        company: Company::Shared,
        run: service_restarted,
    },
];

/// How often each hostile script runs, unless the command line says otherwise.
const ROUNDS: u32 = 100;
/// How much may be missing after all rounds.
pub(super) const DRIFT_LIMIT_BYTES: i64 = 1024 * 1024;
/// Errors that a session shows, each from 50 calls deep, and what they may leave: less than 8 bytes for each call.
const ERRORS: usize = 300;
const ERRORS_LIMIT_BYTES: i64 = 100_000;
/// What page tables may take more after a while than before: two.
const TABLES_LIMIT_BYTES: i64 = 3 * 4096;
/// How long memory may be on its way back.
const GIVE_BACK_LIMIT: Duration = Duration::from_secs(10);
const ROUND_LIMIT: Duration = Duration::from_secs(60);
/// Free frames and the unused part of the kernel heap.
pub(super) const AVAILABLE: &str = "let m = mem::info(); m.free_bytes + m.heap_bytes - m.heap_used_bytes";

/// Waits until all of what was available `before` is again, but for `missing_limit_bytes`: what other cores may still know
/// is given back when they look, and services end what they do.
pub(super) fn all_but(machine: &mut Machine, before: i64, missing_limit_bytes: i64) -> Result<(), Error> {
    until(machine, GIVE_BACK_LIMIT, |machine| {
        let missing = before - machine.number(AVAILABLE)?;
        ensure!(missing <= missing_limit_bytes, "{missing} bytes are missing");
        Ok(())
    })
}

/// Runs `script`, which ends with one of `codes`, on a task and at the prompt, again and again.
fn rounds(context: &Context, script: &str, codes: &[&str]) -> Result<(), Error> {
    let iso = context.images.with_command_line("debug=on")?;
    // Little memory makes what fills it short.
    let config = Config {
        memory_mib: 64,
        ..Config::default()
    };
    context.with_machine(&config, &iso, |machine| {
        machine.boot()?;
        let mut first = 0;
        for round in 0..context.rounds.unwrap_or(ROUNDS) {
            let on_task = format!("task::wait(task::start(|| {{ {script} }}))");
            for line in [on_task.as_str(), script] {
                let output = machine.eval_within(line, ROUND_LIMIT)?;
                let has_code = codes.iter().any(|code| output.contains(&format!("error[{code}]")));
                ensure!(
                    has_code,
                    "round {round}: `{line}` printed {output:?}, none of {codes:?}"
                );
                machine.check("40 + 2", "42")?;
            }
            if round == 0 {
                first = machine.number(AVAILABLE)?;
            }
            all_but(machine, first, DRIFT_LIMIT_BYTES)
                .map_err(|error| Error::Wrong(format!("round {round}: {error}")))?;
        }
        Ok(())
    })
}

fn endless_map(context: &Context) -> Result<(), Error> {
    rounds(
        context,
        r#"{ let m = #{}; let i = 0; loop { m["k" + i] = blob(1000); i += 1; } }"#,
        &["memory_limit"],
    )
}

fn endless_text(context: &Context) -> Result<(), Error> {
    rounds(
        context,
        r#"{ let s = "x"; loop { s += s; } }"#,
        &["memory_limit", "out_of_memory"],
    )
}

fn endless_recursion(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("debug=on")?;
    context.with_machine(&Config::default(), &iso, |machine| {
        machine.boot()?;
        machine.eval("fn deep(n) { 1 + deep(n + 1) }")?;
        machine.eval("fn even(n) { odd(n + 1) } fn odd(n) { even(n + 1) }")?;
        for line in ["deep(0)", "even(0)", "task::wait(task::start(|| deep(0)))"] {
            let output = machine.eval_within(line, ROUND_LIMIT)?;
            ensure!(output.contains("error[recursion_limit]"), "`{line}` printed {output:?}");
        }
        // The session is the same one, so what it knew is there.
        machine.check("40 + 2", "42")
    })?;
    rounds(context, "let f = |f| f.call(f) + 1; f.call(f)", &["recursion_limit"])
}

fn nest_dropped(context: &Context) -> Result<(), Error> {
    rounds(
        context,
        "{ let a = debug::nest(100000); a = 0; a }",
        &["stack_overflow"],
    )
}

fn nest_compared(context: &Context) -> Result<(), Error> {
    rounds(
        context,
        "debug::nest(100000) == debug::nest(100000)",
        &["stack_overflow"],
    )
}

fn nest_printed(context: &Context) -> Result<(), Error> {
    rounds(context, "print(debug::nest(100000))", &["stack_overflow"])
}

fn native_panic(context: &Context) -> Result<(), Error> {
    rounds(context, "debug::panic()", &["native_panic"])
}

/// The overflow hits every instruction of the path through drop and the allocator.
fn nest_drop_sweep(context: &Context) -> Result<(), Error> {
    // How deep a nest must be depends on what a level takes, which is the compiler's business: the most that still
    // overflows a whole stack, and a quarter more.
    const MEASURE: &str = "let level = 0; for bytes in [256, 192, 128, 96, 64, 48, 32, 24, 16] { if level == 0 { \
        let depth = full / bytes + 500; \
        try { task::wait(task::start(|| debug::drop_nest(full, depth))) } \
        catch (e) { if e.code == \"stack_overflow\" { level = bytes; } } } } level";
    const SWEEP: &str = "let other = #{}; let count = 0; let left = full; \
        while left >= 4096 { \
        let code = \"\"; \
        try { task::wait(task::start(|| debug::drop_nest(left, left * 5 / (level * 4) + 500))) } catch (e) { code = e.code } \
        if code != \"stack_overflow\" { other[`${left} ${code}`] = 1; } \
        let proof = []; proof.pad(50, count); count += proof.len() / 50; left -= 64; } \
        [count, other.keys()]";
    context.at_prompt("debug=on", |machine| {
        let full = machine.number("let full = debug::stack_left(); full")?;
        let level = machine.number(MEASURE)?;
        ensure!(level > 0, "no nest overflows");
        let output = machine.eval_within(SWEEP, Duration::from_secs(400))?;
        let expected = (full - 4096) / 64 + 1;
        ensure!(
            output == format!("[{expected}, []]"),
            "{output}, not {expected} overflows"
        );
        machine.check("40 + 2", "42")
    })
}

fn hammered_closure(context: &Context) -> Result<(), Error> {
    const CLOSURE: &str = "let hammer = || { let sum = 0; for i in 0..20000 { a.push(i); sum += a[i % a.len()]; \
        if a.len() > 300 { a.truncate(200); } } sum }";
    context.at_prompt("", |machine: &mut Machine| {
        machine.eval("let a = []; a.pad(200, 1);")?;
        machine.eval(CLOSURE)?;
        machine.eval("let tasks = [task::start(hammer), task::start(hammer)];")?;
        let sums = machine.eval_within("tasks.map(|t| task::wait(t))", Duration::from_secs(60))?;
        let inner = sums.trim_matches(['[', ']']);
        let (left, right) = inner.split_once(", ").ok_or_else(|| Error::Wrong(sums.clone()))?;
        ensure!(
            left == right && left.parse::<i64>().is_ok(),
            "two copies of one array gave {sums}"
        );
        machine.check("a.len()", "200")
    })
}

/// What a crate makes once, on first use, must not lie in the arena of the task that came first.
fn stray_pointers(context: &Context) -> Result<(), Error> {
    context.at_prompt("debug=on", |machine| {
        for line in [
            "[1][0] + #{a: 2}.a + \"text\".len()",
            "let f = |x| x * 2.5; f.call(3).to_string() + `${[1, 2].map(|n| n + 1)}`",
            "import \"lib/text\" as text;",
            "task::wait(task::start(|| { let m = #{}; m.a = [3, 1, 2]; m.a.sort(); m }))",
            "try { task::wait(task::start(|| debug::panic())) } catch (e) { e.code }",
            "debug::nest(100000) == debug::nest(100000)",
            "1 / 0",
        ] {
            machine.eval(line)?;
        }
        machine.check("debug::arena_pointers()", "0")
    })
}

fn service_restarted(context: &Context) -> Result<(), Error> {
    context.at_prompt("debug=on", |machine| {
        for count in 1..=5 {
            machine.eval("debug::panic_service()")?;
            machine.eval("time::sleep_ms(1500)")?;
            let restarts = machine.number("debug::service_restarts()")?;
            ensure!(restarts == count, "{restarts} restarts after {count} panics");
            machine.check("40 + 2", "42")?;
        }
        Ok(())
    })
}

/// Results wait for whoever asks for them, but not so many that memory fills up; and the heap shrinks behind them.
fn untaken_results(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("debug=on")?;
    let config = Config {
        memory_mib: 64,
        ..Config::default()
    };
    context.with_machine(&config, &iso, |machine| {
        machine.boot()?;
        machine.eval("let ids = [];")?;
        machine.check("task::wait(task::start(|| 1))", "1")?;
        let free = machine.number("mem::info().free_bytes")?;
        let available = machine.number(AVAILABLE)?;
        let start = "ids.push(task::start(|| blob(1500000, 7))); time::sleep_ms(10);";
        machine.eval_within(&format!("for i in 0..60 {{ {start} }}"), ROUND_LIMIT)?;
        let kept = free - machine.number("mem::info().free_bytes")?;
        ensure!(kept < 12 << 20, "{kept} bytes are kept");
        machine.check("task::wait(ids[59]).len()", "1500000")?;
        let oldest = machine.eval("task::wait(ids[0])")?;
        ensure!(oldest.contains("error[result_dropped]"), "{oldest}");
        machine.eval("for id in ids { try { task::wait(id) } catch { } }")?;
        all_but(machine, available, DRIFT_LIMIT_BYTES)?;
        // The heap gives its end back.
        let held = "let b = task::wait(task::start(|| blob(12000000))); b = (); mem::info().heap_bytes";
        let heap = machine.number(held)?;
        ensure!(heap < 8 << 20, "the heap still has {heap} bytes");
        Ok(())
    })
}

/// What is neither free nor anybody's is page tables and what the kernel keeps for itself, which do not become more.
fn page_tables(context: &Context) -> Result<(), Error> {
    context.at_prompt("debug=on", |machine| {
        let rest = "let m = mem::info(); m.total_bytes - m.free_bytes - m.heap_bytes - m.arena_bytes - m.stack_bytes";
        machine.check("blob(1000).len()", "1000")?;
        let before = machine.number(rest)?;
        // Twenty tables of the session's arena, and as many of the heap.
        machine.check("blob(40000000).len()", "40000000")?;
        machine.check("task::wait(task::start(|| blob(16000000))).len()", "16000000")?;
        until(machine, GIVE_BACK_LIMIT, |machine| {
            let more = machine.number(rest)? - before;
            ensure!(more < TABLES_LIMIT_BYTES, "{more} bytes are nobody's");
            Ok(())
        })
    })
}

/// A server catches errors for months, and a session is told of many.
fn errors(context: &Context) -> Result<(), Error> {
    context.at_prompt("debug=on", |machine| {
        machine.eval("fn fail(depth) { if depth == 0 { throw 1 } fail(depth - 1) }")?;
        let fails = "fail(50)";
        ensure!(machine.eval(fails)?.contains("error["), "no error");
        let taken = "mem::info().task_arena_bytes";
        let before = machine.number(taken)?;
        for _ in 0..ERRORS {
            machine.eval(fails)?;
        }
        let more = machine.number(taken)? - before;
        ensure!(more < ERRORS_LIMIT_BYTES, "{ERRORS} errors took {more} bytes");
        let caught = format!(
            "{{ let before = {taken}; for i in 0..20000 {{ try {{ throw i }} catch {{}} }} {taken} - before }}"
        );
        let more = machine.number(&caught)?;
        ensure!(more < ERRORS_LIMIT_BYTES, "20,000 caught errors took {more} bytes");
        Ok(())
    })
}
