//! What a session has at the moment: what completion, help and advice look at. Nothing here evaluates code.

use alloc::string::String;

use rhai::{AST, Dynamic, GlobalRuntimeState, Scope, ScriptFuncDef};

use crate::context::TaskContext;

/// The state of a session, borrowed.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The task.
    pub context: &'a TaskContext,
    /// The variables.
    pub scope: &'a Scope<'static>,
    /// The functions that were defined.
    pub functions: &'a AST,
    /// The imported modules.
    pub global: &'a GlobalRuntimeState,
}

impl<'a> View<'a> {
    /// Name, whether it is a constant, and value of each variable.
    pub fn variables(self) -> impl Iterator<Item = (&'a str, bool, &'a Dynamic)> {
        self.scope.iter_raw()
    }

    /// The functions that have a name.
    pub fn functions(self) -> impl Iterator<Item = &'a ScriptFuncDef> {
        self.functions
            .iter_fn_def()
            .map(|function| &**function)
            .filter(|function| !function.name.starts_with("anon$"))
    }

    /// The names that modules were imported by.
    pub fn imports(self) -> impl Iterator<Item = &'a str> {
        self.global.iter_imports().map(|(name, _)| name)
    }

    /// The functions and constants of the module that was imported as `name`.
    pub fn import(self, name: &str) -> Option<AST> {
        let mut all = self.global.iter_imports_raw();
        let (_, module) = all.find(|(known, _)| known.as_str() == name)?;
        Some(AST::new_from_module(module.clone()))
    }
}

/// The signature of a function of a script: `add(a, b)`.
pub fn signature(function: &ScriptFuncDef) -> String {
    let mut text = String::from(function.name.as_str());
    text.push('(');
    for (index, parameter) in function.params.iter().enumerate() {
        text.push_str(if index > 0 { ", " } else { "" });
        text.push_str(parameter);
    }
    text.push(')');
    text
}

/// The first line of a function's own description, from its comment.
pub fn summary(function: &ScriptFuncDef) -> &str {
    let lines = function.comments.iter().flat_map(|comment| comment.lines());
    let mut texts = lines.map(|line| line.trim().trim_start_matches(['/', '*']).trim_end_matches("*/").trim());
    texts.find(|line| !line.is_empty()).unwrap_or_default()
}
