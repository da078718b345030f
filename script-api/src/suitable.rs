//! Which texts the virtual machine of bytecode gets right, and which are worth it.
//!
//! Grain of Rhai 1.27 differs from the walker in a few things, found by comparing both over thousands of broken scripts
//! (`tests/evaluators.rs`). A text that has one of them is walked:
//!
//! - `for` with a counter writes the counter into another variable where the caller's scope is not empty;
//! - an `import` inside a block stays known after it;
//! - a `return` or `exit` from within a block leaves the block's variables behind;
//! - `is_def_fn` and `is_def_var` with wrong arguments have another error text;
//! - a function's bare name is no value where something is called on it or assigned to it;
//! - each error that it catches leaves a note of where it came from, and the notes go with the text's end only;
//! - assigning through `[]` or `.` to a value that has no elements is no error, and constants are guarded differently.
//!   Allowed is one step into a variable that can only be an array or a map.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use rhai::{AST, ASTFlags, ASTNode, BinaryExpr, Expr, ImmutableString, Stmt};

/// Larger texts are walked: lowering cannot be interrupted, and searches its list for each new name and constant.
const NODES_MAX: usize = 5000;
/// More deeply nested texts are walked: lowering calls itself, and does not look at the stack.
const DEPTH_MAX: usize = 64;

/// Texts with more functions are walked: the look at each one costs as much as all of them.
const FUNCTIONS_MAX: usize = 200;

