//! Measurements of the screen and of the start with the screen on, at 1280 by 800 pixels of the standard adapter.

use std::time::{Duration, Instant};

use crate::ensure;
use crate::error::Error;
use crate::figures::Figure;
use crate::framebuffer::Framebuffer;
use crate::images::Images;
use crate::latency;
use crate::machine::{Config, Machine, PROMPT};
use crate::screendump;

const LIMIT: Duration = Duration::from_secs(60);
const LINES: u32 = 20_000;
const KEYS: usize = 30;
const ECHOES: usize = 300;
/// Rows in which the first prompt is, below the banner.
const FIRST_ROWS: std::ops::Range<usize> = 0..12;
const BIG_FILE_BYTES: u32 = 1_000_000;

/// What the measurements are made with.
pub struct Setting<'a> {
    /// The images.
    pub images: &'a Images,
    /// Where the machines keep their files.
    pub folder: &'a std::path::Path,
    /// How often each measurement is made.
    pub runs: usize,
}

impl Setting<'_> {
    fn start(&self) -> Result<Machine, Error> {
        let iso = self.images.with_command_line("")?;
        Machine::start(&Config::default(), &iso, self.folder.join("machine"))
    }

    /// A machine whose screen shows the prompt.
    fn at_prompt(&self) -> Result<(Machine, Framebuffer), Error> {
        let mut machine = self.start()?;
        screendump::boot(&mut machine)?;
        let picture = screendump::picture(&mut machine)?;
        let size = (picture.width_pixels, picture.height_pixels);
        ensure!(size == (1280, 800), "the screen has {size:?} pixels");
        let framebuffer = Framebuffer::find(&mut machine)?;
        Ok((machine, framebuffer))
    }
}

