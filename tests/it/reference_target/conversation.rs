//! One long conversation with a target, written down byte by byte with all that changes from run to run made equal.
//! Two targets that behave alike have the same transcript.

use std::{collections::HashSet, sync::LazyLock, time::Duration};

use proofmark::reference::published::{self, *};
use regex::Regex;
use serde_json::{Value, json};

use super::client::{Request, exchange, of_endpoint, pair};

const ABSENT_ENDPOINT: &str = "arn:aws:dms:us-east-1:123456789012:endpoint:ABSENT";
const ABSENT_INSTANCE: &str = "arn:aws:dms:us-east-1:123456789012:rep:ABSENT";
const ABSENT_ID: &str = "11111111-2222-4333-8444-555555555555";
const CONNECTIONS: &str = "/api/v1/amazonConnections";

pub struct Transcript {
    host: String,
    /// Every answer whole, values that differ from run to run replaced.
    pub answers: Vec<String>,
    /// Of every answer its status, by what was asked.
    pub statuses: Vec<String>,
    request_ids: HashSet<String>,
}

impl Transcript {
    async fn say(&mut self, what: &str, request: Request) -> Value {
        let answer = exchange(&self.host, &request.bytes(&self.host)).await;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = parts(&text);
        let status = head.get(9..12).unwrap_or("???");
        if let Some(id) = head.lines().find_map(|line| line.strip_prefix("x-amzn-requestid: "))
            && !self.request_ids.insert(id.to_owned())
        {
            self.answers.push(format!("{what}: a request id for the second time"));
        }
        self.statuses.push(format!("{what}: {status}"));
        self.answers.push(format!("{what}: {}", made_equal(&text)));
        serde_json::from_str(body.trim_start_matches('\u{feff}')).unwrap_or(Value::Null)
    }

    async fn dms(&mut self, what: &str, operation: &str, input: Value) -> Value {
        let request = Request::dms(self.host.clone(), operation, input).signed();
        self.say(what, request).await
    }

    async fn veeam(&mut self, what: &str, method: &str, path: &str, token: &str) -> Value {
        self.say(what, Request::veeam(method, path, token)).await
    }

    /// Asks without writing it down until the answer is as wanted, then once more for the transcript.
    async fn settled(
        &mut self,
        what: &str,
        operation: &str,
        input: Value,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let polls = async {
            loop {
                let request = Request::dms(self.host.clone(), operation, input.clone()).signed();
                let answer = exchange(&self.host, &request.bytes(&self.host)).await;
                let text = String::from_utf8_lossy(&answer);
                if wanted(&serde_json::from_str(&parts(&text).1).unwrap_or(Value::Null)) {
                    return;
                }
            }
        };
        // A target that deviates may never get there; the answer written down tells.
        let _ = tokio::time::timeout(Duration::from_millis(100), polls).await;
        self.dms(what, operation, input).await
    }
}

/// Head and body of an answer, the body without the chunks it may have come in.
fn parts(answer: &str) -> (&str, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    if !head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        return (head, body.to_owned());
    }
    // Every second line is the size of the next; in these answers no piece has a line break of its own.
    (head, body.split("\r\n").skip(1).step_by(2).collect())
}

/// What differs from run to run, and a name for what it is. Compiled once: that takes longer than all conversations.
static DIFFERING: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
        (r":(endpoint|rep|instance-profile|data-provider|cert):[0-9A-F]{26}", ":$1:NAME"),
        (r"[0-9a-f]{64}", "TOKEN"),
        (r"127\.0\.0\.1:[0-9]+", "HOST"),
        (r"[MTWFS][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT", "DATE"),
        (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z|[0-9]{8}T[0-9]{6}Z", "TIME"),
        (
            r#"("InstanceCreateTime"|"CertificateCreationDate"|"Valid[A-Za-z]+Date"):[0-9]{10}\b"#,
            "$1:SECONDS",
        ),
    ]
    .map(|(pattern, with)| (Regex::new(pattern).unwrap(), with))
    .into()
});

