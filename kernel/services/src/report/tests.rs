//! The log, the page and the code on surfaces in ordinary memory; compression against another's decompressor.

use std::boxed::Box;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use hw::display::fake::{FakePicture, FakeSurface, FakeTextSurface};
use hw::display::{ColorBits, Layout, PixelFormat, Surface};
use hw::fake::Random;

use super::boot_log::BootLog;
use super::code::{self, PREFIX};
use super::page::Page;
use super::paper::{Paper, Style};
use super::{base41, deflate};
use crate::screen::matcher::Matcher;
use crate::screen::{BareFont, FontSize, code_page_437};

const STYLE: Style = Style {
    ink: 0xff_ff_ff,
    back: 0,
    attribute: 7,
};

fn font(size: FontSize) -> BareFont {
    BareFont::new(size).expect("the font is part of the image")
}

/// A report as the kernel writes one, with this many frames.
fn report(random: &mut Random, frames: usize) -> String {
    let mut text = String::from("KERNEL PANIC: panicked at kernel/src/machine/debug.rs:69:9:\na test asked for it\n");
    text += "Rhaios 1.2.3, 4.567 s after its start\ncore 0, task 3 `serial`, kernel locks held 1\n";
    for registers in [["rip", "rsp", "rbp"], ["rax", "rbx", "rcx"], ["r13", "r14", "r15"]] {
        for register in registers {
            text += &format!("{register} {:016x} ", random.below(usize::MAX));
        }
        text += "\n";
    }
    text += "backtrace:\n";
    for frame in 0..frames {
        let address = 0xffff_ffff_8020_0000usize + random.below(1 << 20);
        let name = [
            "core::fmt::write",
            "kernel::executor::run::run",
            "<rhai::Engine>::eval_ast",
        ][frame % 3];
        text += &format!("  {address:#018x} {name}+{:#x}\n", random.below(4096));
    }
    text
}

fn lines(surface: &FakeSurface, size: FontSize) -> Vec<String> {
    Matcher::new(size).lines(&surface.pixels, surface.width_pixels())
}

#[test]
fn the_bare_font_draws_what_the_console_draws() {
    for size in [FontSize::Small, FontSize::Large] {
        let (width, height) = size.cell_pixels();
        let mut surface = FakeSurface::new(60 * width, 3 * height, 0x55);
        let text: String = ('!'..='~').collect();
        let font = font(size);
        let mut paper = Paper::Pixels(&mut surface, &font);
        paper.write(0, 0, &text, STYLE);
        paper.write(0, 1, "äöüß, é; \u{1f600} is a question mark", STYLE);
        paper.write(58, 2, "past the edge", STYLE);
        paper.write(0, 3, "below the edge", STYLE);
        let seen = lines(&surface, size);
        assert_eq!(seen[0], text[..60]);
        assert_eq!(seen[1], "äöüß, é; ? is a question mark");
        assert!(seen[2].ends_with("pa"), "{seen:?}");
    }
}

#[test]
fn the_log_is_readable_in_every_pixel_format_and_at_an_odd_pitch() {
    let color = |position, size| ColorBits { position, size };
    let formats = [
        (15, color(10, 5), color(5, 5), color(0, 5)),
        (16, color(11, 5), color(5, 6), color(0, 5)),
        (24, color(16, 8), color(8, 8), color(0, 8)),
        (32, color(16, 8), color(8, 8), color(0, 8)),
        (32, color(0, 8), color(8, 8), color(16, 8)),
    ];
    for (bits, red, green, blue) in formats {
        let format = PixelFormat::new(bits, red, green, blue).expect("a good format");
        let (width, height) = (330, 70);
        let bytes_per_pixel = format.bytes_per_pixel();
        let pitch_bytes = width * bytes_per_pixel + 7;
        let layout = Layout::new(format, width, height, pitch_bytes).expect("rows fit");
        let mut picture = FakePicture::new(layout, 0xee);
        let font = font(FontSize::Small);
        BootLog::new().write_line(&mut Paper::Pixels(&mut picture, &font), "[    0.001] ... memory");
        let pixel = |x: usize, y: usize| {
            let start = y * pitch_bytes + x * bytes_per_pixel;
            let bytes = &picture.bytes[start..start + bytes_per_pixel];
            bytes.iter().rev().fold(0, |pixel, byte| pixel << 8 | u32::from(*byte))
        };
        let pixels: Vec<u32> = (0..16).flat_map(|y| (0..width).map(move |x| pixel(x, y))).collect();
        assert_eq!(
            Matcher::new(FontSize::Small).lines(&pixels, width),
            ["[    0.001] ... memory"]
        );
        let borders = picture
            .bytes
            .chunks_exact(pitch_bytes)
            .map(|row| &row[width * bytes_per_pixel..]);
        assert!(
            borders.into_iter().all(|border| border == [0xee; 7]),
            "{bits} bits: written past a row's end"
        );
    }
}

