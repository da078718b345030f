//! The prompt: reads, evaluates and prints until the person ends it.
//!
//! Rhai forgets the functions and imports of a text when its evaluation ends. The session keeps them: it owns the state
//! that an evaluation starts from, and merges each line's functions into what the next line sees.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use rhai::{AST, Dynamic, Engine, EvalAltResult, GlobalRuntimeState, Scope, Shared};
use services::host::{self, Host};
use services::task::{Outcome, Requests, TaskError};
use services::terminal::completion::{Completion, Question};
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
use crate::show;
use crate::table;
use crate::types::Types;
use crate::view::View;

/// The body of a prompt's task: serves the person at `terminal` until Ctrl-D (`Ok`) or until the task is killed.
///
/// # Errors
///
/// `killed` where the task was asked to end.
pub fn run(host: Host, terminal: &'static Terminal) -> Outcome {
    let mut session = Session::new(TaskContext::current(host, Some(terminal)));
    while let Some(line) = session.read(terminal) {
        match line {
            Read::Line(line) => {
                terminal.begin_evaluation(session.context.control);
                session.evaluate_and_show(&line);
                host.tasks.on_kernel_heap(&mut || terminal.end_evaluation());
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
    Nothing,
    End,
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
        }
    }

    /// The next input; `None` where the task must end.
    fn read(&self, terminal: &'static Terminal) -> Option<Read> {
        let tasks = self.context.host.tasks;
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
            Some(Ok(Input::EndOfInput)) => Some(Read::End),
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
        if self.context.print_line(text.trim_end_matches('\n')).is_err() {
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
            notes.variables = self.scope.iter_raw().map(row).collect();
        }
    }

    /// Evaluates one input, and prints its result or error.
    pub fn evaluate_and_show(&mut self, line: &str) {
        if let Some(topic) = ask::topic(line) {
            return self.show_help(topic);
        }
        let known = self.functions.clone();
        let result = self.evaluate(line);
        let text = match &result {
            Ok(value) => show::value(value),
            Err(error) => {
                // The evaluation has ended, as was asked: its message must not be held up by that request.
                if self.context.control.take(Requests::CANCEL) {
                    self.uncover_screen();
                }
                self.context.control.take(Requests::MEMORY);
                Some(self.describe(error, line, &known))
            }
        };
        if let Some(text) = text
            && self.context.print_line(&text).is_err()
            && self.context.control.take(Requests::CANCEL)
        {
            let message = format!("\nerror[{}]: {}", Stop::Cancelled.code(), Stop::Cancelled.message());
            let _ = self.context.print_line(&message);
        }
        drop(result);
        self.context.control.take(Requests::MEMORY);
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
        }
        let result = self.run(&code);
        if let Err(error) = &result {
            if code.has_functions() {
                // Closures may live on in variables; functions with a name are forgotten.
                let mut closures = code.clone_functions_only();
                closures.retain_functions(|_, _, name, _| name.starts_with("anon$"));
                self.functions = before.merge(&closures);
            }
            if let EvalAltResult::ErrorTerminated(token, _) = error.unwrap_inner()
                && Stop::from_token(token) == Some(Stop::MemoryLimit)
            {
                self.scope.rewind(variables_before);
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
        let notes = self.notes.lock();
        let surroundings = Surroundings {
            view: self.view(),
            inputs: &notes.inputs,
            input: line,
        };
        let lines = surroundings.advise(error, &mut failure, is_elsewhere);
        let mut text = show::failure(&failure, line, is_elsewhere);
        text.push_str(&lines);
        text
    }
}
