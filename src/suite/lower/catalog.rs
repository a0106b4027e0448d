//! What all case files together define by name: fixtures, with what each stands on and provides, and variables.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    model::{
        case::{Need, Scope},
        contract::ApiName,
        span::Span,
        template::{Placeholder, TemplateValue},
    },
    suite::{
        decode::{Named, Spanned},
        diagnostic::{At, Problems, quoted, suggestion},
        file::case::{FixtureEntry, NeedsEntry, SuiteFile},
        load::ParsedFile,
        template::{Templated, is_variable, is_word},
    },
};

/// Everything that cases refer to by name.
#[derive(Debug, Default)]
pub struct Catalog {
    fixtures: BTreeMap<Arc<str>, KnownFixture>,
    pub variables: BTreeMap<ApiName, BTreeMap<Arc<str>, TemplateValue>>,
    /// Where each variable is defined, those that could not be read included.
    places: BTreeMap<ApiName, BTreeMap<String, Span>>,
}

/// A fixture as far as others need to know it.
#[derive(Debug)]
pub struct KnownFixture {
    scope: Scope,
    /// Full names, as written.
    uses: Vec<(Arc<str>, At)>,
    /// Everything it stands on, in the order to make it; not itself.
    stands_on: Vec<Arc<str>>,
    /// Full names of its captures: `connection.id`.
    pub provides: Vec<Arc<str>>,
    pub needs: Vec<Need>,
    /// Whether all of it could be read.
    pub whole: bool,
    file: usize,
    place: Span,
}

impl KnownFixture {
    /// What it provides, for messages.
    pub fn provided(&self) -> String {
        if self.provides.is_empty() { "nothing".to_owned() } else { self.provides.join(", ") }
    }
}

impl Catalog {
    /// Gathers the names of all files; collisions and circles are told.
    pub fn gather(files: &[Option<SuiteFile>], parsed: &mut [ParsedFile]) -> Catalog {
        let mut catalog = Catalog::default();
        for (index, file) in files.iter().enumerate() {
            let Some(file) = file else { continue };
            let api: ApiName = file.api.value.as_str().into();
            for entry in file.variables.iter().flat_map(|variables| &variables.0) {
                catalog.add_variable(&api, entry, &mut parsed[index]);
            }
            for entry in file.fixtures.iter().flat_map(|fixtures| &fixtures.0) {
                catalog.add_fixture(&api, entry, index, &mut parsed[index]);
            }
        }
        catalog.connect(parsed);
        catalog
    }

    pub fn has_variable(&self, api: &str, name: &str) -> bool {
        self.places.get(api).is_some_and(|variables| variables.contains_key(name))
    }

    pub fn variables_of(&self, api: &str) -> impl Iterator<Item = &str> {
        self.places.get(api).into_iter().flat_map(|variables| variables.keys().map(String::as_str))
    }

    /// By full name.
    pub fn get(&self, id: &str) -> Option<&KnownFixture> {
        self.fixtures.get(id)
    }

    /// By the name that files of `api` use.
    pub fn fixture(&self, api: &str, name: &str) -> Option<&KnownFixture> {
        self.fixtures.get(&*fixture_id(api, name))
    }

    /// The full name of a fixture that stands under `uses`.
    pub fn resolve(&self, api: &str, name: &Spanned<String>, problems: &mut Problems) -> Option<Arc<str>> {
        let id = fixture_id(api, &name.value);
        if let Some((known, _)) = self.fixtures.get_key_value(&*id) {
            return Some(known.clone());
        }
        let prefix = fixture_id(api, "");
        let names = self.fixtures.keys().filter_map(|known| known.strip_prefix(&*prefix));
        let problem = problems.add(name.at, format!("unknown fixture {}", quoted(&name.value)));
        match suggestion(&name.value, "there are", names) {
            Some(help) => problem.help(help),
            None => problem
                .help(format!("fixtures are defined under `fixtures`, as in cases/{api}/fixtures.yaml")),
        };
        None
    }

