//! What the pages of a list have to be together: every element is on one of them, none is there twice, none is larger than it
//! was asked to be, and they end.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    matcher::{self, body, fill},
    model::{
        case::{PageTurn, Walk},
        clause::ClauseId,
        exchange::{Exchange, Response, Role, Trace},
        verdict::{Doubt, Location, Mismatch},
    },
};

use super::{Found, JudgingContext, Lacking, Origin, Subject};

/// Judges every step of a case that reads all pages of a list.
pub(super) fn judge(subject: &Subject<'_>, trace: &Trace, judge: &JudgingContext<'_>, found: &mut Found) {
    for (index, step) in subject.steps.iter().enumerate() {
        let Some(walk) = &step.walk else { continue };
        let of_step =
            |it: &(usize, &Exchange)| matches!(it.1.role, Role::Step { index: at, .. } if at == index);
        let exchanges: Vec<(usize, &Exchange)> = { trace.exchanges.iter().enumerate() }
            .filter(of_step)
            .filter(|(exchange, _)| !trace.is_repeated(*exchange))
            .collect();
        let Some((first, opened)) = exchanges.first().copied() else { continue };
        let answers: Option<Vec<&Response>> =
            exchanges.iter().map(|(_, exchange)| exchange.answer.as_ref().ok()).collect();
        let open = found.lacking.as_ref().is_some_and(|it| it.covers(first, &Location::Body));
        let Some(answers) = answers.filter(|_| !open) else { continue };
        if let Some(why) = says_nothing(walk, &answers) {
            let (operation, clause) = (Arc::clone(&step.operation), walk.clauses().next().cloned());
            let (expected, answer) = why;
            let why = Doubt::Precondition { operation, clause, expected, answer };
            found.lacking = Some(Lacking { exchange: first, at: Location::Body, why });
            continue;
        }
        let pages: Vec<Page<'_>> = { exchanges.iter().zip(&answers) }
            .filter(|(_, answer)| answer.status < 400)
            .map(|((exchange, _), answer)| Page {
                exchange: *exchange,
                answer,
                elements: walk.elements_of(answer),
            })
            .collect();
        let wanted: Result<Vec<Value>, _> = { walk.elements.iter() }
            .map(|one| fill::value(one, &mut fill::from_variables(&opened.variables)))
            .collect();
        let mut broken = larger(walk, &pages);
        let (again, different) = repeated(walk, &pages);
        broken.extend(again);
        broken.extend(missing(walk, &pages, &wanted.unwrap_or_default()));
        broken.extend(endless(walk, &pages));
        broken.extend(too_few(walk, &pages, different));
        for Broken { rule, clauses, exchange, mismatch } in broken {
            let origin = Origin { rule, clauses, exchange, span: Some(&step.span) };
            found.add(origin, judge.clauses, vec![mismatch]);
        }
    }
}

/// One answer of the walk.
struct Page<'a> {
    exchange: usize,
    answer: &'a Response,
    elements: Vec<(String, &'a Value)>,
}

struct Broken<'a> {
    rule: &'static str,
    clauses: &'a [ClauseId],
    exchange: usize,
    mismatch: Mismatch,
}

/// What was needed, and what came, where the answers show nothing of pages: the size was refused, or was not taken.
fn says_nothing(walk: &Walk, answers: &[&Response]) -> Option<(String, String)> {
    let first = answers.first()?;
    let size = walk.size;
    if first.status >= 400 {
        return Some((format!("pages of {size}"), first.status.to_string()));
    }
    let given = walk.elements_of(first).len();
    let chosen = walk.no_larger.is_empty() && given > size;
    chosen.then(|| (format!("a page of {size} at most"), format!("a page of {given}")))
}

