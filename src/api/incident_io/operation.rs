//! What is served, by method and path, so that it can be held against the document.

use std::collections::BTreeMap;

use axum::handler::Handler;
use axum::routing::{MethodRouter, delete, get, patch, post, put};

use crate::app::App;

/// One thing that can be asked.
pub struct Operation {
    /// The method, in capitals.
    pub method: &'static str,
    /// The path as the document writes it, without the prefix.
    pub path: &'static str,
    handler: MethodRouter<App>,
}

macro_rules! makers {
    ($($(#[$doc:meta])* $name:ident, $method:literal, $routed:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name<H, T>(path: &'static str, handler: H) -> Operation
        where
            H: Handler<T, App>,
            T: 'static,
        {
            Operation { method: $method, path, handler: $routed(handler) }
        }
    )*};
}

makers! {
    /// Something to look at.
    reads, "GET", get;
    /// Something to make or do.
    posts, "POST", post;
    /// Something to set as a whole.
    puts, "PUT", put;
    /// Something to set in part.
    patches, "PATCH", patch;
    /// Something to remove.
    removes, "DELETE", delete;
}

/// All methods of each path together.
pub fn by_path(operations: Vec<Operation>) -> BTreeMap<&'static str, MethodRouter<App>> {
    let mut paths: BTreeMap<&'static str, MethodRouter<App>> = BTreeMap::new();
    for Operation { path, handler, .. } in operations {
        let methods = paths.remove(path).unwrap_or_default();
        paths.insert(path, methods.merge(handler));
    }
    paths
}
