//! The virtio entropy device, bound to this machine: a source of noise.
//!
//! A service asks it for bytes as the other sources are asked: at once at the start, then now and then. A device that
//! gives nothing, or what cannot be, is stopped and switched off with a line in the log.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::future::Future;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};

use drivers::pci::capability::MSIX;
use drivers::pci::claim::Claim;
use drivers::virtio::rng::{DEVICE_IDS, Error, REQUEST_BYTES, Rng};
use drivers::virtio::transport::Transport;
use drivers::virtio::{VENDOR, capabilities};
use hw::mmio::Mmio;
use services::host::within;
use services::random::Kind;
use services::random::health::Failure;

use super::driver_task::FiberClock;
use super::entropy::ROOT;
use super::pci::device::{Device, Messages};
use crate::arch::clock;
use crate::arch::interrupts::{self, Interrupt};
use crate::arch::lock::KernelLock;
use crate::executor::interrupt::{self, OwnSource};
use crate::executor::{Factory, run};
use crate::memory::dma::{Frames, Ram};

/// Which functions the driver is for.
pub(super) const CLAIMS: &[Claim] = &[claim(DEVICE_IDS[0]), claim(DEVICE_IDS[1])];

const fn claim(device_id: u16) -> Claim {
    Claim::Device {
        vendor_id: VENDOR,
        device_id,
    }
}

const MS: u64 = 1_000_000;
/// A request is answered by then, or the device gives nothing.
const ANSWER_LIMIT_NS: u64 = 2_000 * MS;
/// Between two looks at a device that interrupts, and one that does not.
const LOOK_NS: (u64, u64) = (100 * MS, 2 * MS);
/// The standard has small windows; whatever the device claims, no more than this is mapped.
const WINDOW_LIMIT_BYTES: u32 = 0x1_0000;
/// Requests of a round: what the tests want to see first, and more.
const REQUESTS: usize = 8;
/// Between two rounds.
const PAUSE_NS: u64 = 30_000 * MS;
/// In a pause, between two looks whether random numbers are wanted again.
const WANTED_NS: u64 = 500 * MS;

/// The device and what it holds. Fields are dropped in this order: first the device stops to interrupt.
struct Running {
    device: Device,
    rng: Rng<Mmio, Frames>,
    messages: Option<(Messages, Interrupt, OwnSource)>,
}

/// A device has been taken. One is enough: others are refused.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);
/// The device on its way from the fiber that starts it to the service.
static STARTED: KernelLock<Option<Running>> = KernelLock::new(None);

/// *Task*: starts the device and its service.
pub(super) fn start(device: Device) -> Result<(), String> {
    if IS_TAKEN.swap(true, Ordering::Relaxed) {
        return Err("one such device is enough".into());
    }
    start_first(device).inspect_err(|_| IS_TAKEN.store(false, Ordering::Relaxed))
}

fn start_first(device: Device) -> Result<(), String> {
    let text = |error: &dyn ToString| error.to_string();
    device.power_on().map_err(|error| text(&error))?;
    let function = device.function();
    let layout = capabilities::read(device.space(), function.address, &function.capabilities);
    let layout = layout.map_err(|error| text(&error))?;
    let map = |region: capabilities::Region| {
        let bytes = region.length_bytes.min(WINDOW_LIMIT_BYTES) as usize & !3;
        device
            .map(region.bar, region.offset.into(), bytes.max(4))
            .map_err(|error| text(&error))
    };
    let (common, notify) = (map(layout.common)?, map(layout.notify)?);
    let notify_bytes = notify.length_bytes() as u32;
    let transport = Transport::new(common, notify, notify_bytes, layout.notify_multiplier);
    device.enable_bus_mastering();
    let messages = match take_interrupt(device) {
        Ok(messages) => Some(messages),
        Err(reason) => {
            log::info!("{}: looked at instead of interrupting: {reason}", function.address);
            None
        }
    };
    let vector = messages.as_ref().map(|_| 0);
    let rng = Rng::start(transport, &Ram, vector, &FiberClock).map_err(|error| text(&error))?;
    let how = if rng.has_interrupt() {
        "by interrupt"
    } else {
        "by looks"
    };
    log::info!("{}: entropy device, read {how}", function.address);
    *STARTED.lock() = Some(Running { device, rng, messages });
    let factory: Factory = Box::new(|| Box::pin(serve()));
    run::current().start_service("virtio-rng", factory);
    Ok(())
}

fn take_interrupt(device: Device) -> Result<(Messages, Interrupt, OwnSource), String> {
    if device.function().capability(MSIX).is_none() {
        return Err("it has no table of messages".into());
    }
    let source = interrupt::allocate().map_err(|error| error.to_string())?;
    let name = format!("{} virtio-rng", device.function().address);
    let number = source.source().number();
    let taken = interrupts::allocate(None, &name, interrupt::raise_number, number);
    let interrupt = taken.map_err(|error| error.to_string())?;
    let messages = device.messages().map_err(|error| error.to_string())?;
    messages
        .set(0, interrupt.message())
        .map_err(|error| error.to_string())?;
    messages.enable();
    Ok((messages, interrupt, source))
}

/// After a panic there is no device any more, and the service ends.
async fn serve() {
    let Some(mut running) = STARTED.lock().take() else {
        return;
    };
    let address = running.device.function().address;
    loop {
        for _ in 0..REQUESTS {
            if let Err(reason) = request(&mut running).await {
                log::warn!("{address}: switched off: {reason}");
                ROOT.switch_off(Kind::VirtioRng, Failure::Silent);
                running.rng.stop(&clock::MonotonicClock);
                running.device.release();
                return;
            }
        }
        let next_ns = clock::now_ns() + PAUSE_NS;
        while ROOT.is_ready() && clock::now_ns() < next_ns {
            run::sleep_until(clock::now_ns() + WANTED_NS).await;
        }
    }
}

/// Asks for bytes and hands them on.
async fn request(running: &mut Running) -> Result<(), String> {
    let text = |error: Error| error.to_string();
    let mut bytes = [0; REQUEST_BYTES];
    running.rng.ask().map_err(text)?;
    let limit_ns = clock::now_ns() + ANSWER_LIMIT_NS;
    loop {
        if let Some(count) = running.rng.take(&mut bytes).map_err(text)? {
            let result = ROOT.contribute(Kind::VirtioRng, &bytes[..count], &[]);
            return result.map_err(|failure| failure.to_string());
        }
        if clock::now_ns() >= limit_ns {
            return Err(format!("no answer within {} ms", ANSWER_LIMIT_NS / MS));
        }
        let is_interrupting = running.rng.has_interrupt();
        let look_ns = if is_interrupting { LOOK_NS.0 } else { LOOK_NS.1 };
        let pause = run::sleep_until(clock::now_ns() + look_ns);
        match &running.messages {
            Some((_, _, source)) if is_interrupting => {
                let mut told = pin!(interrupt::wait(source.source()));
                within(Some(pin!(pause)), |context| told.as_mut().poll(context)).await;
            }
            _ => pause.await,
        }
    }
}
