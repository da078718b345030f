//! The tests, by the part of the system they look at.

mod boot;
mod comfort;
mod containment;
mod exceptions;
mod harness;
mod language;
mod paging;
mod prompt;
mod screen;
mod sessions;
mod tasks;

use crate::runner::Test;

/// All tests, in the order they are started: long ones first, so that two machines are busy to the end.
pub fn all() -> impl Iterator<Item = &'static Test> {
    [
        containment::TESTS,
        boot::TESTS,
        exceptions::TESTS,
        harness::TESTS,
        prompt::TESTS,
        language::TESTS,
        paging::TESTS,
        tasks::TESTS,
        screen::TESTS,
        comfort::TESTS,
        sessions::TESTS,
    ]
    .into_iter()
    .flatten()
}
