//! A page that needs nothing but itself, and that lets nothing run but its own script.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::markup::Markup;

/// The mark on the tab of a browser: it comes with the page, so that nobody asks a server for one.
const ICON: &str = "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
    viewBox='0 0 32 32'%3E%3Ccircle cx='16' cy='16' r='14' fill='none' stroke='%238a2f22' stroke-width='2.5'/%3E%3Cpath \
    d='M9.5 16.5l4.5 4.5 8.5-10' fill='none' stroke='%238a2f22' stroke-width='3'/%3E%3C/svg%3E\">\n";

/// The whole document. Its policy lets through this style and this script by their digests, and images that stand in the
/// page; everything else, the network included, is refused. Neither `style` nor `script` may hold what ends its element.
pub fn page(title: &str, style: &'static str, body: Markup, script: Option<&'static str>) -> String {
    let mut page = Markup::default();
    page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .raw("<meta http-equiv=\"Content-Security-Policy\" content=\"")
        .text(policy(style, script))
        .raw("\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .raw("<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n")
        .raw("<title>")
        .text(title)
        .raw("</title>\n")
        .raw(ICON)
        .raw("<style>")
        .raw(style)
        .raw("</style>\n</head>\n<body>\n")
        .append(body);
    if let Some(script) = script {
        page.raw("<script>").raw(script).raw("</script>\n");
    }
    page.raw("</body>\n</html>\n");
    page.finish()
}

fn policy(style: &str, script: Option<&str>) -> String {
    let script = script.map_or("'none'".to_owned(), |script| format!("'{}'", digest(script)));
    [
        "default-src 'none'".to_owned(),
        format!("style-src '{}'", digest(style)),
        format!("script-src {script}"),
        "img-src data:".to_owned(),
        "base-uri 'none'".to_owned(),
        "form-action 'none'".to_owned(),
        // The script could not make markup of text if it wanted to.
        "require-trusted-types-for 'script'".to_owned(),
        "trusted-types 'none'".to_owned(),
    ]
    .join("; ")
}

/// As a policy names it: `sha256-` and the digest in base64.
fn digest(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_what_stands_in_the_page() {
        let mut body = Markup::default();
        body.raw("<p>x</p>");
        let page = page("a <b>", "p { margin: 0 }", body, Some("'use strict';"));
        let between = |from: &str, upto: &str| {
            let start = page.find(from).unwrap() + from.len();
            page[start..start + page[start..].find(upto).unwrap()].to_owned()
        };
        for (kind, from, upto) in
            [("style-src", "<style>", "</style>"), ("script-src", "<script>", "</script>")]
        {
            let named = format!("{kind} &#39;{}&#39;", digest(&between(from, upto)));
            assert!(page.contains(&named), "{named} is not in {page}");
        }
        assert!(page.contains("content=\"default-src &#39;none&#39;; "), "{page}");
        assert!(page.contains("<title>a &lt;b&gt;</title>"), "{page}");
        assert!(page.find("Content-Security-Policy") < page.find("<style>"), "{page}");
    }
}
