//! Every query of the store, run as one of two workspaces that have the very same keys.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use stentor::app::App;
use stentor::clock::{Clock, Timestamp};
use stentor::ids::{ChannelId, IdSource, TeamId, UserId, WorkId, WorkspaceId};
use stentor::incident::catalogue::edit::{CatalogueCommand, Edit, RoleWords, edit};
use stentor::incident::event::Actor;
use stentor::incident::facets::Facet;
use stentor::incident::reactions::Surface;
use stentor::incident::wanted::Wanted;
use stentor::outbox::work::{NewWork, Work};
use stentor::scope::Scopes;
use stentor::store::catalogue_changes::Change;
use stentor::store::incident_lists::IncidentQuery;
use stentor::store::incident_plan::Plan;
use stentor::store::installations::{New, RefusedToken, Sealed, Standing};
use stentor::store::outbox::Ended;
use stentor::store::pace::Turnstile;
use stentor::store::surfaces::Shown;
use stentor::store::tokens::Kept;
use stentor::store::workspaces::Catalogues;
use stentor::store::{
    catalogue_changes, dead_letters, heard, incident_counts, incident_index, incident_lists,
    incidents, installations, notices, outbox, pace, receipts, surfaces, teams, timeline, tokens,
    workspaces,
};

use super::{alert_queries, everything, paper_queries};
use crate::databases::{Fresh, on_each_database};
use crate::http::Server;

/// The same rows under the other workspace: every key is there twice.
const COPIES: [&str; 8] = [
    "INSERT INTO incident_index (workspace, key, block, facet, bits)
     SELECT $2, key, block, facet, bits FROM incident_index WHERE workspace = $1",
    "INSERT INTO counter (workspace, name, value) SELECT $2, name, value FROM counter WHERE workspace = $1",
    "INSERT INTO incident (workspace, id, number, version, category, severity, visibility, channel, name_folded, state)
     SELECT $2, id, number, version, category, severity, visibility, channel, name_folded, state
     FROM incident WHERE workspace = $1",
    "INSERT INTO timeline (workspace, incident, version, at, entry)
     SELECT $2, incident, version, at, entry FROM timeline WHERE workspace = $1",
    "INSERT INTO receipt (workspace, key, answer, at) SELECT $2, key, answer, at FROM receipt WHERE workspace = $1",
    "INSERT INTO outbox (workspace, id, key, lane, seq, incident, work, state, due_at, attempts, refused, generation,
         created_at)
     SELECT $2, id, key, lane, seq, incident, work, state, due_at, attempts, refused, generation, created_at
     FROM outbox WHERE workspace = $1",
    "INSERT INTO lane (workspace, name, due_at) SELECT $2, name, due_at FROM lane WHERE workspace = $1",
    "INSERT INTO surface (workspace, incident, kind, channel, ts, shown, detail)
     SELECT $2, incident, kind, channel, ts, shown, detail FROM surface WHERE workspace = $1",
];

pub(super) const NOW: Timestamp = Timestamp::from_micros(1_790_000_100_000_000);

