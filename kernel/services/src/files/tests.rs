//! The file tree as a script meets it.

use super::*;
use crate::rom::Rom;
use hw::fake::Random;
use std::format;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

fn now<T>(mut answer: Answer<T>) -> Result<T, Error> {
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("memory does not wait"),
    }
}

fn tree(room: &'static AtomicU64) -> Files {
    let files = Files::new();
    let memory = memory::Memory::new(Box::new(|| room.load(Ordering::Relaxed)));
    files.mount("/tmp", Arc::new(memory)).expect("a path");
    files
}

fn roomy() -> Files {
    static ROOM: AtomicU64 = AtomicU64::new(u64::MAX);
    tree(&ROOM)
}

fn text(files: &Files, path: &str) -> Result<String, &'static str> {
    now(files.read(path))
        .map(|contents| String::from_utf8_lossy(&contents).into_owned())
        .map_err(|error| error.code())
}

fn write(files: &Files, path: &str, text: &str, how: Write) -> Result<(), &'static str> {
    now(files.write(path, text.into(), how)).map_err(|error| error.code())
}

fn names(files: &Files, path: &str) -> Vec<String> {
    let rows = now(files.list(path)).expect("a directory");
    rows.into_iter().map(|row| row.name).collect()
}

#[test]
fn paths_have_one_form() {
    let normal = |path: &str| path::normalise(path).map_err(|error| error.code());
    for (path, expected) in [
        ("/", "/"),
        ("///", "/"),
        ("/tmp/a", "/tmp/a"),
        ("//tmp//a/", "/tmp/a"),
        ("/tmp/./b/../a/.", "/tmp/a"),
        ("/tmp/..", "/"),
        ("/tmp/ä ö", "/tmp/ä ö"),
        ("/tmp/...", "/tmp/..."),
    ] {
        assert_eq!(normal(path).as_deref(), Ok(expected), "{path}");
    }
    let long_name = format!("/tmp/{}", "n".repeat(255));
    assert_eq!(normal(&long_name).as_deref(), Ok(long_name.as_str()));
    for path in [
        "",
        "a",
        "tmp/a",
        "./a",
        "/..",
        "/tmp/../..",
        "/tmp/a\0",
        "/tmp/\x1b[m",
        "/tmp/\u{9b}m",
    ] {
        assert_eq!(normal(path), Err("bad_path"), "{path:?}");
    }
    assert_eq!(normal(&format!("/tmp/{}", "n".repeat(256))), Err("bad_path"));
    assert_eq!(normal(&"/ä".repeat(2000)), Err("bad_path"));
}

#[test]
fn files_are_written_read_listed_and_removed() {
    let files = roomy();
    assert_eq!(text(&files, "/tmp/a"), Err("not_found"));
    assert_eq!(write(&files, "/tmp/a", "one", Write::Append), Ok(()));
    assert_eq!(write(&files, "/tmp//./a", " two", Write::Append), Ok(()));
    assert_eq!(text(&files, "/tmp/a"), Ok("one two".into()));
    assert_eq!(write(&files, "/tmp/a", "x", Write::Replace), Ok(()));
    assert_eq!(text(&files, "/tmp/a"), Ok("x".into()));
    assert_eq!(now(files.make_dir("/tmp/d")), Ok(()));
    assert_eq!(write(&files, "/tmp/d/b", "", Write::Replace), Ok(()));
    // Sorts between the directory and what is in it.
    assert_eq!(write(&files, "/tmp/d!", "", Write::Replace), Ok(()));
    assert_eq!(names(&files, "/tmp"), ["a", "d", "d!"]);
    assert_eq!(names(&files, "/tmp/d/"), ["b"]);
    assert_eq!(names(&files, "/"), ["tmp"]);
    assert_eq!(now(files.entry("/tmp/a")).expect("a file").size_bytes, Some(1));
    assert_eq!(now(files.entry("/tmp/d")).expect("a directory").size_bytes, None);
    assert_eq!(
        now(files.remove("/tmp/d")).map_err(|error| error.code()),
        Err("not_empty")
    );
    assert_eq!(now(files.remove("/tmp/d/b")), Ok(()));
    assert_eq!(now(files.remove("/tmp/d")), Ok(()));
    assert_eq!(names(&files, "/tmp"), ["a", "d!"]);
}

