//! One description per function, from which follow its registration, Rhai's metadata, `help()` and its test.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::TypeId;
use core::fmt;

use rhai::{
    Array, Blob, Dynamic, EvalAltResult, FnPtr, FuncRegistration, INT, ImmutableString, Map, Module, NativeCallContext,
    Position, RhaiFunc, Shared,
};
use services::host::Interrupted;
use services::shared::Handle;
use services::value::Value;

use crate::compute::{self, Call};
use crate::context::{Stop, TaskContext};
use crate::convert;
use crate::entries::Entries;
use crate::error::thrown;
use crate::handles;

/// Describes one function.
#[derive(Debug)]
pub struct Doc {
    /// Such as `time`; empty for functions that need no prefix.
    pub namespace: &'static str,
    /// Such as `sleep_ms`.
    pub name: &'static str,
    /// In order.
    pub params: &'static [Param],
    /// The result's type, as scripts name it; `()` for none.
    pub returns: &'static str,
    /// Codes that it throws, each with the reason.
    pub errors: &'static [(&'static str, &'static str)],
    /// It may suspend the task; Ctrl-C ends the wait.
    pub waits: bool,
    /// One line.
    pub summary: &'static str,
    /// Whatever else there is to know; may be empty.
    pub notes: &'static str,
    /// Shows its use.
    pub example: Example,
}

/// A line for the prompt, and what comes of it.
#[derive(Debug)]
pub enum Example {
    /// The line and all that the screen shows for it. `...` at the end stands for anything.
    Shows(&'static str, &'static str),
    /// The line ends the task or the machine.
    DoesNotReturn(&'static str),
    /// The line takes the screen until these keys are pressed.
    Interactive(&'static str, &'static str),
}

impl Example {
    /// The line.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Shows(code, _) | Self::DoesNotReturn(code) | Self::Interactive(code, _) => code,
        }
    }
}

/// Describes one parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name, with the unit where it has one.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// What it means, its range, its unit.
    pub meaning: &'static str,
}

/// Types of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Int,
    /// A floating-point number.
    Float,
    /// A truth value.
    Bool,
    /// Text.
    Text,
    /// Bytes.
    Blob,
    /// A list.
    Array,
    /// A list whose methods these are: of maps, or of anything.
    Rows,
    /// Named values.
    Map,
    /// A function or closure.
    Function,
    /// Anything; the function looks for itself.
    Any,
    /// What `channel::open` made.
    Channel,
    /// What `cell::open` made.
    Cell,
    /// What `counter::open` made.
    Counter,
    /// What `every`, `after`, `at` and `on` made.
    Timer,
    /// That, or nothing: the argument may be left out, with all that follow.
    Optional(&'static Kind),
}

impl Kind {
    /// The name that scripts know the type by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Text => "string",
            Self::Blob => "blob",
            Self::Array | Self::Rows => "array",
            Self::Map => "map",
            Self::Function => "Fn",
            Self::Any => "any",
            Self::Channel => "channel",
            Self::Cell => "cell",
            Self::Counter => "counter",
            Self::Timer => "timer",
            Self::Optional(given) => given.name(),
        }
    }

    fn type_id(self) -> TypeId {
        match self {
            Self::Int => TypeId::of::<INT>(),
            Self::Float => TypeId::of::<f64>(),
            Self::Bool => TypeId::of::<bool>(),
            Self::Text => TypeId::of::<ImmutableString>(),
            Self::Blob => TypeId::of::<Blob>(),
            Self::Array | Self::Rows => TypeId::of::<Array>(),
            Self::Map => TypeId::of::<Map>(),
            Self::Function => TypeId::of::<FnPtr>(),
            Self::Any => TypeId::of::<Dynamic>(),
            Self::Channel => TypeId::of::<handles::Channel>(),
            Self::Cell => TypeId::of::<handles::Cell>(),
            Self::Counter => TypeId::of::<handles::Counter>(),
            Self::Timer => TypeId::of::<handles::Timer>(),
            Self::Optional(given) => given.type_id(),
        }
    }
}