/// Two workspaces with the same keys; what only the second has says "theirs".
async fn twins(fresh: &Fresh) -> (App, WorkspaceId, WorkspaceId) {
    let clock = Clock::manual(Timestamp::from_micros(1_790_000_000_000_000));
    let app = App::start(fresh.open().await, clock, IdSource::system()).await.unwrap();
    let (ours, theirs) = (app.workspace.clone(), WorkspaceId::from("01THEIRS"));
    let token =
        stentor::api::tokens::create(&app.db, &app.clock, &app.ids, &ours, "ci").await.unwrap();
    let server = Server::start(app.router()).await;
    let headers =
        [("authorization", format!("Bearer {token}")), ("idempotency-key", "same".to_owned())];
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    server
        .post("/api/v1/incidents", &headers, &json!({"name": "Checkout is slow"}))
        .await
        .expect(201);
    let mut tx = app.db.begin().await.unwrap();
    let mut incident = incidents::by_number(&mut tx, &ours, 1).await.unwrap().unwrap();
    incident.channel = Some(ChannelId::from("C0SAME"));
    incidents::save(&mut tx, &ours, &[&incident]).await.unwrap();
    surfaces::save(&mut tx, &ours, &incident.id, Surface::Topic, &Shown::default()).await.unwrap();
    let team = TeamId::from("T0THEIRS");
    assert!(workspaces::create(&mut tx, &theirs, "theirs", &team, NOW).await.unwrap());
    for sql in COPIES {
        let copied = tx.query(sql).bind(ours.clone()).bind(theirs.clone()).execute().await.unwrap();
        assert!(copied > 0, "{sql}");
    }
    incident.name = "theirs".to_owned();
    incidents::save(&mut tx, &theirs, &[&incident]).await.unwrap();
    let shown = Shown { hash: Some("theirs".to_owned()), ..Shown::default() };
    surfaces::save(&mut tx, &theirs, &incident.id, Surface::Topic, &shown).await.unwrap();
    pace::hold(&mut tx, &theirs, "method/x", NOW.plus(Duration::from_secs(9_999))).await.unwrap();
    pace::rest(&mut tx, &theirs, NOW, NOW).await.unwrap();
    heard::save(&mut tx, &theirs, NOW).await.unwrap();
    assert!(notices::claim(&mut tx, &theirs, "scope", NOW, NOW).await.unwrap());
    alert_queries::fill(&mut tx, &ours, "ours").await;
    alert_queries::fill(&mut tx, &theirs, "theirs").await;
    paper_queries::fill(&mut tx, &ours, &incident.id, "ours").await;
    paper_queries::fill(&mut tx, &theirs, &incident.id, "theirs").await;
    let theirs_alone = [("only theirs".to_owned(), json!({"theirs": 1}))];
    receipts::mark(&mut tx, &theirs, &theirs_alone, NOW).await.unwrap();
    let (version, mut catalogue) = catalogue_changes::current(&mut tx, &theirs).await.unwrap();
    let words = RoleWords { name: Some("theirs".to_owned()), ..RoleWords::default() };
    let command = CatalogueCommand::Role(Edit::Create(words));
    let edited = edit(&mut catalogue, &command, "theirs", NOW).unwrap();
    let change = Change { version: version + 1, at: NOW, actor: Actor::Stentor, edited };
    assert!(catalogue_changes::save(&mut tx, &theirs, &catalogue, &change).await.unwrap());
    // A team belongs to one organisation; here, both say that it is theirs.
    let (team, channel) = (TeamId::from("T0SAME"), ChannelId::from("C0SAME"));
    teams::remember(&mut tx, &ours, &team, NOW).await.unwrap();
    teams::set_announce_channel(&mut tx, &theirs, &team, "theirs", &channel, NOW).await.unwrap();
    for workspace in [&ours, &theirs] {
        let is_ours = *workspace == ours;
        let tokens = sealed(if is_ours { "ours" } else { "theirs" });
        let name = if is_ours { "ours" } else { "theirs" };
        let (app, scopes, installed_by) = ("A", "commands", &UserId::from("U0ALICE"));
        let new = New { workspace, name, app, scopes, installed_by, tokens };
        installations::save(&mut tx, new, NOW).await.unwrap();
    }
    let refused = RefusedToken { state: Standing::Refused, reason: "theirs".to_owned(), at: NOW };
    installations::refuse_token(&mut tx, &theirs, "hash", &refused).await.unwrap();
    tx.commit().await.unwrap();
    (app, ours, theirs)
}

fn sealed(token: &str) -> Sealed {
    Sealed {
        with: "key".to_owned(),
        bot_token: token.to_owned(),
        refresh_token: Some(token.to_owned()),
        expires_at: Some(NOW),
    }
}

