//! The tables in `docs/format/` are compared with the constants of the code, and the golden files are read by nothing but these tables: what was
//! read must be the text beside each golden file. `UNTORN_BLESS=1` writes the texts anew.

use std::{collections::BTreeMap, fmt::Write, fs, path::PathBuf};

use untorn_format::{Hash, layout};

const DOCUMENTS: [(&str, &str); 17] = [
    ("record", "journal"),
    ("plan", "journal"),
    ("undo", "journal"),
    ("progress", "journal"),
    ("manifest", "manifest"),
    ("root", "release"),
    ("release", "release"),
    ("release_bridged", "release"),
    ("channel", "release"),
    ("signed", "release"),
    ("installed", "release"),
    ("halfway", "release"),
    ("preface", "patch"),
    ("index", "index"),
    ("page", "index"),
    ("bridge", "index"),
    ("verified", "verified"),
];

#[test]
fn every_block_is_described_as_it_is() {
    let tables = [
        Tables::of("journal"),
        Tables::of("manifest"),
        Tables::of("patch"),
        Tables::of("release"),
        Tables::of("index"),
        Tables::of("verified"),
    ];
    for (name, rows) in layout::BLOCKS {
        let described: Vec<_> = tables.iter().filter_map(|tables| tables.0.get(&format!("block: {name}"))).flatten().collect();
        assert_eq!(described.len(), rows.len(), "{name}: number of fields");
        for (described, row) in described.iter().zip(*rows) {
            let described = (described[0].parse(), described[1].parse(), described[2].to_uppercase());
            assert_eq!(described, (Ok(row.at), Ok(row.len), row.name.to_owned()), "{name}");
        }
    }
    let blocks = tables.iter().flat_map(|tables| tables.0.keys()).filter(|name| name.starts_with("block: ")).count();
    assert_eq!(blocks, layout::BLOCKS.len(), "blocks that are described");
}

#[test]
fn the_golden_files_can_be_read_by_the_documents_alone() {
    for (name, document) in DOCUMENTS {
        let tables = Tables::of(document);
        let bytes = fs::read(golden(name, "v1")).unwrap();
        let mut reading = Reading { tables: &tables, bytes: &bytes, at: 0, counts: BTreeMap::new(), text: String::new() };
        // Behind `_` stands what is special about the sample.
        reading.document(name.split('_').next().unwrap());
        assert_eq!(reading.at, bytes.len(), "{name}: bytes left");
        if std::env::var_os("UNTORN_BLESS").is_some() {
            fs::write(golden(name, "v1.txt"), &reading.text).unwrap();
        }
        assert_eq!(reading.text, fs::read_to_string(golden(name, "v1.txt")).unwrap(), "{name}");
    }
}

fn golden(name: &str, extension: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.{extension}"))
}

/// The rows of every table that stands under a comment, by the text of the comment.
struct Tables(BTreeMap<String, Vec<Vec<String>>>);

impl Tables {
    fn of(document: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/format").join(format!("{document}.md"));
        let text = fs::read_to_string(path).unwrap();
        let mut tables = BTreeMap::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let Some(name) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) else { continue };
            let rows = lines.by_ref().take_while(|line| line.starts_with('|')).skip(2).map(cells).collect();
            assert!(tables.insert(name.to_owned(), rows).is_none(), "{name} is described twice");
        }
        Self(tables)
    }

    fn rows(&self, name: &str) -> &[Vec<String>] {
        self.0.get(name).unwrap_or_else(|| panic!("no table for {name}"))
    }
}

fn cells(line: &str) -> Vec<String> {
    line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// Reads bytes as the tables say, and notes each field as a line of text.
struct Reading<'a> {
    tables: &'a Tables,
    bytes: &'a [u8],
    at: usize,
    counts: BTreeMap<String, u64>,
    text: String,
}

