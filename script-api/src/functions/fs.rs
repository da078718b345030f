//! `fs`: files.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use services::files::{Answer, Contents, Error, Write};
use services::host;
use services::value::Value;

use super::int;
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

const PATH: Param = Param {
    name: "path",
    kind: Kind::Text,
    meaning: "a full path, such as \"/tmp/notes.txt\"",
};
const TEXT: Param = Param {
    name: "text",
    kind: Kind::Text,
    meaning: "at most 16 MiB in UTF-8",
};
const BYTES: Param = Param {
    name: "bytes",
    kind: Kind::Blob,
    meaning: "at most 16 MiB",
};

const NOT_FOUND: (&str, &str) = ("not_found", "there is no such file or directory");
const BAD_PATH: (&str, &str) = (
    "bad_path",
    "the path does not begin with `/`, leads above it, or has a name that no file can have",
);
const IS_DIRECTORY: (&str, &str) = ("is_directory", "it is a directory");
const NOT_DIRECTORY: (&str, &str) = ("not_directory", "a part of the path is a file");
const READ_ONLY: (&str, &str) = ("read_only", "nothing can be changed there, as in /rom");
const NO_SPACE: (&str, &str) = ("no_space", "too little memory is free");
const TOO_LARGE: (&str, &str) = ("too_large", "the file would have more than 16 MiB");

const READ: Doc = Doc {
    namespace: "fs",
    name: "read",
    params: &[PATH],
    returns: "string",
    errors: &[
        NOT_FOUND,
        BAD_PATH,
        IS_DIRECTORY,
        NOT_DIRECTORY,
        NO_SPACE,
        ("not_text", "the file is not UTF-8; fs::read_blob reads any file"),
    ],
    waits: true,
    summary: "Returns a whole file as text.",
    notes: "/rom holds what came with the system and cannot be changed; /tmp is memory, and empty after each start.",
    example: Example::Shows(
        "fs::write(\"/tmp/motd\", \"Good morning\"); fs::read(\"/tmp/motd\")",
        "\"Good morning\"",
    ),
};

const READ_BLOB: Doc = Doc {
    namespace: "fs",
    name: "read_blob",
    params: &[PATH],
    returns: "blob",
    errors: &[NOT_FOUND, BAD_PATH, IS_DIRECTORY, NOT_DIRECTORY, NO_SPACE],
    waits: true,
    summary: "Returns a whole file as bytes.",
    notes: "",
    example: Example::Shows(
        "fs::write(\"/tmp/data\", blob(3, 255)); fs::read_blob(\"/tmp/data\")",
        "[ff ff ff]",
    ),
};

const WRITE: Doc = Doc {
    namespace: "fs",
    name: "write",
    params: &[PATH, TEXT],
    returns: "()",
    errors: &[
        NOT_FOUND,
        BAD_PATH,
        IS_DIRECTORY,
        NOT_DIRECTORY,
        READ_ONLY,
        NO_SPACE,
        TOO_LARGE,
    ],
    waits: true,
    summary: "Writes text to a file, in the place of what it held.",
    notes: "The file is made if need be; its directory must be there. A write that fails changes nothing.",
    example: Example::Shows(
        "fs::write(\"/tmp/a.txt\", \"one\"); fs::read(\"/tmp/a.txt\")",
        "\"one\"",
    ),
};

const WRITE_BLOB: Doc = Doc {
    params: &[PATH, BYTES],
    summary: "Writes bytes to a file, in the place of what it held.",
    example: Example::Shows("fs::write(\"/tmp/a\", blob(2)); fs::read_blob(\"/tmp/a\")", "[00 00]"),
    ..WRITE
};

const APPEND: Doc = Doc {
    name: "append",
    summary: "Writes text behind what a file holds.",
    example: Example::Shows(
        "fs::append(\"/tmp/log\", \"one\\n\"); fs::append(\"/tmp/log\", \"two\\n\"); fs::read(\"/tmp/log\")",
        "\"one\\ntwo\\n\"",
    ),
    ..WRITE
};

const APPEND_BLOB: Doc = Doc {
    params: &[PATH, BYTES],
    summary: "Writes bytes behind what a file holds.",
    example: Example::Shows(
        "fs::append(\"/tmp/a\", blob(1, 7)); fs::append(\"/tmp/a\", blob(1, 8)); fs::read_blob(\"/tmp/a\")",
        "[07 08]",
    ),
    ..APPEND
};

const LIST: Doc = Doc {
    namespace: "fs",
    name: "list",
    params: &[Param {
        name: "path",
        kind: Kind::Text,
        meaning: "a full path of a directory; \"/\" lists what is mounted",
    }],
    returns: "array",
    errors: &[NOT_FOUND, BAD_PATH, NOT_DIRECTORY],
    waits: true,
    summary: "Lists a directory.",
    notes: "One map per entry, sorted by name: name, kind (`file` or `directory`), size_bytes (() for a directory).",
    example: Example::Shows(
        "fs::write(\"/tmp/a\", \"x\"); fs::list(\"/tmp\")",
        "name  kind  size_bytes\na     file         1 B",
    ),
};