impl Doc {
    /// The name as a script writes it: `time::sleep_ms`.
    pub fn path(&self) -> String {
        if self.namespace.is_empty() {
            self.name.into()
        } else {
            format!("{}::{}", self.namespace, self.name)
        }
    }

    /// Whether it is called on its first argument, as `value.name(...)`.
    pub fn is_method(&self) -> bool {
        let own = self.params.first().map(|param| param.kind);
        matches!(
            own,
            Some(Kind::Channel | Kind::Cell | Kind::Counter | Kind::Rows | Kind::Timer)
        )
    }

    /// With how many arguments it may be called, the least first.
    pub fn counts(&self) -> impl Iterator<Item = usize> {
        let shorter = self.params.iter().enumerate();
        let shorter = shorter.filter(|(_, param)| matches!(param.kind, Kind::Optional(_)));
        shorter.map(|(index, _)| index).chain([self.params.len()])
    }

    /// Its parameters from the one at `first` on, as `write` puts them; brackets mark what may be left out, together where
    /// it is left out together: `a, [b], [c, d]`.
    pub fn params_from(&self, first: usize, write: impl Fn(&Param) -> String) -> String {
        let mut out = String::new();
        let mut end = "";
        for (index, param) in self.params.iter().enumerate().skip(first) {
            let is_optional = matches!(param.kind, Kind::Optional(_));
            if is_optional {
                out += core::mem::replace(&mut end, "]");
            }
            out += if index > first { ", " } else { "" };
            out += if is_optional { "[" } else { "" };
            out += &write(param);
        }
        out + end
    }

    /// Name, parameters and result: `time::sleep_ms(ms: int)`.
    pub fn signature(&self) -> String {
        let params = self.params_from(0, |param| format!("{}: {}", param.name, param.kind.name()));
        let returns = if self.returns == "()" {
            String::new()
        } else {
            format!(" -> {}", self.returns)
        };
        format!("{}({params}){returns}", self.path())
    }
}

/// What a service function throws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptError {
    /// The task must stop: the wait was interrupted.
    Interrupted,
    /// An error that the script may catch.
    Thrown {
        /// Stable name.
        code: Cow<'static, str>,
        /// One sentence.
        message: String,
    },
}

impl ScriptError {
    /// An error that the script may catch.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl fmt::Display) -> Self {
        Self::Thrown {
            code: code.into(),
            message: format!("{message}"),
        }
    }
}

impl ScriptError {
    /// The error as Rhai carries it.
    pub fn to_script(&self, context: &TaskContext, position: Position) -> Box<EvalAltResult> {
        match self {
            Self::Thrown { code, message } => thrown(code, message, position),
            Self::Interrupted => {
                let stop = context.stop().unwrap_or(Stop::Killed);
                EvalAltResult::ErrorTerminated(stop.token(), position).into()
            }
        }
    }
}

impl From<Interrupted> for ScriptError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

/// A service function's arguments, of the types that its description names.
pub struct Args<'a> {
    values: &'a [&'a mut Dynamic],
}

