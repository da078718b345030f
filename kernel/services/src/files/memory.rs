//! `/tmp`: files in memory, gone when the machine goes off.
//!
//! The tree is one sorted table of paths. It takes memory only while enough is free for everything else: a write that
//! would leave too little is refused with `no_space` and changes nothing. Contents are allocated so that a failed
//! allocation is an answer, never a panic.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Answer, Contents, Entry, Error, FILE_LIMIT_BYTES, FilePath, FileSystem, Write, at_once};
use crate::lock::Lock;

/// What an entry costs besides its name and contents: the table's share, the reference count, the heap's headers.
const ENTRY_BYTES: usize = 160;

/// Tells how many more bytes the tree may take now.
pub type Room = Box<dyn Fn() -> u64 + Send + Sync>;

/// A tree of files in memory.
pub struct Memory {
    tree: Lock<Tree>,
    room: Room,
}

#[derive(Default)]
struct Tree {
    /// By path below the mount, with a slash in front. The root is not among them.
    nodes: BTreeMap<String, Node>,
    last_stamp: u64,
}

enum Node {
    Directory,
    File { bytes: Arc<Vec<u8>>, stamp: u64 },
}

impl Memory {
    /// An empty tree that asks `room` before it takes memory.
    pub fn new(room: Room) -> Self {
        Self {
            tree: Lock::default(),
            room,
        }
    }

    fn write_now(&self, path: &FilePath, mut bytes: Vec<u8>, how: Write) -> Result<(), Error> {
        // Asked before the lock is taken: the room is somebody else's knowledge.
        let room = usize::try_from((self.room)()).unwrap_or(usize::MAX);
        let mut tree = self.tree.lock();
        tree.require_directory(&path.parent())?;
        let inner = path.inner();
        let old = match tree.nodes.get_mut(inner) {
            Some(Node::Directory) => return Err(Error::IsDirectory(path.full())),
            Some(Node::File { bytes, .. }) => Some(bytes),
            None => None,
        };
        let old_bytes = old.as_ref().map_or(0, |old| old.len());
        let kept_bytes = if how == Write::Append { old_bytes } else { 0 };
        if kept_bytes + bytes.len() > FILE_LIMIT_BYTES {
            return Err(Error::TooLarge(path.full()));
        }
        let growth = bytes.len() + if old.is_none() { ENTRY_BYTES + inner.len() } else { 0 };
        let no_space = |_| Error::NoSpace(path.full());
        match old {
            Some(old) if how == Write::Append => {
                // Somebody who reads the old contents keeps them: then they are copied.
                let is_shared = Arc::get_mut(old).is_none();
                let needed = growth + if is_shared { old_bytes } else { 0 };
                if needed > room {
                    return Err(Error::NoSpace(path.full()));
                }
                match Arc::get_mut(old) {
                    Some(own) => {
                        own.try_reserve(bytes.len()).map_err(no_space)?;
                        own.append(&mut bytes);
                    }
                    None => {
                        let mut copy = Vec::new();
                        copy.try_reserve(old_bytes + bytes.len()).map_err(no_space)?;
                        copy.extend_from_slice(old);
                        copy.append(&mut bytes);
                        *old = Arc::new(copy);
                    }
                }
            }
            _ if growth.saturating_sub(old_bytes) > room => return Err(Error::NoSpace(path.full())),
            Some(old) => *old = Arc::new(bytes),
            None => {
                let file = Node::File {
                    bytes: Arc::new(bytes),
                    stamp: 0,
                };
                tree.nodes.insert(String::from(inner), file);
            }
        }
        tree.last_stamp += 1;
        let now = tree.last_stamp;
        if let Some(Node::File { stamp, .. }) = tree.nodes.get_mut(inner) {
            *stamp = now;
        }
        Ok(())
    }

