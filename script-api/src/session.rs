//! The prompt: reads, evaluates and prints until the person ends it.
//!
//! Rhai forgets the functions and imports of a text when its evaluation ends. The session keeps them: it owns the state
//! that an evaluation starts from, and merges each line's functions into what the next line sees.

mod machine;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use rhai::{AST, Dynamic, Engine, EvalAltResult, GlobalRuntimeState, ImmutableString, Locked, Module, Scope, Shared};
use services::host::{self, Host};
use services::legacy::Legacy;
use services::task::{Outcome, Requests, TaskError};
use services::terminal::completion::{Completion, Question};
use services::terminal::jobs::{Place, Running};
use services::terminal::machine::Phase;
use services::terminal::{Input, Terminal};
use services::value::Value;

use crate::advice::Surroundings;
use crate::ask;
use crate::complete;
use crate::completion;
use crate::context::{Stop, TaskContext};
use crate::engine::{self, Profile};
use crate::error::Failure;
use crate::evaluate;
use crate::functions::help::Notes;
use crate::last_result;
use crate::legacy;
use crate::pager;
use crate::program;
use crate::resolver;
use crate::show::{self, Limits};
use crate::table;
use crate::types::Types;
use crate::view::View;

/// Longest wait for the next prompt's start, which may fail where memory is short.
const HAND_OVER_LIMIT_NS: u64 = 5_000_000_000;

/// The body of a prompt's task: serves the person at `terminal` until Ctrl-D (`Ok`) or until the task is killed.
///
/// # Errors
///
/// `killed` where the task was asked to end.
pub fn run(host: Host, terminal: &'static Terminal) -> Outcome {
    run_with(host, terminal, None)
}

/// The same, with what the session before left whose line was detached.
///
/// # Errors
///
/// `killed` where the task was asked to end; for a line that was detached itself, what it throws.
pub fn run_with(host: Host, terminal: &'static Terminal, legacy: Option<Legacy>) -> Outcome {
    let mut session = Session::new(TaskContext::current(host, Some(terminal)));
    terminal.set_clock(host.clock);
    if let Some(legacy) = legacy {
        session.take_up(&legacy);
        let mut legacy = Some(legacy);
        host.tasks.on_kernel_heap(&mut || drop(legacy.take()));
    }
    let mut is_alive = terminal.machine_phase() == Phase::Off || session.serve_machine(terminal);
    while is_alive && let Some(line) = session.read(terminal) {
        match line {
            Read::Machine => is_alive = session.serve_machine(terminal),
            Read::Line(line) => {
                session.begin_line(terminal, &line);
                if let Evaluated::Elsewhere(outcome) = session.evaluate_and_show(&line) {
                    return outcome;
                }
                let task = host.tasks.current();
                let place = session.context.on_kernel_heap(|| terminal.end_line(task));
                if place != Place::Prompt {
                    // It was detached while its result was shown.
                    session.await_hand_over(terminal);
                    if place == Place::BroughtBack {
                        session.context.on_kernel_heap(|| terminal.forget_line(task));
                    }
                    return Ok(Value::Unit);
                }
                session.context.control.take(Requests::CANCEL);
            }
            Read::Nothing => {}
            Read::End => return Ok(Value::Unit),
        }
    }
    let mut outcome = Ok(Value::Unit);
    host.tasks.on_kernel_heap(&mut || {
        outcome = Err(TaskError::new(Stop::Killed.code(), Stop::Killed.message()));
    });
    outcome
}

enum Read {
    Line(String),
    /// Machine mode is wanted.
    Machine,
    Nothing,
    End,
}

/// Where a line has ended.
pub enum Evaluated {
    /// At the prompt: its result or error was shown.
    Shown {
        /// There was no error.
        is_well: bool,
    },
    /// It has left the prompt meanwhile; its task ends with this.
    Elsewhere(Outcome),
}

impl Evaluated {
    /// There was no error.
    pub fn is_well(&self) -> bool {
        match self {
            Self::Shown { is_well } => *is_well,
            Self::Elsewhere(outcome) => outcome.is_ok(),
        }
    }
}

/// What lasts from line to line.
pub struct Session {
    context: TaskContext,
    engine: Engine,
    /// The engine was made after the table of Rhai's functions.
    has_table: bool,
    scope: Scope<'static>,
    /// All functions so far, and no statements.
    functions: AST,
    /// Imports and global constants so far.
    global: GlobalRuntimeState,
    /// What `dir` and `source` show.
    notes: Shared<spin::Mutex<Notes>>,
    /// What defined the functions.
    inputs: Vec<legacy::Input>,
}

