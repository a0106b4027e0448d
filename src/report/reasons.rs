//! Many reasons in few lines: those that differ in nothing but names are of one kind.

use std::{collections::BTreeSet, sync::LazyLock};

use indexmap::IndexMap;
use regex::Regex;

use super::JudgedRun;

/// So many reasons of one kind are told one by one.
const FEW: usize = 3;
/// What stands where they differ.
const NAME: &str = "...";

/// Reasons that say the same, and whose they are.
#[derive(Debug, PartialEq, Eq)]
pub struct Reasons<T> {
    /// The reason; of several what they have in common, `...` where their names stand.
    pub text: String,
    /// Of several, the name that each of them begins with, and how often it does; the most frequent first.
    pub names: Vec<(String, usize)>,
    pub all: Vec<T>,
}

/// The names by which the operations of a run are called.
pub fn operations(run: &JudgedRun) -> BTreeSet<&str> {
    run.entries.iter().map(|entry| &*entry.subject.operation).collect()
}

/// Puts reasons together, in the order of their first sight: those that are equal, and where there are more than a few,
/// those that differ in names alone. `operations` are names whatever they look like.
pub fn grouped<T>(
    reasons: impl Iterator<Item = (String, T)>,
    operations: &BTreeSet<&str>,
) -> Vec<Reasons<T>> {
    let mut kinds: IndexMap<String, IndexMap<String, Vec<T>>> = IndexMap::new();
    for (reason, whose) in reasons {
        let (kind, _) = apart(&reason, operations);
        kinds.entry(kind).or_default().entry(reason).or_default().push(whose);
    }
    let mut grouped = Vec::new();
    for (kind, reasons) in kinds {
        if reasons.len() <= FEW {
            let alone = |(text, all)| Reasons { text, names: Vec::new(), all };
            grouped.extend(reasons.into_iter().map(alone));
            continue;
        }
        let mut names: IndexMap<String, usize> = IndexMap::new();
        for (reason, all) in &reasons {
            *names.entry(apart(reason, operations).1).or_default() += all.len();
        }
        let mut names: Vec<(String, usize)> = names.into_iter().collect();
        names.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
        let all = reasons.into_values().flatten().collect();
        grouped.push(Reasons { text: kind, names, all });
    }
    grouped
}

/// A reason without its names, and the first of them.
fn apart(reason: &str, operations: &BTreeSet<&str>) -> (String, String) {
    // In backticks, or as programs spell names; whatever else is called so by the contract.
    static WORDS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"`[^`]*`|\w+(?:(?:::|[.-])\w+)*").ok());
    static CAMEL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\p{Ll}\d]\p{Lu}|::|^pm-").ok());
    let (Some(words), Some(camel)) = (WORDS.as_ref(), CAMEL.as_ref()) else {
        return (reason.to_owned(), String::new());
    };
    let (mut kind, mut first, mut end) = (String::new(), None, 0);
    for word in words.find_iter(reason) {
        let text = word.as_str();
        if !text.starts_with('`') && !operations.contains(text) && !camel.is_match(text) {
            continue;
        }
        kind += &reason[end..word.start()];
        kind += NAME;
        end = word.end();
        first.get_or_insert_with(|| text.trim_matches('`').to_owned());
    }
    (kind + &reason[end..], first.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(reasons: &[&str]) -> Vec<String> {
        let operations = BTreeSet::from(["Login", "CreateEndpoint"]);
        let all = grouped(reasons.iter().map(|reason| ((*reason).to_owned(), ())), &operations);
        all.into_iter().map(|it| format!("{}: {} {:?}", it.all.len(), it.text, it.names)).collect()
    }

    #[test]
    fn what_differs_in_names_alone_is_one() {
        let permits = |name: &str| format!("{name} would change, which the target does not permit");
        let many: Vec<String> =
            ["Login", "Login", "ModifyEndpoint", "CreateEndpoint", "startFlr"].map(permits).into();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(
            rendered(&many),
            [
                r#"5: ... would change, which the target does not permit [("Login", 2), ("ModifyEndpoint", 1), ("CreateEndpoint", 1), ("startFlr", 1)]"#
            ]
        );
        let features = ["a", "b c", "d", "e.f"].map(|name| format!("needs the feature `{name}`"));
        let features: Vec<&str> = features.iter().map(String::as_str).collect();
        assert!(rendered(&features)[0].starts_with("4: needs the feature ... [(\"a\", 1), (\"b c\", 1)"));
    }

    #[test]
    fn few_reasons_and_other_reasons_stay_what_they_are() {
        let few = ["needs the feature `a`", "needs the feature `b`", "needs the feature `b`"];
        assert_eq!(rendered(&few), ["1: needs the feature `a` []", "2: needs the feature `b` []"]);
        let others = ["one thing", "another thing", "a third", "a fourth", "no route to host 10.0.0.1"];
        assert_eq!(rendered(&others).len(), 5);
    }
}
