//! The other files of a document: those that its references lead to, in the folder that was named for it, and no
//! others. Nothing is read here; whoever reads the folder says what is in it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::parse;
use crate::contract::{LONGEST, bounded};

/// What is in a folder, by path below it, with `/` between its parts: the text of each file, or why there is none.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    /// The path of the document itself.
    pub main: String,
    pub files: BTreeMap<String, Result<String, String>>,
}

/// The files that a document leads to, as values, or why they are none.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// The path of the document itself; none where no folder was named.
    main: Option<String>,
    read: BTreeMap<String, Result<Value, String>>,
}

impl Files {
    /// All that `root` leads to in `folder`, directly or through others.
    pub fn of(root: &Value, text: &str, folder: &Folder) -> Files {
        let mut files = Files { main: Some(folder.main.clone()), read: BTreeMap::new() };
        let mut left = LONGEST.saturating_sub(text.len());
        let mut waiting = files.named(root, &folder.main);
        while let Some(path) = waiting.pop() {
            if path == folder.main || files.read.contains_key(&path) {
                continue;
            }
            let Some(text) = folder.files.get(&path) else { continue };
            let value = text.clone().and_then(|text| {
                left =
                    left.checked_sub(text.len()).ok_or(format!("more than {} MiB in all", LONGEST >> 20))?;
                bounded(&text)
                    .map_err(|problems| problems.iter().map(ToString::to_string).collect::<String>())?;
                parse(&text)
            });
            if let Ok(value) = &value {
                waiting.extend(files.named(value, &path));
            }
            files.read.insert(path, value);
        }
        files
    }

    /// The paths that the references in `value`, which stands in the file `from`, name.
    fn named(&self, value: &Value, from: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Array(elements) => waiting.extend(elements),
                Value::Object(members) => waiting.extend(members.values()),
                Value::String(text) => {
                    let path = text.split('#').next().unwrap_or_default();
                    // Any text may be a reference, as those in the mapping of a discriminator are.
                    found.extend(below(path, from).ok().filter(|_| !path.is_empty()));
                }
                _ => {}
            }
        }
        found
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.read.iter().filter(|(_, value)| value.is_ok()).map(|(path, _)| path.as_str())
    }

    pub fn get(&self, path: &str) -> Option<(&str, &Value)> {
        let (path, value) = self.read.get_key_value(path)?;
        Some((path, value.as_ref().ok()?))
    }

    /// The file that `path`, said in the file `from`, means; none is the document itself. Fails with what is wrong with
    /// the reference.
    pub fn find(&self, path: &str, from: Option<&str>) -> Result<Option<&str>, String> {
        let Some(main) = &self.main else {
            return Err("leads out of the file, which is never followed".into());
        };
        let wanted = below(path, from.unwrap_or(main))?;
        if wanted == *main {
            return Ok(None);
        }
        match self.read.get_key_value(&wanted) {
            Some((path, Ok(_))) => Ok(Some(path)),
            Some((path, Err(why))) => Err(format!("leads to {path}, which cannot be used: {why}")),
            None => Err("leads to no file of the folder".into()),
        }
    }
}

