//! What is typed behind a chore.

use std::ops::RangeInclusive;

/// Refuses what none of these options is: each is a word, or a word and what its value is called. `N` and `S` are whole numbers.
pub(crate) fn check(words: &[String], options: &[&str]) -> Result<(), String> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let known = options.iter().find(|option| option.split(' ').next() == Some(word));
        let option = known.ok_or_else(|| format!("there is no option {word:?}"))?;
        let Some((_, value)) = option.split_once(' ') else { continue };
        let given = words.next().ok_or_else(|| format!("{option}: the value is missing"))?;
        if matches!(value, "N" | "S") && given.parse::<u64>().is_err() {
            return Err(format!("{option}: {given:?} is no number that fits"));
        }
    }
    Ok(())
}

/// What stands behind the option `name`.
pub(crate) fn text<'w>(words: &'w [String], name: &str) -> Option<&'w str> {
    let at = words.iter().position(|word| word == name)?;
    words.get(at + 1).map(String::as_str)
}

/// The number behind the option `name`, or what is `usual`; refused outside of `range`.
pub(crate) fn number(words: &[String], name: &str, usual: u64, range: &RangeInclusive<u64>) -> Result<u64, String> {
    let Some(at) = words.iter().position(|word| word == name) else { return Ok(usual) };
    let given = words.get(at + 1).and_then(|word| word.parse().ok()).filter(|number| range.contains(number));
    given.ok_or_else(|| format!("{name} wants a number from {} to {}", range.start(), range.end()))
}

/// Whether somebody asks what there is to be typed; what stands behind `--` belongs to another program.
pub(crate) fn ask_for_help(words: &[String]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| word == "--help" || word == "-h" || word == "help")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let options = ["--every N", "--task NAME", "--controls"];
        for right in ["", "--controls", "--every 3 --task apply --controls"] {
            assert_eq!(check(&words(right), &options), Ok(()), "{right}");
        }
        for wrong in ["--every", "--every x", "--every -1", "--task", "3", "--control", "/dev/sda"] {
            assert!(check(&words(wrong), &options).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let number = |text: &str| number(&words(text), "--gib", 4, &(1..=1024));
        assert_eq!([number(""), number("--gib 1"), number("--dir x --gib 1024")], [Ok(4), Ok(1), Ok(1024)]);
        for wrong in ["--gib 0", "--gib 1025", "--gib 99999999999999999999", "--gib"] {
            assert!(number(wrong).unwrap_err().contains("from 1 to 1024"), "{wrong}");
        }
    }

    #[test]
    fn help_is_asked_of_the_chore_only() {
        assert!(ask_for_help(&words("--every 3 --help")));
        assert!(!ask_for_help(&words("--log x -- rsync --help")));
    }
}
