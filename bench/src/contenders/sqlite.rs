//! The same bytes as blobs of a database, updated in one transaction.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::Contender;
use crate::content::Content;
use crate::sample::Outcome;
use crate::workload::Workload;

pub struct Sqlite {
    /// The journal mode, as SQLite spells it.
    pub journal: &'static str,
}

impl Contender for Sqlite {
    fn about(&self) -> &'static str {
        match self.journal {
            "WAL" => {
                "blobs in one table, one UPDATE each, one transaction, WAL and checkpoint, synchronous=FULL; atomic, but not files"
            }
            _ => {
                "blobs in one table, one UPDATE each, one transaction, default rollback journal, synchronous=FULL; atomic, but not files"
            }
        }
    }

    fn prepare(&self, workload: &Workload, dir: &Path) -> anyhow::Result<()> {
        let mut database = self.open(dir)?;
        database.execute("CREATE TABLE file (id INTEGER PRIMARY KEY, data BLOB NOT NULL)", [])?;
        store(&mut database, workload, "INSERT INTO file (data, id) VALUES (?1, ?2)", Workload::old_content)?;
        self.checkpoint(&database)
    }

    fn run(&self, workload: &Workload, dir: &Path) -> anyhow::Result<Outcome> {
        let mut database = self.open(dir)?;
        store(&mut database, workload, "UPDATE file SET data = ?1 WHERE id = ?2", Workload::new_content)?;
        self.checkpoint(&database)?;
        Ok(Outcome::default())
    }

    fn verify(&self, workload: &Workload, dir: &Path) -> anyhow::Result<()> {
        let database = self.open(dir)?;
        let mut read = database.prepare("SELECT data FROM file WHERE id = ?1")?;
        for index in 0..workload.files {
            let data: Vec<u8> = read.query_row([index as i64], |row| row.get(0))?;
            anyhow::ensure!(
                data == workload.new_content(index).bytes(0, workload.file_len),
                "after the run, row {index} is wrong"
            );
        }
        Ok(())
    }
}

impl Sqlite {
    fn open(&self, dir: &Path) -> anyhow::Result<Connection> {
        let path: PathBuf = dir.join("files.sqlite");
        let database = Connection::open(path)?;
        let mode: String = database.query_row(&format!("PRAGMA journal_mode = {}", self.journal), [], |row| row.get(0))?;
        anyhow::ensure!(mode.eq_ignore_ascii_case(self.journal), "SQLite chose journal mode {mode}");
        database.execute_batch("PRAGMA synchronous = FULL")?;
        Ok(database)
    }

    /// Moves what is in the WAL into the database; without one there is nothing to do.
    fn checkpoint(&self, database: &Connection) -> anyhow::Result<()> {
        if self.journal == "WAL" {
            let busy: i64 = database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            anyhow::ensure!(busy == 0, "the checkpoint was blocked");
        }
        Ok(())
    }
}

fn store(
    database: &mut Connection,
    workload: &Workload,
    sql: &str,
    content: fn(&Workload, u64) -> Content,
) -> anyhow::Result<()> {
    let transaction = database.transaction()?;
    {
        let mut statement = transaction.prepare(sql)?;
        for index in 0..workload.files {
            let rows = statement.execute(params![content(workload, index).bytes(0, workload.file_len), index as i64])?;
            anyhow::ensure!(rows == 1, "SQLite changed {rows} rows");
        }
    }
    Ok(transaction.commit()?)
}