fn larger<'a>(walk: &'a Walk, pages: &[Page<'_>]) -> Vec<Broken<'a>> {
    let too_large = pages.iter().filter(|page| page.elements.len() > walk.size && !walk.no_larger.is_empty());
    let told = too_large.map(|page| Broken {
        rule: "page-size",
        clauses: &walk.no_larger,
        exchange: page.exchange,
        mismatch: Mismatch {
            at: list_of(page),
            expected: format!("{} elements at most", walk.size),
            actual: page.elements.len().to_string(),
        },
    });
    told.collect()
}

/// The place of the list that a page has.
fn list_of(page: &Page<'_>) -> Location {
    let list = page.elements.first().and_then(|(at, _)| Some(at.rsplit_once('/')?.0.to_owned()));
    list.map_or(Location::Body, Location::Pointer)
}

/// The first element that was on the pages before, and how many different ones there are.
fn repeated<'a>(walk: &'a Walk, pages: &[Page<'_>]) -> (Option<Broken<'a>>, usize) {
    let key = |element: &Value| -> Option<Vec<Value>> {
        walk.by.iter().map(|member| element.get(member).cloned()).collect()
    };
    let mut known: Vec<Vec<Value>> = Vec::new();
    let mut again = None;
    for page in pages {
        for (at, element) in &page.elements {
            let Some(key) = key(element) else { continue };
            let same = |other: &Vec<Value>| key.iter().zip(other).all(|(one, other)| body::equal(one, other));
            if !known.iter().any(same) {
                known.push(key);
                continue;
            }
            again.get_or_insert_with(|| {
                let expected = format!("another {} than before", walk.by.join(" and "));
                let actual = key.iter().map(matcher::shown).collect::<Vec<_>>().join(" and ");
                let mismatch = Mismatch { at: Location::Pointer(at.clone()), expected, actual };
                Broken { rule: "pages", clauses: &walk.complete, exchange: page.exchange, mismatch }
            });
        }
    }
    (again, known.len())
}

fn missing<'a>(walk: &'a Walk, pages: &[Page<'_>], wanted: &[Value]) -> Vec<Broken<'a>> {
    let Some(last) = pages.last() else { return Vec::new() };
    let all = || pages.iter().flat_map(|page| &page.elements);
    let lost = wanted.iter().filter(|one| !all().any(|(_, element)| body::includes(one, element)));
    let told = lost.map(|one| Broken {
        rule: "pages",
        clauses: &walk.complete,
        exchange: last.exchange,
        mismatch: Mismatch {
            at: Location::Body,
            expected: format!("{} on one of the pages", matcher::shown(one)),
            actual: format!("{} pages with {} elements, without it", pages.len(), all().count()),
        },
    });
    told.collect()
}

/// A page that leads to another one although all of them were read, or to one that was read.
fn endless<'a>(walk: &'a Walk, pages: &[Page<'_>]) -> Option<Broken<'a>> {
    let last = pages.last()?;
    let goes_on = match walk.turn {
        PageTurn::Token { .. } => walk.token(last.answer).is_some(),
        PageTurn::Offset { .. } => !last.elements.is_empty() && pages.len() >= Walk::MOST,
    };
    // The page behind it was refused: that is an answer of its own.
    let read = walk.token(last.answer).is_none_or(|token| {
        let before = &pages[..pages.len() - 1];
        before.iter().any(|page| walk.token(page.answer) == Some(token)) || pages.len() >= Walk::MOST
    });
    let mismatch = Mismatch {
        at: Location::Body,
        expected: "a last page".to_owned(),
        actual: format!("another page behind {}", pages.len()),
    };
    let (clauses, exchange) = (&walk.complete[..], last.exchange);
    (goes_on && read).then_some(Broken { rule: "pages", clauses, exchange, mismatch })
}

fn too_few<'a>(walk: &'a Walk, pages: &[Page<'_>], all: usize) -> Option<Broken<'a>> {
    let path = walk.total.as_ref()?;
    pages.iter().find_map(|page| {
        let body = page.answer.json().ok()?;
        let node = path.query_located(body).all().into_iter().next()?;
        let total = node.node().as_f64().filter(|total| *total < all as f64)?;
        let at = Location::Pointer(node.location().to_json_pointer());
        let mismatch = Mismatch { at, expected: format!("{all}, or more"), actual: total.to_string() };
        Some(Broken { rule: "total", clauses: &walk.counted, exchange: page.exchange, mismatch })
    })
}