impl Session {
    /// A session that has seen nothing yet.
    pub fn new(context: TaskContext) -> Self {
        let has_table = table::get().is_some();
        let notes = Shared::new(spin::Mutex::new(Notes::default()));
        let mut engine = engine::build(context, Profile::CONSOLE);
        Notes::register(&notes, &mut engine);
        let global = engine.new_global_runtime_state();
        Self {
            context,
            engine,
            has_table,
            scope: Scope::new(),
            functions: AST::empty(),
            global,
            notes,
            inputs: Vec::new(),
        }
    }

    /// Begins a line that can be detached.
    fn begin_line(&mut self, terminal: &'static Terminal, line: &str) {
        let context = self.context;
        context.on_kernel_heap(|| {
            let legacy = legacy::collect(&self.scope, &self.global, &mut self.inputs);
            let running = Running {
                task: context.host.tasks.current(),
                control: context.control,
                text: line.into(),
            };
            terminal.begin_line(running, legacy);
        });
    }

    /// Takes up what the session before left.
    fn take_up(&mut self, legacy: &Legacy) {
        for source in &legacy.sources {
            let Ok(code) = engine::compile(&self.context, &self.engine, &Scope::new(), &source.text, "") else {
                continue;
            };
            self.functions = self.functions.merge(&legacy::functions(&code, source.closures_only));
            self.inputs.push(legacy::Input::new(&source.text, &code));
            if source.closures_only
                && let Some(newest) = self.inputs.last_mut()
            {
                newest.keep_closures();
            }
        }
        legacy::restore_variables(legacy, &self.functions, &mut self.scope);
        let constants: BTreeMap<ImmutableString, Dynamic> = legacy::constants(&self.scope)
            .map(|(name, value)| (name.into(), value))
            .collect();
        if !constants.is_empty() {
            self.global.constants = Some(Shared::new(Locked::new(constants)));
        }
        let imports = legacy
            .imports
            .iter()
            .map(|(name, path)| (name.as_str().into(), path.as_str().into()));
        for import in imports {
            match program::resolve_imports(&self.engine, &[import]) {
                Ok(modules) => self.global.extend(modules),
                Err(error) => drop(self.context.print_line(&self.describe(&error, "", &AST::empty()))),
            }
        }
    }

    /// The outcome of a line that ends in the background or was brought back from there, and the message that tells of
    /// its end; `None` for one that ends at its prompt.
    fn end_elsewhere(&self, result: &Result<Dynamic, Box<EvalAltResult>>, line: &str, known: &AST) -> Option<Outcome> {
        let (context, terminal) = (self.context, self.context.terminal?);
        let task = context.host.tasks.current();
        if terminal.place(task) == Place::Prompt {
            return None;
        }
        context.control.take(Requests::CANCEL);
        context.control.take(Requests::MEMORY);
        self.await_hand_over(terminal);
        // It may have been brought back meanwhile.
        let place = terminal.place(task);
        let id = task.0;
        let text = match result {
            Ok(value) => format!(
                "[{id}] done: {}",
                show::value(value, Limits::ordinary(pager::view(&context).columns))
                    .as_deref()
                    .unwrap_or("()")
            ),
            Err(error) => format!("[{id}] ended:\n{}", self.describe(error, line, known)),
        };
        // Where it cannot be told, as by one that was killed, the supervisor does it.
        let is_told = place == Place::BroughtBack || context.print_line(&text).is_ok();
        let failure = result.as_ref().map_err(|error| Failure::of(error));
        Some(context.on_kernel_heap(|| {
            if is_told {
                terminal.forget_line(task);
            }
            program::to_outcome(failure.as_ref().map(|value| *value))
        }))
    }

    /// Waits until the next prompt has been told of the line that was detached, and has what its task has started.
    fn await_hand_over(&self, terminal: &'static Terminal) {
        let host = self.context.host;
        let task = host.tasks.current();
        self.context.on_kernel_heap(|| {
            let limit = host.clock.sleep_until(host.clock.uptime_ns() + HAND_OVER_LIMIT_NS);
            let handed_over = host::within(Some(limit), move |waker| terminal.poll_handed_over(task, waker));
            // Where there can be no next prompt yet, or this task is to end at once, what it has started waits for one.
            let _ = host::block_on(host.tasks, handed_over);
        });
    }

