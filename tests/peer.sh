#!/bin/bash
# Builds what we are measured beside: Linux, tuned to the least, with Rhai as its only program. Six minutes, once.
# peer.sh <folder with the peer's sources> <folder to build in>; leaves peer.iso there. Needs no root.
set -euo pipefail
sources=$1
mkdir -p "$2" && cd "$2"
[ -e peer.iso ] && exit 0

export RUSTFLAGS='-C target-feature=+crt-static'
CARGO_TARGET_DIR=$PWD/rust cargo build -q --release --target x86_64-unknown-linux-gnu \
  --manifest-path "$sources/rhai-runner/Cargo.toml"
install rust/x86_64-unknown-linux-gnu/release/rhai-runner init
strip init

if [ ! -e bzImage ]; then
  [ -d linux-source-6.1 ] || tar xf /usr/src/linux-source-6.1.tar.xz
  (
    cd linux-source-6.1
    make -s tinyconfig
    scripts/kconfig/merge_config.sh -m .config "$sources/tuned.config" > /dev/null
    make -s olddefconfig
    make -s -j"$(nproc)" bzImage
  )
  cp linux-source-6.1/arch/x86/boot/bzImage .
fi

cat > contents <<EOF
dir /dev 755 0 0
nod /dev/console 600 0 0 c 5 1
nod /dev/urandom 666 0 0 c 1 9
nod /dev/random 666 0 0 c 1 8
file /init $PWD/init 755 0 0
EOF
linux-source-6.1/usr/gen_init_cpio contents | gzip -9 > initrd.gz

rm -rf tree && mkdir -p tree/boot/grub && cp bzImage tree/boot/vmlinuz && cp initrd.gz tree/boot/
cat > tree/boot/grub/grub.cfg <<'EOF'
set timeout=0
set default=0
menuentry "peer" {
  linux /boot/vmlinuz console=ttyS0 quiet loglevel=0 random.trust_cpu=on repl=rhai1
  initrd /boot/initrd.gz
}
EOF
grub-mkrescue -o part.iso tree --compress=xz > grub.log 2>&1
mv part.iso peer.iso
