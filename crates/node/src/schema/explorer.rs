//! Finds the schema of a type by reading values of it from nothing.
//!
//! [`Reader`] is a deserializer without input. An enum is read again and again, each time as its next variant, until
//! there is none left that was not read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Visitor};

use super::reader::{Elements, Reader};

/// How deep types are nested at most. A type that contains itself is deeper than any.
const DEPTH_MAX: usize = 64;
/// How often a type is read at most until all its variants have been.
const READINGS_MAX: usize = 10_000;

/// What is known of a type so far.
#[derive(Default)]
pub(super) struct Explorer {
    /// What named structs hold. Types that share a name have a text each.
    structs: BTreeMap<&'static str, BTreeSet<String>>,
    /// What enums hold, by their names and those of their variants.
    enums: BTreeMap<(&'static str, &'static [&'static str]), Variants>,
    depth: usize,
}

/// What is known of an enum so far.
struct Variants {
    /// How often it was read.
    readings: usize,
    /// What its variants hold; `None` if one was not read yet.
    contents: Vec<Option<String>>,
}

/// Why a type cannot be read.
#[derive(Debug)]
pub(super) struct Refused(pub(super) String);

impl Explorer {
    /// The type in words, and every named type in it with what it holds.
    ///
    /// # Errors
    /// In words, if it cannot be read so.
    pub(super) fn explore<T: Deserialize<'static>>() -> Result<(String, Vec<String>), String> {
        let mut explorer = Explorer::default();
        for _ in 0..READINGS_MAX {
            let (_, root) = explorer
                .read(|reader| T::deserialize(reader))
                .map_err(|refused| refused.0)?;
            if explorer.is_done() {
                return Ok((root, explorer.types()));
            }
        }
        Err(format!(
            "{READINGS_MAX} readings do not reach all its variants"
        ))
    }

    fn is_done(&self) -> bool {
        let mut contents = self.enums.values().flat_map(|known| &known.contents);
        contents.all(Option::is_some)
    }

    fn types(&self) -> Vec<String> {
        let structs = self.structs.iter().flat_map(|(name, texts)| {
            let named = move |text: &String| (*name, format!("{name}{text}"));
            texts.iter().map(named)
        });
        let enums = self.enums.iter().map(|((name, variants), known)| {
            let held = known.contents.iter().map(Option::as_deref);
            let named = variants.iter().zip(held);
            let all: Vec<String> = named
                .map(|(variant, held)| format!("{variant}{}", held.unwrap_or_default()))
                .collect();
            (*name, format!("{name} = {}", all.join(" | ")))
        });
        let sorted: BTreeSet<(&str, String)> = structs.chain(enums).collect();
        sorted.into_iter().map(|(_, text)| text).collect()
    }

    /// Reads one value; with it, its type.
    pub(super) fn read<T>(
        &mut self,
        read: impl FnOnce(Reader<'_>) -> Result<T, Refused>,
    ) -> Result<(T, String), Refused> {
        if self.depth == DEPTH_MAX {
            return Err(Refused("it contains itself".to_owned()));
        }
        self.depth += 1;
        let mut seen = String::new();
        let value = read(Reader {
            explorer: self,
            seen: &mut seen,
        })?;
        self.depth -= 1;
        Ok((value, seen))
    }

    /// Reads so many values; with them, their types.
    pub(super) fn read_all<T>(
        &mut self,
        count: usize,
        read: impl FnOnce(&mut Elements<'_>) -> Result<T, Refused>,
    ) -> Result<(T, Vec<String>), Refused> {
        let mut elements = Elements {
            explorer: self,
            left: count,
            seen: Vec::new(),
        };
        let value = read(&mut elements)?;
        Ok((value, elements.seen))
    }

    pub(super) fn read_fields<V: Visitor<'static>>(
        &mut self,
        fields: &[&str],
        visitor: V,
    ) -> Result<(V::Value, String), Refused> {
        let (value, seen) = self.read_all(fields.len(), |elements| visitor.visit_seq(elements))?;
        let named = fields.iter().zip(seen);
        let all: Vec<String> = named
            .map(|(field, seen)| format!("{field}: {seen}"))
            .collect();
        Ok((value, format!(" {{ {} }}", all.join(", "))))
    }

    pub(super) fn read_tuple<V: Visitor<'static>>(
        &mut self,
        count: usize,
        visitor: V,
    ) -> Result<(V::Value, String), Refused> {
        let (value, seen) = self.read_all(count, |elements| visitor.visit_seq(elements))?;
        let is_array = seen.len() > 2 && seen.iter().all(|one| *one == seen[0]);
        let text = if is_array {
            format!("{}[{count}]", seen[0])
        } else {
            format!("({})", seen.join(", "))
        };
        Ok((value, text))
    }

    pub(super) fn note_struct(&mut self, name: &'static str, held: String) {
        self.structs.entry(name).or_default().insert(held);
    }

    /// As which variant an enum is read this time: in turn, also when all have been read, since there may be
    /// enums below them that have not.
    pub(super) fn next_turn(
        &mut self,
        name: &'static str,
        variants: &'static [&'static str],
    ) -> usize {
        let fresh = || Variants {
            readings: 0,
            contents: vec![None; variants.len()],
        };
        let known = self.enums.entry((name, variants)).or_insert_with(fresh);
        let turn = known.readings % variants.len().max(1);
        known.readings += 1;
        turn
    }

    pub(super) fn note_variant(
        &mut self,
        name: &'static str,
        variants: &'static [&'static str],
        turn: usize,
        held: String,
    ) {
        let known = self.enums.get_mut(&(name, variants));
        if let Some(content) = known.and_then(|known| known.contents.get_mut(turn)) {
            *content = Some(held);
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(problem: T) -> Refused {
        Refused(problem.to_string())
    }
}
