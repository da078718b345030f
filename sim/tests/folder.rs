//! A folder of the host answers as the files in memory do, and nothing outside of it can be reached.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use services::files::memory::Memory;
use services::files::{Answer, Files, Write};
use sim::folder::Folder;
use sim::tasks::wait_for;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("folder-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("inner")).expect("a folder");
        Self(path)
    }

    fn inner(&self) -> PathBuf {
        self.0.join("inner")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn files_of(folder: &Path) -> Files {
    let files = Files::new();
    let folder = Folder::open(folder).expect("a folder");
    files.mount("/data", Arc::new(folder)).expect("a path");
    files
}

fn told<T: std::fmt::Debug>(answer: Answer<T>) -> String {
    format!("{:?}", wait_for(answer))
}

#[test]
fn answers_as_memory_does() {
    let scratch = Scratch::new("same");
    let in_memory = Files::new();
    in_memory
        .mount("/data", Arc::new(Memory::new(Box::new(|| 1 << 30))))
        .expect("a path");
    let on_host = files_of(&scratch.inner());
    let mut asked = 0;
    for step in 0..3 {
        for path in [
            "/data",
            "/data/a",
            "/data/a/b",
            "/data/a/b/c",
            "/data/missing",
            "/data/missing/x",
            "/data/../../etc/passwd",
            "/data/ümlaut",
            "/data/./a//b/",
            "/data/file",
            "/data/file/x",
            "/data/file/x/y",
            "relative",
            "",
        ] {
            let both = |ask: &dyn Fn(&Files) -> String| {
                assert_eq!(ask(&on_host), ask(&in_memory), "step {step}, {path:?}");
            };
            both(&|files| told(files.entry(path)));
            both(&|files| told(files.list(path)));
            both(&|files| match wait_for(files.read(path)) {
                Ok(contents) => format!("{:?}", &contents[..]),
                Err(error) => format!("{error:?}"),
            });
            if path.contains("file") || path.contains("ümlaut") {
                both(&|files| told(files.write(path, b"one".to_vec(), Write::Replace)));
                both(&|files| told(files.write(path, b"two".to_vec(), Write::Append)));
            }
            both(&|files| told(files.make_dir(path)));
            if step == 1 {
                both(&|files| told(files.remove(path)));
            }
            both(&|files| told(files.write(path, vec![1; 40], Write::Append)));
            asked += 1;
        }
    }
    assert_eq!(asked, 42);
    let huge = vec![0; services::files::FILE_LIMIT_BYTES + 1];
    let code = wait_for(on_host.write("/data/huge", huge, Write::Replace)).expect_err("too much");
    assert_eq!(code.code(), "too_large");
    let left: Vec<_> = fs::read_dir(scratch.inner()).expect("a folder").flatten().collect();
    assert!(
        left.iter()
            .all(|entry| !entry.file_name().to_string_lossy().starts_with(".unfinished"))
    );
}

#[test]
fn nothing_outside_can_be_reached() {
    let scratch = Scratch::new("out");
    let secret = scratch.0.join("secret");
    fs::write(&secret, "secret").expect("a file");
    let inner = scratch.inner();
    symlink(&secret, inner.join("link")).expect("a link");
    symlink("../secret", inner.join("relative")).expect("a link");
    symlink(&scratch.0, inner.join("up")).expect("a link");
    symlink(scratch.0.join("made"), inner.join("dangling")).expect("a link");
    fs::write(inner.join("real"), "real").expect("a file");
    symlink("real", inner.join("alias")).expect("a link");
    let files = files_of(&inner);
    for path in [
        "/data/link",
        "/data/relative",
        "/data/up/secret",
        "/data/up",
        "/data/../secret",
    ] {
        let code = |error: services::files::Error| error.code();
        assert!(wait_for(files.read(path)).is_err(), "{path}");
        if path != "/data/../secret" {
            assert_eq!(
                wait_for(files.read(path)).map(|_| ()).map_err(code),
                Err("bad_path"),
                "{path}"
            );
        }
        assert!(
            wait_for(files.write(path, b"x".to_vec(), Write::Replace)).is_err(),
            "{path}"
        );
        assert!(wait_for(files.list(path)).is_err(), "{path}");
        assert!(wait_for(files.entry(path)).is_err(), "{path}");
    }
    for path in ["/data/dangling", "/data/up/made"] {
        assert!(
            wait_for(files.write(path, b"x".to_vec(), Write::Replace)).is_err(),
            "{path}"
        );
        assert!(wait_for(files.make_dir(path)).is_err(), "{path}");
    }
    assert!(!scratch.0.join("made").exists());
    assert_eq!(fs::read_to_string(&secret).expect("still there"), "secret");
    let names: Vec<String> = wait_for(files.list("/data"))
        .expect("rows")
        .into_iter()
        .map(|row| row.name)
        .collect();
    assert_eq!(names, ["alias", "real"]);
    assert_eq!(&wait_for(files.read("/data/alias")).expect("inside")[..], b"real");
    // A link goes, what it leads to stays.
    assert!(wait_for(files.remove("/data/link")).is_ok());
    assert!(secret.exists());
}
