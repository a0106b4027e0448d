//! The table by operation, the flaky passes, the profiles, and the last line: how it ended, in words that the exit code
//! repeats.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    RenderContext, count,
    coverage::{self, Names, Operations},
    page::{Page, Tone, shortened},
    summary_unsupported, unreachable,
};
use crate::{
    model::{case::Profile, exchange::TransportError, verdict::Status},
    redact::Redactor,
    report::{Entry, JudgedRun, Outcome, RunScope, Yield, unanswered::unanswered},
};

/// How many entries there are of each column.
#[derive(Default, Clone, Copy)]
struct Tally([usize; COLUMNS.len()]);

/// The columns of the table; all but the first two are left out where they are empty. The third holds those passes that
/// took requests to be repeated.
const COLUMNS: [(Status, &str, Tone); 10] = [
    (Status::Pass, "pass", Tone::Good),
    (Status::Fail, "fail", Tone::Bad),
    (Status::Pass, FLAKY, Tone::Doubt),
    (Status::Error, "error", Tone::Doubt),
    (Status::Inconclusive, "open", Tone::Doubt),
    (Status::UnexpectedPass, "unexpected", Tone::Bad),
    (Status::KnownFailure, "known", Tone::Doubt),
    (Status::Tolerated, "old", Tone::Doubt),
    (Status::Skip, "skip", Tone::Quiet),
    (Status::Unsupported, "unsupported", Tone::Quiet),
];

const FLAKY: &str = "flaky";

/// Flaky passes that are told one by one.
const MOST_FLAKY: usize = 20;

/// Operations of one API that have a row each.
const MOST_ROWS: usize = 30;

impl Tally {
    fn of<'a>(entries: impl Iterator<Item = &'a Entry>) -> Self {
        let mut tally = Tally::default();
        for entry in entries {
            for (count, (status, title, _)) in tally.0.iter_mut().zip(COLUMNS) {
                *count += usize::from(status == entry.status && (title == FLAKY) == entry.is_flaky());
            }
        }
        tally
    }

    /// How many have this status, flaky passes included.
    fn get(&self, status: Status) -> usize {
        self.0.iter().zip(COLUMNS).filter(|(_, column)| column.0 == status).map(|(count, _)| count).sum()
    }

    fn flaky(&self) -> usize {
        self.0.iter().zip(COLUMNS).filter(|(_, column)| column.1 == FLAKY).map(|(count, _)| count).sum()
    }

    fn sum(tallies: &[Tally]) -> Tally {
        let mut sum = Tally::default();
        for tally in tallies {
            sum.0.iter_mut().zip(tally.0).for_each(|(all, one)| *all += one);
        }
        sum
    }

    /// Those of which nothing was sent.
    fn aside(&self) -> usize {
        self.get(Status::Skip) + self.get(Status::Unsupported)
    }

    /// Nothing but plain passes, skips, what is known to fail and what the target does not have.
    fn is_plain(&self) -> bool {
        let plain = [Status::Pass, Status::Skip, Status::KnownFailure, Status::Unsupported];
        self.flaky() == 0 && self.total() == plain.map(|status| self.get(status)).iter().sum::<usize>()
    }

    /// What many operations are said to be in one word.
    fn word(&self) -> &'static str {
        match () {
            () if self.get(Status::Unsupported) > self.total() / 2 => "not there",
            () if self.get(Status::KnownFailure) > 0 => "known to fail",
            () if self.get(Status::Pass) > 0 => "passed",
            () => "skipped",
        }
    }

    fn total(&self) -> usize {
        self.0.iter().sum()
    }
}

