//! The top of the page: the mark, the verdict in words, whom it is about, and what there is to find below.

use super::{RenderContext, STATUSES, digits, markup::Markup};
use crate::{
    model::{case::Profile, target::Verification, verdict::Status},
    report::{
        Entry, FailOn, Outcome,
        text::{Ending, count, ending},
    },
};

/// Ink that stands for nothing by itself: the shape in the middle and the words beside it say the same.
const MARK: &str = "<svg class=\"mark\" viewBox=\"0 0 160 160\" aria-hidden=\"true\" focusable=\"false\"><defs>\
    <path id=\"ring\" d=\"M80 80m-58.5 0a58.5 58.5 0 1 1 117 0a58.5 58.5 0 1 1 -117 0\"/></defs>\
    <circle cx=\"80\" cy=\"80\" r=\"76\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"3.5\"/>\
    <circle cx=\"80\" cy=\"80\" r=\"71\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1\"/>\
    <circle cx=\"80\" cy=\"80\" r=\"49\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.5\"/>\
    <text class=\"ring\"><textPath href=\"#ring\" startOffset=\"0\" textLength=\"366\">";
/// A crown, as proof houses have one above their letters.
const CROWN: &str = "</textPath></text><path d=\"M62 60l-3-15 9.500 7.500L80 41l11.500 11.500L101 45l-3 15z\" \
    fill=\"currentColor\"/><path d=\"M62 63.500h36\" stroke=\"currentColor\" stroke-width=\"2.500\"/>";
const TICK: &str = "<path d=\"M58 91l15 15 29-33\" class=\"glyph\"/></svg>\n";
const CROSS: &str = "<path d=\"M63 74l34 34M97 74l-34 34\" class=\"glyph\"/></svg>\n";
const TILDE: &str = "<path d=\"M56 97c8-15 16-15 24-6s16 9 24-6\" class=\"glyph\"/></svg>\n";
const QUESTION: &str = "<path d=\"M66 84c0-18 29-18 29-3 0 11-14 10-14 19\" class=\"glyph\"/>\
    <circle cx=\"81\" cy=\"112\" r=\"4.500\" fill=\"currentColor\"/></svg>\n";

pub fn write(context: &RenderContext, body: &mut Markup) {
    let Ending { word, parts, .. } = ending(context.run, context.report.terms.today, context.redactor);
    let (class, shape) = match context.run.outcome() {
        Outcome::NotConformant => ("broken", CROSS),
        Outcome::CouldNotFindOut => ("doubt", QUESTION),
        Outcome::Conformant if word == "NOTHING JUDGED" => ("doubt", QUESTION),
        Outcome::Conformant if word == "NOTHING NEW IS BROKEN" => ("doubt", TILDE),
        Outcome::Conformant if word != "CONFORMANT" => ("doubt", TICK),
        Outcome::ConformantInPart | Outcome::NoViolation => ("doubt", TILDE),
        Outcome::Conformant => ("kept", TICK),
    };
    body.raw("<section class=\"verdict ").raw(class).raw("\" id=\"").text(context.id("verdict"));
    body.raw("\" aria-labelledby=\"").text(context.id("verdict")).raw("-title\">\n").raw(MARK);
    let day = context.run.started.strftime("%-d %b %Y");
    body.text(format!("Proofmark · {day} · ").to_uppercase().repeat(2)).raw(CROWN).raw(shape);
    body.raw("<div><p class=\"subject\">").text(context.product()).raw("</p>\n<h1 id=\"");
    body.text(context.id("verdict")).raw("-title\">").text(word).raw("</h1>\n<p class=\"lede\">");
    body.text(parts.join(", ")).raw(".</p>\n");
    profiles(context, body);
    body.raw("</div></section>\n");
    facts(context, body);
    contents(context, body);
}

/// One line each: what of a profile was judged, and what of that passed.
fn profiles(context: &RenderContext, body: &mut Markup) {
    body.raw("<ul class=\"profiles\">");
    for (profile, name, what) in [
        (Profile::Core, "core", "what the documents require"),
        (Profile::Extended, "extended", "the rest of the API"),
    ] {
        let of = || context.run.entries.iter().filter(|entry| entry.subject.profile == Some(profile));
        let aside = |entry: &&Entry| matches!(entry.status, Status::Skip | Status::Unsupported);
        let judged = of().count() - of().filter(aside).count();
        let passed = of().filter(|entry| entry.status == Status::Pass).count();
        if of().next().is_some() {
            body.raw("<li><b>").text(digits(passed)).raw("</b> of ").text(digits(judged));
            body.raw(" judged passed in <a href=\"#profile=").raw(name).raw("\">").raw(name);
            body.raw("</a> <small>").raw(what).raw("</small></li>");
        }
    }
    body.raw("<li>").text(context.run.yielded()).raw("</li></ul>\n");
}

