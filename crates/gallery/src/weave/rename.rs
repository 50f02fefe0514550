//! What a core adds has a name of that core's own, since two cores may add the same.

use std::collections::BTreeSet;

use quote::format_ident;
use syn::visit_mut::{self, VisitMut};

/// Renames what is added, where it is made and where it is used.
pub(super) struct Rename<'a> {
    pub(super) names: &'a BTreeSet<String>,
    pub(super) number: u16,
}

impl Rename<'_> {
    fn ident(&self, ident: &mut syn::Ident) {
        if self.names.contains(&ident.to_string()) {
            *ident = format_ident!("{ident}__{}", self.number);
        }
    }
}

impl VisitMut for Rename<'_> {
    fn visit_signature_mut(&mut self, signature: &mut syn::Signature) {
        self.ident(&mut signature.ident);
        visit_mut::visit_signature_mut(self, signature);
    }

    fn visit_item_static_mut(&mut self, item: &mut syn::ItemStatic) {
        self.ident(&mut item.ident);
        visit_mut::visit_item_static_mut(self, item);
    }

    fn visit_item_const_mut(&mut self, item: &mut syn::ItemConst) {
        self.ident(&mut item.ident);
        visit_mut::visit_item_const_mut(self, item);
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut syn::ExprMethodCall) {
        self.ident(&mut call.method);
        visit_mut::visit_expr_method_call_mut(self, call);
    }

    fn visit_expr_path_mut(&mut self, path: &mut syn::ExprPath) {
        if let Some(last) = path.path.segments.last_mut() {
            self.ident(&mut last.ident);
        }
        visit_mut::visit_expr_path_mut(self, path);
    }
}