pub fn write(context: &RenderContext, page: &mut Page) {
    let cases = || context.entries().filter(|entry| entry.is_case());
    let total = Tally::of(cases());
    let shown: Vec<usize> = (0..COLUMNS.len()).filter(|&column| column < 2 || total.0[column] > 0).collect();
    let longest = cases().map(|entry| entry.subject.operation.len()).max().unwrap_or_default() + 2;
    // An API that the target does not have was skipped as a whole, and that was said.
    let judged = cases().filter(|entry| context.run.target.apis.contains_key(&entry.subject.api));
    let apis: BTreeSet<_> = judged.map(|entry| entry.subject.api.clone()).collect();
    for api in apis {
        let of_api = || cases().filter(|entry| entry.subject.api == api);
        let mut operations: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in of_api() {
            operations.entry(&entry.subject.operation).or_default().push(entry);
        }
        let rows: Vec<_> = operations
            .into_iter()
            .map(|(operation, entries)| (operation, Tally::of(entries.into_iter())))
            .collect();
        // Where there are many operations, those that tell nothing by themselves are told together.
        let fold = rows.len() > MOST_ROWS;
        let (folded, single): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|(_, tally)| fold && tally.is_plain());
        if single.is_empty() && summary_unsupported::is_for(context) {
            continue;
        }
        page.blank();
        row(page, Tone::Strong, &api, None, (&shown, longest));
        for (operation, tally) in single {
            let name = format!("  {}", context.redactor.line(operation));
            row(page, Tone::Plain, &name, Some(&tally), (&shown, longest));
        }
        let mut alike: BTreeMap<&str, Vec<Tally>> = BTreeMap::new();
        folded.into_iter().for_each(|(_, tally)| alike.entry(tally.word()).or_default().push(tally));
        for (word, tallies) in alike {
            let name = format!("  {}, {word}", count(tallies.len(), "operation"));
            row(page, Tone::Plain, &name, Some(&Tally::sum(&tallies)), (&shown, longest));
        }
    }
    let operations =
        if summary_unsupported::is_for(context) { Operations::Listed } else { Operations::Counted };
    coverage::write(context, Names::None, operations, page);
    end(context, page);
}

/// The profiles, and the last line.
pub fn end(context: &RenderContext, page: &mut Page) {
    if !context.is_silent() {
        flaky(context, page);
        page.blank();
        totals(context, page);
        served(context, page);
    }
    last_line(context, page);
}

/// A line of the table; without a tally, its head. The layout is the columns to show and how long a name gets.
fn row(page: &mut Page, tone: Tone, name: &str, tally: Option<&Tally>, (shown, longest): (&[usize], usize)) {
    let width = |title: &str| title.len().max(4) + 2;
    let columns: usize = shown.iter().map(|&column| width(COLUMNS[column].1)).sum::<usize>() + width("cases");
    let room = page.width().saturating_sub(columns).min(longest.max(24));
    let name = if name.chars().count() > room { shortened(name, room) } else { name.to_owned() };
    let mut line = page.painted(tone, &format!("{name:<room$}"));
    let cell = |number: usize| if number == 0 { "-".to_owned() } else { number.to_string() };
    let total = tally.map_or("cases".to_owned(), |tally| cell(tally.total()));
    line += &page.painted(tone, &format!("{total:>w$}", w = width("cases")));
    for &column in shown {
        let (_, title, colour) = COLUMNS[column];
        let number = tally.map(|tally| tally.0[column]);
        let text = number.map_or(title.to_owned(), cell);
        let colour = match number {
            None => tone,
            Some(0) => Tone::Quiet,
            Some(_) => colour,
        };
        line += &page.painted(colour, &format!("{text:>w$}", w = width(title)));
    }
    page.verbatim(0, Tone::Plain, &line);
}

/// Who passed only after requests were repeated, and why they were.
fn flaky(context: &RenderContext, page: &mut Page) {
    let flaky: Vec<&Entry> = context.entries().filter(|entry| entry.is_flaky()).collect();
    if flaky.is_empty() {
        return;
    }
    page.blank();
    let head = format!("{} only after requests were repeated:", count(flaky.len(), "pass"));
    page.paragraph(0, Tone::Doubt, &head);
    for entry in flaky.iter().take(MOST_FLAKY) {
        let text = format!(
            "{}: {}",
            context.redactor.line(&entry.subject.name),
            context.redactor.line(&repeats(entry))
        );
        page.paragraph(2, Tone::Plain, &text);
    }
    if flaky.len() > MOST_FLAKY {
        page.paragraph(2, Tone::Quiet, &format!("and {} others", flaky.len() - MOST_FLAKY));
    }
}

