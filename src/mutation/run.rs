//! Every operator at every place of every answer, judged on as many threads as are given.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{
    Subject,
    answer::Answer,
    change::{Change, shown},
    donors::Donors,
    left::Left,
    operators::{Answered, Class, OPERATORS, Operator},
    place::pattern,
    score::{Counted, Key, Score, Survivor},
    trial::Trial,
};
use crate::{
    check::{JudgingContext, Twins},
    model::{exchange::Role, verdict::Location},
    plan::glob,
};

/// What is measured, and how.
pub struct Settings<'a> {
    /// Names of operators and of classes; empty for all.
    pub operators: Vec<String>,
    /// Names of operations; empty for all.
    pub operations: Vec<String>,
    /// Clauses that are broken by construction (`*` stands for any text); empty for all and for none.
    pub clauses: Vec<String>,
    /// So many of all mutants, chosen by `seed`.
    pub sample: Option<usize>,
    pub seed: u64,
    pub threads: usize,
    /// What stands in a record where a secret was.
    pub mask: &'a str,
    /// The entry of the file of equivalents that a mutant is one of.
    pub equivalent: &'a (dyn Fn(&Key) -> Option<usize> + Sync),
    /// Called with how many entries are done.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

impl Settings<'_> {
    fn takes(&self, operator: &Operator) -> bool {
        let named = |name: &String| *name == operator.name || *name == operator.class.name();
        self.operators.is_empty() || self.operators.iter().any(named)
    }

    fn takes_operation(&self, name: &str) -> bool {
        self.operations.is_empty() || self.operations.iter().any(|wanted| wanted == name)
    }

    fn takes_clause(&self, key: &Key) -> bool {
        let named = |clause: &str| self.clauses.iter().any(|wanted| glob(wanted, clause));
        self.clauses.is_empty() || key.clause.as_deref().is_some_and(named)
    }
}

/// Everything that is the same for all subjects.
struct Bench<'a> {
    subjects: &'a [Subject<'a>],
    judge: &'a JudgingContext<'a>,
    twins: &'a Twins,
    settings: &'a Settings<'a>,
    donors: Donors,
    /// Mutants whose number is above are not taken.
    most: u64,
}

/// One mutant before it is judged.
struct Mutant {
    exchange: usize,
    key: Key,
    change: Change,
}

