//! Wrong case files.

use super::*;

#[test]
fn a_wrong_file_is_explained_with_the_line_and_a_caret() {
    let diagnostics =
        load_text("api: things\noperation: DeleteThing\ncases:\n  a-case:\n    expect: { stauts: 200 }\n")
            .unwrap_err();
    insta::assert_snapshot!(rendered(&diagnostics[0]), @r"
     × unknown key `stauts`
      ╭─[a.yaml:5:15]
    4 │   a-case:
    5 │     expect: { stauts: 200 }
      ·               ───┬──
      ·                  ╰── not a key of an `expect` block
      ╰────
     help: did you mean `status`?
    ");
}

#[test]
fn all_mistakes_of_all_files_are_told_at_once() {
    let first = source("a.yaml", "api: thigns\noperation: X\ncases: { b: { expect: { status: 999 } } }\n");
    let second =
        source("b.yaml", "api: things\noperation: DeletThing\ncases:\n  c: { expect: { sttus: 1 } }\n");
    let diagnostics = load(&[first, second], &contracts(), &clauses()).unwrap_err();
    let files: Vec<_> = diagnostics.iter().map(|one| one.span().unwrap().to_string()).collect();
    assert_eq!(files, ["a.yaml:1:6", "a.yaml:3:33", "b.yaml:2:12", "b.yaml:4:18"]);
    insta::assert_snapshot!(all_rendered(diagnostics), @r"
    1:6 unknown api `thigns` (did you mean `things`?)
    3:33 expected a status, found the number 999 (a status is a number from 100 to 599, or a class: 4xx)
    2:12 unknown operation `DeletThing` (did you mean `DeleteThing`?)
    4:18 unknown key `sttus` (did you mean `status`?)
    ");
}

#[test]
fn keys_and_shapes() {
    insta::assert_snapshot!(wrong_file("api: things\n"), @"1:1 a file without cases, fixtures or variables (cases stand under `cases`, by name)");
    insta::assert_snapshot!(wrong_file("- api\n"), @"1:1 expected a case file, a map, found a list");
    insta::assert_snapshot!(wrong_file("api: things\ncases: { a: { expect: { status: 200 } } }\n"), @"1:1 cases without an operation (name the operation that the cases are about)");
    insta::assert_snapshot!(wrong_file("operation: DeleteThing\ncases: {}\n"), @"1:1 a case file without `api`");
    insta::assert_snapshot!(wrong("  a-case:\n    expct: { status: 200 }\n"), @"5:5 unknown key `expct` (did you mean `expect`?)");
    insta::assert_snapshot!(wrong("  a-case: [1]\n"), @"4:11 expected a case, a map, found a list");
    insta::assert_snapshot!(wrong("  a case: { expect: { status: 200 } }\n"), @"4:3 `a case` is not the name of a case (a name is made of letters, digits, `-`, `_` and `.`, at most 100 of them: deletes-a-live-connection)");
    insta::assert_snapshot!(wrong("  a: { expect: { status: 200 } }\n  a: { expect: { status: 200 } }\n"), @"5:3 the key `a` is given twice");
    insta::assert_snapshot!(wrong_case("clauses: things.DeleteThing.success\nexpect: { status: 200 }"), @"5:14 expected a list, found the text `things.DeleteThing.success`");
    insta::assert_snapshot!(wrong_case("profile: croe\nexpect: { status: 200 }"), @"5:14 `croe` is not a profile (did you mean `core`?)");
    insta::assert_snapshot!(wrong_case("expect:\n"), @"5:11 expected an `expect` block, a map, found nothing");
    insta::assert_snapshot!(wrong_case("<<: { a: b }\nexpect: { status: 200 }"), @"5:5 unknown key `<<` (merge keys are not part of YAML 1.2; repeat the keys, or use a matrix)");
    insta::assert_snapshot!(wrong_case("send: { Id: 1, Id: 2, Name: 3, Name: 4 }\nexpect: { status: 200 }"), @r"
    5:20 the key `Id` is given twice
    5:36 the key `Name` is given twice
    ");
}

#[test]
fn empty_cases() {
    insta::assert_snapshot!(wrong("  a-case: {}\n"), @"4:3 the case `a-case` claims nothing (say under `expect` what the answer has to be)");
    insta::assert_snapshot!(wrong_case("send: { Id: x }"), @"4:3 the case `a-case` claims nothing (say under `expect` what the answer has to be)");
    insta::assert_snapshot!(wrong_case("expect: {}"), @"5:13 a block without a claim (say what the answer has to be: `status`, `body`, `at`, ...)");
    insta::assert_snapshot!(wrong_case("expect: { clauses: [things.Thing.members] }"), @"5:13 a block without a claim (say what the answer has to be: `status`, `body`, `at`, ...)");
    insta::assert_snapshot!(wrong_case("expect: { any_of: [] }"), @"5:23 a list with nothing in it");
    insta::assert_snapshot!(wrong_case("expect: { at: { $.Id: {} } }"), @"5:27 a map without a matcher in it (to compare with an object, write `equals: {...}`)");
}

#[test]
fn names_that_lead_nowhere() {
    insta::assert_snapshot!(wrong_file("api: thing\noperation: DeleteThing\ncases: { a: { expect: { status: 200 } } }"), @"1:6 unknown api `thing` (did you mean `things`?)");
    insta::assert_snapshot!(wrong_file("api: things\noperation: DeletThing\ncases: { a: { expect: { status: 200 } } }"), @"2:12 unknown operation `DeletThing` (did you mean `DeleteThing`?)");
    insta::assert_snapshot!(wrong_case("then: [{ operation: Describe, expect: { status: 200 } }]"), @"5:25 unknown operation `Describe` (there are: CreateThing, DeleteThing, DescribeThings)");
    insta::assert_snapshot!(wrong_case("send: { id: x, Unheard: y }\nexpect: { status: 200 }"), @r"
    5:13 `id` is not a member of DeleteThing (did you mean `Id`?
    to send it all the same, write it under `send_unknown`)
    5:20 `Unheard` is not a member of DeleteThing (its members are: Id, Name
    to send it all the same, write it under `send_unknown`)
    ");
    insta::assert_snapshot!(wrong_case("send_unknown: { Id: x }\nexpect: { status: 200 }"), @"5:21 `Id` is a member of DeleteThing (write it under `send`)");
    insta::assert_snapshot!(wrong_case("send: { Id: x }\nwithout: [Name]\nexpect: { status: 200 }"), @"6:15 `Name` is not under `send` (`without` leaves out what `send` would send)");
    insta::assert_snapshot!(wrong_case("uses: [thign]\nsend: { Id: \"${thign.id}\" }\nexpect: { status: 200 }"), @"5:12 unknown fixture `thign` (did you mean `thing`?)");
    insta::assert_snapshot!(wrong_case("expect: { schema: Thign }"), @"5:23 unknown schema `Thign` (did you mean `Thing`?)");
    insta::assert_snapshot!(wrong_case("expect: { error: NotFoundFautl }"), @"5:22 unknown error `NotFoundFautl` (did you mean `NotFoundFault`?)");
    insta::assert_snapshot!(wrong_case("clauses: [things.DeleteThing.succes]\nexpect: { status: 200 }"), @"5:15 unknown clause `things.DeleteThing.succes` (did you mean `things.DeleteThing.success`?)");
    insta::assert_snapshot!(wrong_case("expect: { status: 200, clauses: [x.y] }"), @"5:38 unknown clause `x.y` (there are: things.DeleteThing.success, things.Thing.members)");
    insta::assert_snapshot!(wrong_case("expect: { at: { $.Id: { equals: 1, clause: x.y } } }"), @"5:48 unknown clause `x.y` (there are: things.DeleteThing.success, things.Thing.members)");
}

#[test]
fn variables() {
    insta::assert_snapshot!(wrong_case("send: { Id: \"${absent.di}\" }\nexpect: { status: 200 }"), @"5:18 unknown variable `absent.di` (did you mean `${absent.id}`?)");
    insta::assert_snapshot!(wrong_case("send: { Id: \"${thing.id}\" }\nexpect: { status: 200 }"), @"5:18 unknown variable `thing.id` (`thing` is a fixture: name it under `uses`)");
    insta::assert_snapshot!(wrong_case("uses: [thing]\nsend: { Id: \"${thing.colour}\" }\nexpect: { status: 200 }"), @"6:18 unknown variable `thing.colour` (the fixture `thing` provides thing.id)");
    insta::assert_snapshot!(wrong_case("send: { Id: \"${elsewhere.arn}\" }\nexpect: { status: 200 }"), @"5:18 unknown variable `elsewhere.arn` (a variable that targets set has to stand under `needs: { variables: [...] }`)");
    insta::assert_snapshot!(wrong_case("expect: { at: { $.Id: \"${late}\" } }\nthen: [{ capture: { late: $.Id } }]"), @"5:28 unknown variable `late` (a variable that targets set has to stand under `needs: { variables: [...] }`)");
    insta::assert_snapshot!(wrong_case("send: { Id: \"x${y\" }\nexpect: { status: 200 }"), @"5:19 `${` without `}` (a literal `${` is written `$${`)");
    insta::assert_snapshot!(wrong_case("send: { Id: \"${a b}\" }\nexpect: { status: 200 }"), @"5:18 `a b` is not the name of a variable (write ${name}, ${fixture.name}, ${upper:name}, ${env:NAME}, ${secret:NAME} or ${gen:...}; a literal `${` is `$${`)");
    insta::assert_snapshot!(wrong_case("send: { Id: \"${gen:uid}\" }\nexpect: { status: 200 }"), @"5:18 nothing generates `uid` (did you mean `uuid`?)");
    insta::assert_snapshot!(wrong_case("send: { Id: \"${evn:HOME}\" }\nexpect: { status: 200 }"), @"5:18 values do not come from `evn` (did you mean `env`?)");
    insta::assert_snapshot!(wrong_case("send: { Id: \"${env:A B}\" }\nexpect: { status: 200 }"), @"5:18 `A B` is not a name");
    insta::assert_snapshot!(wrong_case("send: { Id: { \"${x}\": 1 } }\nexpect: { status: 200 }"), @"5:19 `${x}` as a name (only values of the case's matrix can stand in a name; they are known before anything is sent)");
    insta::assert_snapshot!(wrong_case("capture: { a.b: $.Id }\nexpect: { status: 200 }"), @"5:16 `a.b` is not a name (a name is made of letters, digits, `_` and `-`)");
    insta::assert_snapshot!(wrong_case("capture: { a: $.Id }\nexpect: { status: 200 }\nthen: [{ capture: { a: $.Id } }]"), @"7:25 the name `a` is taken (a name stands for one value throughout a case; choose another)");
}

#[test]
fn what_a_claim_may_not_name() {
    insta::assert_snapshot!(wrong_case("expect: { body: { Id: \"${gen:uuid}\" } }"), @"5:28 a claim about a value that is made anew each time (give it a name: a variable of the suite is worked out once for each case)");
    insta::assert_snapshot!(wrong_case("expect: { headers: { x-a: \"${secret:key}\" } }"), @"5:32 a secret in a claim (claims are shown in reports; secrets can be sent, not compared with)");
    insta::assert_snapshot!(wrong_case("expect: { at: { $.Id: { one_of: [\"${env:HOME}\"] } } }"), @"5:39 the environment in a claim (claims are judged again from recordings; set a variable in the target file)");
}

#[test]
fn claims() {
    insta::assert_snapshot!(wrong_case("expect: { status: 99 }"), @"5:23 expected a status, found the number 99 (a status is a number from 100 to 599, or a class: 4xx)");
    insta::assert_snapshot!(wrong_case("expect: { status: 4XX }"), @"5:23 expected a status, found the text `4XX` (a status is a number from 100 to 599, or a class: 4xx)");
    insta::assert_snapshot!(wrong_case("expect: { status: [] }"), @"5:23 a list with nothing in it");
    insta::assert_snapshot!(wrong_case("expect: { headers: { date: } }"), @"5:30 a header without a claim (write its value, `{ absent: true }` or `{ present: true }`)");
    insta::assert_snapshot!(wrong_case("expect: { headers: { content-length: 3 } }"), @r#"5:42 expected text, or a map of matchers, found the number 3 (quote it: "3")"#);
    insta::assert_snapshot!(wrong_case("expect: { headers: { \"a b\": x } }"), @"5:26 `a b` is not the name of a header");
    insta::assert_snapshot!(wrong_case("expect: { headers: { x: { matches: \"(\" } } }"), @"5:40 `(` is not a regular expression: unclosed group");
    insta::assert_snapshot!(wrong_case("expect: { headers: { x: { absent: false } } }"), @"5:39 expected true, found `false` (leave the key out; `present` and `absent` are each other's opposite)");
    insta::assert_snapshot!(wrong_case("expect: { headers: { x: { absent: true, format: uuid } } }"), @"5:31 `absent` beside other matchers (a header that is not there has no value)");
    insta::assert_snapshot!(wrong_case("expect: { headers: { x: { format: guid } } }"), @"5:39 `guid` is not a format (did you mean `uuid`?)");
    insta::assert_snapshot!(wrong_case("expect: { body: emtpy }"), @"5:21 `emtpy` as a body (`body` is what the JSON holds at least, or the word `empty`; for a JSON string use `body_exact`)");
    insta::assert_snapshot!(wrong_case("expect: { at: { Thing.Id: 1 } }"), @"5:21 `Thing.Id` is not a JSONPath (a JSONPath starts with `$`: $.Thing.Id)");
    insta::assert_snapshot!(wrong_case("expect: { at: { \"$.Things[?]\": 1 } }"), @"5:31 `$.Things[?]` is not a JSONPath: in long-hand segment");
    insta::assert_snapshot!(wrong_case("expect: { at: { $.Id: { one_off: [1] } } }"), @"5:27 a map without a matcher in it (did you mean `one_of`? To compare with an object, write `equals: {...}`)");
    insta::assert_snapshot!(wrong_case("expect: { at: { $.Id: { Colour: red } } }"), @"5:27 a map without a matcher in it (to compare with an object, write `equals: {...}`)");
    insta::assert_snapshot!(wrong_case("expect: { at: { $.Id: { type: text } } }"), @"5:35 `text` is not a JSON type (one of: null, boolean, number, string, array, object)");
    insta::assert_snapshot!(wrong_case("expect: { at: { $.Id: { range: { min: 2, max: 1 } } } }"), @"5:36 `min` is more than `max`");
    insta::assert_snapshot!(wrong_case("expect: { at: { $.Id: { length: {} } } }"), @"5:37 neither `min` nor `max`");
    insta::assert_snapshot!(wrong_case("expect: { at: { $.Id: { length: -1 } } }"), @"5:37 expected a whole number, found the number -1");
    insta::assert_snapshot!(wrong_case("expect: { at: { $.Id: { clause: things.Thing.members } } }"), @"5:29 a clause without a claim (write a matcher beside it: `equals`, `one_of`, ...)");
    insta::assert_snapshot!(wrong_case("expect: { at: { $.Id: { absent: yes } } }"), @"5:37 expected true, found the text `yes`");
    insta::assert_snapshot!(wrong_case("expect: { snapshot: ../up }"), @"5:25 `../up` as a snapshot (the file of a case's approved answers has the name of the case; leave it out)");
    insta::assert_snapshot!(wrong_case("expect: { snapshot: no }"), @"5:25 `no` as a snapshot (the file of a case's approved answers has the name of the case; leave it out)");
    insta::assert_snapshot!(wrong_case("expect: { latency: 2 }"), @"5:24 expected a duration, found the number 2 (a duration is a whole number with a unit: 200ms, 2s, 5m)");
    insta::assert_snapshot!(wrong_case("expect: { latency: 0s }"), @"5:24 a duration of nothing (leave the key out instead)");
}

#[test]
fn requests() {
    insta::assert_snapshot!(wrong_case("auth: nobody\nexpect: { status: 200 }"), @"5:11 `nobody` is not an identity (one of: none, unknown-key, bad-signature, stale-date, tampered-body, own-token)");
    insta::assert_snapshot!(wrong_case("auth: own-token\nexpect: { status: 200 }"), @"5:11 a token for an API that signs its requests (one of none, unknown-key, bad-signature, stale-date, tampered-body)");
    insta::assert_snapshot!(wrong_case("raw: { method: \"G T\" }\nexpect: { status: 200 }"), @"5:20 `G T` is not an HTTP method");
    insta::assert_snapshot!(wrong_case("raw: { body: a, body_base64: YQ== }\nexpect: { status: 200 }"), @"5:21 a body as text and as bytes (write one of `body` and `body_base64`)");
    insta::assert_snapshot!(wrong_case("raw: { body_base64: \"%\" }\nexpect: { status: 200 }"), @"5:25 this is not base64: Invalid symbol 37, offset 0.");
    insta::assert_snapshot!(wrong_case("raw: { headers: { x: 1 } }\nexpect: { status: 200 }"), @r#"5:26 expected text, found the number 1 (quote it: "1")"#);
    insta::assert_snapshot!(wrong_case("capture: { a: Id }\nexpect: { status: 200 }"), @"5:19 `Id` is not a JSONPath (a JSONPath starts with `$`: $.Id)");
    insta::assert_snapshot!(wrong_case("capture: { a: { body: $.Id, header: x } }\nexpect: { status: 200 }"), @"5:19 a value is captured from one place (write one of `body: $.path`, `header: name` and `status: true`)");
    insta::assert_snapshot!(wrong_case("finally: [{ send: { Id: x }, expect: { status: 200 } }]\nexpect: { status: 200 }"), @"5:44 a claim under `finally` (`finally` cleans up; claims belong to steps under `then`)");
    let rest =
        "api: rest\noperation: DeleteThing\ncases:\n  a: { auth: stale-date, expect: { status: 200 } }\n";
    insta::assert_snapshot!(wrong_file(rest), @r"
    4:3 DeleteThing without `Id` (`Id` is part of the path /things/{Id}; to send another path, write `raw: { path: ... }`)
    4:14 a signature for an API that signs nothing (its requests carry a token: none, own-token, or { token: ... })
    ");
}

#[test]
fn polls() {
    insta::assert_snapshot!(wrong_case("until: { status: 200 }"), @"5:5 `until` without `within` (say how long to go on asking: `within: 120s`)");
    insta::assert_snapshot!(wrong_case("until: { status: 200 }\nevery: 2s\nwithin: 1s"), @"7:5 `within` is shorter than `every` (there would be one request only)");
    insta::assert_snapshot!(wrong_case("expect: { status: 200 }\nevery: 2s\nwithin: 10s\nunless: { status: 500 }\nthrough: { $.a: [b] }"), @r"
    6:5 `every` without `until` (a step asks again only `until` something holds; a bound on time is `latency`, under `expect`)
    7:5 `within` without `until` (a step asks again only `until` something holds; a bound on time is `latency`, under `expect`)
    8:5 `unless` without `until` (a step asks again only `until` something holds; a bound on time is `latency`, under `expect`)
    9:16 `through` without `until` (a step asks again only `until` something holds; a bound on time is `latency`, under `expect`)
    ");
    insta::assert_snapshot!(wrong_case("until: { snapshot: true, latency: 2s, headers: { x: { unique: true } } }\nwithin: 1m"), @r"
    5:14 `snapshot` as something to wait for (write `snapshot` under the step's `expect`)
    5:30 `latency` as something to wait for (write `latency` under the step's `expect`)
    5:59 `unique` as something to wait for (write `unique` under the step's `expect`)
    ");
    let twice = "expect: [{ status: 200, snapshot: true }, { clauses: [things.Thing.members], snapshot: { exact: true } }]";
    for (claims, why) in [
        ("expect: { snapshot: x }", "the file of a case's approved answers has the name of the case"),
        ("expect: { snapshot: false }", "says why: `snapshot: { skip: why }`"),
        ("expect: { snapshot: {} }", "one of `skip`, `redact`, `ordered` and `exact`"),
        ("expect: { snapshot: { skip: '' } }", "a reason is one line of text"),
        ("expect: { snapshot: { redact: [] } }", "a list with nothing in it"),
        ("expect: { snapshot: { redact: [x] } }", "a JSONPath starts with `$`"),
        ("expect: { any_of: [{ status: 200, snapshot: true }] }", "in one of several ways an answer may be"),
        (twice, "a second `snapshot` of one step"),
        ("finally: [{ expect: { snapshot: true } }]\nexpect: { status: 200 }", "no step of a case"),
    ] {
        let all_rendered = wrong_case(claims);
        assert!(all_rendered.contains(why), "{claims}: {all_rendered}");
    }
    insta::assert_snapshot!(wrong_case("until: { status: 200 }\nwithin: soon"), @"6:13 expected a duration, found the text `soon` (a duration is a whole number with a unit: 200ms, 2s, 5m)");
}

#[test]
fn matrices() {
    let with = |matrix: &str| {
        wrong_case(&format!("matrix: {matrix}\nsend: {{ Id: \"${{a}}\" }}\nexpect: {{ status: 200 }}"))
    };
    insta::assert_snapshot!(with("{}"), @"5:13 an empty matrix");
    insta::assert_snapshot!(with("7"), @"5:13 expected a matrix, found the number 7 (a matrix is a map of lists, or a list of rows)");
    insta::assert_snapshot!(with("{ a: x }"), @"5:18 expected the values of `a`, found the text `x` (write a list with at least one value: [a, b])");
    insta::assert_snapshot!(with("{ a: [] }"), @"5:18 expected the values of `a`, found a list (write a list with at least one value: [a, b])");
    insta::assert_snapshot!(with("{ a: [1, 1] }"), @"5:13 two rows of the matrix are called `[a=1]`");
    insta::assert_snapshot!(with("{ a: [1], b: [2] }"), @"5:13 the matrix value `${b}` is used nowhere");
    insta::assert_snapshot!(with("{ a.b: [1] }"), @"5:15 `a.b` is not a name (a name is made of letters, digits, `_` and `-`)");
    insta::assert_snapshot!(with("[a]"), @"5:14 expected a row of the matrix, a map, found the text `a`");
    insta::assert_snapshot!(with(&format!("{{ a: [{}], b: [1, 2] }}", "0,".repeat(600))), @"5:13 a matrix of more than 1000 rows");
    insta::assert_snapshot!(wrong_case("matrix: { a: [[1]] }\nsend: { Id: \"x${a}\" }\nexpect: { status: 200 }"), @"6:17 a list within a text (`${a}` has to stand alone here)");
    // The same mistake in every row is told once.
    insta::assert_snapshot!(wrong_case("matrix: { a: [1, 2, 3] }\nsend: { Id: \"${a}\" }\nexpect: { schema: Thign }"), @"7:23 unknown schema `Thign` (did you mean `Thing`?)");
    insta::assert_snapshot!(wrong_case("matrix: { s: [200, 999] }\nexpect: { status: \"${s}\" }"), @"6:23 expected a status, found the number 999 (a status is a number from 100 to 599, or a class: 4xx)");
}

#[test]
fn fixtures() {
    let of = |text: &str| wrong_file(&format!("api: things\nfixtures:\n{text}"));
    insta::assert_snapshot!(of("  a: { scope: case }\n"), @"3:6 a fixture without `create`");
    insta::assert_snapshot!(of("  thing: { create: { operation: CreateThing } }\n"), @"3:3 the fixture `thing` is defined twice (it is also defined at fixtures.yaml:4:3)");
    insta::assert_snapshot!(of("  a: { create: { operation: CreateThing }, uses: [b] }\n  b: { create: { operation: CreateThing }, uses: [a] }\n"), @"4:51 fixtures use each other in a circle: a, b, a");
    insta::assert_snapshot!(of("  a: { create: { operation: CreateThing }, uses: [a] }\n"), @"3:51 fixtures use each other in a circle: a, a");
    insta::assert_snapshot!(of("  a: { create: { operation: CreateThing }, uses: [b] }\n"), @"3:51 unknown fixture `b` (there are: a, thing)");
    insta::assert_snapshot!(of("  a: { scope: run, create: { operation: CreateThing }, uses: [thing] }\n"), @"3:63 `a` lives for the run, `thing` only for a case (a fixture of scope `run` can use only fixtures of scope `run`)");
    insta::assert_snapshot!(of("  a: { create: { send: { Name: x } } }\n"), @"3:8 a step without an `operation`");
    insta::assert_snapshot!(of("  a: { create: { operation: CreateThing, capture: { id: $.Id } }, destroy: { operation: DeleteThing, send: { Id: \"${id}\" } } }\n"), @"3:115 unknown variable `id` (did you mean `${a.id}`?)");
    insta::assert_snapshot!(of("  a: { create: { operation: CreateThing }, gone: { operation: DescribeThings, capture: { x: $.Id } } }\n"), @"3:90 a capture from what is being destroyed (a fixture's values are captured by `create` and `ready`)");
    insta::assert_snapshot!(of("  a.b: { create: { operation: CreateThing } }\n"), @"3:3 `a.b` is not the name of a fixture (a name is made of letters, digits, `_` and `-`)");
    insta::assert_snapshot!(wrong_file("api: things\nvariables: { absent.id: x, 1a: y, b: \"${absent.id}\", c: \"${secret:d}\" }\n"), @r"
    2:14 the variable `absent.id` is defined twice (it is also defined at fixtures.yaml:2:14)
    2:28 `1a` is not the name of a variable (a name is made of letters, digits, `_` and `-`, with dots between its parts)
    2:39 a variable made from a variable or a secret (a variable of the suite is a literal, or made with ${gen:...} or ${env:...})
    2:58 a variable made from a variable or a secret (a variable of the suite is a literal, or made with ${gen:...} or ${env:...})
    ");
}

#[test]
fn one_mistake_has_no_echo() {
    // The fixture cannot be read: what cases capture from it is not told as well.
    let file = "api: things\noperation: DeleteThing\nfixtures: { a: { crate: 1 } }\ncases:\n  b: { uses: [a], send: { Id: \"${a.id}\" }, expect: { status: 200 } }\n";
    insta::assert_snapshot!(wrong_file(file), @r"
    3:16 a fixture without `create`
    3:18 unknown key `crate` (did you mean `create`?)
    ");
    // Nor is a case empty whose claim is misspelt, nor a capture unknown whose path is wrong.
    insta::assert_snapshot!(wrong_case("capture: { a: Id }\nexpcet: { status: 200 }\nthen: [{ send: { Id: \"${a}\" } }]"), @r"
    5:19 `Id` is not a JSONPath (a JSONPath starts with `$`: $.Id)
    6:5 unknown key `expcet` (did you mean `expect`?)
    ");
}

#[test]
fn names_are_unique_over_all_files() {
    let case = "api: things\noperation: DeleteThing\ncases: { a: { expect: { status: 200 } } }\n";
    let other = case.replace("a:", "A:");
    let files = [source("a.yaml", case), source("b.yaml", case), source("c.yaml", &other)];
    insta::assert_snapshot!(all_rendered(load(&files, &contracts(), &clauses()).unwrap_err()), @r"
    3:10 the case `things::DeleteThing::a` is defined twice (it is also defined at a.yaml:3:10)
    3:10 `things::DeleteThing::A` is another case by its letter case only (`things::DeleteThing::a` is defined at a.yaml:3:10)
    ");
}

#[test]
fn clause_files() {
    let clause = "{ strength: MUST, text: t, document: d, section: s }";
    let first = source("a.yaml", &format!("a.b: {clause}\nnodots: {clause}\n"));
    let second = source(
        "b.yaml",
        "a.b: { strength: MUST, text: t, document: d, section: s }\nc.d: { strength: must, txt: t }\n",
    );
    insta::assert_snapshot!(all_rendered(load_clauses(&[first, second]).unwrap_err()), @r"
    2:1 `nodots` is not the id of a clause (an id has the API first and dots between its parts: dms.DeleteConnection.success)
    1:1 the clause `a.b` is stated twice (it is also stated at a.yaml:1:1)
    2:6 a clause without `text`
    2:6 a clause without `document`
    2:6 a clause without `section`
    2:18 `must` is not a strength (did you mean `MUST`?)
    2:24 unknown key `txt` (did you mean `text`?)
    ");
}

#[test]
fn a_claim_names_its_clause_where_the_case_has_several() {
    let both = "clauses: [things.DeleteThing.success, things.Thing.members]";
    let all_rendered = |claims: &str| wrong_case(&format!("{both}\n{claims}"));
    for (claims, at) in [
        ("expect: { status: 200 }", "6:"),
        ("expect: [{ clauses: [things.Thing.members], status: 200 }, { body: empty }]", "6:"),
        ("expect: { precondition: true, status: 200 }\nuntil: { status: 200 }\nwithin: 5s", "7:"),
    ] {
        let all_rendered = all_rendered(claims);
        assert!(
            all_rendered.contains(at) && all_rendered.contains("a claim that names no clause"),
            "{claims}: {all_rendered}"
        );
    }
    for claims in [
        "expect: { clauses: [things.Thing.members], status: 200 }",
        "expect: { status: 200, precondition: true }",
        "expect: { headers: { etag: { present: true, clause: things.Thing.members } } }",
    ] {
        let case = good_case(&format!("{both}\n{claims}"));
        assert_eq!(case.steps[0].expectations.len(), 1, "{claims}");
    }
}