/// Whether the statements of `code` repeat something or call one of `functions`, and all that can run is small enough
/// and means the same to both evaluators. `functions` has those of `code` too.
pub fn is_suitable(functions: &AST, code: &AST) -> bool {
    if functions.iter_fn_def().nth(FUNCTIONS_MAX).is_some() {
        return false;
    }
    let functions = functions.clone_functions_only();
    if !is_worth_it(&functions, code) {
        return false;
    }
    let names: BTreeSet<ImmutableString> = functions.iter_fn_def().map(|function| function.name.clone()).collect();
    let mut nodes = 0;
    let mut facts = Facts::default();
    let mut look = |path: &[ASTNode<'_>]| is_small(&mut nodes, path) && facts.note(path, &names, false);
    if !walk_statements(code, &mut look) || !facts.are_fine() {
        return false;
    }
    functions.iter_fn_def().all(|function| {
        let count = function.params.len();
        let mut alone = functions.clone();
        alone.retain_functions(|_, _, name, parameters| name == function.name && parameters == count);
        let mut facts = Facts::default();
        facts.others.extend(function.params.iter().cloned());
        alone.walk(&mut |path| is_small(&mut nodes, path) && facts.note(path, &names, true)) && facts.are_fine()
    })
}

/// Counts a node; false where there are too many, or this one lies too deep.
fn is_small(nodes: &mut usize, path: &[ASTNode<'_>]) -> bool {
    *nodes += 1;
    *nodes <= NODES_MAX && path.len() <= DEPTH_MAX
}

/// What the statements, or one function, do with variables, by name: one that is declared twice counts as one.
#[derive(Default)]
struct Facts {
    /// Declared as an array or a map.
    containers: BTreeSet<ImmutableString>,
    /// Bound or assigned in another way.
    others: BTreeSet<ImmutableString>,
    /// An element is assigned.
    assigned_into: BTreeSet<ImmutableString>,
    /// Closures capture variables.
    captures: bool,
}

impl Facts {
    /// Looks at a node; false where the text is not suitable, whatever follows. `functions` are the names of all.
    fn note(&mut self, path: &[ASTNode<'_>], functions: &BTreeSet<ImmutableString>, is_in_function: bool) -> bool {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::For(parts, ..))) => {
                self.others.insert(parts.0.name.clone());
                parts.1.is_none()
            }
            Some(ASTNode::Stmt(Stmt::Import(..))) => !is_in_function && path.len() == 1,
            Some(ASTNode::Stmt(Stmt::Return(_, flags, ..))) => {
                is_in_function || path.len() == 1 || flags.contains(ASTFlags::BREAK)
            }
            Some(ASTNode::Stmt(Stmt::FnCall(call, ..)) | ASTNode::Expr(Expr::FnCall(call, ..))) => {
                !matches!(call.name.as_str(), "exit" | "is_def_fn" | "is_def_var")
            }
            Some(ASTNode::Expr(Expr::Variable(variable, ..))) => !functions.contains(&variable.1),
            Some(ASTNode::Stmt(Stmt::Export(..)) | ASTNode::Expr(Expr::Custom(..))) => false,
            Some(ASTNode::Stmt(Stmt::Share(..))) => {
                self.captures = true;
                true
            }
            Some(ASTNode::Stmt(Stmt::TryCatch(parts, ..))) => {
                if let Expr::Variable(variable, ..) = &parts.expr {
                    self.others.insert(variable.1.clone());
                }
                // A function may be called again and again.
                !is_in_function && !path.iter().any(is_loop)
            }
            Some(ASTNode::Stmt(Stmt::Var(parts, flags, ..))) => {
                let is_container = is_container(&parts.1) && !flags.contains(ASTFlags::CONSTANT);
                self.set_of(is_container).insert(parts.0.name.clone());
                true
            }
            Some(ASTNode::Stmt(Stmt::Assignment(parts))) => {
                self.note_assignment(&parts.1, !parts.0.is_op_assignment() && is_container(&parts.1.rhs))
            }
            _ => true,
        }
    }

    fn note_assignment(&mut self, parts: &BinaryExpr, is_container: bool) -> bool {
        match &parts.lhs {
            Expr::Variable(variable, ..) => {
                self.set_of(is_container).insert(variable.1.clone());
                true
            }
            Expr::Index(step, flags, ..) => match &step.lhs {
                Expr::Variable(variable, ..) if flags.contains(ASTFlags::BREAK) => {
                    self.assigned_into.insert(variable.1.clone());
                    true
                }
                _ => false,
            },
            Expr::Dot(step, ..) => match (&step.lhs, &step.rhs) {
                (Expr::Variable(variable, ..), Expr::Property(..)) => {
                    self.assigned_into.insert(variable.1.clone());
                    true
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn set_of(&mut self, is_container: bool) -> &mut BTreeSet<ImmutableString> {
        if is_container {
            &mut self.containers
        } else {
            &mut self.others
        }
    }

    fn are_fine(&self) -> bool {
        let is_container = |name| self.containers.contains(name) && !self.others.contains(name);
        self.assigned_into.is_empty() || (!self.captures && self.assigned_into.iter().all(is_container))
    }
}

fn is_loop(node: &ASTNode<'_>) -> bool {
    matches!(node, ASTNode::Stmt(Stmt::For(..) | Stmt::While(..) | Stmt::Do(..)))
}

/// Whether the value is an array or a map for certain.
fn is_container(value: &Expr) -> bool {
    match value {
        Expr::Array(..) | Expr::Map(..) => true,
        Expr::DynamicConstant(value, ..) => value.is_array() || value.is_map(),
        _ => false,
    }
}

fn walk_statements(code: &AST, look: &mut impl FnMut(&[ASTNode<'_>]) -> bool) -> bool {
    code.statements()
        .iter()
        .all(|statement| statement.walk(&mut Vec::new(), look))
}

/// Lowering takes about as long as walking a few hundred operations.
fn is_worth_it(functions: &AST, code: &AST) -> bool {
    let names: Vec<&str> = functions.iter_fn_def().map(|function| function.name.as_str()).collect();
    // The walk ends early where something is found.
    !walk_statements(code, &mut |path| !match path.last() {
        Some(node) if is_loop(node) => true,
        Some(
            ASTNode::Stmt(Stmt::FnCall(call, ..)) | ASTNode::Expr(Expr::FnCall(call, ..) | Expr::MethodCall(call, ..)),
        ) => names.contains(&call.name.as_str()),
        _ => false,
    })
}
