//! Edits of one token, or of little more: what there is to change in the bodies of a file's functions.

use std::collections::BTreeSet;
use std::ops::Range;

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// One edit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edit {
    /// The file, below `crates/paxos/src`.
    pub(crate) file: String,
    /// The function.
    pub(crate) function: String,
    /// The bytes that go.
    pub(crate) at: (usize, usize),
    /// What comes in their place.
    pub(crate) by: String,
    /// The line, from 1 on.
    pub(crate) line: usize,
    /// What kind of edit it is.
    pub(crate) kind: &'static str,
}

impl Edit {
    /// The file with this edit.
    pub(crate) fn apply(&self, text: &str) -> String {
        format!("{}{}{}", &text[..self.at.0], self.by, &text[self.at.1..])
    }

    /// What it does, for people, whatever line it is on.
    pub(crate) fn describe(&self, text: &str) -> String {
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let old = one_line(&text[self.at.0..self.at.1]);
        let new = one_line(&self.by);
        let line = text.lines().nth(self.line - 1).unwrap_or_default().trim();
        match (old.is_empty(), new.is_empty()) {
            (true, _) => format!("`{new}` before `{line}`"),
            (false, true) => format!("without `{old}`"),
            (false, false) => format!("`{old}` → `{new}` in `{line}`"),
        }
    }
}

/// All edits of a file, in the order of its text.
pub(crate) fn edits(file: &str, text: &str) -> Vec<Edit> {
    let Ok(parsed) = syn::parse_file(text) else {
        return Vec::new();
    };
    let mut finder = Finder {
        file,
        text,
        function: String::new(),
        returns_option: false,
        locals: BTreeSet::new(),
        edits: BTreeSet::new(),
    };
    finder.visit_file(&parsed);
    finder.edits.into_iter().collect()
}

struct Finder<'a> {
    file: &'a str,
    text: &'a str,
    function: String,
    returns_option: bool,
    locals: BTreeSet<String>,
    edits: BTreeSet<Edit>,
}

/// Names that stand for each other's kind, so that one taken for another may compile.
const CONFUSED: &[&[&str]] = &[
    &["acceptors", "proposers", "learners", "nodes"],
    &["max", "min"],
    &["union", "intersection"],
    &["is_some", "is_none"],
    &["or", "and"],
    &["any", "all"],
    &["take", "clone"],
    &[
        "promised",
        "accepted",
        "round",
        "last_round",
        "highest_nack",
        "ballot",
    ],
    &["may_promise", "may_accept"],
    &["Prepare", "Accept"],
    &["EMPTY", "FIRST"],
];

/// Names of parameters and variables of one type, so that one taken for another may compile.
const ALIKE: &[&[&str]] = &[
    &["ballot", "promised", "counted", "refused", "seen"],
    &["from_proposer", "from_acceptor", "acceptor"],
    &["best", "reported", "accepted"],
    &["last", "seen"],
    &["before", "after"],
    &["from", "me", "node", "proposer", "id"],
    &["voters", "promises", "sender"],
    &["value", "own", "known"],
    &["proposers", "acceptors", "learners"],
];

impl Finder<'_> {
    fn source(&self, at: &Range<usize>) -> &str {
        &self.text[at.clone()]
    }

    fn add(&mut self, at: Range<usize>, by: impl Into<String>, kind: &'static str) {
        let line = self.text[..at.start].matches('\n').count() + 1;
        let by = by.into();
        if !self.function.is_empty() && *self.source(&at) != by {
            self.edits.insert(Edit {
                file: self.file.to_owned(),
                function: self.function.clone(),
                at: (at.start, at.end),
                by,
                line,
                kind,
            });
        }
    }

    fn function(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let output = signature.output.span().byte_range();
        let output = self.source(&output).to_owned();
        if output.contains("impl ") || output.contains("fmt::Result") || signature.ident == "resume"
        {
            return;
        }
        let mut locals = Locals(BTreeSet::new());
        locals.visit_signature(signature);
        locals.visit_block(body);
        self.function = signature.ident.to_string();
        self.returns_option = output.contains("Option<");
        self.locals = locals.0;
        self.visit_block(body);
        self.function.clear();
    }

    /// The same name, with another of its kind.
    fn confuse(&mut self, ident: &syn::Ident) {
        let name = ident.to_string();
        for kind in CONFUSED.iter().filter(|kind| kind.contains(&name.as_str())) {
            for other in kind.iter().filter(|other| **other != name) {
                self.add(ident.span().byte_range(), *other, "another of its kind");
            }
        }
    }
}

impl Visit<'_> for Finder<'_> {
    fn visit_item_mod(&mut self, _: &syn::ItemMod) {
        // Unit tests.
    }

    fn visit_item_fn(&mut self, one: &syn::ItemFn) {
        self.function(&one.sig, &one.block);
    }

    fn visit_impl_item_fn(&mut self, one: &syn::ImplItemFn) {
        self.function(&one.sig, &one.block);
    }

    fn visit_trait_item_fn(&mut self, one: &syn::TraitItemFn) {
        if let Some(body) = &one.default {
            self.function(&one.sig, body);
        }
    }

