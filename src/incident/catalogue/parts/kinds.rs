//! Severities, statuses, roles, types, fields, timestamps and durations.

use crate::clock::Timestamp;
use crate::ids::{
    CustomFieldId, DurationId, IncidentTypeId, RoleId, SeverityId, StatusId, TimestampId,
};
use crate::incident::catalogue::duration::DurationMetric;
use crate::incident::catalogue::edit::{
    BadEdit, DurationWords, FieldWords, Kind, RoleWords, SeverityWords, StatusWords,
    TimestampWords, TypeWords,
};
use crate::incident::catalogue::field::{CustomField, FieldType};
use crate::incident::catalogue::find::{fold, is_called};
use crate::incident::catalogue::parts::{
    DESCRIPTION_LIMIT, MOST, NAME_LIMIT, Part, SHORT_NAME_LIMIT, lines, name, needed, rank,
    shortform, unfit,
};
use crate::incident::catalogue::{
    Catalogue, IncidentType, Role, RoleKind, Severity, StampedWhen, Status, StatusCategory,
    TimestampKind,
};

/// Where they are in the catalogue, and what is the same for all kinds.
macro_rules! place {
    ($list:ident, $id:ty, $words:ty, $kind:expr, $limit:expr) => {
        type Id = $id;
        type Words = $words;
        const KIND: Kind = $kind;
        const LIMIT: usize = $limit;

        fn id(&self) -> &Self::Id {
            &self.id
        }

        fn all(catalogue: &Catalogue) -> &Vec<Self> {
            &catalogue.$list
        }

        fn all_mut(catalogue: &mut Catalogue) -> &mut Vec<Self> {
            &mut catalogue.$list
        }

        fn removed_mut(catalogue: &mut Catalogue) -> &mut Vec<Self> {
            &mut catalogue.removed.$list
        }

        fn touch(&mut self, now: Timestamp) {
            self.updated_at = now;
        }
    };
}

fn others<'a, P: Part + 'a>(
    catalogue: &'a Catalogue,
    this: &'a P::Id,
) -> impl Iterator<Item = &'a P> {
    P::all(catalogue).iter().filter(move |part| part.id() != this)
}

impl Part for Severity {
    place!(severities, SeverityId, SeverityWords, Kind::Severity, MOST);

    fn blank(id: &str, now: Timestamp) -> Self {
        let (name, description) = (String::new(), String::new());
        Severity { id: id.into(), name, description, rank: 0, created_at: now, updated_at: now }
    }

    fn filled(
        mut self,
        words: &SeverityWords,
        catalogue: &Catalogue,
        is_new: bool,
    ) -> Result<Self, BadEdit> {
        let id = self.id.clone();
        let others = || others::<Severity>(catalogue, &id);
        let names = others().map(|other| &other.name);
        name(&mut self.name, words.name.as_ref(), (Self::KIND, SHORT_NAME_LIMIT), names, is_new)?;
        lines(&mut self.description, words.description.as_ref(), "description", DESCRIPTION_LIMIT)?;
        rank(&mut self.rank, words.rank, others().map(|other| other.rank), is_new)?;
        Ok(self)
    }

    fn check_removal(&self, catalogue: &Catalogue) -> Result<(), BadEdit> {
        if catalogue.severities.len() == 1 {
            return Err(needed("It is the only severity; people need one to choose."));
        }
        Ok(())
    }

    fn settle(catalogue: &mut Catalogue, _: &SeverityId) {
        catalogue.severities.sort_by_key(|severity| severity.rank);
    }
}

impl Part for Status {
    place!(statuses, StatusId, StatusWords, Kind::Status, MOST);

    fn blank(id: &str, now: Timestamp) -> Self {
        Status {
            id: id.into(),
            name: String::new(),
            description: String::new(),
            category: StatusCategory::Live,
            rank: 0,
            created_at: now,
            updated_at: now,
        }
    }

