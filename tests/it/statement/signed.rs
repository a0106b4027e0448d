//! Signatures of statements: made, checked, and refused wherever anything was changed.

use std::fs;

use minisign_verify::{PublicKey, Signature};

use super::Stage;

const VERIFY: [&str; 5] = ["statement", "verify", "a.yaml", "--run", "good"];

/// A stage with a recorded run, and a pair of keys in `keys`.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.run("good", &[]).expect(0, &[]);
    stage.proofmark(&["statement", "key", "--out", "keys"]).expect(0, &["keep it secret", "publish it"]);
    stage
}

fn sign(stage: &Stage, more: &[&str]) -> super::Told {
    stage.proofmark(&[&["statement", "good", "-o", "a.yaml"], more].concat())
}

#[test]
fn a_signed_statement_is_checked_with_the_public_key_alone() {
    let stage = stage();
    sign(&stage, &["--sign", "keys/proofmark.key"]).expect(0, &[]);
    let verify = |more: &[&str]| stage.proofmark(&[&VERIFY[..], more].concat());
    let key = fs::read_to_string(stage.path("keys/proofmark.pub")).unwrap();
    let key = key.lines().nth(1).unwrap();
    for given in ["keys/proofmark.pub", key] {
        verify(&["--public-key", given]).expect(0, &["partial, as good says", "signed 2", "as a.yaml"]);
    }
    verify(&[]).expect(0, &["partial"]);
    // Another implementation of the format says the same, and what is trusted of it names the run.
    let signature = fs::read_to_string(stage.path("a.yaml.minisig")).unwrap();
    let signature = Signature::decode(&signature).unwrap();
    let text = fs::read(stage.path("a.yaml")).unwrap();
    PublicKey::from_base64(key).unwrap().verify(&text, &signature, false).unwrap();
    let run = fs::read_to_string(stage.path("good/run.json")).unwrap();
    let digest = proofmark::report::record::digest(&run);
    let trusted = signature.trusted_comment();
    assert!(trusted.contains("file:a.yaml\thashed"), "{trusted}");
    assert!(trusted.ends_with(&format!("\trun:{digest}")), "{trusted}");
    // What is signed elsewhere is named.
    fs::rename(stage.path("a.yaml.minisig"), stage.path("other.sig")).unwrap();
    verify(&["--public-key", key, "--signature", "other.sig"]).expect(0, &["signed"]);
}

#[test]
fn whatever_is_not_signed_is_refused() {
    let stage = stage();
    stage.proofmark(&["statement", "key", "--out", "others"]).expect(0, &[]);
    let verify = |more: &[&str]| stage.proofmark(&[&VERIFY[..], more].concat());
    let mine = ["--public-key", "keys/proofmark.pub"];
    sign(&stage, &[]).expect(0, &[]);
    verify(&mine).expect(1, &["refused", "not signed", "there is no signature a.yaml.minisig"]);
    sign(&stage, &["--sign", "keys/proofmark.key"]).expect(0, &[]);
    verify(&mine).expect(0, &[]);
    verify(&["--public-key", "others/proofmark.pub"]).expect(1, &["made with another key"]);
    let signature = fs::read_to_string(stage.path("a.yaml.minisig")).unwrap();
    let statement = fs::read_to_string(stage.path("a.yaml")).unwrap();
    type Change<'a> = (&'a str, String, &'a str);
    let table: [Change; 5] = [
        ("a.yaml", format!("# no change at all\n{statement}"), "was changed"),
        ("a.yaml.minisig", signature.replace("file:a", "file:b"), "was changed"),
        ("a.yaml.minisig", signature.replace("\trun:", "\trun:0"), "was changed"),
        (
            "a.yaml.minisig",
            signature.lines().take(3).collect::<Vec<_>>().join("\n"),
            "no signature of minisign",
        ),
        ("a.yaml.minisig", String::new(), "no signature of minisign"),
    ];
    for (name, text, told) in table {
        let before = fs::read_to_string(stage.path(name)).unwrap();
        fs::write(stage.path(name), text).unwrap();
        verify(&mine).expect(1, &["refused: the statement is not signed", told]);
        fs::write(stage.path(name), before).unwrap();
    }
    // A comment of the untrusted kind is anybody's.
    fs::write(stage.path("a.yaml.minisig"), signature.replace("proofmark", "whoever")).unwrap();
    verify(&mine).expect(0, &[]);
    for (more, told) in [
        (["--public-key", "good/run.json"], "no public key of minisign"),
        (["--public-key", "nowhere.pub"], "neither a key nor a file"),
        (["--signature", "a.yaml.minisig"], "--public-key"),
    ] {
        verify(&more).expect(2, &[told]);
    }
}

#[test]
fn a_key_with_a_password_takes_it_from_where_it_is_said_to_be() {
    let stage = stage();
    let key = ["statement", "key", "--out", "locked", "--password", "env:PASSWORD"];
    stage.proofmark(&key).expect(2, &["environment variable PASSWORD is not set"]);
    stage.with_secret(&key, Some("hunter2")).expect(0, &["its password too"]);
    fs::write(stage.path("password"), "hunter2\n").unwrap();
    let locked = ["--sign", "locked/proofmark.key"];
    let with = |place| [&locked[..], &["--password", place]].concat();
    sign(&stage, &with("file:password")).expect(0, &[]);
    stage
        .proofmark(&[&VERIFY[..], &["--public-key", "locked/proofmark.pub"]].concat())
        .expect(0, &["signed"]);
    sign(&stage, &locked).expect(2, &["the key has a password"]);
    fs::write(stage.path("password"), "hunter3\n").unwrap();
    sign(&stage, &with("file:password")).expect(2, &["Wrong password"]);
    let told = sign(&stage, &with("hunter2"));
    told.expect(2, &["never the password itself"]);
    assert!(!told.err.contains("hunter2"), "{}", told.err);
    sign(&stage, &["--sign", "keys/proofmark.key", "--password", "file:password"])
        .expect(2, &["the key has no password"]);
    sign(&stage, &["--sign", "good/run.json"]).expect(2, &["no secret key of minisign"]);
    sign(&stage, &["--sign", "nowhere"]).expect(2, &["nowhere"]);
    stage.proofmark(&["statement", "good", "--sign", "keys/proofmark.key"]).expect(2, &["--output"]);
    // The key itself may be a secret of the environment.
    let key = fs::read_to_string(stage.path("keys/proofmark.key")).unwrap();
    let from_environment = ["statement", "good", "-o", "a.yaml", "--sign", "env:PASSWORD"];
    let told = stage.with_secret(&from_environment, Some(&key));
    told.expect(0, &[]);
    assert!(told.out.is_empty() && told.err.is_empty(), "{}{}", told.out, told.err);
    stage.proofmark(&[&VERIFY[..], &["--public-key", "keys/proofmark.pub"]].concat()).expect(0, &["signed"]);
}

#[test]
fn a_key_is_its_owner_s_alone_and_never_replaced() {
    let stage = stage();
    let secret = fs::read_to_string(stage.path("keys/proofmark.key")).unwrap();
    stage.proofmark(&["statement", "key", "--out", "keys"]).expect(2, &["is there already"]);
    assert_eq!(fs::read_to_string(stage.path("keys/proofmark.key")).unwrap(), secret);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(stage.path("keys/proofmark.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let told = stage.proofmark(&["statement", "key", "--out", "more"]);
    let secret = fs::read_to_string(stage.path("more/proofmark.key")).unwrap();
    assert!(!told.out.contains(secret.lines().nth(1).unwrap()), "{}", told.out);
}
