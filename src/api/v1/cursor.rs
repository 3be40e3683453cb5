//! Where a list goes on: the last number of a page, in a form that nobody should take apart.
//!
//! A checksum ties a cursor to the list it came from. It hides nothing; it turns a cursor that was
//! cut off, or that is used with other filters, into an error instead of a list with holes.

use sha2::{Digest, Sha256};

use crate::ids::WorkspaceId;
use crate::store::incidents::Filter;

/// Bytes of the number.
const NUMBER: usize = 8;
/// Bytes of the checksum.
const CHECK: usize = 8;

/// The cursor of the page that begins before this number.
pub fn issue(before: i64, workspace: &WorkspaceId, filter: &Filter) -> String {
    let mut bytes = before.to_be_bytes().to_vec();
    bytes.extend(checksum(before, workspace, filter));
    hex::encode(bytes)
}

/// The number in a cursor, if it was issued for this list.
pub fn read(cursor: &str, workspace: &WorkspaceId, filter: &Filter) -> Option<i64> {
    let mut bytes = [0; NUMBER + CHECK];
    hex::decode_to_slice(cursor, &mut bytes).ok()?;
    let (number, check) = bytes.split_at(NUMBER);
    let before = i64::from_be_bytes(number.try_into().ok()?);
    (check == checksum(before, workspace, filter)).then_some(before)
}

fn checksum(before: i64, workspace: &WorkspaceId, filter: &Filter) -> [u8; CHECK] {
    let categories: Vec<&str> = filter.categories.iter().map(|c| c.as_str()).collect();
    let list = (before, workspace, categories, &filter.severity, &filter.text);
    let list = serde_json::to_vec(&list).expect("a list's description is plain text");
    let digest = Sha256::digest(list);
    std::array::from_fn(|place| digest[place])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::catalogue::StatusCategory;

    #[test]
    fn a_cursor_is_good_for_its_own_list_alone() {
        let (here, elsewhere) = (WorkspaceId::from("here"), WorkspaceId::from("elsewhere"));
        let all = Filter::default();
        let live = Filter { categories: vec![StatusCategory::Live], ..Filter::default() };
        let cursor = issue(42, &here, &all);
        assert_eq!(read(&cursor, &here, &all), Some(42));
        assert_eq!(read(&cursor, &elsewhere, &all), None);
        assert_eq!(read(&cursor, &here, &live), None);
        for tampered in
            ["", "42", &cursor[1..], &format!("{cursor}00"), &cursor.replace('a', "b"), "é"]
        {
            assert!(read(tampered, &here, &all).is_none() || *tampered == *cursor, "{tampered}");
        }
    }
}
