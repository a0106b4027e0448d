//! A client of both APIs that can be made to say anything.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use proofmark::reference::{self, Delays, Options, Running, published};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub struct Target {
    pub running: Running,
    http: reqwest::Client,
}

/// As quick as life cycles can be and still be seen.
pub fn quick() -> Options {
    let moment = Duration::from_millis(5);
    let delays = Delays { creating: moment, testing: moment, deleting: moment, ..Delays::default() };
    Options { delays, ..Options::default() }
}

pub fn http_client() -> reqwest::ClientBuilder {
    // Whichever test comes first installs it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}

impl Target {
    pub async fn start(options: Options) -> Target {
        Target { running: reference::start(options).await.unwrap(), http: http_client().build().unwrap() }
    }

    pub async fn quick() -> Target {
        Target::start(quick()).await
    }

    pub async fn send(&self, request: &Request) -> Answer {
        let url = format!("{}{}", self.running.base_url, request.path);
        let mut builder = self.http.request(request.method.parse().unwrap(), url).body(request.body.clone());
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let response = builder.send().await.unwrap();
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        Answer { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    /// A signed call of a DMS operation.
    pub async fn dms(&self, operation: &str, input: Value) -> Answer {
        self.send(&self.dms_request(operation, input).signed()).await
    }

    pub fn dms_request(&self, operation: &str, input: Value) -> Request {
        Request::dms(self.host(), operation, input)
    }

    pub fn host(&self) -> String {
        self.running.addr.to_string()
    }

    /// Makes an endpoint at `server`, and gives its ARN.
    pub async fn endpoint(&self, identifier: &str, server: &str) -> String {
        let input = json!({
            "EndpointIdentifier": identifier, "EndpointType": "source", "EngineName": "mysql", "ServerName": server,
        });
        self.dms("CreateEndpoint", input).await.text("/Endpoint/EndpointArn")
    }

    /// Makes an instance, waits until it is available, and gives its ARN.
    pub async fn instance(&self, identifier: &str) -> String {
        let input = json!({ "ReplicationInstanceIdentifier": identifier, "ReplicationInstanceClass": "dms.t3.micro" });
        let made = self.dms("CreateReplicationInstance", input).await;
        let arn = made.text("/ReplicationInstance/ReplicationInstanceArn");
        let filters = json!({ "Filters": [{ "Name": "replication-instance-arn", "Values": [arn] }] });
        let status = "/ReplicationInstances/0/ReplicationInstanceStatus";
        self.until("DescribeReplicationInstances", &filters, |answer| {
            answer.json().pointer(status) == Some(&json!("available"))
        })
        .await;
        arn
    }

    /// Tests a connection until the test is over, and gives the last listing.
    pub async fn tested(&self, endpoint: &str, instance: &str) -> Answer {
        self.dms("TestConnection", pair(endpoint, instance)).await;
        let over =
            |answer: &Answer| answer.json().pointer("/Connections/0/Status") != Some(&json!("testing"));
        self.until("DescribeConnections", &of_endpoint(endpoint), over).await
    }

    /// Calls again and again until the answer is as wanted, five seconds long at most.
    pub async fn until(&self, operation: &str, input: &Value, wanted: impl Fn(&Answer) -> bool) -> Answer {
        let calls = async {
            loop {
                let answer = self.dms(operation, input.clone()).await;
                if wanted(&answer) {
                    return answer;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(5), calls).await.expect("the answer never came")
    }

    /// A token for the published user.
    pub async fn login(&self) -> Answer {
        self.send(&Request::grant(&[
            ("grant_type", "password"),
            ("username", published::USERNAME),
            ("password", published::PASSWORD),
        ]))
        .await
    }

    pub async fn token(&self) -> String {
        self.login().await.text("/access_token")
    }

    pub async fn veeam(&self, method: &str, path: &str, token: &str) -> Answer {
        self.send(&Request::veeam(method, path, token)).await
    }

    /// Adds an Amazon connection, and gives its id.
    pub async fn added(&self, token: &str) -> String {
        let mut request = Request::veeam("POST", "/api/v1/amazonConnections", token);
        request.body = json!({ "RegionId": published::REGION_ID }).to_string().into_bytes();
        self.send(&request).await.text("/id")
    }
}

pub fn pair(endpoint: &str, instance: &str) -> Value {
    json!({ "EndpointArn": endpoint, "ReplicationInstanceArn": instance })
}

pub fn of_endpoint(endpoint: &str) -> Value {
    json!({ "Filters": [{ "Name": "endpoint-arn", "Values": [endpoint] }] })
}

#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn dms(host: String, operation: &str, input: Value) -> Request {
        Request {
            method: "POST".into(),
            path: "/".into(),
            headers: vec![
                ("host".into(), host),
                ("content-type".into(), "application/x-amz-json-1.1".into()),
                ("x-amz-target".into(), format!("AmazonDMSv20160101.{operation}")),
            ],
            body: input.to_string().into_bytes(),
        }
    }

    pub fn veeam(method: &str, path: &str, token: &str) -> Request {
        let headers =
            [("x-api-version", "1.0-rev0".to_owned()), ("authorization", format!("Bearer {token}"))];
        Request {
            method: method.into(),
            path: path.into(),
            headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
            body: Vec::new(),
        }
    }

    pub fn grant(fields: &[(&str, &str)]) -> Request {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Request::veeam("POST", "/api/v1/token", "")
            .without("authorization")
            .with("content-type", "application/x-www-form-urlencoded")
            .with_body(form)
    }

    pub fn with(mut self, name: &str, value: &str) -> Request {
        self = self.without(name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Request {
        self.headers.retain(|(have, _)| have != name);
        self
    }

    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = body.into();
        self
    }

    pub fn with_method(mut self, method: &str) -> Request {
        self.method = method.to_owned();
        self
    }

    pub fn with_path(mut self, path: &str) -> Request {
        self.path = path.to_owned();
        self
    }

    pub fn signed(self) -> Request {
        self.signed_by(published::ACCESS_KEY, published::SECRET_KEY, SystemTime::now())
    }

    pub fn signed_by(mut self, key: &str, secret: &str, time: SystemTime) -> Request {
        let identity = Credentials::new(key, secret, None, None, "test").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(published::REGION)
            .name("dms")
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let host = &self.headers.iter().find(|(name, _)| name == "host").unwrap().1;
        let url = format!("http://{host}{}", self.path);
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let signable =
            SignableRequest::new(&self.method, &url, headers, SignableBody::Bytes(&self.body)).unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        let made: Vec<_> =
            instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.headers.extend(made);
        self
    }

    /// The request as bytes, the connection to be closed after the answer.
    pub fn bytes(&self, host: &str) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\nconnection: close\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.headers.iter().any(|(name, _)| name == "host") {
            text.push_str(&format!("host: {host}\r\n"));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Sends bytes, and gives all that comes until the target closes the connection.
pub async fn exchange(host: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(host).await.unwrap();
    // A target that has seen enough may close before everything was written.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The string at a JSON Pointer.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> String {
        let json = self.json();
        let found = json.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("{pointer} is no string in {} {json}", self.status)).to_owned()
    }

    /// `400 ResourceNotFoundFault`, `404 NotFound`, `200`
    pub fn verdict(&self) -> String {
        let json = self.json();
        match json.get("__type").or(json.get("errorCode")).and_then(Value::as_str) {
            Some(name) => format!("{} {name}", self.status),
            None => self.status.to_string(),
        }
    }
}
