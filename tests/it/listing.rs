//! What the index of incidents says is what looking at each of them says, whatever was done to them,
//! by whom, and how often at once.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::{Strategy, any, proptest};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRng, TestRunner};
use sqlx::types::Json;
use stentor::app::App;
use stentor::clock::{Clock, Timestamp};
use stentor::engine::naming;
use stentor::engine::order::{Order as Request, Target};
use stentor::ids::{IdSource, RoleId, SeverityId, StatusId, TagId, UserId};
use stentor::incident::access::may_see;
use stentor::incident::catalogue::StatusCategory;
use stentor::incident::command::{Command, Declare};
use stentor::incident::event::{Actor, Via};
use stentor::incident::facets::{Facet, facets};
use stentor::incident::origin::Origin;
use stentor::incident::state::Incident;
use stentor::incident::tags::definition::{NewTag, TagKind, create};
use stentor::incident::wanted::{Moment, Span, Wanted};
use stentor::store::bits::{Bits, place_of};
use stentor::store::incident_lists::{self, IncidentQuery, Order, Place};
use stentor::store::{incident_index, incidents};

use crate::databases::{Fresh, on_each_database};

const BEGINNING: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

/// The one tag that there is.
const TEAM: &str = "01TEAM";

async fn start(fresh: &Fresh, clock: &Clock) -> App {
    let app = App::start(fresh.open().await, clock.clone(), IdSource::system()).await.unwrap();
    let wanted = NewTag {
        name: "team".to_owned(),
        kind: TagKind::MultiValue,
        description: String::new(),
        active: true,
        choices: Vec::new(),
    };
    naming::name(&app.db, clock, &app.workspace, "tag/team", |catalogue, now| {
        Ok(create(catalogue, TagId::from(TEAM), &wanted, &Actor::Stentor, now)?.to_string())
    })
    .await
    .unwrap();
    app
}

fn person(name: &str) -> Actor {
    Actor::Person { user: UserId::from(name) }
}

fn alice() -> Actor {
    person("U0ALICE")
}

impl Run<'_> {
    async fn declares(&self, declare: Declare, actor: &Actor) -> i64 {
        let command = Command::Declare(declare);
        let request = Request {
            workspace: self.app.workspace.clone(),
            receipt: None,
            target: Target::New,
            actor: actor.clone(),
            through: None,
            via: Via::Command,
            command,
            expected_version: None,
        };
        self.app.engine.submit(request).await.unwrap().incident.number
    }

    /// Has somebody do something to an incident; a refusal changes nothing, and is nothing here.
    async fn does(&self, number: i64, command: Command, actor: &Actor) {
        let request = Request {
            workspace: self.app.workspace.clone(),
            receipt: None,
            target: Target::Number(number),
            actor: actor.clone(),
            through: None,
            via: Via::Command,
            command,
            expected_version: None,
        };
        let _refused = self.app.engine.submit(request).await;
    }
}

/// An application whose lists are looked at.
struct Run<'a> {
    app: &'a App,
}

fn any_step() -> impl Strategy<Value = (u8, usize, Command)> {
    let person = proptest::sample::select(vec![None, Some("U0ALICE"), Some("U0BOB")]);
    let command = proptest::prop_oneof![
        3 => proptest::sample::select(vec!["minor", "major", "critical"])
            .prop_map(|severity| Command::Severity { severity: severity.to_owned() }),
        3 => person.prop_map(|person| Command::Role {
            role: "lead".to_owned(),
            person: person.map(UserId::from)
        }),
        2 => proptest::prelude::Just(Command::Resolve { message: None }),
        2 => proptest::prelude::Just(Command::Close { message: None }),
        2 => proptest::prelude::Just(Command::Reopen { message: None }),
        1 => proptest::prelude::Just(Command::Note { text: "x".to_owned() }),
        1 => proptest::prelude::Just(Command::Rename { name: "Search is slow".to_owned() }),
        1 => proptest::prelude::Just(Command::Merge { into: "INC-1".to_owned() }),
        1 => proptest::prelude::Just(Command::Invite { people: vec![UserId::from("U0CAROL")] }),
        3 => proptest::sample::select(vec!["pay", "shop", "shop, pay"])
            .prop_map(|value| Command::Tag { tag: "team".to_owned(), value: value.to_owned() }),
        1 => proptest::prelude::Just(Command::Untag { tag: "team".to_owned() }),
    ];
    (any::<u8>(), 0..12_usize, command)
}

