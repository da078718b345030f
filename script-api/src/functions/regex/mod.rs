//! soon
use crate::registry::Api;
/// Adds
pub fn register(_: &mut Api) {}