/// Why requests of an entry were repeated: each reason once, with how often it was one.
pub fn repeats(entry: &Entry) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    entry.repeated.iter().for_each(|reason| *reasons.entry(reason).or_default() += 1);
    let times = |(reason, number): (&str, usize)| match number {
        1 => reason.to_owned(),
        number => format!("{reason} ({number} times)"),
    };
    reasons.into_iter().map(times).collect::<Vec<_>>().join("; ")
}

/// `core 60 of 62 passed; 312 exchanges in 1.24 s`.
fn totals(context: &RenderContext, page: &mut Page) {
    let profiles = [(Profile::Core, "core"), (Profile::Extended, "extended")];
    let parts = profiles.into_iter().filter_map(|(profile, name)| {
        let entries = context.entries().filter(|entry| entry.subject.profile == Some(profile));
        let tally = Tally::of(entries);
        let judged = tally.total() - tally.aside();
        (tally.total() > 0).then(|| format!("{name}: {} of {judged} judged passed", tally.get(Status::Pass)))
    });
    let generated = context.run.entries.iter().filter(|entry| entry.subject.is_generated()).count();
    let seed = context.run.seed.filter(|_| generated > 0);
    let seed = seed.map(|seed| format!("{generated} of the cases generated, seed {seed}"));
    let exchanges: usize = context.run.entries.iter().map(|entry| entry.exchanges).sum();
    let elapsed = format!("{} in {:.2} s", count(exchanges, "exchange"), context.run.elapsed.as_secs_f64());
    let text: Vec<String> = parts.chain(seed).chain([elapsed]).collect();
    page.paragraph(0, Tone::Quiet, &text.join("; "));
}

/// How much of what is right was served, and which operations served nothing.
fn served(context: &RenderContext, page: &mut Page) {
    let run = context.run;
    if run.plan.coverage == RunScope::Traffic {
        let text = "Not asked: whatever cases claim. What a client happened to send was held to what every answer owes, \
                    and to what earlier answers said of the same resources.";
        return page.paragraph(0, Tone::Quiet, text);
    }
    let never = run.never_served();
    let mut text = run.yielded().to_string();
    if !never.is_empty() {
        let names: Vec<String> = never.iter().map(|(_, name)| context.redactor.line(name)).collect();
        text += &format!("; never served: {}", super::listed(&names));
    }
    let unasked = run.never_asked();
    if !unasked.is_empty() {
        let names: Vec<String> = unasked.iter().map(|(_, name)| context.redactor.line(name)).collect();
        text += &format!("; never asked, since all their cases were skipped: {}", super::listed(&names));
    }
    if !run.supporting.is_empty() {
        text += &format!("; {} sent besides, as twins", count(run.supporting.len(), "case"));
    }
    page.paragraph(0, Tone::Quiet, &text);
    let answered = run.covered.iter().flat_map(|covered| &covered.apis);
    let uncompared = answered.filter(|api| !api.outputs.seen.is_empty() && api.compared.is_empty());
    for api in uncompared {
        let text = format!(
            "No claim of this run compares a value in a response of {}: it does not show that what was sent is kept. A \
             `resources.yaml` that relates the members of requests and responses gives such claims.",
            context.redactor.line(&api.api)
        );
        page.paragraph(0, Tone::Quiet, &text);
    }
}

