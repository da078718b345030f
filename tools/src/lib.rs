//! Every developer command: `cargo xtask <verb>`. A library, so that the tests make their images with the same code.
//!
//! | module | what |
//! |---|---|
//! | `arguments`, `command`, `error` | the words we get, the programs we run, what goes wrong |
//! | `packages`, `toolchain` | set-up: Debian packages, the compiler and library for the kernel |
//! | `image`, `elf`, `symbols`, `rom`, `iso` | from source to the boot image |
//! | `qemu`, `run` | the emulator |
//! | `check`, `test` | the other commands |

#![forbid(unsafe_code)]

pub mod arguments;
pub mod check;
pub mod command;
pub mod elf;
pub mod error;
pub mod image;
pub mod iso;
pub mod packages;
pub mod qemu;
pub mod rom;
pub mod run;
pub mod symbols;
pub mod test;
pub mod toolchain;
