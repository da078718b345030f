//! `reload`: a module's file again, for names that are imported already.

use rhai::Dynamic;

use super::{PLAIN, param};
use crate::registry::{Api, Doc, Example, Kind};
use crate::resolver;

const RELOAD: Doc = Doc {
    name: "reload",
    params: &[param(
        "path",
        Kind::Text,
        "as in import: \"/tmp/lib/a\", or \"lib/a\" for one in /rom",
    )],
    returns: "()",
    errors: &[
        ("not_found", "there is no such file"),
        ("syntax_error", "the file cannot be compiled; the old module stays"),
    ],
    waits: true,
    summary: "Loads a module's file again; names it was imported by stand for it.",
    notes: "From the prompt's next line on. An import by itself loads a file again only where the file has changed; this \
            does so in any case, which matters where a file that it imports has changed.",
    example: Example::Shows(
        "fs::write(\"/tmp/t.rhai\", \"fn f() { 1 }\"); import \"/tmp/t\" as t; reload(\"/tmp/t\"); t::f()",
        "1",
    ),
    ..PLAIN
};

/// Adds `reload`.
pub fn register(api: &mut Api) {
    api.compute(&RELOAD, |call| {
        let path = call.text(0)?;
        resolver::reload(call.native.engine(), &path, call.native.call_position())?;
        Ok(Dynamic::UNIT)
    });
}
