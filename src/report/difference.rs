//! Expected against actual: two aligned lines where they are short, a small diff where they are not.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// How many lines of a diff are worth reading in a terminal.
const MOST_LINES: usize = 24;

/// Two texts made comparable for the eye.
#[derive(Debug, PartialEq, Eq)]
pub enum Difference {
    /// Each fits on its line.
    Lines { expected: String, actual: String },
    /// Lines of both; those out of sight are counted in `left_out`.
    Diff { lines: Vec<(Side, String)>, left_out: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Both,
    Expected,
    Actual,
    /// Stands for lines that are the same in both and not shown.
    Gap,
}

/// Up to `width` characters each and without line breaks they are shown as lines; JSON is laid out before it is
/// compared.
pub fn difference(expected: &str, actual: &str, width: usize) -> Difference {
    let short = |text: &str| text.chars().count() <= width && !text.trim_end().contains('\n');
    let comparable = laid_out(expected).zip(laid_out(actual));
    if expected == actual
        || (short(expected) && short(actual))
        || (comparable.is_none() && !expected.contains('\n'))
    {
        return Difference::Lines { expected: expected.to_owned(), actual: actual.to_owned() };
    }
    let (old, new) = comparable.unwrap_or_else(|| (expected.to_owned(), actual.to_owned()));
    let diff = TextDiff::from_lines(&old, &new);
    let mut lines = Vec::new();
    for (index, hunk) in diff.grouped_ops(2).iter().enumerate() {
        if index > 0 {
            lines.push((Side::Gap, String::new()));
        }
        for change in hunk.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let side = match change.tag() {
                ChangeTag::Equal => Side::Both,
                ChangeTag::Delete => Side::Expected,
                ChangeTag::Insert => Side::Actual,
            };
            lines.push((side, change.value().trim_end_matches('\n').to_owned()));
        }
    }
    let left_out = lines.len().saturating_sub(MOST_LINES);
    lines.truncate(MOST_LINES);
    Difference::Diff { lines, left_out }
}

/// JSON with one member to a line; none if it is not an object or a list.
fn laid_out(text: &str) -> Option<String> {
    match serde_json::from_str::<Value>(text).ok()? {
        value @ (Value::Object(_) | Value::Array(_)) => {
            serde_json::to_string_pretty(&value).ok().map(|it| it + "\n")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(difference: Difference) -> String {
        match difference {
            Difference::Lines { expected, actual } => format!("{expected} | {actual}"),
            Difference::Diff { lines, left_out } => {
                let sign = |side| match side {
                    Side::Both => ' ',
                    Side::Expected => '-',
                    Side::Actual => '+',
                    Side::Gap => ':',
                };
                let lines: Vec<_> =
                    lines.iter().map(|(side, line)| format!("{}{line}", sign(*side))).collect();
                format!("{} ({left_out} left out)", lines.join("\n"))
            }
        }
    }

    #[test]
    fn short_texts_stand_under_each_other() {
        assert_eq!(shown(difference("200", "500", 60)), "200 | 500");
        assert_eq!(shown(difference("{\"a\":1}", "{\"a\":2}", 60)), "{\"a\":1} | {\"a\":2}");
        let long = "a number between one and ten, and not this very long text that somebody wrote";
        assert_eq!(
            shown(difference(long, "11", 20)),
            format!("{long} | 11"),
            "prose has no lines to compare"
        );
    }

    #[test]
    fn long_json_is_compared_line_by_line() {
        let diff =
            difference(r#"{"a":1,"b":2,"c":3,"d":4,"e":[5]}"#, r#"{"a":1,"b":2,"c":3,"d":4,"e":[6]}"#, 20);
        insta::assert_snapshot!(shown(diff), @r#"
           "d": 4,
           "e": [
        -    5
        +    6
           ]
         } (0 left out)
        "#);
    }

    #[test]
    fn a_diff_without_end_is_cut() {
        let list = |from: u32| format!("{:?}", (from..from + 100).collect::<Vec<_>>());
        let Difference::Diff { lines, left_out } = difference(&list(0), &list(1000), 20) else {
            panic!("not a diff")
        };
        assert_eq!((lines.len(), left_out), (MOST_LINES, 202 - MOST_LINES));
    }
}
