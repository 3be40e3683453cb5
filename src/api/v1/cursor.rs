//! Where a list goes on: the last row of a page, in a form that nobody should take apart.
//!
//! A checksum ties a cursor to the list it came from. It hides nothing; it turns a cursor that was
//! cut off, or that is used with other filters, into an error instead of a list with holes.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::api::problem::Problem;
use crate::api::request::Params;
use crate::clock::Timestamp;

/// Bytes of the checksum.
const CHECK: usize = 8;

/// The cursor of the page that begins at this place of a list. The list is told from others by what
/// stands for it here: its workspace, its path, its filters.
pub fn issue_at(place: &str, list: &impl Serialize) -> String {
    let mut bytes = checksum_at(place, list).to_vec();
    bytes.extend(place.as_bytes());
    hex::encode(bytes)
}

/// The place in a cursor, if it was issued for this list.
pub fn read_at(cursor: &str, list: &impl Serialize) -> Option<String> {
    let bytes = hex::decode(cursor).ok()?;
    let (check, place) = bytes.split_first_chunk::<CHECK>()?;
    let place = String::from_utf8(place.to_vec()).ok()?;
    (*check == checksum_at(&place, list)).then_some(place)
}

/// A place in a list that is ordered by time.
pub fn place(at: Timestamp, id: &str) -> String {
    format!("{}/{id}", at.as_micros())
}

/// The time and the id of such a place.
pub fn moment(place: &str) -> Option<(Timestamp, String)> {
    let (micros, id) = place.split_once('/')?;
    Some((Timestamp::from_micros(micros.parse().ok()?), id.to_owned()))
}

/// The place in the query's cursor, if it has one; a problem if that is another list's.
pub fn of_query(params: &Params, list: &impl Serialize) -> Result<Option<String>, Problem> {
    let Some(text) = params.one("cursor")? else { return Ok(None) };
    let place = read_at(text, list);
    place.map(Some).ok_or_else(foreign)
}

/// The cursor is no cursor, or another list's.
pub fn foreign() -> Problem {
    let detail = "Send the `next_cursor` of a page of this very list, filters and all.";
    Problem::bad_parameter("cursor", detail)
}

fn checksum_at(place: &str, list: &impl Serialize) -> [u8; CHECK] {
    let list = serde_json::to_vec(&(place, list)).expect("a list's description is plain text");
    let digest = Sha256::digest(list);
    std::array::from_fn(|place| digest[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_good_for_its_own_list_alone() {
        let (here, there) = (("alerts", "label=env=prod"), ("alerts", ""));
        let cursor = issue_at("01AB/é", &here);
        assert_eq!(read_at(&cursor, &here).as_deref(), Some("01AB/é"));
        assert_eq!(read_at(&cursor, &there), None);
        for tampered in ["", "00", "zz", "é", &cursor[2..], &format!("{cursor}00")] {
            assert_eq!(read_at(tampered, &here), None, "{tampered}");
        }
    }
}
