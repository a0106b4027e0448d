//! What the parts of a run have seen together.

use std::collections::{BTreeMap, BTreeSet};

use super::{ApiCoverage, ClauseCoverage, Coverage, OperationCoverage, OperationState, Ratio, relations};
use crate::{
    model::{
        clause::Strength,
        verdict::{Verdict, Violation},
    },
    report::{Entry, JudgedRun, Yield},
};

/// What any part has seen; none where a part does not say. What an operation is then worth is for [`Coverage::judged`]
/// to say.
pub fn union(parts: &[JudgedRun]) -> Option<Coverage> {
    let mut all = parts.iter().map(|part| part.covered.as_ref());
    let first = all.next()??.clone();
    all.try_fold(first, |sum, part| Some(sum.and(part?)))
}

impl Coverage {
    fn and(mut self, other: &Coverage) -> Coverage {
        for theirs in &other.apis {
            match self.apis.iter_mut().find(|ours| ours.api == theirs.api) {
                Some(ours) => ours.and(theirs),
                None => self.apis.push(theirs.clone()),
            }
        }
        let ClauseCoverage { kept, broken, untouched } = &mut self.clauses;
        broken.extend(other.clauses.broken.iter().cloned());
        kept.extend(other.clauses.kept.iter().cloned());
        untouched.extend(other.clauses.untouched.iter().map(|(id, strength)| (id.clone(), *strength)));
        self.clauses.settle();
        self
    }

    /// The same with each operation's state and each broken clause as all entries of the whole say: the parts cannot
    /// know whether another has seen an operation pass, or break something.
    pub fn judged(mut self, entries: &[Entry]) -> Coverage {
        let must = |violation: &&Violation| violation.strength == Strength::Must;
        let violations =
            || entries.iter().flat_map(|entry| entry.violations().iter().map(move |it| (entry, it)));
        let operation_of = |entry: &Entry, violation: &Violation| {
            Some(entry.exchange(violation.exchange)?.operation.to_string())
        };
        let api_of = |entry: &Entry| entry.subject.api.to_string();
        let broken: BTreeSet<(String, String)> = violations()
            .filter(|(_, violation)| must(violation))
            .filter_map(|(entry, violation)| Some((api_of(entry), operation_of(entry, violation)?)))
            .collect();
        let passes = |entry: &&Entry| match &entry.verdict {
            Verdict::Pass { .. } => true,
            // Only `--fail-on should` makes it one.
            Verdict::Fail { violations, .. } => !violations.iter().any(|it| must(&it)),
            _ => false,
        };
        let passing = entries.iter().filter(|entry| entry.is_case()).filter(passes);
        let passed: BTreeSet<(String, String)> =
            passing.map(|entry| (api_of(entry), entry.subject.operation.to_string())).collect();
        let mut yields: BTreeMap<(String, String), Yield> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.is_case()) {
            let key = (api_of(entry), entry.subject.operation.to_string());
            yields.entry(key).or_default().add(entry.service);
        }
        for api in &mut self.apis {
            for (name, operation) in &mut api.operations {
                let key = (api.api.to_string(), name.clone());
                operation.yielded = yields.get(&key).copied().unwrap_or_default();
                operation.state = match operation.state {
                    OperationState::Untouched | OperationState::Unsupported => operation.state,
                    _ if passed.contains(&key) && !broken.contains(&key) => OperationState::Passed,
                    _ => OperationState::Exercised,
                };
            }
        }
        let all = entries.iter().flat_map(|entry| entry.violations().iter().chain(entry.warnings()));
        let clauses = all.flat_map(|violation| &violation.clauses).map(ToString::to_string);
        let known = |id: &String| self.clauses.kept.contains(id) || self.clauses.untouched.contains_key(id);
        let broken: BTreeSet<String> = clauses.filter(known).collect();
        self.clauses.broken.extend(broken);
        self.clauses.settle();
        self
    }
}

impl ApiCoverage {
    fn and(&mut self, other: &ApiCoverage) {
        for (name, theirs) in &other.operations {
            match self.operations.get_mut(name) {
                Some(ours) => ours.and(theirs),
                None => drop(self.operations.insert(name.clone(), theirs.clone())),
            }
        }
        self.inputs.and(&other.inputs);
        self.outputs.and(&other.outputs);
        self.compared.extend(other.compared.iter().cloned());
        relations::and(&mut self.resources, &other.resources);
    }
}

impl OperationCoverage {
    fn and(&mut self, other: &OperationCoverage) {
        self.state = match (self.state, other.state) {
            (OperationState::Unsupported, _) | (_, OperationState::Unsupported) => {
                OperationState::Unsupported
            }
            (OperationState::Untouched, state) | (state, OperationState::Untouched) => state,
            _ => OperationState::Exercised,
        };
        self.statuses.and(&other.statuses);
        self.errors.and(&other.errors);
    }
}

impl Ratio {
    fn and(&mut self, other: &Ratio) {
        self.seen.extend(other.seen.iter().cloned());
        self.unseen.extend(other.unseen.iter().cloned());
        let Ratio { seen, unseen } = self;
        unseen.retain(|name| !seen.contains(name));
    }
}

impl ClauseCoverage {
    /// What is broken anywhere is not kept, and what is either is not untouched.
    fn settle(&mut self) {
        let ClauseCoverage { kept, broken, untouched } = self;
        kept.retain(|id| !broken.contains(id));
        let touched = |id: &String| kept.contains(id) || broken.contains(id);
        untouched.retain(|id: &String, _| !touched(id));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn share(seen: &[&str], unseen: &[&str]) -> Ratio {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Ratio { seen: set(seen), unseen: set(unseen) }
    }

    fn covered(state: OperationState, seen: &[&str], unseen: &[&str], clauses: [&[&str]; 3]) -> Coverage {
        let (statuses, errors, yielded) = (share(seen, unseen), share(&[], &[]), Yield::default());
        let operation = OperationCoverage { state, statuses, errors, yielded };
        let operations: BTreeMap<_, _> = [("A".to_owned(), operation)].into();
        let api = ApiCoverage {
            api: "dms".into(),
            operations,
            inputs: share(&[], &[]),
            outputs: share(&[], &[]),
            compared: BTreeSet::new(),
            resources: super::super::Relations::new(),
        };
        let [kept, broken, untouched] = clauses.map(|ids| ids.iter().map(|id| (*id).to_owned()));
        let clauses = ClauseCoverage {
            kept: kept.collect(),
            broken: broken.collect(),
            untouched: untouched.map(|id| (id, Strength::Must)).collect(),
        };
        Coverage { apis: vec![api], clauses }
    }

    #[test]
    fn what_any_part_has_seen_all_have_seen() {
        let one = covered(OperationState::Untouched, &["200"], &["400"], [&["a", "b"], &[], &["c", "d"]]);
        let other = covered(OperationState::Passed, &["400"], &["200"], [&["c"], &["a"], &["b", "d"]]);
        let sum = covered(OperationState::Passed, &["200", "400"], &[], [&["b", "c"], &["a"], &["d"]]);
        assert_eq!(one.clone().and(&other), sum);
        assert_eq!(other.and(&one), sum);
    }
}
