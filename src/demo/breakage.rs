//! Breaks the shop when a visitor wants it, and says how it stands.

use tokio::sync::watch;

use crate::clock::Clock;
use crate::shop::doors::Doors;
use crate::shop::runner::{self, Standing};
use crate::shop::scenario::Scenario;
use crate::shop::story::{Phase, Story};
use crate::simulator::panel::{Button, Owner, Panel, Shown};

/// What the button to break something is called.
const BREAK: &str = "break";
/// What the button to end it is called.
const STOP: &str = "stop";

/// A panel for a shop in which all is well.
pub fn panel() -> (Panel, Owner) {
    Panel::new(at_rest("All is well in Acme’s shop.", Scenario::ALL[0]))
}

/// Breaks the shop, one way after the other, whenever somebody presses the button; `pace` times as
/// fast as the stories are. Ends with the page.
pub async fn run(owner: Owner, doors: Doors, clock: Clock, pace: f64) {
    let Owner { shown, mut presses } = owner;
    for (seed, scenario) in (0..).zip(Scenario::ALL.into_iter().cycle()) {
        loop {
            match presses.recv().await.as_deref() {
                Some(BREAK) => break,
                Some(_) => {}
                None => return,
            }
        }
        let story = Story::new(scenario, seed, clock.now().to_jiff(), pace);
        let (stop, stopping) = watch::channel(false);
        let tell = |standing: Standing| show(&shown, breaking(standing));
        let mut telling = Box::pin(runner::run(&story, &doors, stopping, tell));
        let end = loop {
            tokio::select! {
                () = &mut telling => break if *stop.borrow() { "Mended by hand" } else { "Over" },
                press = presses.recv() => match press.as_deref() {
                    Some(STOP) => _ = stop.send_replace(true),
                    Some(_) => {}
                    None => return,
                },
            }
        };
        let following = Scenario::ALL.into_iter().cycle().skip_while(|it| *it != scenario).nth(1);
        show(&shown, at_rest(&format!("{end}: nothing fires."), following.unwrap_or(scenario)));
    }
}

fn show(shown: &watch::Sender<Shown>, wanted: Shown) {
    shown.send_if_modified(|shown| {
        let is_news = *shown != wanted;
        *shown = wanted;
        is_news
    });
}

fn shown(line: String, button: Button) -> Shown {
    let hint = "Press the button at the left, and see 300 alerts become one incident.";
    Shown {
        title: "The shop".to_owned(),
        line,
        buttons: vec![button],
        hint: ("Break something.".to_owned(), hint.to_owned()),
    }
}

fn at_rest(line: &str, following: Scenario) -> Shown {
    let button = Button {
        name: BREAK.to_owned(),
        label: "Break something".to_owned(),
        about: format!("What breaks next: {}", following.plot().what.to_lowercase()),
        is_primary: true,
    };
    shown(line.to_owned(), button)
}

fn breaking(standing: Standing) -> Shown {
    let Standing { scenario, phase, firing, is_heard } = standing;
    let plot = scenario.plot();
    let what = plot.what;
    let alerts =
        if firing == 1 { "1 alert fires".to_owned() } else { format!("{firing} alerts fire") };
    let mut line = match phase {
        Phase::Change => format!("{}.", plot.change),
        Phase::Signs => format!("First signs of trouble: {alerts}."),
        Phase::Storm => format!("{what} breaks: {alerts}."),
        Phase::Height => format!("{alerts}. Count the incidents."),
        Phase::Recovery => format!("{what} recovers: {firing} still fire."),
        Phase::Recovered => "All is well again, it seems.".to_owned(),
        Phase::Flapping => "It flaps: some alerts go on and off.".to_owned(),
        Phase::Quiet => "Quiet. Close the incident now, and it will open again.".to_owned(),
        Phase::Back => format!("{what} breaks again: {alerts}."),
        Phase::Fading => format!("{what} recovers for good: {firing} still fire."),
        Phase::Over => "Nothing fires any more.".to_owned(),
    };
    if !is_heard {
        line.push_str(" Stentor can’t take more at the moment.");
    }
    let button = Button {
        name: STOP.to_owned(),
        label: "Stop".to_owned(),
        about: "Mends everything at once".to_owned(),
        is_primary: false,
    };
    shown(line, button)
}