    fn make_dir_now(&self, path: &FilePath) -> Result<(), Error> {
        let room = (self.room)();
        let mut tree = self.tree.lock();
        tree.require_directory(&path.parent())?;
        if tree.nodes.contains_key(path.inner()) {
            return Err(Error::Exists(path.full()));
        }
        if (ENTRY_BYTES + path.inner().len()) as u64 > room {
            return Err(Error::NoSpace(path.full()));
        }
        tree.nodes.insert(String::from(path.inner()), Node::Directory);
        Ok(())
    }

    fn remove_now(&self, path: &FilePath) -> Result<(), Error> {
        let mut tree = self.tree.lock();
        let node = tree.find(path)?;
        if matches!(node, Node::Directory) && tree.below(path.inner()).next().is_some() {
            return Err(Error::NotEmpty(path.full()));
        }
        let removed = tree.nodes.remove(path.inner());
        drop(tree);
        drop(removed);
        Ok(())
    }
}

impl Tree {
    /// The node at a path that is not the root's.
    fn find(&self, path: &FilePath) -> Result<&Node, Error> {
        match self.nodes.get(path.inner()) {
            Some(node) => Ok(node),
            None => {
                // A file on the way is the better explanation.
                if !path.is_root() {
                    self.require_directory(&path.parent())?;
                }
                Err(Error::NotFound(path.full()))
            }
        }
    }

    fn require_directory(&self, path: &FilePath) -> Result<(), Error> {
        if path.is_root() {
            return Ok(());
        }
        let mut at = path.clone();
        loop {
            match self.nodes.get(at.inner()) {
                Some(Node::Directory) if at == *path => return Ok(()),
                Some(Node::File { .. }) => return Err(Error::NotDirectory(at.full())),
                _ if at.is_root() => return Err(Error::NotFound(path.full())),
                _ => at = at.parent(),
            }
        }
    }

    /// All nodes below a directory, with their paths from there.
    fn below<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = (&'a str, &'a Node)> {
        let start = String::from(directory) + "/";
        self.nodes.range(start..).map_while(move |(path, node)| {
            let rest = path.strip_prefix(directory)?.strip_prefix('/')?;
            Some((rest, node))
        })
    }
}

fn entry(name: &str, node: &Node) -> Entry {
    Entry {
        name: String::from(name),
        size_bytes: match node {
            Node::Directory => None,
            Node::File { bytes, .. } => Some(bytes.len()),
        },
    }
}

impl FileSystem for Memory {
    fn read(&self, path: FilePath) -> Answer<Contents> {
        let tree = self.tree.lock();
        at_once(match tree.find(&path) {
            Ok(Node::File { bytes, stamp }) => Ok(Contents::shared(Arc::clone(bytes), *stamp)),
            Ok(Node::Directory) => Err(Error::IsDirectory(path.full())),
            Err(error) => Err(error),
        })
    }

    fn write(&self, path: FilePath, bytes: Vec<u8>, how: Write) -> Answer<()> {
        at_once(self.write_now(&path, bytes, how))
    }

    fn list(&self, path: FilePath) -> Answer<Vec<Entry>> {
        let tree = self.tree.lock();
        if let Err(error) = tree.require_directory(&path) {
            return at_once(Err(error));
        }
        let rows = tree.below(path.inner()).filter(|(rest, _)| !rest.contains('/'));
        at_once(Ok(rows.map(|(name, node)| entry(name, node)).collect()))
    }

    fn entry(&self, path: FilePath) -> Answer<Entry> {
        if path.is_root() {
            return at_once(Ok(entry(path.name(), &Node::Directory)));
        }
        let tree = self.tree.lock();
        at_once(tree.find(&path).map(|node| entry(path.name(), node)))
    }

    fn remove(&self, path: FilePath) -> Answer<()> {
        at_once(self.remove_now(&path))
    }

    fn make_dir(&self, path: FilePath) -> Answer<()> {
        at_once(self.make_dir_now(&path))
    }
}
