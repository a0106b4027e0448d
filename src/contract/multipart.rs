//! Bodies of `multipart/form-data` (RFC 7578): written with a boundary that stands in none of the parts, and read back.

use std::fmt::Write;

/// What such a body calls itself, before its boundary.
pub const MULTIPART: &str = "multipart/form-data";

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub name: String,
    pub content: Content,
    pub text: String,
}

/// What a part says that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Plain text, which no header need say (RFC 7578, 4.4).
    Text,
    Json,
    /// A file of this name.
    File(String),
}

/// Whether a `content-type` is that of such a body.
pub fn is_multipart(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case(MULTIPART)
}

fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// The `content-type` and the body of a form. The same parts always give the same bytes.
pub fn write(parts: &[Part]) -> (String, String) {
    let mut number = 0_u64;
    let boundary = loop {
        let boundary = format!("proofmark-{number:08}");
        if !parts.iter().any(|part| part.text.contains(&boundary) || part.name.contains(&boundary)) {
            break boundary;
        }
        number += 1;
    };
    let mut body = String::new();
    for part in parts {
        let name = escaped(&part.name);
        let (more, kind) = match &part.content {
            Content::Text => (String::new(), ""),
            Content::Json => (String::new(), "Content-Type: application/json\r\n"),
            Content::File(file) => {
                (format!("; filename=\"{}\"", escaped(file)), "Content-Type: application/octet-stream\r\n")
            }
        };
        // Writing to a `String` never fails.
        let _ = write!(
            body,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n{kind}\r\n{}\r\n",
            part.text
        );
    }
    let _ = write!(body, "--{boundary}--\r\n");
    (format!("{MULTIPART}; boundary={boundary}"), body)
}

/// As browsers write names (HTML, "multipart form data").
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// The fields of a form, in order: names and texts; none where any byte of it could be read otherwise. The name of a file
/// that is not that of its field is a field of its own.
pub fn read(body: &[u8], content_type: &str) -> Option<Vec<(String, String)>> {
    let boundary = boundary(content_type)?;
    let text = std::str::from_utf8(body).ok()?;
    let mut rest = text.strip_prefix(&format!("--{boundary}"))?;
    let mut fields = Vec::new();
    loop {
        if let Some(end) = rest.strip_prefix("--") {
            return matches!(end, "" | "\r\n").then_some(fields);
        }
        let part = rest.strip_prefix("\r\n")?;
        let (content, after) = part.split_once(&format!("\r\n--{boundary}"))?;
        let (head, value) = content.split_once("\r\n\r\n")?;
        let (name, file) = disposition(head)?;
        if let Some(file) = file.filter(|file| *file != name) {
            fields.push((format!("{name}.filename"), file));
        }
        fields.push((name, value.to_owned()));
        rest = after;
    }
}

/// The fields of a form of either kind, as far as it can be read.
pub fn fields(body: &[u8], content_type: Option<&str>) -> Vec<(String, String)> {
    let parts = content_type.filter(|kind| is_multipart(kind)).and_then(|kind| read(body, kind));
    parts.unwrap_or_else(|| url::form_urlencoded::parse(body).into_owned().collect())
}

/// The boundary (RFC 2046, 5.1.1), where the header has just that parameter.
fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameter) = content_type.split_once(';')?;
    let (name, value) = parameter.trim().split_once('=')?;
    let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let value = quoted.unwrap_or(value);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"'+_,-./:=?".contains(&byte);
    let is_boundary = (1..=70).contains(&value.len()) && value.bytes().all(plain);
    (is_multipart(kind) && name.eq_ignore_ascii_case("boundary") && is_boundary).then_some(value)
}

/// The name of the field and that of the file, of a part that has them just once and no header of unknown meaning.
fn disposition(head: &str) -> Option<(String, Option<String>)> {
    let mut found = None;
    for line in head.split("\r\n") {
        let (name, value) = line.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "content-disposition" if found.is_none() => found = Some(parameters(value.trim())?),
            "content-type" => {}
            _ => return None,
        }
    }
    found
}

/// `form-data; name="a"; filename="b"`.
fn parameters(value: &str) -> Option<(String, Option<String>)> {
    let rest = value.strip_prefix("form-data")?.trim_start();
    let rest = rest.strip_prefix(';')?.trim_start().strip_prefix("name=\"")?;
    let (name, rest) = rest.split_once('"')?;
    let file = match rest.trim() {
        "" => None,
        rest => {
            let rest = rest.strip_prefix(';')?.trim_start().strip_prefix("filename=\"")?;
            let (file, end) = rest.split_once('"')?;
            if !end.trim().is_empty() {
                return None;
            }
            Some(plain(file)?)
        }
    };
    Some((plain(name)?, file))
}

