//! What the OpenAPI document says of settings: the same of each kind, in its own words.

use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{AllOfBuilder, ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder,
    ResponsesBuilder, Schema,
};
use utoipa::{Modify, PartialSchema as _, ToSchema};

use crate::alert::settings::{Inhibition, MaintenanceWindow, Pattern, Route, Silence};
use crate::api::v1::openapi::{Authorized, Queried, Written, problems};
use crate::api::v1::settings::laid::{Laid, Words};
use crate::api::v1::write::KEY;
use crate::clock::Timestamp;

/// Adds all of them to the document.
pub struct Settings;

impl Modify for Settings {
    fn modify(&self, document: &mut OpenApi) {
        add::<Pattern>(document);
        add::<Route>(document);
        add::<Silence>(document);
        add::<Inhibition>(document);
        add::<MaintenanceWindow>(document);
    }
}

fn add<S: Laid>(document: &mut OpenApi) {
    let Words { path, item, .. } = S::WORDS;
    let mut put = |path: &str, method, operation: Operation| {
        document.paths.add_path_operation(path, vec![method], operation);
    };
    put(path, HttpMethod::Get, list::<S>());
    put(path, HttpMethod::Post, create::<S>());
    put(item, HttpMethod::Get, show::<S>());
    put(item, HttpMethod::Put, replace::<S>());
    put(item, HttpMethod::Delete, remove::<S>());
    let schemas = &mut document.components.get_or_insert_default().schemas;
    let mut used = Vec::new();
    S::schemas(&mut used);
    schemas.extend(used);
    schemas.insert(S::name().into_owned(), S::schema());
    schemas.insert(kept::<S>(), kept_schema::<S>());
    schemas.insert(page::<S>(), page_schema::<S>());
}

fn kept<S: ToSchema>() -> String {
    format!("Kept{}", S::name())
}

fn page<S: ToSchema>() -> String {
    format!("Kept{}Page", S::name())
}

fn kept_schema<S: ToSchema>() -> RefOr<Schema> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let given = ObjectBuilder::new()
        .property("id", text().description(Some("Its id")))
        .property("created_at", Timestamp::schema())
        .property("updated_at", Timestamp::schema())
        .required("id")
        .required("created_at")
        .required("updated_at");
    AllOfBuilder::new().item(Ref::from_schema_name(S::name())).item(given).into()
}

fn page_schema<S: ToSchema>() -> RefOr<Schema> {
    let cursor = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("The `cursor` of the next page; null on the last one"));
    let items = ArrayBuilder::new()
        .items(Ref::from_schema_name(kept::<S>()))
        .description(Some("In the order in which they were made"));
    let page = ObjectBuilder::new().property("items", items).property("next_cursor", cursor);
    Schema::from(page.required("items").required("next_cursor")).into()
}

fn operation<S: Laid>(verb: &str, summary: &str, description: &str) -> OperationBuilder {
    let token: [&str; 0] = [];
    OperationBuilder::new()
        .tag("alert settings")
        .operation_id(Some(format!("{verb}{}", S::WORDS.operation)))
        .summary(Some(summary.to_owned()))
        .description(Some(format!("{} {description}", S::WORDS.about).trim().to_owned()))
        .security(SecurityRequirement::new("token", token))
}

fn list<S: Laid>() -> Operation {
    let Words { many, operation: name, .. } = S::WORDS;
    operation::<S>("list", &format!("List {many}"), "")
        .operation_id(Some(format!("list{name}s")))
        .parameter(query("limit", "How many on a page at most; 25 if left out").schema(Some(
            ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(200)),
        )))
        .parameter(
            query("cursor", "Where to go on: the `next_cursor` of the page before")
                .schema(Some(ObjectBuilder::new().schema_type(Type::String))),
        )
        .responses(
            answers(&[("200", "A page of them", Some(page::<S>()))])
                .responses_from_into_responses::<Queried>()
                .build(),
        )
        .build()
}

fn create<S: Laid>() -> Operation {
    let Words { one, .. } = S::WORDS;
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(KEY))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).max_length(Some(255))));
    let made = answer("It is laid down from now on", Some(kept::<S>()));
    let where_it_is = HeaderBuilder::new().description(Some("Where it is")).build();
    let made = ResponseBuilder::from(made).header("Location", where_it_is).build();
    operation::<S>("create", &format!("Lay down {}", with_article(one)), "")
        .parameter(key)
        .request_body(Some(body::<S>()))
        .responses(
            answers(&[])
                .response("201", made)
                .responses_from_iter(problems(&[("409", "There are 1,000 already (`too-many`)")]))
                .responses_from_into_responses::<Written>()
                .build(),
        )
        .build()
}

fn show<S: Laid>() -> Operation {
    let Words { one, .. } = S::WORDS;
    operation::<S>("show", &format!("Show {}", with_article(one)), "")
        .parameter(id::<S>())
        .responses(
            answers(&[("200", "It", Some(kept::<S>()))])
                .responses_from_iter(missing::<S>())
                .build(),
        )
        .build()
}

fn replace<S: Laid>() -> Operation {
    let Words { one, .. } = S::WORDS;
    operation::<S>(
        "replace",
        &format!("Replace {}", with_article(one)),
        "What is left out is as if it were new.",
    )
    .parameter(id::<S>())
    .request_body(Some(body::<S>()))
    .responses(
        answers(&[("200", "It, as it is from now on", Some(kept::<S>()))])
            .responses_from_iter(missing::<S>())
            .responses_from_into_responses::<Written>()
            .build(),
    )
    .build()
}

fn remove<S: Laid>() -> Operation {
    let Words { one, .. } = S::WORDS;
    operation::<S>("remove", &format!("Remove {}", with_article(one)), "")
        .parameter(id::<S>())
        .responses(
            answers(&[("204", "It is gone", None)]).responses_from_iter(missing::<S>()).build(),
        )
        .build()
}

pub(in crate::api::v1) fn with_article(one: &str) -> String {
    let article = if one.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {one}")
}

pub(in crate::api::v1) fn query(name: &str, description: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
}

fn id<S: Laid>() -> Parameter {
    ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(format!("The id of the {}", S::WORDS.one)))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

fn body<S: Laid>() -> utoipa::openapi::request_body::RequestBody {
    let says = ContentBuilder::new().schema(Some(Ref::from_schema_name(S::name()))).build();
    RequestBodyBuilder::new()
        .description(Some(
            "What it says; `id`, `created_at` and `updated_at` may stand there, and mean nothing",
        ))
        .required(Some(Required::True))
        .content("application/json", says)
        .build()
}

pub(in crate::api::v1) fn answers(own: &[(&str, &str, Option<String>)]) -> ResponsesBuilder {
    let builder = ResponsesBuilder::new();
    let builder = own.iter().fold(builder, |builder, (status, description, schema)| {
        builder.response(*status, answer(description, schema.clone()))
    });
    builder.responses_from_into_responses::<Authorized>()
}

pub(in crate::api::v1) fn answer(description: &str, schema: Option<String>) -> Response {
    let builder = ResponseBuilder::new().description(description);
    match schema {
        Some(schema) => {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema)));
            builder.content("application/json", content.build()).build()
        }
        None => builder.build(),
    }
}

fn missing<S: Laid>() -> std::collections::BTreeMap<String, RefOr<Response>> {
    let Words { one, .. } = S::WORDS;
    let code = format!("no-such-{}", one.replace(' ', "-"));
    problems(&[("404", &format!("There is no such {one} (`{code}`)"))])
}
