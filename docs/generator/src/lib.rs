//! The manual: pages written by hand in `docs/manual/src`, a reference made from the functions' descriptions, and the
//! player that types every block of both at a prompt.
//!
//! | module | what it does |
//! |---|---|
//! | [`book`] | collects the pages of both kinds, and the summary |
//! | [`mod@reference`] | a page per namespace |
//! | [`builtin`] | the page of Rhai's own functions |
//! | [`codes`] | the page of error codes |
//! | [`markup`] | text that Markdown takes as it is |
//! | [`definitions`] | `rhaios.d.rhai`, for editors |
//! | [`blocks`] | finds the blocks and links of a page |
//! | [`transcript`] | what a block types and expects |
//! | [`keys`] | names of keys, and the bytes that a terminal sends for them |
//! | [`play`] | a session that the blocks are typed at |
#![forbid(unsafe_code)]

pub mod blocks;
pub mod book;
pub mod builtin;
pub mod codes;
pub mod definitions;
pub mod keys;
pub mod markup;
pub mod play;
pub mod reference;
pub mod transcript;
