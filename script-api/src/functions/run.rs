//! `run`: programs.

use alloc::boxed::Box;
use alloc::string::String;

use rhai::{Dynamic, EvalAltResult, ImmutableString, NativeCallContext};

use crate::context::TaskContext;
use crate::program;
use crate::registry::{Api, Doc, Example, Kind, Param};

const RUN: Doc = Doc {
    namespace: "",
    name: "run",
    params: &[Param {
        name: "path",
        kind: Kind::Text,
        meaning: "a script such as \"/tmp/hello\"; `.rhai` may be left out, and /rom where there is no / in front",
    }],
    returns: "any",
    errors: &[
        ("not_found", "there is no such file"),
        ("not_text", "the file is not UTF-8"),
        ("syntax_error", "the script has one"),
    ],
    waits: true,
    summary: "Runs a script and returns its value.",
    notes: "The script has a scope of its own: it does not see the caller's variables, and its functions and variables \
            are gone afterwards. To keep functions, use `import`.",
    example: Example::Shows("run(\"/rom/examples/hello.rhai\")", "Hello from Rhaios..."),
};

/// Adds `run`.
pub fn register(api: &mut Api) {
    api.script(&RUN, run);
}

fn run(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let path = arguments.first().and_then(|path| path.read_lock::<ImmutableString>());
    let path = path.map(|path| String::from(path.as_str())).unwrap_or_default();
    program::run_file(*context, call, &path)
}
