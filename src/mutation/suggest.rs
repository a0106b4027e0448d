//! The claim that would notice a survivor, as it stands in a case file.

use serde_json::Value;

use super::{Key, Survivor};

/// Under the step whose answer is shown; none where no claim on one answer could notice it.
pub fn suggestion(key: &Key, survivor: &Survivor) -> Option<String> {
    if let Some(pointer) = survivor.at.strip_prefix("body /") {
        let path = path(pointer);
        return match key.operator().name {
            "list-emptied" | "list-dropped" => Some(claim(&format!("{path}: {{ length: {{ min: 1 }} }}"))),
            "null" | "required-gone" | "member-dropped" => {
                Some(claim(&format!("{path}: {{ present: true }}")))
            }
            _ => {
                let value: Value = serde_json::from_str(&survivor.before).ok()?;
                let is_one = !value.is_object() && !value.is_array();
                is_one.then(|| claim(&format!("{path}: {value}")))
            }
        };
    }
    match survivor.at.as_str() {
        "status" => Some(format!("expect:\n  status: {}\n", survivor.before)),
        at => {
            let header = at.strip_prefix("header ")?;
            let value = Value::from(survivor.before.as_str());
            Some(format!("expect:\n  headers:\n    {header}: {value}\n"))
        }
    }
}

fn claim(line: &str) -> String {
    format!("expect:\n  at:\n    {line}\n")
}

/// A JSON Pointer as a path of RFC 9535.
fn path(pointer: &str) -> String {
    let step = |part: &str| {
        let name = part.replace("~1", "/").replace("~0", "~");
        match name.bytes().all(|byte| byte.is_ascii_digit()) {
            true => format!("[{name}]"),
            false if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
                format!(".{name}")
            }
            false => format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'")),
        }
    };
    let path: String = pointer.split('/').map(step).collect();
    format!("\"${}\"", path.replace('\\', "\\\\"))
}