    /// The next input; `None` where the task must end.
    fn read(&self, terminal: &'static Terminal) -> Option<Read> {
        let tasks = self.context.host.tasks;
        tasks.give_back_memory();
        let mut input = None;
        tasks.on_kernel_heap(&mut || {
            let mut scanner = complete::Scanner::default();
            input = Some(host::block_on(
                tasks,
                table::while_waiting(
                    self.context.host,
                    terminal.read_line(move |text| ask::topic(text).is_some() || scanner.is_complete(text)),
                ),
            ));
        });
        let read = match &input {
            Some(Ok(Input::Line(line))) => Some(Read::Line(line.clone())),
            Some(Ok(Input::Interrupted)) => {
                self.uncover_screen();
                Some(Read::Nothing)
            }
            Some(Ok(Input::Machine)) => Some(Read::Machine),
            Some(Ok(Input::EndOfInput)) => Some(Read::End),
            Some(Ok(Input::Complete(question))) => {
                let completion = self.answer(question);
                self.context.on_kernel_heap(|| {
                    // Where the wait is interrupted, the line is still there and the next wait answers.
                    let _ = host::block_on(tasks, terminal.complete(completion));
                });
                Some(Read::Nothing)
            }
            Some(Err(_)) | None => match self.context.stop() {
                Some(Stop::Killed) => None,
                // A request that was meant for an evaluation that has just ended.
                _ => {
                    self.context.control.take(Requests::CANCEL);
                    self.context.control.take(Requests::MEMORY);
                    Some(Read::Nothing)
                }
            },
        };
        tasks.on_kernel_heap(&mut || drop(input.take()));
        read
    }

    /// Ctrl-C gives back the part of the screen that the session has drawn on: it may cover the prompt itself.
    fn uncover_screen(&self) {
        let tasks = self.context.host.tasks;
        if let Some(display) = self.context.host.display {
            tasks.on_kernel_heap(&mut || {
                display.release(tasks.current());
            });
        }
    }

