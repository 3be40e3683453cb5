//! Shows what was written down around an incident, and begins what was not.

use crate::incident::command::Command;
use crate::incident::papers::Paperwork;
use crate::incident::papers::draft;
use crate::incident::papers::item::ItemKind;
use crate::slack::inbound::act::{Asking, Failure};
use crate::slack::view::kit::message::Message;
use crate::slack::view::papers;
use crate::store::{documents, timeline};

impl Asking<'_> {
    /// What is to be done about the incident.
    pub(super) async fn items(&self, kind: ItemKind) -> Result<Message, Failure> {
        let mut tx = self.door.app.db.read().await?;
        Ok(papers::items(&self.find(&mut tx).await?, kind))
    }

    /// The post-mortem of the incident. If there is none, a first draft of what the record says.
    pub(super) async fn document(&self) -> Result<Option<Message>, Failure> {
        let (app, workspace) = (&self.door.app, &self.workspace);
        let mut tx = app.db.read().await?;
        let incident = self.find(&mut tx).await?;
        if let Some(document) = incident.main_document() {
            let text = documents::markdown(&mut tx, workspace, &document.id).await?;
            return Ok(Some(papers::document(&incident, document, text.as_deref())));
        }
        let record = timeline::whole(&mut tx, workspace, &incident.id).await?;
        let catalogue = app.catalogues.of(&mut tx, workspace).await?;
        drop(tx);
        let title = draft::title(&incident);
        let markdown = draft::draft(&incident, &record, &catalogue);
        // Who asks at the same time finds the draft of whoever was first.
        let draft = Paperwork::AddDocument { title, markdown, only_first: true };
        self.run(Command::Paperwork(draft)).await
    }
}
