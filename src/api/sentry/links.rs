//! Lists, page after page: the header `Link`, and cursors that say how many, which page, and whether
//! back (`25:1:0`).

use axum::Json;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::api::sentry::house::House;
use crate::api::sentry::query::Query;
use crate::api::sentry::refused::Refused;

/// The most that one page holds.
const MOST: usize = 100;
/// How far a list can be paged through: a page costs what lies before it, too.
const FAR: usize = 10_000;

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many at most.
    pub limit: usize,
    /// Which page, from 0.
    page: usize,
    /// How many lie before it.
    pub offset: usize,
}

impl Page {
    /// The page that a query asks for; so many on it, if it does not say.
    pub fn asked(query: &Query, default: usize) -> Result<Page, Refused> {
        let limit = match query.last("per_page") {
            None => default,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| *limit > 0)
                .ok_or_else(|| Refused::parameter("Invalid per_page parameter."))?,
        };
        if limit > MOST {
            return Err(Refused::parameter("Invalid per_page value. Cannot exceed 100."));
        }
        let Some(cursor) = query.last("cursor") else {
            return Ok(Page { limit, page: 0, offset: 0 });
        };
        let (size, page) =
            read(cursor).ok_or_else(|| Refused::parameter("Invalid cursor parameter."))?;
        let offset = size.checked_mul(page).filter(|offset| *offset <= FAR);
        let offset = offset.ok_or_else(|| Refused::parameter("Pagination offset too large"))?;
        Ok(Page { limit, page, offset })
    }

    /// How many have to be looked at to know this page and whether another follows.
    pub fn until(self) -> usize {
        self.offset + self.limit + 1
    }

    /// This page of a whole list, and whether another follows.
    pub fn of<T>(self, all: Vec<T>) -> (Vec<T>, bool) {
        let is_more = all.len() > self.offset + self.limit;
        (all.into_iter().skip(self.offset).take(self.limit).collect(), is_more)
    }

    /// The answer, with the places before and after it.
    pub fn answer(self, house: &House, items: Vec<Value>, is_more: bool) -> Response {
        let mut response = Json(Value::Array(items)).into_response();
        let back = i64::try_from(self.page).unwrap_or(i64::MAX) - 1;
        let link = [
            self.link(house, "previous", format!("{}:{back}:1", self.limit), self.page > 0),
            self.link(house, "next", format!("{}:{}:0", self.limit, self.page + 1), is_more),
        ];
        if let Ok(value) = HeaderValue::try_from(link.join(", ")) {
            response.headers_mut().insert(HeaderName::from_static("link"), value);
        }
        response
    }

    fn link(self, house: &House, rel: &str, cursor: String, has_results: bool) -> String {
        let (url, others) = (&house.url, house.query.others());
        format!(
            "<{url}?{others}&cursor={cursor}>; rel=\"{rel}\"; results=\"{has_results}\"; cursor=\"{cursor}\""
        )
    }
}

/// Reads a cursor: how many were on a page, and which page.
fn read(text: &str) -> Option<(usize, usize)> {
    let mut parts = text.split(':');
    let (size, page, back) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !matches!(back, "0" | "1") {
        return None;
    }
    let size: usize = size.strip_suffix(".0").unwrap_or(size).parse().ok()?;
    // Before the first page there is the first page.
    let page = if page == "-1" { 0 } else { page.parse().ok()? };
    Some((size, page))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Option<(usize, usize)> {
        let query = Query::read(Some(query)).ok()?;
        Page::asked(&query, 25).ok().map(|page| (page.limit, page.offset))
    }

    #[test]
    fn cursors_are_pages() {
        for (query, expected) in [
            ("", Some((25, 0))),
            ("cursor=25:2:0", Some((25, 50))),
            ("cursor=25:-1:1", Some((25, 0))),
            ("cursor=10.0:1:0&per_page=10", Some((10, 10))),
            ("cursor=0:100:0", Some((25, 0))),
            ("cursor=100:100:0", Some((25, 10_000))),
            ("cursor=100:101:0", None),
            ("cursor=x", None),
            ("cursor=1:2", None),
            ("cursor=1:2:3", None),
            ("cursor=1:2:0:0", None),
            ("cursor=18446744073709551615:18446744073709551615:0", None),
            ("per_page=100", Some((100, 0))),
            ("per_page=101", None),
            ("per_page=0", None),
            ("per_page=ten", None),
        ] {
            assert_eq!(page(query), expected, "{query}");
        }
    }
}
