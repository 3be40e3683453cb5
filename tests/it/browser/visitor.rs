//! A person in front of the page: types, presses, chooses, and waits for what there is to see.

use std::path::Path;
use std::time::Duration;

use fantoccini::actions::{InputSource as _, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use tokio::time::Instant;

/// How long something may take to appear, on a slow machine that does other things too.
const LIMIT: Duration = Duration::from_secs(60);
/// How often somebody looks.
const BLINK: Duration = Duration::from_millis(50);

/// Everything of a kind that can be seen, with its text, as a person would read it.
const VISIBLE: &str = "
    const [css, text] = arguments;
    return [...document.querySelectorAll(css)]
        .filter((it) => it.checkVisibility({ visibilityProperty: true }))
        .map((it) => it.innerText || it.value || '')
        .filter((it) => it.includes(text));";

/// Answers when all fonts are there and the page has been drawn with them.
const DRAWN: &str = "
    const [answer] = arguments;
    document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(answer)));";

/// A person with a browser window.
pub struct Visitor {
    /// The browser.
    pub client: Client,
    window: WindowHandle,
}

impl Visitor {
    /// Somebody who has just opened this address.
    pub async fn arrive(client: Client, url: &str) -> Visitor {
        client.goto(url).await.unwrap();
        let window = client.window().await.unwrap();
        Visitor { client, window }
    }

    /// Somebody else in another window of the browser, which is now in front.
    pub async fn opens_a_window(&self, url: &str) -> Visitor {
        let window = self.client.new_window(true).await.unwrap().handle;
        self.client.switch_to_window(window).await.unwrap();
        Visitor::arrive(self.client.clone(), url).await
    }

    /// Brings one's own window to the front.
    pub async fn returns(&self) {
        self.client.switch_to_window(self.window.clone()).await.unwrap();
    }

    /// Types into the message box, and presses Enter.
    pub async fn says(&self, text: &str) {
        let text = format!("{text}{}", char::from(Key::Enter));
        self.does("the message box", &testid("composer"), "", async |it| it.send_keys(&text).await)
            .await;
    }

    /// Presses the button or the link that says this.
    pub async fn presses(&self, label: &str) {
        self.does("a button", "button, a, summary", label, async |it| it.click().await).await;
    }

    /// Presses something that has a name of its own on the page.
    pub async fn presses_on(&self, name: &str) {
        self.does(name, &testid(name), "", async |it| it.click().await).await;
    }

    /// Writes into a field of the form that is open.
    pub async fn writes(&self, field: &str, text: &str) {
        let css = format!("{} :is(input, textarea)", in_form(field));
        self.does(field, &css, "", async |it| it.send_keys(text).await).await;
    }

    /// Chooses from a list in the form that is open.
    pub async fn chooses(&self, field: &str, label: &str) {
        self.picks(field, &format!("{} select", in_form(field)), label).await;
    }

    /// Goes on as somebody else.
    pub async fn acts_as(&self, person: &str) {
        self.picks("act as", &testid("act-as"), person).await;
    }

    /// Sends off the form that is open.
    pub async fn submits(&self) {
        self.presses_on("modal-submit").await;
    }

    async fn picks(&self, what: &str, css: &str, label: &str) {
        self.does(what, css, label, async |it| it.select_by_label(label).await).await;
    }

    /// Waits until something of this name can be seen that says so.
    pub async fn sees(&self, name: &str, text: &str) {
        let css = testid(name);
        self.waits(&format!("{name} with {text:?}"), async || {
            !self.visible(&css, text).await.is_empty()
        })
        .await;
    }

    /// Waits until nothing of this name can be seen that says so.
    pub async fn sees_no(&self, name: &str, text: &str) {
        let css = testid(name);
        self.waits(&format!("no {name} with {text:?}"), async || {
            self.visible(&css, text).await.is_empty()
        })
        .await;
    }

    /// Runs a script in the page.
    pub async fn asks(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// What is to be seen, with nothing half-drawn or blinking.
    pub async fn takes_a_picture(&self) -> Vec<u8> {
        self.asks("document.activeElement.blur()").await;
        // Where the pointer is, a message shows its tools.
        let away = MouseActions::new("mouse".to_owned()).then(PointerAction::MoveTo {
            duration: None,
            x: 600.0,
            y: 20.0,
        });
        self.client.perform_actions(away).await.unwrap();
        self.client.execute_async(DRAWN, Vec::new()).await.unwrap();
        self.client.screenshot().await.unwrap()
    }

    /// Prints what a failure needs to be understood.
    pub async fn tells_what_is_there(&self) {
        let text = self.client.execute("return document.body.innerText", Vec::new()).await;
        let text = text.ok().and_then(|text| text.as_str().map(str::to_owned));
        eprintln!("The page says:\n{}\n", text.as_deref().unwrap_or("nothing; it cannot be read"));
        let Ok(picture) = self.client.screenshot().await else { return };
        let name = std::thread::current().name().unwrap_or("browser").replace("::", "-");
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
        std::fs::write(&file, picture).unwrap();
        eprintln!("It looks like {}", file.display());
    }

    /// Does something with the first such thing that can be seen, as soon as it can be done: the
    /// page may be drawing that part again at any moment.
    async fn does(
        &self,
        what: &str,
        css: &str,
        text: &str,
        act: impl AsyncFn(Element) -> Result<(), CmdError>,
    ) {
        self.waits(&format!("{what} {text:?}"), async || match self.first(css, text).await {
            Ok(Some(element)) => act(element).await.is_ok(),
            Ok(None) | Err(_) => false,
        })
        .await;
    }

    async fn first(&self, css: &str, text: &str) -> Result<Option<Element>, CmdError> {
        for element in self.client.find_all(Locator::Css(css)).await? {
            if element.is_displayed().await? && element.text().await?.contains(text) {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }

    async fn visible(&self, css: &str, text: &str) -> Vec<String> {
        let found = self.client.execute(VISIBLE, vec![json!(css), json!(text)]).await;
        // A page that is just being left has no document.
        found.ok().and_then(|found| serde_json::from_value(found).ok()).unwrap_or_default()
    }

    async fn waits(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let until = Instant::now() + LIMIT;
        let mut look = tokio::time::interval(BLINK);
        while !holds().await {
            assert!(Instant::now() < until, "waited in vain for {what}");
            look.tick().await;
        }
    }
}

fn testid(name: &str) -> String {
    format!("[data-testid='{name}']")
}

fn in_form(field: &str) -> String {
    format!("dialog[open] [data-block-id='{field}']")
}