    /// These fixtures and all they stand on, in the order to make them.
    pub fn in_order<'n>(&self, names: impl IntoIterator<Item = &'n Arc<str>>) -> Vec<Arc<str>> {
        let mut order = Vec::new();
        for id in names {
            let below = self.fixtures.get(id).map(|known| &*known.stands_on).unwrap_or_default();
            below.iter().chain([id]).for_each(|id| add_once(&mut order, id));
        }
        order
    }

    fn add_variable(
        &mut self,
        api: &ApiName,
        entry: &Named<Templated<TemplateValue>>,
        parsed: &mut ParsedFile,
    ) {
        let problems = &mut parsed.problems;
        if !is_variable(&entry.name) {
            let problem =
                problems.add(entry.key, format!("{} is not the name of a variable", quoted(&entry.name)));
            problem.help("a name is made of letters, digits, `_` and `-`, with dots between its parts");
        }
        let places = self.places.entry(api.clone()).or_default();
        if let Some(first) = places.get(&entry.name) {
            let message = format!("the variable {} is defined twice", quoted(&entry.name));
            problems.add(entry.key, message).help(format!("it is also defined at {first}"));
            return;
        }
        places.insert(entry.name.clone(), parsed.source.span(entry.key));
        let Some(value) = &entry.value else { return };
        for (placeholder, at) in &value.placeholders {
            if let Placeholder::Variable(_) | Placeholder::Upper(_) | Placeholder::Secret(_) = placeholder {
                let problem = problems.add(*at, "a variable made from a variable or a secret");
                problem.help("a variable of the suite is a literal, or made with ${gen:...} or ${env:...}");
            }
        }
        let name = entry.name.as_str().into();
        self.variables.entry(api.clone()).or_default().insert(name, value.value.clone());
    }

    fn add_fixture(
        &mut self,
        api: &ApiName,
        entry: &Named<FixtureEntry>,
        file: usize,
        parsed: &mut ParsedFile,
    ) {
        let problems = &mut parsed.problems;
        if !is_word(&entry.name) {
            let problem =
                problems.add(entry.key, format!("{} is not the name of a fixture", quoted(&entry.name)));
            problem.help("a name is made of letters, digits, `_` and `-`");
        }
        let id = fixture_id(api, &entry.name);
        if let Some(first) = self.fixtures.get(&*id) {
            let message = format!("the fixture {} is defined twice", quoted(&entry.name));
            problems.add(entry.key, message).help(format!("it is also defined at {}", first.place));
            return;
        }
        let place = parsed.source.span(entry.key);
        let fixture = entry.value.as_ref();
        let used = fixture.and_then(|fixture| fixture.uses.as_ref()).into_iter().flatten();
        let known = KnownFixture {
            scope: fixture.and_then(|fixture| fixture.scope).unwrap_or(Scope::Case),
            uses: used.map(|name| (fixture_id(api, &name.value).into(), name.at)).collect(),
            stands_on: Vec::new(),
            provides: fixture.map(|fixture| provided(&entry.name, fixture)).unwrap_or_default(),
            needs: needs(fixture.and_then(|fixture| fixture.needs.as_ref())),
            whole: fixture.is_some(),
            file,
            place,
        };
        self.fixtures.insert(id.into(), known);
    }

    /// Works out what each fixture stands on.
    fn connect(&mut self, parsed: &mut [ParsedFile]) {
        let mut done = BTreeMap::new();
        for id in self.fixtures.keys() {
            self.descend(id, &mut Vec::new(), &mut done, parsed);
        }
        for (id, stands_on) in done {
            if let Some(known) = self.fixtures.get_mut(&id) {
                known.stands_on = stands_on;
            }
        }
    }

    /// Fills in `done` for `id` and all below it; `path` leads from where we began to here.
    fn descend(
        &self,
        id: &Arc<str>,
        path: &mut Vec<Arc<str>>,
        done: &mut BTreeMap<Arc<str>, Vec<Arc<str>>>,
        parsed: &mut [ParsedFile],
    ) {
        let Some(known) = self.fixtures.get(id).filter(|_| !done.contains_key(id)) else { return };
        path.push(id.clone());
        let mut below = Vec::new();
        for (used, at) in &known.uses {
            if let Some(start) = path.iter().position(|on_path| on_path == used) {
                let circle: Vec<_> = path[start..].iter().chain([used]).map(|id| short(id)).collect();
                let message = format!("fixtures use each other in a circle: {}", circle.join(", "));
                parsed[known.file].problems.add(*at, message);
                continue;
            }
            let Some(other) = self.fixtures.get(used) else { continue };
            if known.scope == Scope::Run && other.scope == Scope::Case {
                let message = format!("`{}` lives for the run, `{}` only for a case", short(id), short(used));
                let problem = parsed[known.file].problems.add(*at, message);
                problem.help("a fixture of scope `run` can use only fixtures of scope `run`");
            }
            self.descend(used, path, done, parsed);
            let under = done.get(used).into_iter().flatten().chain([used]);
            under.for_each(|id| add_once(&mut below, id));
        }
        path.pop();
        done.insert(id.clone(), below);
    }
}

fn add_once(order: &mut Vec<Arc<str>>, id: &Arc<str>) {
    if !order.contains(id) {
        order.push(id.clone());
    }
}

/// `dms::connection`; a name with `::` in it is full already.
pub fn fixture_id(api: &str, name: &str) -> String {
    if name.contains("::") { name.to_owned() } else { format!("{api}::{name}") }
}

fn short(id: &str) -> &str {
    id.rsplit("::").next().unwrap_or(id)
}

fn provided(name: &str, fixture: &FixtureEntry) -> Vec<Arc<str>> {
    let steps = [Some(&fixture.create), fixture.ready.as_ref()];
    let captures = steps.into_iter().flatten().filter_map(|step| step.value.capture.as_ref());
    captures
        .flat_map(|captures| &captures.0)
        .map(|capture| format!("{name}.{}", capture.name).into())
        .collect()
}

/// What a target has to declare, as the model says it.
pub fn needs(entry: Option<&NeedsEntry>) -> Vec<Need> {
    let features = entry.and_then(|entry| entry.features.as_ref()).into_iter().flatten();
    let variables = entry.and_then(|entry| entry.variables.as_ref()).into_iter().flatten();
    features
        .map(|feature| Need::Feature(feature.value.as_str().into()))
        .chain(variables.map(|variable| Need::Variable(variable.value.as_str().into())))
        .collect()
}
