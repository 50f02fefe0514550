//! Many cores woven into one: every function that differs asks a switch which of its bodies to run.
//!
//! The woven core is the base, item by item. A function whose body a core changes becomes a `match` on the number of
//! the core that is switched on, with the base's body for all others. Functions, statics and constants that a core adds
//! are added under a name of that core's own, and its bodies use that name. What cannot stand beside others in one
//! program is refused by name: a changed type, signature or constant, an added file.
//!
//! Comments and unit tests are left out.

mod clean;
mod function;
mod items;
mod rename;
mod switch;

use std::collections::{BTreeMap, BTreeSet};

use syn::visit_mut::VisitMut as _;

pub(crate) use switch::arms;
#[cfg(test)]
pub(crate) use switch::unswitched;

use crate::error::Error;
use crate::sources::Sources;

/// One of the cores to weave in.
pub(crate) struct Variant {
    /// What switches it on.
    pub(crate) name: String,
    /// Its sources, whole.
    pub(crate) sources: Sources,
}

/// The woven core. The first variant has the number 1: 0 is the base.
pub(crate) fn weave(base: &Sources, variants: &[Variant]) -> Result<Sources, Error> {
    let mut files = parse("base", base)?;
    for (variant, number) in variants.iter().zip(1..) {
        weave_one(base, &mut files, variant, number)?;
    }
    switch::drop_const(&mut files);
    let mut woven = Sources::new();
    for (name, mut file) in files {
        items::refresh_provided(&mut file);
        woven.insert(name, prettyplease::unparse(&file));
    }
    let names: Vec<&str> = variants.iter().map(|one| one.name.as_str()).collect();
    woven.insert("switch.rs".to_owned(), switch::module(&names));
    let root = woven.entry("lib.rs".to_owned()).or_default();
    *root = format!("#![allow(warnings)]\n{root}\nmod switch;\n");
    Ok(woven)
}

fn weave_one(
    base: &Sources,
    files: &mut BTreeMap<String, syn::File>,
    variant: &Variant,
    number: u16,
) -> Result<(), Error> {
    let refuse = |file: &str, what: String| Error::Unswitchable {
        name: variant.name.clone(),
        file: file.to_owned(),
        what,
    };
    if let Some(file) = variant
        .sources
        .keys()
        .find(|name| !base.contains_key(*name))
    {
        return Err(refuse(file, "adds this file".to_owned()));
    }
    let mut changed = Vec::new();
    let mut added = BTreeSet::new();
    for (name, text) in base {
        let Some(own) = variant.sources.get(name) else {
            return Err(refuse(name, "takes this file away".to_owned()));
        };
        if own != text {
            let file = parse_one(&variant.name, name, own)?;
            let original = parse_one("base", name, text)?;
            added.extend(items::added(&original, &file));
            changed.push((name, original, file));
        }
    }
    for (name, original, mut file) in changed {
        rename::Rename {
            names: &added,
            number,
        }
        .visit_file_mut(&mut file);
        let into = files
            .get_mut(name)
            .expect("the woven core has the base's files");
        items::merge(into, &original, file, number).map_err(|what| refuse(name, what))?;
    }
    Ok(())
}

fn parse(core: &str, sources: &Sources) -> Result<BTreeMap<String, syn::File>, Error> {
    let files = sources.iter();
    files
        .map(|(name, text)| Ok((name.clone(), parse_one(core, name, text)?)))
        .collect()
}

/// A file without comments and unit tests.
fn parse_one(core: &str, name: &str, text: &str) -> Result<syn::File, Error> {
    let mut file = syn::parse_file(text).map_err(|error| Error::Syntax {
        name: core.to_owned(),
        file: name.to_owned(),
        why: format!("line {}: {error}", error.span().start().line),
    })?;
    clean::Strip.visit_file_mut(&mut file);
    clean::split_uses(&mut file);
    Ok(file)
}
