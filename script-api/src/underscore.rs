//! `_` as the name of the last result.
//!
//! Rhai has `_` for the last pattern of a `switch` only, and everywhere else it is a syntax error. The parser's hook asks
//! here which of the two each `_` is; the other becomes an ordinary name, also of parameters and variables.

use alloc::vec::Vec;

use rhai::Token;

/// What was read of a text: open brackets, and the token before.
#[derive(Debug, Default)]
pub struct Underscore {
    /// For each open bracket, whether it is the block of a `switch`.
    open: Vec<bool>,
    /// Depths at which a `switch` waits for its block.
    waiting: Vec<usize>,
    /// A pattern may begin here.
    is_pattern_next: bool,
}

impl Underscore {
    /// Takes note of the next token; true where it stands at the place of a `switch`'s pattern. The end of a text makes
    /// it ready for the next one.
    pub fn note(&mut self, token: &Token) -> bool {
        let is_pattern = self.is_pattern_next;
        let mut is_new_block = false;
        match token {
            Token::Switch => self.waiting.push(self.open.len()),
            Token::LeftBrace => {
                is_new_block = self.waiting.pop_if(|depth| *depth == self.open.len()).is_some();
                self.open.push(is_new_block);
            }
            Token::LeftParen | Token::LeftBracket | Token::MapStart => self.open.push(false),
            Token::RightBrace | Token::RightParen | Token::RightBracket => {
                self.open.pop();
            }
            Token::EOF => *self = Self::default(),
            _ => {}
        }
        let is_in_switch = self.open.last() == Some(&true);
        self.is_pattern_next = is_new_block || is_in_switch && matches!(token, Token::Comma | Token::RightBrace);
        is_pattern
    }
}
