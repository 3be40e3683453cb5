//! Tables as both databases have them, and their rows as text: how everything can be moved from one
//! database to another without knowing what it is.

use std::fmt::Write as _;

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _};

use crate::store::db::{Result, Sql, Tx};

/// What a database says of itself, and would be wrong of another one.
pub const OWN: [&str; 2] = ["_sqlx_migrations", "meta"];
/// Rows in one INSERT.
const ROWS_AT_ONCE: usize = 32;

/// A table of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What it is called.
    pub name: String,
    /// Its columns, by name.
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it is called.
    pub name: String,
    /// What is in it.
    pub kind: Kind,
    /// Its place in the key, from 1; 0 outside of it.
    pub place_in_key: i64,
}

/// What can be in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A JSON document.
    Json,
    /// Yes or no.
    Boolean,
    /// Bytes.
    Bytes,
}

impl Kind {
    fn parse(declared: &str) -> Option<Kind> {
        match declared.to_ascii_lowercase().as_str() {
            "text" => Some(Kind::Text),
            "bigint" | "integer" => Some(Kind::Integer),
            "jsonb" => Some(Kind::Json),
            "boolean" => Some(Kind::Boolean),
            "bytea" | "blob" => Some(Kind::Bytes),
            _ => None,
        }
    }
}

/// A row: its values as text, in the order of the columns. Bytes are in hexadecimal, yes and no are
/// `1` and `0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextRow(pub Vec<Option<String>>);

impl<'r> FromRow<'r, SqliteRow> for TextRow {
    fn from_row(row: &'r SqliteRow) -> Result<Self> {
        (0..row.len()).map(|place| row.try_get(place)).collect::<Result<_>>().map(TextRow)
    }
}

impl<'r> FromRow<'r, PgRow> for TextRow {
    fn from_row(row: &'r PgRow) -> Result<Self> {
        (0..row.len()).map(|place| row.try_get(place)).collect::<Result<_>>().map(TextRow)
    }
}

/// All tables with something to move, by name.
pub async fn shapes(tx: &mut Tx) -> Result<Vec<Shape>> {
    let names: Vec<(String,)> = tx
        .query(Sql {
            sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'",
            postgres: "SELECT CAST(table_name AS TEXT) FROM information_schema.tables
                WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'",
        })
        .all()
        .await?;
    let mut names: Vec<String> = names.into_iter().map(|(name,)| name).collect();
    names.retain(|name| !OWN.contains(&name.as_str()));
    names.sort();
    let mut shapes = Vec::with_capacity(names.len());
    for name in names {
        shapes.push(shape(tx, name).await?);
    }
    Ok(shapes)
}

async fn shape(tx: &mut Tx, name: String) -> Result<Shape> {
    let rows: Vec<(String, String, i64)> = tx
        .query(Sql {
            sqlite: "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY name",
            postgres: "SELECT CAST(c.column_name AS TEXT), CAST(c.data_type AS TEXT),
                    CAST(COALESCE(k.ordinal_position, 0) AS BIGINT)
                FROM information_schema.columns c
                LEFT JOIN information_schema.table_constraints t ON t.table_schema = c.table_schema
                    AND t.table_name = c.table_name AND t.constraint_type = 'PRIMARY KEY'
                LEFT JOIN information_schema.key_column_usage k ON k.table_schema = c.table_schema
                    AND k.table_name = c.table_name AND k.constraint_name = t.constraint_name
                    AND k.column_name = c.column_name
                WHERE c.table_schema = current_schema() AND c.table_name = $1
                ORDER BY CAST(c.column_name AS TEXT) COLLATE \"C\"",
        })
        .bind(name.clone())
        .all()
        .await?;
    let mut columns = Vec::with_capacity(rows.len());
    for (column, declared, place_in_key) in rows {
        let kind = Kind::parse(&declared).ok_or_else(|| {
            let message = format!("{name}.{column} is {declared}, which can't be moved");
            sqlx::Error::Configuration(message.into())
        })?;
        columns.push(Column { name: column, kind, place_in_key });
    }
    Ok(Shape { name, columns })
}

impl Shape {
    /// Places of the key's columns among the columns, in the key's order.
    pub fn key(&self) -> Vec<usize> {
        let mut places: Vec<usize> =
            (0..self.columns.len()).filter(|place| self.columns[*place].place_in_key > 0).collect();
        places.sort_by_key(|place| self.columns[*place].place_in_key);
        places
    }

