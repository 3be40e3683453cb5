//! What is asked of Stentor: declarations, updates, notes, roles, steps and closings, through
//! forms, commands, buttons and the API, as a seed decides.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::ask::{Ask, Deliveries, Known};
use crate::chance::Chance;
use crate::ledger::Trace;
use crate::requests::{Request, press, program, slash, submission};

const PEOPLE: [(&str, &str); 3] = [("U0ALICE", "alice"), ("U0BOB", "bob"), ("U0CAROL", "carol")];
const ROLES: [(&str, &str); 3] = [
    ("lead", "01STENT0RR0E00000000000001"),
    ("comms", "01STENT0RR0E00000000000003"),
    ("scribe", "01STENT0RR0E00000000000004"),
];

#[derive(Default)]
struct Case {
    is_private: bool,
    changed_severity: bool,
    renamed: bool,
    given: BTreeSet<(&'static str, &'static str)>,
}

/// What is asked in one world, one thing after another.
pub struct Plan {
    chance: Chance,
    token: String,
    asked: u64,
    cases: BTreeMap<String, Case>,
    /// The most incidents: each has a channel that takes one message a second.
    limit: usize,
}

impl Plan {
    pub fn new(chance: Chance, token: &str, limit: usize) -> Plan {
        Plan { chance, token: token.to_owned(), asked: 0, cases: BTreeMap::new(), limit }
    }

    /// A declaration.
    pub fn declare(&mut self) -> Ask {
        let (word, id) = self.name();
        let user = self.chance.pick(&PEOPLE).0;
        let name = format!("{word} answers slowly");
        let mut case = Case::default();
        let (what, request);
        if self.chance.one_in(3) {
            case.is_private = self.chance.one_in(4);
            let body = json!({ "name": name, "private": case.is_private });
            what = format!("{word}: a program declares");
            request = program(&self.token, "/api/v1/incidents", &body, &id);
        } else {
            let mut fields = vec![("name", typed(&name))];
            if self.chance.one_in(2) {
                let lead = self.chance.pick(&PEOPLE).0;
                case.given.insert((ROLES[0].0, lead));
                fields.push(("lead", json!({ "type": "users_select", "selected_user": lead })));
            }
            let origin = json!({ "declared_in": "C0GENERAL" });
            what = format!("{word}: {user} declares with the form");
            request = submission(user, "declare", &origin, &fields, &id);
        }
        self.cases.insert(word.clone(), case);
        self.ask(word, Trace::Declared, what, request)
    }

    /// Anything; a declaration if no incident is known.
    pub fn any(&mut self, known: &BTreeMap<String, Known>) -> Ask {
        if known.is_empty() || (self.cases.len() < self.limit && self.chance.one_in(5)) {
            return self.declare();
        }
        let words: Vec<&String> =
            known.keys().filter(|word| self.cases.contains_key(*word)).collect();
        if words.is_empty() {
            return self.declare();
        }
        let word = words[self.chance.place(words.len())].clone();
        let incident = known[&word].clone();
        match self.chance.within(0..10) {
            0..3 => self.update(&word, &incident),
            3..5 => self.note(&word, &incident),
            5..7 => self.role(&word, &incident),
            7 => self.severity_or_name(&word, &incident),
            8 => self.summary(&word, &incident),
            _ => self.step(&word, &incident),
        }
    }

    fn update(&mut self, case: &str, incident: &Known) -> Ask {
        let (word, id) = self.name();
        let (user, said) = (self.chance.pick(&PEOPLE).0, format!("{word} is what is new"));
        let reminder = self.chance.one_in(4);
        let (what, request) = match (self.is_private(case), self.chance.within(0..3)) {
            (false, 0) => {
                let text = format!("INC-{} update {said}", incident.number);
                (format!("{user} types an update"), slash(user, &text, &id))
            }
            (false, 1) => {
                let mut fields = vec![("message", typed(&said))];
                if reminder {
                    let hour =
                        json!({ "type": "static_select", "selected_option": { "value": "60" } });
                    fields.push(("next_update_in_minutes", hour));
                }
                let origin = json!({ "incident": incident.id });
                (
                    format!("{user} sends an update"),
                    submission(user, "update", &origin, &fields, &id),
                )
            }
            _ => {
                let mut body = json!({ "type": "update", "message": said });
                if reminder {
                    body["next_update_in_minutes"] = 60.into();
                }
                ("a program updates".to_owned(), self.command(incident, &body, &id))
            }
        };
        self.ask(
            case.to_owned(),
            Trace::Said(word.clone()),
            format!("{case}: {what}, {word}"),
            request,
        )
    }

    /// An update that promises the next one within a minute.
    pub fn promise(&mut self, case: &str, incident: &Known) -> Ask {
        let (word, id) = self.name();
        let said = format!("{word} is what is new");
        let body = json!({ "type": "update", "message": said, "next_update_in_minutes": 1 });
        let request = self.command(incident, &body, &id);
        self.ask(
            case.to_owned(),
            Trace::Said(word.clone()),
            format!("{case}: a promise, {word}"),
            request,
        )
    }

    fn note(&mut self, case: &str, incident: &Known) -> Ask {
        let (word, id) = self.name();
        let user = self.chance.pick(&PEOPLE).0;
        let said = format!("{word} is written down");
        let request = if self.is_private(case) || self.chance.one_in(2) {
            self.command(incident, &json!({ "type": "note", "text": said }), &id)
        } else {
            slash(user, &format!("INC-{} note {said}", incident.number), &id)
        };
        self.ask(
            case.to_owned(),
            Trace::Said(word.clone()),
            format!("{case}: a note, {word}"),
            request,
        )
    }

