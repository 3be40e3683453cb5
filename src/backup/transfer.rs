//! Moves everything from one database into another, empty one: from SQLite to Postgres, or back.
//!
//! It knows no table by name: what the schema has is moved. All of it is written in one transaction
//! and read back in the same, so that the other database has everything or nothing.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::store::db::rows::{Kind, Shape, TextRow, shapes};
use crate::store::db::{Db, Tx, is_unclear};

/// Rows that are held in memory at once.
const PAGE: usize = 500;

/// How many rows each table has.
pub type Moved = BTreeMap<String, usize>;

/// What a table holds: one hash for each row, sorted.
type Content = Vec<[u8; 32]>;

/// Moves everything.
pub async fn transfer(from: &Db, to: &Db) -> anyhow::Result<Moved> {
    let mut source = from.snapshot().await.context("read the database to move")?;
    let mut target = to.begin().await.context("write into the other database")?;
    target.take_its_time().await?;
    let tables = shapes(&mut source).await?;
    check_target(&mut target, &tables).await?;
    let mut moved = BTreeMap::new();
    for table in &tables {
        moved.insert(table.name.clone(), copy(table, &mut source, &mut target).await?);
    }
    drop(source);
    let mut source = from.snapshot().await?;
    for table in &tables {
        let (before, now) = (&moved[&table.name], content(table, &mut source).await?);
        ensure!(
            *before == now,
            "the table {} changed while it was moved: stop every Stentor that uses that database",
            table.name
        );
        let arrived = content(table, &mut target).await?;
        ensure!(
            *before == arrived,
            "the table {} did not arrive as it was: {} rows were moved, {} are there",
            table.name,
            before.len(),
            arrived.len()
        );
    }
    if let Err(error) = target.commit().await {
        if is_unclear(&error) {
            bail!(
                "the connection broke at the very end ({error}): look whether the other database is empty still"
            );
        }
        return Err(error).context("make it durable");
    }
    Ok(moved.into_iter().map(|(name, rows)| (name, rows.len())).collect())
}

async fn check_target(target: &mut Tx, tables: &[Shape]) -> anyhow::Result<()> {
    let there = shapes(target).await?;
    let plain = |tables: &[Shape]| -> BTreeMap<String, Vec<(String, Kind)>> {
        let columns = |table: &Shape| {
            table.columns.iter().map(|column| (column.name.clone(), column.kind)).collect()
        };
        tables.iter().map(|table| (table.name.clone(), columns(table))).collect()
    };
    let (ours, theirs) = (plain(tables), plain(&there));
    for name in ours.keys().chain(theirs.keys()) {
        ensure!(
            ours.get(name) == theirs.get(name),
            "the table {name} is not the same in both databases"
        );
    }
    for table in &there {
        ensure!(
            table.is_empty(target).await?,
            "the other database is not empty: there is something in its table {}",
            table.name
        );
    }
    Ok(())
}

async fn copy(table: &Shape, source: &mut Tx, target: &mut Tx) -> anyhow::Result<Content> {
    let mut content = Content::new();
    let mut last: Option<TextRow> = None;
    loop {
        let rows = table
            .page(source, last.as_ref(), PAGE)
            .await
            .with_context(|| format!("read the table {}", table.name))?;
        for row in &rows {
            check(table, row, target.takes_nul())?;
            content.push(hash(table, row)?);
        }
        table
            .insert(target, &rows)
            .await
            .with_context(|| format!("write the table {}", table.name))?;
        match rows.into_iter().last() {
            Some(row) => last = Some(row),
            None => break,
        }
    }
    content.sort_unstable();
    Ok(content)
}

async fn content(table: &Shape, tx: &mut Tx) -> anyhow::Result<Content> {
    let mut content = Content::new();
    let mut last: Option<TextRow> = None;
    loop {
        let rows = table.page(tx, last.as_ref(), PAGE).await?;
        for row in &rows {
            content.push(hash(table, row)?);
        }
        match rows.into_iter().last() {
            Some(row) => last = Some(row),
            None => break,
        }
    }
    content.sort_unstable();
    Ok(content)
}

/// Postgres takes any text but one: a NUL, plain or in JSON.
fn check(table: &Shape, row: &TextRow, takes_nul: bool) -> anyhow::Result<()> {
    for (column, value) in table.columns.iter().zip(&row.0) {
        let Some(text) = value.as_deref().filter(|_| !takes_nul) else { continue };
        let has_nul = match column.kind {
            Kind::Json => in_json(&json(text, table, row, &column.name)?),
            _ => text.contains('\0'),
        };
        ensure!(
            !has_nul,
            "{}: the column {} holds a NUL, which Postgres can't keep",
            table.name_of(row),
            column.name
        );
    }
    Ok(())
}

fn in_json(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(in_json),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| name.contains('\0') || in_json(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn json(text: &str, table: &Shape, row: &TextRow, column: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text)
        .with_context(|| format!("{}: the column {column} is no JSON", table.name_of(row)))
}

/// The same for the same row, in whichever database. Postgres keeps JSON, not how it was written.
fn hash(table: &Shape, row: &TextRow) -> anyhow::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    };
    for (column, value) in table.columns.iter().zip(&row.0) {
        match value {
            None => part(b"nothing"),
            Some(text) if column.kind == Kind::Json => {
                part(b"json");
                let mut text = json(text, table, row, &column.name)?;
                text.sort_all_objects();
                part(text.to_string().as_bytes());
            }
            Some(text) => {
                part(b"value");
                part(text.as_bytes());
            }
        }
    }
    Ok(hash.finalize().into())
}
