//! The items of a file: what two versions of it share, what one adds, and what cannot be merged.

use std::collections::BTreeSet;

use quote::ToTokens as _;
use syn::{ImplItem, Item, TraitItem};

use super::function::{Function, add_body, overriding, provided_name};

/// What tells an item from the others of its file: an implementation is told by its head.
fn key(item: &Item) -> String {
    if let Item::Fn(function) = item {
        format!("fn {}", function.sig.ident)
    } else if let Item::Impl(block) = item {
        let head = syn::ItemImpl {
            items: Vec::new(),
            ..block.clone()
        };
        head.to_token_stream().to_string()
    } else if let Item::Trait(one) = item {
        format!("trait {}", one.ident)
    } else if let Item::Static(one) = item {
        format!("static {}", one.ident)
    } else if let Item::Const(one) = item {
        format!("const {}", one.ident)
    } else if let Item::Struct(one) = item {
        format!("the type {}", one.ident)
    } else if let Item::Enum(one) = item {
        format!("the type {}", one.ident)
    } else {
        item.to_token_stream().to_string()
    }
}

fn find<'a>(items: &'a [Item], wanted: &str) -> Option<&'a Item> {
    items.iter().find(|item| key(item) == wanted)
}

/// The names that a file adds to another: of functions, statics and constants, but not of overrides.
pub(super) fn added(base: &syn::File, own: &syn::File) -> BTreeSet<String> {
    let mut added = BTreeSet::new();
    for item in &own.items {
        let original = find(&base.items, &key(item));
        match (item, original) {
            (Item::Fn(one), None) => added.extend([one.sig.ident.to_string()]),
            (Item::Static(one), None) => added.extend([one.ident.to_string()]),
            (Item::Const(one), None) => added.extend([one.ident.to_string()]),
            (Item::Impl(block), original) if block.trait_.is_none() => {
                let known = original.map(methods).unwrap_or_default();
                let own = methods(item);
                added.extend(own.into_iter().filter(|name| !known.contains(name)));
            }
            (Item::Trait(_), Some(original)) => {
                let known = methods(original);
                let own = methods(item);
                added.extend(own.into_iter().filter(|name| !known.contains(name)));
            }
            _ => {}
        }
    }
    added
}

fn methods(item: &Item) -> Vec<String> {
    let name = |one: Function<'_>| one.signature.ident.to_string();
    if let Item::Impl(block) = item {
        let items = block.items.iter();
        items.filter_map(impl_function).map(name).collect()
    } else if let Item::Trait(one) = item {
        let items = one.items.iter();
        items.filter_map(trait_function).map(name).collect()
    } else {
        Vec::new()
    }
}

fn impl_function(item: &ImplItem) -> Option<Function<'_>> {
    if let ImplItem::Fn(one) = item {
        Some(Function {
            signature: &one.sig,
            body: &one.block,
        })
    } else {
        None
    }
}

fn trait_function(item: &TraitItem) -> Option<Function<'_>> {
    if let TraitItem::Fn(one) = item {
        Some(Function {
            signature: &one.sig,
            body: one.default.as_ref()?,
        })
    } else {
        None
    }
}

/// Merges a core's version of a file into the woven one. `base` is the file as that version was made from.
///
/// # Errors
/// In words, what of it cannot be switched.
pub(super) fn merge(
    into: &mut syn::File,
    base: &syn::File,
    own: syn::File,
    number: u16,
) -> Result<(), String> {
    for item in &base.items {
        if find(&own.items, &key(item)).is_none() && !matches!(item, Item::Use(_) | Item::Fn(_)) {
            return Err(format!("takes away {}", key(item)));
        }
    }
    let mut overrides = Vec::new();
    for item in own.items {
        let name = key(&item);
        let Some(original) = find(&base.items, &name) else {
            add(into, item, &name)?;
            continue;
        };
        if *original == item {
            continue;
        }
        let place = into.items.iter().position(|one| key(one) == name);
        let target = &mut into.items[place.expect("the woven file has the base's items")];
        match (target, original, item) {
            (Item::Fn(target), Item::Fn(original), Item::Fn(own)) => {
                let own = Function {
                    signature: &own.sig,
                    body: &own.block,
                };
                add_body(&mut target.block, number, own.body_for(&original.sig)?);
            }
            (Item::Impl(target), Item::Impl(original), Item::Impl(own)) => {
                merge_impl(target, original, own, number, &mut overrides)?;
            }
            (Item::Trait(target), Item::Trait(original), Item::Trait(own)) => {
                merge_trait(target, original, own, number)?;
            }
            _ => return Err(format!("changes {name}")),
        }
    }
    overrides
        .iter()
        .try_for_each(|name| keep_provided(into, name))
}

/// Adds an item that the base has not.
fn add(into: &mut syn::File, item: Item, name: &str) -> Result<(), String> {
    if find(&into.items, name) == Some(&item) {
        return Ok(());
    }
    let is_own_block = matches!(&item, Item::Impl(block) if block.trait_.is_none());
    if is_own_block
        || matches!(
            item,
            Item::Fn(_) | Item::Static(_) | Item::Const(_) | Item::Use(_)
        )
    {
        into.items.push(item);
        Ok(())
    } else {
        Err(format!("adds {name}"))
    }
}