    /// Each role goes to each person once at most, so that the record can tell which was which.
    fn role(&mut self, case: &str, incident: &Known) -> Ask {
        let start = self.chance.place(9);
        let pairs = (0..9).map(|step| ((start + step) % 9 / 3, (start + step) % 3));
        let mut free = pairs.map(|(role, person)| (ROLES[role], PEOPLE[person]));
        let given = &self.cases[case].given;
        let Some((role, person)) = free.find(|(role, person)| !given.contains(&(role.0, person.0)))
        else {
            return self.note(case, incident);
        };
        self.case(case).given.insert((role.0, person.0));
        let (_, id) = self.name();
        let user = self.chance.pick(&PEOPLE).0;
        let (is_private, door) = (self.is_private(case), self.chance.within(0..3));
        let (how, request) = match door {
            _ if is_private => {
                let body = json!({ "type": "role", "role": role.0, "person": person.0 });
                ("a program", self.command(incident, &body, &id))
            }
            0 if role.0 == "lead" => {
                ("the button", press(person.0, "take_lead", &incident.id, &id))
            }
            1 => {
                let chosen =
                    json!({ "type": "static_select", "selected_option": { "value": role.1 } });
                let holder = json!({ "type": "users_select", "selected_user": person.0 });
                let origin = json!({ "incident": incident.id });
                let fields = [("role", chosen), ("person", holder)];
                ("the form", submission(user, "role", &origin, &fields, &id))
            }
            _ => {
                let text =
                    format!("INC-{} role {} <@{}|{}>", incident.number, role.0, person.0, person.1);
                ("a command", slash(user, &text, &id))
            }
        };
        let what = format!("{case}: {how} makes {} {}", person.0, role.0);
        let trace = Trace::Role { role: role.1, person: person.0.to_owned() };
        self.ask(case.to_owned(), trace, what, request)
    }

    fn severity_or_name(&mut self, case: &str, incident: &Known) -> Ask {
        let (word, id) = self.name();
        let user = self.chance.pick(&PEOPLE).0;
        let is_private = self.is_private(case);
        if !self.cases[case].changed_severity {
            self.case(case).changed_severity = true;
            let severity = self.chance.pick(&["minor", "major", "critical"]);
            let request = if is_private {
                self.command(incident, &json!({ "type": "severity", "severity": severity }), &id)
            } else {
                slash(user, &format!("INC-{} severity {severity}", incident.number), &id)
            };
            return self.ask(
                case.to_owned(),
                Trace::Severity,
                format!("{case}: {severity}"),
                request,
            );
        }
        if self.cases[case].renamed {
            return self.note(case, incident);
        }
        self.case(case).renamed = true;
        let name = format!("{case} is called {word}");
        let request = if is_private {
            self.command(incident, &json!({ "type": "rename", "name": name }), &id)
        } else {
            slash(user, &format!("INC-{} rename {name}", incident.number), &id)
        };
        self.ask(case.to_owned(), Trace::Renamed, format!("{case}: a new name"), request)
    }

    fn summary(&mut self, case: &str, incident: &Known) -> Ask {
        let (word, id) = self.name();
        let said = format!("{word} sums it up");
        let request = self.command(incident, &json!({ "type": "summary", "summary": said }), &id);
        let what = format!("{case}: a summary, {word}");
        self.ask(case.to_owned(), Trace::Summary(word), what, request)
    }

    /// Resolves, closes, reopens: which of them can't be done is refused.
    fn step(&mut self, case: &str, incident: &Known) -> Ask {
        let (word, id) = self.name();
        let user = self.chance.pick(&PEOPLE).0;
        let said = format!("{word} is why");
        let step = self.chance.pick(&["resolve", "close", "reopen"]);
        let request = match step {
            "resolve" if !self.is_private(case) => {
                let origin = json!({ "incident": incident.id });
                submission(user, "resolve", &origin, &[("message", typed(&said))], &id)
            }
            "close" if !self.is_private(case) => {
                slash(user, &format!("INC-{} close {said}", incident.number), &id)
            }
            step => self.command(incident, &json!({ "type": step, "message": said }), &id),
        };
        self.ask(
            case.to_owned(),
            Trace::Said(word.clone()),
            format!("{case}: {step}, {word}"),
            request,
        )
    }

    fn command(&self, incident: &Known, body: &Value, id: &str) -> Request {
        let path = format!("/api/v1/incidents/INC-{}/commands", incident.number);
        program(&self.token, &path, body, id)
    }

    fn ask(&mut self, case: String, trace: Trace, what: String, request: Request) -> Ask {
        let deliveries = match self.chance.within(0..8) {
            0 => Deliveries::TwiceInTurn,
            1 => Deliveries::TwiceAtOnce,
            _ => Deliveries::Once,
        };
        Ask { case, trace, what, request, deliveries }
    }

    /// A word that nothing else has, and the id of its request.
    fn name(&mut self) -> (String, String) {
        self.asked += 1;
        (
            format!("case{:04}", self.asked),
            format!("{:08x}{:016x}", self.asked, self.chance.number()),
        )
    }

    fn is_private(&self, case: &str) -> bool {
        self.cases[case].is_private
    }

    fn case(&mut self, case: &str) -> &mut Case {
        self.cases.get_mut(case).expect("it was declared by this plan")
    }
}

fn typed(text: &str) -> Value {
    json!({ "type": "plain_text_input", "value": text })
}
