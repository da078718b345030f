//! Measures the shipped image, beside Linux with Rhai as its only program where that can be built:
//! `[--filter WORD] [--runs N] [--profile]`. One JSON object per line. Called by `cargo xtask bench` after the image is
//! made. With `--profile`, the ten functions that the start and each script spend most time in.
//!
//! Ours and the peer's runs alternate, so that a noisy minute hits both.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use tests::clock_figures;
use tests::error::Error;
use tests::figures::Figure;
use tests::images::Images;
use tests::machine::{Config, Machine, PROMPT};
use tests::profile::Profile;
use tests::screen_figures::{self, Setting};
use tests::task_figures;
use xtask::arguments::Arguments;
use xtask::{command, packages};

const LIMIT: Duration = Duration::from_secs(60);
const IDLE_SECONDS: u64 = 20;
/// The same programs as the peers' own measurements use.
const PROGRAMS: [(&str, &str); 8] = [
    ("script.fib25", include_str!("../../programs/fib.rhai")),
    ("script.loop1e6", include_str!("../../programs/loop.rhai")),
    ("script.string1e5", include_str!("../../programs/string.rhai")),
    ("script.map1e5", include_str!("../../programs/map.rhai")),
    ("script.sort1e5", include_str!("../../programs/sort.rhai")),
    ("script.nbody1e4", include_str!("../../programs/nbody.rhai")),
    ("script.sieve1e6", include_str!("../../programs/sieve.rhai")),
    ("script.copy2e4", include_str!("../../programs/copy.rhai")),
];
/// Names of what safepoints and arenas cost the first programs.
const COSTS: [[&str; 2]; 2] = [
    ["cost.safepoints.fib25", "cost.arena.fib25"],
    ["cost.safepoints.loop1e6", "cost.arena.loop1e6"],
];
/// What all programs together should take, as a part of the peer's time, and each alone.
const SCRIPT_GOALS: (f64, f64) = (0.9, 1.0);
/// The guest's clock then counts instructions, one nanosecond each, whatever else the host does.
const COUNTING: [&str; 2] = ["-icount", "shift=0,sleep=off"];
const PEER_PACKAGES: &[&str] = &[
    "linux-source-6.1",
    "make",
    "flex",
    "bison",
    "bc",
    "libelf-dev",
    "xz-utils",
];

