//! Native functions that compute on a script's own values: their arguments, their errors, and the pace that lets other
//! tasks run and lets Ctrl-C through.
//!
//! The logic of such a function takes a [`Pace`] and returns a [`Result`]; it knows nothing of the engine that called it,
//! so tests run it with a [`Pace::free`] one.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::ops::Deref;

use rhai::{Array, Blob, Dynamic, DynamicReadLock, EvalAltResult, FnPtr, ImmutableString, Map, NativeCallContext};

use crate::context::{Stop, TaskContext};
use crate::error::thrown;

/// Steps between two looks at what is asked of the task. A step is about the work of one byte of text, 10 ns on a PC and
/// 100 ns in an emulator.
const CHECK_STEPS: usize = 512;

/// Why a computation has no result.
#[derive(Debug)]
pub enum Error {
    /// The task must stop; a script cannot catch it.
    Stopped(Stop),
    /// An error that a script may catch.
    Thrown {
        /// Stable name.
        code: &'static str,
        /// One sentence.
        message: String,
    },
    /// What a function of the script threw.
    Script(Box<EvalAltResult>),
}

/// A computation's result.
pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    /// An error that a script may catch.
    pub fn new(code: &'static str, message: impl fmt::Display) -> Self {
        Self::Thrown {
            code,
            message: format!("{message}"),
        }
    }

    /// The code, where the computation itself has one.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Stopped(stop) => Some(stop.code()),
            Self::Thrown { code, .. } => Some(code),
            Self::Script(_) => None,
        }
    }
}

impl From<Box<EvalAltResult>> for Error {
    fn from(error: Box<EvalAltResult>) -> Self {
        Self::Script(error)
    }
}

/// Counts the work of a computation, and every some 10 to 100 microseconds lets others run and asks whether to go on.
pub struct Pace {
    context: Option<TaskContext>,
    left: usize,
}

impl Pace {
    /// For the running task.
    pub fn of(context: &TaskContext) -> Self {
        Self {
            context: Some(*context),
            left: CHECK_STEPS,
        }
    }

    /// Never asks: for tests.
    pub fn free() -> Self {
        Self { context: None, left: 0 }
    }

    /// Notes that `steps` steps of work are done or about to be done.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] where the task must stop.
    #[inline]
    pub fn spend(&mut self, steps: usize) -> Result<()> {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => self.ask(),
        }
    }

    #[cold]
    #[inline(never)]
    fn ask(&mut self) -> Result<()> {
        self.left = CHECK_STEPS;
        let Some(context) = &self.context else { return Ok(()) };
        match context.safepoint(context.control.operations()) {
            None => Ok(()),
            Some(stop) => Err(Error::Stopped(stop)),
        }
    }
}

/// One call of a native function.
pub struct Call<'a> {
    /// What the script stands on.
    pub context: &'a TaskContext,
    /// The engine's side of the call.
    pub native: &'a NativeCallContext<'a>,
    /// The arguments, of the types that the description names.
    pub arguments: &'a [&'a mut Dynamic],
}

/// The body of a native function that computes.
pub type Body = fn(&Call<'_>) -> Result<Dynamic>;

/// Text or a blob, as bytes.
pub enum Bytes<'a> {
    /// The bytes of a text.
    Text(ImmutableString),
    /// A blob.
    Blob(DynamicReadLock<'a, Blob>),
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Blob(blob) => blob,
        }
    }
}