/// Changes the answers of all subjects. `judge` is to compare no snapshots: the score is that of the contract and of claims.
/// The same subjects and settings give the same score, on any number of threads.
pub fn measure(
    subjects: &[Subject<'_>],
    judge: &JudgingContext<'_>,
    twins: &Twins,
    settings: &Settings<'_>,
) -> Score {
    let donors = Donors::of(subjects, settings.mask);
    let mut bench = Bench { subjects, judge, twins, settings, donors, most: u64::MAX };
    if let Some(sample) = settings.sample {
        let mut numbers = bench.on_all_threads(|bench, subject, found: &mut Vec<u64>| {
            bench.each(subject, &mut |mutant| found.push(bench.number(subject, &mutant)));
        });
        let mut all: Vec<u64> = numbers.drain(..).flatten().collect();
        bench.most = match sample.checked_sub(1) {
            None => return Score::default(),
            Some(last) if last < all.len() => *all.select_nth_unstable(last).1,
            Some(_) => u64::MAX,
        };
    }
    let parts = bench.on_all_threads(|bench, subject, score: &mut Score| {
        bench.judge(subject, score);
        (bench.settings.progress)(1);
    });
    let mut score = Score::default();
    parts.into_iter().for_each(|part| score.merge(part));
    score
}

impl Bench<'_> {
    /// What each thread has found of the subjects that it took.
    fn on_all_threads<T: Default + Send>(&self, work: impl Fn(&Self, &Subject<'_>, &mut T) + Sync) -> Vec<T> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..self.settings.threads.max(1) {
                scope.spawn(|| {
                    let mut found = T::default();
                    while let Some(subject) = self.subjects.get(next.fetch_add(1, Ordering::Relaxed)) {
                        work(self, subject, &mut found);
                    }
                    if let Ok(mut done) = done.lock() {
                        done.push(found);
                    }
                });
            }
        });
        done.into_inner().unwrap_or_default()
    }

    fn judge(&self, subject: &Subject<'_>, score: &mut Score) {
        let Some(mut trial) = Trial::new(subject, self.judge, self.twins) else {
            score.not_judged += 1;
            return;
        };
        score.entries += 1;
        self.each(subject, &mut |mutant| {
            if self.number(subject, &mutant) > self.most {
                return;
            }
            let Mutant { exchange, key, change } = mutant;
            let Ok(original) = &subject.trace.exchanges[exchange].answer else { return };
            let changed = change.apply(original, subject.trace);
            let same = (changed.status, &changed.headers, &changed.body, changed.stray)
                == (original.status, &original.headers, &original.body, original.stray);
            let (outcome, changed) = trial.judge(exchange, &change, changed);
            let left = if same { Some(Left::Same) } else { change.left };
            let counted = Counted { outcome, left, equivalent: (self.settings.equivalent)(&key) };
            score.count(key, &counted, || Survivor {
                case: subject.name.to_owned(),
                exchange,
                at: change.at.to_string(),
                before: shown(original, &change.at),
                after: shown(&changed, &change.at),
            });
        });
    }

    /// Every mutant of a subject that is asked for, in order.
    fn each(&self, subject: &Subject<'_>, visit: &mut dyn FnMut(Mutant)) {
        for index in 0..subject.trace.exchanges.len() {
            let exchange = &subject.trace.exchanges[index];
            let api = match &exchange.role {
                Role::Fixture { id, .. } => id.split("::").next(),
                Role::Step { .. } | Role::Token => {
                    subject.name.trim_start_matches("fixture ").split("::").next()
                }
            };
            let Some(contract) = api.and_then(|api| self.judge.contracts.get(api)) else { continue };
            if subject.cut.contains(&index) || !self.settings.takes_operation(&exchange.operation) {
                continue;
            }
            let base = self.judge.target.apis.get(&contract.api).map_or("/", |api| api.base_url.path());
            let answer = Answer::new(subject.trace, index, contract, base, &self.donors, self.settings.mask);
            let Some(answer) = answer else { continue };
            let answered = if answer.is_error() { Answered::Error } else { Answered::Success };
            let mut changes = Vec::new();
            for (operator, row) in OPERATORS.iter().enumerate().filter(|(_, row)| self.settings.takes(row)) {
                (row.find)(&answer, &mut changes);
                let clause = row.clause(contract, &exchange.operation, answered, self.judge.clauses);
                for change in changes.drain(..) {
                    let change = self.outside(&answer, row, change);
                    let key = Key {
                        api: contract.api.clone(),
                        operation: exchange.operation.clone(),
                        operator,
                        place: place(&change.at),
                        clause: clause.clone(),
                    };
                    if self.settings.takes_clause(&key) {
                        visit(Mutant { exchange: index, key, change });
                    }
                }
            }
        }
    }

    /// What answers a request that is none of the protocol is held to its status alone.
    fn outside(&self, answer: &Answer<'_>, operator: &Operator, change: Change) -> Change {
        let is_http = operator.name.starts_with("date-") || change.at == Location::Status;
        let outside = answer.is_outside() && !(is_http && operator.class == Class::Envelope);
        let left = change.left.or(outside.then_some(Left::OutsideProtocol));
        change.left(left)
    }

    /// A number that is the mutant's own in every run of the same record, spread evenly.
    fn number(&self, subject: &Subject<'_>, mutant: &Mutant) -> u64 {
        if self.settings.sample.is_none() {
            return 0;
        }
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ self.settings.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut take = |text: &str| {
            for byte in text.bytes().chain([0xff]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        };
        take(subject.name);
        take(&mutant.exchange.to_string());
        take(mutant.key.operator().name);
        take(&mutant.change.at.to_string());
        // FNV-1a mixes its upper bits well and its lower ones badly; this evens that out.
        hash ^= hash >> 32;
        hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
        hash ^ (hash >> 32)
    }
}

fn place(at: &Location) -> String {
    match at {
        Location::Pointer(pointer) => format!("body {}", pattern(pointer)),
        at => at.to_string(),
    }
}