/// A relative path in the file `from`, as one below the folder; fails where it would leave that.
fn below(path: &str, from: &str) -> Result<String, String> {
    let scheme = path.split_once(':').is_some_and(|(scheme, _)| {
        scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    });
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8();
    let path = match &decoded {
        _ if scheme => return Err("leads out of the folder: a URL is never followed".into()),
        Ok(path) if path.starts_with('/') => {
            return Err("leads out of the folder: the path is absolute".into());
        }
        Ok(path) if path.contains(['\\', '#', '\0']) => {
            return Err("is no path of a file in the folder".into());
        }
        Ok(path) => path,
        Err(_) => return Err("is not UTF-8".into()),
    };
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop().ok_or("leads out of the folder")?),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::{Contracts, Imported, openapi::import_in};

    const REF: &str = "$ref";

    #[test]
    fn paths_stay_below_the_folder() {
        for (path, from, expected) in [
            ("common.yaml", "api.yaml", Some("common.yaml")),
            ("./common.yaml", "spec/api.yaml", Some("spec/common.yaml")),
            ("../common.yaml", "spec/api.yaml", Some("common.yaml")),
            ("../spec/./a%20b.yaml", "spec/api.yaml", Some("spec/a b.yaml")),
            ("../../common.yaml", "spec/api.yaml", None),
            ("..%2F..%2Fcommon.yaml", "spec/api.yaml", None),
            ("a/../../common.yaml", "api.yaml", None),
            ("/etc/passwd", "api.yaml", None),
            ("%2Fetc/passwd", "api.yaml", None),
            ("file:///etc/passwd", "api.yaml", None),
            ("https://example.com/a.yaml", "api.yaml", None),
            ("C:/a.yaml", "api.yaml", None),
            ("..\\a.yaml", "api.yaml", None),
            ("//example.com/a.yaml", "api.yaml", None),
            ("%ff.yaml", "api.yaml", None),
        ] {
            assert_eq!(below(path, from).ok().as_deref(), expected, "{path}");
        }
    }

    fn folder(files: &[(&str, Value)]) -> Folder {
        let files = files.iter().map(|(path, value)| ((*path).to_owned(), Ok(value.to_string())));
        Folder { main: "spec/api.json".into(), files: files.collect() }
    }

    /// `GET /` answers 200 with what `reference` leads to.
    fn document(reference: &str) -> Value {
        let body = json!({ "application/json": { "schema": { REF: reference } } });
        json!({ "openapi": "3.0.3", "info": { "title": "T", "version": "1" },
            "components": { "schemas": { "Own": { "type": "string" }, "Pet": { "type": "boolean" } } },
            "paths": { "/": { "get": { "operationId": "Get", "responses": { "200": { "content": body } } } } } })
    }

    fn imported(document: &Value, folder: &Folder) -> Imported {
        import_in(&document.to_string(), folder, "t").unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    /// Where an answer of the operation `Get` breaks its schema.
    fn mismatches(imported: &Imported, answer: &Value) -> usize {
        let contracts = Contracts::new(vec![imported.contract.clone()]).unwrap();
        let name = imported.contract.operation("Get").unwrap().success().unwrap().schema.clone().unwrap();
        contracts.schema_mismatches("t", &name, answer).len()
    }

    #[test]
    fn schemas_in_other_files_are_part_of_the_document() {
        let pet = json!({ "type": "object", "required": ["name"], "properties": {
            "name": { REF: "../types.json#/Name" }, "own": { REF: "api.json#/components/schemas/Own" },
            "same": { REF: "#/components/schemas/Pet" }, "whole": { REF: "./whole.json" },
        } });
        let files = folder(&[
            ("spec/common.json", json!({ "components": { "schemas": { "Pet": pet } } })),
            (
                "types.json",
                json!({ "Name": { "type": "string", "minLength": 1 }, "Back": { REF: "spec/common.json#/components/schemas/Pet" } }),
            ),
            ("spec/whole.json", json!({ "type": "array", "items": { REF: "../types.json#/Back" } })),
        ]);
        let imported = imported(&document("./common.json#/components/schemas/Pet"), &files);
        assert_eq!(imported.left_out, []);
        let names: Vec<_> = imported.contract.schema_names().collect();
        assert_eq!(names, ["Back", "Name", "Own", "common.Pet", "whole"]);
        for (answer, wrong) in [
            (json!({ "name": "a", "own": "o", "same": { "name": "b" }, "whole": [{ "name": "c" }] }), 0),
            (json!({ "own": "o" }), 1),
            (json!({ "name": "" }), 1),
            (json!({ "name": "a", "own": 7 }), 1),
            (json!({ "name": "a", "same": {} }), 1),
            (json!({ "name": "a", "whole": [{}] }), 1),
        ] {
            assert_eq!(mismatches(&imported, &answer), wrong, "{answer}");
        }
    }

    #[test]
    fn whole_paths_parameters_and_answers_may_be_elsewhere() {
        let get = json!({ "operationId": "Get", "parameters": [{ REF: "parts.json#/id" }],
            "responses": { "200": { REF: "parts.json#/answer" } } });
        let files = folder(&[
            ("spec/paths/thing.json", json!({ "get": get })),
            (
                "spec/paths/parts.json",
                json!({
                    "id": { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } },
                    "answer": { "content": { "application/json": { "schema": { REF: "../../types.json#/Name" } } } },
                }),
            ),
            ("types.json", json!({ "Name": { "type": "string" } })),
        ]);
        let mut document = document("#/components/schemas/Own");
        document["paths"] = json!({ "/{id}": { REF: "paths/thing.json" } });
        let imported = imported(&document, &files);
        assert_eq!((mismatches(&imported, &json!("a")), mismatches(&imported, &json!(7))), (0, 1));
    }

    #[test]
    fn subtypes_in_other_files_are_subtypes() {
        let base = json!({ "type": "object", "required": ["kind"], "properties": { "kind": { "type": "string" } },
            "discriminator": { "propertyName": "kind" } });
        let subtype =
            json!({ "allOf": [{ REF: "./common.json#/Base" }, { "required": ["tail"], "type": "object" }] });
        let files = folder(&[
            ("spec/common.json", json!({ "Base": base, "x": { REF: "dog.json" } })),
            ("spec/dog.json", subtype),
        ]);
        let imported = imported(&document("common.json#/Base"), &files);
        assert_eq!(mismatches(&imported, &json!({ "kind": "dog", "tail": 1 })), 0);
        assert_ne!(mismatches(&imported, &json!({ "kind": "dog" })), 0);
        assert_ne!(mismatches(&imported, &json!({ "kind": "cat" })), 0);
    }

    #[test]
    fn what_leads_out_is_refused_with_its_place() {
        let at = "/paths/~1/get/responses/200/content/application~1json/schema";
        let mut files = folder(&[
            ("spec/circle.json", json!({ "A": { REF: "#/B" }, "B": { REF: "circle.json#/A" } })),
            ("spec/bad.json", json!({ "A": { "type": "array", "items": { REF: "../../secret.json" } } })),
            ("secret.json", json!({ "type": "string" })),
        ]);
        files.files.insert("spec/link.json".into(), Err("it is a link that leads out of the folder".into()));
        files.files.insert("spec/text.json".into(), Ok("{".into()));
        files.files.insert("spec/bomb.yaml".into(), Ok("[".repeat(100_000)));
        for (reference, pointer, message) in [
            ("../../secret.json", at, "leads out of the folder"),
            ("/spec/circle.json#/A", at, "absolute"),
            ("https://example.com/a.json", at, "URL"),
            ("file:///etc/passwd", at, "URL"),
            ("nothing.json", at, "no file of the folder"),
            ("link.json", at, "a link that leads out of the folder"),
            ("text.json", at, "neither JSON nor YAML"),
            ("bomb.yaml", at, "cannot be used"),
            ("circle.json#/C", at, "leads nowhere"),
            ("circle.json#/A", "", "never"),
            ("bad.json#/A", "spec/bad.json#/A/items", "leads out of the folder"),
        ] {
            let problems = import_in(&document(reference).to_string(), &files, "t").unwrap_err();
            assert!(problems[0].pointer.starts_with(pointer), "{reference}: {problems:?}");
            assert!(problems[0].message.contains(message), "{reference}: {problems:?}");
        }
    }
}
