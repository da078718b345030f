//! The tests, by the part of the system they look at.

mod boot;

use crate::runner::Test;

/// All tests, in the order they are started: long ones first, so that two machines are busy to the end.
pub fn all() -> impl Iterator<Item = &'static Test> {
    [boot::TESTS].into_iter().flatten()
}