fn enter(machine: &mut Machine, line: &str) -> Result<(), Error> {
    screendump::type_text(machine, line)?;
    screendump::press(machine, &["ret"])
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Lines that a script prints in a second, until the screen shows the last.
///
/// # Errors
///
/// Where the machine does not do as it should.
pub fn lines(setting: &Setting<'_>) -> Result<Vec<Figure>, Error> {
    let mut rates = Vec::new();
    for _ in 0..setting.runs {
        let (mut machine, framebuffer) = setting.at_prompt()?;
        let text = "a line of text as long as most of those that scripts print";
        screendump::type_text(
            &mut machine,
            &format!("for n in 0..{LINES} {{ print(`{text} ${{n}}`) }}"),
        )?;
        let started = Instant::now();
        machine.monitor().human("sendkey ret 20")?;
        let last = format!("{text} {}", LINES - 1);
        let rows = framebuffer.rows() - 3..framebuffer.rows();
        let seen = framebuffer.expect(&mut machine, rows, LIMIT, |lines| lines.contains(&last))?;
        rates.push(f64::from(LINES) / (seen - started).as_secs_f64());
    }
    Ok(vec![Figure::new("screen_lines_per_s", "1/s", rates).with_goal(2000.0)])
}

/// From the key that shows older lines to the last row of a screen on which every cell has changed.
///
/// # Errors
///
/// Where the machine does not do as it should.
pub fn scroll(setting: &Setting<'_>) -> Result<Vec<Figure>, Error> {
    let (mut machine, framebuffer) = setting.at_prompt()?;
    // Each line's letters differ from those of its neighbours in every column.
    enter(
        &mut machine,
        "for n in 0..300 { let s = \"\"; for i in 0..150 { s += (n * 7 + i * 3) % 10; } print(s) }",
    )?;
    let bottom = framebuffer.rows() - 2..framebuffer.rows();
    framebuffer.expect(&mut machine, bottom.clone(), LIMIT, |lines| {
        lines.iter().any(|line| line == "rhai>")
    })?;
    let mut times = Vec::new();
    for _ in 0..KEYS {
        for (key, has_prompt) in [("pgup", false), ("pgdn", true)] {
            std::thread::sleep(Duration::from_millis(200));
            let started = Instant::now();
            machine.monitor().human(&format!("sendkey shift-{key} 20"))?;
            let seen = framebuffer.expect(&mut machine, bottom.clone(), LIMIT, |lines| {
                lines.iter().any(|line| line == "rhai>") == has_prompt
            })?;
            times.push(milliseconds(seen - started));
        }
    }
    Ok(vec![Figure::new("screen_scroll_ms", "ms", times)])
}

/// From a key to its letter on the screen.
///
/// # Errors
///
/// Where the machine does not do as it should.
pub fn keys(setting: &Setting<'_>) -> Result<Vec<Figure>, Error> {
    let (mut machine, framebuffer) = setting.at_prompt()?;
    let mut times = Vec::new();
    for index in 0..KEYS {
        for (key, line) in [("x", "rhai> x"), ("backspace", "rhai>")] {
            // At no fixed distance from the cursor's blinking.
            std::thread::sleep(Duration::from_millis(150 + 13 * index as u64));
            let started = Instant::now();
            machine.monitor().human(&format!("sendkey {key} 20"))?;
            let seen = framebuffer.expect(&mut machine, FIRST_ROWS, LIMIT, |lines| {
                lines.iter().any(|seen| seen == line)
            })?;
            times.push(milliseconds(seen - started));
        }
    }
    Ok(vec![Figure::new("key_to_glyph_ms", "ms", times)])
}

/// From Ctrl-C to the message that the loop on the screen has ended.
///
/// # Errors
///
/// Where the machine does not do as it should.
pub fn ctrl_c(setting: &Setting<'_>) -> Result<Vec<Figure>, Error> {
    let (mut machine, framebuffer) = setting.at_prompt()?;
    let mut times = Vec::new();
    for index in 0..KEYS / 2 {
        screendump::press(&mut machine, &["ctrl-l"])?;
        enter(&mut machine, "loop {}")?;
        std::thread::sleep(Duration::from_millis(200 + 13 * index as u64));
        let started = Instant::now();
        machine.monitor().human("sendkey ctrl-c 20")?;
        let seen = framebuffer.expect(&mut machine, FIRST_ROWS, LIMIT, |lines| {
            lines.iter().any(|line| line.contains("error[cancelled]"))
        })?;
        times.push(milliseconds(seen - started));
    }
    Ok(vec![Figure::new("screen_ctrl_c_ms", "ms", times).with_goal(100.0)])
}

/// Echoes of the serial session while the screen's prints without end.
///
/// # Errors
///
/// Where the machine does not do as it should.
pub fn echo(setting: &Setting<'_>) -> Result<Vec<Figure>, Error> {
    let mut worst = Vec::new();
    for _ in 0..setting.runs {
        let (mut machine, _) = setting.at_prompt()?;
        enter(&mut machine, "let n = 0; loop { n += 1; print(n); }")?;
        let echoes = latency::echoes(&mut machine, ECHOES)?;
        worst.push(milliseconds(latency::percentile(&echoes, 99)));
    }
    Ok(vec![
        Figure::new("screen_echo_beside_p99_ms", "ms", worst).with_goal(50.0),
    ])
}

/// From Return behind `edit(path)` to the first screen of a file of a megabyte.
///
/// # Errors
///
/// Where the machine does not do as it should, or the image has no editor.
pub fn editor(setting: &Setting<'_>) -> Result<Vec<Figure>, Error> {
    let mut times = Vec::new();
    for _ in 0..setting.runs {
        let (mut machine, framebuffer) = setting.at_prompt()?;
        let described = machine.eval("help(\"edit\")")?;
        ensure!(
            described.contains("edit(path"),
            "editor_open_1mb_ms: this image has no edit(path): {described}"
        );
        machine.eval("let text = \"\"; let line = \"let answer = 40 + 2; // a line of a big script\\n\";")?;
        machine.eval(&format!("while text.len() < {BIG_FILE_BYTES} {{ text += line; }}"))?;
        let written = machine.eval("fs::write(\"/tmp/big.rhai\", text)")?;
        ensure!(!written.contains("error"), "/tmp/big.rhai cannot be written: {written}");
        screendump::type_text(&mut machine, "edit(\"/tmp/big.rhai\")")?;
        let started = Instant::now();
        machine.monitor().human("sendkey ret 20")?;
        // A row in the lower half shows it only with all those above.
        let row = framebuffer.rows() - 6;
        let seen = framebuffer.expect(&mut machine, row..row + 1, LIMIT, |lines| {
            lines.iter().any(|line| line.contains("let answer = 40 + 2;"))
        })?;
        times.push(milliseconds(seen - started));
    }
    Ok(vec![Figure::new("editor_open_1mb_ms", "ms", times)])
}

/// The start with the screen on: to the prompt on the screen, and the figures that there are without a screen.
///
/// # Errors
///
/// Where the machine does not do as it should.
pub fn start(setting: &Setting<'_>) -> Result<Vec<Figure>, Error> {
    // Where the adapter's memory is does not change from one start to the next.
    let (_, framebuffer) = setting.at_prompt()?;
    let (mut shown, mut iso, mut kernel, mut memory) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..setting.runs {
        let mut machine = setting.start()?;
        machine.expect("ready after ", LIMIT)?;
        // The kernel counts from its entry; what comes after its word is measured from outside.
        let said = Instant::now();
        let ready_ms: f64 = machine
            .expect(" ms;", LIMIT)?
            .parse()
            .map_err(|_| Error::Wrong("no time in the kernel's word that it is ready".into()))?;
        let seen = framebuffer.expect(&mut machine, FIRST_ROWS, LIMIT, |lines| {
            lines.iter().any(|line| line == "rhai>")
        })?;
        shown.push(ready_ms + milliseconds(seen - said));

        let mut machine = setting.start()?;
        machine.expect(PROMPT, LIMIT)?;
        iso.push(machine.started().elapsed().as_secs_f64());
        let end_ms = machine.eval("sys::boot()[-1].end_ms")?;
        kernel.push(
            end_ms
                .parse()
                .map_err(|_| Error::Wrong(format!("sys::boot() gave {end_ms}")))?,
        );
        let bytes = machine.number("mem::info().heap_bytes")? + machine.number("mem::info().arena_bytes")?;
        memory.push(bytes as f64 / 1048576.0);
    }
    Ok(vec![
        Figure::new("screen_prompt_ms", "ms", shown).with_goal(150.0),
        Figure::new("screen_boot.iso", "s", iso),
        Figure::new("screen_boot.kernel", "ms", kernel).with_goal(100.0),
        Figure::new("screen_memory.heap_and_arenas", "MiB", memory),
    ])
}
