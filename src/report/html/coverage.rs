//! What of the contracts the run has seen: a table of shares, and behind it the names of what was not.

use std::collections::{BTreeMap, BTreeSet};

use super::{RenderContext, digits, markup::Markup};
use crate::{
    model::clause::Strength,
    report::coverage::{ApiCoverage, OperationCoverage, OperationState, Ratio},
};

/// Names that are worth their paper.
const LONG: usize = 160;

pub fn write(context: &RenderContext, body: &mut Markup) {
    let Some(covered) = &context.run.covered else { return };
    context.section("coverage", "What of the contracts was seen", None, body);
    body.raw("<div class=\"shares\">\n");
    let selected = |api: &&ApiCoverage| context.run.all().any(|entry| entry.subject.api == api.api);
    for api in covered.apis.iter().filter(selected) {
        body.raw("<table class=\"share\"><caption>")
            .text(context.redactor.line(&api.api))
            .raw("</caption><tbody>");
        shares(api).into_iter().for_each(|(what, seen, all)| share(what, seen, all, body));
        body.raw("</tbody></table>\n");
    }
    let clauses = &covered.clauses;
    body.raw("<table class=\"share\"><caption>clauses</caption><tbody>");
    share("judged", clauses.exercised(), clauses.total(), body);
    share("kept", clauses.kept.len(), clauses.exercised(), body);
    body.raw("</tbody></table></div>\n");
    for api in covered.apis.iter().filter(selected) {
        untouched(context, api, body);
    }
    list(context, "clauses", "broken", clauses.broken.iter(), body);
    for strength in [Strength::Must, Strength::Should, Strength::May] {
        let mine = clauses.untouched.iter().filter(|(_, stated)| **stated == strength).map(|(id, _)| id);
        let what = match strength {
            Strength::Must => "never touched, MUST",
            Strength::Should => "never touched, SHOULD",
            Strength::May => "never touched, MAY",
        };
        list(context, "clauses", what, mine, body);
    }
    list(context, "clauses", "kept", clauses.kept.iter(), body);
    body.raw("</section>\n");
}

fn shares(api: &ApiCoverage) -> Vec<(&'static str, usize, usize)> {
    let of = |states: &[OperationState]| {
        api.operations.values().filter(|operation| states.contains(&operation.state)).count()
    };
    let sum = |share: fn(&OperationCoverage) -> &Ratio| {
        let shares = api.operations.values().map(share);
        shares.fold((0, 0), |(seen, all), share| (seen + share.seen.len(), all + share.total()))
    };
    let exercised = of(&[OperationState::Exercised, OperationState::Passed]);
    let (statuses, errors) = (sum(|it| &it.statuses), sum(|it| &it.errors));
    let shares = [
        ("operations exercised", exercised, api.operations.len()),
        ("of them without fault", of(&[OperationState::Passed]), exercised),
        ("documented statuses", statuses.0, statuses.1),
        ("modelled errors", errors.0, errors.1),
        ("input members sent", api.inputs.seen.len(), api.inputs.total()),
        ("output members seen", api.outputs.seen.len(), api.outputs.total()),
        ("of them compared by value", api.compared.len(), api.outputs.seen.len()),
    ];
    shares.into_iter().filter(|(_, _, all)| *all > 0).collect()
}

fn share(what: &'static str, seen: usize, all: usize, body: &mut Markup) {
    let part = (seen * 100).checked_div(all).unwrap_or_default();
    body.raw("<tr><th scope=\"row\">").raw(what).raw("</th><td class=\"number\">").text(digits(seen));
    body.raw(" <span class=\"quiet\">of ").text(digits(all)).raw("</span></td><td class=\"bar\">");
    body.raw(
        "<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"all\" ",
    );
    body.raw("width=\"100\" height=\"10\"/><rect class=\"seen\" height=\"10\" width=\"").text(part);
    body.raw("\"/></svg></td><td class=\"number\">").text(part).raw(" %</td></tr>");
}

fn untouched(context: &RenderContext, api: &ApiCoverage, body: &mut Markup) {
    let name = context.redactor.line(&api.api);
    let with = |state: OperationState| {
        api.operations.iter().filter(move |(_, operation)| operation.state == state).map(|(name, _)| name)
    };
    list(context, &name, "operations never touched", with(OperationState::Untouched), body);
    list(
        context,
        &name,
        "operations with a fault, or no case that passed",
        with(OperationState::Exercised),
        body,
    );
    list(context, &name, "operations the target does not have", with(OperationState::Unsupported), body);
    // By what was not seen, so that a status many operations share is named once.
    let mut missing: BTreeMap<&str, BTreeSet<&String>> = BTreeMap::new();
    for (name, operation) in &api.operations {
        if operation.state != OperationState::Unsupported {
            for unseen in operation.statuses.unseen.iter().chain(&operation.errors.unseen) {
                missing.entry(unseen).or_default().insert(name);
            }
        }
    }
    if !missing.is_empty() {
        let class =
            if missing.values().map(BTreeSet::len).sum::<usize>() > LONG { "fold long" } else { "fold" };
        body.raw("<details class=\"")
            .raw(class)
            .raw("\"><summary>")
            .text(&name)
            .raw(": statuses and errors never seen ");
        body.raw("<span class=\"count\">")
            .text(digits(missing.len()))
            .raw("</span></summary><dl class=\"missing\">");
        for (what, operations) in missing {
            let operations: Vec<String> =
                operations.into_iter().map(|it| context.redactor.line(it)).collect();
            body.raw("<div><dt>")
                .text(context.redactor.line(what))
                .raw("</dt><dd>")
                .text(operations.join(", "));
            body.raw("</dd></div>");
        }
        body.raw("</dl></details>\n");
    }
    list(context, &name, "input members never sent", api.inputs.unseen.iter(), body);
    list(context, &name, "output members never seen", api.outputs.unseen.iter(), body);
    let seen_alone = api.outputs.seen.difference(&api.compared);
    list(context, &name, "output members whose values nothing compares", seen_alone, body);
}

fn list<'a>(
    context: &RenderContext,
    of: &str,
    what: &'static str,
    names: impl Iterator<Item = &'a String>,
    body: &mut Markup,
) {
    let names: Vec<&String> = names.collect();
    if names.is_empty() {
        return;
    }
    let class = if names.len() > LONG { "fold long" } else { "fold" };
    body.raw("<details class=\"")
        .raw(class)
        .raw("\"><summary>")
        .text(of)
        .raw(": ")
        .raw(what)
        .raw(" <span class=\"count\">");
    body.text(digits(names.len())).raw("</span></summary><ul class=\"names columns\">");
    for name in names {
        body.raw("<li>").text(context.redactor.line(name)).raw("</li>");
    }
    body.raw("</ul></details>\n");
}
