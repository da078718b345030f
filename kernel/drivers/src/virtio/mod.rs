//! Devices by the virtio standard (Virtual I/O Device 1.1), over PCI.
//!
//! | module | what it holds |
//! |---|---|
//! | [`capabilities`] | where in a PCI function's ranges a device's registers are (4.1.4) |
//! | [`transport`] | those registers: features, status, queues (4.1.4.3, 3.1) |
//! | [`queue`] | a split virtqueue (2.6) |
//! | [`rng`] | the entropy device (5.4) |
//!
//! Devices that know only the form from before the standard are refused; one that knows both is used by the standard. What
//! a device writes is checked before it is used: an index or a length that cannot be switches the queue off.

pub mod capabilities;
pub mod queue;
pub mod rng;
pub mod transport;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

/// Red Hat, whose numbers virtio devices have.
pub const VENDOR: u16 = 0x1af4;
