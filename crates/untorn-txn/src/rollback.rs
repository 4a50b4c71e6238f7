//! Going back: an ordinary transaction to the tree before the last one, fed from what that one kept.

use untorn_format::{
    Hash, TreePath, fold_key,
    journal::{After, Before, Range, Source, Undo, UndoEntry},
};
use untorn_fs::{File, Fs, OpenMode};

use crate::{
    error::{Cause, Context, Error, Result},
    extents::Extents,
    keep::is_unchanged,
    layout::TxLayout,
    options::Options,
    recover::read_document,
    report::Report,
    stage::{COPY_LEN, hash_file},
    transaction::Transaction,
    tree::Tree,
    view::{FileNode, Node, on_disk},
};

/// Goes back to the tree before the last transaction, with the head document it had, or another one.
pub(crate) fn rollback(tree: &mut Tree, options: Options, force: bool, new_head: Option<Option<Vec<u8>>>) -> Result<Report> {
    let fs = tree.fs().clone();
    let layout = tree.kept_folder().ok_or_else(|| Error::new(Cause::NoUndo))?;
    let undo = load(&*fs, tree, layout)?;
    if !force {
        refuse_changed(&*fs, &undo.entries, &options)?;
    }
    let mut tx = tree.begin_with(options)?;
    let data =
        if undo.data.len == 0 { None } else { Some(fs.open(&layout.undo(), OpenMode::Read).context("open", &layout.undo())?) };
    for entry in &undo.entries {
        tx.options.stop_if_asked()?;
        let node = tx.restored(&*fs, layout, entry, data.as_deref()).map_err(|error| error.at(entry.path.as_str()))?;
        if is_respelled(&undo.entries, entry) {
            tx.view.set_respelled(&entry.path, node);
        } else {
            tx.view.set(&*fs, &entry.path, node)?;
        }
    }
    tx.head = match new_head {
        None if undo.from != undo.to => Some(head(&*fs, layout, &undo)?),
        other => other,
    };
    tx.commit()
}

/// The head document that going back would bring back.
pub(crate) fn previous_head(tree: &Tree) -> Result<Option<Vec<u8>>> {
    let layout = tree.kept_folder().ok_or_else(|| Error::new(Cause::NoUndo))?;
    let undo = load(&**tree.fs(), tree, layout)?;
    if undo.from == undo.to { tree.head() } else { head(&**tree.fs(), layout, &undo) }
}

pub(crate) fn load(fs: &dyn Fs, tree: &Tree, layout: TxLayout) -> Result<Undo> {
    let bytes = read_document(fs, &layout.undo_plan())?;
    let undo = Undo::decode(&bytes).map_err(|error| Error::damaged(format!("the way back: {error}")).at(layout.undo_plan()))?;
    if undo.tree_id != tree.id() || TxLayout(undo.txid) != layout {
        return Err(Error::new(Cause::JournalForeign).at(layout.undo_plan()));
    }
    if undo.data.len > 0 && hash_file(fs, &layout.undo())? != undo.data {
        return Err(Error::damaged("the bytes kept for going back do not fit their hash").at(layout.undo()));
    }
    Ok(undo)
}

/// What others changed since then would be lost.
pub(crate) fn refuse_changed(fs: &dyn Fs, entries: &[UndoEntry], options: &Options) -> Result<()> {
    for entry in entries {
        options.stop_if_asked()?;
        if !is_unchanged(fs, &entry.path, &entry.after)? && !is_respelled(entries, entry) {
            return Err(Error::new(Cause::ChangedSince).at(entry.path.as_str()));
        }
    }
    Ok(())
}

/// Whether what is found at a path that was left empty may be what the transaction left under another spelling of the same name; that one is checked by itself.
fn is_respelled(entries: &[UndoEntry], entry: &UndoEntry) -> bool {
    let key = fold_key(entry.path.as_str());
    entry.after == After::Absent
        && entries.iter().any(|other| other.after != After::Absent && fold_key(other.path.as_str()) == key)
}

fn head(fs: &dyn Fs, layout: TxLayout, undo: &Undo) -> Result<Option<Vec<u8>>> {
    if undo.from.is_none() {
        return Ok(None);
    }
    let head = read_document(fs, &layout.kept_head())?;
    if Hash::of(&head) == undo.from {
        Ok(Some(head))
    } else {
        Err(Error::damaged("the previous head does not fit its hash").at(layout.kept_head()))
    }
}

impl Transaction<'_> {
    fn restored(&mut self, fs: &dyn Fs, layout: TxLayout, entry: &UndoEntry, data: Option<&dyn File>) -> Result<Node> {
        Ok(match &entry.before {
            Before::Absent => Node::Absent,
            Before::Dir { permissions } => Node::Dir { permissions: *permissions },
            Before::Symlink { target } => Node::Symlink { target: target.clone() },
            Before::File { source: Source::Kept(number), len, executable, .. } => {
                let number = self.stage.link(fs, &layout.kept(*number), *len, *executable)?;
                Node::File(FileNode::staged(number, *len, *executable))
            }
            Before::File { source: Source::Current(now_at), len, executable, ranges } => {
                Node::File(self.unchanged_again(fs, now_at, *len, *executable, ranges, data)?)
            }
        })
    }

    /// The file that stands at `now_at`, with its old bytes written over the new ones.
    fn unchanged_again(
        &mut self,
        fs: &dyn Fs,
        now_at: &TreePath,
        len: u64,
        executable: bool,
        ranges: &[Range],
        data: Option<&dyn File>,
    ) -> Result<FileNode> {
        let Node::File(mut file) = on_disk(fs, now_at)? else { return Err(Error::new(Cause::ChangedSince).at(now_at.as_str())) };
        (file.base_len, file.len, file.executable) = (file.len.min(len), len, executable);
        for range in ranges {
            self.spool_from(fs, data, *range, &mut file.extents)?;
        }
        Ok(file)
    }

    fn spool_from(&mut self, fs: &dyn Fs, data: Option<&dyn File>, range: Range, extents: &mut Extents) -> Result<()> {
        let data = data.ok_or_else(|| Error::damaged("the bytes kept for going back are missing"))?;
        let mut buffer = vec![0; COPY_LEN.min(usize::try_from(range.len).unwrap_or(COPY_LEN))];
        let mut done = 0;
        while done < range.len {
            let n = buffer.len().min(usize::try_from(range.len - done).unwrap_or(buffer.len()));
            data.read_exact_at(&mut buffer[..n], range.redo_at + done).context("read", "undo")?;
            let redo_at = self.stage.spool(fs, &buffer[..n])?;
            extents.insert(range.at + done, n as u64, redo_at);
            done += n as u64;
        }
        Ok(())
    }
}
