//! Which operation of a contract a request is for, by method and path or by `X-Amz-Target`; and the path of a request for
//! an operation. Nothing else in the project compares paths with templates.

mod lenient;
mod template;
#[cfg(test)]
mod tests;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use serde_json::Value;
use template::{Byte, Equality, Template};
pub use template::{MissingParameter, Slash, fill, may_meet, names, parameters, renamed};
use url::form_urlencoded;

use crate::model::contract::{Contract, Member, Operation, ParameterLocation};

/// A request as a server receives it.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'r> {
    pub method: &'r str,
    /// Path and query as they are on the wire.
    target: &'r str,
    pub headers: &'r [(String, String)],
    pub body: &'r [u8],
}

impl<'r> Incoming<'r> {
    /// `target` is a path with its query, or a whole URL.
    pub fn new(
        method: &'r str,
        target: &'r str,
        headers: &'r [(String, String)],
        body: &'r [u8],
    ) -> Incoming<'r> {
        let target = match target.split_once("://") {
            Some((scheme, rest)) if !scheme.contains(['/', '?', '#']) => {
                rest.find(['/', '?', '#']).map_or("", |start| &rest[start..])
            }
            _ => target,
        };
        let target = target.split('#').next().unwrap_or_default();
        Incoming { method, target, headers, body }
    }

    pub fn path(&self) -> &'r str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn query(&self) -> &'r str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The methods that a lenient server may take it for, upper case.
    pub fn methods(&self) -> BTreeSet<String> {
        lenient::methods(self)
    }

    /// The values of a header, without the white space around them (RFC 9110, 5.5).
    pub fn headers_named(&self, name: &'static str) -> impl Iterator<Item = &'r str> {
        let headers = self.headers.iter();
        headers.filter(move |(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Where the API begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base<'a> {
    /// Below this path.
    Known(&'a str),
    /// In recorded traffic, below whatever stands before an operation's path.
    Anywhere,
}

/// An operation that a request is for.
#[derive(Debug, Clone)]
pub struct Match<'c, 'r> {
    pub operation: &'c Operation,
    /// The path before that of the operation, without a slash at the end.
    pub base: &'r str,
    /// The parameters of the path by their names on the wire, percent-decoded.
    pub parameters: Vec<(&'c str, String)>,
    pub slash: Slash,
}

/// Why a request is for no operation.
#[derive(Debug, Clone)]
pub enum Miss<'c> {
    Path,
    /// The contract has the path with these methods.
    Method {
        allowed: Vec<&'c str>,
    },
    /// No `X-Amz-Target`, or one of another service.
    Target,
    /// An `X-Amz-Target` of this service that names no operation.
    Operation,
    /// The contract does not say which of these it is for.
    Ambiguous(Vec<&'c Operation>),
}

/// An operation that some server may take a request for.
#[derive(Debug, Clone)]
pub struct Reading<'c> {
    pub operation: &'c Operation,
    /// The parameters of the path by their names on the wire, decoded as such a server would.
    pub parameters: Vec<(&'c str, String)>,
}

/// The operations of one contract by their paths.
#[derive(Debug)]
pub struct Router<'c> {
    contract: &'c Contract,
    routes: Vec<Route<'c>>,
}

#[derive(Debug)]
struct Route<'c> {
    operation: &'c Operation,
    /// One behind another, they are the path of the operation.
    paths: [&'c str; 2],
    template: OnceLock<Template<'c>>,
}

/// The assignments of several parameters within one segment that [`Router::readings`] looks at.
const ASSIGNMENTS: usize = 64;

impl<'c> Router<'c> {
    pub fn new(contract: &'c Contract) -> Router<'c> {
        let mut routes = Vec::new();
        if contract.protocol.is_rest() {
            routes.extend(contract.operations.values().flat_map(|operation| of(operation, contract)));
        }
        Router { contract, routes }
    }

    /// The operation that the request is for. Of several paths the more concrete one counts, whatever its methods are
    /// (OpenAPI 3.1.1, 4.8.8.2): the one with most literal text, then with the fewest parameters. A path as it is written in
    /// the contract goes before one that is so only once reserved characters are decoded.
    pub fn find<'r>(&self, request: &Incoming<'r>, base: Base<'_>) -> Result<Match<'c, 'r>, Miss<'c>> {
        if let Some(target_prefix) = self.contract.protocol.target_prefix() {
            return self.by_target(request, base, target_prefix);
        }
        let below =
            |base| below(request.path(), base).map(|(_, below)| template::path_segments(below).count());
        let count = match base {
            Base::Known(base) => Some(below(base).ok_or(Miss::Path)?),
            Base::Anywhere => None,
        };
        let mut fits: BTreeMap<(Equality, Slash), Vec<Fit<'c, 'r, '_>>> = BTreeMap::new();
        for route in self.routes.iter().filter(|route| count.is_none_or(|count| route.may_take(count))) {
            if let Some(fit) = route.fit(request.path(), base) {
                fits.entry((fit.equality, fit.found.slash)).or_default().push(fit);
            }
        }
        let mut missed = Miss::Path;
        for (_, mut fits) in fits {
            let rank = |fit: &Fit<'_, '_, '_>| {
                let template = fit.route.template();
                (Reverse(template.literal_bytes()), template.parameters().count(), fit.found.base.len())
            };
            let best = fits.iter().map(rank).min();
            fits.retain(|fit| Some(rank(fit)) == best);
            let mut allowed: Vec<&str> = fits.iter().map(|fit| &*fit.found.operation.method).collect();
            allowed.dedup();
            let mut found: Vec<Match<'c, 'r>> = fits.into_iter().map(|fit| fit.found).collect();
            found.retain(|it| it.operation.method == request.method);
            // Of those at one path, a request is for the one whose own words stand in its query.
            let most = found.iter().map(|it| constants(it.operation, request.query())).max().flatten();
            found.retain(|it| constants(it.operation, request.query()) == most);
            found.dedup_by(|a, b| a.operation.name == b.operation.name);
            match <[Match<'c, 'r>; 1]>::try_from(found) {
                Ok([found]) => return Ok(found),
                Err(none) if none.is_empty() => {
                    if matches!(missed, Miss::Path) {
                        missed = Miss::Method { allowed };
                    }
                }
                Err(several) => {
                    return Err(Miss::Ambiguous(several.into_iter().map(|it| it.operation).collect()));
                }
            }
        }
        Err(missed)
    }

    fn by_target<'r>(
        &self,
        request: &Incoming<'r>,
        base: Base<'_>,
        prefix: &str,
    ) -> Result<Match<'c, 'r>, Miss<'c>> {
        let path = request.path();
        let path = path.strip_suffix('/').unwrap_or(path);
        if let Base::Known(base) = base
            && path != base.trim_end_matches('/')
        {
            return Err(Miss::Path);
        }
        if request.method != "POST" {
            return Err(Miss::Method { allowed: vec!["POST"] });
        }
        let named = request.headers_named("x-amz-target").next();
        let name = named.and_then(|target| target.strip_prefix(prefix)?.strip_prefix('.'));
        let name = name.ok_or(Miss::Target)?;
        let operation = self.contract.operation(name).ok_or(Miss::Operation)?;
        Ok(Match { operation, base: path, parameters: Vec::new(), slash: Slash::AsDocumented })
    }

    /// Every operation that some lenient server may take the request for, with each way to read its parameters: paths with
    /// `.`, `..`, `//`, `\` and `;` resolved, decoded up to four times, without letter case; methods that headers, query or
    /// form name instead. None means that nobody can say what the request does, not that it does nothing.
    pub fn readings(&self, request: &Incoming<'_>, base: Base<'_>) -> Vec<Reading<'c>> {
        if !self.contract.protocol.is_rest() {
            let called = lenient::targets(request);
            let named = |operation: &&Operation| called.contains(&operation.name.to_ascii_uppercase());
            let all = self.contract.operations.values().filter(named);
            return all.map(|operation| Reading { operation, parameters: Vec::new() }).collect();
        }
        let methods = lenient::methods(request);
        let base = match base {
            Base::Known(base) => Some(base),
            Base::Anywhere => None,
        };
        let paths: Vec<Vec<Vec<Byte>>> = lenient::paths(request.path(), base)
            .iter()
            .map(|segments| segments.iter().map(|it| lenient::plain(it)).collect())
            .collect();
        let mut readings: Vec<Reading<'c>> = Vec::new();
        let routes = self.routes.iter().filter(|route| methods.contains(&*route.operation.method));
        // What is a part of an operation's path in the query is named there at least.
        let given = lenient::names(request);
        let named = |operation: &Operation| {
            let words = operation.members.iter().filter(|(_, member)| is_constant(member));
            { words }.all(|(name, member)| {
                given.contains(&member.wire_name.as_ref().unwrap_or(name).to_ascii_lowercase())
            })
        };
        for route in routes.filter(|route| named(route.operation)) {
            let count = route.segments();
            for path in &paths {
                let template = route.template();
                // Where a greedy parameter is, the path begins where it is whole.
                let is_exact = !template.takes(usize::MAX);
                let start = match base {
                    None if is_exact => path.len().saturating_sub(count),
                    _ => 0,
                };
                if !template.takes(path.len() - start) {
                    continue;
                }
                for parameters in template.fits(&path[start..], Equality::AnyCase, ASSIGNMENTS) {
                    let known = |it: &Reading<'_>| {
                        it.operation.name == route.operation.name && it.parameters == parameters
                    };
                    if !readings.iter().any(known) {
                        readings.push(Reading { operation: route.operation, parameters });
                    }
                }
            }
        }
        readings
    }

    /// Paths of the contract that a request cannot have, or that do not say which operation a request is for: each with the
    /// name of an operation.
    pub fn problems(&self) -> Vec<(&'c str, String)> {
        let mut problems = Vec::new();
        let mut groups: BTreeMap<_, Vec<&Route<'c>>> = BTreeMap::new();
        for route in &self.routes {
            let template = route.template();
            if let Some(message) = impossible(template) {
                problems.push((&*route.operation.name, message));
            }
            let of_template = (template.literal_bytes(), template.parameters().count());
            let key = (&*route.operation.method, route.segments(), of_template);
            groups.entry(key).or_default().push(route);
        }
        let mut comparisons = 0;
        for routes in groups.values() {
            for (i, route) in routes.iter().enumerate() {
                let meets = |other: &&&Route<'c>| {
                    let words = |route: &Route<'c>| {
                        let members = route.operation.members.iter();
                        let words = members.filter(|(_, member)| is_constant(member));
                        words.map(|(name, member)| (name, &member.default)).collect::<Vec<_>>()
                    };
                    other.operation.name != route.operation.name
                        && words(other) == words(route)
                        && other.template().may_meet(route.template())
                };
                comparisons += i;
                if comparisons > MOST_COMPARISONS {
                    let message = "this and further paths were not compared: there are too many".to_owned();
                    problems.push((&*route.operation.name, message));
                    return problems;
                }
                if let Some(other) = routes[..i].iter().find(meets) {
                    let (path, name) = (&other.operation.path, &other.operation.name);
                    let message = format!(
                        "a request may be for this operation or for {name} ({path}); the paths do not say which"
                    );
                    problems.push((&*route.operation.name, message));
                }
            }
        }
        problems
    }
}

