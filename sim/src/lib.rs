//! The services of a machine on a developer's own: tasks are threads, files lie in a folder, the console is a terminal.
//!
//! | module | what it does |
//! |---|---|
//! | [`tasks`] | tasks on threads |
//! | [`time`] | the clock, and waits for it |
//! | [`rom`] | `/rom`, packed from `stdlib-scripts` |
//! | [`fake`] | a whole machine for tests, whose console's other end is in the test's hands |
#![forbid(unsafe_code)]

pub mod fake;
pub mod rom;
pub mod tasks;
pub mod time;
