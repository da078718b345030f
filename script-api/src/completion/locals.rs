//! Names that an unfinished text gives itself: variables, functions, parameters, modules.

use alloc::vec::Vec;

use super::token::{Kind, Token};

/// Names that are kept; the rest of a longer text has none.
const LOCALS_MAX: usize = 500;

/// A name of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local<'a> {
    /// The name.
    pub name: &'a str,
    /// What it is the name of.
    pub what: What<'a>,
    /// How many brackets are open around it.
    depth: usize,
}

/// What a name of the text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// A variable, and where its value begins.
    Variable(Option<usize>),
    /// A function, and whether it has parameters.
    Function(bool),
    /// A module, and its path as it is written.
    Module(&'a str),
}

/// What the last tokens begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Begun {
    #[default]
    Nothing,
    /// After `let` or `const`.
    Variable,
    /// After `let x`.
    Value,
    /// After `let x =`.
    ValueStart,
    /// After `fn`.
    Function,
    /// After `fn f`, up to the body.
    Parameters,
    /// After `for` or `catch`, up to the block.
    Header,
    /// After `for x in`, up to the block.
    Over,
    /// Between the `|` of a closure.
    Closure,
    /// After `import`.
    Import,
}

/// The names of a text that can be reached at its end.
#[derive(Debug, Default)]
pub struct Locals<'a> {
    all: Vec<Local<'a>>,
    /// Parameters and loop variables whose block has not begun.
    pending: Vec<&'a str>,
    begun: Begun,
    depth: usize,
    /// Brackets that are open around what has begun.
    begun_depth: usize,
    /// The same for what a closure stands in.
    outer: (Begun, usize),
    last: Option<Token>,
    path: &'a str,
}

impl<'a> Locals<'a> {
    /// The names; an inner one after an outer one that it hides.
    pub fn iter(&self) -> impl Iterator<Item = &Local<'a>> {
        self.all.iter()
    }

    /// Where the value of the variable `name` begins, as far as that is known; `None` where there is no such variable.
    pub fn value_of(&self, name: &str) -> Option<Option<usize>> {
        let mut newest = self.all.iter().rev().filter(|local| local.name == name);
        newest.find_map(|local| match local.what {
            What::Variable(start) => Some(start),
            _ => None,
        })
    }

    /// The path of the module that the text imports as `name`.
    pub fn module(&self, name: &str) -> Option<&'a str> {
        let mut newest = self.all.iter().rev().filter(|local| local.name == name);
        newest.find_map(|local| match local.what {
            What::Module(path) => Some(path),
            _ => None,
        })
    }

    /// Takes the next token of `text` in.
    pub fn note(&mut self, text: &'a str, token: Token) {
        match token.kind {
            Kind::Word => self.word(text, token),
            Kind::Open => self.open(text, token),
            Kind::Close => self.close(),
            Kind::Sign => self.sign(text, token),
            Kind::Text if self.begun == Begun::Import => {
                self.path = token.of(text).trim_matches(['"', '`']);
            }
            _ => {}
        }
        if self.begun == Begun::ValueStart && !(token.kind == Kind::Sign && token.of(text) == "=") {
            self.begun = Begun::Nothing;
        }
        self.last = Some(token);
    }

    fn begin(&mut self, begun: Begun) {
        self.begun = begun;
        self.begun_depth = self.depth;
    }

    fn add(&mut self, name: &'a str, what: What<'a>, depth: usize) {
        if self.all.len() < LOCALS_MAX {
            self.all.push(Local { name, what, depth });
        }
    }

    fn word(&mut self, text: &'a str, token: Token) {
        let word = token.of(text);
        match (self.begun, word) {
            (_, "let" | "const") => self.begin(Begun::Variable),
            (_, "fn") => self.begin(Begun::Function),
            (_, "for" | "catch") => self.begin(Begun::Header),
            (_, "import") => self.begin(Begun::Import),
            (Begun::Variable, name) => {
                self.add(name, What::Variable(None), self.depth);
                self.begun = Begun::Value;
            }
            (Begun::Function, name) => {
                self.add(name, What::Function(false), self.depth);
                self.begun = Begun::Parameters;
            }
            (Begun::Header, "in") => self.begun = Begun::Over,
            (Begun::Parameters | Begun::Header, name) if self.pending.len() < LOCALS_MAX => {
                if self.begun == Begun::Parameters
                    && let Some(last) = self.all.last_mut()
                {
                    last.what = What::Function(true);
                }
                self.pending.push(name);
            }
            (Begun::Closure, name) => self.add(name, What::Variable(None), self.depth),
            (Begun::Import, "as") => {}
            (Begun::Import, name) => {
                self.add(name, What::Module(self.path), self.depth);
                self.begun = Begun::Nothing;
            }
            _ => {}
        }
    }

    fn open(&mut self, text: &str, token: Token) {
        let is_map = self
            .last
            .is_some_and(|last| last.of(text) == "#" && last.end == token.start);
        let has_header = matches!(self.begun, Begun::Parameters | Begun::Header | Begun::Over);
        self.depth += 1;
        if has_header && token.of(text) == "{" && !is_map && self.depth == self.begun_depth + 1 {
            for name in core::mem::take(&mut self.pending) {
                self.add(name, What::Variable(None), self.depth);
            }
            self.begun = Begun::Nothing;
        }
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        // Names are added at the depth of the moment, so the deepest are the last.
        while self.all.last().is_some_and(|local| local.depth > self.depth) {
            self.all.pop();
        }
        if self.depth < self.begun_depth {
            self.begun = Begun::Nothing;
            self.pending.clear();
        }
    }

    fn sign(&mut self, text: &'a str, token: Token) {
        match (token.of(text), self.begun) {
            ("|", Begun::Closure) => (self.begun, self.begun_depth) = core::mem::take(&mut self.outer),
            ("|", Begun::Nothing | Begun::ValueStart | Begun::Over) if self.begins_closure(text) => {
                self.outer = (self.begun, self.begun_depth);
                self.begin(Begun::Closure);
            }
            ("=", Begun::Value) => {
                self.begun = Begun::ValueStart;
                if let Some(Local {
                    what: What::Variable(start),
                    ..
                }) = self.all.last_mut()
                {
                    *start = Some(token.end);
                }
            }
            (";", Begun::Header | Begun::Over | Begun::Parameters) => {
                self.begun = Begun::Nothing;
                self.pending.clear();
            }
            (";", _) => self.begun = Begun::Nothing,
            _ => {}
        }
    }

    /// Whether a `|` here begins a closure and is no operator.
    fn begins_closure(&self, text: &str) -> bool {
        self.last.is_none_or(|last| match last.kind {
            Kind::Open => true,
            Kind::Sign => last.of(text) != "|",
            Kind::Word => matches!(last.of(text), "return" | "in" | "throw"),
            _ => false,
        })
    }
}