fn made_equal(text: &str) -> String {
    DIFFERING
        .iter()
        .fold(text.to_owned(), |text, (pattern, with)| pattern.replace_all(&text, *with).into_owned())
}

fn text_at(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("nothing").to_owned()
}

/// What the conversation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Dms,
    Veeam,
    Both,
}

/// Has the conversation with the target at `host`.
pub async fn hold(host: &str, about: About) -> Transcript {
    let mut transcript = Transcript {
        host: host.to_owned(),
        answers: Vec::new(),
        statuses: Vec::new(),
        request_ids: HashSet::new(),
    };
    if about != About::Veeam {
        dms_life(&mut transcript).await;
        dms_refusals(&mut transcript).await;
        dms_generic(&mut transcript).await;
    }
    if about != About::Dms {
        veeam_tokens(&mut transcript).await;
        veeam_life(&mut transcript).await;
        veeam_refusals(&mut transcript).await;
        veeam_generic(&mut transcript).await;
    }
    transcript
}

async fn dms_life(t: &mut Transcript) {
    // Names that are wished for come in the same order in every run.
    let endpoint = |identifier: &str, name: Value| {
        let (kind, engine) = ("source", "mysql");
        json!({
            "EndpointIdentifier": identifier, "EndpointType": kind, "EngineName": engine, "Port": 3306,
            "Password": "not-a-secret", "ResourceIdentifier": name,
        })
    };
    let made = t.dms("create endpoint", "CreateEndpoint", endpoint("e-1", json!("first"))).await;
    let first = text_at(&made, "/Endpoint/EndpointArn");
    t.dms("create it again", "CreateEndpoint", endpoint("e-1", json!(null))).await;
    let made = t.dms("create another", "CreateEndpoint", endpoint("e-2", json!("second"))).await;
    let second = text_at(&made, "/Endpoint/EndpointArn");
    t.dms("describe endpoint", "DescribeEndpoints", of_endpoint(&first)).await;
    dms_listings(t, &first).await;
    let input = json!({ "ReplicationInstanceIdentifier": "i-1", "ReplicationInstanceClass": "dms.t3.micro" });
    let made = t.dms("create instance", "CreateReplicationInstance", input.clone()).await;
    t.dms("create that again", "CreateReplicationInstance", input).await;
    let instance = text_at(&made, "/ReplicationInstance/ReplicationInstanceArn");
    let of_instance = json!({ "Filters": [{ "Name": "replication-instance-arn", "Values": [instance] }] });
    let available =
        |answer: &Value| text_at(answer, "/ReplicationInstances/0/ReplicationInstanceStatus") == "available";
    t.settled("instance available", "DescribeReplicationInstances", of_instance.clone(), available).await;

    let tested = |answer: &Value| text_at(answer, "/Connections/0/Status") == "successful";
    for endpoint in [&first, &second] {
        t.dms("test", "TestConnection", pair(endpoint, &instance)).await;
        t.settled("tested", "DescribeConnections", of_endpoint(endpoint), tested).await;
    }
    t.dms("test the absent", "TestConnection", pair(ABSENT_ENDPOINT, &instance)).await;
    t.dms("test no endpoint", "TestConnection", json!({ "ReplicationInstanceArn": instance })).await;
    t.dms("test no instance", "TestConnection", json!({ "EndpointArn": first })).await;
    t.dms("delete the connected", "DeleteEndpoint", json!({ "EndpointArn": second })).await;
    for (what, name, value) in [
        ("another name", "replication-instance-id", "i-2"),
        ("another class", "replication-instance-class", "dms.none"),
    ] {
        let filters = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
        t.dms(what, "DescribeReplicationInstances", filters).await;
    }
    let both = json!({ "Filters": [
        { "Name": "endpoint-arn", "Values": [first, second] },
        { "Name": "replication-instance-arn", "Values": [ABSENT_INSTANCE] },
    ]});
    t.dms("filter twice", "DescribeConnections", both).await;
    let page = t.dms("first page", "DescribeConnections", json!({ "MaxRecords": 1 })).await;
    let marker = text_at(&page, "/Marker");
    let page =
        t.dms("second page", "DescribeConnections", json!({ "MaxRecords": 1, "Marker": marker })).await;
    let again = text_at(&page, "/Marker") == marker;
    t.answers.push(format!("the same marker again: {again}"));

    t.dms("delete", "DeleteConnection", pair(&first, &instance)).await;
    let gone = |answer: &Value| answer["Connections"] == json!([]);
    t.settled("deleted", "DescribeConnections", of_endpoint(&first), gone).await;
    t.dms("the other one", "DescribeConnections", of_endpoint(&second)).await;
    t.dms("delete a second time", "DeleteConnection", pair(&first, &instance)).await;
    let extra =
        json!({ "EndpointArn": ABSENT_ENDPOINT, "ReplicationInstanceArn": ABSENT_INSTANCE, "More": 1 });
    t.dms("an unknown member", "DeleteConnection", extra).await;

    let unsigned = Request::dms(t.host.clone(), "DeleteConnection", pair(&second, &instance));
    t.say("delete unsigned", unsigned).await;
    t.settled("still there", "DescribeConnections", of_endpoint(&second), tested).await;
    t.dms("delete the other", "DeleteConnection", pair(&second, &instance)).await;
    t.settled("deleted too", "DescribeConnections", of_endpoint(&second), gone).await;

    t.dms("delete endpoint", "DeleteEndpoint", json!({ "EndpointArn": first })).await;
    let absent = |answer: &Value| text_at(answer, "/__type") == "ResourceNotFoundFault";
    t.settled("endpoint gone", "DescribeEndpoints", of_endpoint(&first), absent).await;
    t.dms("delete instance", "DeleteReplicationInstance", json!({ "ReplicationInstanceArn": instance }))
        .await;
    t.settled("instance gone", "DescribeReplicationInstances", of_instance, absent).await;
}

