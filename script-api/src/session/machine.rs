//! Machine mode: a program at the other end of the terminal instead of a person (`services::terminal::raw_repl`).
//!
//! Texts are evaluated as lines are, in the same session: variables, functions and imports are those of the prompt. A
//! value is not shown; an error is one JSON map.

use alloc::string::String;
use alloc::vec::Vec;

use rhai::{Array, Dynamic, Map};
use services::host;
use services::task::Requests;
use services::terminal::Terminal;
use services::terminal::machine::Phase;
use services::terminal::raw_repl::{Refusal, Request};

use super::Session;
use crate::compute::Pace;
use crate::context::Stop;
use crate::error::{Failure, Place};
use crate::functions::json;
use crate::show;

/// Bytes of an error's message that are sent.
const MESSAGE_LIMIT_BYTES: usize = 16 * 1024;

/// A request, in the task's own memory.
enum Asked {
    Run(String),
    Refused(Refusal),
    Reset,
    Leave,
}

impl Session {
    /// Serves the program until it gives the prompt back; false where the task must end.
    pub(super) fn serve_machine(&mut self, terminal: &'static Terminal) -> bool {
        if terminal.machine_phase() == Phase::Running {
            let failure = failure("session_lost", "the session was restarted; its variables are lost");
            if !self.answer_program(terminal, Some(&failure)) {
                return false;
            }
        }
        loop {
            let is_alive = match self.next_request(terminal) {
                None => false,
                Some(Asked::Leave) => return self.greet(),
                Some(Asked::Reset) => {
                    self.begin_anew();
                    true
                }
                Some(Asked::Refused(refusal)) => {
                    self.answer_program(terminal, Some(&failure(refusal.code(), refusal.message())))
                }
                Some(Asked::Run(text)) => {
                    terminal.begin_evaluation(self.context.control);
                    let result = self.execute(&text);
                    self.context
                        .host
                        .tasks
                        .on_kernel_heap(&mut || terminal.end_evaluation());
                    self.context.control.take(Requests::CANCEL);
                    self.answer_program(terminal, result.err().as_ref())
                }
            };
            if !is_alive {
                return false;
            }
        }
    }

    /// Runs a text without showing its value; an error is printed. Whether there was none.
    pub fn run_text(&mut self, text: &str) -> bool {
        let Err(failure) = self.execute(text) else {
            return true;
        };
        // Where the task must end, nobody waits for the message.
        let _ = self.context.print_line(&show::failure(&failure, text, |_| false));
        false
    }

    fn execute(&mut self, text: &str) -> Result<(), Failure> {
        let result = self.evaluate(text).map(drop);
        result.map_err(|error| {
            if self.context.control.take(Requests::CANCEL) {
                self.uncover_screen();
            }
            self.context.control.take(Requests::MEMORY);
            let mut failure = Failure::of(&error);
            self.advise(&error, text, &mut failure, |_| false);
            failure
        })
    }

    /// The next request; `None` where the task must end.
    fn next_request(&self, terminal: &'static Terminal) -> Option<Asked> {
        let tasks = self.context.host.tasks;
        loop {
            let mut request = None;
            tasks.on_kernel_heap(&mut || request = Some(host::block_on(tasks, terminal.read_request())));
            let asked = match &request {
                Some(Ok(Request::Run(text))) => Some(Asked::Run(text.clone())),
                Some(Ok(Request::Refused(refusal))) => Some(Asked::Refused(*refusal)),
                Some(Ok(Request::Reset)) => Some(Asked::Reset),
                Some(Ok(Request::Leave)) => Some(Asked::Leave),
                Some(Err(_)) | None => None,
            };
            tasks.on_kernel_heap(&mut || drop(request.take()));
            if asked.is_some() || self.context.stop() == Some(Stop::Killed) {
                return asked;
            }
            // A request that was meant for an evaluation that has just ended.
            self.context.control.take(Requests::CANCEL);
            self.context.control.take(Requests::MEMORY);
        }
    }

    /// False where the task must end.
    fn answer_program(&self, terminal: &'static Terminal, error: Option<&Failure>) -> bool {
        let text = error.map(to_json).unwrap_or_default();
        let tasks = self.context.host.tasks;
        let mut is_answered = false;
        tasks.on_kernel_heap(&mut || {
            is_answered = host::block_on(tasks, terminal.answer(text.clone())).is_ok();
        });
        is_answered
    }

    /// What a person is told who may be there now; false where the task must end.
    fn greet(&self) -> bool {
        let text = concat!("Rhaios ", env!("CARGO_PKG_VERSION"), "; help() tells what there is.");
        self.context.print_line(text).is_ok()
    }

    /// Forgets everything, as MicroPython's soft reset does: variables, handles, and the tasks that were started.
    fn begin_anew(&mut self) {
        let (tasks, shared) = (self.context.host.tasks, self.context.host.shared);
        tasks.on_kernel_heap(&mut || {
            let this = tasks.current();
            for child in tasks.list().into_iter().filter(|task| task.parent == Some(this)) {
                tasks.kill(child.id);
            }
            shared.end_of(this);
        });
        *self = Self::new(self.context);
    }
}

fn failure(code: &str, message: &str) -> Failure {
    Failure {
        code: code.into(),
        message: message.into(),
        places: Vec::new(),
    }
}

/// `#{code, message, script, line, column, stack}`: the innermost place, and all of them, the outermost first.
fn to_json(failure: &Failure) -> String {
    let mut cut = failure.message.len().min(MESSAGE_LIMIT_BYTES);
    while !failure.message.is_char_boundary(cut) {
        cut -= 1;
    }
    let here = Place::default();
    let innermost = failure
        .places
        .iter()
        .rev()
        .find(|place| place.line != 0)
        .unwrap_or(&here);
    let mut map = position(innermost);
    map.insert("code".into(), failure.code.as_str().into());
    map.insert("message".into(), failure.message[..cut].into());
    let frame = |place: &Place| {
        let mut map = position(place);
        map.insert("function".into(), place.function.as_str().into());
        Dynamic::from_map(map)
    };
    let stack: Array = failure
        .places
        .iter()
        .filter(|place| place.line != 0)
        .map(frame)
        .collect();
    map.insert("stack".into(), Dynamic::from_array(stack));
    json::print(&Dynamic::from_map(map), json::Layout::Compact, &mut Pace::free())
        .unwrap_or_else(|_| String::from("{}"))
}

fn position(place: &Place) -> Map {
    let mut map = Map::new();
    map.insert("script".into(), place.source.as_str().into());
    map.insert("line".into(), Dynamic::from_int(place.line.into()));
    map.insert("column".into(), Dynamic::from_int(place.column.into()));
    map
}
