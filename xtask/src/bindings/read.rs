//! Reading the interface out of its sources.

/// What other languages see, in the order of the sources.
#[derive(Debug, Default)]
pub(super) struct Interface {
    pub(super) items: Vec<Item>,
}

/// One thing of it, with what is said about it.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) docs: Vec<String>,
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// A number: its type and value.
    Const {
        of: String,
        value: String,
    },
    /// Another name for a type.
    Alias(String),
    /// A function of the caller's: parameters, and what it returns.
    Callback(Vec<Field>, Option<String>),
    Struct(Vec<(Vec<String>, Field)>),
    Function(Vec<Field>, Option<String>),
}

/// A name and a Rust type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) of: String,
}

pub(super) fn interface(types: &str, exports: &str) -> Result<Interface, String> {
    let mut items = read(types)?;
    items.extend(read(exports)?.into_iter().filter(|item| matches!(item.kind, Kind::Function(..))));
    if items.is_empty() { Err("the interface is empty".into()) } else { Ok(Interface { items }) }
}

fn read(text: &str) -> Result<Vec<Item>, String> {
    let (mut items, mut docs) = (Vec::new(), Vec::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(doc) = line.strip_prefix("///") {
            docs.push(doc.trim().to_owned());
        } else if line.starts_with("pub ") && !line.starts_with("pub(") {
            let mut whole = line.to_owned();
            let end = if line.contains(" struct ") {
                "}"
            } else if line.contains("fn untorn_") {
                "{"
            } else {
                ";"
            };
            while !whole.ends_with(end) {
                let next = lines.next().ok_or_else(|| format!("{line}: has no end"))?;
                whole.push('\n');
                whole.push_str(next.trim());
            }
            items
                .push(item(std::mem::take(&mut docs), &whole).ok_or_else(|| format!("the generator cannot read this: {whole}"))?);
        } else if !line.starts_with("#[") {
            docs.clear();
        }
    }
    Ok(items)
}

fn item(docs: Vec<String>, text: &str) -> Option<Item> {
    let (name, kind) = if let Some(rest) = text.strip_prefix("pub const ") {
        let (name, rest) = rest.split_once(": ")?;
        let (of, value) = rest.trim_end_matches(';').split_once(" = ")?;
        (name, Kind::Const { of: of.into(), value: value.into() })
    } else if let Some(rest) = text.strip_prefix("pub type ") {
        let (name, of) = rest.trim_end_matches(';').split_once(" = ")?;
        (name, alias(of)?)
    } else if let Some(rest) = text.strip_prefix("pub struct ") {
        let (name, body) = rest.trim_end_matches('}').split_once(" {")?;
        (name, Kind::Struct(fields(body)?))
    } else {
        let (_, rest) = text.split_once("extern \"C\" fn ")?;
        let (name, rest) = rest.split_once('(')?;
        let (parameters, returned) = signature(rest.trim_end_matches('{'))?;
        (name, Kind::Function(parameters, returned))
    };
    Some(Item { docs, name: name.to_owned(), kind })
}

fn alias(of: &str) -> Option<Kind> {
    let Some(function) = of.strip_prefix("Option<extern \"C\" fn(") else { return Some(Kind::Alias(of.to_owned())) };
    let (parameters, returned) = signature(function.strip_suffix('>')?)?;
    Some(Kind::Callback(parameters, returned))
}

/// `a: b, c: d) -> e`.
fn signature(text: &str) -> Option<(Vec<Field>, Option<String>)> {
    let (parameters, returned) = text.split_once(')')?;
    let parameters = parameters.split(',').map(str::trim).filter(|parameter| !parameter.is_empty());
    let returned = returned.trim().strip_prefix("-> ").map(|of| of.trim().to_owned());
    Some((parameters.map(field).collect::<Option<_>>()?, returned))
}

fn field(text: &str) -> Option<Field> {
    let (name, of) = text.split_once(": ")?;
    Some(Field { name: name.to_owned(), of: of.to_owned() })
}

fn fields(body: &str) -> Option<Vec<(Vec<String>, Field)>> {
    let (mut found, mut docs) = (Vec::new(), Vec::new());
    for line in body.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("///") {
            Some(doc) => docs.push(doc.trim().to_owned()),
            None => found.push((std::mem::take(&mut docs), field(line.strip_prefix("pub ")?.trim_end_matches(','))?)),
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_an_error() {
        assert!(interface("/// A number.\npub const A: u32 = 1;\n", "").is_ok());
        for bad in
            ["pub enum A { B }\n;", "pub fn untorn_a() {\n", "pub struct A {\n    b: u32,\n}\n", "pub const A: u32 = 1\n", ""]
        {
            assert!(interface(bad, "").is_err(), "{bad}");
        }
    }

    #[test]
    fn signatures_over_lines_are_read() {
        let text =
            "/// Does.\n#[x]\npub unsafe extern \"C\" fn untorn_a(\n    b: *const u8,\n    c: usize,\n) -> i32 {\n    0\n}\n";
        let found = interface("", text).unwrap();
        let Kind::Function(parameters, returned) = &found.items[0].kind else { panic!() };
        assert_eq!((parameters.len(), returned.as_deref()), (2, Some("i32")));
        assert_eq!(found.items[0].docs, ["Does."]);
    }
}
