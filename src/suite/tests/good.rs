//! What good files become.

use super::*;

#[test]
fn a_case_in_full() {
    let case = good_case(
        "clauses: [things.DeleteThing.success]
profile: extended
source: A book
needs: { features: [fast], variables: [busy.id] }
uses: [thing]
send: { Id: \"${thing.id}\", Name: \"${busy.id}\" }
send_unknown: { Colour: red }
auth: unknown-key
raw: { method: GET, path: /x, headers: { X-Amz-Target: null, a: b }, body: \"\" }
capture: { id: $.Id, request: { header: X-Amzn-RequestId }, code: status, maybe: { body: $.M, optional: true } }
expect: { status: [200, 4xx], latency: 2s }
then:
  - operation: DescribeThings
    send: { Id: \"${id}-${code}\" }
    until: { body: { Things: [] } }
    unless: { status: 5xx }
    through: { $.Status: [new, old] }
    within: 2m
finally:
  - { send: { Id: \"${maybe}\" } }",
    );
    assert_eq!(&*case.id, "things::DeleteThing::a-case");
    assert_eq!(case.profile, Profile::Extended);
    assert_eq!(case.needs, [Need::Feature("fast".into()), Need::Variable("busy.id".into())]);
    assert_eq!(*case.uses, ["things::thing".into()]);
    assert_eq!((case.span.line, case.span.column), (4, 3));
    let [own, then] = &case.steps[..] else { panic!("{} steps", case.steps.len()) };
    let names: Vec<_> = own.request.input.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Id", "Name", "Colour"]);
    assert_eq!(own.request.auth, Auth::UnknownKey);
    assert_eq!(own.request.raw.headers[0].0, "x-amz-target");
    assert!(own.request.raw.headers[0].1.is_none() && own.request.raw.body.is_some());
    let [id, request, code, maybe] = &own.captures[..] else { panic!("{:?}", own.captures) };
    assert!(matches!(id.from, CaptureFrom::Body(_)));
    assert!(matches!(&request.from, CaptureFrom::Header(name) if name == "x-amzn-requestid"));
    assert!(matches!(code.from, CaptureFrom::Status));
    assert_eq!((code.presence, maybe.presence), (Presence::Required, Presence::Optional));
    let Claim::Status(patterns) = &own.expectations[0].claim else { panic!() };
    assert_eq!(patterns[..], [StatusPattern::Exact(200), StatusPattern::Class(4)]);
    assert_eq!(own.expectations[0].span.to_string(), "a.yaml:15:15");
    assert_eq!(own.expectations[0].span.length, "status: [200, 4xx]".len());
    let poll = then.poll.as_ref().unwrap();
    assert_eq!((poll.every.as_secs(), poll.within.as_secs(), poll.unless.len()), (2, 120, 1));
    assert_eq!(poll.through[0].values, ["new", "old"]);
    assert_eq!(case.finally.len(), 1);
}

#[test]
fn claims_become_one_expectation_each() {
    let case = good_case(
        "expect:
  status: 200
  headers: { A: x, B: [x, y], C: { format: uuid, unique: true }, D: { absent: true } }
  schema: Thing
  body: { Id: 1 }
  body_exact: { Id: \"${absent.id}\" }
  at: { $.Id: 1, $.Name: { type: string, matches: x, length: { min: 1 }, clause: things.Thing.members } }
  error: { one_of: [NotFoundFault], clause: things.Thing.members }
  snapshot: true
  any_of: [{ status: 200 }, { body: empty, clauses: [things.Thing.members] }]
  clauses: [things.DeleteThing.success]",
    );
    let said: Vec<_> = case.steps[0]
        .expectations
        .iter()
        .map(|expectation| {
            let kind = match &expectation.claim {
                Claim::Header { claim: HeaderClaim::OneOf(values), .. } => format!("one of {}", values.len()),
                Claim::Header { claim, .. } => format!("{claim:?}"),
                Claim::At { matcher: ValueMatcher::Matches(_), .. } => "matches".into(),
                Claim::At { matcher, .. } => format!("{matcher:?}"),
                Claim::Snapshot(rule) => format!("{:?}", rule.need),
                Claim::AnyOf(blocks) => format!("any of {}", blocks.len()),
                other => format!("{other:?}"),
            };
            format!("{} {kind} {}", expectation.span.line, expectation.clauses.join(" "))
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    6 Status([Exact(200)]) things.DeleteThing.success
    12 Error(["NotFoundFault"]) things.Thing.members
    7 one of 1 things.DeleteThing.success
    7 one of 2 things.DeleteThing.success
    7 Format(Uuid) things.DeleteThing.success
    7 Unique things.DeleteThing.success
    7 Absent things.DeleteThing.success
    8 Schema("Thing") things.DeleteThing.success
    9 BodySubset(Fixed(Object {"Id": Number(1)})) things.DeleteThing.success
    10 BodyExact(Object([("Id", Text(Template { parts: [Placeholder(Variable("absent.id"))] }))])) things.DeleteThing.success
    11 Equals(Fixed(Number(1))) things.DeleteThing.success
    11 matches things.Thing.members
    11 Type(String) things.Thing.members
    11 Length { min: Some(1), max: None } things.Thing.members
    13 Always things.DeleteThing.success
    14 any of 2 things.DeleteThing.success
    "#);
}

#[test]
fn what_cases_may_say_in_short() {
    good_case("expect: [{ status: 200 }, { clauses: [things.Thing.members], at: { $.Id: 1 } }]");
    good_case("until: { status: 200 }\nwithin: 1s");
    good_case("expect: { error: [NotFoundFault, SerializationException, AccessDenied] }");
    good_case("expect: { at: { $.Name: \"${gen:run}-${gen:suffix}-${upper:absent.id}\" } }");
    good_case(
        "send: { Id: \"${target.username}\", Name: \"${secret:x}${env:Y}${gen:uuid}${gen:now}\" }\nexpect: { status: 200 }",
    );
    good_case("operation: DescribeThings\nexpect: { status: 200 }");
    good_case_of("rest", "auth: { token: x }\nsend: { Id: x }\nexpect: { status: 200 }");
    good_case_of("rest", "auth: own-token\nraw: { path: /elsewhere }\nexpect: { status: 200 }");
}

#[test]
fn a_path_has_all_its_parts() {
    let wrong = |text: &str| {
        wrong_file(&format!(
            "api: rest\noperation: DeleteThing\ncases:\n  a: {{ {text}, expect: {{ status: 200 }} }}\n"
        ))
    };
    insta::assert_snapshot!(wrong("send: { Name: x }"), @"4:3 DeleteThing without `Id` (`Id` is part of the path /things/{Id}; to send another path, write `raw: { path: ... }`)");
    insta::assert_snapshot!(wrong("send: { Id: null }"), @"4:16 DeleteThing without `Id` (`Id` is part of the path /things/{Id}; to send another path, write `raw: { path: ... }`)");
}

#[test]
fn rows_are_cases() {
    let file = "api: things
operation: DeleteThing
cases:
  refuses:
    matrix: { member: [Id, Name], value: [null, 7, [], { a: b }, a long text that does not fit into a name] }
    send: { Id: x, Name: y, \"${member}\": \"${value}\" }
    expect: { status: 4xx, at: { \"$.${member}\": { absent: true } } }
  listed:
    matrix: [{ status: 400, error: NotFoundFault }, { status: 4xx, error: [A, B] }]
    send: { Id: \"${status}!\" }
    without: [Id]
    expect: { status: \"${status}\", error: \"${error}\" }
";
    let suite = load_text(file).unwrap_or_else(|diagnostics| panic!("{}", all_rendered(diagnostics)));
    let shown: Vec<_> = suite
        .cases
        .iter()
        .map(|case| {
            let input: Vec<_> = case.steps[0]
                .request
                .input
                .iter()
                .map(|(name, value)| match value {
                    TemplateValue::Fixed(value) => format!("{name}={value}"),
                    other => format!("{other:?}"),
                })
                .collect();
            format!("{} {} {}", case.id, case.row.len(), input.join(" "))
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    things::DeleteThing::listed[status=400,error=NotFoundFault] 2 
    things::DeleteThing::listed[status=4xx,error=#2] 2 
    things::DeleteThing::refuses[member=Id,value=#4] 2 Id={"a":"b"} Name="y"
    things::DeleteThing::refuses[member=Id,value=#5] 2 Id="a long text that does not fit into a name" Name="y"
    things::DeleteThing::refuses[member=Id,value=7] 2 Id=7 Name="y"
    things::DeleteThing::refuses[member=Id,value=[]] 2 Id=[] Name="y"
    things::DeleteThing::refuses[member=Id,value=null] 2 Id=null Name="y"
    things::DeleteThing::refuses[member=Name,value=#4] 2 Id="x" Name={"a":"b"}
    things::DeleteThing::refuses[member=Name,value=#5] 2 Id="x" Name="a long text that does not fit into a name"
    things::DeleteThing::refuses[member=Name,value=7] 2 Id="x" Name=7
    things::DeleteThing::refuses[member=Name,value=[]] 2 Id="x" Name=[]
    things::DeleteThing::refuses[member=Name,value=null] 2 Id="x" Name=null
    "#);
    let snapshots: Vec<_> = suite.cases[..2].iter().filter_map(|case| case.snapshot()).collect();
    insta::assert_snapshot!(snapshots.join("\n"), @"
    things/DeleteThing/listed_status=400,error=NotFoundFault
    things/DeleteThing/listed_status=4xx,error=#2
    ");
}

#[test]
fn fixtures_bring_what_they_stand_on() {
    let file = "api: things
operation: DeleteThing
fixtures:
  base: { scope: run, needs: { variables: [busy.id] }, create: { operation: CreateThing, send: { Id: \"${busy.id}\" }, capture: { a: $.A } } }
  middle:
    uses: [base]
    cost: a coin
    create: { operation: CreateThing, send: { Id: \"${base.a}\" }, capture: { b: $.B } }
    ready: { operation: DescribeThings, send: { Id: \"${middle.b}\" }, capture: { c: $.C }, until: { status: 200 }, within: 1s }
    destroy: { operation: DeleteThing, send: { Id: \"${middle.c}${base.a}\" } }
  top: { uses: [thing, middle], create: { operation: CreateThing, expect: { status: 200 } } }
cases:
  uses-all: { uses: [top, base], send: { Id: \"${base.a}${middle.c}${thing.id}${busy.id}\" }, expect: { status: 200 } }
";
    let suite = load_text(file).unwrap_or_else(|diagnostics| panic!("{}", all_rendered(diagnostics)));
    let case = &suite.cases[0];
    assert_eq!(case.uses.join(" "), "things::thing things::base things::middle things::top");
    assert_eq!(case.needs, [Need::Variable("busy.id".into())]);
    let middle = &suite.fixtures["things::middle"];
    assert_eq!(middle.provides.join(" "), "middle.b middle.c");
    assert_eq!((middle.scope, middle.cost.as_deref()), (Scope::Case, Some("a coin")));
    assert_eq!(middle.ready.as_ref().unwrap().captures[0].name.as_ref(), "middle.c");
    assert_eq!(suite.fixtures["things::base"].scope, Scope::Run);
}

#[test]
fn many_files_are_read_in_any_order_to_the_same_end() {
    let file = |index: usize| {
        let text = format!(
            "api: things\noperation: DeleteThing\ncases: {{ c{index}: {{ expect: {{ status: 200 }} }} }}\n"
        );
        source(&format!("{index}.yaml"), &text)
    };
    let mut files: Vec<_> = (0..40).map(file).collect();
    let ids = |files: &[SourceFile]| -> Vec<_> {
        load(files, &contracts(), &clauses()).unwrap().cases.iter().map(|case| case.id.clone()).collect()
    };
    let forward = ids(&files);
    files.reverse();
    assert_eq!(forward, ids(&files));
    assert_eq!(forward.len(), 40);
}
