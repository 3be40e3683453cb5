//! What expressions mean, and that nobody can write one that harms.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::alert::observation::Status;

fn labels() -> BTreeMap<String, String> {
    [("host", "prod-api-1"), ("team", "Check Out"), ("severity", "page"), ("path", "/var/log")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn fields(labels: &BTreeMap<String, String>) -> AlertFields<'_> {
    AlertFields {
        labels,
        status: Status::Warning,
        severity: Status::Critical,
        source_system: "prometheus-eu",
        title: "Disk almost full",
        description: "93 % of /var is used",
    }
}

#[test]
fn expressions_hold_or_not() {
    let labels = labels();
    for (text, holds) in [
        ("*", true),
        ("host = prod-api-1", true),
        ("host=prod-api-1", true),
        ("host=prod", false),
        ("host=prod-*", true),
        ("host=*-api-*", true),
        ("host = *-1", true),
        ("host=prod-api-1*1", false),
        ("host!=prod-*", false),
        ("host === prod-*", false),
        ("host === prod-api-1", true),
        ("host = PROD-API-1", false),
        ("host = /prod-api-\\d+/", true),
        ("host = /api/", false),
        ("team = \"Check Out\"", true),
        ("team = 'Check *'", true),
        ("team = \"Check \\*\"", false),
        ("path = \"/var/log\"", true),
        ("path = /\\/var\\/.*/", true),
        ("host IN [a, prod-api-*]", true),
        ("host in [a,b]", false),
        ("host NOT IN [a,b]", true),
        // A field of that name, and a label.
        ("severity = critical", true),
        ("severity = page", true),
        ("severity != page", false),
        ("status = warning", true),
        ("source_system = prometheus-*", true),
        ("title = \"Disk*\"", true),
        // What is not there is like an empty text alone.
        ("region = \"\"", true),
        ("region = *", false),
        ("region != eu", true),
        ("region IN [eu, \"\"]", true),
        ("region NOT IN [eu]", true),
        ("host != \"\"", true),
        // Keywords.
        ("disk", true),
        ("DISK", true),
        ("almost*full", true),
        ("full*almost", false),
        ("\"check out\"", true),
        ("PROMETHEUS", true),
        ("/9\\d %/", true),
        ("cpu", false),
        // AND binds tighter.
        ("disk OR cpu AND cpu", true),
        ("(disk OR cpu) AND cpu", false),
        ("cpu AND cpu OR disk", true),
        ("disk and (host=x or status=warning)", true),
    ] {
        let filter = Filter::parse(text).unwrap_or_else(|bad| panic!("{text}: {bad}"));
        assert_eq!(filter.holds(&fields(&labels)), holds, "{text}");
        assert_eq!(Filter::parse(&filter.to_string()).as_ref(), Ok(&filter), "{text} as {filter}");
    }
}

#[test]
fn what_is_no_expression_is_refused_where_it_is_wrong() {
    for (text, place, why) in [
        ("", 1, "a condition is missing here"),
        ("   ", 4, "a condition is missing here"),
        ("host =", 7, "a value is missing here"),
        ("= x", 1, "a condition is missing here"),
        ("host == x", 6, "there is no `==`; write `=`, `!=` or `===`"),
        ("a AND", 6, "a condition is missing here"),
        ("a b", 3, "AND or OR is missing before this"),
        ("(a OR b", 1, "the parenthesis that opens here does not close"),
        ("a)", 2, "this closes nothing"),
        ("h IN a", 6, "a list in brackets is missing, such as [a, b]"),
        ("h IN []", 7, "a value is missing here"),
        ("h IN [a", 6, "the list that begins here does not end"),
        ("h IN [a b]", 9, "a comma or a closing bracket is missing before this"),
        ("h NOT [a]", 7, "IN is missing after NOT"),
        ("h = \"x", 5, "the quote that begins here does not end"),
        ("h = /x", 5, "the regular expression that begins here does not end"),
        ("h = /var/log", 10, "the regular expression ends here; put a path into quotes"),
        ("h* = x", 1, "the name of a field has no `*`"),
        ("/h/ = x", 1, "the name of a field is no regular expression"),
        ("h === /x/", 7, "`===` compares with a text, not with a regular expression"),
        ("ü = \"ü\" AND \"\"", 13, "there is nothing to look for between these quotes"),
        (
            "h = AND",
            5,
            "a value is missing here; put a word like this one into quotes if you mean it",
        ),
    ] {
        let expected = BadFilter { place: Place::Character(place), why: why.to_owned() };
        assert_eq!(Filter::parse(text), Err(expected), "{text}");
    }
    let error = Filter::parse("h = /(/").unwrap_err().to_string();
    assert!(error.contains("unclosed group") && error.ends_with("(at character 5)"), "{error}");
}

#[test]
fn nobody_can_write_one_that_costs_too_much() {
    let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&deep(DEPTH_LIMIT)).is_ok());
    let many = |count: usize, one: &str| vec![one; count].join(" AND ");
    assert!(Filter::parse(&many(CONDITIONS_LIMIT, "a")).is_ok());
    let list = format!("a IN [{}]", vec!["b"; CONDITIONS_LIMIT + 1].join(","));
    for text in [
        deep(DEPTH_LIMIT + 1),
        deep(12_000),
        many(CONDITIONS_LIMIT + 1, "a"),
        list,
        many(EXPRESSIONS_LIMIT + 1, "/a/"),
        format!("a = /{}/", "b".repeat(2_000)),
        "a = /((a{99}){99}){99}/".to_owned(),
        "a".repeat(TEXT_LIMIT + 1),
    ] {
        let bad = Filter::parse(&text).unwrap_err();
        assert!(bad.to_string().len() < 300, "{bad}");
    }
    let mut deep = json!({"=": ["a", "b"]});
    for _ in 0..=DEPTH_LIMIT {
        deep = json!({"AND": [deep, {"=": ["c", "d"]}]});
    }
    assert!(Filter::from_value(&deep).is_err());
}

