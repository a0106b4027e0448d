//! What a relation claims about one answer, and the clause that the claim stands for.

use std::sync::Arc;

use serde_json_path::JsonPath;

use super::super::case_builder::{Statement, must, should};
use crate::{
    contract::resources::{EACH, WHOLE},
    model::{
        case::{Claim, Expectation, Purpose, SameAs, ValueMatcher},
        resource::{Class, Ignoring, Property, Resource, Standing, Steadiness},
        span::Span,
        template::{Part, Placeholder, Template, TemplateValue},
    },
};

/// What has to hold between answers about a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// The answer that makes one shows what was sent.
    Echo,
    /// A read shows what was sent, and what the answer that made it showed.
    Read,
    /// What was sent is shown at all.
    Shown,
    /// It becomes settled.
    Settles,
    /// A list has it once.
    Listed,
    /// A filter gives what it asks for alone.
    Filtered,
    /// The pages of a list have all of it, each element once.
    Pages,
    /// A page is no larger than it was asked to be.
    PageSize,
    /// A list counts no fewer elements than its pages have.
    Total,
    /// Two reads are equal.
    Stable,
    /// A change is shown.
    Update,
    /// A change of one property leaves the others.
    LeavesOthers,
    /// What is destroyed is neither read nor listed.
    Gone,
    /// A name is given once.
    Unique,
    /// What is refused changes nothing.
    Refused,
    /// What is made again has nothing of the first.
    Anew,
    /// What is done to one is not done to another.
    Neighbour,
    /// States follow each other as they may.
    Transition,
    /// Tags are as they were set.
    Tags,
    /// A secret is never shown.
    Secret,
}

impl Relation {
    /// The clause: a MUST where a document states what is claimed.
    pub fn clause(self, standing: Standing) -> Statement {
        match (self, standing) {
            (Relation::Shown, _) => should("resource.shown"),
            (Relation::Settles, _) => should("resource.settles"),
            (Relation::Echo, Standing::Documented) => must("resource.echo"),
            (Relation::Echo, Standing::Proposed) => should("resource.echo.proposed"),
            (Relation::Read, Standing::Documented) => must("resource.read"),
            (Relation::Read, Standing::Proposed) => should("resource.read.proposed"),
            (Relation::Listed, Standing::Documented) => must("resource.listed-once"),
            (Relation::Listed, Standing::Proposed) => should("resource.listed-once.proposed"),
            (Relation::Filtered, Standing::Documented) => must("resource.filters"),
            (Relation::Filtered, Standing::Proposed) => should("resource.filters.proposed"),
            (Relation::Pages, Standing::Documented) => must("resource.pages"),
            (Relation::Pages, Standing::Proposed) => should("resource.pages.proposed"),
            (Relation::PageSize, Standing::Documented) => must("resource.page-size"),
            (Relation::PageSize, Standing::Proposed) => should("resource.page-size.proposed"),
            (Relation::Total, _) => should("resource.total"),
            (Relation::Stable, Standing::Documented) => must("resource.stable"),
            (Relation::Stable, Standing::Proposed) => should("resource.stable.proposed"),
            (Relation::Update, Standing::Documented) => must("resource.update"),
            (Relation::Update, Standing::Proposed) => should("resource.update.proposed"),
            (Relation::LeavesOthers, Standing::Documented) => must("resource.update-leaves-others"),
            (Relation::LeavesOthers, Standing::Proposed) => should("resource.update-leaves-others.proposed"),
            (Relation::Gone, Standing::Documented) => must("resource.gone"),
            (Relation::Gone, Standing::Proposed) => should("resource.gone.proposed"),
            (Relation::Unique, Standing::Documented) => must("resource.unique"),
            (Relation::Unique, Standing::Proposed) => should("resource.unique.proposed"),
            (Relation::Refused, Standing::Documented) => must("resource.refusal-changes-nothing"),
            (Relation::Refused, Standing::Proposed) => should("resource.refusal-changes-nothing.proposed"),
            (Relation::Anew, Standing::Documented) => must("resource.clean-recreate"),
            (Relation::Anew, Standing::Proposed) => should("resource.clean-recreate.proposed"),
            (Relation::Neighbour, Standing::Documented) => must("resource.isolation"),
            (Relation::Neighbour, Standing::Proposed) => should("resource.isolation.proposed"),
            (Relation::Transition, _) => should("resource.transition"),
            (Relation::Tags, Standing::Documented) => must("resource.tags"),
            (Relation::Tags, Standing::Proposed) => should("resource.tags.proposed"),
            (Relation::Secret, Standing::Documented) => must("resource.no-secret"),
            (Relation::Secret, Standing::Proposed) => should("resource.no-secret.proposed"),
        }
    }
}

