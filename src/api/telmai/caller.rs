//! Who asks, and of which tenant.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::api::caller::Caller;
use crate::api::limit::Rate;
use crate::api::telmai::problem::Problem;
use crate::app::{App, DEFAULT_SLUG};
use crate::store::workspaces;

/// How often a token may ask.
const RATE: Rate = Rate { per_minute: 1_200, burst: 120 };

/// A program whose token opens the tenant in the path.
pub struct Tenant(pub Caller);

impl FromRequestParts<App> for Tenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Tenant, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let now = app.clock.now();
        let bucket = format!("telmai/{}", caller.token());
        app.limits.take(&bucket, RATE, now).map_err(|empty| Problem::too_often(empty.wait))?;
        let Path(names): Path<Vec<(String, String)>> =
            Path::from_request_parts(parts, app).await.map_err(|_| Problem::not_found())?;
        let tenant = names.iter().find(|(name, _)| name == "tenant");
        let tenant = tenant.map_or("", |(_, tenant)| tenant.as_str());
        let mut tx = app.db.read().await?;
        // Another one's token learns nothing, not even whether there is such a tenant.
        let own = workspaces::by_id(&mut tx, &caller.workspace).await?;
        let is_only = tenant == DEFAULT_SLUG && workspaces::ids(&mut tx).await?.len() == 1;
        if own.slug == tenant || is_only { Ok(Tenant(caller)) } else { Err(Problem::not_found()) }
    }
}
