//! A source with all its mutants in it, each behind a question: `match chosen(&[7, 8]) { 0 => a < b, 1 => a > b, _ => a <= b }`.

use std::ops::Range;

use syn::{
    Arm, BinOp, Block, Expr, ExprBinary, ExprRepeat, ExprStruct, ExprUnary, ImplItemConst, ImplItemFn, ItemConst, ItemFn,
    ItemStatic, Pat, TypeArray,
    spanned::Spanned,
    visit::{self, Visit},
};

use super::listed::{Kind, Mutant};

/// The question, in every source.
const CHOSEN: &str = "crate::untorn_mutants::chosen";

/// What was made of a source.
pub(super) struct Rewritten {
    pub text: String,
    /// Where each mutant is in it.
    pub places: Vec<(u32, Range<usize>)>,
}

/// Puts the mutants in.
pub(super) fn rewrite(source: &str, mutants: &[&Mutant]) -> Result<Rewritten, String> {
    let file = syn::parse_file(source).map_err(|error| error.to_string())?;
    let mut finder = Finder { mutants, nodes: Vec::new() };
    finder.visit_file(&file);
    let mut nodes = finder.nodes;
    // What is only put in before all else, then the outer one.
    nodes.sort_by_key(|node| (node.at.start, !node.at.is_empty(), usize::MAX - node.at.end));
    let mut writer = Writer { source, nodes: &nodes, out: Rewritten { text: String::new(), places: Vec::new() } };
    writer.copy(0..source.len(), 0);
    Ok(writer.out)
}

/// A piece of the new source.
enum Piece {
    Text(String),
    /// From the old source, with the mutants in it.
    Old(Range<usize>),
    Begin(u32),
    End(u32),
}

/// A piece of the old source that gives way.
struct Node {
    at: Range<usize>,
    pieces: Vec<Piece>,
}

struct Finder<'a> {
    mutants: &'a [&'a Mutant],
    nodes: Vec<Node>,
}

impl Finder<'_> {
    fn of_kind(&self, kind: Kind, start: usize) -> Vec<Mutant> {
        self.mutants
            .iter()
            .filter(|mutant| mutant.kind == kind && mutant.at.start == start)
            .map(|mutant| (*mutant).clone())
            .collect()
    }

    /// An expression with its alternatives.
    fn choice(&mut self, at: Range<usize>, alternatives: Vec<(u32, Vec<Piece>)>) {
        if alternatives.is_empty() {
            return;
        }
        let numbers: Vec<String> = alternatives.iter().map(|(number, _)| number.to_string()).collect();
        let mut pieces =
            vec![Piece::Text(format!("(match {CHOSEN}(&[{}]) {{ 0 => ", numbers.join(", "))), Piece::Old(at.clone())];
        let last = alternatives.len();
        for (index, (number, alternative)) in (1..).zip(alternatives) {
            let arm = if index == last { "_".to_owned() } else { index.to_string() };
            pieces.extend([Piece::Text(format!(", {arm} => ")), Piece::Begin(number)]);
            pieces.extend(alternative);
            pieces.push(Piece::End(number));
        }
        pieces.push(Piece::Text(" })".to_owned()));
        self.nodes.push(Node { at, pieces });
    }

    /// A body that may end at once.
    fn body(&mut self, block: &Block) {
        let Some(first) = block.stmts.first() else { return };
        let start = first.span().byte_range().start;
        let mut pieces = Vec::new();
        for mutant in self.of_kind(Kind::Result, start) {
            // Where a result is `impl Iterator`, it can be of one type only.
            if !mutant.by.starts_with("::std::iter::") {
                let (number, by) = (mutant.number, &mutant.by);
                let text = Piece::Text(format!("if {CHOSEN}(&[{number}]) != 0 {{ return {by}; }} "));
                pieces.extend([Piece::Begin(number), text, Piece::End(number)]);
            }
        }
        if !pieces.is_empty() {
            self.nodes.push(Node { at: start..start, pieces });
        }
    }

    /// An arm that may be passed over, and whose guard may be another.
    fn arm(&mut self, arm: &Arm, guard: Option<Range<usize>>) {
        let mut asked: Vec<(u32, &str)> = Vec::new();
        asked.extend(self.of_kind(Kind::Arm, arm.span().byte_range().start).iter().map(|mutant| (mutant.number, "== 0 &&")));
        let guards = guard.as_ref().map(|guard| self.of_kind(Kind::Guard, guard.start)).unwrap_or_default();
        asked.extend(guards.iter().map(|mutant| (mutant.number, if mutant.by == "true" { "!= 0 ||" } else { "== 0 &&" })));
        if asked.is_empty() {
            return;
        }
        let mut pieces = Vec::new();
        for (number, how) in &asked {
            pieces.extend([Piece::Begin(*number), Piece::Text(format!("{CHOSEN}(&[{number}]) {how} (")), Piece::End(*number)]);
        }
        let closed = Piece::Text(")".repeat(asked.len()));
        let end = arm.pat.span().byte_range().end;
        let at = guard.clone().unwrap_or(end..end);
        match guard {
            Some(guard) => pieces.extend([Piece::Old(guard), closed]),
            None => {
                pieces.insert(0, text(" if "));
                pieces.extend([text("true"), closed]);
            }
        }
        self.nodes.push(Node { at, pieces });
    }
}