#[test]
fn the_log_wraps_long_lines_and_starts_again_at_the_top() {
    let font = font(FontSize::Small);
    let mut surface = FakeSurface::new(10 * 8 + 3, 4 * 16 + 5, 0x55_55_55);
    let mut log = BootLog::new();
    let mut write = |surface: &mut FakeSurface, text| log.write_line(&mut Paper::Pixels(surface, &font), text);
    write(&mut surface, "0123456789abc");
    assert_eq!(lines(&surface, FontSize::Small)[..3], ["0123456789", "abc", ""]);
    write(&mut surface, "third");
    write(&mut surface, "fourth");
    assert_eq!(lines(&surface, FontSize::Small), ["", "abc", "third", "fourth"]);
    write(&mut surface, "0123456789");
    write(&mut surface, "");
    write(&mut surface, "ä");
    assert_eq!(lines(&surface, FontSize::Small), ["0123456789", "", "ä", ""]);
    for size in [(1, 0), (7, 15), (8, 16), (7, 100)] {
        let mut tiny = FakeSurface::new(size.0, size.1, 0);
        BootLog::new().write_line(&mut Paper::Pixels(&mut tiny, &font), "any text is survived");
    }
}

#[test]
fn the_log_and_the_page_write_text_modes() {
    let text = |surface: &FakeTextSurface| -> Vec<String> {
        let rows = surface.cells.chunks(80);
        rows.map(|row| {
            row.iter()
                .map(|(character, _)| char::from(*character))
                .collect::<String>()
        })
        .map(|row| row.trim_end_matches([' ', '\0']).to_string())
        .collect()
    };
    let mut surface = FakeTextSurface::new(80, 25);
    let mut log = BootLog::new();
    log.write_line(&mut Paper::Cells(&mut surface), "... memory");
    log.write_line(&mut Paper::Cells(&mut surface), "... café");
    assert_eq!(text(&surface)[0], "... memory");
    assert_eq!(surface.cells[80 + 7].0, code_page_437('é'));
    let mut paper = Paper::Cells(&mut surface);
    let mut page = Page::start(&mut paper, "KERNEL PANIC", "Rhaios 1.2.3");
    page.write(&mut paper, &report(&mut Random(1), 40));
    page.write_footer(&mut paper, "rebooting in 30 s");
    assert_eq!(page.code_modules(), None);
    let seen = text(&surface);
    assert!(
        seen[0].starts_with("  KERNEL PANIC") && seen[0].ends_with("Rhaios 1.2.3"),
        "{seen:?}"
    );
    assert_eq!(seen[2], "  panicked at kernel/src/machine/debug.rs:69:9:");
    assert!(seen[5].contains("task 3 `serial`"), "{seen:?}");
    assert_eq!(seen[21], "    ...");
    assert!(seen.iter().any(|line| line.contains("core::fmt::write+0x")), "{seen:?}");
    assert_eq!(seen[23], "  rebooting in 30 s");
}

fn unpack(text: &str) -> String {
    let digits: Vec<usize> = text
        .strip_prefix(PREFIX)
        .expect("the prefix")
        .bytes()
        .map(|byte| base41::DIGITS.iter().position(|digit| *digit == byte).expect("a digit"))
        .collect();
    let mut packed = Vec::new();
    for group in digits.chunks(3) {
        let value = group.iter().rev().fold(0, |value, digit| value * 41 + digit);
        let bytes = (value as u16).to_be_bytes();
        packed.extend(&bytes[3 - group.len()..]);
    }
    let bytes = miniz_oxide::inflate::decompress_to_vec_zlib(&packed).expect("a zlib stream");
    String::from_utf8(bytes).expect("text")
}

/// Reads the QR code in a picture by another's program.
fn scan(surface: &FakeSurface) -> Option<String> {
    let (width, height) = (surface.width_pixels(), surface.height_pixels());
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| surface.pixels[y * width + x] as u8);
    image.detect_grids().first()?.decode().ok().map(|(_, text)| text)
}

