//! Texts of a target in Markdown, where they may mean nothing.

use crate::redact::visible;

/// Text on one line as code. What would end the code or the cell of a table goes another way.
pub(super) fn code(text: &str) -> String {
    match text {
        "" => "(nothing)".into(),
        _ if text.contains(['`', '|', '\\']) || text.trim() != text => {
            let inner: String = text.chars().map(entity).collect();
            format!("<code>{inner}</code>")
        }
        _ => format!("`{text}`"),
    }
}

pub(super) fn entity(character: char) -> String {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' => character.to_string(),
        _ if character.is_ascii() => format!("&#{};", character as u32),
        _ => character.to_string(),
    }
}

/// A block of code, in a fence that nothing in it can end.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let text: Vec<String> = text.lines().map(visible).collect();
    format!("{fence}{language}\n{}\n{fence}\n", text.join("\n"))
}
