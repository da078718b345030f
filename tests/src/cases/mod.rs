//! The tests, by the part of the system they look at.

mod boot;
mod calls;
mod clocks;
mod comfort;
mod containment;
mod cores;
mod dashboard;
mod drawing;
mod edit;
mod editing;
mod entropy;
mod exceptions;
mod harness;
mod hostile;
mod identity;
mod idle;
mod interrupts;
mod language;
mod machine_mode;
mod matrix;
mod noise;
mod paging;
mod panic;
mod pci;
mod power;
mod prompt;
mod results;
mod screen;
mod sessions;
mod shared;
mod tasks;
mod transcripts;
mod typed;

use crate::runner::Test;

/// All tests, in the order they are started: long ones first, so that two machines are busy to the end.
pub fn all() -> impl Iterator<Item = &'static Test> {
    [
        cores::TESTS,
        containment::TESTS,
        hostile::TESTS,
        calls::TESTS,
        typed::TESTS,
        matrix::TESTS,
        noise::TESTS,
        boot::TESTS,
        entropy::TESTS,
        clocks::TESTS,
        exceptions::TESTS,
        harness::TESTS,
        prompt::TESTS,
        interrupts::TESTS,
        results::TESTS,
        identity::TESTS,
        language::TESTS,
        machine_mode::TESTS,
        transcripts::TESTS,
        paging::TESTS,
        panic::TESTS,
        power::TESTS,
        pci::TESTS,
        tasks::TESTS,
        screen::TESTS,
        comfort::TESTS,
        sessions::TESTS,
        idle::TESTS,
        shared::TESTS,
        drawing::TESTS,
        dashboard::TESTS,
        edit::TESTS,
        editing::TESTS,
    ]
    .into_iter()
    .flatten()
}
