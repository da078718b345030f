//! A pattern's text to its automata.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use regex_automata::MatchKind;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::primitives::PatternID;
use regex_syntax::ast::{
    self, AssertionKind, Ast, ClassAscii, ClassAsciiKind, ClassBracketed, ClassPerl, ClassPerlKind, ClassSet,
    ClassSetItem, Flag, Flags, FlagsItem, FlagsItemKind, Group, GroupKind,
};
use regex_syntax::hir::translate::TranslatorBuilder;

use crate::compute::{Error, Result};

/// Longer patterns are refused: making automata of one has no safepoints.
const LENGTH_LIMIT_BYTES: usize = 1024;
/// How deep groups may lie in each other: the crate recurses that deep.
const DEPTH_LIMIT: u32 = 64;
/// Memory of the larger automaton of states; what it takes to build one, and to find one state of the automaton that is
/// built while matching, is proportional.
const NFA_LIMIT_BYTES: usize = 512 * 1024;
/// Memory for the states that are built while matching; when it is full, they are forgotten and built again.
const CACHE_BYTES: usize = 1024 * 1024;
/// Places that matching with groups keeps: for each state, start and end of each group.
const PLACES_LIMIT: usize = 1024 * 1024;

/// A compiled pattern.
pub(super) struct Pattern {
    /// Finds where the first match ends.
    pub(super) forward: DFA,
    /// From there, finds where it starts.
    pub(super) reverse: DFA,
    /// Finds its groups.
    pub(super) nfa: NFA,
    group_names: Vec<Option<String>>,
    /// Both automata's states so far, while nobody uses them.
    caches: spin::Mutex<Option<Caches>>,
}

/// States built so far.
pub(super) struct Caches {
    pub(super) forward: Cache,
    pub(super) reverse: Cache,
}

impl Pattern {
    /// Compiles `pattern`.
    ///
    /// # Errors
    ///
    /// `bad_pattern`, `too_large`.
    pub(super) fn compile(pattern: &str) -> Result<Self> {
        if pattern.len() > LENGTH_LIMIT_BYTES {
            let message = format_args!(
                "a pattern may have {LENGTH_LIMIT_BYTES} bytes, this one has {}",
                pattern.len()
            );
            return Err(Error::new("too_large", message));
        }
        let mut tree = ast::parse::ParserBuilder::new()
            .nest_limit(DEPTH_LIMIT)
            .build()
            .parse(pattern)
            .map_err(|error| bad_pattern(error.kind(), error.span()))?;
        set_ascii_classes(&mut tree);
        let meaning = TranslatorBuilder::new()
            .build()
            .translate(pattern, &tree)
            .map_err(|error| bad_pattern(error.kind(), error.span()))?;
        let build = |config: thompson::Config| {
            thompson::Compiler::new()
                .configure(config.nfa_size_limit(Some(NFA_LIMIT_BYTES)))
                .build_from_hir(&meaning)
                .map_err(|error| Error::new("too_large", error))
        };
        let nfa = build(thompson::Config::new().which_captures(WhichCaptures::All))?;
        let backwards = thompson::Config::new()
            .reverse(true)
            .which_captures(WhichCaptures::None);
        let reverse = build(backwards)?;
        let names = nfa.group_info().pattern_names(PatternID::ZERO);
        let group_names: Vec<Option<String>> = names.map(|name| name.map(String::from)).collect();
        if nfa.states().len().saturating_mul(2 * group_names.len()) > PLACES_LIMIT {
            return Err(Error::new("too_large", "the pattern has too many groups for its size"));
        }
        Ok(Self {
            forward: lazy(nfa.clone(), MatchKind::LeftmostFirst)?,
            reverse: lazy(reverse, MatchKind::All)?,
            nfa,
            group_names,
            caches: spin::Mutex::new(None),
        })
    }

    /// The names of all groups, with that of the whole match first; `None` for those without.
    pub(super) fn group_names(&self) -> &[Option<String>] {
        &self.group_names
    }

    /// Steps of work for one byte of text, at worst.
    pub(super) fn steps_per_byte(&self) -> usize {
        1 + self.nfa.states().len() / 64
    }