fn any_declaration() -> impl Strategy<Value = Declare> {
    let severity = proptest::sample::select(vec![None, Some("minor"), Some("critical")]);
    let tags = proptest::sample::select(vec!["", "T1", "T1,prod", "prod"]);
    (any::<bool>(), any::<bool>(), severity, tags, 0..3_u8).prop_map(
        |(private, triage, severity, tags, project)| Declare {
            name: format!("Checkout {project} is slow"),
            private: private && project == 0,
            triage,
            severity: severity.map(str::to_owned),
            origin: (project > 0).then(|| Origin {
                source: "S1".into(),
                labels: [("project", project.to_string()), ("tags", tags.to_owned())]
                    .map(|(name, value)| (name.to_owned(), value))
                    .into(),
            }),
            ..Declare::default()
        },
    )
}

/// Questions of every kind, and some put together.
fn questions(now: Timestamp) -> Vec<Wanted> {
    let lead = RoleId::from("01STENT0RR0E00000000000001");
    let hour = |hours: u64| Some(BEGINNING.plus(Duration::from_secs(hours * 3_600)));
    let time = |moment, from, to| Wanted::Time(moment, Span { from, to });
    let simple = vec![
        Wanted::Every,
        Wanted::Any(Vec::new()),
        Wanted::open(),
        Wanted::in_categories([StatusCategory::Closed, StatusCategory::Merged]),
        Wanted::Has(Facet::status(&StatusId::from("01STENT0RSTA00000000000003"))),
        Wanted::Has(Facet::severity(None)),
        Wanted::Has(Facet::severity(Some(&SeverityId::from("01STENT0RSEV00000000000003")))),
        Wanted::Has(Facet::private()),
        Wanted::Has(Facet::private()).negated(),
        Wanted::Has(Facet::role(&lead)).negated(),
        Wanted::Has(Facet::holder(&lead, &UserId::from("U0BOB"))),
        Wanted::Has(Facet::creator(&alice())),
        Wanted::Has(Facet::label("project", "1")),
        Wanted::Has(Facet::label("tag", "prod")),
        Wanted::Has(Facet::tagged(&TagId::from(TEAM))).negated(),
        Wanted::Has(Facet::tag_says(&TagId::from(TEAM), "pay")),
        time(Moment::Created, hour(5), hour(60)),
        time(Moment::Created, hour(100), None),
        time(Moment::Updated, None, hour(50)),
        time(Moment::Updated, hour(30), hour(31)),
        time(Moment::Updated, hour(13), hour(200)),
        time(Moment::Ended, hour(2), None),
        time(Moment::Ended, hour(20), Some(now)),
        time(Moment::Ended, hour(900), None),
    ];
    let pairs = simple.iter().zip(simple.iter().skip(2));
    let both = pairs.clone().map(|(one, other)| one.clone().and(other.clone()));
    let either = pairs.map(|(one, other)| Wanted::Any(vec![one.clone(), other.clone()]));
    let all: Vec<Wanted> = both.chain(either).collect();
    simple.into_iter().chain(all).collect()
}