fn facts(context: &RenderContext, body: &mut Markup) {
    let (run, redactor) = (context.run, context.redactor);
    body.raw("<dl class=\"facts\">\n");
    let mut fact = |name: &'static str, values: &[String]| {
        body.raw("<div><dt>").raw(name).raw("</dt>");
        values.iter().for_each(|value| {
            body.raw("<dd>").text(value).raw("</dd>");
        });
        body.raw("</div>\n");
    };
    let urls: Vec<String> = run
        .target
        .apis
        .iter()
        .map(|(api, facts)| format!("{api} at {}", redactor.url(&facts.base_url)))
        .collect();
    let mut target = vec![redactor.line(&run.target.name)];
    if run.target.verification == Verification::Off {
        target.push("certificates are not verified: the target file says insecure: true".into());
    }
    fact("Target", &target);
    fact("Reached", &urls);
    let exchanges: usize = run.entries.iter().map(|entry| entry.exchanges).sum();
    fact(
        "Run",
        &[
            run.started.strftime("%-d %B %Y, %H:%M:%S UTC").to_string(),
            format!("{} exchanges in {:.2} s", digits(exchanges), run.elapsed.as_secs_f64()),
        ],
    );
    let cases = run.entries.iter().filter(|entry| entry.is_case()).count();
    let generated = run.entries.iter().filter(|entry| entry.subject.is_generated()).count();
    let mut planned = vec![counted(cases, "case")];
    if generated > 0 {
        planned.push(format!("{} of them generated", digits(generated)));
    }
    planned.extend(run.seed.filter(|_| generated > 0).map(|seed| format!("seed {seed}")));
    if !run.plan.selection.is_empty() {
        planned.push(format!("selected by {}", redactor.line(&run.plan.selection.join(" "))));
    }
    if run.plan.not_selected > 0 {
        planned.push(format!("{} of the suite not selected", counted(run.plan.not_selected, "case")));
    }
    planned
        .extend(run.plan.shard.as_ref().map(|shard| format!("part {} of the cases", redactor.line(shard))));
    fact("Plan", &planned);
    let terms = match context.report.terms.fail_on {
        FailOn::Must => "a broken MUST fails a case",
        FailOn::Should => "a broken MUST or SHOULD fails a case",
        FailOn::Inconclusive => "a broken MUST fails a case, and no case may be inconclusive",
        FailOn::Regression => "a broken MUST fails a case, unless the baseline breaks it too",
    };
    fact("Terms", &[terms.to_owned(), format!("exit code {}", run.outcome().exit_code())]);
    if let Some(baseline) = &run.baseline {
        let started = baseline.started.strftime("%-d %B %Y, %H:%M:%S UTC").to_string();
        let mut facts =
            vec![format!("the run of {started}"), format!("SHA-256 {}", redactor.line(&baseline.sha256))];
        facts.extend(
            baseline.unlike.iter().map(|unlike| format!("unlike this run: {}", redactor.line(unlike))),
        );
        fact("Baseline", &facts);
    }
    fact("Judge", &[format!("Proofmark {}", context.report.proofmark)]);
    let digests = &run.digests;
    let mut sums: Vec<String> = Vec::new();
    sums.extend(digests.suite.as_ref().map(|sum| format!("suite {sum}")));
    sums.extend(digests.contracts.iter().map(|(api, sum)| format!("contract {api} {sum}")));
    sums.extend(digests.target.as_ref().map(|sum| format!("target file {sum}")));
    if !sums.is_empty() {
        fact("SHA-256", &sums);
    }
    body.raw("</dl>\n");
}

/// What can be found on the page, and how many cases have which status.
fn contents(context: &RenderContext, body: &mut Markup) {
    body.raw("<nav class=\"contents\" aria-label=\"Contents");
    if context.ordinal > 0 {
        body.raw(" of ").text(context.product());
    }
    body.raw("\"><ul class=\"tally\">");
    let cases: Vec<&Entry> = context.run.entries.iter().filter(|entry| entry.is_case()).collect();
    for status in &STATUSES {
        let number = cases.iter().filter(|entry| STATUSES[super::place(entry)].name == status.name).count();
        if number > 0 {
            body.raw("<li class=\"").raw(status.name).raw("\"><a href=\"#status=").raw(status.name);
            body.raw("\"><span class=\"glyph\" aria-hidden=\"true\">").raw(status.mark).raw("</span> <b>");
            body.text(digits(number)).raw("</b> ").raw(status.word).raw("</a></li>");
        }
    }
    body.raw("</ul><ul class=\"sections\">");
    for (id, title) in super::sections(context) {
        body.raw("<li><a href=\"#").text(context.id(id)).raw("\">").raw(title).raw("</a></li>");
    }
    body.raw("<li><a href=\"#cases\">Every case</a></li></ul></nav>\n");
}

/// `7,782 cases`.
pub fn counted(number: usize, singular: &str) -> String {
    count(number, singular).replacen(&number.to_string(), &digits(number), 1)
}
