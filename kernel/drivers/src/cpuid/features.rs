//! The feature bits by name, as Linux names them in `/proc/cpuinfo` (`invariant_tsc`, `spec_ctrl`, `ibt`, `ht` and a few
//! more, which Linux spreads over several names or hides there, by their bit's own).

use alloc::vec::Vec;

use super::{Leaf, Leaves, Processor};

/// What stands in the place of a bit that has no name here.
const NAMELESS: &str = "-";

/// The bits of one register.
struct Group {
    leaf: u32,
    subleaf: u32,
    register: fn(Leaf) -> u32,
    /// Names of the bits from the lowest on, with blanks between them.
    names: &'static str,
}

impl<L: Leaves> Processor<L> {
    /// The names of all features that the processor reports, group by group.
    pub fn features(&self) -> Vec<&'static str> {
        let named = GROUPS.iter().flat_map(|group| {
            let leaf = self.leaf(group.leaf, group.subleaf).unwrap_or_default();
            let register = (group.register)(leaf);
            let names = group.names.split_ascii_whitespace().enumerate();
            names.filter(move |(bit, name)| register >> bit & 1 != 0 && *name != NAMELESS)
        });
        named.map(|(_, name)| name).collect()
    }
}

/// Intel SDM volume 2, CPUID; AMD64 manual volume 3, appendix D.
const GROUPS: &[Group] = &[
    Group {
        leaf: 1,
        subleaf: 0,
        register: |leaf| leaf.edx,
        names: "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - dts acpi mmx \
                fxsr sse sse2 ss ht tm ia64 pbe",
    },
    Group {
        leaf: 1,
        subleaf: 0,
        register: |leaf| leaf.ecx,
        names: "pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid sdbg fma cx16 xtpr pdcm - pcid dca \
                sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave osxsave avx f16c rdrand hypervisor",
    },
    Group {
        leaf: 6,
        subleaf: 0,
        register: |leaf| leaf.eax,
        names: "dtherm ida arat - pln - pts hwp hwp_notify hwp_act_window hwp_epp hwp_pkg_req - - - - - - - hfi",
    },
    Group {
        leaf: 7,
        subleaf: 0,
        register: |leaf| leaf.ebx,
        names: "fsgsbase tsc_adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm cqm - mpx rdt_a avx512f avx512dq \
                rdseed adx smap avx512ifma - clflushopt clwb intel_pt avx512pf avx512er avx512cd sha_ni avx512bw \
                avx512vl",
    },
    Group {
        leaf: 7,
        subleaf: 0,
        register: |leaf| leaf.ecx,
        names: "- avx512vbmi umip pku ospke waitpkg avx512_vbmi2 user_shstk gfni vaes vpclmulqdq avx512_vnni \
                avx512_bitalg tme avx512_vpopcntdq - la57 - - - - - rdpid - bus_lock_detect cldemote - movdiri \
                movdir64b enqcmd sgx_lc pks",
    },
    Group {
        leaf: 7,
        subleaf: 0,
        register: |leaf| leaf.edx,
        names: "- - avx512_4vnniw avx512_4fmaps fsrm - - - avx512_vp2intersect - md_clear - - - serialize - tsxldtrk \
                - pconfig arch_lbr ibt - amx_bf16 avx512_fp16 amx_tile amx_int8 spec_ctrl intel_stibp flush_l1d \
                arch_capabilities core_capabilities spec_ctrl_ssbd",
    },
    Group {
        leaf: 0xd,
        subleaf: 1,
        register: |leaf| leaf.eax,
        names: "xsaveopt xsavec xgetbv1 xsaves",
    },
    Group {
        leaf: 0x8000_0001,
        subleaf: 0,
        register: |leaf| leaf.edx,
        names: "- - - - - - - - - - - syscall - - - - - - - mp nx - mmxext - - fxsr_opt pdpe1gb rdtscp - lm 3dnowext \
                3dnow",
    },
    Group {
        leaf: 0x8000_0001,
        subleaf: 0,
        register: |leaf| leaf.ecx,
        names: "lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop skinit \
                wdt - lwp fma4 tce - nodeid_msr - tbm topoext perfctr_core perfctr_nb - bpext ptsc perfctr_llc \
                mwaitx",
    },
    Group {
        leaf: 0x8000_0007,
        subleaf: 0,
        register: |leaf| leaf.edx,
        names: "- - - ttp tm_amd stc 100mhzsteps hw_pstate invariant_tsc cpb eff_freq_ro proc_feedback acc_power",
    },
    Group {
        leaf: 0x8000_0008,
        subleaf: 0,
        register: |leaf| leaf.ebx,
        names: "clzero irperf xsaveerptr - rdpru - - - - wbnoinvd - - amd_ibpb - amd_ibrs amd_stibp - \
                amd_stibp_always_on - - - - - amd_ppin amd_ssbd virt_ssbd amd_ssb_no cppc",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_name_stands_once_and_no_group_has_more_than_32() {
        let mut seen = BTreeSet::new();
        for group in GROUPS {
            assert!(group.names.split_ascii_whitespace().count() <= 32);
            for name in group.names.split_ascii_whitespace().filter(|name| *name != NAMELESS) {
                assert!(seen.insert(name), "{name}");
                assert_eq!(name, name.to_ascii_lowercase());
            }
        }
    }
}
