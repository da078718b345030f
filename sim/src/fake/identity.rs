//! What a test's machine is: a notebook.

use services::identity::{Identity, Reading};
use services::memory_map::{self, Kind, MemoryRange};
use services::value::Value;

pub(super) struct FakeIdentity;

impl Identity for FakeIdentity {
    fn processor(&self) -> Vec<(&'static str, Value)> {
        let topology = [
            ("packages", Value::Int(1)),
            ("cores_per_package", Value::Int(6)),
            ("threads_per_core", Value::Int(2)),
            ("threads_per_package", Value::Int(12)),
        ];
        let cache = [
            ("level", Value::Int(3)),
            ("kind", "unified".into()),
            ("size_bytes", Value::Int(12 << 20)),
            ("ways", Value::Int(16)),
            ("line_bytes", Value::Int(64)),
            ("shared_by", Value::Int(16)),
        ];
        vec![
            ("microarchitecture", "coffee lake".into()),
            ("microcode", "0xf4".into()),
            ("topology", Value::map(topology)),
            ("caches", Value::Array(vec![Value::map(cache)])),
            ("physical_bits", Value::Int(39)),
            ("virtual_bits", Value::Int(48)),
            ("base_mhz", Value::Int(2600)),
            ("max_mhz", Value::Int(4500)),
            ("bus_mhz", Value::Int(100)),
            ("crystal_hz", Value::Unit),
        ]
    }

    fn description(&self) -> Result<Value, String> {
        let system = [
            ("maker", "LENOVO".into()),
            ("product", "81SY".into()),
            ("serial", "PF1ABCDE".into()),
            ("uuid", "00112233-4455-6677-8899-aabbccddeeff".into()),
        ];
        let memory = [
            ("slot", "ChannelA-DIMM0".into()),
            ("size_bytes", Value::Int(8 << 30)),
            ("serial", "12345678".into()),
        ];
        Ok(Value::map([
            ("system", Value::map(system)),
            ("chassis", Value::map([("kind", "notebook".into())])),
            ("memory_devices", Value::Array(vec![Value::map(memory)])),
        ]))
    }

    fn sensors(&self) -> Vec<Reading> {
        vec![Reading {
            name: "cpu_package",
            kind: "temperature",
            value: 55.0,
            unit: "celsius",
        }]
    }

    fn memory_map(&self) -> Vec<MemoryRange> {
        let regions = [
            (0, 0x9_fc00, Kind::Ram),
            (0x9_fc00, 0x10_0000, Kind::Reserved),
            (0x10_0000, 0x3ffe_0000, Kind::Ram),
            (0x3ffe_0000, 0x4000_0000, Kind::AcpiTables),
        ];
        let uses = [
            (0, 0x9_fc00, "firmware"),
            (0x20_0000, 0xa0_0000, "kernel"),
            (0xfee0_0000, 0xfee0_1000, "local apic"),
        ];
        memory_map::split(&regions, &uses)
    }
}