/// A name as it was before [`escaped`]; none where a backslash may escape what follows.
fn plain(name: &str) -> Option<String> {
    let plain = name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n");
    (!name.contains(['\\', '\r', '\n'])).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, content: Content, text: &str) -> Part {
        Part { name: name.into(), content, text: text.into() }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let file = |name: &str| Content::File(name.into());
        for (parts, fields) in [
            (vec![part("a", Content::Text, "")], vec![("a", "")]),
            (
                vec![part("a", Content::Text, "x\r\n\r\n--y"), part("a", Content::Text, "2")],
                vec![("a", "x\r\n\r\n--y"), ("a", "2")],
            ),
            (vec![part("f", file("f"), "bytes")], vec![("f", "bytes")]),
            (vec![part("f", file("g"), "bytes")], vec![("f.filename", "g"), ("f", "bytes")]),
            (vec![part("j", Content::Json, r#"{"a":1}"#)], vec![("j", r#"{"a":1}"#)]),
            (vec![part("a\"\r\nb", Content::Text, "ü")], vec![("a\"\r\nb", "ü")]),
            (
                vec![part("a", Content::Text, "\r\n--proofmark-00000000--\r\n")],
                vec![("a", "\r\n--proofmark-00000000--\r\n")],
            ),
            (
                vec![part("proofmark-00000000", Content::Text, "proofmark-00000001")],
                vec![("proofmark-00000000", "proofmark-00000001")],
            ),
        ] {
            let (kind, body) = write(&parts);
            assert_eq!((kind.clone(), body.clone()), write(&parts), "the same bytes each time");
            let fields: Vec<_> =
                fields.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
            assert_eq!(read(body.as_bytes(), &kind), Some(fields), "{body}");
        }
    }

    #[test]
    fn as_it_is_on_the_wire() {
        let parts = [part("note", Content::Text, "hello"), part("file", Content::File("file".into()), "x")];
        let (kind, body) = write(&parts);
        assert_eq!(kind, "multipart/form-data; boundary=proofmark-00000000");
        assert_eq!(
            body,
            "--proofmark-00000000\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n\
             --proofmark-00000000\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\
             Content-Type: application/octet-stream\r\n\r\nx\r\n--proofmark-00000000--\r\n"
        );
    }

    #[test]
    fn what_could_be_read_otherwise_is_not_read() {
        const KIND: &str = "multipart/form-data; boundary=b";
        let part = |head: &str| format!("--b\r\n{head}\r\n\r\nx\r\n--b--");
        let named = part("Content-Disposition: form-data; name=\"a\"");
        for (kind, body, is_read) in [
            (KIND, named.clone(), true),
            ("Multipart/Form-Data; Boundary=\"b\"", named.clone(), true),
            ("multipart/form-data", named.clone(), false),
            ("multipart/form-data; boundary=c", named.clone(), false),
            ("multipart/form-data; boundary=b; boundary=c", named.clone(), false),
            ("multipart/form-data; charset=x; boundary=b", named.clone(), false),
            ("multipart/mixed; boundary=b", named.clone(), false),
            (KIND, format!("before\r\n{named}"), false),
            (KIND, format!("{named}after"), false),
            (KIND, named.replace("--b--", "--b"), false),
            (KIND, named.replace("\r\n", "\n"), false),
            (KIND, part("Content-Disposition: form-data"), false),
            (KIND, part("Content-Disposition: form-data; name=a"), false),
            (KIND, part("Content-Disposition: form-data; name=\"a\"; name=\"b\""), false),
            (KIND, part("Content-Disposition: form-data; name=\"a\\\"b\""), false),
            (KIND, part("Content-Disposition: form-data; filename=\"b\"; name=\"a\""), false),
            (KIND, part("Content-Disposition: form-data; name*=utf-8''b; name=\"a\""), false),
            (KIND, part("Content-Type: text/plain"), false),
            (
                KIND,
                part("Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64"),
                false,
            ),
        ] {
            assert_eq!(read(body.as_bytes(), kind).is_some(), is_read, "{kind}: {body}");
        }
        assert_eq!(
            read(b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--b--", KIND),
            None
        );
    }
}
