//! A tree together with the transaction on it: to Rust the one borrows the other, which a handle cannot say.

use std::ptr::NonNull;

use untorn::{Options, Transaction, Tree, TreeError};

use crate::failure::{Failure, Misuse};

/// A tree, and perhaps a transaction on it.
pub(crate) struct HeldTree {
    /// Borrows what `tree` points to: goes first.
    transaction: Option<Transaction<'static>>,
    /// Made by `Box::into_raw`, ours alone. A `Box` would claim that nobody else points there, which the transaction does.
    tree: NonNull<Tree>,
}

// SAFETY: it owns both, and both may go to other threads.
unsafe impl Send for HeldTree
where
    Tree: Send,
    Transaction<'static>: Send,
{
}

impl HeldTree {
    pub(crate) fn new(tree: Tree) -> Self {
        Self { transaction: None, tree: NonNull::from(Box::leak(Box::new(tree))) }
    }

    /// Begins a transaction.
    pub(crate) fn begin(&mut self, options: Options) -> Result<(), Failure> {
        if self.transaction.is_some() {
            return Err(Misuse::Transaction.into());
        }
        // SAFETY: it points to a tree until `self` is dropped. There is no transaction, so nobody else has a reference to it; and as long as there is one, this
        // function refuses and no other makes a reference. The transaction cannot get out of `self` but in `commit`, which ends it, so it never outlives the tree.
        let tree: &'static mut Tree = unsafe { &mut *self.tree.as_ptr() };
        self.transaction = Some(tree.begin_with(options)?);
        Ok(())
    }

    /// The transaction that has begun.
    pub(crate) fn transaction(&mut self) -> Result<&mut Transaction<'static>, Misuse> {
        self.transaction.as_mut().ok_or(Misuse::NoTransaction)
    }

    /// Commits it. Whatever comes of it, the transaction is over.
    pub(crate) fn commit(&mut self) -> Result<untorn::Report, Failure> {
        let transaction = self.transaction.take().ok_or(Misuse::NoTransaction)?;
        transaction.commit().map_err(|error: TreeError| error.into())
    }

    /// Gives it up.
    pub(crate) fn discard(&mut self) -> Result<(), Misuse> {
        self.transaction.take().map(drop).ok_or(Misuse::NoTransaction)
    }
}

impl Drop for HeldTree {
    fn drop(&mut self) {
        self.transaction = None;
        // SAFETY: it came from a box, nothing borrows it any more, and `self` is going.
        drop(unsafe { Box::from_raw(self.tree.as_ptr()) });
    }
}
