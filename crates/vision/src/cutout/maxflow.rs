//! Minimum cut of a pixel grid: each pixel goes to the object or to the backdrop, at the least sum of its own cost and of
//! the cost of separating it from its eight neighbours.
//!
//! Augmenting paths with two search trees that are kept between paths: Boykov and Kolmogorov, "An experimental comparison
//! of min-cut/max-flow algorithms for energy minimization in vision", PAMI 2004. Capacities are integers, so the cut is
//! exact; one thread, fixed order, so it is the same on every run.

use std::collections::VecDeque;

/// The eight neighbours; `d ^ 4` is the way back.
pub(super) const OFFSETS: [(isize, isize); 8] =
    [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)];

/// Parent of a root: the terminal itself.
const TERMINAL: u8 = 8;
/// Parent of a node whose parent was cut off, or that never had one.
const NONE: u8 = 9;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tree {
    Free,
    Object,
    Backdrop,
}

/// A grid with capacities, to be cut once.
#[derive(Debug)]
pub(super) struct GridCut {
    width: usize,
    height: usize,
    /// Residual capacity to each neighbour.
    arcs: Vec<[i32; 8]>,
    /// Residual capacity from the object's terminal (above 0) or to the backdrop's (below 0).
    terminal: Vec<i32>,
    tree: Vec<Tree>,
    parent: Vec<u8>,
    /// When the distance was last known to be true, and the distance to the terminal.
    stamp: Vec<u32>,
    distance: Vec<u32>,
    queued: Vec<bool>,
    active: VecDeque<u32>,
    orphans: VecDeque<u32>,
    now: u32,
}

impl GridCut {
    /// `lean[pixel]`: how much more it costs to call the pixel backdrop than object, negative the other way round.
    pub(super) fn new(width: usize, height: usize, lean: Vec<i32>) -> Self {
        let n = lean.len();
        Self {
            width,
            height,
            arcs: vec![[0; 8]; n],
            terminal: lean,
            tree: vec![Tree::Free; n],
            parent: vec![NONE; n],
            stamp: vec![0; n],
            distance: vec![0; n],
            queued: vec![false; n],
            active: VecDeque::new(),
            orphans: VecDeque::new(),
            now: 0,
        }
    }

    /// Sets what it costs to separate a pixel from its neighbour in direction `d`, both ways.
    pub(super) fn join(&mut self, at: usize, d: usize, cost: i32) {
        if let Some(other) = self.neighbour(at, d) {
            self.arcs[at][d] = cost;
            self.arcs[other][d ^ 4] = cost;
        }
    }

    /// True for the pixels of the object.
    pub(super) fn cut(mut self) -> Vec<bool> {
        for at in 0..self.terminal.len() {
            if self.terminal[at] != 0 {
                self.tree[at] = if self.terminal[at] > 0 { Tree::Object } else { Tree::Backdrop };
                self.parent[at] = TERMINAL;
                self.distance[at] = 1;
                self.activate(at);
            }
        }
        while let Some(&first) = self.active.front() {
            let at = first as usize;
            let found = if self.parent[at] == NONE { None } else { self.grow(at) };
            self.now += 1;
            if let Some(d) = found {
                self.augment(at, d);
                self.adopt_orphans();
            } else {
                self.active.pop_front();
                self.queued[at] = false;
            }
        }
        self.tree.iter().map(|&tree| tree == Tree::Object).collect()
    }

    fn neighbour(&self, at: usize, d: usize) -> Option<usize> {
        let (dx, dy) = OFFSETS[d];
        let x = (at % self.width).checked_add_signed(dx).filter(|&x| x < self.width)?;
        let y = (at / self.width).checked_add_signed(dy).filter(|&y| y < self.height)?;
        Some(y * self.width + x)
    }

    fn activate(&mut self, at: usize) {
        if !std::mem::replace(&mut self.queued[at], true) {
            self.active.push_back(at as u32);
        }
    }

    /// Capacity left from `at` to its neighbour, in the direction flow takes in this tree when `at` is the parent.
    fn residual_down(&self, tree: Tree, at: usize, d: usize, child: usize) -> i32 {
        if tree == Tree::Object { self.arcs[at][d] } else { self.arcs[child][d ^ 4] }
    }

    /// Takes free neighbours into the tree of `at`. A direction when the other tree was met there.
    fn grow(&mut self, at: usize) -> Option<usize> {
        let tree = self.tree[at];
        for d in 0..8 {
            let Some(other) = self.neighbour(at, d) else { continue };
            if self.residual_down(tree, at, d, other) == 0 {
                continue;
            }
            if self.tree[other] == Tree::Free {
                self.tree[other] = tree;
                self.hang(other, d ^ 4, at);
                self.activate(other);
            } else if self.tree[other] != tree {
                return Some(d);
            } else if self.stamp[other] <= self.stamp[at]
                && self.distance[other] > self.distance[at]
            {
                self.hang(other, d ^ 4, at);
            }
        }
        None
    }

