//! Runs the tests: two machines at once, those that measure time alone at the end.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use crate::error::Error;
use crate::images::Images;
use crate::machine::{Config, Machine};

/// How many machines run at once.
const MACHINES: usize = 2;
/// Lines of a failed machine's transcript that are shown; all of it is kept in a file.
const TAIL_LINES: usize = 40;

/// Whether a test may run beside another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// It may.
    Shared,
    /// It measures time: nothing runs beside it.
    Alone,
}

/// One test.
pub struct Test {
    /// A sentence in snake case, after the part of the system it looks at.
    pub name: &'static str,
    /// Whether it may run beside another.
    pub company: Company,
    /// The test.
    pub run: fn(&Context) -> Result<(), Error>,
}

/// What a test works with.
pub struct Context<'a> {
    /// The images.
    pub images: &'a Images,
    /// How often a campaign repeats its rounds.
    pub rounds: Option<u32>,
    folder: PathBuf,
    machines: AtomicU32,
    transcripts: Mutex<Vec<(PathBuf, String)>>,
}

impl Context<'_> {
    /// Starts a machine and lets `drive` drive it; keeps what the machine said where that fails.
    ///
    /// # Errors
    ///
    /// What starting or `drive` returns.
    pub fn with_machine<T>(
        &self,
        config: &Config,
        iso: &Path,
        drive: impl FnOnce(&mut Machine) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let index = self.machines.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.join(index.to_string());
        let mut machine = Machine::start(config, iso, folder.clone())?;
        let result = drive(&mut machine);
        if result.is_err() {
            let mut transcripts = self.transcripts.lock().unwrap_or_else(PoisonError::into_inner);
            transcripts.push((folder.join("transcript"), machine.transcript()));
        }
        result
    }

    /// [`Context::with_machine`] with the standard machine, the words for the kernel, and the first prompt there.
    ///
    /// # Errors
    ///
    /// What starting or `drive` returns.
    pub fn at_prompt<T>(&self, words: &str, drive: impl FnOnce(&mut Machine) -> Result<T, Error>) -> Result<T, Error> {
        let iso = self.images.with_command_line(words)?;
        self.with_machine(&Config::default(), &iso, |machine| {
            machine.boot()?;
            drive(machine)
        })
    }
}

/// What became of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that held.
    pub passed: u32,
    /// Tests that did not.
    pub failed: u32,
}

/// Runs `tests` and prints a line for each.
pub fn run(tests: &[&Test], images: &Images, folder: &Path, rounds: Option<u32>) -> Counts {
    let counts = Mutex::new(Counts::default());
    for company in [Company::Shared, Company::Alone] {
        let queue: Vec<_> = tests.iter().filter(|test| test.company == company).collect();
        let next = AtomicU32::new(0);
        let work = || {
            while let Some(test) = queue.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                let passed = run_one(test, images, folder, rounds);
                let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
                counts.passed += u32::from(passed);
                counts.failed += u32::from(!passed);
            }
        };
        let workers = if company == Company::Shared { MACHINES } else { 1 };
        thread::scope(|scope| {
            (0..workers).for_each(|_| drop(scope.spawn(work)));
        });
    }
    counts.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn run_one(test: &Test, images: &Images, folder: &Path, rounds: Option<u32>) -> bool {
    let folder = folder.join(test.name);
    let _ = std::fs::remove_dir_all(&folder);
    let context = Context {
        images,
        rounds,
        folder,
        machines: AtomicU32::new(0),
        transcripts: Mutex::default(),
    };
    let started = Instant::now();
    let result = (test.run)(&context);
    let seconds = started.elapsed().as_secs_f64();
    let Err(error) = result else {
        println!("qemu: {} ... ok ({seconds:.1} s)", test.name);
        return true;
    };
    let mut report = format!("qemu: {} ... FAILED ({seconds:.1} s)\n      {error}\n", test.name);
    let transcripts = context.transcripts.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (path, text) in transcripts {
        if let Err(error) = std::fs::write(&path, &text) {
            report += &format!("      {}: {error}\n", path.display());
        }
        report += &format!("      the end of {}:\n", path.display());
        let lines: Vec<_> = text.lines().collect();
        for line in &lines[lines.len().saturating_sub(TAIL_LINES)..] {
            report += &format!("      | {line}\n");
        }
    }
    print!("{report}");
    false
}
