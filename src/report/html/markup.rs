//! Markup under construction. What anybody else has written can only come in as text, and is escaped on its way.

use std::fmt::Display;

use serde::Serialize;

/// A piece of a page.
#[derive(Debug, Default)]
pub struct Markup(String);

impl Markup {
    /// Markup of this program's own: it was there when the program was compiled.
    pub fn raw(&mut self, own: &'static str) -> &mut Self {
        self.0.push_str(own);
        self
    }

    /// Text of anybody's, between tags or between the double quotes of an attribute.
    pub fn text(&mut self, text: impl Display) -> &mut Self {
        for character in text.to_string().chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                _ => self.0.push(character),
            }
        }
        self
    }

    /// Values for scripts, which no browser runs: nothing in it can end the element that holds it.
    pub fn data(&mut self, id: &'static str, value: &impl Serialize) -> &mut Self {
        let json = serde_json::to_string(value).unwrap_or_default();
        self.raw("<script type=\"application/json\" id=\"").raw(id).raw("\">");
        for character in json.chars() {
            match character {
                '<' => self.0.push_str("\\u003c"),
                '>' => self.0.push_str("\\u003e"),
                '&' => self.0.push_str("\\u0026"),
                '\u{2028}' => self.0.push_str("\\u2028"),
                '\u{2029}' => self.0.push_str("\\u2029"),
                _ => self.0.push(character),
            }
        }
        self.raw("</script>\n")
    }

    pub fn append(&mut self, other: Markup) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    pub fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_markup() {
        let table = [
            ("plain, naïve 東京", "plain, naïve 東京"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("\" onload='x' a=&quot;", "&quot; onload=&#39;x&#39; a=&amp;quot;"),
        ];
        for (text, expected) in table {
            let mut markup = Markup::default();
            markup.text(text);
            assert_eq!(markup.finish(), expected);
        }
    }

    #[test]
    fn data_cannot_end_its_element_and_is_read_back_as_it_was() {
        let hostile = "</script><!--<script>\u{2028}&amp;\\u003c\"";
        let mut markup = Markup::default();
        markup.data("data", &[hostile]);
        let text = markup.finish();
        let inside = text.strip_prefix("<script type=\"application/json\" id=\"data\">").unwrap();
        let inside = inside.strip_suffix("</script>\n").unwrap();
        assert!(!inside.contains(['<', '>', '&', '\u{2028}']), "{inside}");
        assert_eq!(serde_json::from_str::<Vec<String>>(inside).unwrap(), [hostile]);
    }
}
