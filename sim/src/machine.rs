//! What the developer's machine is made of, as far as it says so itself.

use std::fs::{self, File};
use std::io::Read;

use services::cores::CoreInfo;
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

/// Nanoseconds of a tick, in which `/proc/stat` counts: 100 a second on every Linux (proc_stat(5)).
const TICK_NS: u64 = 10_000_000;

/// The cores as `/proc/stat` has them: name, then ticks in user, nice, system, idle, iowait, irq, softirq and steal.
fn cores(text: &str) -> Vec<CoreInfo> {
    let line = |line: &str| {
        let (name, rest) = line.split_once(' ')?;
        let index = name.strip_prefix("cpu")?.parse().ok()?;
        let ticks: Vec<u64> = rest
            .split_whitespace()
            .take(8)
            .map_while(|word| word.parse().ok())
            .collect();
        let all: u64 = ticks.iter().sum();
        let idle: u64 = ticks.iter().skip(3).take(2).sum();
        Some(CoreInfo {
            index,
            apic_id: index,
            is_online: true,
            busy_ns: (all - idle) * TICK_NS,
            online_ns: all * TICK_NS,
            load_permille: ((all - idle) * 1000).checked_div(all).unwrap_or(0) as u32,
            ..CoreInfo::default()
        })
    };
    text.lines().filter_map(line).collect()
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

    fn cores(&self) -> Vec<CoreInfo> {
        cores(&fs::read_to_string("/proc/stat").unwrap_or_default())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_cores_of_the_host() {
        let text = "cpu  30 0 0 30 0 0 0 0 0 0\ncpu0 10 5 5 60 20 0 0 0 0 0\ncpu1 5 0 5 0 0 0 0 10 9 9\nintr 3 1\n";
        let seen: Vec<(u32, u64, u64, u32)> = cores(text)
            .iter()
            .map(|core| (core.index, core.busy_ns, core.online_ns, core.load_permille))
            .collect();
        assert_eq!(
            seen,
            [
                (0, 200_000_000, 1_000_000_000, 200),
                (1, 200_000_000, 200_000_000, 1000)
            ]
        );
        assert!(cores("").is_empty() && cores("cpux 1\ncpu2\n").is_empty());
    }
}
