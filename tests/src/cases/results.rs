//! Results at the prompt: tables, chains, `_`, charts on the serial line, and the pager on the machine's own screen.

use std::time::Duration;

use crate::ensure;
use crate::error::Error;
use crate::machine::Config;
use crate::runner::{Company, Context, Test};
use crate::screendump::{self, has};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "results_are_tables_and_charts",
        company: Company::Shared,
        run: shown,
    },
    Test {
        name: "results_are_paged_on_the_screen",
        company: Company::Shared,
        run: paged,
    },
];

const LIMIT: Duration = Duration::from_secs(20);

fn shown(context: &Context) -> Result<(), Error> {
    context.at_prompt("", |machine| {
        machine.check(
            "let rows = [#{name: \"kernel\", size_bytes: 1572864}, #{name: \"rom\", kind: \"tar\", size_bytes: 512}]; rows",
            "name    size_bytes  kind\nkernel     1.5 MiB\nrom          512 B  tar",
        )?;
        machine.check(
            "_.where(|row| row.size_bytes > 1000).select([\"name\"])[0].name",
            "\"kernel\"",
        )?;
        machine.check("_", "\"kernel\"")?;
        machine.check("6 * 7;", "")?;
        machine.check("_ + switch 1 { 2 => 3, _ => 1 }", "43")?;
        machine.check("rows.sort_by(\"-name\").column(\"name\")", "[\"rom\", \"kernel\"]")?;
        machine.check("task::list().count_by(\"name\").where(|row| row.count < 1).len()", "0")?;
        let chart = machine.eval("plot([0, 1, 4, 9])")?;
        ensure!(chart.starts_with("9 ") && chart.lines().count() == 14, "{chart}");
        let timed = machine.eval("time(|| { for i in 0..1000 { } 5 })")?;
        ensure!(timed.starts_with("took ") && timed.ends_with("\n5"), "{timed}");
        // The line is no terminal that turns pages: long results are cut.
        let long = machine.eval("let rows = []; for i in 0..5000 { rows.push(#{n: i}) } rows")?;
        ensure!(long.ends_with("\n99\n... 4900 more (5000 in all)"), "{long}");
        machine.check("40 + 2", "42")
    })
}

fn paged(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("")?;
    context.with_machine(&Config::default(), &iso, |machine| {
        let rows = screendump::boot(machine)?.len();
        let is_first = |text: String| move |lines: &[String]| lines.first() == Some(&text);
        let has_last =
            |text: &'static str| move |lines: &[String]| lines.last().is_some_and(|last| last.starts_with(text));
        screendump::type_text(machine, "let l = []; for i in 0..3000 { l.push(#{n: i}) } l")?;
        screendump::press(machine, &["ret"])?;
        let seen = screendump::expect(machine, LIMIT, has_last("-- more ("))?;
        ensure!(
            seen[0] == "  n" && seen[rows - 2].trim() == (rows - 3).to_string(),
            "{seen:?}"
        );
        // One line is the keys of the table.
        screendump::press(machine, &["spc"])?;
        screendump::expect(machine, LIMIT, is_first(format!("{:3}", rows - 2)))?;
        screendump::press(machine, &["ret"])?;
        screendump::expect(machine, LIMIT, is_first(format!("{:3}", rows - 1)))?;
        screendump::type_text(machine, "/2345")?;
        screendump::press(machine, &["ret"])?;
        screendump::expect(machine, LIMIT, is_first(String::from("2345")))?;
        screendump::press(machine, &["shift-g"])?;
        let seen = screendump::expect(machine, LIMIT, has_last("-- end"))?;
        ensure!(seen[rows - 2] == "2999", "{seen:?}");
        screendump::press(machine, &["q"])?;
        screendump::expect(machine, LIMIT, has("rhai>"))?;
        screendump::type_text(machine, "_.len()")?;
        screendump::press(machine, &["ret"])?;
        screendump::expect(machine, LIMIT, has("3000"))?;
        machine.check("1 + 1", "2")
    })
}
