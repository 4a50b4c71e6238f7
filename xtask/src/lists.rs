//! Lists of strings in a TOML file of ours, without a TOML reader: `key = [ "a", "b" ]` below `[section]`.

/// The strings of that list; of tables in it, every string value. Empty when there is no such list.
pub(crate) fn list(toml: &str, section: &str, key: &str) -> Vec<String> {
    let plain: String = toml.lines().map(without_comment).collect::<Vec<_>>().join("\n");
    let header = format!("[{section}]\n");
    let Some((_, body)) = plain.split_once(&header) else { return Vec::new() };
    let body = body.split_once("\n[").map_or(body, |(own, _)| own);
    let Some((_, list)) = format!("\n{body}").split_once(&format!("\n{key} = [")).map(|(a, b)| (a.to_owned(), b.to_owned()))
    else {
        return Vec::new();
    };
    let end = list.find(']').unwrap_or(list.len());
    list.get(..end).unwrap_or_default().split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// None of our strings holds a `#`.
fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim_end()
}

#[cfg(test)]
mod tests {
    use super::list;

    #[test]
    fn lists_are_read_by_section_and_key() {
        let toml =
            "[a]\nallow = [\"X\"]\n[b]\nother = 1\nallow = [\n  \"Y\", # why\n  \"Z\",\n]\n[c]\ndeny = [{ name = \"t\" }]\n";
        assert_eq!(list(toml, "b", "allow"), ["Y", "Z"]);
        assert_eq!(list(toml, "a", "allow"), ["X"]);
        assert_eq!(list(toml, "c", "deny"), ["t"]);
        assert!(list(toml, "a", "deny").is_empty());
    }
}
