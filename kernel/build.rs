//! Hands the kernel's linker script to the linker.

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    println!("cargo::rustc-link-arg-bin=rhaios=-T{folder}/src/boot/kernel.ld");
    println!("cargo::rerun-if-changed=src/boot/kernel.ld");
}