impl Args<'_> {
    /// None: for a service that another one calls.
    pub fn none() -> Self {
        Self { values: &[] }
    }

    /// The whole number at `index`.
    pub fn int(&self, index: usize) -> i64 {
        self.values
            .get(index)
            .and_then(|value| value.as_int().ok())
            .unwrap_or(0)
    }

    /// A whole number that cannot be negative.
    ///
    /// # Errors
    ///
    /// `out_of_range` where it is.
    pub fn count(&self, index: usize, name: &str) -> Result<u64, ScriptError> {
        let number = self.int(index);
        u64::try_from(number).map_err(|_| {
            ScriptError::new(
                "out_of_range",
                format_args!("{name} must not be negative, but is {number}"),
            )
        })
    }

    /// The handle at `index`.
    pub fn handle(&self, index: usize) -> Option<Handle> {
        self.values.get(index).and_then(|value| handles::handle(value))
    }

    /// What `look` finds in the argument at `index`, where that is a `T`.
    pub fn with<T: Clone + 'static, R>(&self, index: usize, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.values.get(index)?.read_lock::<T>().map(|value| look(&value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The argument at `index`, of whatever type, copied to the kernel heap.
    ///
    /// # Errors
    ///
    /// `cannot_copy`, `too_deep`, `too_large` or `data_race` where it cannot be copied.
    pub fn any(&self, index: usize) -> Result<Value, ScriptError> {
        match self.values.get(index) {
            Some(value) => convert::to_value(value).map_err(|error| ScriptError::new(error.code(), error)),
            None => Ok(Value::Unit),
        }
    }

    /// The text at `index`, copied to the kernel heap.
    pub fn text(&self, index: usize) -> String {
        let text = self
            .values
            .get(index)
            .and_then(|value| value.read_lock::<ImmutableString>());
        text.map(|text| String::from(text.as_str())).unwrap_or_default()
    }

    /// The bytes of the text or blob at `index`, copied to the kernel heap.
    ///
    /// # Errors
    ///
    /// `too_large`, or `no_space` where the kernel heap has no room for them.
    pub fn bytes(&self, index: usize) -> Result<Vec<u8>, ScriptError> {
        let copy = |bytes: &[u8]| {
            let limit = convert::COPY_LIMIT_BYTES;
            if bytes.len() > limit {
                let message = format!("more than {limit} bytes at once: {}", bytes.len());
                return Err(ScriptError::new("too_large", message));
            }
            let mut copy = Vec::new();
            let refused = |_| ScriptError::new("no_space", "too little memory is free");
            copy.try_reserve_exact(bytes.len()).map_err(refused)?;
            copy.extend_from_slice(bytes);
            Ok(copy)
        };
        let Some(value) = self.values.get(index) else {
            return Ok(Vec::new());
        };
        if let Some(text) = value.read_lock::<ImmutableString>() {
            return copy(text.as_bytes());
        }
        value.read_lock::<Blob>().map_or(Ok(Vec::new()), |bytes| copy(&bytes))
    }
}