/// How many parameters of one value each an operation has in its query, if all of them stand there: `mode=import`.
fn constants(operation: &Operation, query: &str) -> Option<usize> {
    let words = || { operation.members.iter() }.filter(|(_, member)| is_constant(member));
    let stands = |(name, member): (&String, &Member)| {
        let name = member.wire_name.as_deref().unwrap_or(name);
        let value = member.default.as_ref().and_then(Value::as_str).unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).any(|(have, given)| have == name && given == value)
    };
    words().all(stands).then(|| words().count())
}

/// Whether a parameter of the query is a part of what the operation is, and has no other value.
fn is_constant(member: &Member) -> bool {
    let values = member.schema.get("enum").and_then(Value::as_array).map_or(0, Vec::len);
    member.place == ParameterLocation::Query && member.required && member.default.is_some() && values == 1
}

/// Documents of a thousand paths need a few thousand.
const MOST_COMPARISONS: usize = 5_000_000;

/// Why no parameter of the path could be told from the next.
fn impossible(template: &Template<'_>) -> Option<String> {
    let mut pairs = template.segments.iter().flat_map(|segment| segment.windows(2));
    pairs.find_map(|pair| match pair {
        [template::Piece::Parameter(a), template::Piece::Parameter(b)] => {
            Some(format!("nothing stands between {{{a}}} and {{{b}}}: where one ends is a guess"))
        }
        _ => None,
    })
}