struct Bench {
    images: Images,
    iso: PathBuf,
    peer: Option<PathBuf>,
    folder: PathBuf,
    runs: usize,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Error> {
    let mut arguments = Arguments::new(std::env::args().skip(1));
    let filter = arguments.value("--filter")?.unwrap_or_default();
    let runs = arguments.number("--runs")?.unwrap_or(5);
    let is_profiling = arguments.flag("--profile");
    arguments.finish()?;
    let folder = command::target().join("bench");
    let images = Images::new(&folder)?;
    let iso = images.with_command_line("")?;
    if is_profiling {
        return profiles(
            &Bench {
                images,
                iso,
                peer: None,
                folder,
                runs,
            },
            &filter,
        );
    }
    type Measurement = fn(&Bench) -> Result<Vec<Figure>, Error>;
    let measurements: [(&str, Measurement); 20] = [
        ("size", sizes),
        ("boot", boot),
        ("memory", memory),
        ("least_memory", least_memory),
        ("script", scripts),
        ("count", counts),
        ("cost", costs),
        ("completion", completion),
        ("idle", idle),
        ("task_costs", |bench| task_figures::costs(&bench.setting())),
        ("task_crowd", |bench| task_figures::crowd(&bench.setting())),
        ("task_ctrl_c", |bench| task_figures::ctrl_c(&bench.setting())),
        ("clocks", |bench| clock_figures::all(&bench.setting())),
        ("screen_lines", |bench| screen_figures::lines(&bench.setting())),
        ("screen_scroll", |bench| screen_figures::scroll(&bench.setting())),
        ("screen_prompt_and_boot", |bench| {
            screen_figures::start(&bench.setting())
        }),
        ("screen_echo", |bench| screen_figures::echo(&bench.setting())),
        ("screen_key_to_glyph", |bench| screen_figures::keys(&bench.setting())),
        ("screen_ctrl_c", |bench| screen_figures::ctrl_c(&bench.setting())),
        ("screen_editor_open", |bench| screen_figures::editor(&bench.setting())),
    ];
    let chosen: Vec<_> = measurements.iter().filter(|(name, _)| name.contains(&filter)).collect();
    // Building the peer takes minutes, and it has no screen to be measured beside ours.
    let is_screen = |name: &str| name.starts_with("screen_") || name.starts_with("task_");
    let bench = Bench {
        images,
        iso,
        peer: match chosen.iter().all(|(name, _)| is_screen(name)) {
            true => None,
            false => peer()?,
        },
        folder,
        runs,
    };
    for (_, measure) in chosen {
        measure(&bench)?.iter().for_each(|figure| println!("{}", figure.json()));
    }
    Ok(())
}

/// The peer's image; `None` where its sources are not beside the repository.
fn peer() -> Result<Option<PathBuf>, Error> {
    let sources = command::root().join("../shared/bench");
    if !sources.join("tuned.config").is_file() {
        return Ok(None);
    }
    let folder = command::target().join("peers");
    if !folder.join("peer.iso").is_file() {
        packages::ensure(PEER_PACKAGES)?;
        eprintln!("bench: building the peer; this takes some minutes, once");
        let script = command::root().join("tests/peer.sh");
        command::run(
            Command::new("bash")
                .arg(script)
                .arg(sources.canonicalize()?)
                .arg(&folder),
        )?;
    }
    Ok(Some(folder.join("peer.iso")))
}

impl Bench {
    /// For the measurements of the screen.
    fn setting(&self) -> Setting<'_> {
        Setting {
            images: &self.images,
            folder: &self.folder,
            runs: self.runs,
        }
    }

    /// A machine as the peers' own measurements have it.
    fn start(&self, iso: &std::path::Path, memory_mib: u32) -> Result<Machine, Error> {
        let config = Config {
            vga: "none",
            memory_mib,
            ..Config::default()
        };
        Machine::start(&config, iso, self.folder.join("machine"))
    }

    /// Runs `measure` as often as asked, on us and on the peer in turn.
    fn alternate(&self, mut measure: impl FnMut(&mut Machine) -> Result<Spent, Error>) -> Result<Both, Error> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..self.runs {
            ours.push(measure(&mut self.start(&self.iso, 256)?)?);
            if let Some(peer) = &self.peer {
                theirs.push(measure(&mut self.start(peer, 256)?)?);
            }
        }
        Ok(Both { ours, theirs })
    }
}

/// What something took: time, and the emulator's share of the host's processors, which other work on the host changes
/// less.
struct Spent {
    seconds: f64,
    processor_seconds: f64,
}

impl Spent {
    /// Since the machine was started, or since `earlier`.
    fn since(machine: &Machine, earlier: Option<&Self>) -> Result<Self, Error> {
        let (seconds, processor) = earlier.map_or((0.0, 0.0), |earlier| (earlier.seconds, earlier.processor_seconds));
        Ok(Self {
            seconds: machine.started().elapsed().as_secs_f64() - seconds,
            processor_seconds: processor_seconds(machine.process_id())? - processor,
        })
    }
}

/// Every run, ours and the peer's.
struct Both {
    ours: Vec<Spent>,
    theirs: Vec<Spent>,
}

impl Both {
    fn figure(&self, name: &str, unit: &'static str, ratio_goal: Option<f64>, part: fn(&Spent) -> f64) -> Figure {
        let runs = |spent: &[Spent]| spent.iter().map(part).collect();
        Figure::new(name, unit, runs(&self.ours)).beside(runs(&self.theirs), ratio_goal)
    }

