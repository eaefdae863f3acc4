// SPDX-License-Identifier: MIT
//! Enough of JSON to read weir_api.json: panics on what is none.

use std::collections::BTreeMap;

pub enum Json {
    Text(String),
    Number(i128),
    Other, // true, false, null
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    pub fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.get(key),
            _ => None,
        }
    }

    pub fn list(&self, key: &str) -> &[Json] {
        match self.get(key) {
            Some(Json::List(items)) => items,
            _ => panic!("no list {key}"),
        }
    }

    pub fn text(&self, key: &str) -> &str {
        match self.get(key) {
            Some(Json::Text(text)) => text,
            _ => panic!("no text {key}"),
        }
    }

    /// A number, also one that is too large for many readers and so written as a text.
    pub fn number(&self, key: &str) -> i128 {
        match self.get(key) {
            Some(Json::Number(number)) => *number,
            Some(Json::Text(digits)) => digits.parse().expect("digits"),
            _ => panic!("no number {key}"),
        }
    }
}

pub fn parse(text: &str) -> Json {
    let mut reader = Reader { rest: text };
    let value = reader.value();
    reader.skip_space();
    assert!(reader.rest.is_empty(), "more behind the JSON");
    value
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn need(&mut self, token: &str) {
        assert!(self.take(token), "{token} is missing before {:.40}", self.rest);
    }

    fn value(&mut self) -> Json {
        if self.take("{") {
            return Json::Object(
                self.members("}", |reader| {
                    let key = reader.string();
                    reader.need(":");
                    (key, reader.value())
                })
                .into_iter()
                .collect(),
            );
        }
        if self.take("[") {
            return Json::List(self.members("]", Reader::value));
        }
        if ["true", "false", "null"].iter().any(|word| self.take(word)) {
            return Json::Other;
        }
        self.skip_space();
        if self.rest.starts_with('"') {
            return Json::Text(self.string());
        }
        let is_part = |c: char| c.is_ascii_digit() || c == '-';
        let (digits, rest) = self.rest.split_at(self.rest.find(|c| !is_part(c)).unwrap_or(0));
        self.rest = rest;
        Json::Number(digits.parse().expect("a whole number"))
    }

    fn members<T>(&mut self, end: &str, read: impl Fn(&mut Self) -> T) -> Vec<T> {
        let mut found = Vec::new();
        if self.take(end) {
            return found;
        }
        loop {
            found.push(read(self));
            if self.take(end) {
                return found;
            }
            self.need(",");
        }
    }

    fn string(&mut self) -> String {
        self.need("\"");
        let mut text = String::new();
        let mut chars = self.rest.chars();
        loop {
            match chars.next().expect("an end of the text") {
                '"' => break,
                '\\' => text.push(match chars.next() {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some(plain @ ('"' | '\\' | '/')) => plain,
                    other => panic!("an escape that is not known: {other:?}"),
                }),
                plain => text.push(plain),
            }
        }
        self.rest = chars.as_str();
        text
    }
}