/// The operation below each server of the contract; the first one's path is a part of the operation's.
fn of<'c>(operation: &'c Operation, contract: &'c Contract) -> Vec<Route<'c>> {
    let route = |paths: [&'c str; 2]| Route { operation, paths, template: OnceLock::new() };
    let mut routes = vec![route(["", &operation.path])];
    if let [first, others @ ..] = contract.base_paths.as_slice()
        && let Some(path) = operation.path.strip_prefix(first.as_str())
    {
        routes.extend(others.iter().map(|base| route([base, path])));
    }
    routes
}

/// A path below this base: the base in it, and the rest.
fn below<'r>(path: &'r str, base: &str) -> Option<(&'r str, &'r str)> {
    let base = base.trim_end_matches('/');
    let below = path.strip_prefix(base).filter(|it| it.is_empty() || it.starts_with('/'))?;
    Some((&path[..base.len()], below))
}

struct Fit<'c, 'r, 's> {
    route: &'s Route<'c>,
    equality: Equality,
    found: Match<'c, 'r>,
}

impl<'c> Route<'c> {
    /// Of the path: few requests have as many as a route, so that most templates are never read.
    fn segments(&self) -> usize {
        self.paths.iter().map(|path| template::count(path)).sum()
    }

    fn template(&self) -> &Template<'c> {
        self.template.get_or_init(|| Template::of(&self.paths))
    }

    /// Few requests have as many segments as a route, so that most templates are never read.
    fn may_take(&self, count: usize) -> bool {
        let own = self.segments();
        count == own || count > own && self.template().takes(count)
    }

    fn fit<'r>(&self, path: &'r str, base: Base<'_>) -> Option<Fit<'c, 'r, '_>> {
        let (base, below) = match base {
            Base::Known(base) => below(path, base)?,
            Base::Anywhere => path.split_at(self.start(path)?),
        };
        if !self.may_take(template::path_segments(below).count()) {
            return None;
        }
        let (equality, parameters, slash) = self.template().fit(below)?;
        let found = Match { operation: self.operation, base, parameters, slash };
        Some(Fit { route: self, equality, found })
    }

    /// Where in a path that ends with this template the template begins. A template without literal text would be the end of
    /// every path: it can only be the whole.
    fn start(&self, path: &str) -> Option<usize> {
        let end = path.strip_suffix('/').unwrap_or(path).len();
        let start = match self.segments() {
            // What a greedy parameter takes has no beginning of its own.
            _ if self.template().takes(usize::MAX) => 0,
            0 => end,
            count => path[..end].rmatch_indices('/').nth(count - 1)?.0,
        };
        (start == 0 || self.template().literal_bytes() > 0).then_some(start)
    }
}