impl Run<'_> {
    async fn all(&self) -> Vec<Incident> {
        let mut tx = self.app.db.read().await.unwrap();
        let rows: Vec<(Json<Incident>,)> = tx
            .query("SELECT state FROM incident WHERE workspace = $1 ORDER BY number DESC")
            .bind(self.app.workspace.clone())
            .all()
            .await
            .unwrap();
        rows.into_iter().map(|(incident,)| incident.0).collect()
    }

    /// Everything that the index says: what has what.
    async fn index(&self) -> BTreeSet<(String, i64)> {
        let mut tx = self.app.db.read().await.unwrap();
        let rows: Vec<(String, i64, Vec<u8>)> = tx
            .query("SELECT key, block, bits FROM incident_index WHERE workspace = $1")
            .bind(self.app.workspace.clone())
            .all()
            .await
            .unwrap();
        let mut said = BTreeSet::new();
        for (key, block, kept) in rows {
            let bits = Bits::read(&kept);
            assert!(!bits.is_empty(), "{key} is kept for nobody");
            said.extend(
                bits.places()
                    .map(|place| (key.clone(), stentor::store::bits::number_at(block, place))),
            );
        }
        said
    }

    /// The index says of all incidents what is so, and no more.
    async fn index_is_right(&self) {
        let mut is_so = BTreeSet::new();
        for incident in self.all().await {
            let facets = facets(&incident);
            is_so.extend(facets.iter().map(|it| (it.key().to_owned(), incident.number)));
        }
        let said = self.index().await;
        let differences: Vec<_> = is_so.symmetric_difference(&said).collect();
        assert!(differences.is_empty(), "{differences:?}");
    }

    /// Every question is answered as if each incident were looked at.
    async fn lists_are_right(&self) {
        let all = self.all().await;
        let now = self.app.clock.now();
        for wanted in questions(now) {
            for actor in [Actor::Stentor, alice(), person("U0CAROL"), person("U0DAN")] {
                let is_wanted = |incident: &&Incident| {
                    may_see(incident, &actor) && wanted.holds(incident, &facets(incident))
                };
                let newest: Vec<i64> =
                    all.iter().filter(is_wanted).map(|incident| incident.number).collect();
                let oldest: Vec<i64> = newest.iter().rev().copied().collect();
                let mut updated: Vec<&Incident> = all.iter().filter(is_wanted).collect();
                updated.sort_by_key(|one| std::cmp::Reverse((one.updated_at, one.number)));
                let updated: Vec<i64> = updated.iter().map(|incident| incident.number).collect();
                let mut tx = self.app.db.read().await.unwrap();
                let workspace = &self.app.workspace;
                let found = incident_lists::found(&mut tx, workspace, &actor, &wanted, None);
                assert_eq!(found.await.unwrap().before(i64::MAX, 999), newest, "{wanted:?}");
                for (order, expected) in
                    [(Order::Newest, newest), (Order::Oldest, oldest), (Order::Updated, updated)]
                {
                    let listed = self.pages(&wanted, &actor, order).await;
                    assert_eq!(listed, expected, "{order:?} {actor:?} {wanted:?}");
                }
            }
        }
    }

    async fn pages(&self, wanted: &Wanted, actor: &Actor, order: Order) -> Vec<i64> {
        let mut tx = self.app.db.read().await.unwrap();
        let (mut numbers, mut after): (Vec<i64>, Option<Place>) = (Vec::new(), None);
        loop {
            let query =
                IncidentQuery { wanted: wanted.clone(), text: None, order, after, limit: 5 };
            let page = incident_lists::page(&mut tx, &self.app.workspace, actor, &query);
            let page = page.await.unwrap();
            assert!(page.next.is_none() || page.incidents.len() == 5);
            numbers.extend(page.incidents.iter().map(|incident| incident.number));
            after = page.next;
            if after.is_none() {
                return numbers;
            }
        }
    }

    /// Lives through something: the same every time for the same seed.
    async fn lives(&self, seed: u8, steps: usize) {
        let rng = TestRng::from_seed(Config::default().rng_algorithm, &[seed; 32]);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let mut draw = |what: &mut dyn FnMut(&mut TestRunner)| what(&mut runner);
        for step in 0..steps {
            let (mut declared, mut stepped) = (None, None);
            draw(&mut |runner| {
                declared = Some(any_declaration().new_tree(runner).unwrap().current());
                stepped = Some(any_step().new_tree(runner).unwrap().current());
            });
            let actor = if step % 3 == 0 { person("U0BOB") } else { alice() };
            if step % 4 == 0 {
                self.declares(declared.unwrap(), &actor).await;
            }
            let (hours, which, command) = stepped.unwrap();
            self.app.clock.advance(Duration::from_secs(u64::from(hours) * 240));
            let number = i64::try_from(which).unwrap() + 1;
            self.does(number, command, &actor).await;
        }
    }
}