    /// Takes the states that were built before. A function of the script that is called for each match may use the same
    /// pattern meanwhile: then it builds its own.
    pub(super) fn take_caches(&self) -> Caches {
        let known = self.caches.try_lock().and_then(|mut caches| caches.take());
        known.unwrap_or_else(|| Caches {
            forward: self.forward.create_cache(),
            reverse: self.reverse.create_cache(),
        })
    }

    /// Keeps them for the next time.
    pub(super) fn put_caches(&self, caches: Caches) {
        if let Some(mut slot) = self.caches.try_lock() {
            *slot = Some(caches);
        }
    }
}

fn lazy(nfa: NFA, kind: MatchKind) -> Result<DFA> {
    // With no minimum for the work between two times that the cache is full, it never gives up.
    let config = DFA::config()
        .match_kind(kind)
        .cache_capacity(CACHE_BYTES)
        .skip_cache_capacity_check(true)
        .minimum_cache_clear_count(None);
    DFA::builder()
        .configure(config)
        .build_from_nfa(nfa)
        .map_err(|error| Error::new("too_large", error))
}

fn bad_pattern(message: &impl core::fmt::Display, span: &ast::Span) -> Error {
    Error::new(
        "bad_pattern",
        format_args!("{message} (at character {} of the pattern)", span.start.column),
    )
}

/// Makes `\d \s \w` and `\b` what they are in ASCII: Unicode's take tables of many kilobytes, and automata of many states.
///
/// Recursion ends at the parser's depth limit.
fn set_ascii_classes(tree: &mut Ast) {
    let span = *tree.span();
    match tree {
        Ast::ClassPerl(class) => {
            *tree = Ast::class_bracketed(ClassBracketed {
                span,
                negated: false,
                kind: ClassSet::Item(ascii(class)),
            });
        }
        Ast::ClassBracketed(class) => set_ascii(&mut class.kind),
        Ast::Assertion(assertion) => match assertion.kind {
            AssertionKind::StartLine | AssertionKind::EndLine | AssertionKind::StartText | AssertionKind::EndText => {}
            _ => {
                let boundary = core::mem::replace(tree, Ast::empty(span));
                *tree = without_unicode(span, boundary);
            }
        },
        Ast::Repetition(repetition) => set_ascii_classes(&mut repetition.ast),
        Ast::Group(group) => set_ascii_classes(&mut group.ast),
        Ast::Alternation(parts) => parts.asts.iter_mut().for_each(set_ascii_classes),
        Ast::Concat(parts) => parts.asts.iter_mut().for_each(set_ascii_classes),
        Ast::Empty(_) | Ast::Flags(_) | Ast::Literal(_) | Ast::Dot(_) | Ast::ClassUnicode(_) => {}
    }
}

/// `(?-u:tree)`
fn without_unicode(span: ast::Span, tree: Ast) -> Ast {
    let item = |kind| FlagsItem { span, kind };
    let flags = Flags {
        span,
        items: Vec::from([item(FlagsItemKind::Negation), item(FlagsItemKind::Flag(Flag::Unicode))]),
    };
    Ast::group(Group {
        span,
        kind: GroupKind::NonCapturing(flags),
        ast: Box::new(tree),
    })
}

fn set_ascii(set: &mut ClassSet) {
    match set {
        ClassSet::Item(item) => set_item_ascii(item),
        ClassSet::BinaryOp(operation) => {
            set_ascii(&mut operation.lhs);
            set_ascii(&mut operation.rhs);
        }
    }
}

fn set_item_ascii(item: &mut ClassSetItem) {
    match item {
        ClassSetItem::Perl(class) => *item = ascii(class),
        ClassSetItem::Bracketed(class) => set_ascii(&mut class.kind),
        ClassSetItem::Union(union) => union.items.iter_mut().for_each(set_item_ascii),
        _ => {}
    }
}

fn ascii(class: &ClassPerl) -> ClassSetItem {
    ClassSetItem::Ascii(ClassAscii {
        span: class.span,
        kind: match class.kind {
            ClassPerlKind::Digit => ClassAsciiKind::Digit,
            ClassPerlKind::Space => ClassAsciiKind::Space,
            ClassPerlKind::Word => ClassAsciiKind::Word,
        },
        negated: class.negated,
    })
}
