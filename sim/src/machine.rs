//! What the developer's machine is made of, as far as it says so itself.

use std::fs::{self, File};
use std::io::Read;

use services::host::{BootStep, CpuInfo, Machine, MemoryInfo};
use services::random::{Kind, Root};

/// Noise taken from the host: what the tests want to see first, and more than a key needs.
const NOISE_BYTES: usize = 4096;

/// The host.
pub struct HostMachine {
    /// The words that the program was started with.
    pub command_line: String,
}

/// The text behind `key` and a colon, as `/proc` writes it.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key).then(|| value.trim())
    })
}

impl Machine for HostMachine {
    fn boot_steps(&self) -> Vec<BootStep> {
        Vec::new()
    }

    fn cpu(&self) -> CpuInfo {
        let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let word = |key| field(&text, key).unwrap_or_default().to_string();
        let number = |key| field(&text, key).and_then(|value| value.parse().ok()).unwrap_or(0);
        let cores = std::thread::available_parallelism().map_or(1, |count| count.get() as u32);
        CpuInfo {
            vendor: word("vendor_id"),
            brand: word("model name"),
            family: number("cpu family"),
            model: number("model"),
            stepping: number("stepping"),
            cores_online: cores,
            cores_present: cores,
            ..CpuInfo::default()
        }
    }

    fn memory(&self) -> MemoryInfo {
        let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let bytes = |key| {
            let kib = field(&text, key).and_then(|value| value.strip_suffix("kB")?.trim().parse::<u64>().ok());
            kib.unwrap_or(0) * 1024
        };
        MemoryInfo {
            total_bytes: bytes("MemTotal"),
            free_bytes: bytes("MemAvailable"),
            ..MemoryInfo::default()
        }
    }

    fn firmware(&self) -> &'static str {
        "none"
    }

    fn boot_loader(&self) -> String {
        "cargo xtask sim".into()
    }

    fn command_line(&self) -> String {
        self.command_line.clone()
    }
}

/// Random numbers from the host's; none where it gives no noise.
pub fn random() -> Root {
    let root = Root::new();
    let mut noise = [0; NOISE_BYTES];
    let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut noise));
    match read {
        // A failure is in the log, and `rand` throws `not_ready`.
        Ok(()) => drop(root.contribute(Kind::Host, &noise, &[])),
        Err(error) => log::warn!("random: /dev/urandom: {error}"),
    }
    root
}