#[test]
fn the_page_shows_the_report_and_its_code_at_every_size() {
    let mut workspace = Box::new(code::Workspace::new());
    let mut random = Random(7);
    for (width, height) in [
        (640, 480),
        (800, 600),
        (1024, 768),
        (1280, 800),
        (1366, 768),
        (1920, 1080),
        (3840, 2160),
    ] {
        for frames in [0, 5, 15, 40] {
            let text = report(&mut random, frames);
            let size = FontSize::for_height(height);
            let font = font(size);
            let mut surface = FakeSurface::new(width, height, 0x55_55_55);
            let mut paper = Paper::Pixels(&mut surface, &font);
            let mut page = Page::start(&mut paper, "KERNEL PANIC", "Rhaios 1.2.3");
            page.write(&mut paper, &text);
            page.write_footer(&mut paper, "rebooting in 30 s");
            let modules = page.code_modules().expect("there is room");
            let code = code::encode(&text, modules, &mut workspace).expect("a line fits");
            page.write_code(&mut paper, &code);
            let what = format!("{width}x{height}, {frames} frames");
            let scanned = unpack(&scan(&surface).expect(&what));
            assert!(text.starts_with(&scanned), "{what}: {scanned}");
            assert!(scanned.lines().count() >= 6, "{what}: {scanned}");
            if width >= 1024 && frames <= 15 {
                assert_eq!(scanned, text.trim_end(), "{what}");
            }
            let seen = lines(&surface, size);
            let all = seen.join("\n");
            assert!(
                seen[5].starts_with("  panicked at kernel/src/machine/debug.rs:69:9:"),
                "{all}"
            );
            assert!(all.contains("task 3 `serial`"), "{what}: {all}");
            assert!(
                seen.iter().any(|line| line.starts_with("  rebooting in 30 s")),
                "{what}: {all}"
            );
            let is_cut = all.contains("    ...");
            assert!(!is_cut || frames > 5, "{what}: {all}");
            assert!(is_cut || frames < 40 || height >= 1080, "{what}: {all}");
        }
    }
}

#[test]
fn reports_come_back_from_their_text_whatever_they_hold() {
    let mut workspace = Box::new(deflate::Workspace::new());
    let mut random = Random(3);
    let mut packed = [0; 10_000];
    let mut text = [0; 16_000];
    for round in 0..400 {
        let length = random.below([3, 40, 600, 9000][round % 4]);
        let letters = 1 + random.below(256);
        let mut input: Vec<u8> = (0..length).map(|_| random.below(letters) as u8).collect();
        if round % 3 == 0 {
            // Repetitions of every length and distance.
            while input.len() < length + 3000 {
                let start = random.below(input.len() + 1);
                let end = start + random.below((input.len() - start).min(300) + 1);
                input.extend_from_within(start..end);
                input.push(random.below(letters) as u8);
            }
        }
        input.truncate(deflate::INPUT_LIMIT_BYTES);
        let length = deflate::compress(&input, &mut packed, &mut workspace).expect("room");
        let back = miniz_oxide::inflate::decompress_to_vec_zlib(&packed[..length]).expect("a zlib stream");
        assert_eq!(back, input, "round {round}");
        for short in [0, 1, length / 2, length - 1] {
            assert_eq!(deflate::compress(&input, &mut packed[..short], &mut workspace), None);
        }
        assert_eq!(
            base41::encode(&input, &mut text),
            Some(base41::encoded_length(input.len()))
        );
        assert_eq!(
            base41::encode(
                &input,
                &mut text[..base41::encoded_length(input.len()).saturating_sub(1)]
            )
            .is_some(),
            input.is_empty()
        );
    }
}

#[test]
fn a_report_shrinks_as_much_as_others_make_it() {
    let mut workspace = Box::new(deflate::Workspace::new());
    let text = report(&mut Random(5), 20);
    let mut packed = [0; 4096];
    let length = deflate::compress(text.as_bytes(), &mut packed, &mut workspace).expect("room");
    let other = miniz_oxide::deflate::compress_to_vec_zlib(text.as_bytes(), 9).len();
    assert!(
        length <= other + other / 20,
        "{length} bytes, others {other}, of {}",
        text.len()
    );
}

#[test]
fn the_code_is_cut_to_whole_lines_that_fit() {
    let mut workspace = Box::new(code::Workspace::new());
    let mut random = Random(11);
    let text = report(&mut random, 40);
    let mut last = 0;
    for modules in [0, 20, 28, 29, 50, 80, 110, 150, 1000] {
        let Some(code) = code::encode(&text, modules, &mut workspace) else {
            assert!(modules < 50);
            continue;
        };
        assert!(code.side_modules() + 8 <= modules);
        let side = code.side_modules();
        let grid = rqrr::SimpleGrid::from_func(side, |x, y| code.is_dark(x, y));
        let (_, scanned) = rqrr::Grid::new(grid).decode().expect("a code");
        let scanned = unpack(&scanned);
        assert!(text.starts_with(&scanned) && text[scanned.len()..].starts_with('\n'));
        assert!(scanned.len() >= last);
        last = scanned.len();
    }
    assert_eq!(last, text.trim_end().len());
    assert!(code::encode(&"x".repeat(20_000), 1000, &mut workspace).is_some());
    assert!(code::encode("", 1000, &mut workspace).is_some());
}