    fn visit_stmt(&mut self, statement: &syn::Stmt) {
        let at = statement.span().byte_range();
        if matches!(statement, syn::Stmt::Expr(_, Some(_))) {
            self.add(at.clone(), "", "a statement dropped");
        }
        if self.returns_option {
            self.add(at.start..at.start, "return None; ", "an early return");
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_expr_if(&mut self, one: &syn::ExprIf) {
        let at = one.cond.span().byte_range();
        if !matches!(*one.cond, syn::Expr::Let(_)) {
            self.add(at.clone(), "true", "a condition fixed");
            self.add(at, "false", "a condition fixed");
        }
        visit::visit_expr_if(self, one);
    }

    fn visit_pat_guard(&mut self, one: &syn::PatGuard) {
        let at = one.guard.span().byte_range();
        self.add(at.clone(), "true", "a guard fixed");
        self.add(at, "false", "a guard fixed");
        visit::visit_pat_guard(self, one);
    }

    fn visit_expr_binary(&mut self, one: &syn::ExprBinary) {
        let at = one.op.span().byte_range();
        let others: &[&str] = match self.source(&at) {
            "<" => &["<=", ">", "!="],
            "<=" => &["<", ">=", "=="],
            ">" => &[">=", "<", "!="],
            ">=" => &[">", "<="],
            "==" => &["!=", "<=", ">="],
            "!=" => &["==", "<", ">"],
            "&&" => &["||"],
            "||" => &["&&"],
            "+" => &["-"],
            "/" => &["*", "-"],
            "|" => &["&"],
            "&" => &["|"],
            _ => &[],
        };
        for other in others {
            self.add(at.clone(), *other, "an operator");
        }
        visit::visit_expr_binary(self, one);
    }

    fn visit_expr_unary(&mut self, one: &syn::ExprUnary) {
        if matches!(one.op, syn::UnOp::Not(_)) {
            self.add(one.op.span().byte_range(), "", "a negation dropped");
        }
        visit::visit_expr_unary(self, one);
    }

    fn visit_lit(&mut self, literal: &syn::Lit) {
        let at = literal.span().byte_range();
        if let syn::Lit::Int(number) = literal
            && let Ok(number) = number.base10_parse::<u64>()
        {
            self.add(at, (number + 1).to_string(), "a constant");
        } else if let syn::Lit::Bool(truth) = literal {
            self.add(at, (!truth.value).to_string(), "a constant");
        }
    }

    fn visit_expr_call(&mut self, one: &syn::ExprCall) {
        let at = one.span().byte_range();
        if self.source(&at).starts_with("Some(") {
            self.add(at, "None", "Some and None");
        }
        self.swap(one.args.iter());
        visit::visit_expr_call(self, one);
    }

    fn visit_expr_method_call(&mut self, one: &syn::ExprMethodCall) {
        self.confuse(&one.method);
        let receiver = one.receiver.span().byte_range();
        let whole = one.span().byte_range();
        self.add(receiver.end..whole.end, "", "a call dropped");
        if one.method == "contains" {
            self.add(whole.start..whole.start, "!", "a negation");
        }
        self.swap(one.args.iter());
        visit::visit_expr_method_call(self, one);
    }

    fn visit_expr_field(&mut self, one: &syn::ExprField) {
        if let syn::Member::Named(ident) = &one.member {
            self.confuse(ident);
        }
        visit::visit_expr_field(self, one);
    }

    fn visit_expr_path(&mut self, one: &syn::ExprPath) {
        let at = one.span().byte_range();
        if let Some(last) = one.path.segments.last()
            && one.path.segments.len() > 1
        {
            self.confuse(&last.ident);
        }
        let name = self.source(&at).to_owned();
        for kind in ALIKE.iter().filter(|kind| kind.contains(&name.as_str())) {
            for other in kind.iter().filter(|other| **other != name) {
                if self.locals.contains(*other) {
                    self.add(at.clone(), *other, "another name in scope");
                }
            }
        }
    }
}

impl Finder<'_> {
    fn swap<'b>(&mut self, arguments: impl Iterator<Item = &'b syn::Expr>) {
        let ranges: Vec<Range<usize>> = arguments.map(|one| one.span().byte_range()).collect();
        for pair in ranges.windows(2) {
            let (first, second) = (&pair[0], &pair[1]);
            let between = &self.text[first.end..second.start];
            let swapped = format!("{}{between}{}", self.source(second), self.source(first));
            self.add(first.start..second.end, swapped, "arguments swapped");
        }
    }
}

/// The names that a function binds.
struct Locals(BTreeSet<String>);

impl Visit<'_> for Locals {
    fn visit_pat_ident(&mut self, one: &syn::PatIdent) {
        self.0.insert(one.ident.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_edit_is_found_where_it_is() {
        let text = "fn one(best: Option<u8>, reported: Option<u8>) -> Option<u8> {\n    \
                    if best < reported { drop(1); return Some(2); }\n    best.max(reported)\n}\n";
        let all = edits("one.rs", text);
        let has = |what: &str| all.iter().any(|edit| edit.describe(text) == what);
        for what in [
            "`<` → `<=` in `if best < reported { drop(1); return Some(2); }`",
            "`best < reported` → `true` in `if best < reported { drop(1); return Some(2); }`",
            "`1` → `2` in `if best < reported { drop(1); return Some(2); }`",
            "`Some(2)` → `None` in `if best < reported { drop(1); return Some(2); }`",
            "without `drop(1);`",
            "`max` → `min` in `best.max(reported)`",
            "`best` → `reported` in `best.max(reported)`",
            "without `.max(reported)`",
            "`return None;` before `best.max(reported)`",
        ] {
            let told: Vec<String> = all.iter().map(|edit| edit.describe(text)).collect();
            assert!(has(what), "{what} is not among: {told:#?}");
        }
        let less = all.iter().find(|edit| edit.by == "<=").unwrap();
        assert!(less.apply(text).contains("best <= reported"));
        assert_eq!(less.line, 2);
    }
}