/// One line: where it would be longer than the page, it leaves out what the table says as well.
fn last_line(context: &RenderContext, page: &mut Page) {
    let Ending { glyph, word, mut parts } = ending(context.run, context.report.terms.today, context.redactor);
    let tone = match (context.run.outcome(), word) {
        (Outcome::NotConformant, _) => Tone::Bad,
        (Outcome::Conformant, "CONFORMANT") => Tone::Good,
        _ => Tone::Doubt,
    };
    let word = page.glyph(glyph) + word;
    while parts.len() > 1 && word.chars().count() + 2 + parts.join(", ").chars().count() > page.width() {
        parts.pop();
    }
    page.blank();
    page.cut(0, &word, tone, &parts.join(", "));
}

/// How a run ended, in words.
pub struct Ending {
    /// One character.
    pub glyph: &'static str,
    pub word: &'static str,
    /// `1 case breaks 2 clauses`, `155 passed`: the trouble first.
    pub parts: Vec<String>,
}

/// What every form of a report says of a run before all else; its exit code says the same.
pub fn ending(run: &JudgedRun, today: Date, redactor: &Redactor) -> Ending {
    let silent = unanswered(run);
    let heard = |entry: &&Entry| !silent.iter().any(|it| it.api == entry.subject.api);
    let heard: Vec<&Entry> = run.entries.iter().filter(heard).collect();
    let tally = Tally::of(heard.iter().copied().filter(|entry| entry.is_case()));
    if run.outcome() == Outcome::NoViolation {
        let exchanges = count(run.entries.iter().map(|entry| entry.exchanges).sum(), "exchange");
        let mut parts = vec![format!("in {exchanges}, by envelope rules and earlier answers")];
        parts.extend(tail(run, today, &heard, &tally));
        return Ending { glyph: "~", word: "NO VIOLATION", parts };
    }
    let troubled = run.with(Status::Error).next().is_some() || !run.clean_up.is_empty();
    let (glyph, word) = match run.outcome() {
        Outcome::NotConformant => ("✗", "NOT CONFORMANT"),
        Outcome::CouldNotFindOut if !troubled && tally.total() > tally.aside() => ("?", "INCONCLUSIVE"),
        Outcome::CouldNotFindOut if !troubled => ("?", "NOTHING JUDGED"),
        Outcome::CouldNotFindOut => ("?", "COULD NOT FIND OUT"),
        _ if run.with(Status::Tolerated).next().is_some() => ("~", "NOTHING NEW IS BROKEN"),
        _ if tally.get(Status::Pass) + tally.get(Status::KnownFailure) == 0 => ("?", "NOTHING JUDGED"),
        Outcome::ConformantInPart | Outcome::NoViolation => ("~", "CONFORMANT IN PART"),
        Outcome::Conformant if tally.get(Status::KnownFailure) > 0 => {
            ("✓", "CONFORMANT BUT FOR KNOWN FAILURES")
        }
        Outcome::Conformant => ("✓", "CONFORMANT"),
    };
    let mut parts = tail(run, today, &heard, &tally);
    let of_silence = unreachable::causes(&silent).into_iter().map(|alike| {
        let cause = &alike[0].cause;
        let cause = redactor
            .line(cause.strip_prefix(&TransportError::Connect(String::new()).to_string()).unwrap_or(cause));
        match heard.is_empty() && alike.len() == silent.len() {
            true => format!("nothing was answered: {cause}"),
            false => format!("no answer from {}: {cause}", unreachable::apis(&alike)),
        }
    });
    // What the target broke is worse.
    let at = usize::from(run.outcome() == Outcome::NotConformant && !parts.is_empty());
    parts.splice(at..at, of_silence);
    Ending { glyph, word, parts }
}