/// What an older replica does, which knows no index.
async fn as_an_older_one(app: &App, number: i64, change: impl FnOnce(&mut Incident)) {
    let mut tx = app.db.begin().await.unwrap();
    let mut incident =
        incidents::by_number(&mut tx, &app.workspace, number).await.unwrap().unwrap();
    change(&mut incident);
    incident.version += 1;
    tx.query("UPDATE incident SET version = $3, state = $4 WHERE workspace = $1 AND number = $2")
        .bind(app.workspace.clone())
        .bind(number)
        .bind(incident.version)
        .bind(Json(incident))
        .execute()
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// The index is not there yet: as right after an upgrade.
async fn forget_the_index(app: &App) {
    let mut tx = app.db.begin().await.unwrap();
    for sql in [
        "DELETE FROM incident_index WHERE workspace = $1",
        "UPDATE incident SET listed_version = NULL, created_at = NULL, updated_at = NULL, ended_at = NULL
             WHERE workspace = $1",
    ] {
        tx.query(sql).bind(app.workspace.clone()).execute().await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// The index is that of the scheme before, which knew nothing of tags.
async fn as_before_tags(app: &App) {
    let mut tx = app.db.begin().await.unwrap();
    for sql in [
        "UPDATE incident_index SET key = 'all=1' WHERE workspace = $1 AND facet = 'all'",
        "DELETE FROM incident_index WHERE workspace = $1 AND facet IN ('tagged', 'tag_says')",
    ] {
        tx.query(sql).bind(app.workspace.clone()).execute().await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn catch_up(app: &App, at_once: i64) -> usize {
    let mut all = 0;
    loop {
        let mut tx = app.db.begin().await.unwrap();
        let done = incident_index::catch_up(&mut tx, &app.workspace, at_once).await.unwrap();
        tx.commit().await.unwrap();
        if done == 0 {
            return all;
        }
        all += done;
    }
}

on_each_database! {
    async fn lists_say_what_looking_at_each_says(fresh: Fresh) {
        let clock = Clock::manual(BEGINNING);
        let app = start(&fresh, &clock).await;
        let run = Run { app: &app };
        run.lives(1, 60).await;
        run.index_is_right().await;
        run.lists_are_right().await;
    }

    async fn what_an_older_replica_wrote_is_listed_as_it_is(fresh: Fresh) {
        let clock = Clock::manual(BEGINNING);
        let app = start(&fresh, &clock).await;
        let run = Run { app: &app };
        run.lives(2, 40).await;
        as_an_older_one(&app, 2, |incident| incident.severity = None).await;
        as_an_older_one(&app, 3, |incident| {
            incident.category = StatusCategory::Closed;
            incident.updated_at = clock.now();
            incident.ended_at = Some(clock.now());
        }).await;
        run.lists_are_right().await;
        // A change of ours does not hide that the index is behind.
        run.does(2, Command::Note { text: "y".to_owned() }, &alice()).await;
        run.lists_are_right().await;
        assert_eq!(catch_up(&app, 1).await, 2);
        run.index_is_right().await;
        run.lists_are_right().await;
    }

    async fn lists_are_right_while_the_index_is_made(fresh: Fresh) {
        let clock = Clock::manual(BEGINNING);
        let app = start(&fresh, &clock).await;
        let run = Run { app: &app };
        run.lives(3, 40).await;
        forget_the_index(&app).await;
        run.lists_are_right().await;
        let mut tx = app.db.begin().await.unwrap();
        assert_eq!(incident_index::catch_up(&mut tx, &app.workspace, 4).await.unwrap(), 4);
        tx.commit().await.unwrap();
        run.lives(4, 12).await;
        run.lists_are_right().await;
        assert!(catch_up(&app, 3).await > 0);
        run.index_is_right().await;
        run.lists_are_right().await;
    }

    /// Incidents of before tags were put into the index are found by their tags at once, and by the index
    /// as soon as it has caught up.
    async fn what_was_put_there_under_another_scheme_is_put_there_anew(fresh: Fresh) {
        let clock = Clock::manual(BEGINNING);
        let app = start(&fresh, &clock).await;
        let run = Run { app: &app };
        run.lives(7, 60).await;
        let tagged = run.all().await.iter().filter(|incident| !incident.tags.is_empty()).count();
        assert!(tagged > 2, "{tagged}");
        as_before_tags(&app).await;
        run.lists_are_right().await;
        run.lives(8, 12).await;
        run.lists_are_right().await;
        assert!(catch_up(&app, 4).await >= tagged);
        run.index_is_right().await;
        run.lists_are_right().await;
    }

    async fn several_replicas_keep_one_index(fresh: Fresh) {
        let clock = Clock::manual(BEGINNING);
        let (one, other) = (start(&fresh, &clock).await, start(&fresh, &clock).await);
        let (first, second) = (Run { app: &one }, Run { app: &other });
        tokio::join!(first.lives(5, 60), second.lives(6, 60), async {
            catch_up(&one, 2).await;
        });
        first.index_is_right().await;
        first.lists_are_right().await;
        let all = first.all().await;
        let numbers: Vec<i64> = all.iter().map(|incident| incident.number).collect();
        assert_eq!(numbers, (1..=30).rev().collect::<Vec<_>>());
    }

    /// A clock that is behind gives no earlier time to a later number.
    async fn numbers_are_given_in_the_order_of_time(fresh: Fresh) {
        let (ahead, behind) = (Clock::manual(BEGINNING.plus(Duration::from_secs(9))), Clock::manual(BEGINNING));
        let (one, other) = (start(&fresh, &ahead).await, start(&fresh, &behind).await);
        for app in [&one, &other, &one] {
            Run { app }.declares(Declare { name: "x".to_owned(), ..Declare::default() }, &alice()).await;
        }
        let all = Run { app: &one }.all().await;
        assert!(all.windows(2).all(|pair| pair[0].declared_at >= pair[1].declared_at));
    }
}

proptest! {
    #![proptest_config(Config::with_cases(32))]
    #[test]
    fn a_number_has_one_place(number in 0..10_000_000_i64) {
        let (block, place) = place_of(number);
        assert_eq!(stentor::store::bits::number_at(block, place), number);
    }
}
