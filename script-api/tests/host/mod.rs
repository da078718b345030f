//! The machine that tests of the script interface run on; it is the crate `sim`'s.
#![allow(unused_imports, reason = "each test binary uses a part of it")]

mod sight;

pub(crate) use sight::Sight;
pub(crate) use sim::fake::{
    FakeConsole, FakeDisplay, FakeMachineWithConsole, FakePower, is_on_kernel_heap, machine, standard_files,
    standard_machine, wait_for,
};
