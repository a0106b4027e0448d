//! A Smithy model in its JSON form, with `apply` statements and mixins already folded into the shapes: every shape
//! looked up here is whole. What shapes mean is not decided here.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::contract::{
    ImportProblem, TOO_MUCH,
    budget::{self, Budget},
    refs,
};

/// The shapes of one model by absolute id (`com.example#Thing`).
pub(in crate::contract) struct Ast {
    shapes: Map<String, Value>,
}

/// One shape, or one member of a shape: what it is, and the traits on it.
#[derive(Clone, Copy)]
pub(in crate::contract) struct Shape<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    body: &'a Value,
}

/// One member: where it leads and its own traits.
#[derive(Clone, Copy)]
pub(in crate::contract) struct Member<'a> {
    pub name: &'a str,
    pub target: &'a str,
    pub traits: Traits<'a>,
}

/// The traits of a member over those of the shape it targets: the member's own win (Smithy 2.0, "Trait resolution").
#[derive(Clone, Copy, Default)]
pub(in crate::contract) struct Traits<'a> {
    own: Option<&'a Map<String, Value>>,
    below: Option<&'a Map<String, Value>>,
}

impl<'a> Traits<'a> {
    fn of(body: &'a Value) -> Traits<'a> {
        Traits { own: body.get("traits").and_then(Value::as_object), below: None }
    }

    pub fn over(self, below: Traits<'a>) -> Traits<'a> {
        Traits { own: self.own, below: below.own }
    }

    /// The value of a trait, named absolutely: `smithy.api#required`.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.own
            .and_then(|traits| traits.get(name))
            .or_else(|| self.below.and_then(|traits| traits.get(name)))
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The names of its own traits.
    pub fn names(self) -> impl Iterator<Item = &'a str> {
        self.own.into_iter().flatten().map(|(name, _)| name.as_str())
    }
}

impl<'a> Member<'a> {
    /// The name of the member in JSON, for protocols that heed `jsonName`.
    pub fn json_name(&self) -> &'a str {
        self.traits.get("smithy.api#jsonName").and_then(Value::as_str).unwrap_or(self.name)
    }
}

impl<'a> Shape<'a> {
    pub fn traits(&self) -> Traits<'a> {
        Traits::of(self.body)
    }

    /// Its named members in model order, with `member`, `key` and `value` of lists and maps as the AST has them.
    pub fn members(&self) -> impl Iterator<Item = Member<'a>> + use<'a> {
        self.body["members"].as_object().into_iter().flatten().map(|(name, body)| member(name, body))
    }

    /// A member that is not in `members`: a list's `member`, a map's `key` and `value`.
    pub fn part(&self, name: &'static str) -> Option<Member<'a>> {
        self.body.get(name).map(|body| member(name, body))
    }

    /// The id a property such as `input` or a resource's `read` leads to.
    pub fn target(&self, property: &str) -> Option<&'a str> {
        self.body.get(property)?.get("target")?.as_str()
    }

    /// The ids in a property such as `operations` or `errors`.
    pub fn targets(&self, property: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.body
            .get(property)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|item| item["target"].as_str())
    }

    pub fn text(&self, property: &str) -> Option<&'a str> {
        self.body.get(property)?.as_str()
    }

    pub fn property(&self, property: &str) -> Option<&'a Value> {
        self.body.get(property)
    }

    pub fn pointer(&self) -> String {
        pointer(self.id)
    }
}

fn member<'a>(name: &'a str, body: &'a Value) -> Member<'a> {
    Member { name, target: body["target"].as_str().unwrap_or_default(), traits: Traits::of(body) }
}

pub(super) fn pointer(id: &str) -> String {
    refs::join("/shapes", id)
}

/// A shape id without its namespace.
pub(super) fn bare(id: &str) -> &str {
    id.split_once('#').map_or(id, |(_, name)| name)
}

impl Ast {
    /// Reads the JSON AST of Smithy 1.0 or 2.0.
    pub fn read(text: &str) -> Result<Ast, Vec<ImportProblem>> {
        crate::contract::bounded(text)?;
        let one = |pointer: &str, message: String| vec![ImportProblem::new(pointer, message)];
        let mut document: Value =
            serde_json::from_str(text).map_err(|error| one("", format!("not JSON: {error}")))?;
        let version = document["smithy"].as_str().map(str::to_owned);
        match version.as_deref() {
            Some(version) if version.starts_with("1.") || version.starts_with('2') => {}
            Some(version) => {
                return Err(one("/smithy", format!("Smithy {version} is not understood, 1.0 and 2.0 are")));
            }
            None => return Err(one("", "no member `smithy`: not a Smithy model in its JSON form".into())),
        }
        let Some(Value::Object(shapes)) = document.get_mut("shapes").map(Value::take) else {
            return Err(one("/shapes", "no object `shapes`".into()));
        };
        Ast::of(shapes)
    }

    /// The same from the shapes alone.
    pub fn of(shapes: Map<String, Value>) -> Result<Ast, Vec<ImportProblem>> {
        let mut ast = Ast { shapes };
        let mut problems = ast.malformed();
        if problems.is_empty() {
            problems = ast.fold();
        }
        if problems.is_empty() { Ok(ast) } else { Err(problems) }
    }

