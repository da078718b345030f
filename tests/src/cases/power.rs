//! Off, reset and the buttons on every board and firmware, and what is left without ACPI.

use std::time::Duration;

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Firmware, Machine};
use crate::patience::{sleeps_right, until};
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[
    Test {
        name: "power_off_and_reset_work_on_every_board",
        company: Company::Shared,
        run: off_and_reset,
    },
    Test {
        name: "power_button_is_an_event_and_else_turns_the_machine_off",
        company: Company::Shared,
        run: button,
    },
    Test {
        name: "power_without_acpi_leaves_a_prompt_that_says_so",
        company: Company::Shared,
        run: without_acpi,
    },
    Test {
        name: "power_without_hpet_the_clock_goes_right",
        company: Company::Shared,
        run: without_hpet,
    },
    Test {
        name: "acpi_tables_of_the_board_are_shown",
        company: Company::Shared,
        run: tables,
    },
];

const LIMIT: Duration = Duration::from_secs(15);
/// Boards with their firmware.
const BOARDS: [(&str, Firmware); 4] = [
    ("pc", Firmware::Bios),
    ("q35", Firmware::Bios),
    ("pc", Firmware::Uefi),
    ("q35", Firmware::Uefi),
];

/// Lets `drive` drive each of `boards` at its prompt.
fn on_boards(
    context: &Context,
    boards: &[(&'static str, Firmware)],
    more: &[&str],
    mut drive: impl FnMut(&mut Machine, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    let iso = context.images.with_command_line("debug=on")?;
    for &(board, firmware) in boards {
        let config = Config {
            board,
            firmware,
            more: more.iter().map(ToString::to_string).collect(),
            ..Config::default()
        };
        context.with_machine(&config, &iso, |machine| {
            let said = machine.boot()?;
            drive(machine, &said)
        })?;
    }
    Ok(())
}

/// Evaluates `line` until it gives `expected`.
fn wait_for(machine: &mut Machine, line: &str, expected: &str) -> Result<(), Error> {
    until(machine, LIMIT, |machine| machine.check(line, expected))
}

fn off_and_reset(context: &Context) -> Result<(), Error> {
    on_boards(context, &BOARDS, &[], |machine, _| {
        machine.check("power::info().off", "\"acpi\"")?;
        machine.expect_reset();
        machine.send(b"power::reboot()\r")?;
        machine.boot()?;
        ensure!(machine.resets() > 0, "no reset");
        machine.check("40 + 2", "42")?;
        machine.send(b"power::off()\r")?;
        machine.wait_for_end(LIMIT)
    })
}

const PRESS: &str = r#"{"execute": "system_powerdown"}"#;

fn button(context: &Context) -> Result<(), Error> {
    on_boards(context, &BOARDS, &[], |machine, _| {
        wait_for(machine, "power::info().power_button", "true")?;
        machine.check("power::info().mode", "\"acpi\"")?;
        machine.eval("let n = counter::open(0); let listener = on(\"power_button\", || { n.add(1); });")?;
        for presses in 1..=3 {
            machine.monitor().command(PRESS)?;
            wait_for(machine, "n.get()", &presses.to_string())?;
        }
        machine.check("power::info().presses", "3")?;
        machine.check("40 + 2", "42")?;
        machine.check("listener.cancel()", "true")?;
        machine.expect_reset();
        machine.monitor().command(PRESS)?;
        machine.wait_for_end(LIMIT)
    })
}

fn without_acpi(context: &Context) -> Result<(), Error> {
    let mut machines_without = 0;
    // The UEFI of the older board waits for ever for a timer that it then has not: nothing of ours is reached.
    let boards = BOARDS.into_iter().filter(|one| *one != ("pc", Firmware::Uefi));
    let boards: Vec<_> = boards.collect();
    on_boards(context, &boards, &["-machine", "acpi=off"], |machine, said| {
        machine.check("40 + 2", "42")?;
        sleeps_right(machine, 200)?;
        // Some firmware makes tables of its own then.
        if said.contains("ACPI: there are no tables") {
            machines_without += 1;
            machine.check("power::info().off == ()", "true")?;
            for line in [
                "power::off()",
                "acpi::list()",
                "acpi::read(\"FACP\")",
                "acpi::info(\"APIC\")",
            ] {
                let refused = machine.eval(line)?;
                ensure!(refused.contains("error[unsupported]"), "{line}: {refused}");
            }
        } else {
            machine.check("acpi::list().len() > 0", "true")?;
        }
        machine.expect_reset();
        machine.send(b"power::reboot()\r")?;
        machine.boot()?;
        ensure!(machine.resets() > 0, "no reset");
        machine.check("40 + 2", "42")
    })?;
    ensure!(machines_without > 0, "every machine has tables");
    Ok(())
}

fn without_hpet(context: &Context) -> Result<(), Error> {
    on_boards(context, &BOARDS, &["-machine", "hpet=off"], |machine, _| {
        let refused = machine.eval("acpi::info(\"HPET\")")?;
        ensure!(refused.contains("error[not_found]"), "{refused}");
        sleeps_right(machine, 1000)
    })
}

fn tables(context: &Context) -> Result<(), Error> {
    on_boards(context, &BOARDS, &["-smp", "3"], |machine, _| {
        machine.check("acpi::list().all(|t| t.problem == ())", "true")?;
        machine.check("acpi::list().some(|t| t.signature == \"DSDT\")", "true")?;
        machine.check("acpi::info(\"APIC\").processors.filter(|p| p.enabled).len()", "3")?;
        machine.check("acpi::info(\"FACP\").sci_interrupt", "9")?;
        machine.check(
            "let d = acpi::read(\"DSDT\"); d.len() == acpi::info(\"DSDT\").size_bytes",
            "true",
        )?;
        let refused = machine.eval("acpi::read(\"NONE\")")?;
        ensure!(refused.contains("error[not_found]"), "{refused}");
        let refused = machine.eval("acpi::read(\"APIC\", -1)")?;
        ensure!(refused.contains("error[out_of_range]"), "{refused}");
        Ok(())
    })
}
