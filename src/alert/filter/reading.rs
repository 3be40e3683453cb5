//! Reads an expression from text.
//!
//! ```text
//! any    = all {OR all}
//! all    = one {AND one}
//! one    = "(" any ")" | "*" | name sign value | name [NOT] IN "[" value {"," value} "]" | value
//! sign   = "=" | "!=" | "==="
//! value  = word | quoted | "/" expression "/"
//! ```

use crate::alert::filter::pattern::is_keyword;
use crate::alert::filter::{
    BadFilter, DEPTH_LIMIT, Expression, Filter, Pattern, Place, Size, TEXT_LIMIT,
};

/// What an expression is written with.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    ListOpen,
    ListClose,
    Comma,
    Equal,
    Unequal,
    Exactly,
    /// A word, or what stands in quotes: the parts between its `*`.
    Word {
        parts: Vec<String>,
        is_quoted: bool,
    },
    Expression(Expression),
}

impl Token {
    fn is_word(&self, keyword: &str) -> bool {
        match self {
            Token::Word { parts, is_quoted: false } => {
                parts.len() == 1 && parts[0].eq_ignore_ascii_case(keyword)
            }
            _ => false,
        }
    }

    fn is_any_keyword(&self) -> bool {
        match self {
            Token::Word { parts, is_quoted: false } => parts.len() == 1 && is_keyword(&parts[0]),
            _ => false,
        }
    }
}

pub(super) fn read(text: &str) -> Result<Filter, BadFilter> {
    if text.len() > TEXT_LIMIT {
        let why = format!("the expression is longer than {TEXT_LIMIT} bytes");
        return Err(BadFilter { place: Place::Character(1), why });
    }
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut scanner = Scanner { chars: &chars, at: 0 };
    while let Some(token) = scanner.next()? {
        tokens.push(token);
    }
    let mut parser =
        Parser { tokens: &tokens, at: 0, end: chars.len(), depth: 0, size: Size::default() };
    let filter = parser.any()?;
    match parser.peek() {
        None => Ok(filter),
        Some(Token::Close) => Err(parser.bad("this closes nothing")),
        Some(_) => Err(parser.bad("AND or OR is missing before this")),
    }
}

fn bad(at: usize, why: impl Into<String>) -> BadFilter {
    BadFilter { place: Place::Character(at + 1), why: why.into() }
}

/// Cuts the text into tokens.
struct Scanner<'a> {
    chars: &'a [char],
    at: usize,
}

impl Scanner<'_> {
    fn next(&mut self) -> Result<Option<(usize, Token)>, BadFilter> {
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        let start = self.at;
        let Some(first) = self.peek(0) else { return Ok(None) };
        let (length, token) = match (first, self.peek(1), self.peek(2)) {
            ('(', ..) => (1, Token::Open),
            (')', ..) => (1, Token::Close),
            ('[', ..) => (1, Token::ListOpen),
            (']', ..) => (1, Token::ListClose),
            (',', ..) => (1, Token::Comma),
            ('=', Some('='), Some('=')) => (3, Token::Exactly),
            ('=', Some('='), _) => {
                return Err(bad(start, "there is no `==`; write `=`, `!=` or `===`"));
            }
            ('=', ..) => (1, Token::Equal),
            ('!', Some('='), _) => (2, Token::Unequal),
            ('"' | '\'', ..) => (0, self.quoted(first)?),
            ('/', ..) => (0, self.expression()?),
            _ => (0, self.word()),
        };
        self.at += length;
        Ok(Some((start, token)))
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    /// A backslash takes the meaning from a quote, a `*` or a backslash.
    fn quoted(&mut self, quote: char) -> Result<Token, BadFilter> {
        let start = self.at;
        self.at += 1;
        let mut parts = vec![String::new()];
        loop {
            let Some(c) = self.peek(0) else {
                return Err(bad(start, "the quote that begins here does not end"));
            };
            self.at += 1;
            match (c, self.peek(0)) {
                ('\\', Some(next)) if next == quote || matches!(next, '\\' | '*' | '"') => {
                    self.at += 1;
                    push(&mut parts, next);
                }
                ('*', _) => parts.push(String::new()),
                (c, _) if c == quote => return Ok(Token::Word { parts, is_quoted: true }),
                (c, _) => push(&mut parts, c),
            }
        }
    }

    fn expression(&mut self) -> Result<Token, BadFilter> {
        let start = self.at;
        self.at += 1;
        let mut source = String::new();
        loop {
            let Some(c) = self.peek(0) else {
                return Err(bad(start, "the regular expression that begins here does not end"));
            };
            self.at += 1;
            match c {
                '/' => break,
                '\\' => {
                    source.push(c);
                    source.extend(self.peek(0));
                    self.at += 1;
                }
                c => source.push(c),
            }
        }
        if self.peek(0).is_some_and(is_part_of_word) {
            let why = "the regular expression ends here; put a path into quotes";
            return Err(bad(self.at, why));
        }
        Expression::new(&source).map(Token::Expression).map_err(|why| bad(start, why))
    }

    fn word(&mut self) -> Token {
        let mut parts = vec![String::new()];
        while let Some(c) = self.peek(0) {
            if !is_part_of_word(c) || (c == '!' && self.peek(1) == Some('=')) {
                break;
            }
            self.at += 1;
            match c {
                '*' => parts.push(String::new()),
                c => push(&mut parts, c),
            }
        }
        Token::Word { parts, is_quoted: false }
    }
}

fn push(parts: &mut [String], c: char) {
    parts.last_mut().expect("there is at least one part").push(c);
}

fn is_part_of_word(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '(' | ')' | '[' | ']' | ',' | '=' | '"' | '\'')
}

