//! Measurements of clocks and random numbers: how late sleeps end, how fast random bytes come, and how soon after the
//! start there are some.

use std::time::Duration;

use crate::error::Error;
use crate::figures::Figure;
use crate::machine::{Config, Machine};
use crate::screen_figures::Setting;

const LIMIT: Duration = Duration::from_secs(120);
const SLEEPS: usize = 500;
const RANDOM_BYTES: u32 = 4_000_000;

fn number(machine: &mut Machine, line: &str) -> Result<f64, Error> {
    let text = machine.eval_within(line, LIMIT)?;
    text.trim()
        .parse()
        .map_err(|_| Error::Wrong(format!("`{line}` gave {text:?}, no number")))
}

/// Sleeps of a millisecond, and random bytes, on a processor without instructions for them.
///
/// # Errors
///
/// Where the machine does not do as it should.
pub fn all(setting: &Setting<'_>) -> Result<Vec<Figure>, Error> {
    let (mut middle, mut late, mut speed, mut ready) = (vec![], vec![], vec![], vec![]);
    for _ in 0..setting.runs {
        let iso = setting.images.with_command_line("")?;
        let config = Config {
            cpu: "qemu64",
            ..Config::default()
        };
        let mut machine = Machine::start(&config, &iso, setting.folder.join("machine"))?;
        machine.boot()?;
        ready.push(number(&mut machine, "rand::wait_ready(); time::uptime_us() / 1000.0")?);
        let sleeps = format!(
            "let took = []; for i in 0..{SLEEPS} {{ let start = time::uptime_us(); time::sleep_ms(1); \
             took.push(time::uptime_us() - start); }} took = took.order(); took[{}]",
            SLEEPS / 2
        );
        middle.push(number(&mut machine, &sleeps)?);
        late.push(number(&mut machine, &format!("took[{}]", SLEEPS * 99 / 100))?);
        let bytes = format!("let start = time::uptime_us(); rand::bytes({RANDOM_BYTES}); time::uptime_us() - start");
        speed.push(f64::from(RANDOM_BYTES) / number(&mut machine, &bytes)?);
    }
    Ok(vec![
        Figure::new("clock.sleep_1ms_p50", "us", middle),
        Figure::new("clock.sleep_1ms_p99", "us", late),
        Figure::new("random.bytes", "MB/s", speed),
        Figure::new("random.ready", "ms", ready).with_goal(1500.0),
    ])
}
