//! Repositories and case files that were begun, clauses explained, pages and scripts.

use std::fs;

use super::serving::{Serving, begun, ended, folder, proofmark};

#[test]
fn a_repository_that_was_begun_works() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join(".gitignore"), "/target\n").unwrap();
    begun(folder);
    let ignored = fs::read_to_string(folder.join(".gitignore")).unwrap();
    assert!(ignored.starts_with("/target\n") && ignored.contains("*.snap.new"), "{ignored}");
    let said = ended(0, &proofmark(folder, &["check", "--cases", "cases", "--target", "staging"]));
    assert!(said.contains("4 cases"), "{said}");
    let target = Serving::reference(folder, &[]);
    let run =
        ["run", "--origin", "written", "--cases", "cases", "--target", "staging", "--base-url", &target.url];
    let said = ended(0, &proofmark(folder, &run));
    assert!(said.contains("4 passed"), "{said}");
    let before = fs::read_to_string(folder.join("targets/staging.yaml")).unwrap();
    fs::remove_file(folder.join("cases/dms/describe_connections.yaml")).unwrap();
    let refused = ended(2, &proofmark(folder, &["init"]));
    assert!(refused.contains("targets/staging.yaml") && refused.contains("nothing was written"), "{refused}");
    assert_eq!(fs::read_to_string(folder.join("targets/staging.yaml")).unwrap(), before);
    assert!(!folder.join("cases/dms/describe_connections.yaml").exists());
}

#[test]
fn a_target_file_of_ten_lines_is_asked_for_what_cases_refer_to() {
    let folder = folder();
    let folder = folder.path();
    let target = Serving::reference(folder, &[]);
    let file = format!(
        "name: new\napis:\n  veeam:\n    base_url: {}\n    credentials:\n      password:\n        username: proofmark\n        \
         password: {{ published: proofmark-reference-password }}\npermits: [read, create, change, destroy]\n",
        target.url
    );
    fs::write(folder.join("new.yaml"), file).unwrap();
    let written = |command| [command, "--target", "./new.yaml", "--api", "veeam", "--origin", "written"];
    let planned = ended(0, &proofmark(folder, &written("plan")));
    let planned = planned.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["47 cases would run", "body RegionId: absent 1, reference"] {
        assert!(planned.contains(part), "{planned}");
    }
    let said = ended(0, &proofmark(folder, &[&written("run")[..], &["--state-dir", "state"]].concat()));
    assert!(said.contains("CONFORMANT  47 passed") && !said.contains("left behind"), "{said}");
}

/// Every command works in a folder of another service without a flag, whatever the kind of its model.
#[test]
fn a_folder_of_another_service_needs_no_flag_and_no_case_file() {
    for model in ["dms-2016-01-01.botocore/service-2.json", "dms-2016-01-01.smithy.json"] {
        let folder = folder();
        let folder = folder.path();
        let target = Serving::reference(folder, &[]);
        let model = format!("{}/schemas/models/{model}", env!("CARGO_MANIFEST_DIR"));
        let init = ["init", "--model", &model, "--api", "mig", "--base-url", &target.url];
        assert!(ended(0, &proofmark(folder, &init)).contains("proofmark.yaml"));
        assert!(ended(2, &proofmark(folder, &init)).contains("nothing was written"));
        // The reference target knows its own keys alone.
        let path = folder.join("targets/mig.yaml");
        let text = fs::read_to_string(&path).unwrap();
        let keys = [
            ("access_key: { published: test }", "access_key: { published: AKIDPROOFMARKREFERENCE }"),
            ("secret_key: { published: test }", "secret_key: { published: proofmark-reference-secret-key }"),
        ];
        let text = keys.iter().fold(text, |text, (test, own)| text.replace(test, own));
        fs::write(&path, text).unwrap();
        let run = ["run", "--operation", "DescribeEndpoints"];
        let said = ended(0, &proofmark(folder, &run));
        assert!(said.contains("target  mig") && said.contains("passed"), "{said}");
        assert!(ended(0, &proofmark(folder, &["list"])).contains("mig::DeleteConnection::generated::"));
        let without = ended(0, &proofmark(folder, &["list", "--exclude", "DeleteEndpoint"]));
        assert!(!without.contains("mig::DeleteEndpoint::") && without.contains("mig::DeleteConnection::"));
        assert!(ended(0, &proofmark(folder, &["plan", "CreateEndpoint"])).contains("CreateEndpoint"));
        let explained = ended(0, &proofmark(folder, &["explain", "mig.DeleteConnection.success"]));
        assert!(explained.contains("has a documented success response"), "{explained}");
        assert!(ended(0, &proofmark(folder, &["explain", "awsjson.life.gone"])).contains("SHOULD"));
        let new = ["new", "DescribeEndpoints", "--out", "cases/mig/describe_endpoints.yaml"];
        ended(0, &proofmark(folder, &new));
        let said = ended(0, &proofmark(folder, &["check"]));
        assert!(said.contains("target mig: good"), "{said}");
        ended(0, &proofmark(folder, &["run", "mig::DescribeEndpoints"]));
        // Contracts that a flag names come without the target of the project's file.
        ended(0, &proofmark(folder, &["list", "--schemas", "schemas", "--target", "mig"]));
    }
}

