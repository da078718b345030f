//! `import`, and which file a script means by a path.
//!
//! A path that begins with `/` is a full one, as in `/tmp/lib/a`. One that begins with `./` or `../` is meant from the
//! importing file, and stays in the same mount (`/rom`, `/tmp`); any other is meant from `/rom`. The suffix `.rhai` may
//! be left out.
//!
//! A module is loaded once, and again when its file has changed; what that module imports itself is looked at only when
//! it is loaded.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use rhai::{
    Engine, EvalAltResult, GlobalRuntimeState, ImmutableString, Module, ModuleResolver, Position, Scope, Shared,
};
use services::files::Contents;

use crate::context::TaskContext;
use crate::engine;
use crate::error::{self, thrown};
use crate::functions::fs;
use crate::registry::ScriptError;

/// Modules of one engine. The locks are never held while a script runs.
pub struct FileResolver {
    context: TaskContext,
    /// By path; `None` while one is being loaded.
    modules: spin::Mutex<BTreeMap<String, Option<Loaded>>>,
}

/// A finished module.
#[derive(Clone)]
struct Loaded {
    /// The stamp of the file's contents.
    stamp: u64,
    module: Shared<Module>,
    /// A script asked for the file to be loaded anew: names that stand for an older module shall stand for this one.
    is_renewed: bool,
}

/// What stands for the importing file where [`reload`] asks: no script can have that name.
const RELOAD: &str = "\0reload";
/// The same for [`renew_imports`], which wants nothing loaded.
const RENEW: &str = "\0renew";

impl FileResolver {
    /// Nothing loaded yet.
    pub fn new(context: TaskContext) -> Self {
        Self {
            context,
            modules: spin::Mutex::new(BTreeMap::new()),
        }
    }
}

impl ModuleResolver for FileResolver {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let full = canonical(source, path).ok_or_else(|| {
            thrown(
                "not_found",
                format_args!("{path} leads out of its file system"),
                position,
            )
        })?;
        let known = self.modules.lock().get(&full).cloned();
        if source == Some(RENEW) {
            return match known {
                Some(Some(loaded)) if loaded.is_renewed => Ok(loaded.module),
                _ => Err(EvalAltResult::ErrorModuleNotFound(full, position).into()),
            };
        }
        let is_renewed = source == Some(RELOAD);
        if matches!(known, Some(None)) {
            return Err(thrown("import_cycle", format_args!("{full} imports itself"), position));
        }
        let text = read_text(self.context, &full, position)?;
        if let Some(Some(loaded)) = &known
            && loaded.stamp == text.stamp
            && !is_renewed
        {
            return Ok(loaded.module.clone());
        }
        self.modules.lock().insert(full.clone(), None);
        let loaded = load(engine, self.context, &full, &text.text, position);
        let kept = match &loaded {
            Ok(module) => Some(Some(Loaded {
                stamp: text.stamp,
                module: module.clone(),
                is_renewed,
            })),
            // A reload that fails loses nothing.
            Err(_) => known.filter(|_| is_renewed),
        };
        match kept {
            Some(kept) => self.modules.lock().insert(full, kept),
            None => self.modules.lock().remove(&full),
        };
        loaded
    }
}

/// Loads the file at `path` again, whether it has changed or not; [`renew_imports`] does the rest.
///
/// # Errors
///
/// As an import; the module that was loaded before is kept then.
pub fn reload(engine: &Engine, path: &str, position: Position) -> Result<(), Box<EvalAltResult>> {
    engine
        .module_resolver()
        .resolve(engine, Some(RELOAD), path, position)
        .map(drop)
}

/// Lets the names of imports whose files were [`reload`]ed stand for the new modules.
pub fn renew_imports(engine: &Engine, global: &mut GlobalRuntimeState) {
    let imports: Vec<(ImmutableString, Shared<Module>)> = global
        .scan_imports_raw()
        .map(|(name, module)| (name.clone(), module.clone()))
        .collect();
    let newest = |module: &Shared<Module>| {
        let resolver = engine.module_resolver();
        resolver.resolve(engine, Some(RENEW), module.id()?, Position::NONE).ok()
    };
    let renewed: Vec<Option<Shared<Module>>> = imports.iter().map(|(_, module)| newest(module)).collect();
    if renewed.iter().all(Option::is_none) {
        return;
    }
    global.truncate_imports(0);
    for ((name, module), newer) in imports.into_iter().zip(renewed) {
        global.push_import(name, newer.unwrap_or(module));
    }
}

