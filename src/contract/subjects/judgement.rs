//! Whether what a request touches lets it go.

use super::{Content, Fit, Part, Place, Role, Subject, Touched};
use crate::model::{contract::Effect, target::Lift};

/// To whom belongs what a value identifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// This run has made it, or has given it its name.
    Run,
    /// It was drawn in this run to name nothing, or is empty.
    Absent,
    /// The target file gives it up.
    Expendable,
    /// `proofmark up` has made it; it stays.
    Kept,
    /// The target lends it.
    Supplied,
    /// The target file names it, or a fixture found it on the target.
    Named,
    /// Of which nothing is known.
    Unknown,
}

/// By which rule a value may stand in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    Own,
    Absent,
    Expendable,
    /// The other half of what is named together is one of these three.
    LentHalf,
    /// It is only referred to, and the target file names or lends it.
    Reference,
    /// `expendable: [operation:NAME]`.
    Operation,
    Disposable,
}

/// A value and the rule by which it may stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touching {
    pub at: String,
    pub rule: Rule,
}

/// What a request of this effect touches and by which rules it may; an `Err` says why it may not leave.
pub fn judge(
    operation: &str,
    effect: Effect,
    touched: &Touched,
    owner: &dyn Fn(&str, &Place) -> Ownership,
    lift: Option<Lift>,
) -> Result<Vec<Touching>, String> {
    if effect == Effect::Read {
        return Ok(Vec::new());
    }
    let judged = Judged { operation, effect, touched, owner, lift };
    let mut touching = Vec::new();
    if effect == Effect::Unknown {
        touching.push(judged.lifted("", "nothing says what it does")?);
    }
    if let Some(text) = &touched.unreadable {
        judged.holds_no_name_of_others(text)?;
        touching.push(judged.lifted("body", "its body cannot be read")?);
    }
    for subject in &touched.subjects {
        let rule = judged.rule(subject)?;
        touching.extend(rule.map(|rule| Touching { at: subject.at.clone(), rule }));
    }
    if !judged.identifying().any(|subject| judged.names(subject))
        && !touched.nothing
        && effect != Effect::Create
        && touched.unreadable.is_none()
    {
        touching.push(judged.lifted("", "it names nothing, which may mean everything")?);
    }
    Ok(touching)
}

struct Judged<'a> {
    operation: &'a str,
    effect: Effect,
    touched: &'a Touched,
    owner: &'a dyn Fn(&str, &Place) -> Ownership,
    lift: Option<Lift>,
}

