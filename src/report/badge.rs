//! The badge: what a recorded run comes to, in two words for a README. As SVG, or as the JSON that shields.io makes one of.

use super::{
    Yield,
    statement::{Conformance, Statement},
};

/// What stands on a badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    pub label: String,
    pub message: String,
    /// `#rrggbb`.
    pub colour: &'static str,
}

/// Of a statement; the label is what it is called if nobody says otherwise.
pub fn of(statement: &Statement, label: Option<&str>) -> Badge {
    let (mut passed, mut all) = (0, 0);
    for profile in &statement.profiles {
        let core = &profile.core.statistics;
        passed += core.passed;
        all += core.passed + core.failing() + core.unjudged();
    }
    let yielded = statement.profiles.iter().fold(Yield::default(), |sum, profile| Yield {
        served: sum.served + profile.yielded.served,
        sent: sum.sent + profile.yielded.sent,
    });
    let served = format!("served {} of {}", yielded.served, yielded.sent);
    let share = format!("{}, core {passed} of {all}, {served}", statement.result.word());
    let apis: Vec<&str> = statement.profiles.iter().map(|profile| &*profile.name).collect();
    // Dark enough for white letters: at least 4.5 to 1.
    let (message, colour) = match statement.result {
        Conformance::Conformant => (format!("{}, {served}", statement.result.word()), "#1a7f37"),
        Conformance::Partial => (share, "#9a6700"),
        Conformance::Nonconformant => (share, "#cf222e"),
    };
    let label = label.map_or_else(|| format!("{} contract", apis.join(" + ")), str::to_owned);
    Badge { label, message, colour }
}

/// A picture that names itself to those who cannot see it, and fetches nothing.
pub fn svg(badge: &Badge) -> String {
    const PADDING: usize = 6;
    let Badge { label, message, colour } = badge;
    let (left, right) = (width(label), width(message));
    let (first, second) = (left + 2 * PADDING, right + 2 * PADDING);
    let whole = first + second;
    let (label, message) = (escaped(label), escaped(message));
    let text = |x: usize, width: usize, text: &str| {
        format!(r#"<text x="{x}" y="14" textLength="{width}" lengthAdjust="spacingAndGlyphs">{text}</text>"#)
    };
    let parts = [
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{label}: {message}">"#
        ),
        format!("<title>{label}: {message}</title>"),
        format!(r##"<rect width="{whole}" height="20" rx="3" fill="#444c56"/>"##),
        format!(
            r#"<path d="M{first} 0h{}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{0}z" fill="{colour}"/>"#,
            second - 3
        ),
        r##"<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">"##.to_owned(),
        text(PADDING, left, &label),
        text(first + PADDING, right, &message),
        "</g></svg>".to_owned(),
    ];
    parts.join("\n") + "\n"
}

/// For `https://img.shields.io/endpoint?url=...`.
pub fn shields(badge: &Badge) -> String {
    let Badge { label, message, colour } = badge;
    let json = serde_json::json!({
        "schemaVersion": 1,
        "label": label,
        "message": message,
        "color": colour.trim_start_matches('#'),
        "isError": false,
    });
    format!("{json:#}\n")
}

/// What the letters take up, about; the text is fitted to it.
fn width(text: &str) -> usize {
    let tenths: usize = text
        .chars()
        .map(|letter| match letter {
            'i' | 'l' | 'j' | '.' | ',' | ':' | '|' | ' ' | '\'' => 38,
            'f' | 't' | 'r' | '(' | ')' | '-' => 45,
            'm' | 'w' | 'M' | 'W' => 100,
            'A'..='Z' => 78,
            letter if letter.is_ascii() => 68,
            _ => 110,
        })
        .sum();
    tenths.div_ceil(10).max(1)
}

/// As text of an element or an attribute.
fn escaped(text: &str) -> String {
    let visible = text.chars().filter(|it| !it.is_control());
    visible.fold(String::new(), |mut escaped, letter| {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::target::Implementation,
        report::{
            record,
            sample::{fail, pass, report, run, violation},
            statement,
        },
    };

    fn badge(results: Vec<crate::report::CaseResult>) -> Badge {
        let mut run = run(results);
        run.target.apis.remove("veeam");
        let record = record::write(&report(run), &str::to_owned);
        of(&statement::of(&record, &Implementation::default()).unwrap(), None)
    }

    #[test]
    fn a_badge_says_what_the_statement_says() {
        let good = badge(vec![pass("dms::A::a")]);
        assert_eq!((&*good.label, &*good.message), ("dms contract", "conformant, served 1 of 1"));
        let bad = badge(vec![pass("dms::A::a"), fail("dms::A::b", vec![violation("status", &["a"])], "{}")]);
        assert_eq!(bad.message, "nonconformant, core 1 of 2, served 2 of 2");
        assert_ne!(good.colour, bad.colour);
        let json: serde_json::Value = serde_json::from_str(&shields(&bad)).unwrap();
        assert_eq!((&json["schemaVersion"], &json["color"]), (&1.into(), &"cf222e".into()));
    }

    #[test]
    fn a_label_is_text_and_nothing_else() {
        let hostile = Badge { label: "<script>\"'&".into(), message: "a\u{1b}b".into(), colour: "#1a7f37" };
        let svg = svg(&hostile);
        assert!(!svg.contains("<script") && !svg.contains('\u{1b}'), "{svg}");
        assert!(svg.contains("<title>&lt;script&gt;&quot;&#39;&amp;: ab</title>"), "{svg}");
        assert!(!svg.contains("href") && !svg.contains("url("), "nothing is fetched");
    }
}