#[test]
fn objects_are_read_too() {
    for (object, text) in [
        (json!("host = x"), "host = x"),
        (json!({"=": ["host", "prod-*"]}), "host = \"prod-\\*\""),
        (json!({"=": ["host", {"type": "regex", "value": "prod-*"}]}), "host = prod-*"),
        (json!({"!=": ["host", {"type": "formal-regex", "value": "a/b.*"}]}), "host != /a\\/b.*/"),
        (json!({"===": ["n", 5]}), "n === 5"),
        (json!({"IN": ["host", ["a", "b c"]]}), "host IN [a, \"b c\"]"),
        (json!({"NOT IN": ["host", [true]]}), "host NOT IN [true]"),
        (
            json!({"AND": [{"=": ["a", "b"]}, {"OR": [{"=": ["c", "d"]}, "*"]}]}),
            "a = b AND (c = d OR *)",
        ),
        (json!({"OR": [{"=": ["in", "and"]}]}), "\"in\" = \"and\""),
    ] {
        let filter = Filter::from_value(&object).unwrap_or_else(|bad| panic!("{object}: {bad}"));
        assert_eq!(filter.to_string(), text);
        assert_eq!(Filter::parse(text), Ok(filter));
    }
    for (object, place) in [
        (json!(null), ""),
        (json!({}), ""),
        (json!({"=": ["a", "b"], "!=": ["a", "b"]}), ""),
        (json!({"LIKE": ["a", "b"]}), "/LIKE"),
        (json!({"=": ["a"]}), "/="),
        (json!({"=": ["", "b"]}), "/="),
        (json!({"AND": []}), "/AND"),
        (json!({"AND": [{"=": ["a", "b"]}, {"IN": ["a", []]}]}), "/AND/1/IN/1"),
        (json!({"IN": ["a", ["b", null]]}), "/IN/1/1"),
        (json!({"=": ["a", {"type": "formal-regex", "value": "("}]}), "/=/1/value"),
        (json!({"a/b~": 1}), "/a~1b~0"),
    ] {
        let bad = Filter::from_value(&object).unwrap_err();
        assert_eq!(bad.place, Place::Pointer(place.to_owned()), "{object}: {bad}");
    }
}

