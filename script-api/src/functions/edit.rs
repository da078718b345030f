//! `edit`: the full-screen editor.
//!
//! The editor itself is a service and lies on the terminal's desk. What needs the script engine is here: checking a
//! script when it is saved, running it, and finding the place of its error.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use rhai::{Dynamic, EvalAltResult, ImmutableString, NativeCallContext, Position, Scope};
use services::edit::{self, Editor, Request};
use services::files::{Error, Write, path};
use services::host;
use services::task::Requests;
use services::terminal::Terminal;
use services::terminal::full_screen::Refusal;

use super::fs;
use crate::context::{Stop, TaskContext};
use crate::engine::{self, Profile};
use crate::error::{Failure, thrown};
use crate::registry::{Api, Doc, Example, Kind, Param, ScriptError};
use crate::{evaluate, resolver, show};

const EDIT: Doc = Doc {
    namespace: "",
    name: "edit",
    params: &[Param {
        name: "path",
        kind: Kind::Text,
        meaning: "a full path, such as \"/tmp/hello.rhai\"; the file need not be there yet",
    }],
    returns: "()",
    errors: &[
        ("bad_path", "the path does not begin with `/`, or no file can have it"),
        ("not_found", "the directory is not there"),
        ("is_directory", "it is a directory"),
        ("not_text", "the file is not UTF-8"),
        ("too_large", "the file has more than 8 MiB"),
        ("dumb_terminal", "the terminal has no cursor control"),
        ("in_use", "the task is not the prompt's, or edits already"),
    ],
    waits: true,
    summary: "Edits a file on the whole screen; F1 lists the keys.",
    notes: "Ctrl-S saves, Ctrl-Q quits, F5 saves and runs the script and then shows where its error is. A file in /rom \
            can be looked at and run, but not saved.",
    example: Example::Interactive("edit(\"/tmp/hello.rhai\")", "print(\"Hello\");\x13\x11"),
};

/// Adds `edit`.
pub fn register(api: &mut Api) {
    api.script(&EDIT, edit);
}

fn edit(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let position = call.call_position();
    let path = arguments.first().and_then(|path| path.read_lock::<ImmutableString>());
    let path = path
        .map(|path| path::normalise(path.as_str()))
        .unwrap_or_else(|| path::normalise(""));
    let path = path.map_err(|error| thrown(error.code(), error, position))?;
    let in_use = || {
        thrown(
            "in_use",
            "the terminal is in use: only the prompt's own task can edit, and once",
            position,
        )
    };
    let terminal = context.terminal.ok_or_else(in_use)?;
    if !terminal.desk().claim() {
        return Err(in_use());
    }
    let desk = Desk {
        context,
        terminal,
        call,
    };
    // Whatever comes of it, the terminal is given back.
    let result = desk.open(&path).and_then(|()| desk.work(&path));
    context.on_kernel_heap(|| {
        terminal.leave_full_screen();
        terminal.give_keys_back();
        terminal.desk().clear();
    });
    result.map(|()| Dynamic::UNIT)
}

/// The call's surroundings. Owns nothing.
#[derive(Clone, Copy)]
struct Desk<'a> {
    context: &'a TaskContext,
    terminal: &'static Terminal,
    call: &'a NativeCallContext<'a>,
}

