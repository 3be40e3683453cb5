//! What the API says of each kind of setting.

use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::alert::settings::{Inhibition, MaintenanceWindow, Pattern, Route, Setting, Silence};

/// What the API calls a kind of setting.
pub struct Words {
    /// The word for the kind in the database.
    pub kind: &'static str,
    /// Where they are.
    pub path: &'static str,
    /// Where one is.
    pub item: &'static str,
    /// One of them.
    pub one: &'static str,
    /// Several of them.
    pub many: &'static str,
    /// One of them, in the name of an operation.
    pub operation: &'static str,
    /// What they are for.
    pub about: &'static str,
}

/// Something that can be laid down.
pub trait Laid: Serialize + DeserializeOwned + ToSchema + Send + 'static {
    /// What the API calls it.
    const WORDS: Words;

    /// As it is kept.
    fn into_setting(self) -> Setting;

    /// What is kept; nothing if it is of another kind.
    fn of(setting: Setting) -> Option<Self>;
}

macro_rules! laid {
    ($type:ident, $variant:ident, $words:expr) => {
        impl Laid for $type {
            const WORDS: Words = $words;

            fn into_setting(self) -> Setting {
                Setting::$variant(self)
            }

            fn of(setting: Setting) -> Option<Self> {
                match setting {
                    Setting::$variant(this) => Some(this),
                    _ => None,
                }
            }
        }
    };
}

laid!(
    Pattern,
    Pattern,
    Words {
        kind: "pattern",
        path: "/api/v1/alert-patterns",
        item: "/api/v1/alert-patterns/{id}",
        one: "alert pattern",
        many: "alert patterns",
        operation: "AlertPattern",
        about: "Which alerts belong together: those with equal values of all these labels that begin within the time \
        window. Where there is none, alerts of one service belong together, those of one host, and those of one \
        name.",
    }
);

laid!(
    Route,
    Route,
    Words {
        kind: "route",
        path: "/api/v1/alert-routes",
        item: "/api/v1/alert-routes/{id}",
        one: "alert route",
        many: "alert routes",
        operation: "AlertRoute",
        about: "What becomes of alerts: the first route by `position` whose conditions hold says it. Where none holds, \
        an incident opens after 30 seconds.",
    }
);

laid!(
    Silence,
    Silence,
    Words {
        kind: "silence",
        path: "/api/v1/silences",
        item: "/api/v1/silences/{id}",
        one: "silence",
        many: "silences",
        operation: "Silence",
        about: "Alerts that nobody wants to hear of for a while. They are kept, and end as any other; five days after \
        its end a silence is forgotten.",
    }
);

laid!(
    Inhibition,
    Inhibition,
    Words {
        kind: "inhibition",
        path: "/api/v1/inhibitions",
        item: "/api/v1/inhibitions/{id}",
        one: "inhibition",
        many: "inhibitions",
        operation: "Inhibition",
        about: "Alerts that say nothing new while others fire: the host is down, so its services are.",
    }
);

laid!(
    MaintenanceWindow,
    Maintenance,
    Words {
        kind: "maintenance",
        path: "/api/v1/maintenance-windows",
        item: "/api/v1/maintenance-windows/{id}",
        one: "maintenance window",
        many: "maintenance windows",
        operation: "MaintenanceWindow",
        about: "Work that was announced: alerts are expected meanwhile, and open nothing. Five days after its end a \
        window is forgotten.",
    }
);