    fn filled(
        mut self,
        words: &StatusWords,
        catalogue: &Catalogue,
        is_new: bool,
    ) -> Result<Self, BadEdit> {
        let field = "category";
        match words.category {
            Some(category) if is_new && !is_open_to_people(category) => {
                let why = "A new status is of the category live, learning or closed.";
                return Err(unfit(field, why));
            }
            Some(category) if is_new => self.category = category,
            Some(category) if category != self.category => {
                return Err(unfit(field, "The category of a status never changes."));
            }
            None if is_new => return Err(BadEdit::Missing { field, what: Self::KIND }),
            _ => {}
        }
        let (id, category) = (self.id.clone(), self.category);
        let others = || others::<Status>(catalogue, &id);
        let names = others().map(|other| &other.name);
        name(&mut self.name, words.name.as_ref(), (Self::KIND, NAME_LIMIT), names, is_new)?;
        lines(&mut self.description, words.description.as_ref(), "description", DESCRIPTION_LIMIT)?;
        let beside = || others().filter(|other| other.category == category);
        rank(&mut self.rank, words.rank, beside().map(|other| other.rank), is_new)?;
        if let Some(other) = beside().find(|other| other.rank == self.rank) {
            return Err(BadEdit::RankTaken { rank: self.rank, by: other.name.clone() });
        }
        Ok(self)
    }

    fn check_removal(&self, catalogue: &Catalogue) -> Result<(), BadEdit> {
        let is_last =
            catalogue.statuses.iter().filter(|it| it.category == self.category).count() == 1;
        match self.category {
            StatusCategory::Live if is_last => {
                Err(needed("It is the only live status; an incident that is declared has it."))
            }
            StatusCategory::Closed if is_last => {
                Err(needed("It is the only closed status; an incident that is closed has it."))
            }
            category if is_open_to_people(category) => Ok(()),
            _ => {
                Err(needed("This status is one of Stentor's own; it can only be called otherwise."))
            }
        }
    }

    fn settle(catalogue: &mut Catalogue, _: &StatusId) {
        catalogue.statuses.sort_by_key(|status| (status.category, status.rank));
    }
}

/// Whether people have statuses of their own there. The other parts of life are entered by commands
/// that know their one status.
fn is_open_to_people(category: StatusCategory) -> bool {
    matches!(category, StatusCategory::Live | StatusCategory::Learning | StatusCategory::Closed)
}

impl Part for Role {
    place!(roles, RoleId, RoleWords, Kind::Role, MOST);

    fn blank(id: &str, now: Timestamp) -> Self {
        Role {
            id: id.into(),
            name: String::new(),
            shortform: String::new(),
            instructions: String::new(),
            kind: RoleKind::Custom,
            rank: 0,
            description: String::new(),
            required: false,
            created_at: now,
            updated_at: now,
        }
    }

    fn filled(
        mut self,
        words: &RoleWords,
        catalogue: &Catalogue,
        is_new: bool,
    ) -> Result<Self, BadEdit> {
        const INSTRUCTIONS_LIMIT: usize = 2_000;
        let id = self.id.clone();
        let others = || others::<Role>(catalogue, &id);
        let names = others().map(|other| &other.name);
        name(&mut self.name, words.name.as_ref(), (Self::KIND, NAME_LIMIT), names, is_new)?;
        lines(&mut self.description, words.description.as_ref(), "description", DESCRIPTION_LIMIT)?;
        let instructions = words.instructions.as_ref();
        lines(&mut self.instructions, instructions, "instructions", INSTRUCTIONS_LIMIT)?;
        rank(&mut self.rank, None, others().map(|other| other.rank), is_new)?;
        let word = match (&words.shortform, is_new) {
            (Some(word), _) => Some(shortform(word)?),
            (None, true) => Some(fold(&self.name).chars().take(30).collect())
                .filter(|word: &String| !word.is_empty()),
            (None, false) => None,
        };
        if let Some(word) = word {
            let clash = others()
                .any(|other| is_called(&other.shortform, &word) || is_called(&other.name, &word));
            if clash {
                return Err(BadEdit::NameTaken {
                    field: "shortform",
                    name: word,
                    what: Self::KIND,
                });
            }
            self.shortform = word;
        }
        if let Some(required) = words.required {
            self.required = required;
        }
        Ok(self)
    }

