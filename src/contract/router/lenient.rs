//! The paths and methods that a lenient server may take a request for: decoded more than once, with `.`, `..` and empty
//! segments resolved, with a method that a header or a parameter names.

use std::collections::BTreeSet;

use crate::contract::multipart;

use super::{
    Incoming,
    template::{self, decoded},
};

/// A server behind another decodes once more; more than these are not known.
const DECODINGS: usize = 4;

/// The methods that a request may be taken for, upper case.
pub(super) fn methods(request: &Incoming<'_>) -> BTreeSet<String> {
    let mut methods = BTreeSet::from([request.method.trim().to_ascii_uppercase()]);
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        methods.extend(request.headers_named(name).map(|value| value.trim().to_ascii_uppercase()));
    }
    methods.extend(pairs(request).filter(|(name, _)| is_override(name)).map(|(_, value)| value));
    // A server answers HEAD as it does GET.
    if methods.contains("HEAD") {
        methods.insert("GET".to_owned());
    }
    methods
}

fn is_override(name: &str) -> bool {
    ["_method", "x-http-method-override", "x-http-method", "x-method-override"].contains(&name)
}

/// The pairs of the query, and of a body that may be a form: the name in lower case, the value in upper case.
fn pairs(request: &Incoming<'_>) -> impl Iterator<Item = (String, String)> {
    let of_query = url::form_urlencoded::parse(request.query().as_bytes());
    // A form in which a method may stand is short.
    let body = &request.body[..request.body.len().min(64 << 10)];
    let json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
    let of_body =
        multipart::fields(if json { b"" } else { body }, request.headers_named("content-type").next());
    of_query
        .into_owned()
        .chain(of_body)
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_ascii_uppercase()))
}

/// The names of all parameters, lower case.
pub(super) fn names(request: &Incoming<'_>) -> BTreeSet<String> {
    pairs(request).map(|(name, _)| name).collect()
}

/// The names of operations that a request may be taken to call by `X-Amz-Target`, or by an `Action` as the query protocol
/// has it; upper case, without what stands before a dot.
pub(super) fn targets(request: &Incoming<'_>) -> BTreeSet<String> {
    let named = pairs(request).filter(|(name, _)| name == "action" || name == "x-amz-target");
    let all = request.headers_named("x-amz-target").map(str::to_owned).chain(named.map(|(_, value)| value));
    all.flat_map(|target| [decoded(&target), target])
        .filter_map(|target| Some(target.rsplit(['.', '#', '/']).next()?.trim().to_ascii_uppercase()))
        .filter(|name| !name.is_empty())
        .collect()
}

/// The segments that the path may be taken for, each as it would be compared and handed on. `base` is cut off where it is
/// given; a path that does not begin with it has none.
pub(super) fn paths(path: &str, base: Option<&str>) -> BTreeSet<Vec<String>> {
    if let Some(found) = plain_paths(path, base) {
        return found;
    }
    every_path(path, base)
}

/// The same for a path in which there is nothing to decode and nothing to resolve: most are so.
fn plain_paths(path: &str, base: Option<&str>) -> Option<BTreeSet<Vec<String>>> {
    let inner = path.strip_prefix('/').unwrap_or(path);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    let leaves_work = |byte| matches!(byte, b'%' | b'\\' | b';' | b'.');
    if inner.is_empty() || path.contains("//") || path.bytes().any(leaves_work) {
        return None;
    }
    let written: Vec<String> = inner.split('/').map(str::to_owned).collect();
    let mut found: BTreeSet<Vec<String>> = without_base(&written, base).into_iter().collect();
    match base.and_then(|base| path.strip_prefix(base.trim_end_matches('/'))) {
        Some(below) if below.len() == path.len() => drop(found.insert(written)),
        Some(below) => found.extend(split(below)),
        None => {}
    }
    Some(found)
}

/// With everything that may be decoded and resolved.
fn every_path(path: &str, base: Option<&str>) -> BTreeSet<Vec<String>> {
    let mut texts = vec![path.to_owned()];
    for _ in 0..DECODINGS {
        let next = texts.last().map_or(String::new(), |text| decoded(text));
        if texts.last() == Some(&next) {
            break;
        }
        texts.push(next);
    }
    let mut found = BTreeSet::new();
    for text in &texts {
        for text in [text.clone(), text.replace('\\', "/")] {
            let below = base.and_then(|base| text.strip_prefix(base.trim_end_matches('/')));
            let all = split(&text).into_iter().filter_map(|it| without_base(&it, base));
            for segments in all.chain(below.into_iter().flat_map(split)) {
                // Decoded behind the split, a slash stays within its segment. Every server decodes at least once.
                found.insert(segments.iter().map(|it| decoded(it)).collect());
                found.insert(segments.iter().map(|it| thoroughly(it)).collect());
            }
        }
    }
    found
}

/// As written but for a slash at the end, and tidied up; with and without the parameters of segments (`;v=1`).
fn split(path: &str) -> Vec<Vec<String>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let written: Vec<&str> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
    let bare: Vec<&str> = written.iter().map(|it| it.split(';').next().unwrap_or_default()).collect();
    let mut all = Vec::new();
    for segments in [written, bare] {
        let full: Vec<&str> = segments.iter().filter(|it| !it.is_empty()).copied().collect();
        let mut resolved: Vec<&str> = Vec::new();
        for segment in &full {
            match *decoded(segment) {
                ref dot if dot == "." => {}
                ref dots if dots == ".." => drop(resolved.pop()),
                _ => resolved.push(segment),
            }
        }
        all.extend(
            [segments, full, resolved].map(|it| it.into_iter().map(str::to_owned).collect::<Vec<_>>()),
        );
    }
    all
}

fn without_base(segments: &[String], base: Option<&str>) -> Option<Vec<String>> {
    let base: Vec<String> =
        base.unwrap_or_default().split('/').filter(|it| !it.is_empty()).map(decoded).collect();
    let same = |(a, b): (&String, &String)| decoded(a).eq_ignore_ascii_case(b);
    let begins = segments.len() >= base.len() && segments.iter().zip(&base).all(same);
    begins.then(|| segments[base.len()..].to_vec())
}

fn thoroughly(text: &str) -> String {
    (0..DECODINGS).fold(text.to_owned(), |text, _| decoded(&text))
}

/// A segment as text of which nothing is decoded any more.
pub(super) fn plain(segment: &str) -> Vec<template::Byte> {
    segment.bytes().map(|value| template::Byte { value, escaped: false }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_are_read_as_all_others() {
        let paths = [
            "",
            "/",
            "//",
            "a",
            "/a",
            "/a/",
            "/a/b",
            "/a/b/c-d_e:f",
            "/A/b",
            "/api",
            "/api/",
            "/apix/y",
            "/a//b",
        ];
        let bases = [
            None,
            Some(""),
            Some("/"),
            Some("/api"),
            Some("/api/"),
            Some("/a"),
            Some("/A"),
            Some("/a/b"),
            Some("/%61"),
        ];
        let mut plain = 0;
        for path in paths.iter().flat_map(|path| [(*path).to_owned(), format!("/api{path}")]) {
            for base in bases {
                assert_eq!(super::paths(&path, base), every_path(&path, base), "{path} below {base:?}");
                plain += usize::from(plain_paths(&path, base).is_some());
            }
        }
        assert!(plain > 100, "{plain}");
    }
}