    /// What names a row for people: its key.
    pub fn name_of(&self, row: &TextRow) -> String {
        let key = self.key().into_iter().map(|place| row.0[place].as_deref().unwrap_or("NULL"));
        format!("{} {}", self.name, key.collect::<Vec<_>>().join("/"))
    }

    /// Up to so many rows after this one, in the order of the key.
    pub async fn page(
        &self,
        tx: &mut Tx,
        after: Option<&TextRow>,
        limit: usize,
    ) -> Result<Vec<TextRow>> {
        let key = self.key();
        if key.is_empty() {
            let message = format!("{} has no key and can't be moved", self.name);
            return Err(sqlx::Error::Configuration(message.into()));
        }
        let is_sqlite = tx.is_sqlite();
        let names = key.iter().map(|place| quoted(&self.columns[*place].name));
        let order = names.collect::<Vec<_>>().join(", ");
        let values = self.columns.iter().map(|column| column.as_text(is_sqlite));
        let mut sql =
            format!("SELECT {} FROM {}", values.collect::<Vec<_>>().join(", "), quoted(&self.name));
        if after.is_some() {
            let places = key.iter().zip(1..);
            let given = places.map(|(place, n)| self.columns[*place].placeholder(n, is_sqlite));
            write!(sql, " WHERE ({order}) > ({})", given.collect::<Vec<_>>().join(", "))
                .expect("a string takes any text");
        }
        write!(sql, " ORDER BY {order} LIMIT {limit}").expect("a string takes any text");
        let given = after.map_or(0, |_| key.len());
        let mut query = tx.assembled(sql, given);
        if let Some(after) = after {
            for place in key {
                query = query.bind(after.0[place].clone());
            }
        }
        query.all().await
    }

    /// Whether there is no row.
    pub async fn is_empty(&self, tx: &mut Tx) -> Result<bool> {
        Ok(self.page(tx, None, 1).await?.is_empty())
    }

    /// Inserts rows.
    pub async fn insert(&self, tx: &mut Tx, rows: &[TextRow]) -> Result<()> {
        let is_sqlite = tx.is_sqlite();
        let names = self.columns.iter().map(|column| quoted(&column.name));
        let names = names.collect::<Vec<_>>().join(", ");
        for rows in rows.chunks(ROWS_AT_ONCE) {
            let mut place = 0;
            let tuples = rows.iter().map(|_| {
                let values = self.columns.iter().map(|column| {
                    place += 1;
                    column.placeholder(place, is_sqlite)
                });
                format!("({})", values.collect::<Vec<_>>().join(", "))
            });
            let tuples = tuples.collect::<Vec<_>>().join(", ");
            let sql = format!("INSERT INTO {} ({names}) VALUES {tuples}", quoted(&self.name));
            let mut query = tx.assembled(sql, place);
            for value in rows.iter().flat_map(|row| &row.0) {
                query = query.bind(value.clone());
            }
            query.execute().await?;
        }
        Ok(())
    }
}

impl Column {
    /// What reads it as text.
    fn as_text(&self, is_sqlite: bool) -> String {
        let name = quoted(&self.name);
        match (self.kind, is_sqlite) {
            (Kind::Text, _) => name,
            (Kind::Integer | Kind::Json, _) | (Kind::Boolean, true) => {
                format!("CAST({name} AS TEXT)")
            }
            (Kind::Boolean, false) => format!("CAST(CAST({name} AS INTEGER) AS TEXT)"),
            // Nothing has no digits, and would come back as something.
            (Kind::Bytes, true) => {
                format!("CASE WHEN {name} IS NULL THEN NULL ELSE LOWER(HEX({name})) END")
            }
            (Kind::Bytes, false) => format!("ENCODE({name}, 'hex')"),
        }
    }

    /// What writes the text that is given in this place.
    fn placeholder(&self, place: usize, is_sqlite: bool) -> String {
        match (self.kind, is_sqlite) {
            (Kind::Text, _) | (Kind::Json, true) => format!("${place}"),
            (Kind::Integer, _) => format!("CAST(${place} AS BIGINT)"),
            (Kind::Boolean, true) => format!("CAST(${place} AS INTEGER)"),
            (Kind::Json, false) => format!("CAST(${place} AS JSONB)"),
            (Kind::Boolean, false) => format!("CAST(CAST(${place} AS INTEGER) AS BOOLEAN)"),
            (Kind::Bytes, true) => format!("UNHEX(${place})"),
            (Kind::Bytes, false) => format!("DECODE(${place}, 'hex')"),
        }
    }
}

/// Names come from the schema, and may be words that SQL uses.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