    fn check_removal(&self, _: &Catalogue) -> Result<(), BadEdit> {
        match self.kind {
            RoleKind::Lead => Err(needed("Every incident has a lead; the role can't be removed.")),
            RoleKind::Reporter => {
                Err(needed("Every incident has a reporter; the role can't be removed."))
            }
            RoleKind::Custom => Ok(()),
        }
    }

    fn settle(catalogue: &mut Catalogue, _: &RoleId) {
        catalogue.roles.sort_by_key(|role| role.rank);
    }
}

impl Part for IncidentType {
    place!(types, IncidentTypeId, TypeWords, Kind::IncidentType, MOST);

    fn blank(id: &str, now: Timestamp) -> Self {
        let plain = IncidentType::plain(id.into(), "");
        IncidentType { created_at: now, updated_at: now, ..plain }
    }

    fn filled(
        mut self,
        words: &TypeWords,
        catalogue: &Catalogue,
        is_new: bool,
    ) -> Result<Self, BadEdit> {
        let id = self.id.clone();
        let names = others::<IncidentType>(catalogue, &id).map(|other| &other.name);
        name(&mut self.name, words.name.as_ref(), (Self::KIND, NAME_LIMIT), names, is_new)?;
        lines(&mut self.description, words.description.as_ref(), "description", DESCRIPTION_LIMIT)?;
        let is_default = catalogue.default_type().is_some_and(|kind| kind.id == id);
        self.is_default = match words.is_default {
            Some(false) if is_default => {
                let why = "One type is the default: make another one the default instead.";
                return Err(unfit("is_default", why));
            }
            wanted => wanted.unwrap_or(is_default),
        };
        if let Some(only) = words.private_incidents_only {
            self.private_incidents_only = only;
        }
        if let Some(triage) = words.create_in_triage {
            self.create_in_triage = triage;
        }
        Ok(self)
    }

    fn check_removal(&self, catalogue: &Catalogue) -> Result<(), BadEdit> {
        if catalogue.default_type().is_some_and(|kind| kind.id == self.id) {
            let why = "Incidents that are declared without a type are of this one: make another one the default first.";
            return Err(needed(why));
        }
        Ok(())
    }

    fn settle(catalogue: &mut Catalogue, id: &IncidentTypeId) {
        let is_default = |kind: &IncidentType| kind.id == *id && kind.is_default;
        if catalogue.types.iter().any(is_default) {
            for kind in &mut catalogue.types {
                kind.is_default = kind.id == *id;
            }
        } else if !catalogue.types.iter().any(|kind| kind.is_default)
            && let Some(first) = catalogue.types.first_mut()
        {
            first.is_default = true;
        }
    }
}

impl Part for CustomField {
    place!(fields, CustomFieldId, FieldWords, Kind::CustomField, 50);

    fn blank(id: &str, now: Timestamp) -> Self {
        CustomField {
            id: id.into(),
            name: String::new(),
            description: String::new(),
            field_type: FieldType::Text,
            options: Vec::new(),
            removed_options: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }

    fn filled(
        mut self,
        words: &FieldWords,
        catalogue: &Catalogue,
        is_new: bool,
    ) -> Result<Self, BadEdit> {
        let id = self.id.clone();
        let names = others::<CustomField>(catalogue, &id).map(|other| &other.name);
        name(&mut self.name, words.name.as_ref(), (Self::KIND, SHORT_NAME_LIMIT), names, is_new)?;
        lines(&mut self.description, words.description.as_ref(), "description", DESCRIPTION_LIMIT)?;
        let field = "field_type";
        match words.field_type {
            Some(wanted) if is_new => self.field_type = wanted,
            Some(wanted) if wanted != self.field_type => {
                return Err(unfit(field, "The type of a field never changes."));
            }
            None if is_new => return Err(BadEdit::Missing { field, what: Self::KIND }),
            _ => {}
        }
        Ok(self)
    }

    fn check_removal(&self, _: &Catalogue) -> Result<(), BadEdit> {
        Ok(())
    }

    fn settle(_: &mut Catalogue, _: &CustomFieldId) {}
}

impl Part for TimestampKind {
    place!(timestamps, TimestampId, TimestampWords, Kind::Timestamp, MOST);

