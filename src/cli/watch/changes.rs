//! What a change is about: from the texts before and after to what is to be run again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The texts that a run depends on, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    pub cases: BTreeMap<Arc<str>, Arc<str>>,
    pub schemas: BTreeMap<Arc<str>, Arc<str>>,
    pub target: Option<String>,
}

/// What is to be run again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    Nothing,
    /// Why.
    Everything(&'static str),
    /// The cases of these files.
    Files(BTreeSet<Arc<str>>),
}

impl Seen {
    /// What the change from this to `now` is about.
    pub fn again(&self, now: &Seen) -> Again {
        if self.schemas != now.schemas {
            return Again::Everything("a contract has changed");
        }
        if self.target != now.target {
            return Again::Everything("the target file has changed");
        }
        let changed = changed(&self.cases, &now.cases);
        let shared = |path: &Arc<str>| {
            let texts = [self.cases.get(path), now.cases.get(path)];
            texts.into_iter().flatten().any(|text| is_shared(text))
        };
        match changed {
            changed if changed.is_empty() => Again::Nothing,
            changed if changed.iter().any(shared) => Again::Everything("fixtures or variables have changed"),
            changed => Again::Files(changed),
        }
    }
}

fn changed(
    before: &BTreeMap<Arc<str>, Arc<str>>,
    after: &BTreeMap<Arc<str>, Arc<str>>,
) -> BTreeSet<Arc<str>> {
    let paths = before.keys().chain(after.keys());
    paths.filter(|path| before.get(*path) != after.get(*path)).cloned().collect()
}

/// Whether cases of other files use what stands in this one.
fn is_shared(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("fixtures:") || line.starts_with("variables:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(cases: &[(&str, &str)]) -> Seen {
        let cases = cases.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect();
        Seen { cases, ..Seen::default() }
    }

    #[test]
    fn a_change_is_about_its_own_file_or_about_everything() {
        let before = [("a.yaml", "cases: 1"), ("b.yaml", "cases: 1"), ("f.yaml", "fixtures:\n  x: 1")];
        let files = |names: &[&str]| Again::Files(names.iter().map(|name| (*name).into()).collect());
        let everything = Again::Everything("fixtures or variables have changed");
        for (after, expected) in [
            (before.to_vec(), Again::Nothing),
            (vec![("a.yaml", "cases: 2"), before[1], before[2]], files(&["a.yaml"])),
            (vec![("a.yaml", "cases: 2"), ("b.yaml", "cases: 2"), before[2]], files(&["a.yaml", "b.yaml"])),
            (vec![before[0], before[1], before[2], ("c.yaml", "")], files(&["c.yaml"])),
            (vec![before[1], before[2]], files(&["a.yaml"])),
            (vec![before[0], before[1], ("f.yaml", "fixtures:\n  x: 2")], everything.clone()),
            (vec![before[0], before[1]], everything.clone()),
            (vec![("a.yaml", "variables: {}"), before[1], before[2]], everything),
        ] {
            assert_eq!(seen(&before).again(&seen(&after)), expected, "{after:?}");
        }
    }

    #[test]
    fn contracts_and_targets_are_everybodys() {
        let target = Seen { target: Some("a".into()), ..Seen::default() };
        assert_eq!(Seen::default().again(&target), Again::Everything("the target file has changed"));
        let schemas = [("a".into(), "b".into())].into();
        let schemas = Seen { schemas, ..Seen::default() };
        assert_eq!(Seen::default().again(&schemas), Again::Everything("a contract has changed"));
    }
}