#[test]
fn refuses_with_a_stable_code() {
    let files = roomy();
    write(&files, "/tmp/file", "", Write::Replace).expect("room");
    now(files.make_dir("/tmp/dir")).expect("room");
    let code = |result: Result<(), Error>| result.expect_err("refused").code();
    assert_eq!(write(&files, "/tmp/none/x", "", Write::Replace), Err("not_found"));
    assert_eq!(write(&files, "/tmp/file/x", "", Write::Replace), Err("not_directory"));
    assert_eq!(write(&files, "/tmp/dir", "", Write::Replace), Err("is_directory"));
    assert_eq!(write(&files, "/tmp", "", Write::Replace), Err("is_directory"));
    assert_eq!(write(&files, "/elsewhere", "", Write::Replace), Err("read_only"));
    assert_eq!(write(&files, "x", "", Write::Replace), Err("bad_path"));
    assert_eq!(text(&files, "/tmp/dir"), Err("is_directory"));
    assert_eq!(text(&files, "/tmp/file/x"), Err("not_directory"));
    assert_eq!(text(&files, "/"), Err("is_directory"));
    assert_eq!(text(&files, "/tmpfile"), Err("not_found"));
    assert_eq!(
        now(files.list("/tmp/file")).expect_err("a file").code(),
        "not_directory"
    );
    assert_eq!(code(now(files.make_dir("/tmp/file"))), "exists");
    assert_eq!(code(now(files.make_dir("/tmp"))), "exists");
    assert_eq!(code(now(files.make_dir("/tmp/a/b"))), "not_found");
    assert_eq!(code(now(files.remove("/tmp"))), "read_only");
    assert_eq!(code(now(files.remove("/tmp/none"))), "not_found");
}

#[test]
fn takes_no_more_memory_than_it_may() {
    static ROOM: AtomicU64 = AtomicU64::new(1000);
    let files = tree(&ROOM);
    assert_eq!(
        write(&files, "/tmp/a", &"x".repeat(900), Write::Replace),
        Err("no_space")
    );
    assert_eq!(write(&files, "/tmp/a", &"x".repeat(800), Write::Replace), Ok(()));
    ROOM.store(100, Ordering::Relaxed);
    assert_eq!(
        write(&files, "/tmp/a", &"y".repeat(101), Write::Append),
        Err("no_space")
    );
    assert_eq!(text(&files, "/tmp/a"), Ok("x".repeat(800)));
    // What is replaced makes room.
    assert_eq!(write(&files, "/tmp/a", &"y".repeat(900), Write::Replace), Ok(()));
    assert_eq!(
        now(files.make_dir("/tmp/d")).map_err(|error| error.code()),
        Err("no_space")
    );
    ROOM.store(u64::MAX, Ordering::Relaxed);
    let half = "z".repeat(FILE_LIMIT_BYTES / 2);
    assert_eq!(write(&files, "/tmp/big", &half, Write::Replace), Ok(()));
    assert_eq!(write(&files, "/tmp/big", &half, Write::Append), Ok(()));
    assert_eq!(write(&files, "/tmp/big", "z", Write::Append), Err("too_large"));
}

#[test]
fn who_reads_keeps_what_was_read() {
    let files = roomy();
    write(&files, "/tmp/a", "old", Write::Replace).expect("room");
    let old = now(files.read("/tmp/a")).expect("the file");
    write(&files, "/tmp/a", "er", Write::Append).expect("room");
    let new = now(files.read("/tmp/a")).expect("the file");
    assert_eq!((&*old, &*new), (&b"old"[..], &b"older"[..]));
    assert_ne!(old.stamp(), new.stamp());
    assert_eq!(now(files.read("/tmp/a")).expect("the file").stamp(), new.stamp());
}

