//! `/rom`: the read-only file tree in the boot image.

/// The files of `/rom`.
#[derive(Debug, Default)]
pub struct Rom {}
