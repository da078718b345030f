//! What the screen shows before there is a console and after everything has failed: no heap, no locks, no time.
//!
//! | module | what it holds |
//! |---|---|
//! | [`paper`] | text on a surface, straight from the font's file |
//! | [`boot_log`] | the lines of the start-up |
//! | [`page`] | the page of a panic |
//! | [`code`] | the report as a QR code |
//! | [`base41`] | bytes as text that survives being copied |
//! | [`deflate`], `huffman` | compression without a heap |

pub mod base41;
pub mod boot_log;
pub mod code;
pub mod deflate;
mod huffman;
pub mod page;
pub mod paper;
#[cfg(test)]
mod tests;