impl Call<'_> {
    /// A pace for this call's work.
    pub fn pace(&self) -> Pace {
        Pace::of(self.context)
    }

    /// The argument at `index`; `()` where there is none.
    pub fn value(&self, index: usize) -> &Dynamic {
        const NOTHING: &Dynamic = &Dynamic::UNIT;
        self.arguments.get(index).map_or(NOTHING, |value| value)
    }

    /// The text at `index`; the copy shares its bytes.
    ///
    /// # Errors
    ///
    /// `wrong_type`, or `data_race` for a captured variable that is being changed.
    pub fn text(&self, index: usize) -> Result<ImmutableString> {
        text_of(self.value(index))
    }

    /// The whole number at `index`.
    ///
    /// # Errors
    ///
    /// As [`text`](Self::text).
    pub fn int(&self, index: usize) -> Result<i64> {
        let value = self.value(index);
        value.as_int().map_err(|_| unexpected(value, "an int"))
    }

    /// The number at `index` that cannot be negative; `name` is the parameter's.
    ///
    /// # Errors
    ///
    /// As [`text`](Self::text), and `out_of_range`.
    pub fn count(&self, index: usize, name: &str) -> Result<usize> {
        let number = self.int(index)?;
        usize::try_from(number).map_err(|_| {
            Error::new(
                "out_of_range",
                format_args!("{name} must not be negative, but is {number}"),
            )
        })
    }

    /// The array at `index`.
    ///
    /// # Errors
    ///
    /// As [`text`](Self::text).
    pub fn array(&self, index: usize) -> Result<DynamicReadLock<'_, Array>> {
        let value = self.value(index);
        value.read_lock().ok_or_else(|| unexpected(value, "an array"))
    }

    /// The map at `index`.
    ///
    /// # Errors
    ///
    /// As [`text`](Self::text).
    pub fn map(&self, index: usize) -> Result<DynamicReadLock<'_, Map>> {
        let value = self.value(index);
        value.read_lock().ok_or_else(|| unexpected(value, "a map"))
    }

    /// The text or blob at `index`.
    ///
    /// # Errors
    ///
    /// As [`text`](Self::text).
    pub fn bytes(&self, index: usize) -> Result<Bytes<'_>> {
        bytes_of(self.value(index))
    }

    /// Calls a function of the script.
    ///
    /// # Errors
    ///
    /// What the function throws.
    pub fn invoke<const N: usize>(&self, function: &FnPtr, arguments: [Dynamic; N]) -> Result<Dynamic> {
        Ok(function.call_raw(self.native, None, arguments)?)
    }

    /// `error` as the engine carries it.
    pub fn into_script_error(self, error: Error) -> Box<EvalAltResult> {
        let position = self.native.call_position();
        match error {
            Error::Stopped(stop) => EvalAltResult::ErrorTerminated(stop.token(), position).into(),
            Error::Thrown { code, message } => thrown(code, message, position),
            Error::Script(error) => error,
        }
    }
}

/// The text in `value`; the copy shares its bytes.
///
/// # Errors
///
/// `wrong_type`, or `data_race` for a captured variable that is being changed.
pub fn text_of(value: &Dynamic) -> Result<ImmutableString> {
    let text = value.read_lock::<ImmutableString>().map(|text| text.clone());
    text.ok_or_else(|| unexpected(value, "a string"))
}

/// The text or blob in `value`.
///
/// # Errors
///
/// As [`text_of`].
pub fn bytes_of(value: &Dynamic) -> Result<Bytes<'_>> {
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(Bytes::Text(text.clone()));
    }
    let blob = value.read_lock::<Blob>().map(Bytes::Blob);
    blob.ok_or_else(|| unexpected(value, "a string or a blob"))
}

/// The error for a value that is not `wanted`.
pub fn unexpected(value: &Dynamic, wanted: &str) -> Error {
    if value.is_locked() {
        return Error::new("data_race", "the value is being changed");
    }
    Error::new(
        "wrong_type",
        format_args!("{wanted} is needed, not {}", name_of_type(value)),
    )
}

/// The type of `value` as scripts name it.
pub fn name_of_type(value: &Dynamic) -> &'static str {
    if value.is_unit() {
        "()"
    } else if value.is_int() {
        "an int"
    } else if value.is_float() {
        "a float"
    } else if value.is_bool() {
        "a bool"
    } else if value.is_char() {
        "a char"
    } else if value.is_string() {
        "a string"
    } else if value.is_blob() {
        "a blob"
    } else if value.is_array() {
        "an array"
    } else if value.is_map() {
        "a map"
    } else if value.is_fnptr() {
        "a function"
    } else {
        let name = value.type_name();
        name.rsplit("::").next().unwrap_or(name)
    }
}
