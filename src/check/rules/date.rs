//! Every answer that is not a 1xx or 5xx says when it was made (RFC 9110, section 6.6.1), in the one form that may be
//! generated (section 5.6.7).

use super::{About, Rule, at_header};
use crate::{
    matcher::{cut, format::http_date},
    model::clause::Strength,
};

pub(super) const PRESENT: Rule = Rule {
    name: "date",
    clause: "http.date.present",
    strength: Strength::Must,
    about: About::Every,
    judge: |seen| match seen.response.header("date") {
        None if (200..500).contains(&seen.status()) => at_header("date", "present", "absent"),
        _ => Vec::new(),
    },
};

pub(super) const FORMAT: Rule = Rule {
    name: "date-format",
    clause: "http.date.format",
    strength: Strength::Must,
    about: About::Every,
    judge: |seen| {
        seen.response
            .headers_named("date")
            .filter(|value| !http_date(value.trim()))
            .flat_map(|value| at_header("date", "a date as in Sun, 06 Nov 1994 08:49:37 GMT", cut(value)))
            .collect()
    },
};

#[cfg(test)]
mod tests {
    use crate::check::rules::example::{aws, aws_error, rest, rest_error};

    #[test]
    fn answers_are_dated() {
        for answer in [aws(), aws_error(), rest("GetThing"), rest_error(404)] {
            answer.clone().breaks_nothing();
            answer.clone().without("date").breaks("http.date.present");
            for wrong in
                ["", "now", "Sun, 6 Nov 1994 08:49:37 GMT", "Mon, 06 Nov 1994 08:49:37 GMT", "1700000000"]
            {
                answer.clone().with("date", wrong).breaks("http.date.format");
            }
            answer.clone().with("date", "Sun, 06 Nov 1994 08:49:37 GMT").breaks_nothing();
        }
    }

    #[test]
    fn a_5xx_may_lack_the_date_but_not_get_it_wrong() {
        rest_error(500).without("date").breaks_nothing();
        rest_error(500).with("date", "today").breaks("http.date.format");
    }
}
