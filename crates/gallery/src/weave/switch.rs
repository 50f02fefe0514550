//! The switch: which core runs is read once, from the environment.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use quote::{ToTokens as _, quote};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};

/// The module of the woven core that answers which core is switched on: 0 is the base. An unknown name ends the
/// process, since the base's answers would be taken for that core's.
pub(super) fn module(names: &[&str]) -> String {
    let module = quote! {
        extern crate std;

        const NAMES: &[&str] = &[#(#names),*];

        pub(crate) fn number() -> u16 {
            static NUMBER: std::sync::OnceLock<u16> = std::sync::OnceLock::new();
            *NUMBER.get_or_init(read)
        }

        fn read() -> u16 {
            let Ok(name) = std::env::var("PAXOS_CORE") else {
                return 0;
            };
            match NAMES.iter().position(|known| *known == name) {
                Some(place) => place as u16 + 1,
                None => {
                    std::eprintln!("PAXOS_CORE is `{name}`, and no such core is in this program");
                    std::process::exit(2)
                }
            }
        }
    };
    let file = syn::parse2(module).expect("it is written above");
    prettyplease::unparse(&file)
}

/// The `match` on the switch that is a function's whole body, if it is.
pub(super) fn switched(body: &syn::Block) -> Option<&syn::ExprMatch> {
    match body.stmts.as_slice() {
        [syn::Stmt::Expr(syn::Expr::Match(switched), None)] if asks_switch(switched) => {
            Some(switched)
        }
        _ => None,
    }
}

pub(super) fn switched_mut(body: &mut syn::Block) -> Option<&mut syn::ExprMatch> {
    match body.stmts.as_mut_slice() {
        [syn::Stmt::Expr(syn::Expr::Match(switched), None)] if asks_switch(switched) => {
            Some(switched)
        }
        _ => None,
    }
}

fn asks_switch(switched: &syn::ExprMatch) -> bool {
    switched.expr.to_token_stream().to_string() == "crate :: switch :: number ()"
}

/// The lines of each core's bodies in a woven file: what the compiler says of a line is said of that core.
pub(crate) fn arms(text: &str) -> Vec<(u16, RangeInclusive<usize>)> {
    struct Arms(Vec<(u16, RangeInclusive<usize>)>);

    impl Visit<'_> for Arms {
        fn visit_expr_match(&mut self, switched: &syn::ExprMatch) {
            if asks_switch(switched) {
                for arm in &switched.arms {
                    let number = arm.pat.to_token_stream().to_string();
                    if let Ok(number) = number.trim_end_matches("u16").parse() {
                        let span = arm.span();
                        self.0.push((number, span.start().line..=span.end().line));
                    }
                }
            }
            visit::visit_expr_match(self, switched);
        }
    }

    let mut arms = Arms(Vec::new());
    if let Ok(file) = syn::parse_file(text) {
        arms.visit_file(&file);
    }
    arms.0
}

/// A function that asks the switch is not `const`, nor is one that calls it.
pub(super) fn drop_const(files: &mut BTreeMap<String, syn::File>) {
    let mut plain = BTreeSet::new();
    loop {
        let mut pass = DropConst {
            plain: &plain,
            found: BTreeSet::new(),
        };
        for file in files.values_mut() {
            pass.visit_file_mut(file);
        }
        let found = pass.found;
        if found.is_subset(&plain) {
            return;
        }
        plain.extend(found);
    }
}

struct DropConst<'a> {
    plain: &'a BTreeSet<String>,
    found: BTreeSet<String>,
}

impl DropConst<'_> {
    fn look(&mut self, signature: &mut syn::Signature, body: &syn::Block) {
        let calls_plain = || {
            let mut names = Names(BTreeSet::new());
            names.visit_block(body);
            !names.0.is_disjoint(self.plain)
        };
        if signature.constness.is_some() && (switched(body).is_some() || calls_plain()) {
            signature.constness = None;
            self.found.insert(signature.ident.to_string());
        }
    }
}

impl VisitMut for DropConst<'_> {
    fn visit_item_fn_mut(&mut self, function: &mut syn::ItemFn) {
        self.look(&mut function.sig, &function.block);
        visit_mut::visit_item_fn_mut(self, function);
    }

    fn visit_impl_item_fn_mut(&mut self, function: &mut syn::ImplItemFn) {
        self.look(&mut function.sig, &function.block);
        visit_mut::visit_impl_item_fn_mut(self, function);
    }
}

/// What a body calls, by name.
struct Names(BTreeSet<String>);

impl Visit<'_> for Names {
    fn visit_expr_method_call(&mut self, call: &syn::ExprMethodCall) {
        self.0.insert(call.method.to_string());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, path: &syn::ExprPath) {
        if let Some(last) = path.path.segments.last() {
            self.0.insert(last.ident.to_string());
        }
    }
}

/// The bodies that run where the switch is off, by function: for a test.
#[cfg(test)]
pub(crate) fn unswitched(text: &str) -> BTreeMap<String, String> {
    struct Bodies {
        within: String,
        found: BTreeMap<String, String>,
    }

    impl Bodies {
        fn keep(&mut self, name: &syn::Ident, body: &syn::Block) {
            let base = switched(body).and_then(|switched| switched.arms.last());
            let body = match base {
                Some(arm) if matches!(*arm.body, syn::Expr::Block(_)) => {
                    arm.body.to_token_stream().to_string()
                }
                // Printed without its braces.
                Some(arm) => format!("{{ {} }}", arm.body.to_token_stream()),
                None => body.to_token_stream().to_string(),
            };
            self.found.insert(format!("{} {name}", self.within), body);
        }
    }

    impl Visit<'_> for Bodies {
        fn visit_item_fn(&mut self, one: &syn::ItemFn) {
            self.keep(&one.sig.ident, &one.block);
        }

        fn visit_item_impl(&mut self, block: &syn::ItemImpl) {
            let head = syn::ItemImpl {
                items: Vec::new(),
                ..block.clone()
            };
            self.within = head.to_token_stream().to_string();
            visit::visit_item_impl(self, block);
        }

        fn visit_item_trait(&mut self, one: &syn::ItemTrait) {
            self.within = one.ident.to_string();
            visit::visit_item_trait(self, one);
        }

        fn visit_impl_item_fn(&mut self, one: &syn::ImplItemFn) {
            self.keep(&one.sig.ident, &one.block);
        }

        fn visit_trait_item_fn(&mut self, one: &syn::TraitItemFn) {
            if let Some(body) = &one.default {
                self.keep(&one.sig.ident, body);
            }
        }
    }

    let mut bodies = Bodies {
        within: String::new(),
        found: BTreeMap::new(),
    };
    bodies.visit_file(&syn::parse_file(text).expect("a woven file is Rust"));
    bodies.found
}
