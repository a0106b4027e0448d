//! Who destroys and who lists what an operation makes: for things whose case says nothing of it, and for those whose
//! creating request was never answered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::cleanup::{self, Cleanup, GoneCheck};
use crate::{
    contract::{
        family::{self, Outcome, is_needed},
        identity::{self, Wanted, Way},
        shape::{Kind, Shape},
    },
    model::contract::{Contract, Member, Operation, ParameterLocation},
};

/// The variables that stand for what was made, where the case gives it no name: `made.EndpointArn`.
pub const MADE: &str = "made";

/// The relations of one creating operation.
#[derive(Debug, Clone)]
pub struct Family {
    /// Destroys what is called `${made.MEMBER}`.
    pub undo: Option<Cleanup>,
    /// The members of it that may be left out.
    optional: BTreeSet<String>,
    pub(in crate::exec) outcome: Outcome,
    /// By the member of the destroying request, where the answer to the creating one shows its value.
    answered: BTreeMap<String, Vec<Way>>,
    /// The same for the elements of the listing.
    listed: BTreeMap<String, Vec<Way>>,
    /// Those of them of which the contract says so.
    described: BTreeSet<String>,
    /// The operation that lists things of the kind, and what it has to be told; `${made.MEMBER}` for what the creating
    /// request says.
    pub listing: Option<GoneCheck>,
    /// What the listing may be told besides: in what the thing is, as the destroying request has to be told it.
    narrowing: Vec<String>,
    /// The one member by which the destroying request names the thing, and the one of the creating request that is its name.
    named: Option<(String, String)>,
    /// The member by which the listing is asked for things by what the destroying request calls them.
    by_names: Option<String>,
}

/// The family of a creating operation; empty where the contract does not tell.
pub fn of(contract: &Contract, operation: &Operation) -> Family {
    let undoing = family::undoing(contract, operation);
    let resource = undoing
        .as_ref()
        .map_or_else(|| family::resource(contract, operation), |undoing| undoing.resource.clone());
    let mut listers = family::listers(contract, operation, &resource).into_iter();
    let listing = listers.find_map(|lister| Some((lister, look(contract, operation, lister)?)));
    let elements = listing.as_ref().map_or_else(Vec::new, |(lister, _)| elements(contract, lister));
    let (mut answered, mut listed) = (BTreeMap::new(), BTreeMap::new());
    let mut described = BTreeSet::new();
    for (member, taken) in undoing.iter().flat_map(|undoing| &undoing.members) {
        let wanted = Wanted { resource: &resource, member, schema: &taken.schema };
        let ways_in = |schema: &Value| {
            let ways = identity::ways(contract, schema, wanted);
            if contract.protocol.is_smithy() { ways } else { with_id(ways, taken) }
        };
        let answer = family::answer_schema(contract, operation).map(ways_in);
        answered.insert((*member).to_owned(), answer.unwrap_or_else(|| undocumented(contract, member)));
        let mut inside: Vec<Way> = elements.iter().flat_map(|schema| ways_in(schema)).collect();
        // An element that is a text is called by it, and is not in what is called so.
        inside.retain(|way| !way.is_empty() || is_needed(taken));
        if !inside.is_empty() {
            described.insert((*member).to_owned());
        }
        inside.extend(undocumented(contract, member));
        listed.insert((*member).to_owned(), inside);
    }
    let inside = |name: &&str| {
        let member = listing.as_ref().and_then(|(lister, _)| lister.members.get(*name));
        member.is_some_and(|member| !is_needed(member)) && operation.members.contains_key(*name)
    };
    let may_be_told =
        |(_, member): &&(&str, &Member)| !is_needed(member) && member.place != ParameterLocation::Path;
    let members = || undoing.iter().flat_map(|undoing| &undoing.members);
    let optional = members().filter(may_be_told).map(|(name, _)| (*name).to_owned()).collect();
    // The destroying request has to be told the thing's own name; what it may be told is in what the thing is.
    let around = members().filter(|(_, member)| !is_needed(member));
    let narrowing = around.map(|(name, _)| *name).filter(inside).map(str::to_owned).collect();
    let needed = || members().filter(|(_, member)| is_needed(member));
    let is_text = |(_, member): &&(&str, &Member)| Shape::of(contract, &member.schema).kind == Kind::Text;
    let only = needed().next().filter(|_| needed().count() == 1).filter(is_text);
    let named = only.and_then(|(member, taken)| {
        let wanted = Wanted { resource: &resource, member, schema: &taken.schema };
        Some(((*member).to_owned(), identity::given(contract, operation, wanted)?.to_owned()))
    });
    let by_names = only
        .zip(listing.as_ref())
        .and_then(|(member, (lister, _))| family::by_names(contract, lister, *member).map(str::to_owned));
    let undo = undoing.map(|undoing| {
        let input =
            undoing.members.iter().map(|(member, _)| ((*member).to_owned(), placeholder(member).into()));
        Cleanup { operation: undoing.operation.name.to_string(), input: input.collect(), look: None }
    });
    let outcome = family::outcome(contract, operation);
    let listing = listing.map(|(_, look)| look);
    Family { undo, optional, outcome, answered, listed, described, listing, narrowing, named, by_names }
}

impl Family {
    /// What the creating request itself says of the thing, by the variables of [`Family::undo`].
    pub fn given(&self, request: &Map<String, Value>) -> Map<String, Value> {
        let members = self.undo.iter().flat_map(|undo| undo.input.keys());
        let listing = self.listing.iter().flat_map(|look| look.input.keys());
        let given = members.chain(listing).filter_map(|member| {
            let value = request.get(member).filter(|value| value.is_string() || value.is_number())?;
            Some((variable(member), value.clone()))
        });
        given.collect()
    }

