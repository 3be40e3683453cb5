//! The options of a field, which live within it.

use crate::clock::Timestamp;
use crate::ids::{CustomFieldId, FieldOptionId};
use crate::incident::catalogue::Catalogue;
use crate::incident::catalogue::edit::{
    Action, BadEdit, Edit, Edited, Kind, OptionWords, keep_aside, value,
};
use crate::incident::catalogue::field::{CustomField, FieldOption};
use crate::incident::catalogue::parts::{in_order, line, unfit};

/// The longest value of an option, in characters.
const VALUE_LIMIT: usize = 250;
/// The most options of one field. A form shows the first 100; by name, any of them can be chosen.
const MOST: usize = 500;
/// Where an option stands if nobody says.
const USUAL_KEY: i64 = 1_000;

pub(crate) fn edit(
    catalogue: &mut Catalogue,
    edit: &Edit<FieldOptionId, OptionWords>,
    new_id: &str,
    now: Timestamp,
) -> Result<Edited, BadEdit> {
    match edit {
        Edit::Create(words) => create(catalogue, words, new_id, now),
        Edit::Change { id, words } => change(catalogue, id, words, now),
        Edit::Remove { id } => remove(catalogue, id, now),
    }
}

fn create(
    catalogue: &mut Catalogue,
    words: &OptionWords,
    new_id: &str,
    now: Timestamp,
) -> Result<Edited, BadEdit> {
    let what = Kind::FieldOption;
    let id = words.field.as_ref().ok_or(BadEdit::Missing { field: "field", what })?;
    let field = catalogue.fields.iter_mut().find(|field| field.id == *id);
    let field = field.ok_or(BadEdit::NoSuch { what: Kind::CustomField })?;
    if !field.field_type.has_options() {
        let why = format!("\u{201c}{}\u{201d} is no field with options.", field.name);
        return Err(unfit("field", &why));
    }
    if field.options.len() >= MOST {
        return Err(BadEdit::TooMany { limit: MOST });
    }
    let given = words.value.as_ref().ok_or(BadEdit::Missing { field: "value", what })?;
    let option = FieldOption {
        id: new_id.into(),
        value: free_value(field, None, given)?,
        sort_key: in_order(words.sort_key.unwrap_or(USUAL_KEY), "sort_key")?,
        created_at: now,
        updated_at: now,
    };
    let edited = edited(&option, Action::Created, None);
    field.options.push(option);
    settle(field, now);
    Ok(edited)
}

fn change(
    catalogue: &mut Catalogue,
    id: &FieldOptionId,
    words: &OptionWords,
    now: Timestamp,
) -> Result<Edited, BadEdit> {
    let (field, place) = find(catalogue, id)?;
    if words.field.as_ref().is_some_and(|wanted| *wanted != field.id) {
        return Err(unfit("field", "An option stays in its field."));
    }
    let was = field.options[place].clone();
    let mut is = was.clone();
    if let Some(given) = &words.value {
        is.value = free_value(field, Some(id), given)?;
    }
    if let Some(sort_key) = words.sort_key {
        is.sort_key = in_order(sort_key, "sort_key")?;
    }
    if is == was {
        return Ok(edited(&was, Action::Unchanged, Some(&was)));
    }
    is.updated_at = now;
    let edited = edited(&is, Action::Changed, Some(&was));
    field.options[place] = is;
    settle(field, now);
    Ok(edited)
}

fn remove(
    catalogue: &mut Catalogue,
    id: &FieldOptionId,
    now: Timestamp,
) -> Result<Edited, BadEdit> {
    let (field, place) = find(catalogue, id)?;
    let gone = field.options.remove(place);
    let edited = edited(&gone, Action::Removed, Some(&gone));
    keep_aside(&mut field.removed_options, gone);
    field.updated_at = now;
    Ok(edited)
}

fn find<'c>(
    catalogue: &'c mut Catalogue,
    id: &FieldOptionId,
) -> Result<(&'c mut CustomField, usize), BadEdit> {
    catalogue
        .fields
        .iter_mut()
        .find_map(|field| {
            let place = field.options.iter().position(|option| option.id == *id)?;
            Some((field, place))
        })
        .ok_or(BadEdit::NoSuch { what: Kind::FieldOption })
}

fn free_value(
    field: &CustomField,
    this: Option<&FieldOptionId>,
    given: &str,
) -> Result<String, BadEdit> {
    let (name, what) = ("value", Kind::FieldOption);
    let value = line(given, name, VALUE_LIMIT)?;
    if value.is_empty() {
        return Err(BadEdit::Missing { field: name, what });
    }
    let mut others = field.options.iter().filter(|option| Some(&option.id) != this);
    // `C` and `C++` are two: only what reads the same is taken.
    if others.any(|other| other.value.eq_ignore_ascii_case(&value)) {
        return Err(BadEdit::NameTaken { field: name, name: value, what });
    }
    Ok(value)
}

fn settle(field: &mut CustomField, now: Timestamp) {
    field.options.sort_by_key(|option| option.sort_key);
    field.updated_at = now;
}

fn edited(option: &FieldOption, action: Action, was: Option<&FieldOption>) -> Edited {
    let (id, after) = (option.id.to_string(), value(option));
    Edited { kind: Kind::FieldOption, id, action, before: was.map(value), after }
}

impl Catalogue {
    /// The field of an option that can be chosen, and the option.
    pub fn field_option(&self, id: &FieldOptionId) -> Option<(&CustomFieldId, &FieldOption)> {
        self.fields.iter().find_map(|field| {
            let option = field.options.iter().find(|option| option.id == *id)?;
            Some((&field.id, option))
        })
    }
}