impl Judged<'_> {
    /// The rule by which this value may stand there; none for what is no identifier.
    fn rule(&self, subject: &Subject) -> Result<Option<Rule>, String> {
        let owner = self.owner_of(subject);
        let destroys = matches!(self.effect, Effect::Destroy | Effect::Unknown);
        let rule = match (owner, self.role(subject)) {
            (Ownership::Run, _) => Some(Rule::Own),
            (Ownership::Absent, _) => Some(Rule::Absent),
            (Ownership::Expendable, _) => Some(Rule::Expendable),
            (Ownership::Kept, Role::Identifies) if self.halves(subject) > 0 => Some(Rule::LentHalf),
            (Ownership::Supplied, Role::Identifies) if self.has_other_half(subject) => Some(Rule::LentHalf),
            (Ownership::Named | Ownership::Kept | Ownership::Supplied, Role::Refers) => Some(Rule::Reference),
            (Ownership::Unknown, Role::Data) => return Ok(None),
            (Ownership::Named | Ownership::Kept | Ownership::Supplied, Role::Data) if !destroys => {
                return Ok(None);
            }
            (Ownership::Unknown, _) if subject.fit != Fit::Documented => {
                self.holds_no_name_of_others(&subject.text)?;
                self.lift.map(Rule::from)
            }
            _ => None,
        };
        match rule {
            Some(rule) => Ok(Some(rule)),
            None => Err(self.refused(&subject.text, &subject.at, owner)),
        }
    }

    /// To whom the value belongs. What a path or a deletion names is of the kind that the place tells; a reference may be
    /// called as it likes.
    fn owner_of(&self, subject: &Subject) -> Ownership {
        let deletes = matches!(self.effect, Effect::Destroy | Effect::Unknown);
        let tells = subject.part == Part::Path || deletes && self.role(subject) == Role::Identifies;
        (self.owner)(&subject.text, if tells { &subject.place } else { &Place::Anywhere })
    }

    /// How many members the operation requires beside the one in which this value stands; none where it does not require
    /// that one.
    fn halves(&self, subject: &Subject) -> usize {
        let halves = &self.touched.halves;
        let is_one = subject.member.as_ref().is_some_and(|member| halves.contains(member));
        if is_one { halves.len() - 1 } else { 0 }
    }

    /// Whether another member that the operation requires names, by another text, what is the run's, was never there or is
    /// given up.
    fn has_other_half(&self, subject: &Subject) -> bool {
        self.halves(subject) > 0
            && self.identifying().any(|other| {
                other.member != subject.member
                    && self.halves(other) > 0
                    && other.text != subject.text
                    && matches!(
                        self.owner_of(other),
                        Ownership::Run | Ownership::Absent | Ownership::Expendable
                    )
            })
    }

    /// Whether a server reads from this value what the request is about. In a change the contract has to show that it
    /// identifies: a setting may be that of the whole target, whatever is put in it or referred to by it.
    fn names(&self, subject: &Subject) -> bool {
        let naming = &self.touched.naming;
        let is_of_it = || subject.member.as_ref().is_some_and(|member| naming.contains(member));
        let is_shown = subject.role == Role::Identifies;
        let tells = match (subject.part, self.touched.content) {
            _ if !subject.finds => false,
            _ if self.effect == Effect::Destroy => true,
            (Part::Path, _) | (Part::Body, Content::NamesWhatIsShown) => is_shown,
            // Any of them might, but only what is required and shown says it.
            (Part::Parameters, _) => is_shown && is_of_it(),
            (Part::Body, Content::Names) => subject.role >= Role::Refers,
            (Part::Body, Content::IsState) => false,
        };
        tells && subject.fit != Fit::Unplaced && (naming.is_empty() || is_of_it())
    }

    fn identifying(&self) -> impl Iterator<Item = &Subject> {
        self.touched.subjects.iter().filter(|subject| self.role(subject) == Role::Identifies)
    }

    /// What nothing shows to be an identifier, or not to be one, is one wherever that could do harm: in what destroys or
    /// changes. What says what a thing is like is none in a change that shows of which thing it speaks.
    fn role(&self, subject: &Subject) -> Role {
        let any = |role| self.touched.subjects.iter().any(|subject| subject.role == role);
        let shown = || any(Role::Identifies) || any(Role::Refers);
        match (subject.role, self.effect) {
            (Role::Describes | Role::Unshown, Effect::Destroy) => Role::Identifies,
            (Role::Describes | Role::Unshown, Effect::Create | Effect::Read) => Role::Data,
            (Role::Describes | Role::Unshown, _) if self.lift.is_some() => Role::Data,
            (Role::Describes, Effect::Change | Effect::Upsert) if shown() => Role::Data,
            (Role::Describes | Role::Unshown, _) => Role::Identifies,
            (Role::Refers, Effect::Change | Effect::Upsert) if !any(Role::Identifies) => Role::Identifies,
            (role, _) => role,
        }
    }

    /// In what cannot be read, everything that is known to be somebody else's may not stand.
    fn holds_no_name_of_others(&self, text: &str) -> Result<(), String> {
        let ends = |c: char| c.is_whitespace() || "\"'`,;[]{}()<>=&?|\\".contains(c);
        let words = text.split(ends).filter(|word| !word.is_empty());
        let foreign = words
            .map(|word| (word, (self.owner)(word, &Place::Anywhere)))
            .find(|(_, owner)| matches!(owner, Ownership::Kept | Ownership::Supplied | Ownership::Named));
        foreign.map_or(Ok(()), |(word, owner)| Err(self.refused(word, "body", owner)))
    }

    fn lifted(&self, at: &str, why: &str) -> Result<Touching, String> {
        let refused = || {
            let Judged { operation, effect, .. } = self;
            format!(
                "{operation} would {effect}, and {why}; only `expendable: [operation:{operation}]` or the feature \
                 `disposable` in the target file lets it go"
            )
        };
        let lift = self.lift.ok_or_else(refused)?;
        Ok(Touching { at: at.to_owned(), rule: lift.into() })
    }

    fn refused(&self, text: &str, at: &str, owner: Ownership) -> String {
        let text: String = text.chars().take(120).collect();
        let text = text.escape_debug();
        let Judged { operation, effect, .. } = self;
        let whose = match owner {
            Ownership::Supplied => "the target lends it",
            Ownership::Kept => "it is kept for later runs",
            Ownership::Named => {
                "it is only named for reference, and the target file does not call it expendable"
            }
            _ => "this run did not make it",
        };
        match effect {
            Effect::Unknown => format!("{operation} has an unknown effect, and {at} is `{text}`: {whose}"),
            Effect::Create => format!("{operation} would begin something on `{text}` ({at}): {whose}"),
            _ => format!("{operation} would {effect} `{text}` ({at}): {whose}"),
        }
    }
}

impl Rule {
    /// As `plan` says it.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Own => "own",
            Rule::Absent => "absent",
            Rule::Expendable => "expendable",
            Rule::LentHalf => "half of a pair",
            Rule::Reference => "reference",
            Rule::Operation => "operation given up",
            Rule::Disposable => "disposable",
        }
    }
}

impl From<Lift> for Rule {
    fn from(lift: Lift) -> Rule {
        match lift {
            Lift::Operation => Rule::Operation,
            Lift::Disposable => Rule::Disposable,
        }
    }
}
