//! The score for a reader at a terminal, in 80 columns.

use std::fmt::Write as _;

use super::{CAVEAT, Measured, OfClause, PASSES, Scored, SurvivorDocument};
use crate::{
    mutation::{Left, OPERATORS},
    redact::Redactor,
    report::Names,
};

const WIDTH: usize = 80;
/// Operations and survivors that are shown where not all are asked for.
pub const FEW: usize = 10;

/// The whole page.
pub fn text(measured: &Measured, names: Names, redactor: &Redactor) -> String {
    let few = |all: usize| if names == Names::All { all } else { FEW.min(all) };
    let mut text = head(measured, redactor);
    text += &table("by class", measured.classes.iter().map(|(class, it)| (class.to_string(), it)));
    let in_order =
        OPERATORS.iter().filter_map(|row| Some((row.name.to_owned(), measured.operators.get(row.name)?)));
    text += &table("by operator", in_order);
    let mut operations: Vec<(&String, &Scored)> =
        measured.operations.iter().filter(|(_, it)| it.score.is_some()).collect();
    operations.sort_by(|one, other| {
        let score = |it: &Scored| it.score.unwrap_or_default();
        score(one.1).total_cmp(&score(other.1)).then_with(|| one.0.cmp(other.0))
    });
    let shown = few(operations.len());
    let title = match shown < operations.len() {
        true => format!("the {shown} operations of {} with the lowest score", operations.len()),
        false => "by operation".to_owned(),
    };
    text += &table(&title, operations.into_iter().take(shown).map(|(name, it)| (redactor.line(name), it)));
    text += &clauses(measured);
    text += &survivors(measured, few(measured.survivors.len()), redactor);
    text += &left(measured);
    text
}

fn wrapped(text: &str, indent: &str) -> String {
    let form = textwrap::Options::new(WIDTH).initial_indent(indent).subsequent_indent(indent);
    textwrap::fill(text, form.break_words(true).word_splitter(textwrap::WordSplitter::NoHyphenation)) + "\n"
}

fn head(measured: &Measured, redactor: &Redactor) -> String {
    let all = measured.total.tally.all();
    let sample = match measured.sample {
        Some(_) => format!("a sample of {all} mutants"),
        None => format!("{all} mutants"),
    };
    let mut text = wrapped(
        &format!(
            "{sample} of {} entries of the run against {}, by {} operators (version {})",
            measured.entries,
            redactor.line(&measured.target),
            OPERATORS.len(),
            measured.operators_version
        ),
        "",
    );
    if measured.not_changed > 0 {
        let sentence = format!(
            "{} entries were not changed: they did not pass, or cannot be judged again",
            measured.not_changed
        );
        text += &wrapped(&sentence, "");
    }
    text += &wrapped(CAVEAT, "");
    let sentence = format!(
        "{} of {} kinds of mutants (operation, operator, place) were noticed at least once",
        measured.kinds_noticed, measured.kinds
    );
    text + &wrapped(&sentence, "")
}

/// A score as it is shown: never rounded up.
pub fn percent(score: Option<f64>) -> String {
    score.map_or("-".into(), |score| format!("{score:.2} %"))
}

fn table<'a>(title: &str, rows: impl Iterator<Item = (String, &'a Scored)>) -> String {
    let mut text = format!(
        "\n{:<28}{:>9}{:>8}{:>9}{:>7}{:>9}{:>10}\n",
        cut(title, 28),
        "noticed",
        "doubt",
        "passed",
        "open",
        "left",
        "score"
    );
    for (name, scored) in rows {
        let tally = &scored.tally;
        if name.chars().count() > 27 {
            let _ = writeln!(text, "  {}", cut(&name, WIDTH - 2));
        }
        let shown = if name.chars().count() > 27 { String::new() } else { name };
        let _ = writeln!(
            text,
            "{shown:<28}{:>9}{:>8}{:>9}{:>7}{:>9}{:>10}",
            tally.noticed,
            tally.doubted,
            tally.survived,
            tally.open,
            tally.left + tally.equivalent,
            percent(scored.score)
        );
    }
    text
}

fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        Some(_) => text.chars().take(width - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// Clauses that mutants break by construction and that not every one was noticed by.
fn clauses(measured: &Measured) -> String {
    let whole = |it: &OfClause| it.scored.tally.survived == 0;
    let counted = measured.clauses.iter().filter(|(_, it)| it.scored.tally.counted() > 0);
    let (fine, wanting): (Vec<_>, Vec<_>) = counted.partition(|(_, it)| whole(it));
    let mut text = format!(
        "\n{} clauses are broken by construction; every mutant of {} was noticed\n",
        fine.len() + wanting.len(),
        fine.len()
    );
    for (clause, it) in wanting {
        let tally = &it.scored.tally;
        let _ = writeln!(
            text,
            "  {:<44}{:>10} of {:>10}{:>10}",
            cut(clause, 44),
            tally.survived,
            tally.counted(),
            percent(it.scored.score)
        );
    }
    text
}

fn survivors(measured: &Measured, shown: usize, redactor: &Redactor) -> String {
    let all = measured.survivors.len();
    if all == 0 {
        return "\nnothing passed\n".into();
    }
    let never = measured.survivors.iter().filter(|it| it.noticed == 0).count();
    let mut text = format!("\n{all} kinds passed, {never} of them whenever they were tried");
    text += &if shown < all { format!("; the first {shown}:\n") } else { ":\n".to_owned() };
    for survivor in measured.survivors.iter().take(shown) {
        text += &one(survivor, redactor);
    }
    text
}

fn one(survivor: &SurvivorDocument, redactor: &Redactor) -> String {
    let says = OPERATORS.iter().find(|row| row.name == survivor.operator).map_or("", |row| row.says);
    let mut text = format!("\n  {} ({says})\n", survivor.operator);
    let lines = [
        format!("{} {}", survivor.operation, survivor.place),
        format!("{} passed, {} did not", survivor.survived, survivor.noticed),
        format!("case   {}, answer {}", survivor.case, survivor.answer),
        format!("place  {}", survivor.at),
        format!("before {}", survivor.before),
        format!("after  {}", survivor.after),
        PASSES.to_owned(),
    ];
    for line in lines {
        text += &wrapped(&redactor.line(&line), "    ");
    }
    text
}

fn left(measured: &Measured) -> String {
    let tally = &measured.total.tally;
    let mut text = format!("\n{} mutants are left to the server, and count nowhere:\n", tally.left);
    for reason in Left::ALL {
        if let Some(count) = measured.left.get(&reason) {
            let _ = writeln!(text, "{count:>9} {}", reason.reason());
        }
    }
    let notes = [
        (tally.left_noticed, "of them were noticed all the same"),
        (tally.open, "mutants are open: after such an answer the run would have asked otherwise"),
        (tally.equivalent, "mutants are set down as equivalent"),
    ];
    for (count, what) in notes.into_iter().filter(|(count, _)| *count > 0) {
        let _ = writeln!(text, "{count:>9} {what}");
    }
    text
}

/// The claims that would notice the survivors that matter most.
pub fn suggestions(measured: &Measured, redactor: &Redactor) -> String {
    let with = measured.survivors.iter().filter_map(|it| Some((it, it.suggestion.as_ref()?)));
    let mut text = String::new();
    for (survivor, suggestion) in with.take(FEW) {
        let says = OPERATORS.iter().find(|row| row.name == survivor.operator).map_or("", |row| row.says);
        for line in [
            format!("{}, answer {}: {says}", survivor.case, survivor.answer),
            format!("{}: {} -> {}", survivor.at, survivor.before, survivor.after),
        ] {
            let _ = writeln!(text, "# {}", redactor.line(&line));
        }
        suggestion.lines().for_each(|line| {
            let _ = writeln!(text, "{}", redactor.line(line));
        });
        text.push('\n');
    }
    if text.is_empty() { "no claim that a case file can make would notice a survivor\n".into() } else { text }
}
