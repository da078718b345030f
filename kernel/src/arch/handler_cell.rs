//! A place for one interrupt handler and its argument, changed by tasks while interrupts may read it.

use core::marker::PhantomData;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// Holds a `fn(usize) -> R` with what it is called with, or nothing.
///
/// Once cleared, a cell may be set again only after every handler that had begun before has ended; else a handler that
/// has just read the old function could get the new argument.
#[derive(Debug)]
pub struct HandlerCell<R> {
    function: AtomicPtr<()>,
    argument: AtomicUsize,
    result: PhantomData<fn() -> R>,
}

impl<R> HandlerCell<R> {
    /// Nothing.
    pub const fn empty() -> Self {
        Self {
            function: AtomicPtr::new(ptr::null_mut()),
            argument: AtomicUsize::new(0),
            result: PhantomData,
        }
    }

    /// Calls `handler` with `argument` from now on.
    pub fn set(&self, handler: fn(usize) -> R, argument: usize) {
        self.argument.store(argument, Ordering::Relaxed);
        // Publishes the argument, and whatever the handler is to find.
        self.function.store(handler as *mut (), Ordering::SeqCst);
    }

    /// Calls nothing from now on. A handler that has begun goes on.
    pub fn clear(&self) {
        // Sequentially consistent, with the reader's load and the count of handlers that run: either the reader sees
        // this, or whoever cleared sees that the reader is at work.
        self.function.store(ptr::null_mut(), Ordering::SeqCst);
    }

    /// Whether there is no handler.
    pub fn is_empty(&self) -> bool {
        self.function.load(Ordering::Relaxed).is_null()
    }

    /// Calls the handler; `None` where there is none.
    pub fn call(&self) -> Option<R> {
        let function = self.function.load(Ordering::SeqCst);
        if function.is_null() {
            return None;
        }
        // SAFETY: only `set` stores anything but null, and it stores pointers of exactly this type.
        let handler = unsafe { core::mem::transmute::<*mut (), fn(usize) -> R>(function) };
        Some(handler(self.argument.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::HandlerCell;

    #[test]
    fn calls_what_was_set_with_its_argument() {
        let cell = HandlerCell::empty();
        assert_eq!((cell.is_empty(), cell.call()), (true, None));
        cell.set(|argument| argument + 1, 6);
        assert_eq!((cell.is_empty(), cell.call()), (false, Some(7)));
        cell.clear();
        assert_eq!((cell.is_empty(), cell.call()), (true, None));
    }
}
