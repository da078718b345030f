//! Measurements of the whole machine: its cores, its buses, its clock, its noise.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::figures::Figure;
use crate::machine::{Config, Machine};
use crate::screen_figures::Setting;

const LIMIT: Duration = Duration::from_secs(120);
/// Cores of the measured machine: more than its host has would measure the host's scheduler.
const CORES: u32 = 2;
const CALLS: u32 = 1_000;
const SLEEPS: u32 = 400;
const RANDOM_BYTES: u32 = 1_000_000;
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

/// Milliseconds that the other cores took to start, from the log.
fn core_start(machine: &mut Machine) -> Result<f64, Error> {
    let started = Instant::now();
    loop {
        let line = machine.eval("log::tail(50).map(|l| l.text).filter(|t| t.starts_with(\"cores: \"))")?;
        if let Some((_, rest)) = line.split_once("came in ") {
            let ms = rest.split(' ').next().and_then(|ms| ms.parse().ok());
            return ms.ok_or_else(|| Error::Wrong(format!("the log says {line:?}")));
        }
        if started.elapsed() > LIMIT {
            return Err(Error::Wrong(format!("the cores do not start: {line:?}")));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Starting cores, calling one, sleeping exactly, random bytes, and what several cores make of independent tasks.
///
/// # Errors
///
/// Where the machine does not do as it should.
pub fn cores(setting: &Setting<'_>) -> Result<Vec<Figure>, Error> {
    let (mut start, mut call, mut late_50, mut late_99) = (vec![], vec![], vec![], vec![]);
    let (mut random, mut speed_up) = (vec![], vec![]);
    for _ in 0..setting.runs {
        let mut machine = boot(setting, CORES)?;
        start.push(core_start(&mut machine)?);
        let calls = format!(
            "let a = []; for i in 0..{CALLS} {{ let t = debug::call_core(1); if t != () {{ a.push(t); }} }} \
             a.sort(); a[a.len() / 2]"
        );
        call.push(number(&mut machine, &calls)? / 1000.0);
        let sleeps = format!(
            "let a = []; for i in 0..{SLEEPS} {{ let t = time::uptime_us(); time::sleep_ms(1); \
             a.push(time::uptime_us() - t - 1000); }} a.sort();"
        );
        machine.eval_within(&sleeps, LIMIT)?;
        late_50.push(number(&mut machine, "a[a.len() / 2]")?);
        late_99.push(number(&mut machine, "a[a.len() * 99 / 100]")?);
        let bytes = format!("let t = time::uptime_us(); rand::bytes({RANDOM_BYTES}); time::uptime_us() - t");
        random.push(f64::from(RANDOM_BYTES) / number(&mut machine, &bytes)?);
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
        Figure::new("core.start_all", "ms", start),
        Figure::new("core.call", "us", call),
        Figure::new("clock.sleep_1ms_late_p50", "us", late_50),
        Figure::new("clock.sleep_1ms_late_p99", "us", late_99),
        Figure::new("random.rate", "MB/s", random),
        Figure::new(format!("core.speed_up_of_{CORES}"), "times", speed_up),
    ])
}
