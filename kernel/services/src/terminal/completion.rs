//! What Tab asks of the session, and what the session answers: the editor knows the text, the session what it may mean.

use alloc::string::String;
use alloc::vec::Vec;

/// Tab was pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The whole input so far, its lines joined by LF.
    pub text: String,
    /// The cursor, as a byte index into the text.
    pub cursor: usize,
    /// Tab was pressed before at the same place: details are wanted.
    pub is_repeated: bool,
}

/// What could stand at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Byte index of the start of what a candidate replaces; it ends at the cursor.
    pub start: usize,
    /// In the order to show them. Bounded by the session.
    pub candidates: Vec<Candidate>,
    /// Candidates that were left out of the list.
    pub omitted: usize,
}

/// One text that could stand at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Replaces the text from the completion's start to the cursor.
    pub text: String,
    /// What the list shows for it; without line ends.
    pub label: String,
    /// Signature and first line of help, for the second Tab; without line ends, may be empty.
    pub detail: String,
}
