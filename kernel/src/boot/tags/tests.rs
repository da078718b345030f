//! The parser against a list built here field by field, every truncation of it, and random damage.

use hw::fake::Random;

use super::{ColorField, Error, FramebufferKind, MemoryKind, MemoryRegion, Tags, total_size};

/// Writes boot information as a boot loader does.
struct Builder(Vec<u8>);

impl Builder {
    fn new() -> Self {
        Self(vec![0; 8])
    }

    fn tag(mut self, kind: u32, body: &[&[u8]]) -> Self {
        let body = body.concat();
        self.0.extend(kind.to_le_bytes());
        self.0.extend((body.len() as u32 + 8).to_le_bytes());
        self.0.extend(body);
        self.0.resize(self.0.len().next_multiple_of(8), 0xEE);
        self
    }

    fn finish(self) -> Vec<u8> {
        let mut bytes = self.tag(0, &[]).0;
        let size = bytes.len() as u32;
        bytes[..4].copy_from_slice(&size.to_le_bytes());
        bytes
    }
}

fn framebuffer(kind: u8, colors: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(0xA000_0000_u64.to_le_bytes());
    body.extend(7680_u32.to_le_bytes());
    body.extend(1920_u32.to_le_bytes());
    body.extend(1080_u32.to_le_bytes());
    body.extend([32, kind, 0, 0]);
    body.extend(colors);
    body
}

fn region(start: u64, length: u64, kind: u32) -> Vec<u8> {
    [
        &start.to_le_bytes()[..],
        &length.to_le_bytes(),
        &kind.to_le_bytes(),
        &[0; 4],
    ]
    .concat()
}

fn complete() -> Vec<u8> {
    Builder::new()
        .tag(1, &[b"panic=5 debug=on\0"])
        .tag(2, &[b"GRUB 2.06\0"])
        .tag(0xABCD, &[&[1, 2, 3]])
        .tag(
            3,
            &[&0x0100_0000_u32.to_le_bytes(), &0x0100_1234_u32.to_le_bytes(), b"rom\0"],
        )
        .tag(
            3,
            &[
                &0x0200_0000_u32.to_le_bytes(),
                &0x0200_0000_u32.to_le_bytes(),
                b"user\0",
            ],
        )
        .tag(
            6,
            &[
                &32_u32.to_le_bytes(),
                &0_u32.to_le_bytes(),
                &region(0, 0x9FC00, 1),
                &[0xFF; 8],
                &region(0xFFFF_FFFF_FFFF_F000, 0x10_0000, 99),
                &[0xFF; 8],
            ],
        )
        .tag(8, &[&framebuffer(1, &[16, 8, 8, 8, 0, 8])])
        .tag(12, &[&0x7FE0_1018_u64.to_le_bytes()])
        .tag(14, &[b"RSD PTR old."])
        .tag(15, &[b"RSD PTR new."])
        .tag(17, &[&48_u32.to_le_bytes(), &1_u32.to_le_bytes(), &[7; 96]])
        .tag(18, &[])
        .tag(21, &[&0x0020_0000_u32.to_le_bytes()])
        .finish()
}

/// Uses everything that parsing returns, and checks what must hold of any data.
fn use_all(tags: &Tags<'_>) {
    assert!(tags.modules().all(|module| module.start <= module.end));
    assert!(
        tags.memory_map()
            .all(|region| region.start.checked_add(region.length).is_some())
    );
    if let Some(FramebufferKind::Rgb { red, green, blue }) = tags.framebuffer().map(|framebuffer| framebuffer.kind) {
        assert!([red, green, blue].iter().all(|field| field.position + field.size <= 32));
    }
}