#[test]
fn a_case_file_that_was_begun_is_good() {
    let folder = folder();
    let folder = folder.path();
    let path = "cases/dms/delete_connection.yaml";
    ended(0, &proofmark(folder, &["new", "DeleteConnection", "--out", path]));
    let written = fs::read_to_string(folder.join(path)).unwrap();
    assert_eq!(ended(0, &proofmark(folder, &["new", "DeleteConnection"])), written);
    assert!(ended(0, &proofmark(folder, &["check", "--cases", "cases"])).contains("2 cases"));
    let refused = ended(2, &proofmark(folder, &["new", "DeleteConnection", "--out", path]));
    assert!(refused.contains(path), "{refused}");
    assert_eq!(fs::read_to_string(folder.join(path)).unwrap(), written);
    let unknown = ended(2, &proofmark(folder, &["new", "DeleteConnectoin"]));
    assert!(unknown.contains("did you mean DeleteConnection?"), "{unknown}");
}

#[test]
fn clauses_and_rules_are_explained() {
    let folder = folder();
    let explain = |name: &str| proofmark(folder.path(), &["explain", name]);
    let listed = ended(0, &explain("http.date.*"));
    assert_eq!(listed.lines().collect::<Vec<_>>(), ["http.date.format", "http.date.present"]);
    let told = ended(0, &explain("http.date.present"));
    assert!(told.contains("MUST") && told.contains("RFC 9110") && told.contains("no-date"), "{told}");
    let rule = ended(0, &explain("content-type"));
    assert!(
        rule.contains("awsjson.response.content-type") && rule.contains("veeam.response.content-type"),
        "{rule}"
    );
    let unknown = ended(2, &explain("http.date.presen"));
    assert!(unknown.contains("http.date.present"), "{unknown}");
    assert!(ended(2, &explain("x.*")).contains("fits"));
    let example = proofmark(folder.path(), &["explain", "dms.response.request-id", "--example"]);
    let told = ended(0, &example);
    assert!(told.contains("header x-amzn-requestid") && told.contains("actual    absent"), "{told}");
}

#[test]
fn every_command_has_its_page_and_every_shell_its_script() {
    let folder = folder();
    let said = ended(0, &proofmark(folder.path(), &["man", "--out", "man"]));
    assert!(said.contains("pages in man"), "{said}");
    for page in ["proofmark.1", "proofmark-run.1", "proofmark-replay.1"] {
        let page = fs::read_to_string(folder.path().join("man").join(page)).unwrap();
        assert!(page.contains(".SH SYNOPSIS"));
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(ended(0, &proofmark(folder.path(), &["completions", shell])).contains("replay"), "{shell}");
    }
}
