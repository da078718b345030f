//! Errors with stable codes: what a native throws, and what is left of a script's error when it reaches the top.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use rhai::{Dynamic, EvalAltResult, Map, Position};
use services::task::TaskError;

use crate::context::Stop;

/// The error that a native function throws: a map `#{code, message}`.
pub fn thrown(code: &str, message: impl fmt::Display, position: Position) -> Box<EvalAltResult> {
    let mut map = Map::new();
    map.insert("code".into(), code.into());
    map.insert("message".into(), format!("{message}").into());
    EvalAltResult::ErrorRuntime(Dynamic::from_map(map), position).into()
}

/// What went wrong in the script at `path`, which was imported or run at `position`. What ends an evaluation stays as it
/// is.
pub fn in_module(path: &str, position: Position, error: Box<EvalAltResult>) -> Box<EvalAltResult> {
    match error.unwrap_inner() {
        EvalAltResult::ErrorTerminated(..) => error,
        _ => EvalAltResult::ErrorInModule(path.into(), error, position).into(),
    }
}

/// A script's error, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable name.
    pub code: String,
    /// One sentence, without a position.
    pub message: String,
    /// Where it happened, the outermost source first: the call at the prompt, then the place inside the function that
    /// was called, and so on.
    pub places: Vec<Place>,
}

/// A position in some source text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The function that the position lies in; empty at the outermost level.
    pub function: String,
    /// The file; empty for text from the prompt.
    pub source: String,
    /// From 1; 0 where unknown.
    pub line: u32,
    /// From 1; 0 where unknown.
    pub column: u32,
}

impl Failure {
    /// Takes `error` apart.
    pub fn of(error: &EvalAltResult) -> Self {
        let mut places = Vec::new();
        let mut place = Place::default();
        let mut error = error;
        loop {
            let position = error.position();
            place.line = position.line().unwrap_or(0) as u32;
            place.column = position.position().unwrap_or(0) as u32;
            let (function, source, inner) = match error {
                EvalAltResult::ErrorInFunctionCall(function, source, inner, _) => (function, source, inner),
                EvalAltResult::ErrorInModule(module, inner, _) => (module, module, inner),
                _ => break,
            };
            places.push(core::mem::take(&mut place));
            place.function.clone_from(function);
            place.source.clone_from(source);
            error = inner;
        }
        places.push(place);
        let (code, message) = code_and_message(error);
        Self { code, message, places }
    }

    /// The failure as another task sees it.
    pub fn to_task_error(&self) -> TaskError {
        let place = self.places.iter().rev().find(|place| place.line != 0);
        TaskError {
            code: self.code.clone(),
            message: self.message.clone(),
            line: place.map_or(0, |place| place.line),
            column: place.map_or(0, |place| place.column),
            report: String::new(),
        }
    }
}

fn code_and_message(error: &EvalAltResult) -> (String, String) {
    match error {
        EvalAltResult::ErrorRuntime(value, _) => of_thrown(value),
        EvalAltResult::ErrorTerminated(token, _) => {
            let stop = Stop::from_token(token).unwrap_or(Stop::Killed);
            (stop.code().into(), stop.message().into())
        }
        EvalAltResult::ErrorStackOverflow(_) => (
            Stop::RecursionLimit.code().into(),
            Stop::RecursionLimit.message().into(),
        ),
        EvalAltResult::ErrorParsing(kind, _) => ("syntax_error".into(), kind.to_string()),
        other => (code_of(other).into(), without_position(other)),
    }
}

/// Code and message of what a script threw: a map with these entries, or any value.
fn of_thrown(value: &Dynamic) -> (String, String) {
    if let Some(map) = value.read_lock::<Map>() {
        let text = |key: &str| map.get(key).and_then(|value| value.clone().into_string().ok());
        if let Some(code) = text("code") {
            return (code, text("message").unwrap_or_default());
        }
    }
    let message = if value.is_unit() {
        String::from("an error without a message")
    } else {
        value.to_string()
    };
    ("script_error".into(), message)
}

fn code_of(error: &EvalAltResult) -> &'static str {
    use EvalAltResult as E;
    match error {
        E::ErrorVariableNotFound(..) => "variable_not_found",
        E::ErrorFunctionNotFound(..) => "function_not_found",
        E::ErrorModuleNotFound(..) => "module_not_found",
        E::ErrorPropertyNotFound(..) => "property_not_found",
        E::ErrorIndexNotFound(..) => "index_not_found",
        E::ErrorVariableExists(..) | E::ErrorForbiddenVariable(..) => "bad_variable",
        E::ErrorMismatchDataType(..)
        | E::ErrorMismatchOutputType(..)
        | E::ErrorIndexingType(..)
        | E::ErrorDotExpr(..)
        | E::ErrorFor(..) => "wrong_type",
        E::ErrorArrayBounds(..) | E::ErrorStringBounds(..) | E::ErrorBitFieldBounds(..) => "out_of_bounds",
        E::ErrorAssignmentToConstant(..) | E::ErrorNonPureMethodCallOnConstant(..) => "constant",
        E::ErrorArithmetic(..) => "arithmetic",
        E::ErrorDataRace(..) => "data_race",
        E::ErrorUnboundThis(..) => "unbound_this",
        E::ErrorTooManyOperations(..)
        | E::ErrorTooManyVariables(..)
        | E::ErrorTooManyModules(..)
        | E::ErrorDataTooLarge(..) => "too_large",
        _ => "script_error",
    }
}

/// Rhai ends its messages with ` (line 1, position 2)`; positions are shown in another way here.
fn without_position(error: &EvalAltResult) -> String {
    let mut text = error.to_string();
    let position = error.position();
    if !position.is_none() {
        let suffix = format!(" ({position})");
        if let Some(message) = text.strip_suffix(&suffix) {
            let length = message.len();
            text.truncate(length);
        }
    }
    text
}
