//! The services of a machine on a developer's own: tasks are threads, files lie in a folder, the console is a terminal.
//!
//! | module | what it does |
//! |---|---|
//! | [`tasks`] | tasks on threads |
//! | [`time`] | the clock, and waits for it |
//! | [`rom`] | `/rom`, packed from `stdlib-scripts` |
//! | [`folder`] | a folder of the host as a file system |
//! | [`machine`] | what the host is made of |
//! | [`host`] | all of it put together |
//! | [`console`], [`tty`] | standard input and output, and the terminal behind them |
//! | [`board`] | the other end of machine mode |
//! | [`transcript`] | sessions written down |
//! | [`fake`] | a whole machine for tests, whose console's other end is in the test's hands |
#![forbid(unsafe_code)]

pub mod board;
pub mod console;
pub mod fake;
pub mod folder;
pub mod host;
pub mod machine;
pub mod rom;
pub mod tasks;
pub mod time;
pub mod transcript;
pub mod tty;
