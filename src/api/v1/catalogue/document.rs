//! What the OpenAPI document says of the parts of the catalogue: the same of each kind, in its own
//! words.

use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder, Schema,
};
use utoipa::{Modify, PartialSchema as _, ToSchema as _};

use crate::api::v1::catalogue::part::{Served, Words};
use crate::api::v1::openapi::{Written, problems};
use crate::api::v1::settings::document::{answer, answers, with_article};
use crate::api::v1::write::KEY;
use crate::incident::catalogue::duration::DurationMetric;
use crate::incident::catalogue::field::CustomField;
use crate::incident::catalogue::{IncidentType, Role, Severity, Status, TimestampKind};

/// Adds all of them to the document.
pub struct Parts;

impl Modify for Parts {
    fn modify(&self, document: &mut OpenApi) {
        add::<Severity>(document);
        add::<Status>(document);
        add::<Role>(document);
        add::<IncidentType>(document);
        add::<CustomField>(document);
        add::<TimestampKind>(document);
        add::<DurationMetric>(document);
    }
}

fn add<P: Served>(document: &mut OpenApi) {
    let Words { path, item, .. } = P::WORDS;
    let mut put = |path: &str, method, operation: Operation| {
        document.paths.add_path_operation(path, vec![method], operation);
    };
    put(path, HttpMethod::Get, list::<P>());
    put(path, HttpMethod::Post, create::<P>());
    put(item, HttpMethod::Get, show::<P>());
    put(item, HttpMethod::Patch, change::<P>());
    put(item, HttpMethod::Delete, remove::<P>());
    let schemas = &mut document.components.get_or_insert_default().schemas;
    let mut used = Vec::new();
    P::schemas(&mut used);
    P::Says::schemas(&mut used);
    schemas.extend(used);
    schemas.insert(P::name().into_owned(), P::schema());
    schemas.insert(P::Says::name().into_owned(), P::Says::schema());
    schemas.insert(all::<P>(), all_schema::<P>());
}

fn all<P: Served>() -> String {
    format!("All{}", P::name())
}

fn all_schema<P: Served>() -> RefOr<Schema> {
    let items = ArrayBuilder::new()
        .items(Ref::from_schema_name(P::name()))
        .description(Some("In their order"));
    Schema::from(ObjectBuilder::new().property("items", items).required("items")).into()
}

fn operation<P: Served>(verb: &str, summary: &str, description: &str) -> OperationBuilder {
    let token: [&str; 0] = [];
    OperationBuilder::new()
        .tag("catalogue")
        .operation_id(Some(format!("{verb}{}", P::WORDS.operation)))
        .summary(Some(summary.to_owned()))
        .description(Some(format!("{} {description}", P::WORDS.about).trim().to_owned()))
        .security(SecurityRequirement::new("token", token))
}

fn list<P: Served>() -> Operation {
    let Words { many, .. } = P::WORDS;
    operation::<P>("listEvery", &format!("List {many}"), "")
        .responses(answers(&[("200", "All of them", Some(all::<P>()))]).build())
        .build()
}

fn create<P: Served>() -> Operation {
    let Words { one, needs, .. } = P::WORDS;
    let made = answer("It can be chosen from now on", Some(P::name().into_owned()));
    let where_it_is = HeaderBuilder::new().description(Some("Where it is")).build();
    let made = ResponseBuilder::from(made).header("Location", where_it_is).build();
    operation::<P>(
        "create",
        &format!("Make {}", with_article(one)),
        &format!("A new one needs {needs}."),
    )
    .parameter(key())
    .request_body(Some(body::<P>()))
    .responses(
        answers(&[])
            .response("201", made)
            .responses_from_iter(conflicts())
            .responses_from_into_responses::<Written>()
            .build(),
    )
    .build()
}

fn show<P: Served>() -> Operation {
    let Words { one, .. } = P::WORDS;
    operation::<P>("show", &format!("Show {}", with_article(one)), "")
        .parameter(id::<P>())
        .responses(
            answers(&[("200", "It", Some(P::name().into_owned()))])
                .responses_from_iter(missing::<P>())
                .build(),
        )
        .build()
}

fn change<P: Served>() -> Operation {
    let Words { one, .. } = P::WORDS;
    operation::<P>("change", &format!("Change {}", with_article(one)), "What is left out stays.")
        .parameter(id::<P>())
        .parameter(key())
        .request_body(Some(body::<P>()))
        .responses(
            answers(&[("200", "It, as it is from now on", Some(P::name().into_owned()))])
                .responses_from_iter(missing::<P>())
                .responses_from_iter(conflicts())
                .responses_from_into_responses::<Written>()
                .build(),
        )
        .build()
}

fn remove<P: Served>() -> Operation {
    let Words { one, .. } = P::WORDS;
    let stays = "Nobody can choose it any more; incidents that have it still show its name.";
    operation::<P>("remove", &format!("Remove {}", with_article(one)), stays)
        .parameter(id::<P>())
        .responses(
            answers(&[("204", "It is removed", None)])
                .responses_from_iter(missing::<P>())
                .responses_from_iter(problems(&[(
                    "409",
                    "Something can't be without it (`still-needed`)",
                )]))
                .build(),
        )
        .build()
}

fn key() -> ParameterBuilder {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(KEY))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).max_length(Some(255))))
}

fn id<P: Served>() -> Parameter {
    ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(format!("The id of the {}", P::WORDS.one)))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

fn body<P: Served>() -> RequestBody {
    let says = ContentBuilder::new().schema(Some(Ref::from_schema_name(P::Says::name()))).build();
    RequestBodyBuilder::new()
        .description(Some(
            "What it says; `id`, `created_at` and `updated_at` may stand there, and mean nothing",
        ))
        .required(Some(Required::True))
        .content("application/json", says)
        .build()
}

fn conflicts() -> std::collections::BTreeMap<String, RefOr<Response>> {
    problems(&[(
        "409",
        "There is one of that name (`name-taken`) or rank (`rank-taken`), or there are as many as there can be (`too-many`)",
    )])
}

fn missing<P: Served>() -> std::collections::BTreeMap<String, RefOr<Response>> {
    let Words { one, .. } = P::WORDS;
    let code = format!("no-such-{}", one.replace(' ', "-"));
    problems(&[("404", &format!("There is no such {one} (`{code}`)"))])
}