    fn view(&self) -> View<'_> {
        View {
            context: &self.context,
            scope: &self.scope,
            functions: &self.functions,
            global: &self.global,
        }
    }

    /// What could stand at the cursor. The answer lies on the kernel heap.
    pub fn answer(&self, question: &Question) -> Completion {
        let completion = self
            .context
            .on_kernel_heap(|| completion::complete(self.view(), question));
        // Ctrl-C was meant for a listing that took too long, and not for the line.
        self.context.control.take(Requests::CANCEL);
        completion
    }

    /// Answers `?name`.
    fn show_help(&self, topic: &str) {
        let text = match ask::answer(self.view(), &self.notes.lock().inputs, topic) {
            Ok(text) => text,
            Err(failure) => show::failure(&failure, "", |_| false),
        };
        // Ctrl-C ends the text.
        if pager::show_text(&self.context, text.trim_end_matches('\n')).is_err() {
            self.context.control.take(Requests::CANCEL);
        }
    }

    /// Notes what `dir` and `source` may be asked for while the line runs.
    fn take_notes(&self, line: &str) {
        let mut notes = self.notes.lock();
        notes.wants_variables |= line.contains("dir");
        if notes.wants_variables {
            let row = |(name, _, value): (&str, bool, &Dynamic)| {
                let kind = Types::describe(value);
                let kind = kind.split(',').next().unwrap_or_default();
                (name.into(), kind.into(), Types::size(value).map(|(count, _)| count))
            };
            // The last result is no variable of the person's.
            let own = self.scope.iter_raw().filter(|(name, ..)| *name != last_result::NAME);
            notes.variables = own.map(row).collect();
        }
    }

    /// Evaluates one input, and prints its result or error.
    pub fn evaluate_and_show(&mut self, line: &str) -> Evaluated {
        if let Some(topic) = ask::topic(line) {
            self.show_help(topic);
            return Evaluated::Shown { is_well: true };
        }
        let known = self.functions.clone();
        let result = self.evaluate(line);
        if let Some(outcome) = self.end_elsewhere(&result, line, &known) {
            return Evaluated::Elsewhere(outcome);
        }
        let is_well = result.is_ok();
        let shown = match result {
            Ok(value) => last_result::show(&self.context, &mut self.scope, line, value),
            Err(error) => {
                // The evaluation has ended, as was asked: its message must not be held up by that request.
                if self.context.control.take(Requests::CANCEL) {
                    self.uncover_screen();
                }
                self.context.control.take(Requests::MEMORY);
                self.context.print_line(&self.describe(&error, line, &known))
            }
        };
        if shown.is_err() && self.context.control.take(Requests::CANCEL) {
            let message = format!("\nerror[{}]: {}", Stop::Cancelled.code(), Stop::Cancelled.message());
            let _ = self.context.print_line(&message);
        }
        self.context.control.take(Requests::MEMORY);
        Evaluated::Shown { is_well }
    }

    /// Evaluates one input; variables, functions and imports stay for the next one.
    ///
    /// # Errors
    ///
    /// The script's error. The functions that the input defined are forgotten then. Its variables are not, unless they
    /// have used up the memory.
    pub fn evaluate(&mut self, line: &str) -> Result<Dynamic, Box<EvalAltResult>> {
        if !self.has_table {
            // A line that came at once must not pay for each use of a function with a search.
            let host = self.context.host;
            host.tasks.on_kernel_heap(&mut || table::finish(host));
            self.engine = engine::build(self.context, Profile::CONSOLE);
            Notes::register(&self.notes, &mut self.engine);
            self.has_table = true;
        }
        self.take_notes(line);
        let code = engine::compile(&self.context, &self.engine, &self.scope, line, "")?;
        let (before, variables_before) = (self.functions.clone(), self.scope.len());
        if code.has_functions() {
            self.functions = before.merge(&code.clone_functions_only());
            self.inputs.push(legacy::Input::new(line, &code));
        }
        let result = self.run(&code);
        resolver::renew_imports(&self.engine, &mut self.global);
        if let Err(error) = &result {
            if code.has_functions() {
                // Closures may live on in variables; functions with a name are forgotten.
                self.functions = before.merge(&legacy::functions(&code, true));
                if let Some(newest) = self.inputs.last_mut() {
                    newest.keep_closures();
                }
            }
            if let EvalAltResult::ErrorTerminated(token, _) = error.unwrap_inner()
                && Stop::from_token(token) == Some(Stop::MemoryLimit)
            {
                self.scope.rewind(variables_before);
                last_result::forget(&mut self.scope);
            }
        }
        if code.has_functions() && result.is_ok() {
            self.notes.lock().inputs.keep(line);
        }
        self.forget_shadowed(variables_before);
        result
    }

    /// Drops variables that a newer one of the same name hides: nothing can reach them, but they would pile up.
    fn forget_shadowed(&mut self, variables_before: usize) {
        let names: Vec<&str> = self.scope.iter_raw().map(|(name, ..)| name).collect();
        let (old, new) = names.split_at(variables_before.min(names.len()));
        let is_hidden = |(index, name): (usize, &&str)| old.contains(name) || new[..index].contains(name);
        if !new.iter().enumerate().any(is_hidden) {
            return;
        }
        let variables: Vec<_> = core::mem::take(&mut self.scope).into_iter().collect();
        let mut seen = BTreeSet::new();
        let mut visible: Vec<_> = variables
            .into_iter()
            .rev()
            .filter(|(name, ..)| seen.insert(name.clone()))
            .collect();
        visible.reverse();
        for (name, value, _) in visible {
            self.scope.push_dynamic(name, value);
        }
    }

    fn run(&mut self, code: &AST) -> Result<Dynamic, Box<EvalAltResult>> {
        let global = &mut self.global;
        global.lib.clear();
        global.lib.push(self.functions.shared_lib().clone());
        if !self.functions.has_functions() {
            // Rhai makes a constant known to later functions only where there are functions; a variable counts as well.
            let mut stand_in = Module::new();
            stand_in.set_var("", ());
            global.lib.push(stand_in.into());
        }
        (global.level, global.scope_level, global.always_search_scope) = (0, 0, false);
        global.num_operations = 0;
        evaluate::statements(&self.engine, global, &mut self.scope, &self.functions, code)
    }

    fn describe(&self, error: &EvalAltResult, line: &str, known: &AST) -> String {
        let mut failure = Failure::of(error);
        let has = |ast: &AST, name: &str| ast.iter_fn_def().any(|function| function.name == name);
        // What is defined in this very input counts as here, even where an earlier one had the same name.
        let compile = || engine::compile(&self.context, &self.engine, &Scope::new(), line, "").ok();
        let is_elsewhere = |name: &str| has(known, name) && !compile().is_some_and(|code| has(&code, name));
        let lines = self.advise(error, line, &mut failure, is_elsewhere);
        let mut text = show::failure(&failure, line, is_elsewhere);
        text.push_str(&lines);
        text
    }

    /// Adds to the message what may have been meant; the lines that go below it.
    fn advise(
        &self,
        error: &EvalAltResult,
        line: &str,
        failure: &mut Failure,
        is_elsewhere: impl Fn(&str) -> bool,
    ) -> String {
        let notes = self.notes.lock();
        let surroundings = Surroundings {
            view: self.view(),
            inputs: &notes.inputs,
            input: line,
        };
        surroundings.advise(error, failure, is_elsewhere)
    }
}
