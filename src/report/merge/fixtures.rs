//! Fixtures that cases share: each part has made its own.

use crate::{model::verdict::Violation, report::Entry};

/// One entry for each fixture where all parts say the same of it; where some say otherwise, each of those is kept under
/// the name of its part, the worst under the fixture's own.
pub fn folded(shared: Vec<(String, Entry)>) -> Vec<Entry> {
    let mut folded: Vec<Vec<(String, Entry)>> = Vec::new();
    for (shard, entry) in shared {
        let same = folded.iter_mut().find(|kept| kept[0].1.subject.name == entry.subject.name);
        match same {
            Some(kept) if kept.iter().any(|(_, it)| alike(it, &entry)) => {}
            Some(kept) => kept.push((shard, entry)),
            None => folded.push(vec![(shard, entry)]),
        }
    }
    let named = folded.into_iter().flat_map(|mut kept| {
        // The worst first; the sort keeps the order of the parts.
        kept.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.status));
        kept.into_iter().enumerate().filter(|(index, (_, entry))| *index == 0 || !entry.is_good()).map(
            |(index, (shard, mut entry))| {
                if index > 0 {
                    entry.subject.add_shard(&shard);
                }
                entry
            },
        )
    });
    named.collect()
}

/// Whether two parts say the same of a fixture, whatever its things are called in each.
fn alike(one: &Entry, other: &Entry) -> bool {
    let told = |entry: &Entry| -> Vec<String> {
        let one = |it: &Violation| {
            format!("{} {:?} {} {}", it.rule, it.clauses, it.mismatch.at, it.mismatch.expected)
        };
        entry.every_violation().map(one).collect()
    };
    one.status == other.status && told(one) == told(other)
}