/// Filters and pages of endpoints, while there are two.
async fn dms_listings(t: &mut Transcript, endpoint: &str) {
    for (what, name, value) in
        [("another name", "endpoint-id", "e-3"), ("another engine", "engine-name", "oracle")]
    {
        let filters =
            json!([{ "Name": "endpoint-arn", "Values": [endpoint] }, { "Name": name, "Values": [value] }]);
        t.dms(what, "DescribeEndpoints", json!({ "Filters": filters })).await;
    }
    let page = t.dms("first endpoint", "DescribeEndpoints", json!({ "MaxRecords": 1 })).await;
    let next = json!({ "MaxRecords": 1, "Marker": text_at(&page, "/Marker") });
    t.dms("second endpoint", "DescribeEndpoints", next).await;
    let filters = json!({ "Filters": [{ "Name": "endpoint-arn" }] });
    t.dms("half a filter", "DescribeConnections", filters).await;
}

/// What the contract drives: things of several families, and inputs with one thing wrong each.
async fn dms_generic(t: &mut Transcript) {
    let profile = |member: &str, value: Value| json!({ "InstanceProfileName": "profile", member: value });
    let provider =
        |settings: Value| json!({ "DataProviderName": "p", "Engine": "mysql", "Settings": settings });
    let sized = json!({ "InstanceSizingType": "total-capacity", "WorkloadType": "development" });
    let run = |more: Value| json!({ "MigrationProjectIdentifier": "absent", "SelectionRules": "{}", "AssessmentReportTypes": more });
    for (what, operation, input) in [
        ("a profile", "CreateInstanceProfile", profile("Description", json!("one"))),
        ("a profile of null", "CreateInstanceProfile", profile("Description", json!(null))),
        ("a profile of a number", "CreateInstanceProfile", profile("Description", json!(7))),
        ("no profile", "DeleteInstanceProfile", json!({})),
        ("an absent profile", "DeleteInstanceProfile", json!({ "InstanceProfileIdentifier": "absent" })),
        ("a subscription without a topic", "CreateEventSubscription", json!({ "SubscriptionName": "s" })),
        ("no subscriptions", "DescribeEventSubscriptions", json!({})),
        ("a provider", "CreateDataProvider", provider(json!({ "MySqlSettings": { "ServerName": "s" } }))),
        ("recommendations", "DescribeRecommendations", json!({})),
        ("a run", "StartRecommendations", json!({ "DatabaseId": "database-id", "Settings": sized })),
        (
            "a true certificate",
            "ImportCertificate",
            json!({ "CertificateIdentifier": "t", "CertificateWallet": "cHJvb2ZtYXJr" }),
        ),
        ("a provider of nothing", "CreateDataProvider", provider(json!({}))),
        ("a far page", "DescribeDataProviders", json!({ "MaxRecords": 1_u64 << 40 })),
        ("no report", "ExportMetadataModelAssessment", run(json!([]))),
        ("another report", "ExportMetadataModelAssessment", run(json!(["poem"]))),
        (
            "a certificate",
            "ImportCertificate",
            json!({ "CertificateIdentifier": "c", "CertificateWallet": "?" }),
        ),
        ("quotas", "DescribeAccountAttributes", json!({})),
        ("the profiles", "DescribeInstanceProfiles", json!({})),
        ("the profile goes", "DeleteInstanceProfile", json!({ "InstanceProfileIdentifier": "profile" })),
        ("the profiles without it", "DescribeInstanceProfiles", json!({})),
    ] {
        t.dms(what, operation, input).await;
    }
}

