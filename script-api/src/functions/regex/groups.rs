//! The groups of a match whose start and end are known: all ways through the automaton at once, the preferred one first
//! (Pike's machine).

use alloc::vec;
use alloc::vec::Vec;

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::primitives::StateID;

use crate::compute::{Pace, Result};

/// Start and end of each group, in bytes: those of group `n` at `2 * n` and `2 * n + 1`.
type Places = Vec<Option<usize>>;

/// The places of the groups of the match at `start..end`. Its time is proportional to the match times the pattern.
///
/// # Errors
///
/// Only where the task must stop.
pub(super) fn find(nfa: &NFA, text: &[u8], start: usize, end: usize, pace: &mut Pace) -> Result<Places> {
    let slots = nfa.group_info().slot_len();
    pace.spend(nfa.states().len() * slots / 8)?;
    let mut current = Threads::new(nfa, slots);
    let mut next = Threads::new(nfa, slots);
    let mut stack = Vec::new();
    let mut best = vec![None; slots];
    let mut places = vec![None; slots];
    current.follow(nfa, nfa.start_anchored(), text, start, &mut places, &mut stack, pace)?;
    for at in start..=end {
        for index in 0..current.order.len() {
            pace.spend(4)?;
            let id = current.order[index];
            let target = match nfa.state(id) {
                State::Match { .. } => {
                    // What comes after it in the order is less preferred.
                    best.copy_from_slice(current.places(id));
                    break;
                }
                _ if at == end => None,
                State::ByteRange { trans } => trans.matches_byte(text[at]).then_some(trans.next),
                State::Sparse(transitions) => transitions.matches_byte(text[at]),
                State::Dense(transitions) => transitions.matches_byte(text[at]),
                _ => None,
            };
            if let Some(target) = target {
                places.copy_from_slice(current.places(id));
                next.follow(nfa, target, text, at + 1, &mut places, &mut stack, pace)?;
            }
        }
        core::mem::swap(&mut current, &mut next);
        next.clear();
        pace.spend(nfa.states().len() / 16)?;
    }
    Ok(best)
}

enum Step {
    Visit(StateID),
    Restore(usize, Option<usize>),
}

/// The states that the automaton is in, in order of preference, each with the places of its groups.
struct Threads {
    order: Vec<StateID>,
    is_in: Vec<bool>,
    places: Vec<Option<usize>>,
    slots: usize,
}

impl Threads {
    fn new(nfa: &NFA, slots: usize) -> Self {
        let states = nfa.states().len();
        Self {
            order: Vec::new(),
            is_in: vec![false; states],
            places: vec![None; states * slots],
            slots,
        }
    }

    fn clear(&mut self) {
        // States on the way to others are marked too, so all marks go.
        self.order.clear();
        self.is_in.fill(false);
    }

    fn places(&self, id: StateID) -> &[Option<usize>] {
        &self.places[id.as_usize() * self.slots..][..self.slots]
    }

    /// Adds the states that are reached from `id` without a byte.
    #[expect(clippy::too_many_arguments, reason = "the buffers are made once for all calls")]
    fn follow(
        &mut self,
        nfa: &NFA,
        id: StateID,
        text: &[u8],
        at: usize,
        places: &mut Places,
        stack: &mut Vec<Step>,
        pace: &mut Pace,
    ) -> Result<()> {
        stack.push(Step::Visit(id));
        while let Some(step) = stack.pop() {
            pace.spend(2)?;
            let id = match step {
                Step::Restore(slot, place) => {
                    places[slot] = place;
                    continue;
                }
                Step::Visit(id) => id,
            };
            if core::mem::replace(&mut self.is_in[id.as_usize()], true) {
                continue;
            }
            match nfa.state(id) {
                State::Look { look, next } => {
                    if nfa.look_matcher().matches(*look, text, at) {
                        stack.push(Step::Visit(*next));
                    }
                }
                State::Union { alternates } => {
                    stack.extend(alternates.iter().rev().map(|&next| Step::Visit(next)));
                }
                State::BinaryUnion { alt1, alt2 } => {
                    stack.push(Step::Visit(*alt2));
                    stack.push(Step::Visit(*alt1));
                }
                State::Capture { next, slot, .. } => {
                    let slot = slot.as_usize();
                    if let Some(place) = places.get_mut(slot) {
                        stack.push(Step::Restore(slot, *place));
                        *place = Some(at);
                    }
                    stack.push(Step::Visit(*next));
                }
                State::Fail => {}
                State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) | State::Match { .. } => {
                    let start = id.as_usize() * self.slots;
                    self.places[start..start + self.slots].copy_from_slice(places);
                    self.order.push(id);
                }
            }
        }
        Ok(())
    }
}