    fn figures(&self, name: &str, ratio_goal: Option<f64>) -> [Figure; 2] {
        [
            self.figure(name, "s", ratio_goal, |spent| spent.seconds),
            self.figure(&format!("{name}.processor"), "s", ratio_goal, |spent| {
                spent.processor_seconds
            }),
        ]
    }
}

fn sizes(bench: &Bench) -> Result<Vec<Figure>, Error> {
    let parts = bench.images.parts();
    let bytes = |path: &PathBuf| std::fs::metadata(path).map(|data| data.len() as f64);
    Ok(vec![
        Figure::new("size.iso", "bytes", vec![bytes(&bench.images.shipped())?]).with_goal(10e6),
        Figure::new("size.kernel", "bytes", vec![bytes(&parts.kernel)?]),
        Figure::new("size.symbols", "bytes", vec![bytes(&parts.symbols)?]),
        Figure::new("size.rom", "bytes", vec![bytes(&parts.rom)?]),
    ])
}

fn boot(bench: &Bench) -> Result<Vec<Figure>, Error> {
    let both = bench.alternate(|machine| {
        machine.expect(PROMPT, LIMIT)?;
        Spent::since(machine, None)
    })?;
    let mut kernel = Vec::new();
    for _ in 0..bench.runs {
        let mut machine = bench.start(&bench.iso, 256)?;
        machine.boot()?;
        let steps = machine.eval("sys::boot()[-1].end_ms")?;
        kernel.push(
            steps
                .parse()
                .map_err(|_| Error::Wrong(format!("sys::boot() gave {steps}")))?,
        );
    }
    let mut figures = Vec::from(both.figures("boot.iso", Some(0.23)));
    figures.push(Figure::new("boot.kernel", "ms", kernel).with_goal(100.0));
    Ok(figures)
}

fn memory(bench: &Bench) -> Result<Vec<Figure>, Error> {
    let (mut sum, mut heap, mut arenas) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.runs {
        let mut machine = bench.start(&bench.iso, 256)?;
        machine.boot()?;
        heap.push(machine.number("mem::info().heap_bytes")? as f64 / 1048576.0);
        arenas.push(machine.number("mem::info().arena_bytes")? as f64 / 1048576.0);
        sum.push(heap[heap.len() - 1] + arenas[arenas.len() - 1]);
    }
    Ok(vec![
        Figure::new("memory.heap_and_arenas", "MiB", sum).with_goal(4.0),
        Figure::new("memory.heap", "MiB", heap),
        Figure::new("memory.arenas", "MiB", arenas),
    ])
}

fn least_memory(bench: &Bench) -> Result<Vec<Figure>, Error> {
    let search = |iso: &PathBuf, question: &str, answer: &str| -> Result<f64, Error> {
        let (mut too_little, mut enough) = (1, 128);
        while enough - too_little > 1 {
            let middle = (too_little + enough) / 2;
            let mut machine = bench.start(iso, middle)?;
            let answers = machine.expect(PROMPT, Duration::from_secs(10)).is_ok()
                && machine.send(question.as_bytes()).is_ok()
                && machine.expect(answer, Duration::from_secs(10)).is_ok();
            if answers { enough = middle } else { too_little = middle }
        }
        Ok(f64::from(enough))
    };
    let ours = search(&bench.iso, "40 + 2\r", "\n42")?;
    let theirs = match &bench.peer {
        Some(peer) => vec![search(peer, "40 + 2\r", "= 42")?],
        None => Vec::new(),
    };
    Ok(vec![
        Figure::new("memory.least", "MiB", vec![ours])
            .with_goal(24.0)
            .beside(theirs, None),
    ])
}