async fn dms_refusals(t: &mut Transcript) {
    let delete = |endpoint: Value, instance: Value| json!({ "EndpointArn": endpoint, "ReplicationInstanceArn": instance });
    for (what, input) in [
        ("the absent", pair(ABSENT_ENDPOINT, ABSENT_INSTANCE)),
        ("the denied", pair(DENIED_ENDPOINT, SEED_INSTANCE)),
        ("the busy", pair(BUSY_ENDPOINT, SEED_INSTANCE)),
        ("no endpoint", json!({ "ReplicationInstanceArn": SEED_INSTANCE })),
        ("no instance", json!({ "EndpointArn": ABSENT_ENDPOINT })),
        ("null", delete(json!(null), json!(SEED_INSTANCE))),
        ("a number", delete(json!(7), json!(SEED_INSTANCE))),
        ("empty", delete(json!(""), json!(SEED_INSTANCE))),
        ("no arn", delete(json!("x"), json!(SEED_INSTANCE))),
    ] {
        t.dms(what, "DeleteConnection", input).await;
    }
    for (what, operation, input) in [
        ("no members of an endpoint", "CreateEndpoint", json!({})),
        ("no members of an instance", "CreateReplicationInstance", json!({})),
        ("no endpoint to delete", "DeleteEndpoint", json!({})),
        ("no instance to delete", "DeleteReplicationInstance", json!({})),
        ("an absent endpoint", "DeleteEndpoint", json!({ "EndpointArn": ABSENT_ENDPOINT })),
        (
            "an absent instance",
            "DeleteReplicationInstance",
            json!({ "ReplicationInstanceArn": ABSENT_INSTANCE }),
        ),
    ] {
        t.dms(what, operation, input).await;
    }
    let odd = json!({ "EndpointIdentifier": "odd", "EndpointType": "sideways", "EngineName": "mysql" });
    t.dms("sideways", "CreateEndpoint", odd).await;

    let list = || Request::dms(t.host.clone(), "DescribeConnections", json!({}));
    let aimed = |target: &str| list().with("x-amz-target", target).signed();
    let old = std::time::SystemTime::now() - Duration::from_secs(1200);
    let requests = [
        ("no json", list().with_body("{").signed()),
        ("another type", list().with("content-type", "application/json").signed()),
        ("a charset", list().with("content-type", "application/x-amz-json-1.1; charset=utf-8").signed()),
        ("another signed header", list().with("x-amz-user-agent", "somebody").signed()),
        ("no body", list().with_body("").signed()),
        ("a space behind", list().signed().with_body("{} ")),
        ("no target", list().without("x-amz-target").signed()),
        ("another prefix", aimed("Another.DescribeConnections")),
        ("another case", aimed("AmazonDMSv20160101.describeconnections")),
        ("no operation", aimed("AmazonDMSv20160101.Obliterate")),
        ("another method", list().with_method("PUT").signed()),
        ("another path", list().with_path("/else").signed()),
        ("unsigned", list()),
        ("an unknown key", list().signed_by("AKIDNOBODY", SECRET_KEY, std::time::SystemTime::now())),
        ("another secret", list().signed_by(ACCESS_KEY, "guess", std::time::SystemTime::now())),
        ("an old request", list().signed_by(ACCESS_KEY, SECRET_KEY, old)),
    ];
    for (what, request) in requests {
        t.say(what, request).await;
    }
}

