//! A function with several bodies.

use quote::{ToTokens as _, quote};
use syn::parse_quote;

use super::switch;

/// The parts of a function that matter here, whether it is free, of a type or of a trait.
pub(super) struct Function<'a> {
    pub(super) signature: &'a syn::Signature,
    pub(super) body: &'a syn::Block,
}

impl Function<'_> {
    /// Whether two have the same body under the same names of parameters.
    pub(super) fn is_same(&self, other: &Function<'_>) -> bool {
        self.body == other.body && self.signature.inputs == other.signature.inputs
    }

    /// The body, as one of a function that has the signature of `base`: parameters may have other names there.
    ///
    /// # Errors
    /// In words, if the signatures differ in more than that.
    pub(super) fn body_for(&self, base: &syn::Signature) -> Result<syn::Block, String> {
        let name = &base.ident;
        if shape(self.signature) != shape(base) {
            return Err(format!("changes the signature of `{name}`"));
        }
        if base.output.to_token_stream().to_string().contains("impl ") {
            return Err(format!(
                "changes `{name}`, which returns a type without a name"
            ));
        }
        let mut body = self.body.clone();
        let pairs = self.signature.inputs.iter().zip(&base.inputs);
        for (place, (own, original)) in pairs.enumerate() {
            let (syn::FnArg::Typed(own), syn::FnArg::Typed(original)) = (own, original) else {
                continue;
            };
            if own.pat != original.pat {
                let (new, old) = (&own.pat, plain(&original.pat)?);
                body.stmts
                    .insert(place.min(body.stmts.len()), parse_quote!(let #new = #old;));
            }
        }
        Ok(body)
    }
}

/// The name that a pattern binds, without `mut`.
fn plain(pattern: &syn::Pat) -> Result<syn::Ident, String> {
    if let syn::Pat::Ident(named) = pattern {
        Ok(named.ident.clone())
    } else {
        let found = pattern.to_token_stream();
        Err(format!("expected a parameter with a name, found `{found}`"))
    }
}

/// A signature without the names of its parameters, and without `const`.
fn shape(signature: &syn::Signature) -> String {
    let mut shape = signature.clone();
    shape.constness = None;
    for input in &mut shape.inputs {
        if let syn::FnArg::Typed(typed) = input {
            *typed.pat = parse_quote!(_);
        }
    }
    shape.to_token_stream().to_string()
}

/// Gives a function another body, for the core of this number.
pub(super) fn add_body(into: &mut syn::Block, number: u16, body: syn::Block) {
    if switch::switched(into).is_none() {
        let base = into.clone();
        *into = parse_quote!({
            match crate::switch::number() {
                _ => #base
            }
        });
    }
    if let Some(switched) = switch::switched_mut(into) {
        let last = switched.arms.len() - 1;
        switched.arms.insert(last, parse_quote!(#number => #body));
    }
}

/// An override of a provided method in an implementation of the trait: for one core its own body, for all
/// others what the trait provides.
pub(super) fn overriding(own: &syn::ImplItemFn, number: u16) -> Result<syn::ImplItemFn, String> {
    let mut method = own.clone();
    let provided = provided_name(&own.sig.ident);
    let mut arguments = Vec::new();
    for input in &own.sig.inputs {
        arguments.push(match input {
            syn::FnArg::Receiver(_) => quote!(self),
            syn::FnArg::Typed(typed) => plain(&typed.pat)?.to_token_stream(),
        });
    }
    method.block = parse_quote!({ Self::#provided(#(#arguments),*) });
    add_body(&mut method.block, number, own.block.clone());
    Ok(method)
}

/// The name under which a trait keeps what it provides, where that is overridden.
pub(super) fn provided_name(method: &syn::Ident) -> syn::Ident {
    quote::format_ident!("{method}__provided")
}