fn scripts(bench: &Bench) -> Result<Vec<Figure>, Error> {
    let mut figures = Vec::new();
    for (name, program) in PROGRAMS {
        let program = &one_line(program);
        let both = bench.alternate(|machine| {
            machine.expect(PROMPT, LIMIT)?;
            machine.send(program.as_bytes())?;
            // Typing and its echo are no part of the program.
            machine.expect(&program[program.len() - 8..], LIMIT)?;
            let before = Spent::since(machine, None)?;
            machine.send(b"\r")?;
            machine.expect(&format!("\n{PROMPT}"), LIMIT)?;
            Spent::since(machine, Some(&before))
        })?;
        figures.extend(both.figures(name, Some(SCRIPT_GOALS.1)));
    }
    let ratios = |figures: &[Figure], suffix: &str| -> Vec<f64> {
        let chosen = figures
            .iter()
            .filter(|figure| figure.name.ends_with(".processor") != suffix.is_empty());
        chosen.filter_map(Figure::ratio).collect()
    };
    for suffix in ["", ".processor"] {
        figures.extend(geometric_mean(
            &format!("script.all{suffix}"),
            &ratios(&figures, suffix),
        ));
    }
    Ok(figures)
}

/// Instructions of each program, in millions: the same in each run, so one is enough.
fn counts(bench: &Bench) -> Result<Vec<Figure>, Error> {
    let mut figures = Vec::new();
    for (name, program) in PROGRAMS {
        // A clock of the guest's is read before and after, and the difference printed in microseconds.
        let count = |iso: &std::path::Path, clock: &str, scale: f64| -> Result<f64, Error> {
            let config = Config {
                vga: "none",
                more: COUNTING.map(String::from).to_vec(),
                ..Config::default()
            };
            let mut machine = Machine::start(&config, iso, bench.folder.join("machine"))?;
            machine.expect(PROMPT, LIMIT)?;
            let body = one_line(program);
            let (functions, body) = body.split_at(
                body.rfind("} ")
                    .filter(|_| body.starts_with("fn "))
                    .map_or(0, |at| at + 1),
            );
            let text =
                format!("{functions} let t = {clock}; {{ {body}; }} let t = {clock} - t; print(\"<\" + t + \">\")");
            machine.send(text.as_bytes())?;
            machine.expect("+ \">\")", LIMIT)?;
            machine.send(b"\r")?;
            let told = machine.expect(">\r\n", 5 * LIMIT)?;
            let number = told.rsplit_once('<').and_then(|(_, number)| number.parse::<f64>().ok());
            number
                .map(|ticks| ticks * scale)
                .ok_or_else(|| Error::Wrong(format!("{name} told {told}")))
        };
        let ours = count(&bench.iso, "time::uptime_ms()", 1.0)?;
        let theirs = match &bench.peer {
            Some(peer) => vec![count(peer, "now_us()", 1e-3)?],
            None => Vec::new(),
        };
        let name = name.replace("script.", "count.");
        figures.push(Figure::new(name, "million instructions", vec![ours]).beside(theirs, Some(SCRIPT_GOALS.1)));
    }
    let ratios: Vec<f64> = figures.iter().filter_map(Figure::ratio).collect();
    figures.extend(geometric_mean("count.all", &ratios));
    Ok(figures)
}

