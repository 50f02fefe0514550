//! A file made ready to be merged: without comments and unit tests, and with one `use` for each name.

use quote::ToTokens as _;
use syn::Item;
use syn::visit_mut::{self, VisitMut};

/// Takes out comments and unit tests.
pub(super) struct Strip;

impl VisitMut for Strip {
    fn visit_file_mut(&mut self, file: &mut syn::File) {
        file.items.retain(|item| !is_test(item));
        visit_mut::visit_file_mut(self, file);
    }

    fn visit_attributes_mut(&mut self, attributes: &mut Vec<syn::Attribute>) {
        attributes.retain(|attribute| !attribute.path().is_ident("doc"));
    }
}

fn is_test(item: &Item) -> bool {
    if let Item::Mod(module) = item {
        let mut attributes = module.attrs.iter();
        attributes.any(|attribute| attribute.to_token_stream().to_string().contains("(test)"))
    } else {
        false
    }
}

/// Makes one `use` of each name that a file uses, so that two files can be merged name by name.
pub(super) fn split_uses(file: &mut syn::File) {
    let items = std::mem::take(&mut file.items);
    for item in items {
        if let Item::Use(used) = item {
            let mut leaves = Vec::new();
            leaves_of(&used.tree, &mut leaves);
            for tree in leaves {
                let one = syn::ItemUse {
                    tree,
                    ..used.clone()
                };
                file.items.push(Item::Use(one));
            }
        } else {
            file.items.push(item);
        }
    }
}

fn leaves_of(tree: &syn::UseTree, leaves: &mut Vec<syn::UseTree>) {
    match tree {
        syn::UseTree::Group(group) => group.items.iter().for_each(|one| leaves_of(one, leaves)),
        syn::UseTree::Path(path) => {
            let mut below = Vec::new();
            leaves_of(&path.tree, &mut below);
            leaves.extend(below.into_iter().map(|tree| {
                syn::UseTree::Path(syn::UsePath {
                    tree: Box::new(tree),
                    ..path.clone()
                })
            }));
        }
        syn::UseTree::Name(_) | syn::UseTree::Rename(_) | syn::UseTree::Glob(_) => {
            leaves.push(tree.clone());
        }
    }
}