async fn veeam_tokens(t: &mut Transcript) {
    let password = [("grant_type", "password"), ("username", USERNAME), ("password", PASSWORD)];
    let login = t.say("log in", Request::grant(&password)).await;
    let (token, refresh) = (text_at(&login, "/access_token"), text_at(&login, "/refresh_token"));
    let grants: [(&str, Vec<(&str, &str)>); 5] = [
        ("refresh", vec![("grant_type", "refresh_token"), ("refresh_token", &refresh)]),
        ("refresh with another", vec![("grant_type", "refresh_token"), ("refresh_token", "never")]),
        ("a wrong password", vec![("grant_type", "password"), ("username", USERNAME), ("password", "wrong")]),
        ("no grant type", password[1..].to_vec()),
        ("another grant type", vec![("grant_type", "wish"), ("username", USERNAME), ("password", PASSWORD)]),
    ];
    for (what, fields) in grants {
        t.say(what, Request::grant(&fields)).await;
    }
    let members = json!({ "grant_type": "password", "username": USERNAME, "password": PASSWORD }).to_string();
    t.say(
        "log in with json",
        Request::grant(&[]).with("content-type", "application/json").with_body(members),
    )
    .await;
    t.veeam("sign out", "DELETE", "/api/v1/token", &token).await;
    t.veeam("signed out", "GET", CONNECTIONS, &token).await;
    t.veeam("an expired token", "GET", CONNECTIONS, published::EXPIRED_TOKEN).await;
    t.veeam("garbage", "GET", CONNECTIONS, "garbage").await;
}

/// Logs in and adds a connection: its id and the token.
async fn added(t: &mut Transcript) -> (String, String) {
    let password = [("grant_type", "password"), ("username", USERNAME), ("password", PASSWORD)];
    let token = text_at(&t.say("log in", Request::grant(&password)).await, "/access_token");
    let add =
        Request::veeam("POST", CONNECTIONS, &token).with_body(json!({ "RegionId": REGION_ID }).to_string());
    (text_at(&t.say("add", add).await, "/id"), token)
}