/// A function that runs with allocations on the kernel heap and knows nothing of Rhai.
pub type Service = fn(&TaskContext, &Args<'_>) -> Result<Value, ScriptError>;
/// A function that works on a script's own values, in the task's arena.
pub type Script = fn(&TaskContext, &NativeCallContext<'_>, &mut [&mut Dynamic]) -> Result<Dynamic, Box<EvalAltResult>>;

/// Collects functions.
#[derive(Default)]
pub struct Api {
    modules: BTreeMap<&'static str, Module>,
    docs: Vec<&'static Doc>,
}

impl Api {
    /// Adds a function that runs on the kernel heap.
    pub fn service(&mut self, doc: &'static Doc, body: Service) {
        self.add(doc, Style::Function, move |context, call, arguments| {
            run_service(context, call, arguments, body)
        });
    }

    /// The same for a method of its first argument, called as `value.name(...)`.
    pub fn method(&mut self, doc: &'static Doc, body: Service) {
        self.add(doc, Style::Method, move |context, call, arguments| {
            run_service(context, call, arguments, body)
        });
    }

    /// Adds a function that works on a script's own values.
    pub fn script(&mut self, doc: &'static Doc, body: Script) {
        self.add(doc, Style::Function, body);
    }

    /// The same for a method of its first argument.
    pub fn method_script(&mut self, doc: &'static Doc, body: Script) {
        self.add(doc, Style::Method, body);
    }

    /// Adds a function that computes on a script's own values.
    pub fn compute(&mut self, doc: &'static Doc, body: compute::Body) {
        self.add(doc, Style::Function, move |context, native, arguments| {
            run_compute(context, native, arguments, body)
        });
    }

    /// The same for one that reads its first argument where it lies: a variable is not copied for the call.
    pub fn reader(&mut self, doc: &'static Doc, body: compute::Body) {
        self.add(doc, Style::Reader, move |context, native, arguments| {
            run_compute(context, native, arguments, body)
        });
    }

    /// The module of functions that need no prefix, for those that Rhai knows of and that have no description.
    pub fn global(&mut self) -> &mut Module {
        self.modules.entry("").or_default()
    }

    fn add(
        &mut self,
        doc: &'static Doc,
        style: Style,
        body: impl Fn(&TaskContext, &NativeCallContext<'_>, &mut [&mut Dynamic]) -> Result<Dynamic, Box<EvalAltResult>>
        + Send
        + Sync
        + 'static,
    ) {
        self.docs.push(doc);
        let entries = Entries::of(doc);
        let func = Shared::new(
            move |call: Option<NativeCallContext<'_>>, arguments: &mut [&mut Dynamic]| match call {
                Some(call) => {
                    entries.count();
                    let context = TaskContext::of(&call)?;
                    let outer = context.control.begin_native(doc.waits);
                    let result = context.enter(&call).and_then(|()| body(&context, &call, arguments));
                    let has_waited = context.control.end_native(outer);
                    if has_waited && context.host.debug.is_some() {
                        return Err(undeclared_wait(doc));
                    }
                    result
                }
                None => Err(thrown("no_task", "called without a context", Position::NONE)),
            },
        );
        let function = if style == Style::Reader {
            RhaiFunc::Method {
                func,
                has_context: true,
                is_pure: true,
                is_volatile: true,
            }
        } else {
            RhaiFunc::Pure {
                func,
                has_context: true,
                is_pure: false,
                is_volatile: true,
            }
        };
        for count in doc.counts() {
            let all = &doc.params[..count];
            let types: Vec<TypeId> = all.iter().map(|param| param.kind.type_id()).collect();
            let params = all.iter().map(|param| format!("{}: {}", param.name, param.kind.name()));
            let registration = FuncRegistration::new(doc.name)
                .with_params_info(params.chain([String::from(doc.returns)]))
                .with_comments([format!("/// {}", doc.summary)]);
            let registration = if doc.namespace.is_empty() || style == Style::Method {
                registration.in_global_namespace()
            } else {
                registration
            };
            let module = self.modules.entry(doc.namespace).or_default();
            registration.set_into_module_raw(module, types, function.clone());
        }
    }

    /// The modules by namespace, indexed, and all descriptions. The last names come first: each engine sorts them into its
    /// own list, and one that belongs before all others finds its place at once.
    pub fn finish(self) -> (Vec<(&'static str, Shared<Module>)>, Vec<&'static Doc>) {
        let modules = self.modules.into_iter().rev().map(|(namespace, mut module)| {
            module.set_id(namespace);
            module.build_index();
            (namespace, Shared::new(module))
        });
        (modules.collect(), self.docs)
    }
}

/// The error in place of a result where the function has waited although its description denies it. Only machines with
/// debug hooks make it: there it is a fault of the function, which scripts of others need not suffer from.
#[cold]
fn undeclared_wait(doc: &Doc) -> Box<EvalAltResult> {
    log::error!("{} has waited, which its description denies", doc.path());
    thrown(
        "undeclared_wait",
        "the function's description denies that it waits",
        Position::NONE,
    )
}

/// How a function may be called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// By its path.
    Function,
    /// As a method too.
    Method,
    /// As a method that only reads its first argument, a constant too.
    Reader,
}

fn run_compute(
    context: &TaskContext,
    native: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
    body: compute::Body,
) -> Result<Dynamic, Box<EvalAltResult>> {
    let call = Call {
        context,
        native,
        arguments,
    };
    body(&call).map_err(|error| call.into_script_error(error))
}

fn run_service(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
    body: Service,
) -> Result<Dynamic, Box<EvalAltResult>> {
    let arguments = Args { values: arguments };
    let tasks = context.host.tasks;
    let mut outcome = None;
    tasks.on_kernel_heap(&mut || outcome = Some(body(context, &arguments)));
    let result = match &outcome {
        Some(Ok(value)) => Ok(convert::to_dynamic(value, None)),
        Some(Err(error)) => Err(error.to_script(context, call.call_position())),
        None => Err(ScriptError::Interrupted.to_script(context, call.call_position())),
    };
    // What the service made lies on the kernel heap and is given back there.
    tasks.on_kernel_heap(&mut || drop(outcome.take()));
    result
}