/// A program as it is typed at a prompt.
fn one_line(program: &str) -> String {
    program.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The geometric mean of ratios to the peer, where there is one.
fn geometric_mean(name: &str, ratios: &[f64]) -> Option<Figure> {
    let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
    (!ratios.is_empty()).then(|| Figure::new(name, "of the peer's", vec![mean]).with_goal(SCRIPT_GOALS.0))
}

/// What safepoints and arenas add to the time of each program.
fn costs(bench: &Bench) -> Result<Vec<Figure>, Error> {
    let iso = bench.images.with_command_line("debug=on")?;
    let mut figures = Vec::new();
    for (_, program) in &PROGRAMS[..COSTS.len()] {
        let program = one_line(program);
        let (mut safepoints, mut arenas) = (Vec::new(), Vec::new());
        for _ in 0..bench.runs {
            let mut machine = bench.start(&iso, 256)?;
            machine.boot()?;
            machine.eval_within(&format!("let cost = debug::cost(\"{program}\");"), LIMIT)?;
            let mut part = |name: &str| -> Result<f64, Error> {
                let text = machine.eval(&format!("cost.{name}_ms"))?;
                text.parse()
                    .map_err(|_| Error::Wrong(format!("cost.{name}_ms is {text}")))
            };
            let (usual, plain, heap) = (part("usual")?, part("without_safepoints")?, part("on_kernel_heap")?);
            safepoints.push((usual / plain - 1.0) * 100.0);
            arenas.push((plain / heap - 1.0) * 100.0);
        }
        figures.push((safepoints, arenas));
    }
    let pair = |([safepoints, arena], (with, within)): ([&'static str; 2], (Vec<f64>, Vec<f64>))| {
        [
            Figure::new(safepoints, "percent", with),
            Figure::new(arena, "percent", within),
        ]
    };
    Ok(COSTS.into_iter().zip(figures).flat_map(pair).collect())
}

/// What Tab takes on an empty line, where everything is offered; the second time, when its code is warm.
fn completion(bench: &Bench) -> Result<Vec<Figure>, Error> {
    let iso = bench.images.with_command_line("debug=on")?;
    let mut times = Vec::new();
    for _ in 0..bench.runs {
        let mut machine = bench.start(&iso, 256)?;
        machine.boot()?;
        machine.eval("debug::complete(\"\").count")?;
        let text = machine.eval("debug::complete(\"\").ms")?;
        times.push(
            text.parse()
                .map_err(|_| Error::Wrong(format!("debug::complete(\"\").ms is {text}")))?,
        );
    }
    Ok(vec![Figure::new("completion.everything", "ms", times).with_goal(5.0)])
}

fn idle(bench: &Bench) -> Result<Vec<Figure>, Error> {
    let both = bench.alternate(|machine| {
        machine.expect(PROMPT, LIMIT)?;
        thread::sleep(Duration::from_secs(2));
        let before = Spent::since(machine, None)?;
        thread::sleep(Duration::from_secs(IDLE_SECONDS));
        Spent::since(machine, Some(&before))
    })?;
    let percent = |spent: &Spent| spent.processor_seconds / spent.seconds * 100.0;
    Ok(vec![
        both.figure("idle.processor", "percent", None, percent).with_goal(0.5),
    ])
}

/// The top ten of the start and of each script.
fn profiles(bench: &Bench, filter: &str) -> Result<(), Error> {
    let boot = ("boot.iso", "");
    for (name, program) in [boot]
        .into_iter()
        .chain(PROGRAMS)
        .filter(|(name, _)| name.contains(filter))
    {
        let mut profile = Profile::new(&bench.images.parts().debug_kernel)?;
        for _ in 0..bench.runs {
            let mut machine = bench.start(&bench.iso, 256)?;
            if !program.is_empty() {
                machine.boot()?;
                machine.send(one_line(program).as_bytes())?;
                machine.send(b"\r")?;
                machine.expect("\n", LIMIT)?;
            }
            while machine.expect(PROMPT, Duration::ZERO).is_err() {
                profile.sample(&mut machine)?;
                machine.listen(Duration::from_millis(1))?;
            }
        }
        profile.top(name, 10).iter().for_each(|line| println!("{line}"));
    }
    Ok(())
}

/// Processor time of all threads of a process (`/proc/PID/task/TID/schedstat`, first number, in nanoseconds).
fn processor_seconds(process: u32) -> Result<f64, Error> {
    let mut nanoseconds = 0.0;
    for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += text
            .split(' ')
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or(0.0);
    }
    Ok(nanoseconds / 1e9)
}