async fn veeam_life(t: &mut Transcript) {
    let ((first, _), (second, token)) = (added(t).await, added(t).await);
    let at = |id: &str| format!("{CONNECTIONS}/{id}");
    let shown = t.veeam("show", "GET", &at(&first), &token).await;
    t.answers.push(format!("the one asked for: {}", text_at(&shown, "/id") == first));
    t.veeam("show in upper case", "GET", &at(&first.to_uppercase()), &token).await;
    t.veeam("list", "GET", CONNECTIONS, &token).await;
    t.veeam("remove", "DELETE", &at(&first), &token).await;
    t.veeam("removed", "GET", &at(&first), &token).await;
    t.veeam("list the rest", "GET", CONNECTIONS, &token).await;
    t.veeam("the other one", "GET", &at(&second), &token).await;
    t.veeam("remove a second time", "DELETE", &at(&first), &token).await;
    t.veeam("remove the absent", "DELETE", &at(ABSENT_ID), &token).await;
    t.say(
        "remove without version",
        Request::veeam("DELETE", &at(&second), "garbage").without("x-api-version"),
    )
    .await;
    t.veeam("still there", "GET", &at(&second), &token).await;
    t.veeam("malformed", "DELETE", &at("malformed"), &token).await;
    t.veeam("show the malformed", "GET", &at("malformed"), &token).await;
    t.veeam("show the absent", "GET", &at(ABSENT_ID), &token).await;
    let singular = format!("/api/v1/amazonConnection/{second}");
    t.veeam("at another path", "DELETE", &singular, &token).await;
    let remove = Request::veeam("DELETE", &at(&second), &token);
    t.say("another version", remove.clone().with("x-api-version", "2.0-rev0")).await;
    t.say("accept json alone", remove.with("accept", "application/json")).await;
}

/// What the document drives.
async fn veeam_generic(t: &mut Transcript) {
    let (_, token) = added(t).await;
    let get = |path: &str| Request::veeam("GET", &format!("/api/v1/{path}"), &token);
    let post = |path: &str, body: &str| {
        Request::veeam("POST", &format!("/api/v1/{path}"), &token)
            .with("content-type", "application/json")
            .with_body(body)
    };
    let user = r#"{"name":"somebody","description":"one","password":"secret"}"#;
    for (what, request) in [
        ("users", get("users")),
        ("users without a token", get("users").without("authorization")),
        ("users without a version", get("users").without("x-api-version")),
        ("some users", get("users?Offset=many")),
        ("another method", get("users").with_method("PATCH")),
        ("a user", post("users", user)),
        ("that user", get("users/somebody")),
        ("a user of a number", post("users", r#"{"name":7,"description":"","password":"secret"}"#)),
        ("a user of no name", post("users", r#"{"name":"","description":"","password":"secret"}"#)),
        ("a user without a password", post("users", r#"{"name":"anybody","description":""}"#)),
        ("no user", post("users", "{")),
        ("users in the end", get("users")),
        ("remove that user", get("users/somebody").with_method("DELETE")),
        ("that user is gone", get("users/somebody")),
        ("a policy of no id", get("policies/malformed")),
        ("an absent policy", get(&format!("policies/{ABSENT_ID}"))),
        ("the license agreement", get("licenseAgreement").without("authorization")),
        ("the first login", get("users/isFirstLogin").without("authorization")),
    ] {
        t.say(what, request).await;
    }
}

async fn veeam_refusals(t: &mut Transcript) {
    let (_, token) = added(t).await;
    let list = || Request::veeam("GET", CONNECTIONS, &token);
    let add = |body: &str| Request::veeam("POST", CONNECTIONS, &token).with_body(body);
    for (what, request) in [
        ("no token", list().without("authorization")),
        ("another scheme", list().with("authorization", &format!("Token {token}"))),
        ("no version", list().without("x-api-version")),
        ("accept nothing here", list().with("accept", "application/xml")),
        ("accept problems", list().with("accept", "application/problem+json")),
        ("no region", add("{}")),
        ("another region", add(&json!({ "RegionId": ABSENT_ID }).to_string())),
        (
            "sign out without a token",
            list().with_method("DELETE").with_path("/api/v1/token").without("authorization"),
        ),
        ("a region of another type", add(r#"{"RegionId":7}"#)),
        ("no json", add("{")),
    ] {
        t.say(what, request).await;
    }
}