    /// The request that destroys the thing by the name that this creating request has given it.
    pub fn undo_by_name(&self, request: &Map<String, Value>) -> Option<Cleanup> {
        let (member, from) = self.named.as_ref()?;
        let mut said = self.given(request);
        let name = match request.get(from)? {
            Value::String(name) => name.clone(),
            // What takes a number for a name takes it as it is written.
            Value::Number(name) => name.to_string(),
            _ => return None,
        };
        said.insert(variable(member), name.into());
        self.undo_of(&said)
    }

    /// The request that destroys what is called so; none where it needs more than that.
    pub fn undo_of(&self, identity: &Map<String, Value>) -> Option<Cleanup> {
        let mut undo = self.undo.as_ref()?.filled(identity);
        undo.input.retain(|name, value| cleanup::is_whole(value) || !self.optional.contains(name));
        undo.is_whole().then_some(undo)
    }

    /// The further input by which the listing shows only what this request destroys.
    pub fn asking_for(&self, undo: &Cleanup) -> Option<(String, Value)> {
        let own = self.undo.as_ref().filter(|own| own.operation == undo.operation)?;
        let (member, _) = self.named.as_ref()?;
        let name = undo.input.get(member).filter(|_| own.input.contains_key(member))?;
        Some((self.by_names.clone()?, Value::Array(vec![name.clone()])))
    }

    /// What the listing has to be told of a thing of which this is `said`.
    pub fn asking(&self, said: &Map<String, Value>) -> Map<String, Value> {
        let mut asking = self.listing.as_ref().map(|look| look.filled(said).input).unwrap_or_default();
        for member in &self.narrowing {
            if let Some(value) = said.get(&variable(member)) {
                asking.insert(member.clone(), value.clone());
            }
        }
        asking
    }

    /// What an answer to the creating request calls the thing; where it does not say, what the request calls it. What the
    /// request itself gives is called otherwise by a member of the same name alone: an ARN is not the name that was given.
    pub fn identity(&self, answer: &Value, request: &Map<String, Value>) -> Map<String, Value> {
        let mut identity = self.given(request);
        for (member, ways) in &self.answered {
            let is_same = |way: &&Way| way.last().is_some_and(|last| last.eq_ignore_ascii_case(member));
            let ways: Vec<Way> = match identity.contains_key(&variable(member)) {
                true => ways.iter().filter(is_same).cloned().collect(),
                false => ways.clone(),
            };
            if let Some(shown) = identity::at(answer, &ways) {
                identity.insert(variable(member), shown.clone());
            }
        }
        identity
    }

    /// What an element of the listing calls the thing.
    pub fn identity_in_list(&self, element: &Value) -> Map<String, Value> {
        let shown = self
            .listed
            .iter()
            .filter_map(|(member, ways)| Some((variable(member), identity::at(element, ways)?.clone())));
        shown.collect()
    }

    /// Whether, by the contract, the elements of the listing show what this request names, but for what the listing was told.
    pub fn shows_in_list(&self, undo: &Cleanup, asking: &Map<String, Value>) -> bool {
        let shown = |name: &String| self.described.contains(name) || asking.contains_key(name);
        self.undo.as_ref().is_some_and(|own| own.operation == undo.operation) && undo.input.keys().all(shown)
    }
}

fn variable(member: &str) -> String {
    format!("{MADE}.{member}")
}

fn placeholder(member: &str) -> String {
    format!("${{{}}}", variable(member))
}

/// A thing of a REST API is called by its `id`, whatever the path calls that; by its name where that is no UUID.
fn with_id(ways: Vec<Way>, described: &Member) -> Vec<Way> {
    let by_uuid = described.schema["format"] == "uuid";
    let more = ["id", "name"].iter().take(if by_uuid { 1 } else { 2 }).map(|name| vec![(*name).to_owned()]);
    let mut all: Vec<Way> = more.clone().take(1).collect();
    all.extend(ways);
    all.extend(more.skip(1));
    all
}

/// Where a value may be that the contract does not describe.
fn undocumented(contract: &Contract, member: &str) -> Vec<Way> {
    let names: &[&str] = if contract.protocol.is_smithy() { &[member] } else { &["id", member] };
    names.iter().map(|name| vec![(*name).to_owned()]).collect()
}

/// What a listing has to be told, if that is known.
fn look(contract: &Contract, create: &Operation, lister: &Operation) -> Option<GoneCheck> {
    let mut input = Map::new();
    for (name, member) in lister.members.iter().filter(|(_, member)| is_needed(member)) {
        let shape = Shape::of(contract, &member.schema);
        let value = match shape.kind {
            // A number that is needed says how many to show.
            Kind::Integer => Value::from(shape.number("maximum").map_or(50, |most| most.min(1000.0) as u64)),
            _ if create.members.contains_key(name) || member.place == ParameterLocation::Path => {
                placeholder(name).into()
            }
            _ => return None,
        };
        input.insert(name.clone(), value);
    }
    Some(GoneCheck { operation: lister.name.to_string(), input })
}

/// The schemas of what is in the lists that a listing answers with.
fn elements<'a>(contract: &'a Contract, lister: &'a Operation) -> Vec<&'a Value> {
    let Some(schema) = family::answer_schema(contract, lister) else { return Vec::new() };
    let whole = Shape::of(contract, schema);
    let lists = whole.properties(contract).into_iter().map(|property| property.schema);
    let lists = lists.chain((whole.kind == Kind::List).then_some(schema));
    lists.filter_map(|schema| Shape::of(contract, schema).inside()).collect()
}