#[test]
fn the_longest_mount_point_wins() {
    let files = roomy();
    static ROOM: AtomicU64 = AtomicU64::new(u64::MAX);
    let inner = memory::Memory::new(Box::new(|| ROOM.load(Ordering::Relaxed)));
    files.mount("/tmp/disk/", Arc::new(inner)).expect("a path");
    write(&files, "/tmp/disk/a", "inner", Write::Replace).expect("room");
    write(&files, "/tmp/disks", "outer", Write::Replace).expect("room");
    assert_eq!(text(&files, "/tmp/disk/a"), Ok("inner".into()));
    assert_eq!(text(&files, "/tmp/disks"), Ok("outer".into()));
    assert_eq!(names(&files, "/tmp"), ["disks"]);
    assert_eq!(names(&files, "/tmp/disk"), ["a"]);
    assert!(files.mount("/", Arc::new(memory::Memory::new(Box::new(|| 0)))).is_err());
}

#[test]
fn rom_is_read_only() {
    let mut archive = std::vec![0u8; 512];
    archive[..10].copy_from_slice(b"dir/a.rhai");
    archive[124..135].copy_from_slice(b"00000000002");
    archive[156] = b'0';
    archive[148..156].fill(b' ');
    let sum: u32 = archive.iter().map(|&byte| u32::from(byte)).sum();
    archive[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    archive.extend(b"42");
    archive.resize(512 * 4, 0);
    let (rom, problem) = Rom::parse(Box::leak(archive.into_boxed_slice()));
    assert_eq!(problem, None);
    let files = roomy();
    let rom: &'static Rom = Box::leak(Box::new(rom));
    files
        .mount("/rom", Arc::new(read_only::ReadOnly::new(rom)))
        .expect("a path");
    assert_eq!(text(&files, "/rom/dir/a.rhai"), Ok("42".into()));
    assert_eq!(text(&files, "/rom/dir"), Err("is_directory"));
    assert_eq!(text(&files, "/rom/none"), Err("not_found"));
    assert_eq!(names(&files, "/rom/dir"), ["a.rhai"]);
    assert_eq!(names(&files, "/"), ["rom", "tmp"]);
    assert_eq!(
        now(files.list("/rom/dir/a.rhai")).expect_err("a file").code(),
        "not_directory"
    );
    assert_eq!(now(files.list("/rom/x")).expect_err("nothing").code(), "not_found");
    for result in [
        now(files.write("/rom/b", Vec::new(), Write::Replace)),
        now(files.remove("/rom/dir/a.rhai")),
        now(files.make_dir("/rom/d")),
    ] {
        assert_eq!(result.expect_err("refused").code(), "read_only");
    }
}

/// Random operations, compared with a plain map.
#[test]
fn behaves_like_a_plain_map() {
    let files = roomy();
    let mut model = std::collections::BTreeMap::<String, Option<String>>::new();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let number = random.bits();
        let names = ["a", "b", "a/b", "a/c", "b/a", "a/b/c"];
        let name = names[(number >> 8) as usize % names.len()];
        let path = format!("/tmp/{name}");
        let parent_is_dir = match name.rsplit_once('/') {
            None => true,
            Some((parent, _)) => model.get(parent) == Some(&None),
        };
        match number % 4 {
            0 => {
                let done = write(&files, &path, "x", Write::Append).is_ok();
                let may = parent_is_dir && model.get(name) != Some(&None);
                assert_eq!(done, may, "{path}");
                if may {
                    let text = model.entry(name.into()).or_insert(Some(String::new()));
                    text.get_or_insert_default().push('x');
                }
            }
            1 => {
                let done = now(files.make_dir(&path)).is_ok();
                assert_eq!(done, parent_is_dir && !model.contains_key(name), "{path}");
                if done {
                    model.insert(name.into(), None);
                }
            }
            2 => {
                let done = now(files.remove(&path)).is_ok();
                let is_full = model.keys().any(|other| other.starts_with(&format!("{name}/")));
                assert_eq!(done, model.contains_key(name) && !is_full, "{path}");
                if done {
                    model.remove(name);
                }
            }
            _ => assert_eq!(text(&files, &path).ok(), model.get(name).cloned().flatten(), "{path}"),
        }
    }
}
