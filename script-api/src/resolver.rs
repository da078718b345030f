//! `import` from `/rom`.
//!
//! A path that begins with `./` or `../` is meant from the importing file; any other from `/rom` itself, with or without
//! that name in front. The suffix `.rhai` may be left out.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};

use crate::context::TaskContext;
use crate::engine;
use crate::error::thrown;

/// Modules of one engine. The locks are never held while a script runs.
pub struct RomResolver {
    context: TaskContext,
    /// Finished modules by path; `None` while one is being loaded.
    modules: spin::Mutex<BTreeMap<String, Option<Shared<Module>>>>,
}

impl RomResolver {
    /// Nothing loaded yet.
    pub fn new(context: TaskContext) -> Self {
        Self {
            context,
            modules: spin::Mutex::new(BTreeMap::new()),
        }
    }
}

impl ModuleResolver for RomResolver {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let full = canonical(source, path)
            .ok_or_else(|| thrown("not_found", format_args!("{path} lies outside of /rom"), position))?;
        let known = self.modules.lock().get(&full).cloned();
        match known {
            Some(Some(module)) => return Ok(module),
            Some(None) => {
                return Err(thrown("import_cycle", format_args!("{full} imports itself"), position));
            }
            None => {}
        }
        self.modules.lock().insert(full.clone(), None);
        let loaded = load(engine, self.context, &full, position);
        match &loaded {
            Ok(module) => self.modules.lock().insert(full, Some(module.clone())),
            Err(_) => self.modules.lock().remove(&full),
        };
        loaded
    }
}

fn load(
    engine: &Engine,
    context: TaskContext,
    path: &str,
    position: Position,
) -> Result<Shared<Module>, Box<EvalAltResult>> {
    let in_module = |error: Box<EvalAltResult>| match error.unwrap_inner() {
        EvalAltResult::ErrorTerminated(..) => error,
        _ => EvalAltResult::ErrorInModule(path.into(), error, position).into(),
    };
    let text = read_text(context, path, position)?;
    let ast = engine::compile(&context, engine, &Scope::new(), text, path).map_err(in_module)?;
    let mut module = Module::eval_ast_as_new(Scope::new(), &ast, engine).map_err(in_module)?;
    module.set_id(path);
    module.build_index();
    Ok(module.into())
}

/// The text of a script in `/rom`.
///
/// # Errors
///
/// `not_found`, or `not_text` where it is not UTF-8.
pub fn read_text(context: TaskContext, path: &str, position: Position) -> Result<&'static str, Box<EvalAltResult>> {
    let inner = path.strip_prefix("/rom").unwrap_or(path);
    let bytes = context
        .host
        .rom
        .read(inner)
        .map_err(|error| thrown(error.code(), error, position))?;
    core::str::from_utf8(bytes).map_err(|_| thrown("not_text", format_args!("{path} is not UTF-8"), position))
}

/// The full path of a script, such as `/rom/lib/text.rhai`; `None` where it would leave `/rom`.
pub fn canonical(source: Option<&str>, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    if path.starts_with("./") || path.starts_with("../") {
        let directory = source.and_then(|source| source.strip_prefix("/rom/")).unwrap_or("");
        parts.extend(
            directory
                .rsplit_once('/')
                .map_or("", |(directory, _)| directory)
                .split('/'),
        );
    }
    parts.extend(path.strip_prefix("/rom/").unwrap_or(path).split('/'));
    let mut full: Vec<&str> = Vec::new();
    for part in parts {
        match part {
            "" | "." => {}
            ".." => {
                full.pop()?;
            }
            name => full.push(name),
        }
    }
    let mut text = String::from("/rom");
    for part in &full {
        text.push('/');
        text.push_str(part);
    }
    if !text.ends_with(".rhai") {
        text.push_str(".rhai");
    }
    (!full.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_full_path() {
        let full = |source, path| canonical(source, path).unwrap_or_default();
        assert_eq!(full(None, "lib/text"), "/rom/lib/text.rhai");
        assert_eq!(full(None, "/rom/lib/text.rhai"), "/rom/lib/text.rhai");
        assert_eq!(full(None, "./lib//text"), "/rom/lib/text.rhai");
        assert_eq!(full(Some("/rom/examples/a.rhai"), "lib/text"), "/rom/lib/text.rhai");
        assert_eq!(full(Some("/rom/examples/a.rhai"), "./b"), "/rom/examples/b.rhai");
        assert_eq!(full(Some("/rom/examples/a.rhai"), "../lib/./x"), "/rom/lib/x.rhai");
        assert_eq!(canonical(Some("/rom/a.rhai"), "../x"), None);
        assert_eq!(canonical(None, "lib/../../x"), None);
        assert_eq!(canonical(None, ""), None);
    }
}