fn text(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

fn is_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => is_let(&binary.left) || is_let(&binary.right),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    // What is computed by the compiler cannot ask.
    fn visit_item_const(&mut self, _: &'ast ItemConst) {}

    fn visit_impl_item_const(&mut self, _: &'ast ImplItemConst) {}

    fn visit_item_static(&mut self, _: &'ast ItemStatic) {}

    fn visit_type_array(&mut self, _: &'ast TypeArray) {}

    fn visit_expr_repeat(&mut self, repeat: &'ast ExprRepeat) {
        self.visit_expr(&repeat.expr);
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        if function.sig.constness.is_none() {
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if function.sig.constness.is_none() {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        self.body(block);
        visit::visit_block(self, block);
    }

    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        let found = self.of_kind(Kind::Operator, binary.op.span().byte_range().start);
        // A chain of `let` knows no other operator.
        if !is_let(&binary.left) && !is_let(&binary.right) {
            let (left, right) = (binary.left.span().byte_range(), binary.right.span().byte_range());
            let alternative = |mutant: Mutant| {
                let by = format!(") {} (", mutant.by);
                (mutant.number, vec![text("("), Piece::Old(left.clone()), Piece::Text(by), Piece::Old(right.clone()), text(")")])
            };
            self.choice(binary.span().byte_range(), found.into_iter().map(alternative).collect());
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast ExprUnary) {
        let found = self.of_kind(Kind::Prefix, unary.op.span().byte_range().start);
        let operand = unary.expr.span().byte_range();
        let alternative = |mutant: Mutant| (mutant.number, vec![text("("), Piece::Old(operand.clone()), text(")")]);
        self.choice(unary.span().byte_range(), found.into_iter().map(alternative).collect());
        visit::visit_expr_unary(self, unary);
    }

    fn visit_expr_struct(&mut self, made: &'ast ExprStruct) {
        let alternatives = made.fields.iter().flat_map(|gone| {
            let of_field = self.of_kind(Kind::Field, gone.span().byte_range().start);
            of_field.into_iter().map(|mutant| {
                let mut pieces = vec![Piece::Old(made.path.span().byte_range()), text(" { ")];
                for field in made.fields.iter().filter(|field| field.span().byte_range() != gone.span().byte_range()) {
                    pieces.extend([Piece::Old(field.span().byte_range()), text(", ")]);
                }
                if let Some(base) = &made.rest {
                    pieces.extend([text(".."), Piece::Old(base.span().byte_range())]);
                }
                pieces.push(text(" }"));
                (mutant.number, pieces)
            })
        });
        let alternatives = alternatives.collect();
        self.choice(made.span().byte_range(), alternatives);
        visit::visit_expr_struct(self, made);
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        let guard = arm.guard.as_ref().map(|(_, guard)| guard);
        // Without an arm for all the rest the `match` does not compile.
        let is_for_the_rest = guard.is_none() && matches!(arm.pat, Pat::Ident(_));
        if !is_for_the_rest && !guard.is_some_and(|guard| is_let(guard)) {
            self.arm(arm, guard.map(|guard| guard.span().byte_range()));
        }
        visit::visit_arm(self, arm);
    }
}

struct Writer<'a> {
    source: &'a str,
    nodes: &'a [Node],
    out: Rewritten,
}

impl Writer<'_> {
    /// Copies a piece of the old source, with the nodes from number `from` on that are inside of it.
    fn copy(&mut self, at: Range<usize>, from: usize) {
        let (mut here, mut next) = (at.start, from);
        while let Some(node) = self.nodes.get(next) {
            if node.at.start >= at.end {
                break;
            }
            if node.at.start < here || node.at.end > at.end {
                next += 1;
                continue;
            }
            self.out.text.push_str(&self.source[here..node.at.start]);
            self.put(node, next + 1);
            here = node.at.end;
            next += 1;
        }
        self.out.text.push_str(&self.source[here..at.end]);
    }

    fn put(&mut self, node: &Node, from: usize) {
        let mut begun = Vec::new();
        for piece in &node.pieces {
            match piece {
                Piece::Text(text) => self.out.text.push_str(text),
                Piece::Old(at) => self.copy(at.clone(), from),
                Piece::Begin(number) => begun.push((*number, self.out.text.len())),
                Piece::End(number) => {
                    if let Some((_, start)) = begun.iter().rev().find(|(begun, _)| begun == number) {
                        self.out.places.push((*number, *start..self.out.text.len()));
                    }
                }
            }
        }
    }
}