/// The JSONPath of a path of members below a place that is one already.
pub(super) fn below(place: &str, path: &str) -> Option<Arc<JsonPath>> {
    let mut text = place.to_owned();
    for name in path.split('.').filter(|name| !name.is_empty()) {
        match name.strip_suffix(EACH) {
            Some(name) => text += &format!("['{name}'][*]"),
            None => text += &format!("['{name}']"),
        }
    }
    JsonPath::parse(&text).ok().map(Arc::new)
}

/// The JSONPath, as text, of what an answer shows there.
pub(super) fn place(shows: &str) -> String {
    match shows {
        WHOLE => "$".to_owned(),
        path => path.split('.').fold("$".to_owned(), |place, name| place + &format!("['{name}']")),
    }
}

pub(super) fn variable(name: &str) -> TemplateValue {
    TemplateValue::Text(Template { parts: vec![Part::Placeholder(Placeholder::Variable(name.into()))] })
}

pub(super) fn any_of(claims: Vec<Claim>, span: &Span) -> Claim {
    let alternative =
        |claim| vec![Expectation { claim, clauses: Vec::new(), purpose: Purpose::Claim, span: span.clone() }];
    Claim::AnyOf(claims.into_iter().map(alternative).collect())
}

fn same(path: &Arc<JsonPath>, value: TemplateValue, ignoring: &[Ignoring]) -> Claim {
    let same = SameAs { value, only: Vec::new(), except: Vec::new(), ignoring: ignoring.to_vec() };
    Claim::At { path: Arc::clone(path), matcher: ValueMatcher::SameAs(Box::new(same)) }
}

/// The property has this value where it is shown, or waits to have it. One that is not shown says nothing false.
pub(super) fn has(place: &str, property: &Property, value: &TemplateValue, span: &Span) -> Option<Claim> {
    let path = below(place, property.shown_as.as_deref()?)?;
    let mut claims = vec![same(&path, value.clone(), &property.ignoring)];
    let pending = property.pending.as_deref().and_then(|pending| below(place, pending));
    claims.extend(pending.map(|pending| same(&pending, value.clone(), &property.ignoring)));
    let absent = ValueMatcher::OneOf(vec![TemplateValue::Fixed(serde_json::Value::Null)]);
    claims.push(Claim::At { path: Arc::clone(&path), matcher: ValueMatcher::Absent });
    claims.push(Claim::At { path, matcher: absent });
    Some(any_of(claims, span))
}

/// What is at this place is as it was captured, as far as these members of it go.
pub(super) fn as_captured(place: &str, captured: &str, only: Vec<String>, more: Ignoring) -> Option<Claim> {
    let ignoring = vec![Ignoring::Order, more];
    let same = SameAs { value: variable(captured), only, except: Vec::new(), ignoring };
    Some(Claim::At { path: below(place, "")?, matcher: ValueMatcher::SameAs(Box::new(same)) })
}

/// The members by which a resource is compared with itself: those that somebody sets, and `besides` those that the target
/// sets and keeps.
pub(super) fn steady(resource: &Resource, besides: ReadOnly) -> Vec<String> {
    let compared = |property: &&Property| {
        property.steadiness == Steadiness::Steady
            && (property.class != Class::ReadOnly || besides == ReadOnly::Compared)
    };
    let shown = resource.properties.values().filter(compared).filter_map(|it| it.shown_as.clone());
    let mut all: Vec<String> = shown.chain(resource.identifiers.values().cloned()).collect();
    all.sort();
    all.dedup();
    all
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadOnly {
    Compared,
    LeftOut,
}