    fn blank(id: &str, now: Timestamp) -> Self {
        let (name, stamped_when) = (String::new(), StampedWhen::ByHand);
        let (created_at, updated_at) = (now, now);
        TimestampKind { id: id.into(), name, stamped_when, rank: 0, created_at, updated_at }
    }

    fn filled(
        mut self,
        words: &TimestampWords,
        catalogue: &Catalogue,
        is_new: bool,
    ) -> Result<Self, BadEdit> {
        let id = self.id.clone();
        let others = || others::<TimestampKind>(catalogue, &id);
        let names = others().map(|other| &other.name);
        name(&mut self.name, words.name.as_ref(), (Self::KIND, NAME_LIMIT), names, is_new)?;
        rank(&mut self.rank, words.rank, others().map(|other| other.rank), is_new)?;
        if let Some(stamped_when) = &words.stamped_when {
            if let StampedWhen::HasStatus(status) = stamped_when
                && !catalogue.statuses.iter().any(|known| known.id == *status)
            {
                return Err(unfit("stamped_when", "There is no status with that id."));
            }
            self.stamped_when = stamped_when.clone();
        }
        Ok(self)
    }

    fn check_removal(&self, catalogue: &Catalogue) -> Result<(), BadEdit> {
        let measured = catalogue.durations.iter();
        let mut measured = measured.filter(|it| it.from == self.id || it.to == self.id);
        match measured.next() {
            Some(duration) => {
                let name = &duration.name;
                let why = format!("\u{201c}{name}\u{201d} is measured by it: remove that first.");
                Err(BadEdit::Needed { why })
            }
            None => Ok(()),
        }
    }

    fn settle(catalogue: &mut Catalogue, _: &TimestampId) {
        catalogue.timestamps.sort_by_key(|kind| kind.rank);
    }
}

impl Part for DurationMetric {
    place!(durations, DurationId, DurationWords, Kind::Duration, MOST);

    fn blank(id: &str, now: Timestamp) -> Self {
        DurationMetric {
            id: id.into(),
            name: String::new(),
            from: "".into(),
            to: "".into(),
            rank: 0,
            created_at: now,
            updated_at: now,
        }
    }

    fn filled(
        mut self,
        words: &DurationWords,
        catalogue: &Catalogue,
        is_new: bool,
    ) -> Result<Self, BadEdit> {
        let id = self.id.clone();
        let others = || others::<DurationMetric>(catalogue, &id);
        let names = others().map(|other| &other.name);
        name(&mut self.name, words.name.as_ref(), (Self::KIND, NAME_LIMIT), names, is_new)?;
        rank(&mut self.rank, words.rank, others().map(|other| other.rank), is_new)?;
        for (field, wanted, end) in
            [("from", &words.from, &mut self.from), ("to", &words.to, &mut self.to)]
        {
            match wanted {
                Some(word) => {
                    let kind = catalogue.find_timestamp(word);
                    let kind = kind.map_err(|refusal| unfit(field, &refusal.to_string()))?;
                    *end = kind.id.clone();
                }
                None if is_new => return Err(BadEdit::Missing { field, what: Self::KIND }),
                None => {}
            }
        }
        if self.from == self.to {
            return Err(unfit("to", "It has to end at another timestamp than it begins."));
        }
        Ok(self)
    }

    fn check_removal(&self, _: &Catalogue) -> Result<(), BadEdit> {
        Ok(())
    }

    fn settle(catalogue: &mut Catalogue, _: &DurationId) {
        catalogue.durations.sort_by_key(|duration| duration.rank);
    }
}