fn merge_impl(
    into: &mut syn::ItemImpl,
    base: &syn::ItemImpl,
    own: syn::ItemImpl,
    number: u16,
    overrides: &mut Vec<syn::Ident>,
) -> Result<(), String> {
    let functions = |block: &syn::ItemImpl| {
        block
            .items
            .iter()
            .filter(|item| impl_function(item).is_some())
            .count()
    };
    if base.items.len() - functions(base) != own.items.len() - functions(&own) {
        return Err("adds or takes away a constant or a type of an implementation".to_owned());
    }
    let is_trait = base.trait_.is_some();
    for item in own.items {
        let Some(function) = impl_function(&item) else {
            if base.items.contains(&item) {
                continue;
            }
            return Err(format!("changes `{}`", item.to_token_stream()));
        };
        let name = &function.signature.ident;
        let same =
            |one: &&ImplItem| impl_function(one).is_some_and(|one| one.signature.ident == *name);
        let target = impl_method_mut(into, name);
        match (base.items.iter().find(same).and_then(impl_function), target) {
            (Some(original), Some(target)) => {
                if !function.is_same(&original) {
                    add_body(
                        &mut target.block,
                        number,
                        function.body_for(original.signature)?,
                    );
                }
            }
            // Another core overrides it as well.
            (None, Some(target)) => {
                add_body(&mut target.block, number, function.body_for(&target.sig)?);
            }
            (_, None) => {
                let ImplItem::Fn(method) = item.clone() else {
                    continue;
                };
                if is_trait {
                    overrides.push(method.sig.ident.clone());
                    into.items.push(ImplItem::Fn(overriding(&method, number)?));
                } else {
                    into.items.push(ImplItem::Fn(method));
                }
            }
        }
    }
    Ok(())
}

fn merge_trait(
    into: &mut syn::ItemTrait,
    base: &syn::ItemTrait,
    own: syn::ItemTrait,
    number: u16,
) -> Result<(), String> {
    for item in own.items {
        if base.items.contains(&item) {
            continue;
        }
        let Some(function) = trait_function(&item) else {
            return Err(format!("changes `{}`", item.to_token_stream()));
        };
        let name = function.signature.ident.clone();
        let target = trait_method_mut(into, &name);
        match target {
            Some(target) => {
                let body = function.body_for(&target.sig)?;
                let provided = target.default.as_mut();
                add_body(provided.ok_or(format!("changes `{name}`"))?, number, body);
            }
            None => into.items.push(item),
        }
    }
    Ok(())
}

/// Where an implementation overrides a method for some cores only, the others need what the trait provides under a
/// name that is not overridden.
fn keep_provided(into: &mut syn::File, method: &syn::Ident) -> Result<(), String> {
    let kept = provided_name(method);
    for item in &mut into.items {
        let Item::Trait(one) = item else { continue };
        if provided(one, &kept).is_some() {
            return Ok(());
        }
        if let Some(found) = provided(one, method) {
            let mut found = found.clone();
            found.sig.ident = kept;
            one.items.push(TraitItem::Fn(found));
            return Ok(());
        }
    }
    Err(format!(
        "overrides `{method}`, which no trait of this file provides"
    ))
}

fn provided<'a>(one: &'a syn::ItemTrait, name: &syn::Ident) -> Option<&'a syn::TraitItemFn> {
    let mut methods = one.items.iter().filter_map(trait_method);
    methods.find(|found| found.sig.ident == *name)
}

fn trait_method(item: &TraitItem) -> Option<&syn::TraitItemFn> {
    if let TraitItem::Fn(found) = item {
        Some(found)
    } else {
        None
    }
}

fn trait_method_mut<'a>(
    one: &'a mut syn::ItemTrait,
    name: &syn::Ident,
) -> Option<&'a mut syn::TraitItemFn> {
    one.items.iter_mut().find_map(|item| {
        if let TraitItem::Fn(found) = item
            && found.sig.ident == *name
        {
            Some(found)
        } else {
            None
        }
    })
}

fn impl_method_mut<'a>(
    block: &'a mut syn::ItemImpl,
    name: &syn::Ident,
) -> Option<&'a mut syn::ImplItemFn> {
    block.items.iter_mut().find_map(|item| {
        if let ImplItem::Fn(found) = item
            && found.sig.ident == *name
        {
            Some(found)
        } else {
            None
        }
    })
}

/// What a trait provides, as it is after the last core, also under the names by which overrides ask for it.
pub(super) fn refresh_provided(file: &mut syn::File) {
    for item in &mut file.items {
        let Item::Trait(one) = item else { continue };
        let methods = one.items.iter().filter_map(trait_method);
        let bodies: Vec<(syn::Ident, Option<syn::Block>)> = methods
            .map(|found| (provided_name(&found.sig.ident), found.default.clone()))
            .collect();
        for item in &mut one.items {
            if let TraitItem::Fn(kept) = item
                && let Some((_, body)) = bodies.iter().find(|(name, _)| *name == kept.sig.ident)
            {
                kept.default.clone_from(body);
            }
        }
    }
}
