//! Starting the drivers of the table on what the bus scan found, all at once, each on a fiber of its own. What becomes
//! of one is nobody else's business: a refusal, a panic or a start without end gives its function back.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;

use drivers::pci::Address;
use drivers::pci::claim;
use drivers::pci::scan::Function;
use services::host::{BoxFuture, within};
use services::task::TaskSpec;
use services::value::Value;

use super::drivers::{DRIVERS, Driver};
use super::pci;
use super::pci::device::Device;
use crate::arch::lock::KernelLock;
use crate::arch::{clock, core_local};
use crate::executor::{Executor, Factory, run, tasks};

/// A driver must have started its device by then.
const LIMIT_NS: u64 = 10_000_000_000;

/// What became of a function's driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is starting the device.
    Starting(&'static str),
    /// It runs the device.
    Running(&'static str),
    /// It refused the device, for this reason; nobody runs it.
    Refused(&'static str, String),
}

static STATES: KernelLock<BTreeMap<Address, State>> = KernelLock::new(BTreeMap::new());

/// What became of the driver of the function at `address`; `None` where no driver is for it.
pub fn state(address: Address) -> Option<State> {
    STATES.lock().get(&address).cloned()
}

/// Starts the service that starts all drivers.
pub fn start_service(executor: &'static Executor) {
    let factory: Factory = Box::new(|| Box::pin(start_all()));
    executor.start_service("drivers", factory);
}

async fn start_all() {
    // A service that had to be started again must not start a driver twice.
    let is_new = |function: &&Function| state(function.address).is_none();
    let functions = pci::functions().iter().filter(is_new);
    let mut starts: Vec<BoxFuture<()>> = functions
        .map(|function| Box::pin(start(function)) as BoxFuture<()>)
        .collect();
    poll_fn(|context| {
        starts.retain_mut(|start| start.as_mut().poll(context).is_pending());
        if starts.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// Tries the drivers that are for `function`, one after the other, until one runs it.
async fn start(function: &'static Function) {
    let candidates = claim::candidates(DRIVERS, |driver| driver.claims, &function.header);
    for driver in candidates {
        let Some(device) = Device::new(function) else { return };
        note(function.address, State::Starting(driver.name));
        match try_driver(driver, device).await {
            Ok(()) => {
                note(function.address, State::Running(driver.name));
                return;
            }
            Err(reason) => {
                device.release();
                log::warn!("{}: {} refuses it: {reason}", function.address, driver.name);
                note(function.address, State::Refused(driver.name, reason));
            }
        }
    }
}

fn note(address: Address, state: State) {
    let before = STATES.lock().insert(address, state);
    // Freed without the lock.
    drop(before);
}

/// What a driver's fiber says; kept here, for a fiber may own nothing.
static ANSWERS: KernelLock<BTreeMap<Address, Result<(), String>>> = KernelLock::new(BTreeMap::new());

async fn try_driver(driver: &'static Driver, device: Device) -> Result<(), String> {
    let address = device.function().address;
    let spec = TaskSpec {
        name: format!("driver {}", driver.name),
        core: None,
        body: Box::new(move || {
            core_local::get().on_kernel_heap(|| {
                let answer = (driver.start)(device);
                ANSWERS.lock().insert(address, answer);
            });
            Ok(Value::Unit)
        }),
    };
    let id = tasks::start(spec).map_err(|error| error.to_string())?;
    let mut end = tasks::wait(id);
    let limit = pin!(run::sleep_until(clock::now_ns() + LIMIT_NS));
    let outcome = within(Some(limit), |context| end.as_mut().poll(context)).await;
    let answer = ANSWERS.lock().remove(&address);
    match outcome {
        Some(Some(Ok(_))) => answer.unwrap_or_else(|| Err("its start ended without an answer".into())),
        Some(Some(Err(error))) => Err(format!("its start failed: {}", error.message)),
        Some(None) => Err("its start was lost".into()),
        None => {
            tasks::kill(id);
            Err(format!("it did not start within {} s", LIMIT_NS / 1_000_000_000))
        }
    }
}