on_each_database! {
    async fn no_query_reads_or_changes_what_another_workspace_has(fresh: Fresh) {
        let (app, ours, theirs) = twins(&fresh).await;
        let before = everything(&app, &theirs).await;
        let our_own = everything(&app, &ours).await;
        let mut called = BTreeSet::new();
        let mut said = Vec::new();
        let mut tx = app.db.begin().await.unwrap();
        macro_rules! call {
            ($module:ident::$name:ident($($argument:expr),* $(,)?)) => {{
                called.insert(concat!(stringify!($module), "::", stringify!($name)));
                let result = $module::$name(&mut tx, $($argument),*).await.unwrap();
                result
            }};
        }
        macro_rules! read {
            ($($call:tt)*) => {{
                let result = call!($($call)*);
                said.push((stringify!($($call)*), format!("{result:?}")));
                result
            }};
        }
        // What there is to read: all of it with keys that both have.
        let actor = Actor::Stentor;
        let incident = read!(incidents::by_number(&ours, 1)).unwrap();
        let (id, channel) = (incident.id.clone(), ChannelId::from("C0SAME"));
        assert_eq!(read!(incidents::by_id(&ours, &id)).unwrap().name, "Checkout is slow");
        assert_eq!(read!(incidents::by_channel(&ours, &channel)).unwrap().name, "Checkout is slow");
        assert_eq!(read!(incidents::with_ids(&ours, std::slice::from_ref(&id))).len(), 1);
        assert_eq!(read!(incidents::with_numbers(&ours, &[1])).len(), 1);
        assert_eq!(read!(incidents::with_channels(&ours, &[channel])).len(), 1);
        let slice = std::slice::from_ref(&id);
        called.insert("incidents::to_change");
        assert_eq!(incidents::to_change(&mut tx, &ours, slice, &[], &[]).await.unwrap().len(), 1);
        let every = Wanted::Every;
        assert_eq!(read!(incident_lists::newest(&ours, &actor, Wanted::Every, None, 9)).len(), 1);
        read!(incident_lists::page(&ours, &actor, &IncidentQuery::default()));
        assert_eq!(read!(incident_lists::found(&ours, &actor, &every, None)).count(), 1);
        assert_eq!(read!(incident_lists::shown(&ours, &actor, &[1])).len(), 1);
        called.insert("incident_plan::of");
        let plan = Plan::of(&mut tx, &ours, &every).await.unwrap();
        called.insert("incident_plan::read");
        plan.read(&mut tx, &ours, 0..=0).await.unwrap();
        assert_eq!(read!(incident_index::standing(&ours, 9)).last, 1);
        assert_eq!(read!(incident_index::behind(&ours, 9)), Vec::<i64>::new());
        assert_eq!(read!(incident_index::keys_of(&ours, "all")).len(), 1);
        let found = incident_lists::found(&mut tx, &ours, &actor, &every, None).await.unwrap();
        let counted = read!(incident_counts::counts(&ours, &found, &[Facet::every()], &[]));
        assert_eq!(counted.rows, [1]);
        assert_eq!(read!(incident_counts::seconds_to_end(&ours, &found)), (0, 1));
        assert!(read!(incident_counts::declared_between(&ours, &found)).is_some());
        let entries = read!(timeline::after(&ours, &id, 0, 99));
        assert!(!entries.is_empty());
        assert_eq!(read!(timeline::latest(&ours, &id, 99)).len(), entries.len());
        assert_eq!(read!(timeline::before(&ours, &id, 99, 99)).len(), entries.len());
        read!(timeline::entry(&ours, &id, 1));
        read!(surfaces::shown(&ours, &id, Surface::Topic));
        assert_eq!(read!(pace::holds(&ours, "method/x")).until, Timestamp::default());
        assert_eq!(read!(heard::until(&ours)), None);
        assert!(!read!(notices::is_told(&ours, "scope", NOW)));
        assert_eq!(read!(incidents::with_open_channel(&ours, 99)).len(), 1);
        assert!(!read!(outbox::has_work(&ours, "only theirs")));
        let team = TeamId::from("T0SAME");
        assert!(read!(teams::is_known(&ours, &team)));
        assert_eq!(read!(teams::all(&ours)), std::slice::from_ref(&team));
        assert_eq!(read!(teams::announce_channel(&ours, &team, "theirs")), None);
        read!(dead_letters::dead(&ours, 99));
        let waiting = read!(dead_letters::waiting(&ours, 99));
        assert!(!waiting.is_empty());
        read!(workspaces::catalogue(&ours));
        read!(workspaces::by_id(&ours));
        assert!(!read!(workspaces::is_untouched(&ours)));
        let installation = call!(installations::of(&ours)).unwrap();
        assert_eq!(installation.bot_token.as_deref(), Some("ours"));
        assert_eq!(read!(installations::refused_token(&ours, "hash")), None);
        let keys: Vec<String> = Vec::new();
        read!(receipts::with_keys(&ours, &keys));
        assert_eq!(read!(receipts::marked(&ours, "only theirs")), None);
        let (version, mut catalogue) = read!(catalogue_changes::current(&ours));
        assert!(read!(catalogue_changes::page(&ours, None, 9)).is_empty());
        called.insert("workspaces::of");
        Catalogues::default().of(&mut tx, &ours).await.unwrap();

        // What there is to change.
        let renamed = stentor::incident::state::Incident { name: "ours".to_owned(), ..incident };
        call!(incidents::save(&ours, &[&renamed]));
        call!(incidents::save_listed(&ours, &[&renamed]));
        call!(incident_index::change(&ours, &incident_index::moved(None, &renamed)));
        // The index knows nothing of theirs, which came past it.
        assert_eq!(call!(incident_index::catch_up(&ours, 9)), 0);
        let mut entry = entries.last().unwrap().clone();
        entry.version += 1;
        call!(timeline::append(&ours, &[(id.clone(), entry.into())]));
        call!(receipts::save(&ours, &[], NOW));
        let id_of_role = catalogue.roles[3].id.clone();
        let command = CatalogueCommand::Role(Edit::Remove { id: id_of_role });
        let edited = edit(&mut catalogue, &command, "", NOW).unwrap();
        let change = Change { version: version + 1, at: NOW, actor: Actor::Stentor, edited };
        assert!(call!(catalogue_changes::save(&ours, &catalogue, &change)));
        call!(receipts::forget(&ours, NOW, 99));
        call!(surfaces::save(&ours, &id, Surface::Topic, &Shown { hash: Some("ours".to_owned()), ..Shown::default() }));
        let turnstile = Turnstile { key: "method/x".to_owned(), every: Duration::from_secs(1), burst: 1 };
        assert_eq!(call!(pace::take_turns(&ours, &[turnstile], NOW)), NOW);
        call!(pace::hold(&ours, "method/x", NOW));
        call!(pace::rest(&ours, NOW, NOW));
        call!(pace::try_for_all(&ours, NOW.plus(Duration::from_secs(99))));
        call!(pace::wake(&ours));
        call!(heard::save(&ours, NOW.plus(Duration::from_secs(1))));
        assert!(call!(notices::claim(&ours, "scope", NOW, NOW)));
        let (same, moved) = (ChannelId::from("C0SAME"), ChannelId::from("C0MOVED"));
        call!(surfaces::move_channel(&ours, &same, &moved));
        call!(workspaces::move_announce_channel(&ours, &same, &moved));
        call!(pace::forget(&ours, NOW.plus(Duration::from_secs(99_999)), 99));
        let token = Kept::new("id".to_owned(), "name".to_owned(), &Scopes::default(), NOW);
        call!(tokens::create(&ours, &token, "hash"));
        assert_eq!(call!(tokens::all(&ours)).len(), 2);
        assert!(call!(tokens::delete(&ours, "id")));
        let (version, catalogue) = call!(workspaces::catalogue(&ours));
        assert!(call!(workspaces::keep_catalogue(&ours, version, &catalogue)));
        call!(workspaces::set_bot_user(&ours, &UserId::from("U0OURS")));
        call!(workspaces::claim_team(&ours, &TeamId::from("T0OURS")));
        call!(workspaces::set_announce_channel(&ours, "ours", &ChannelId::from("C0OURS")));
        call!(teams::set_announce_channel(&ours, &team, "ours", &same, NOW));
        call!(teams::move_announce_channel(&ours, &same, &moved));
        call!(teams::forget_announce_channel(&ours, &moved));
        call!(teams::forget_announce_channel(&ours, &same));
        call!(teams::prefer(&ours, &team, NOW));
        call!(teams::forget(&ours, &team));
        call!(teams::remember(&ours, &TeamId::from("T0OURS"), NOW));
        assert_eq!(call!(workspaces::take_numbers(&ours, 3, NOW)).0, 2);
        call!(installations::set_standing(&ours, 1, Standing::Refused, Some("ours"), NOW));
        call!(installations::reseal(&ours, 2, &sealed("ours")));
        call!(installations::lease_renewal(&ours, 3, "lease", NOW, NOW));
        call!(installations::renewed(&ours, "lease", &sealed("ours")));
        call!(installations::set_standing(&ours, 4, Standing::Uninstalled, None, NOW));
        call!(installations::drop_tokens(&ours));
        let refused = RefusedToken { state: Standing::Refused, reason: "ours".to_owned(), at: NOW };
        call!(installations::refuse_token(&ours, "hash", &refused));
        call!(installations::accept_token(&ours, "hash"));
        let by = UserId::from("U0OURS");
        let new = New { workspace: &ours, name: "ours", app: "A", scopes: "", installed_by: &by, tokens: sealed("ours") };
        call!(installations::save(new, NOW));
        tx.commit().await.unwrap();

        // The outbox: every key, lane and id is theirs too.
        let mut tx = app.db.begin().await.unwrap();
        macro_rules! call {
            ($module:ident::$name:ident($($argument:expr),* $(,)?)) => {{
                called.insert(concat!(stringify!($module), "::", stringify!($name)));
                let result = $module::$name(&mut tx, $($argument),*).await.unwrap();
                result
            }};
        }
        let work = waiting[0].clone();
        let key = format!("{id}/refresh/channel");
        let again = NewWork {
            id: WorkId::from("01OURS"), key: key.clone(), lane: format!("{id}/channel"), seq: 1, incident: id.clone(),
            work: Work::Refresh { surface: Surface::Channel }, due_at: NOW,
        };
        call!(outbox::change(&ours, &[], &[again], NOW));
        call!(outbox::wake(&ours, NOW));
        call!(outbox::hurry(&ours, &format!("{id}/channel"), NOW.minus(Duration::from_secs(1))));
        // Lanes are taken for whoever they are: theirs is given back as it was.
        let sql = "UPDATE lane SET due_at = $2 WHERE workspace = $1";
        let later = NOW.plus(Duration::from_secs(99_999));
        tx.query(sql).bind(theirs.clone()).bind(later).execute().await.unwrap();
        tx.commit().await.unwrap();
        let with_lanes_later = everything(&app, &theirs).await;
        for step in 0..5 {
            let mut tx = app.db.begin().await.unwrap();
            let taken = outbox::claim(&mut tx, &format!("lease {step}"), NOW, Duration::from_secs(1), 99).await.unwrap();
            for claimed in taken {
                assert_eq!(claimed.workspace, ours);
                assert!(outbox::renew(&mut tx, &claimed, NOW).await.unwrap());
                outbox::set_step(&mut tx, &claimed, "ours").await.unwrap();
                if step == 2 {
                    // It is finished with, and waits elsewhere.
                    outbox::set_aside(&mut tx, &claimed, &format!("aside/{}", claimed.lane), NOW).await.unwrap();
                }
                let done = match step {
                    0 => outbox::put_off(&mut tx, &claimed, NOW, Ended::Refused, Some("ours")).await,
                    1 => outbox::bury(&mut tx, &claimed, Ended::Refused, "ours", NOW).await,
                    _ => outbox::finish(&mut tx, &claimed, NOW).await,
                };
                assert!(done.unwrap());
            }
            tx.commit().await.unwrap();
        }
        let mut tx = app.db.begin().await.unwrap();
        called.extend(["outbox::renew", "outbox::set_aside", "outbox::set_step", "outbox::put_off", "outbox::bury", "outbox::finish"]);
        called.extend(["dead_letters::retry", "dead_letters::let_go"]);
        let dead = dead_letters::dead(&mut tx, &ours, 99).await.unwrap();
        assert!(dead_letters::retry(&mut tx, &ours, &dead[0].id, NOW).await.unwrap());
        assert!(!dead_letters::let_go(&mut tx, &ours, &work.id).await.unwrap());
        outbox::change(&mut tx, &ours, std::slice::from_ref(&key), &[], NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(everything(&app, &theirs).await, with_lanes_later);

        let (about_alerts, heard) = alert_queries::ask(&app, &ours, &id).await;
        called.extend(about_alerts);
        let (about_papers, of_papers) = paper_queries::ask(&app, &ours, &id).await;
        called.extend(about_papers);
        for (call, result) in of_papers {
            assert!(!result.contains("theirs"), "{call}: {result}");
        }
        let heard = heard.iter().map(|(call, result)| (call, result));
        for (call, result) in said.iter().map(|(call, result)| (call, result)).chain(heard) {
            assert!(!result.contains("theirs"), "{call}: {result}");
        }
        // All but the times of lanes is as it was; and ours has changed in every table.
        let (lanes, after) = (6, everything(&app, &theirs).await);
        for table in (0..before.len()).filter(|table| *table != lanes) {
            assert_eq!(after[table], before[table], "{}", crate::installs::isolation::EVERYTHING[table]);
        }
        assert_ne!(everything(&app, &ours).await, our_own);
        called.extend(crate::installs::isolation::rules::CALLED);
        called.extend(crate::installs::isolation::oncall::CALLED);
        called.extend(crate::installs::isolation::webhooks::CALLED);
        assert_eq!(called, queries(), "what was called here, and what there is in the store");
    }
}

/// Every query that is asked as a workspace.
fn queries() -> BTreeSet<&'static str> {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(store).unwrap() {
        let path = entry.unwrap().path();
        // What is in the folders knows no workspaces: the databases themselves.
        if path.is_dir() {
            continue;
        }
        let module = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        for function in text.split("pub async fn ").skip(1) {
            let (name, rest) = function.split_once('(').unwrap();
            let signature = rest.split("->").next().unwrap();
            let asked_as_one = ["&WorkspaceId", "&Claimed", "New<'_>"].iter();
            // `ensure` and `create` make the workspace.
            let makes = module == "workspaces" && ["ensure", "create"].contains(&name);
            if module != "db" && !makes && asked_as_one.clone().any(|it| signature.contains(it)) {
                found.insert(&*format!("{module}::{name}").leak());
            }
        }
    }
    found
}