fn load(
    engine: &Engine,
    context: TaskContext,
    path: &str,
    text: &str,
    position: Position,
) -> Result<Shared<Module>, Box<EvalAltResult>> {
    let in_module = |error| error::in_module(path, position, error);
    let ast = engine::compile(&context, engine, &Scope::new(), text, path).map_err(in_module)?;
    let mut module = Module::eval_ast_as_new(Scope::new(), &ast, engine).map_err(in_module)?;
    module.set_id(path);
    module.build_index();
    Ok(module.into())
}

/// A script's text, in the task's arena or in the boot image.
pub struct ScriptText {
    /// The text.
    pub text: Cow<'static, str>,
    /// Differs from that of any other text that the file had or will have.
    pub stamp: u64,
}

/// The text of the script in the file at `path`, a full one.
///
/// # Errors
///
/// What the file system throws, or `not_text` where the file is not UTF-8.
pub fn read_text(context: TaskContext, path: &str, position: Position) -> Result<ScriptText, Box<EvalAltResult>> {
    let tasks = context.host.tasks;
    let mut answer: Option<Result<Contents, ScriptError>> = None;
    tasks.on_kernel_heap(&mut || answer = Some(fs::wait(&context, context.host.files.read(path))));
    let not_text = || thrown("not_text", format_args!("{path} is not UTF-8"), position);
    let text = match &answer {
        Some(Ok(contents)) => {
            let text = match contents.as_constant() {
                Some(bytes) => core::str::from_utf8(bytes).ok().map(Cow::Borrowed),
                None => core::str::from_utf8(contents)
                    .ok()
                    .map(|text| Cow::Owned(String::from(text))),
            };
            let stamp = contents.stamp();
            text.map(|text| ScriptText { text, stamp }).ok_or_else(not_text)
        }
        Some(Err(error)) => Err(error.to_script(&context, position)),
        None => Err(ScriptError::Interrupted.to_script(&context, position)),
    };
    tasks.on_kernel_heap(&mut || drop(answer.take()));
    text
}

/// The same where the text is there and can be read at once or after a wait.
pub fn text_of(context: &TaskContext, path: &str) -> Option<Cow<'static, str>> {
    let text = read_text(*context, path, Position::NONE).ok()?;
    Some(text.text)
}

/// The full path of a script, such as `/rom/lib/text.rhai`; `None` where it would leave its mount.
pub fn canonical(source: Option<&str>, path: &str) -> Option<String> {
    let is_relative = path.starts_with("./") || path.starts_with("../");
    let mut parts: Vec<&str> = Vec::new();
    if is_relative && let Some((directory, _)) = source.and_then(|source| source.rsplit_once('/')) {
        parts.extend(directory.split('/').filter(|part| !part.is_empty()));
    }
    if parts.is_empty() && !path.starts_with('/') {
        parts.push("rom");
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
                // What a path is meant from is a part of its mount: it does not lead to another one.
                if parts.is_empty() {
                    return None;
                }
            }
            name => parts.push(name),
        }
    }
    if parts.len() < 2 {
        return None;
    }
    let mut text = String::new();
    for part in &parts {
        text.push('/');
        text.push_str(part);
    }
    if !text.ends_with(".rhai") {
        text.push_str(".rhai");
    }
    Some(text)
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
        assert_eq!(full(None, "/tmp/a"), "/tmp/a.rhai");
        assert_eq!(full(None, "/tmp/lib/../a.rhai"), "/tmp/a.rhai");
        assert_eq!(full(Some("/tmp/lib/a.rhai"), "./b"), "/tmp/lib/b.rhai");
        assert_eq!(full(Some("/tmp/lib/a.rhai"), "../b"), "/tmp/b.rhai");
        assert_eq!(full(Some("/tmp/a.rhai"), "lib/b"), "/rom/lib/b.rhai");
        assert_eq!(full(Some("/tmp/a.rhai"), "/rom/lib/b"), "/rom/lib/b.rhai");
        assert_eq!(canonical(Some("/tmp/a.rhai"), "../rom/lib/b"), None);
        assert_eq!(canonical(None, "/tmp/../rom/a"), None);
        assert_eq!(canonical(None, "/tmp"), None);
        assert_eq!(canonical(Some("/rom/a.rhai"), "../x"), None);
        assert_eq!(canonical(None, "lib/../../x"), None);
        assert_eq!(canonical(None, ""), None);
    }
}