#[test]
fn what_is_written_as_an_object_means_the_same() {
    for text in [
        "*",
        "disk",
        "host = web-*",
        "host != \"a b\"",
        "host = \"a\\*b*\"",
        "host === web-*",
        "host = /web-.*/",
        "env IN [a, b-*]",
        "env NOT IN [a]",
        "a = b AND (c = d OR disk)",
    ] {
        let filter = Filter::parse(text).unwrap();
        let again = Filter::from_value(&filter.to_value()).unwrap();
        for value in ["a", "b", "web-1", "web-*", "a b", "a*bc", "abc", "b-1", "d"] {
            let labels: BTreeMap<String, String> =
                ["host", "env", "a", "c"].map(|name| (name.to_owned(), value.to_owned())).into();
            let fields = fields(&labels);
            assert_eq!(filter.holds(&fields), again.holds(&fields), "{text} {value}");
        }
    }
}

fn any_pattern() -> impl Strategy<Value = Pattern> {
    let text = prop_oneof![any::<String>(), "[a-z*\\\\\"'/ ]{0,8}", Just("AND".to_owned())];
    let sources = vec!["a/b", "a\\/b", "\\\\/", "[/]+", "x|y", "(?i)É", ".*", ""];
    prop_oneof![
        4 => proptest::collection::vec(text, 1..4).prop_map(Pattern::Text),
        1 => proptest::sample::select(sources)
            .prop_map(|source| Pattern::Expression(Expression::new(source).unwrap())),
    ]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let field =
        || prop_oneof![any::<String>(), "[a-z]{1,6}"].prop_filter("a name", |f| !f.is_empty());
    let leaf =
        prop_oneof![
            Just(Filter::Everything),
            any_pattern()
                .prop_filter("something to look for", |it| !it.is_anything() && !it.is_nothing())
                .prop_map(Filter::Keyword),
            (field(), any_pattern(), any::<bool>())
                .prop_map(|(field, pattern, negated)| Filter::Is { field, pattern, negated }),
            (field(), any::<String>()).prop_map(|(field, text)| Filter::IsExactly { field, text }),
            (field(), proptest::collection::vec(any_pattern(), 1..3), any::<bool>())
                .prop_map(|(field, patterns, negated)| Filter::Among { field, patterns, negated }),
        ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        let several = || proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![several().prop_map(Filter::All), several().prop_map(Filter::Any)]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(filter in any_filter()) {
        prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn no_text_does_harm(text in "([a-z=!*\\[\\](),\"'/\\\\ ]|AND|OR|IN|NOT|\\PC){0,60}") {
        let labels = labels();
        match Filter::parse(&text) {
            Ok(filter) => {
                filter.holds(&fields(&labels));
                prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
            }
            Err(BadFilter { place: Place::Character(at), .. }) => {
                prop_assert!(at >= 1 && at <= text.chars().count() + 1);
            }
            Err(bad) => prop_assert!(false, "{}", bad),
        }
    }

    #[test]
    fn no_object_does_harm(text in any::<String>(), operator in "=|!=|IN|AND|OR|\\PC*") {
        for value in [
            json!({&operator: [&text, &text]}),
            json!({&operator: [&text, [&text, {"type": &text, "value": &text}]]}),
            json!({&operator: {&text: &text}}),
            json!([&operator, &text]),
            Value::from(text.clone()),
        ] {
            if let Ok(filter) = Filter::from_value(&value) {
                prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
            }
        }
    }
}