#[test]
fn reads_every_tag() {
    let bytes = complete();
    let tags = Tags::parse(&bytes).expect("the list is complete");
    assert_eq!(total_size(bytes.first_chunk().expect("a header")), bytes.len());
    assert_eq!(tags.command_line(), Some("panic=5 debug=on"));
    assert_eq!(tags.boot_loader_name(), Some("GRUB 2.06"));
    let modules: Vec<_> = tags
        .modules()
        .map(|module| (module.start, module.end, module.name))
        .collect();
    assert_eq!(
        modules,
        [(0x0100_0000, 0x0100_1234, "rom"), (0x0200_0000, 0x0200_0000, "user")]
    );
    let regions: Vec<_> = tags.memory_map().collect();
    assert_eq!(
        regions[0],
        MemoryRegion {
            start: 0,
            length: 0x9FC00,
            kind: MemoryKind::Available
        }
    );
    assert_eq!(
        regions[1..],
        [MemoryRegion {
            start: 0xFFFF_FFFF_FFFF_F000,
            length: 0xFFF,
            kind: MemoryKind::Other(99)
        }]
    );
    let picture = tags.framebuffer().expect("a framebuffer");
    assert_eq!((picture.address, picture.pitch_bytes), (0xA000_0000, 7680));
    assert_eq!(
        (picture.width, picture.height, picture.bits_per_pixel),
        (1920, 1080, 32)
    );
    let field = |position| ColorField { position, size: 8 };
    assert_eq!(
        picture.kind,
        FramebufferKind::Rgb {
            red: field(16),
            green: field(8),
            blue: field(0)
        }
    );
    assert_eq!(tags.efi_system_table(), Some(0x7FE0_1018));
    assert_eq!(tags.rsdp_old(), Some(&b"RSD PTR old."[..]));
    assert_eq!(tags.rsdp_new(), Some(&b"RSD PTR new."[..]));
}

#[test]
fn an_empty_list_has_nothing() {
    let bytes = Builder::new().finish();
    let tags = Tags::parse(&bytes).expect("the list is complete");
    assert_eq!((tags.modules().count(), tags.memory_map().count()), (0, 0));
    assert!(tags.command_line().is_none() && tags.framebuffer().is_none());
}

#[test]
fn reads_palette_and_text_framebuffers() {
    let palette = [2, 0, 1, 2, 3, 4, 5, 6];
    let bytes = Builder::new().tag(8, &[&framebuffer(0, &palette)]).finish();
    let kind = |bytes: &[u8]| {
        let tags = Tags::parse(bytes).expect("the list is complete");
        let is_indexed =
            matches!(tags.framebuffer()?.kind, FramebufferKind::Indexed { palette } if palette == [1, 2, 3, 4, 5, 6]);
        Some((is_indexed, tags.framebuffer()?.kind == FramebufferKind::Text))
    };
    assert_eq!(kind(&bytes), Some((true, false)));
    let bytes = Builder::new().tag(8, &[&framebuffer(2, &[])]).finish();
    assert_eq!(kind(&bytes), Some((false, true)));
}

#[test]
fn a_palette_longer_than_its_tag_is_an_error() {
    let bytes = Builder::new()
        .tag(8, &[&framebuffer(0, &[3, 0, 1, 2, 3, 4, 5, 6])])
        .finish();
    assert_eq!(Tags::parse(&bytes).map(|_| ()), Err(Error::BadTag { kind: 8 }));
}

#[test]
fn text_ends_at_the_first_byte_that_is_no_text() {
    let bytes = Builder::new().tag(1, &[b"ok \xFF not"]).tag(2, &[b""]).finish();
    let tags = Tags::parse(&bytes).expect("the list is complete");
    assert_eq!((tags.command_line(), tags.boot_loader_name()), (Some("ok "), Some("")));
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = complete();
    for length in 0..bytes.len() {
        assert_eq!(Tags::parse(&bytes[..length]).map(|_| ()), Err(Error::Truncated));
        // The same, with a header that claims no more than there is.
        let mut cut = bytes[..length].to_vec();
        if let Some(size) = cut.get_mut(..4) {
            size.copy_from_slice(&(length as u32).to_le_bytes());
        }
        assert!(Tags::parse(&cut).is_err(), "cut to {length} bytes");
    }
}

#[test]
fn random_damage_gives_an_error_or_sane_data() {
    let original = complete();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut survivors = 0;
    for _ in 0..100_000 {
        let mut bytes = original.clone();
        for _ in 0..=random.below(4) {
            let index = random.below(bytes.len());
            bytes[index] = [0, 1, 8, 0x7F, 0x80, 0xFF, random.below(256) as u8][random.below(7)];
        }
        if let Ok(tags) = Tags::parse(&bytes) {
            use_all(&tags);
            survivors += 1;
        }
    }
    assert!((1_000..99_000).contains(&survivors), "{survivors} lists still parsed");
}
