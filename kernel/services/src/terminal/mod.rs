//! The terminal: line editor, history and interrupt key on top of a byte console.