/// Puts tokens together.
struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
    /// The length of the text, in characters.
    end: usize,
    depth: usize,
    size: Size,
}

impl<'a> Parser<'a> {
    fn any(&mut self) -> Result<Filter, BadFilter> {
        let mut filters = vec![self.all()?];
        while self.takes_word("OR") {
            filters.push(self.all()?);
        }
        Ok(alone_or(filters, Filter::Any))
    }

    fn all(&mut self) -> Result<Filter, BadFilter> {
        let mut filters = vec![self.one()?];
        while self.takes_word("AND") {
            filters.push(self.one()?);
        }
        Ok(alone_or(filters, Filter::All))
    }

    fn one(&mut self) -> Result<Filter, BadFilter> {
        if self.peek() == Some(&Token::Open) {
            return self.inner();
        }
        let start = self.place();
        let value = self.value("a condition")?;
        match self.peek() {
            Some(Token::Equal | Token::Unequal) => {
                let negated = self.take() == Some(&Token::Unequal);
                let field = name(value).map_err(|why| bad(start, why))?;
                let pattern = self.counted("a value")?;
                Ok(Filter::Is { field, pattern, negated })
            }
            Some(Token::Exactly) => {
                self.take();
                let field = name(value).map_err(|why| bad(start, why))?;
                let at = self.place();
                match self.counted("a value")? {
                    Pattern::Text(parts) => Ok(Filter::IsExactly { field, text: parts.join("*") }),
                    Pattern::Expression(_) => {
                        Err(bad(at, "`===` compares with a text, not with a regular expression"))
                    }
                }
            }
            Some(token) if token.is_word("IN") || token.is_word("NOT") => {
                let negated = self.takes_word("NOT");
                if !self.takes_word("IN") {
                    return Err(self.bad("IN is missing after NOT"));
                }
                let field = name(value).map_err(|why| bad(start, why))?;
                Ok(Filter::Among { field, patterns: self.list()?, negated })
            }
            _ => {
                let pattern = pattern(value);
                self.size.add(Some(&pattern)).map_err(|why| bad(start, why))?;
                if pattern.is_anything() {
                    return Ok(Filter::Everything);
                }
                if pattern.is_nothing() {
                    return Err(bad(start, "there is nothing to look for between these quotes"));
                }
                Ok(Filter::Keyword(pattern))
            }
        }
    }

    fn inner(&mut self) -> Result<Filter, BadFilter> {
        let start = self.place();
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            let why = format!("parentheses stand more than {DEPTH_LIMIT} deep within each other");
            return Err(bad(start, why));
        }
        self.take();
        let filter = self.any()?;
        match self.peek() {
            Some(Token::Close) => {
                self.take();
                self.depth -= 1;
                Ok(filter)
            }
            Some(_) => Err(self.bad("AND, OR or a closing parenthesis is missing before this")),
            None => Err(bad(start, "the parenthesis that opens here does not close")),
        }
    }

    fn list(&mut self) -> Result<Vec<Pattern>, BadFilter> {
        if self.peek() != Some(&Token::ListOpen) {
            return Err(self.bad("a list in brackets is missing, such as [a, b]"));
        }
        let start = self.place();
        self.take();
        let mut patterns = Vec::new();
        loop {
            patterns.push(self.counted("a value")?);
            match self.take() {
                Some(Token::Comma) => {}
                Some(Token::ListClose) => return Ok(patterns),
                Some(_) => {
                    self.at -= 1;
                    return Err(self.bad("a comma or a closing bracket is missing before this"));
                }
                None => return Err(bad(start, "the list that begins here does not end")),
            }
        }
    }

    /// A value, which is one more condition.
    fn counted(&mut self, wanted: &str) -> Result<Pattern, BadFilter> {
        let start = self.place();
        let pattern = pattern(self.value(wanted)?);
        self.size.add(Some(&pattern)).map_err(|why| bad(start, why))?;
        Ok(pattern)
    }

    fn value(&mut self, wanted: &str) -> Result<&'a Token, BadFilter> {
        let missing = format!("{wanted} is missing here");
        match self.peek() {
            Some(token) if token.is_any_keyword() => {
                Err(self
                    .bad(format!("{missing}; put a word like this one into quotes if you mean it")))
            }
            Some(token @ (Token::Word { .. } | Token::Expression(_))) => {
                self.at += 1;
                Ok(token)
            }
            _ => Err(self.bad(missing)),
        }
    }

    fn takes_word(&mut self, keyword: &str) -> bool {
        let is_there = self.peek().is_some_and(|token| token.is_word(keyword));
        self.at += usize::from(is_there);
        is_there
    }

    fn take(&mut self) -> Option<&'a Token> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn place(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |(at, _)| *at)
    }

    fn bad(&self, why: impl Into<String>) -> BadFilter {
        bad(self.place(), why)
    }
}

fn pattern(token: &Token) -> Pattern {
    match token {
        Token::Expression(expression) => Pattern::Expression(expression.clone()),
        Token::Word { parts, .. } => Pattern::Text(parts.clone()),
        _ => unreachable!("only words and expressions are values"),
    }
}

fn name(token: &Token) -> Result<String, &'static str> {
    match token {
        Token::Word { parts, .. } if parts.len() > 1 => Err("the name of a field has no `*`"),
        Token::Word { parts, .. } if parts[0].is_empty() => Err("the name of a field is missing"),
        Token::Word { parts, .. } => Ok(parts[0].clone()),
        _ => Err("the name of a field is no regular expression"),
    }
}

fn alone_or(mut filters: Vec<Filter>, several: fn(Vec<Filter>) -> Filter) -> Filter {
    match filters.len() {
        1 => filters.remove(0),
        _ => several(filters),
    }
}