    /// Makes `parent`, which lies in direction `d`, the parent of `child`.
    fn hang(&mut self, child: usize, d: usize, parent: usize) {
        self.parent[child] = d as u8;
        self.stamp[child] = self.stamp[parent];
        self.distance[child] = self.distance[parent] + 1;
    }

    fn parent_of(&self, at: usize) -> Option<(usize, usize)> {
        let d = self.parent[at] as usize;
        if d < 8 { self.neighbour(at, d).map(|parent| (parent, d)) } else { None }
    }

    /// Sends what fits along the path that crosses from `at` to its neighbour in direction `d`.
    fn augment(&mut self, at: usize, d: usize) {
        let Some(other) = self.neighbour(at, d) else { return };
        let (object, backdrop, d) =
            if self.tree[at] == Tree::Object { (at, other, d) } else { (other, at, d ^ 4) };
        let mut flow = self.arcs[object][d];
        let mut node = object;
        while let Some((parent, up)) = self.parent_of(node) {
            flow = flow.min(self.arcs[parent][up ^ 4]);
            node = parent;
        }
        flow = flow.min(self.terminal[node]);
        node = backdrop;
        while let Some((parent, up)) = self.parent_of(node) {
            flow = flow.min(self.arcs[node][up]);
            node = parent;
        }
        flow = flow.min(-self.terminal[node]);

        self.arcs[object][d] -= flow;
        self.arcs[backdrop][d ^ 4] += flow;
        node = object;
        while let Some((parent, up)) = self.parent_of(node) {
            self.arcs[node][up] += flow;
            self.arcs[parent][up ^ 4] -= flow;
            if self.arcs[parent][up ^ 4] == 0 {
                self.orphan(node);
            }
            node = parent;
        }
        self.terminal[node] -= flow;
        if self.terminal[node] == 0 {
            self.orphan(node);
        }
        node = backdrop;
        while let Some((parent, up)) = self.parent_of(node) {
            self.arcs[parent][up ^ 4] += flow;
            self.arcs[node][up] -= flow;
            if self.arcs[node][up] == 0 {
                self.orphan(node);
            }
            node = parent;
        }
        self.terminal[node] += flow;
        if self.terminal[node] == 0 {
            self.orphan(node);
        }
    }

    fn orphan(&mut self, at: usize) {
        self.parent[at] = NONE;
        self.orphans.push_front(at as u32);
    }

    /// Finds a new parent for each orphan, or sets it free.
    fn adopt_orphans(&mut self) {
        while let Some(orphan) = self.orphans.pop_front() {
            let at = orphan as usize;
            let tree = self.tree[at];
            let mut best: Option<(u32, usize, usize)> = None;
            for d in 0..8 {
                let Some(other) = self.neighbour(at, d) else { continue };
                if self.tree[other] != tree || self.residual_down(tree, other, d ^ 4, at) == 0 {
                    continue;
                }
                if let Some(distance) = self.distance_to_terminal(other)
                    && best.is_none_or(|(least, ..)| distance < least)
                {
                    best = Some((distance, d, other));
                }
            }
            if let Some((distance, d, _)) = best {
                self.parent[at] = d as u8;
                self.stamp[at] = self.now;
                self.distance[at] = distance + 1;
                continue;
            }
            self.parent[at] = NONE;
            self.tree[at] = Tree::Free;
            for d in 0..8 {
                let Some(other) = self.neighbour(at, d) else { continue };
                if self.tree[other] != tree {
                    continue;
                }
                if self.residual_down(tree, other, d ^ 4, at) > 0 {
                    self.activate(other);
                }
                if self.parent[other] as usize == d ^ 4 {
                    self.parent[other] = NONE;
                    self.orphans.push_back(other as u32);
                }
            }
        }
    }

    /// Steps up to the terminal; `None` when the way ends at an orphan. What is learnt is kept along the way.
    fn distance_to_terminal(&mut self, from: usize) -> Option<u32> {
        let mut steps = 0;
        let mut node = from;
        loop {
            if self.stamp[node] == self.now {
                steps += self.distance[node];
                break;
            }
            steps += 1;
            match self.parent[node] {
                TERMINAL => {
                    self.stamp[node] = self.now;
                    self.distance[node] = 1;
                    break;
                }
                NONE => return None,
                _ => node = self.parent_of(node)?.0,
            }
        }
        let found = steps;
        node = from;
        while self.stamp[node] != self.now {
            self.stamp[node] = self.now;
            self.distance[node] = steps;
            steps -= 1;
            node = self.parent_of(node)?.0;
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests;
