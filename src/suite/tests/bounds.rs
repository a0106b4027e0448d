//! YAML that is not what it should be, or means harm: a diagnostic, and soon.

use super::*;

#[test]
fn not_yaml() {
    insta::assert_snapshot!(wrong_file(""), @"1:1 the file is empty");
    insta::assert_snapshot!(wrong_file("# only a comment\n"), @"1:1 the file is empty");
    insta::assert_snapshot!(wrong_file("api: things\n\tcases: {}\n"), @"2:1 not valid YAML: while scanning a plain scalar, found a tab (YAML is indented with spaces, not with tabs)");
    insta::assert_snapshot!(wrong_case("send: { Id: ${thing.id} }"), @r#"5:18 not valid YAML: while parsing a flow mapping, did not find expected ',' or '}' (inside { } and [ ], text with `${` has to be quoted: "${...}")"#);
    insta::assert_snapshot!(wrong_case("send: [a"), @"5:11 not valid YAML: unclosed bracket '['");
    insta::assert_snapshot!(wrong_case("send: \"a"), @"6:1 not valid YAML: invalid indentation in multiline quoted scalar");
    insta::assert_snapshot!(wrong_file("a: b\n---\nc: d\n"), @"2:1 a second YAML document (one file holds one document: remove the `---`)");
    insta::assert_snapshot!(wrong_file("%YAML 1.1\n---\napi: things\n"), @"1:1 not valid YAML: YAML directives are disallowed");
    insta::assert_snapshot!(wrong_file("api: !!binary YQ==\n"), @r"
    1:15 a YAML tag, `!!binary` (tags other than `!!str` are not used here)
    1:15 unknown api `YQ==` (there are: rest, things)
    ");
    insta::assert_snapshot!(wrong_file("[a]: b\napi: things\nvariables: {}\n"), @"1:1 a list as a key (a key is text; quote it)");
    insta::assert_snapshot!(wrong_file("api: *nobody\n"), @"1:6 not valid YAML: while parsing node, found unknown anchor");
    insta::assert_snapshot!(wrong_file("api: things\nvariables: &a { b: *a }\n"), @"2:20 an alias within what it repeats");
}

#[test]
fn numbers_that_json_would_change() {
    let of = |number: &str| wrong_file(&format!("api: things\nvariables: {{ a: {number} }}\n"));
    insta::assert_snapshot!(of("012345678901"), @r#"2:17 the number `012345678901` would lose its leading zero (as text it is "012345678901", as a number 12345678901)"#);
    insta::assert_snapshot!(of("99999999999999999999"), @r#"2:17 the number `99999999999999999999` is too large (as text it is "99999999999999999999")"#);
    insta::assert_snapshot!(of("1e999"), @r#"2:17 the number `1e999` is too large (as text it is "1e999")"#);
    insta::assert_snapshot!(of(".nan"), @r#"2:17 JSON has no number `.nan` (write the text that the protocol uses for it, quoted: "NaN", "Infinity")"#);
}

#[test]
fn scalars_are_those_of_yaml_1_2() {
    let expected = [
        ("~", json!(null)),
        ("", json!(null)),
        ("null", json!(null)),
        ("True", json!(true)),
        ("yes", json!("yes")),
        ("off", json!("off")),
        ("12", json!(12)),
        ("+12", json!(12)),
        ("-12", json!(-12)),
        ("0", json!(0)),
        ("0x1F", json!(31)),
        ("0o17", json!(15)),
        ("0b11", json!("0b11")),
        ("1_000", json!("1_000")),
        ("1.50", json!(1.5)),
        (".5", json!(0.5)),
        ("1e3", json!(1000.0)),
        ("1.2.3", json!("1.2.3")),
        ("12:30:45", json!("12:30:45")),
        ("2026-01-31", json!("2026-01-31")),
        ("'12'", json!("12")),
        ("!!str 12", json!("12")),
        ("\"a\\u00e4\"", json!("aä")),
        ("$${x}", json!("${x}")),
        ("18446744073709551615", json!(u64::MAX)),
    ];
    for (text, value) in expected {
        let suite = load_text(&format!("api: things\nvariables:\n  a: {text}\n"));
        let suite = suite.unwrap_or_else(|diagnostics| panic!("{text}: {}", all_rendered(diagnostics)));
        assert_eq!(suite.variables["things"]["a"], TemplateValue::Fixed(value), "{text}");
    }
}

#[test]
fn line_breaks_and_marks_do_not_move_places() {
    let file =
        "\u{feff}api: things\r\noperation: DeleteThing\r\ncases:\r\n  ä: { expect: { stätus: 1 } }\r\n";
    insta::assert_snapshot!(wrong_file(file), @r"
    4:3 `ä` is not the name of a case (a name is made of letters, digits, `-`, `_` and `.`, at most 100 of them: deletes-a-live-connection)
    4:18 unknown key `stätus` (did you mean `status`?)
    ");
    insta::assert_snapshot!(wrong_file("\u{feff}apj: things\n"), @r"
    1:1 a case file without `api`
    1:1 unknown key `apj` (did you mean `api`?)
    ");
    // Any break after the mistake, and wide characters before it.
    insta::assert_snapshot!(wrong_case("send: { Id: \"ää${nobody}\" }\nexpect: { status: 200 }"), @"5:20 unknown variable `nobody` (a variable that targets set has to stand under `needs: { variables: [...] }`)");
    insta::assert_snapshot!(wrong_case("send: { Id: \"\\u00e4${nobody}\" }\nexpect: { status: 200 }"), @"5:17 unknown variable `nobody` (a variable that targets set has to stand under `needs: { variables: [...] }`)");
    insta::assert_snapshot!(wrong_case("send:\n  Id: |\n    ää ${nobody}\nexpect: { status: 200 }"), @"7:9 unknown variable `nobody` (a variable that targets set has to stand under `needs: { variables: [...] }`)");
}

#[test]
fn bombs() {
    let mut bomb = "api: things\nvariables:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (letter, before) in ('b'..='j').zip('a'..) {
        let repeated = vec![format!("*{before}"); 10].join(", ");
        writeln!(bomb, "  {letter}: &{letter} [{repeated}]").unwrap();
    }
    insta::assert_snapshot!(wrong_file(&bomb), @"7:18 the file repeats too much by aliases (aliases may repeat 50000 values, and nest 128 levels deep)");
    let tower: String = (0..60)
        .map(|level| format!("  a{level}: &a{level} {}*a{}{}\n", "[".repeat(50), level - 1, "]".repeat(50)))
        .collect();
    let tower = tower.replace("*a-1", "x");
    insta::assert_snapshot!(wrong_file(&format!("api: things\nvariables:\n{tower}")), @"5:61 the file repeats too much by aliases (aliases may repeat 50000 values, and nest 128 levels deep)");
    insta::assert_snapshot!(wrong_file(&format!("api: {}", "[".repeat(100_000))), @"1:70 not valid YAML: recursion limit exceeded");
    insta::assert_snapshot!(wrong_file(&format!("api:\n{}", (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>())), @"66:65 not valid YAML: recursion limit exceeded");
    insta::assert_snapshot!(wrong_file(&format!("api: things\nvariables: {{ a: \"{}\" }}\n", "x".repeat(17 << 20))), @"1:1 the file has 17825825 bytes; at most 16777216 are read");
}

#[test]
fn a_thousand_mistakes_are_cut_short_and_long_lines_are_not_shown() {
    let many: String =
        (0..1000).map(|index| format!("  a{index}: {{ x: 1, expect: {{ status: 200 }} }}\n")).collect();
    let text = wrong(&many);
    assert_eq!(text.lines().count(), 101);
    assert_eq!(text.lines().last(), Some("a.yaml: 900 more problems are not shown"));
    let long = format!("api: things\nnonsense: {}\nvariables: {{}}\n", "x".repeat(100_000));
    let diagnostics = load_text(&long).unwrap_err();
    insta::assert_snapshot!(rendered(&diagnostics[0]), @r"
    × a.yaml:2:1: unknown key `nonsense`
    help: its keys are: api, operation, source, variables, needs, fixtures, cases
    ");
}

#[test]
fn no_text_at_all_makes_it_panic() {
    let whole = "api: things\noperation: DeleteThing\ncases:\n  a:\n    matrix: { x: [1, \"ä\"] }\n    send: { Id: \"${x}\" }\n    expect: &e { status: 200, at: { \"$.a\": { one_of: [1] } } }\n    then: [{ expect: *e, until: { body: { a: \"${x}\" } }, within: 1s }]\n";
    let (contracts, clauses) = (contracts(), clauses());
    let load = |text: &str| load(&[source("a.yaml", text)], &contracts, &clauses);
    assert!(load(whole).is_ok());
    for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        for junk in ["", "{", "\"", "\t", "*", "${", "ä", "\u{feff}", ": "] {
            let (before, after) = whole.split_at(end);
            for text in [format!("{before}{junk}"), format!("{before}{junk}{after}")] {
                if let Err(diagnostics) = load(&text) {
                    assert!(!rendered(&diagnostics[0]).is_empty(), "{text}");
                }
            }
        }
    }
}