impl Desk<'_> {
    fn position(&self) -> Position {
        self.call.call_position()
    }

    /// Runs work that may fail with allocations on the kernel heap; its error is made one of the script's.
    fn try_on_heap<T: Copy>(&self, work: impl FnOnce() -> Result<T, ScriptError>) -> Result<T, Box<EvalAltResult>> {
        let result = self.context.on_kernel_heap(work);
        let to_script = |error: &ScriptError| error.to_script(self.context, self.position());
        let converted = result.as_ref().map(|value| *value).map_err(to_script);
        self.context.on_kernel_heap(|| drop(result));
        converted
    }

    /// Loads the file into an editor.
    fn open(&self, path: &str) -> Result<(), Box<EvalAltResult>> {
        self.try_on_heap(|| {
            let (files, control) = (self.context.host.files, self.context.control);
            self.terminal.take_keys(control).map_err(|refusal| {
                let code = match refusal {
                    Refusal::Dumb => "dumb_terminal",
                    Refusal::InUse => "in_use",
                };
                ScriptError::new(code, refusal)
            })?;
            let (text, is_new) = match host::block_on(self.context.host.tasks, files.read(path))? {
                Ok(contents) if contents.len() > edit::TEXT_LIMIT_BYTES => {
                    let message = format!("{path} has more than {} bytes", edit::TEXT_LIMIT_BYTES);
                    return Err(ScriptError::new("too_large", message));
                }
                Ok(contents) => {
                    let not_text = |_| ScriptError::new("not_text", format!("{path} is not UTF-8"));
                    (String::from_utf8(fs::copy(&contents)?).map_err(not_text)?, false)
                }
                Err(Error::NotFound(_)) => {
                    let directory = path.rsplit_once('/').map_or("/", |(directory, _)| directory);
                    fs::wait(
                        self.context,
                        files.list(if directory.is_empty() { "/" } else { directory }),
                    )?;
                    (String::new(), true)
                }
                Err(error) => return Err(error.into()),
            };
            let mut editor = Editor::new(path, text, self.terminal.desk().memory());
            if path.starts_with("/rom/") {
                editor.set_read_only();
            }
            if is_new {
                editor.say("a new file");
            }
            self.terminal.desk().put(Box::new(editor));
            Ok(())
        })
    }

    /// Serves the editor until it ends.
    fn work(&self, path: &str) -> Result<(), Box<EvalAltResult>> {
        loop {
            let request = self.wait(|| edit::session::serve(self.terminal, self.context.host.clock))?;
            match request {
                Request::None | Request::Measure => {}
                Request::Save => {
                    if self.save()? {
                        self.check(path)?;
                    }
                }
                Request::SaveAndQuit => {
                    if self.save()? {
                        return Ok(());
                    }
                }
                Request::Run => {
                    let is_changed = self.with_editor(|editor| editor.is_changed()).unwrap_or(false);
                    if !is_changed || self.save()? {
                        self.run(path)?;
                    }
                }
                Request::Quit => return Ok(()),
            }
        }
    }

    /// Waits for `future`; Ctrl-C that was meant for something else does not end the wait.
    fn wait<T: Copy + Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        future: impl Fn() -> F,
    ) -> Result<T, Box<EvalAltResult>> {
        loop {
            let result = self
                .context
                .on_kernel_heap(|| host::block_on(self.context.host.tasks, future()));
            if let Ok(value) = result {
                return Ok(value);
            }
            self.forgive()?;
        }
    }

    /// Takes back what ends an evaluation but not the editor.
    fn forgive(&self) -> Result<(), Box<EvalAltResult>> {
        let control = self.context.control;
        if self.context.stop() == Some(Stop::Killed) {
            return Err(ScriptError::Interrupted.to_script(self.context, self.position()));
        }
        control.take(Requests::CANCEL);
        control.take(Requests::MEMORY);
        Ok(())
    }

    /// Lets `work` have the editor, on the kernel heap.
    fn with_editor<T: Copy>(&self, work: impl FnOnce(&mut Editor) -> T) -> Option<T> {
        self.context.on_kernel_heap(|| {
            let mut borrowed = self.terminal.desk().borrow()?;
            borrowed.editor().map(work)
        })
    }

    /// Lets the editor show a message.
    fn say(&self, message: &str) {
        self.with_editor(|editor| editor.say(message));
    }

    /// Saves the text; false where that failed, which the editor says then.
    fn save(&self) -> Result<bool, Box<EvalAltResult>> {
        self.try_on_heap(|| {
            let file = self.terminal.desk().borrow().and_then(|mut borrowed| {
                borrowed
                    .editor()
                    .map(|editor| (String::from(editor.path()), editor.to_file()))
            });
            let Some((path, text)) = file else {
                return Ok(false);
            };
            let Some(text) = text else {
                self.say("not saved: too little memory is free");
                return Ok(false);
            };
            let answer = self.context.host.files.write(&path, text.into_bytes(), Write::Replace);
            let result = match fs::wait(self.context, answer) {
                Err(ScriptError::Interrupted) => return Err(ScriptError::Interrupted),
                other => other,
            };
            self.say("saved");
            if let Some(mut borrowed) = self.terminal.desk().borrow()
                && let Some(editor) = borrowed.editor()
            {
                match &result {
                    Ok(()) => editor.saved(),
                    Err(ScriptError::Thrown { message, .. }) => editor.say(&format!("not saved: {message}")),
                    Err(ScriptError::Interrupted) => {}
                }
            }
            Ok(result.is_ok())
        })
    }

    /// Says whether a script that was saved can be compiled.
    fn check(&self, path: &str) -> Result<(), Box<EvalAltResult>> {
        if !self.with_editor(|editor| editor.is_script()).unwrap_or(false) {
            return Ok(());
        }
        let text = resolver::read_text(*self.context, path, self.position())?.text;
        if text.len() > Profile::CONSOLE.source_limit_bytes {
            return Ok(());
        }
        let Err(error) = engine::compile(self.context, self.call.engine(), &Scope::new(), &text, path) else {
            return Ok(());
        };
        if matches!(error.unwrap_inner(), EvalAltResult::ErrorTerminated(..)) {
            return self.forgive();
        }
        let failure = Failure::of(&error);
        let message = format!("saved, but {}{}", failure.message, place(&failure, path).1);
        self.say(&message);
        Ok(())
    }

    /// Runs the file on the ordinary screen, waits for a key, and goes back to the editor; to the place of the error,
    /// if there was one.
    fn run(&self, path: &str) -> Result<(), Box<EvalAltResult>> {
        let text = resolver::read_text(*self.context, path, self.position())?.text;
        self.context.on_kernel_heap(|| {
            self.terminal.leave_full_screen();
            self.terminal.give_keys_back();
        });
        self.print(&format!("run(\"{path}\")"))?;
        let engine = self.call.engine();
        let result = engine::compile(self.context, engine, &Scope::new(), &text, path)
            .and_then(|code| evaluate::whole(engine, &mut Scope::new(), &code));
        let failure = result.as_ref().err().map(|error| Failure::of(error));
        self.forgive()?;
        let shown = match (&result, &failure) {
            (Ok(value), _) => show::value(value, show::Limits::ordinary(self.terminal.view().columns)),
            (Err(_), Some(failure)) => Some(show::failure(failure, &text, |_| false)),
            (Err(_), None) => None,
        };
        drop(result);
        if let Some(shown) = shown {
            self.print(&shown)?;
        }
        self.print("Press any key to go on editing.")?;
        self.context.on_kernel_heap(|| {
            self.terminal.drop_input();
            // The task had the keys before, and nobody else can have taken them.
            let _ = self.terminal.take_keys(self.context.control);
        });
        self.wait(|| edit::session::any_key(self.terminal))?;
        self.say("");
        if let Some(failure) = failure {
            let (at, place) = place(&failure, path);
            let message = format!("error[{}]: {}{place}", failure.code, failure.message);
            self.with_editor(|editor| {
                if let Some((line, column)) = at {
                    editor.go_to(line, column);
                }
                editor.say(&message);
            });
        }
        Ok(())
    }

    /// Prints a line; Ctrl-C drops it.
    fn print(&self, text: &str) -> Result<(), Box<EvalAltResult>> {
        match self.context.print_line(text) {
            Ok(()) => Ok(()),
            Err(_) => self.forgive(),
        }
    }
}

/// The innermost place of a failure that lies in the file at `path`, as numbers and in words.
fn place(failure: &Failure, path: &str) -> (Option<(u32, u32)>, String) {
    let is_here = |place: &&crate::error::Place| place.line != 0 && (place.source.is_empty() || place.source == path);
    match failure.places.iter().rev().find(is_here) {
        Some(place) => (
            Some((place.line, place.column)),
            format!(" (line {}, column {})", place.line, place.column),
        ),
        None => (None, String::new()),
    }
}