    pub fn shapes(&self) -> impl Iterator<Item = Shape<'_>> {
        self.shapes.iter().map(|(id, body)| shape(id, body))
    }

    pub fn shape(&self, id: &str) -> Option<Shape<'_>> {
        self.shapes.get_key_value(id).map(|(id, body)| shape(id, body))
    }

    /// Shapes and members that do not have the form the AST prescribes.
    fn malformed(&self) -> Vec<ImportProblem> {
        let mut problems = Vec::new();
        for (id, body) in &self.shapes {
            if !body["type"].is_string() {
                problems.push(ImportProblem::new(pointer(id), "a shape without `type`"));
            }
            let named = body["members"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, member)| (refs::join(&(pointer(id) + "/members"), name), member));
            let parts = ["member", "key", "value"]
                .into_iter()
                .filter_map(|part| body.get(part).map(|member| (refs::join(&pointer(id), part), member)));
            for (at, member) in named.chain(parts) {
                if !member["target"].is_string() {
                    problems.push(ImportProblem::new(at, "a member without `target`"));
                }
            }
        }
        problems
    }

    /// Puts what `apply` says onto the shapes it names, and members and traits of mixins into the shapes that mix
    /// them in; an `apply` to a member that a mixin brings is only possible afterwards.
    fn fold(&mut self) -> Vec<ImportProblem> {
        let applied: Vec<(String, Value)> = self
            .shapes
            .iter()
            .filter(|(_, body)| body["type"] == "apply")
            .map(|(id, body)| (id.clone(), body["traits"].clone()))
            .collect();
        self.shapes.retain(|_, body| body["type"] != "apply");
        let waiting: Vec<_> = applied.into_iter().filter(|(id, traits)| !self.apply(id, traits)).collect();
        let mut problems = Vec::new();
        let mixed: Vec<String> = self
            .shapes
            .iter()
            .filter(|(_, body)| body.get("mixins").is_some())
            .map(|(id, _)| id.clone())
            .collect();
        let mut budget = Budget::default();
        for id in &mixed {
            self.mix(id, &mut BTreeSet::new(), &mut budget, &mut problems);
        }
        for (id, traits) in waiting {
            if !self.apply(&id, &traits) {
                problems
                    .push(ImportProblem::new(pointer(&id), "`apply` to a shape or member that is not there"));
            }
        }
        problems
    }

    /// False where there is no such shape or member yet.
    fn apply(&mut self, id: &str, traits: &Value) -> bool {
        let (shape, member) = id.split_once('$').map_or((id, None), |(shape, member)| (shape, Some(member)));
        let Some(mut place) = self.shapes.get_mut(shape) else { return false };
        if let Some(member) = member {
            let inner = match place.get("members").and_then(|members| members.get(member)) {
                Some(_) => place.get_mut("members").and_then(|members| members.get_mut(member)),
                None => place.get_mut(member).filter(|_| matches!(member, "member" | "key" | "value")),
            };
            let Some(inner) = inner else { return false };
            place = inner;
        }
        merge(place, "traits", traits.as_object(), Wins::New);
        true
    }

    /// Makes the shape `id` whole, its mixins first; `open` are the shapes on the way to it.
    fn mix(
        &mut self,
        id: &str,
        open: &mut BTreeSet<String>,
        budget: &mut Budget,
        problems: &mut Vec<ImportProblem>,
    ) {
        let Some(mixins) = self.shapes.get_mut(id).and_then(|body| body.as_object_mut()?.remove("mixins"))
        else {
            return;
        };
        open.insert(id.to_owned());
        let targets: Vec<String> = mixins
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|mixin| Some(mixin["target"].as_str()?.to_owned()))
            .collect();
        let mut members = Map::new();
        let mut traits = Map::new();
        for target in targets {
            if open.contains(&target) || open.len() > 64 {
                problems.push(ImportProblem::new(
                    pointer(id),
                    format!("its mixins lead back to {target}, or too far"),
                ));
                continue;
            }
            self.mix(&target, open, budget, problems);
            let Some(mixin) = self.shapes.get(&target) else {
                problems.push(ImportProblem::new(pointer(id), format!("the mixin {target} is not there")));
                continue;
            };
            if !budget.allows(budget::weight(mixin)) {
                problems.push(ImportProblem::new(pointer(id), TOO_MUCH));
                break;
            }
            members.extend(mixin["members"].as_object().cloned().unwrap_or_default());
            let local =
                mixin["traits"]["smithy.api#mixin"]["localTraits"].as_array().cloned().unwrap_or_default();
            let inherited = mixin["traits"].as_object().cloned().unwrap_or_default();
            traits.extend(
                inherited.into_iter().filter(|(name, _)| {
                    name != "smithy.api#mixin" && !local.iter().any(|local| local == name)
                }),
            );
        }
        open.remove(id);
        let Some(body) = self.shapes.get_mut(id) else { return };
        // What comes from a mixin stands before what the shape adds (Smithy 2.0, "Mixins", member ordering).
        let own = body.get_mut("members").map(Value::take);
        merge(body, "members", Some(&members), Wins::New);
        merge(body, "members", own.as_ref().and_then(Value::as_object), Wins::New);
        merge(body, "traits", Some(&traits), Wins::Old);
    }
}

enum Wins {
    Old,
    New,
}

/// Puts `added` into the object at `key`, which comes to be if it is not there.
fn merge(body: &mut Value, key: &str, added: Option<&Map<String, Value>>, wins: Wins) {
    let (Some(body), Some(added)) = (body.as_object_mut(), added) else { return };
    let place = body.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    let Some(place) = place.as_object_mut() else { return };
    for (name, value) in added {
        if matches!(wins, Wins::New) || !place.contains_key(name) {
            place.insert(name.clone(), value.clone());
        }
    }
}

fn shape<'a>(id: &'a str, body: &'a Value) -> Shape<'a> {
    Shape { id, kind: body["type"].as_str().unwrap_or_default(), body }
}
