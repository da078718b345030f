//! Tests that boot the shipped image in QEMU and use it as a person would.
//!
//! | module | what |
//! |---|---|
//! | `machine`, `qmp`, `text` | one emulated PC: its serial line and its monitor |
//! | `sight` | a person's terminal on the serial line |
//! | `screendump`, `vga_text`, `framebuffer` | what a person reads on its screen |
//! | `images`, `runner`, `error` | boot images, running tests, why one failed |
//! | `waiting` | the functions that wait, and Ctrl-C |
//! | `qr`, `report` | the QR code on the screen, and the report behind it |
//! | `hostile`, `calls` | what hostile programs say of themselves, and calls with hostile arguments |
//! | `figures`, `clock_figures`, `core_figures`, `screen_figures`, `task_figures`, `latency`, `profile` | measurements, and where the time goes |
//! | `cases` | the tests, by the part of the system they look at |

#![forbid(unsafe_code)]

pub mod calls;
pub mod cases;
pub mod clock_figures;
pub mod core_figures;
pub mod error;
pub mod figures;
pub mod framebuffer;
pub mod hostile;
pub mod images;
pub mod latency;
pub mod machine;
pub mod patience;
pub mod profile;
pub mod qmp;
pub mod qr;
pub mod report;
pub mod runner;
pub mod screen_figures;
pub mod screendump;
pub mod sight;
pub mod task_figures;
pub mod text;
pub mod vga_text;
pub mod waiting;