const REMOVE: Doc = Doc {
    namespace: "fs",
    name: "remove",
    params: &[PATH],
    returns: "()",
    errors: &[
        NOT_FOUND,
        BAD_PATH,
        NOT_DIRECTORY,
        READ_ONLY,
        ("not_empty", "a directory that still holds something"),
    ],
    waits: true,
    summary: "Removes a file or an empty directory.",
    notes: "",
    example: Example::Shows(
        "fs::write(\"/tmp/a\", \"\"); fs::remove(\"/tmp/a\"); fs::exists(\"/tmp/a\")",
        "false",
    ),
};

const EXISTS: Doc = Doc {
    namespace: "fs",
    name: "exists",
    params: &[PATH],
    returns: "bool",
    errors: &[("bad_path", "no file can have this path")],
    waits: true,
    summary: "Tells whether there is a file or directory.",
    notes: "",
    example: Example::Shows("fs::exists(\"/rom/examples/hello.rhai\")", "true"),
};

const MAKE_DIR: Doc = Doc {
    namespace: "fs",
    name: "make_dir",
    params: &[PATH],
    returns: "()",
    errors: &[
        NOT_FOUND,
        BAD_PATH,
        NOT_DIRECTORY,
        READ_ONLY,
        NO_SPACE,
        ("exists", "there is a file or directory of this name already"),
    ],
    waits: true,
    summary: "Makes a directory.",
    notes: "The directory that it lies in must be there.",
    example: Example::Shows(
        "fs::make_dir(\"/tmp/lib\"); fs::write(\"/tmp/lib/a\", \"x\"); fs::exists(\"/tmp/lib/a\")",
        "true",
    ),
};

/// Adds `fs::*`.
pub fn register(api: &mut Api) {
    api.service(&READ, read);
    api.service(&READ_BLOB, read_blob);
    api.service(&WRITE, |context, arguments| write(context, arguments, Write::Replace));
    api.service(&WRITE_BLOB, |context, arguments| {
        write(context, arguments, Write::Replace)
    });
    api.service(&APPEND, |context, arguments| write(context, arguments, Write::Append));
    api.service(&APPEND_BLOB, |context, arguments| {
        write(context, arguments, Write::Append)
    });
    api.service(&LIST, list);
    api.service(&REMOVE, remove);
    api.service(&EXISTS, exists);
    api.service(&MAKE_DIR, make_dir);
}

impl From<Error> for ScriptError {
    fn from(error: Error) -> Self {
        Self::new(error.code(), error)
    }
}

/// Waits for a file system's answer. Call it with allocations on the kernel heap.
///
/// # Errors
///
/// The file system's, or [`ScriptError::Interrupted`].
pub(crate) fn wait<T: Send + 'static>(context: &TaskContext, answer: Answer<T>) -> Result<T, ScriptError> {
    Ok(host::block_on(context.host.tasks, answer)??)
}

fn contents(context: &TaskContext, arguments: &Args<'_>) -> Result<Contents, ScriptError> {
    wait(context, context.host.files.read(&arguments.text(0)))
}

/// The bytes of a file, copied on the kernel heap.
///
/// # Errors
///
/// `no_space` where it has no room for them.
pub(super) fn copy(contents: &Contents) -> Result<Vec<u8>, ScriptError> {
    let mut copy = Vec::new();
    let refused = |_| ScriptError::new("no_space", "too little memory is free to read the file");
    copy.try_reserve_exact(contents.len()).map_err(refused)?;
    copy.extend_from_slice(contents);
    Ok(copy)
}

fn read(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let contents = contents(context, arguments)?;
    let not_text = |_| {
        let path = arguments.text(0);
        ScriptError::new("not_text", format!("{path} is not UTF-8; fs::read_blob reads any file"))
    };
    String::from_utf8(copy(&contents)?).map(Value::Text).map_err(not_text)
}

fn read_blob(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(Value::Blob(copy(&contents(context, arguments)?)?))
}

fn write(context: &TaskContext, arguments: &Args<'_>, how: Write) -> Result<Value, ScriptError> {
    let bytes = arguments.bytes(1)?;
    wait(context, context.host.files.write(&arguments.text(0), bytes, how))?;
    Ok(Value::Unit)
}

fn list(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let entries = wait(context, context.host.files.list(&arguments.text(0)))?;
    let rows = entries.into_iter().map(|entry| {
        let kind = if entry.size_bytes.is_some() {
            "file"
        } else {
            "directory"
        };
        Value::map([
            ("name", entry.name.into()),
            ("kind", kind.into()),
            ("size_bytes", entry.size_bytes.map_or(Value::Unit, int)),
        ])
    });
    Ok(Value::Array(rows.collect()))
}

fn remove(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    wait(context, context.host.files.remove(&arguments.text(0)))?;
    Ok(Value::Unit)
}

fn exists(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let answer = context.host.files.entry(&arguments.text(0));
    match host::block_on(context.host.tasks, answer)? {
        Ok(_) => Ok(true.into()),
        Err(Error::NotFound(_) | Error::NotDirectory(_)) => Ok(false.into()),
        Err(error) => Err(error.into()),
    }
}

fn make_dir(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    wait(context, context.host.files.make_dir(&arguments.text(0)))?;
    Ok(Value::Unit)
}
