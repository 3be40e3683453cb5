//! What the API says of each kind of thing in the catalogue.

use crate::api::v1::catalogue::part::{Served, Words};
use crate::incident::catalogue::duration::DurationMetric;
use crate::incident::catalogue::edit::{
    CatalogueCommand, DurationWords, Edit, FieldWords, RoleWords, SeverityWords, StatusWords,
    TimestampWords, TypeWords,
};
use crate::incident::catalogue::field::CustomField;
use crate::incident::catalogue::{Catalogue, IncidentType, Role, Severity, Status, TimestampKind};

macro_rules! served {
    ($type:ident, $list:ident, $says:ident, $variant:ident, $words:expr) => {
        impl Served for $type {
            const WORDS: Words = $words;
            type Says = $says;

            fn id(&self) -> &str {
                self.id.as_str()
            }

            fn all(catalogue: &Catalogue) -> Vec<&Self> {
                catalogue.$list.iter().collect()
            }

            fn command(edit: Edit<String, $says>) -> CatalogueCommand {
                CatalogueCommand::$variant(match edit {
                    Edit::Create(words) => Edit::Create(words),
                    Edit::Change { id, words } => Edit::Change { id: id.as_str().into(), words },
                    Edit::Remove { id } => Edit::Remove { id: id.as_str().into() },
                })
            }
        }
    };
}

served!(
    Severity,
    severities,
    SeverityWords,
    Severity,
    Words {
        path: "/api/v1/severities",
        item: "/api/v1/severities/{id}",
        one: "severity",
        many: "severities",
        operation: "Severity",
        about: "How bad an incident is; a higher rank is worse.",
        needs: "a `name`",
    }
);

served!(
    Status,
    statuses,
    StatusWords,
    Status,
    Words {
        path: "/api/v1/statuses",
        item: "/api/v1/statuses/{id}",
        one: "status",
        many: "statuses",
        operation: "Status",
        about: "Where an incident stands. New ones are of the categories `live`, `learning` and `closed`; the others \
        have one status each, which can be called otherwise. The only live and the only closed status can't be removed.",
        needs: "a `name` and a `category`",
    }
);

served!(
    Role,
    roles,
    RoleWords,
    Role,
    Words {
        path: "/api/v1/roles",
        item: "/api/v1/roles/{id}",
        one: "role",
        many: "roles",
        operation: "Role",
        about: "A job in an incident that one person holds. Lead and reporter can't be removed.",
        needs: "a `name`",
    }
);

served!(
    IncidentType,
    types,
    TypeWords,
    Type,
    Words {
        path: "/api/v1/types",
        item: "/api/v1/types/{id}",
        one: "incident type",
        many: "incident types",
        operation: "IncidentType",
        about: "A kind of incident. One of them is the default, which can't be removed.",
        needs: "a `name`",
    }
);

served!(
    CustomField,
    fields,
    FieldWords,
    Field,
    Words {
        path: "/api/v1/custom-fields",
        item: "/api/v1/custom-fields/{id}",
        one: "custom field",
        many: "custom fields",
        operation: "CustomField",
        about: "Something that every incident can say. There are 50 at most.",
        needs: "a `name` and a `field_type`",
    }
);

served!(
    TimestampKind,
    timestamps,
    TimestampWords,
    Timestamp,
    Words {
        path: "/api/v1/timestamps",
        item: "/api/v1/timestamps/{id}",
        one: "timestamp",
        many: "timestamps",
        operation: "Timestamp",
        about: "A point in an incident's life, which a status sets, or somebody. One that a duration is measured by \
        can't be removed.",
        needs: "a `name`",
    }
);

served!(
    DurationMetric,
    durations,
    DurationWords,
    Duration,
    Words {
        path: "/api/v1/durations",
        item: "/api/v1/durations/{id}",
        one: "duration",
        many: "durations",
        operation: "Duration",
        about: "How long an incident takes from one timestamp to another.",
        needs: "a `name`, a `from` and a `to`",
    }
);