impl Reading<'_> {
    fn document(&mut self, name: &str) {
        if name == "record" {
            return self.block("record");
        }
        for row in self.tables.rows(&format!("document: {name}")) {
            match row[0].split_once(' ') {
                Some(("block", block)) => self.block(block),
                Some(("items", item)) => (0..self.counts[&row[1]]).for_each(|_| self.value(item, item)),
                Some(("item", item)) => self.item(item),
                Some(("bytes", part)) => self.bytes(part, &row[1]),
                _ => self.checksum(),
            }
        }
    }

    /// A part whose length stands before: another document, or text.
    fn bytes(&mut self, part: &str, counted_by: &str) {
        let bytes = self.take(usize::try_from(self.counts[counted_by]).unwrap());
        self.note(part, &format!("{} bytes, hash {}", bytes.len(), Hash::of(&bytes)));
    }

    fn checksum(&mut self) {
        assert_eq!(Hash::of(&self.bytes[..self.at]).0, self.bytes[self.at..self.at + 32]);
        self.value("hash", "checksum");
    }

    fn block(&mut self, name: &str) {
        let start = self.at;
        for row in self.tables.rows(&format!("block: {name}")) {
            assert_eq!(row[0].parse(), Ok(self.at - start), "{name}: {}", row[2]);
            match row[1].parse().unwrap() {
                4 => self.value("u32", &row[2]),
                8 if row[2] != "magic" => self.value("u64", &row[2]),
                size => {
                    let bytes = self.take(size);
                    self.note(&row[2], &hex(&bytes));
                }
            }
        }
    }

    fn value(&mut self, kind: &str, field: &str) {
        match kind {
            "u8" | "bool" => self.number(1, field),
            "u32" => self.number(4, field),
            "u64" => self.number(8, field),
            "hash" => {
                let bytes = self.take(32);
                self.note(field, &hex(&bytes));
            }
            "document" => {
                let len = self.take(4);
                let bytes = self.take(usize::try_from(u32::from_le_bytes(len.try_into().unwrap())).unwrap());
                self.note(field, &format!("{} bytes, hash {}", bytes.len(), Hash::of(&bytes)));
            }
            "id" => {
                let bytes = self.take(8);
                self.note(field, &hex(&bytes));
            }
            "text" | "path" => {
                let len = usize::from(u16::from_le_bytes(self.take(2).try_into().unwrap()));
                let text = String::from_utf8(self.take(len)).unwrap();
                self.note(field, &format!("{text:?}"));
            }
            _ => match kind.strip_prefix("list of ") {
                Some(item) => {
                    self.number(4, field);
                    (0..self.counts[field]).for_each(|_| self.value(item, item));
                }
                None => self.named(kind),
            },
        }
    }

    fn named(&mut self, name: &str) {
        if self.tables.0.contains_key(&format!("block: {name}")) {
            return self.block(name);
        }
        let Some(choices) = self.tables.0.get(&format!("choice: {name}")) else { return self.item(name) };
        let chosen = self.take(1)[0].to_string();
        let choice = choices.iter().find(|row| row[0] == chosen).unwrap_or_else(|| panic!("{name} {chosen} is not described"));
        self.note(name, &format!("{chosen} ({})", choice[1]));
        self.item(&choice[1]);
    }

    fn item(&mut self, name: &str) {
        for row in self.tables.rows(&format!("item: {name}")) {
            self.value(&row[0], &row[1]);
        }
    }

    fn number(&mut self, size: usize, field: &str) {
        let mut bytes = self.take(size);
        bytes.resize(8, 0);
        let number = u64::from_le_bytes(bytes.try_into().unwrap());
        self.counts.insert(field.to_owned(), number);
        self.note(field, &number.to_string());
    }

    fn take(&mut self, len: usize) -> Vec<u8> {
        self.at += len;
        self.bytes[self.at - len..self.at].to_vec()
    }

    fn note(&mut self, field: &str, value: &str) {
        writeln!(self.text, "{field}: {value}").unwrap();
    }
}

fn hex(bytes: &[u8]) -> String {
    if bytes.iter().all(|byte| *byte == 0) {
        return format!("{} zeros", bytes.len());
    }
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