/// What keeps a pass of the run from standing alone: cases that show neither, and what served nothing.
fn open(run: &JudgedRun, heard: &[&Entry]) -> Vec<String> {
    let of = |profile| {
        let open =
            |entry: &&&Entry| entry.status == Status::Inconclusive && entry.subject.profile == Some(profile);
        heard.iter().filter(open).count()
    };
    let core = heard.iter().filter(|entry| entry.subject.profile == Some(Profile::Core));
    let core = core.filter(|entry| !matches!(entry.status, Status::Skip | Status::Unsupported)).count();
    let mut parts = Vec::new();
    if run.plan.coverage == RunScope::Traffic {
        return parts;
    }
    // Where something else is wrong, that is told; what was not served may come of it.
    let untroubled = !heard.iter().any(|entry| matches!(entry.status, Status::Fail | Status::Error));
    let silent: Vec<&str> = run.silent_apis().into_iter().map(|api| &**api).collect();
    if untroubled && !silent.is_empty() {
        parts.push(format!("no right input served by {}", silent.join(", ")));
    }
    match (of(Profile::Core), of(Profile::Extended)) {
        (0, 0) => {}
        (0, extended) => parts.push(format!("{extended} extended inconclusive")),
        (open, 0) => parts.push(format!("{open} of {core} core inconclusive")),
        (open, extended) => parts.push(format!("{open} of {core} core and {extended} extended inconclusive")),
    }
    let never = run.never_served().len();
    if untroubled && never > 0 && heard.iter().any(|entry| entry.status == Status::Inconclusive) {
        parts.push(format!("{} never served", count(never, "operation")));
    }
    let unasked = run.left_out().len();
    if untroubled && unasked > 0 && silent.is_empty() {
        parts.push(format!("{} never asked", count(unasked, "operation")));
    }
    if let Some(least) = run.terms.min_served {
        let Yield { served, sent } = run.yielded();
        if served * 100 < sent * usize::from(least) {
            parts.push(format!("less than {least} % of right inputs served"));
        }
    }
    parts
}

/// What the last line counts: the trouble first, the rest behind it.
fn tail(run: &JudgedRun, today: Date, heard: &[&Entry], tally: &Tally) -> Vec<String> {
    let mut parts = Vec::new();
    let failing: Vec<&Entry> = run.with(Status::Fail).collect();
    let broken: BTreeSet<_> = failing
        .iter()
        .flat_map(|entry| entry.fresh(today))
        .flat_map(|violation| &violation.clauses)
        .collect();
    let what = match broken.len() {
        0 => "a claim".to_owned(),
        clauses => count(clauses, "clause"),
    };
    match (failing.len(), failing.iter().filter(|entry| entry.is_case()).count()) {
        (0, _) => {}
        (1, 1) => parts.push(format!("1 case breaks {what}")),
        (all, cases) if all == cases => parts.push(format!("{cases} cases break {what}")),
        (1, _) => parts.push(format!("a fixture breaks {what}")),
        (all, _) => parts.push(format!("{all} cases and fixtures break {what}")),
    }
    let undeclared: Vec<&Entry> = run.entries.iter().filter(|entry| entry.undeclared()).collect();
    let of_operations: BTreeSet<_> = undeclared.iter().map(|entry| &entry.subject.operation).collect();
    let declared = tally.get(Status::Unsupported).saturating_sub(undeclared.len());
    let unexpected = run.with(Status::UnexpectedPass).count() + run.stale.len();
    let counted = [
        (unexpected, "unexpected pass"),
        (heard.iter().filter(|entry| entry.status == Status::Error).count(), "error"),
        (run.clean_up.len(), "clean-up problem"),
        (of_operations.len(), "undeclared unsupported"),
    ];
    parts.extend(
        counted.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| count(number, what)),
    );
    parts.extend(open(run, heard));
    let words = [
        (tally.get(Status::Pass) - tally.flaky(), "passed"),
        (tally.flaky(), FLAKY),
        (run.with(Status::Tolerated).count(), "also in the baseline"),
        (tally.get(Status::KnownFailure), "known to fail"),
        (tally.get(Status::Skip), "skipped"),
        (declared, "unsupported"),
    ];
    parts.extend(
        words.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")),
    );
    parts
}
