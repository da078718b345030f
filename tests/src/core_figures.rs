//! Measurements of the machine's cores and of its bus.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::figures::Figure;
use crate::machine::{Config, Machine};
use crate::screen_figures::Setting;

const LIMIT: Duration = Duration::from_secs(120);
/// Cores of the measured machine: more than its host has would measure the host's scheduler.
const CORES: u32 = 2;
const CALLS: u32 = 1_000;
/// Work of one task when the speed-up is measured.
const LOOP: &str = "let s = 0; for k in 0..300000 { s += k } s";

fn boot(setting: &Setting<'_>, processors: u32) -> Result<Machine, Error> {
    let iso = setting.images.with_command_line("debug=on")?;
    let config = Config {
        processors,
        ..Config::default()
    };
    let mut machine = Machine::start(&config, &iso, setting.folder.join("machine"))?;
    machine.boot()?;
    machine.eval("task::wait(task::start(|| 1))")?;
    Ok(machine)
}

/// The number that `line` evaluates to, whole or not.
fn number(machine: &mut Machine, line: &str) -> Result<f64, Error> {
    let text = machine.eval_within(line, LIMIT)?;
    text.parse()
        .map_err(|_| Error::Wrong(format!("`{line}` gave {text:?}, no number")))
}

/// The number of milliseconds that stands behind `before` in the log's line that starts with `line`.
fn logged_ms(machine: &mut Machine, line: &str, before: &str) -> Result<f64, Error> {
    let started = Instant::now();
    loop {
        let said = machine.eval(&format!(
            "log::tail(80).map(|l| l.text).filter(|t| t.starts_with(\"{line}\"))"
        ))?;
        if let Some((_, rest)) = said.split_once(before) {
            let ms = rest.split(' ').next().and_then(|ms| ms.parse().ok());
            return ms.ok_or_else(|| Error::Wrong(format!("the log says {said:?}")));
        }
        if started.elapsed() > LIMIT {
            return Err(Error::Wrong(format!("the log has no `{line}... {before}`: {said:?}")));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Finding devices, starting cores, calling one, and what several cores make of independent tasks.
///
/// # Errors
///
/// Where the machine does not do as it should.
pub fn cores(setting: &Setting<'_>) -> Result<Vec<Figure>, Error> {
    let (mut scan, mut start, mut call, mut speed_up) = (vec![], vec![], vec![], vec![]);
    for _ in 0..setting.runs {
        let mut machine = boot(setting, CORES)?;
        scan.push(logged_ms(&mut machine, "PCI: ", " in ")?);
        start.push(logged_ms(&mut machine, "cores: ", " came in ")?);
        let calls = format!(
            "let a = []; for i in 0..{CALLS} {{ let t = debug::call_core(1); if t != () {{ a.push(t); }} }} \
             a.sort(); a[a.len() / 2]"
        );
        call.push(number(&mut machine, &calls)? / 1000.0);
        let spent = |cores: &str| {
            format!(
                "let t = time::uptime_us(); let ids = []; for i in 0..{CORES} {{ \
                 ids.push(task::start(|| {{ {LOOP} }}, #{{core: {cores}}})); }} \
                 for id in ids {{ task::wait(id); }} time::uptime_us() - t"
            )
        };
        let alone = number(&mut machine, &spent("1"))?;
        let together = number(&mut machine, &spent("i"))?;
        speed_up.push(alone / together);
    }
    Ok(vec![
        Figure::new("pci.scan", "ms", scan),
        Figure::new("core.start", "ms", start),
        Figure::new("core.call", "us", call),
        Figure::new(format!("core.speed_up_of_{CORES}"), "times", speed_up),
    ])
}
