//! Amazon Resource Names in generated inputs: well-formed ones of the service that the contract is of, which name nothing.

use super::placeholders::{ABSENT, ABSENT_UPPER, ABSENT_UUID};

/// Types of resources that ARNs call otherwise than members do (Service Authorization Reference): the service, the end of
/// the member's name, and what stands before the name of the resource.
const TYPES: [(&str, &str, &str); 7] = [
    ("dms", "ReplicationInstance", "rep:"),
    ("dms", "AssessmentRun", "assessment-run:"),
    ("dms", "ReplicationTask", "task:"),
    ("dms", "Certificate", "cert:"),
    ("dms", "ReplicationConfig", "replication-config:"),
    ("dms", "", "endpoint:"),
    ("secretsmanager", "Secret", "secret:"),
];

/// Resources that members of many services refer to: the end of the member's name, the service, its region, and what stands
/// before the name of the resource.
const ELSEWHERE: [(&str, &str, &str, &str); 12] = [
    ("Role", "iam", "", "role/"),
    ("Policy", "iam", "", "role/"),
    ("Topic", "sns", "us-east-1", ""),
    ("Bucket", "s3", "", ""),
    ("Key", "kms", "us-east-1", "key/"),
    ("Queue", "sqs", "us-east-1", ""),
    ("Function", "lambda", "us-east-1", "function:"),
    ("Lambda", "lambda", "us-east-1", "function:"),
    ("Stream", "kinesis", "us-east-1", "stream/"),
    ("LogGroup", "logs", "us-east-1", "log-group:"),
    ("Secret", "secretsmanager", "us-east-1", "secret:"),
    ("LoadBalancer", "elasticloadbalancing", "us-east-1", "loadbalancer/app/"),
];

/// What a member called so may hold, if that is an ARN, the likeliest first; `service` is the name in the signatures of the
/// service itself.
pub(super) fn of_member(member: &str, service: &str) -> Vec<String> {
    let known = ["Arn", "ARN", "arn"].into_iter().find_map(|end| member.strip_suffix(end));
    let Some(kind) = known else { return Vec::new() };
    let own = |resource: String| format!("arn:aws:{service}:us-east-1:123456789012:{resource}");
    let elsewhere = ELSEWHERE.iter().find(|(end, ..)| kind.ends_with(end));
    let typed = TYPES.iter().find(|(of, end, _)| *of == service && kind.ends_with(end));
    let mut found = Vec::new();
    match (elsewhere, typed) {
        (Some((end, of, region, before)), _) if *of != service => {
            found.push(foreign(end, of, region, before))
        }
        (_, Some((.., before))) => found.push(own(format!("{before}{ABSENT_UPPER}"))),
        _ => {}
    }
    let word = kebab(kind);
    let last = word.rsplit('-').next().unwrap_or_default().to_owned();
    let joined = word.replace('-', "");
    for name in [word, last, joined].into_iter().filter(|name| !name.is_empty()) {
        for between in [':', '/'] {
            for id in [ABSENT, ABSENT_UUID, ABSENT_UPPER] {
                found.push(own(format!("{name}{between}{id}")));
            }
        }
    }
    // Some patterns are of one service whatever the member is called.
    found.push(own(ABSENT.to_owned()));
    found.extend(ELSEWHERE.iter().map(|(end, of, region, before)| foreign(end, of, region, before)));
    found
}

fn foreign(end: &str, service: &str, region: &str, before: &str) -> String {
    match end {
        "Bucket" => format!("arn:aws:s3:::{ABSENT}"),
        "Key" => format!("arn:aws:kms:{region}:123456789012:{before}{ABSENT_UUID}"),
        _ => format!("arn:aws:{service}:{region}:123456789012:{before}{ABSENT}"),
    }
}

/// `DataProvider` as ARNs write it: `data-provider`.
fn kebab(name: &str) -> String {
    let mut text = String::new();
    let mut before = '-';
    for c in name.chars() {
        if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
            text.push('-');
        }
        text.extend(c.to_lowercase());
        before = c;
    }
    text.replace('_', "-").trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_of_the_service_that_has_the_resource() {
        for (member, service, expected) in [
            ("ReplicationInstanceArn", "dms", "arn:aws:dms:us-east-1:123456789012:rep:${gen:absent-upper}"),
            ("EndpointArn", "dms", "arn:aws:dms:us-east-1:123456789012:endpoint:${gen:absent-upper}"),
            ("ResourceArn", "dms", "arn:aws:dms:us-east-1:123456789012:endpoint:${gen:absent-upper}"),
            (
                "SecretARN",
                "secretsmanager",
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:${gen:absent-upper}",
            ),
            ("DataSetArn", "m2", "arn:aws:m2:us-east-1:123456789012:data-set:${gen:absent}"),
            ("taskRoleArn", "ecs", "arn:aws:iam::123456789012:role/${gen:absent}"),
            ("KmsKeyArn", "logs", "arn:aws:kms:us-east-1:123456789012:key/${gen:absent-uuid}"),
            ("resourceArn", "ecs", "arn:aws:ecs:us-east-1:123456789012:resource:${gen:absent}"),
        ] {
            assert_eq!(of_member(member, service)[0], expected, "{member}");
        }
        assert!(of_member("Name", "dms").is_empty());
        assert!(
            of_member("clusterArn", "ecs")
                .contains(&"arn:aws:ecs:us-east-1:123456789012:cluster/${gen:absent}".into())
        );
    }
}
